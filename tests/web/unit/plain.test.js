import assert from "node:assert/strict";
import { test } from "node:test";

import { plainWords } from "../../../web/lib/plain.js";

test("a message in one line has its words without marks, quotes and what is hidden", () => {
  assert.equal(plainWords("# Plan\n- **buy** rice\n- [map](https://a.b)\n\nthe end: ||he dies||"), "Plan buy rice map the end: ▒▒▒");
  assert.equal(plainWords("> **Mei**: tea?\nyes `please` @mei"), "yes please @mei");
  assert.equal(plainWords("> only\n> a quote"), "only a quote");
  assert.equal(plainWords("```js\nlet a;\n```"), "let a;");
  assert.equal(plainWords("啊".repeat(900)).length, 200);
  assert.equal(plainWords(""), "");
});
