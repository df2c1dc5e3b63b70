import assert from "node:assert/strict";
import { test } from "node:test";

import { shorten } from "../../../web/lib/shorten.js";

test("what is short enough stays as it is", () => {
  assert.equal(shorten("茶".repeat(140), 140), "茶".repeat(140));
});

test("a cut tears no emoji, flag, family or letter with its marks", () => {
  for (const whole of ["👍", "👍🏽", "🇨🇭", "👨‍👩‍👧‍👦", "e\u0301", "한", "𠮷"]) {
    for (let before = 130; before <= 142; before += 1) {
      const cut = shorten("a".repeat(before) + whole.repeat(30), 140);
      assert.ok(cut.length <= 140 && cut.endsWith("…"), whole);
      assert.equal(cut.slice(Math.min(before, 139), -1).replaceAll(whole, ""), "", `${whole} after ${before}`);
    }
  }
});
