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

const links = (words) => JSON.stringify(tokenize(words)).match(/"kind":"link"/g)?.length ?? 0;
const linkIn = (words) => tokenizeInline(words).find(({ kind }) => kind === "link");

test("a fence is opened with any words and closed by as many ticks or more, with blanks around them", () => {
  for (const info of ["", "c#", 'js title="a"', ".env", "text/html", "代码", " sh ", "`".repeat(2)]) {
    for (const end of ["```", "``` ", "  ```", "`````", "```\t"]) {
      const ticks = info.startsWith("`") ? "`````" : "```";
      const close = end.replace(/`+/, (run) => (run.length < ticks.length ? ticks : run));
      assert.deepEqual(tokenize(`${ticks}${info.replaceAll("`", "")}\ncode\n${close}\nafter`),
        [{ kind: "block", text: "code" }, { kind: "lines", children: [text("after")] }], JSON.stringify([info, end]));
    }
  }
});

test("fewer ticks than opened it, or words behind them, do not close a fence", () => {
  const inner = "```js\na\n```";
  assert.deepEqual(tokenize(`\`\`\`\`\n${inner}\n\`\`\`\`\nafter`), [{ kind: "block", text: inner }, { kind: "lines", children: [text("after")] }]);
  assert.deepEqual(tokenize("```\na\n``` b\n```"), [{ kind: "block", text: "a\n``` b" }]);
});

test("code between three ticks on one line is no fence", () => {
  assert.deepEqual(tokenize("```code``` after\n下一行"), [{ kind: "lines", children: [{ kind: "code", text: "code" }, text(" after\n下一行")] }]);
});

test("a scheme is read in capitals, too", () => {
  for (const address of ["Https://example.com/A", "HTTP://example.com", "hTTps://example.com"]) {
    assert.deepEqual(linkIn(`see ${address}, then`), { kind: "link", text: address, href: address });
  }
  assert.equal(links("Hello Httpx://a.b"), 0);
});

test("a host whose letters could pass for others is shown as the browser calls it", () => {
  for (const [address, shown] of [
    ["https://аpple.com/id?a=1#b", "https://xn--pple-43d.com/id?a=1#b"], ["https://gοοgle.com", "https://xn--ggle-0nda.com"],
    ["https://аррӏе.com", "https://xn--80ak6aa92e.com"], ["https://ɑpple.com", `https://${new URL("https://ɑpple.com").hostname}`],
  ]) {
    assert.deepEqual(linkIn(address), { kind: "link", text: shown, href: address });
  }
  for (const address of ["https://bücher.example/ä", "https://пример.рф", "https://example.com:8080/wiki/茶?q=é", "https://EXAMPLE.com"]) {
    assert.equal(linkIn(address)?.text, address);
  }
});

test("an unseen sign that turns the direction of writing ends an address", () => {
  for (const sign of ["\u202e", "\u202d", "\u2066", "\u2067", "\u200f", "\u200e", "\u061c", "\u200b"]) {
    assert.equal(linkIn(`https://good.example/${sign}gpj.exe`)?.text, "https://good.example/");
  }
});

test("texts made to be slow are read in no time", () => {
  const units = ["`", "```a", "```\n", "````\n```\n", "h", "http://", "HTTP://a", "https://а.b ", "https://a/", "(", "[", ")", "**_`h", "> ```\n", "茶*", "https://а"];
  const began = performance.now();
  for (const unit of units) tokenize(unit.repeat(16_000).slice(0, 16_000));
  assert.ok(performance.now() - began < 2_000);
});
