import assert from "node:assert/strict";
import { test } from "node:test";

import { excerpt, learnScripts, marksIn, termsOf, writingsOf } from "../../../web/lib/search-marks.js";

await learnScripts("茶");

/** @param {string} query @param {string} text with what should be marked in brackets */
function marks(query, text) {
  const plain = text.replace(/[[\]]/g, "");
  let shown = plain;
  for (const { from, to } of marksIn(plain, termsOf(query)).reverse()) shown = `${shown.slice(0, from)}[${shown.slice(from, to)}]${shown.slice(to)}`;
  assert.equal(shown, text, query);
}

test("what a search meant is marked as it was written, in either script, width and case", () => {
  marks("重庆", "我在[重慶]");
  marks("曬乾", "对，[晒干]。我媽都是[曬乾]再用的");
  marks("茶", "喝[茶]、紅[茶]");
  marks("tea", "[Tea] and [tea]s, [ＴＥＡ], no steam");
  marks("tea dusk", "[Tea] at [dusk], not teas");
  marks("strasse", "Die [Straße]");
  marks("cafe\u0301", "a [café] 😀");
  marks("🍵", "a cup of [🍵]");
  marks("ティー", "[ﾃｨｰ]");
});

test("words of several parts, and what stands in quotes", () => {
  marks("python3.11", "use [Python3.11] today");
  marks("python教程", "一本[Python教程]");
  marks('"C++"', "I love [C++], not C");
  marks('"two words" x', "the [two words] here, two other words");
  marks(":-)", "well [:-)]");
  marks("a.b(c)[d]", "nothing of it");
  marks("", "nothing is marked");
});

test("where a word stands in both scripts, both are told", () => {
  assert.deepEqual(writingsOf(["对，晒干。", "曬乾再用", "晒干了"], termsOf("晒干")), ["晒干", "曬乾"]);
  assert.deepEqual(writingsOf(["晒干", "晒干了"], termsOf("晒干")), []);
  assert.deepEqual(writingsOf(["Tea", "tea"], termsOf("tea")), []);
});

test("of a long text the part around the first mark is shown, and no character is cut in two", () => {
  const text = `${"😀".repeat(200)}tea${"😀".repeat(200)}`;
  const shown = excerpt(text, marksIn(text, termsOf("tea")), 81);
  const [{ from, to }] = /** @type {[{from: number, to: number}]} */ (shown.marks);
  assert.equal(shown.text.slice(from, to), "tea");
  assert.ok(shown.text.length <= 84 && shown.text.startsWith("…😀") && shown.text.endsWith("😀…"), shown.text);
  assert.ok(shown.text.isWellFormed());
  assert.deepEqual(excerpt("tea", [{ from: 0, to: 3 }], 80), { text: "tea", marks: [{ from: 0, to: 3 }] });
});
