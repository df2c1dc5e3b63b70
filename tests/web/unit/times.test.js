import assert from "node:assert/strict";
import { test } from "node:test";

import { ago, clockTime, dayKey, dayName, dayWithin } from "../../../web/lib/times.js";

const NOON = Date.UTC(2026, 10, 22, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Newer browsers put a narrow space where older ones have a plain one. @param {string} words */
const plain = (words) => words.replace(/\s/g, " ");

test("a day is the reader's, whatever its zone, to the minute of its midnight", () => {
  for (const [zone, offset] of [["UTC", 0], ["Asia/Taipei", 8], ["Asia/Kathmandu", 5.75], ["America/St_Johns", -3.5]]) {
    const midnight = Date.UTC(2026, 10, 22) - offset * HOUR;
    assert.deepEqual(
      [midnight - 1, midnight, midnight + DAY - 1, midnight + DAY].map((at) => dayKey(at, zone)),
      ["2026-11-21", "2026-11-22", "2026-11-22", "2026-11-23"],
      zone,
    );
  }
});

test("the same moment falls on different days in different zones, asked in any order", () => {
  const late = Date.UTC(2026, 10, 22, 23);
  for (let round = 0; round < 2; round += 1) {
    assert.equal(dayKey(late, "Asia/Taipei"), "2026-11-23");
    assert.equal(dayKey(late, "America/New_York"), "2026-11-22");
  }
});

test("days have names for a week, then dates, with the year where it is another", () => {
  const named = (days) => dayName("en", NOON - days * DAY, NOON, "UTC");
  assert.deepEqual([0, 1, 2, 6, 7, 400].map(named), ["Today", "Yesterday", "Friday", "Monday", "November 15", "October 18, 2025"]);
  assert.deepEqual([0, 1].map((days) => dayName("zh-Hans", NOON - days * DAY, NOON, "UTC")), ["今天", "昨天"]);
  assert.equal(dayWithin("en", NOON, NOON, "UTC"), "Sunday");
});

test("a clock that runs ahead puts nobody into the future", () => {
  assert.equal(dayName("en", NOON + DAY, NOON, "UTC"), "November 23");
  assert.equal(ago("en", NOON + HOUR, NOON, "just now"), "just now");
});

test("yesterday is the day before, also where the clocks were changed in between", () => {
  const zone = "Europe/Berlin";
  const afterTheChange = Date.UTC(2026, 9, 25, 12);
  assert.equal(dayName("en", afterTheChange - DAY, afterTheChange, zone), "Yesterday");
  assert.equal(dayName("en", afterTheChange - 12.5 * HOUR, afterTheChange, zone), "Today");
});

test("how long ago is said in the largest unit that fits", () => {
  const said = (span) => plain(ago("en", NOON - span, NOON, "just now"));
  assert.deepEqual([0, 59 * MINUTE, HOUR, 23 * HOUR, DAY, 3 * DAY].map(said), [
    "just now", "59 min. ago", "1 hr. ago", "23 hr. ago", "yesterday", "3 days ago",
  ]);
});

test("the time of day is written as the reader's language has it", () => {
  assert.equal(plain(clockTime("en", NOON, "Asia/Taipei")), "8:00 PM");
  assert.equal(clockTime("zh-Hans", NOON, "Asia/Taipei"), "20:00");
});
