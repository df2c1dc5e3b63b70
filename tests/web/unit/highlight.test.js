import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

import { isOrdinary, knows } from "../../../web/lib/highlight.js";
import { tokenizer } from "../../../web/vendor/speed-highlight/tokenize.js";

const FOLDER = new URL("../../../web/vendor/speed-highlight/languages/", import.meta.url);
const grammars = Object.fromEntries(await Promise.all(readdirSync(FOLDER).map(async (name) => [name.replace(".js", ""), (await import(new URL(name, FOLDER))).default])));

function tokens(code, language) {
  const found = [];
  const steps = tokenizer(code, language, (text, kind) => text && found.push([kind, text]));
  for (let step = steps.next(); !step.done;) step = steps.next(grammars[step.value]);
  return found;
}

test("every language that is named has its file, and every file is unchanged in what it holds of the code", () => {
  const code = "const tea = 1; // 茶\n<a href='x'>&amp;</a>\ndef f(x): return \"`${x}`\"\n";
  for (const name of Object.keys(grammars)) assert.equal(tokens(code, name).map(([, text]) => text).join(""), code, name);
  const named = [...readFileSync(new URL("../../../web/lib/highlight.js", import.meta.url), "utf8").matchAll(/"([a-z]+)"/g)].map(([, name]) => name);
  for (const name of Object.keys(grammars)) assert.ok(named.includes(name), `${name} is never asked for`);
});

test("people name a language in several ways", () => {
  for (const language of ["python", "Py", "JS", "typescript", "sh", "c++", "YAML", "dockerfile"]) assert.ok(knows(language), language);
  for (const language of ["", "klingon", "constructor", "__proto__"]) assert.ok(!knows(language), language);
  assert.ok(tokens("def tea(): pass", "py").some(([kind, text]) => kind === "kwd" && text === "def"));
});

test("code that is made to be slow stays plain", () => {
  const ordinary = "  if (tea) {\n    pour(tea);\n  }\n".repeat(200);
  assert.ok(isOrdinary(ordinary));
  for (const code of [" ".repeat(8_000), "\n".repeat(4_000), "a".repeat(8_000), "x".repeat(9_000).replace(/(.{80})/g, "$1\n"), `a${" ".repeat(200)}b`]) assert.ok(!isOrdinary(code));
});
