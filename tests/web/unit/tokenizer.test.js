import assert from "node:assert/strict";
import { test } from "node:test";

import { tokenize, tokenizeInline } from "../../../web/lib/tokenizer.js";

const text = (words) => ({ kind: "text", text: words });

test("a link ends before the Chinese full stop", () => {
  assert.deepEqual(tokenizeInline("https://a.b/c。"), [{ kind: "link", text: "https://a.b/c", href: "https://a.b/c" }, text("。")]);
});

test("bold closes behind Chinese punctuation", () => {
  assert.deepEqual(tokenizeInline("**重点。**后面"), [{ kind: "bold", children: [text("重点。")] }, text("后面")]);
});

test("no mark opens inside a word of a script with spaces", () => {
  assert.deepEqual(tokenizeInline("2*3*4 snake_case_name"), [text("2*3*4 snake_case_name")]);
});

test("what stands in code is left as it is", () => {
  assert.deepEqual(tokenizeInline("`**a**`"), [{ kind: "code", text: "**a**" }]);
});

test("only http, https and mail become links", () => {
  for (const words of ["javascript:alert(1)", "data:text/html,x", "vbscript:x"]) {
    assert.ok(!JSON.stringify(tokenize(words)).includes('"link"'), words);
  }
});

test("quotes and fenced code are blocks of their own", () => {
  assert.deepEqual(tokenize("> said\nreply\n```\ncode\n```").map((block) => block.kind), ["quote", "lines", "block"]);
});

test("marks that never close stay text, however many there are", () => {
  for (const unit of ["*", "**", "`", "[", "**a", "*a_", "a*", "_**`"]) {
    const words = unit.repeat(4_000).slice(0, 4_000);
    const flat = JSON.stringify(tokenize(words)).replace(/[^a]/g, "").length;
    assert.ok(flat >= words.replace(/[^a]/g, "").length, JSON.stringify(unit));
  }
});
