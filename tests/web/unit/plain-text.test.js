import assert from "node:assert/strict";
import { test } from "node:test";

import { plainText } from "../../../web/lib/plain-text.js";

test("a message in one line has its words without marks, quotes and what is hidden", () => {
  assert.equal(plainText("# Plan\n- **buy** rice\n- [map](https://a.b)\n\nthe end: ||he dies||"), "Plan buy rice map the end: ▒▒▒");
  assert.equal(plainText("> **Mei**: tea?\nyes `please` @mei"), "yes please @mei");
  assert.equal(plainText("> only\n> a quote"), "only a quote");
  assert.equal(plainText("```js\nlet a;\n```"), "let a;");
  assert.equal(plainText("啊".repeat(900), 200).length, 200);
  assert.equal(plainText(""), "");
});
