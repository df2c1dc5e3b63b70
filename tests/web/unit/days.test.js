import assert from "node:assert/strict";
import { test } from "node:test";

import { Days } from "../../../web/state/days.js";
import { Clock } from "./clock.js";

const HOUR = 3_600_000;

test("another day is told at midnight, and by whoever wakes after it", (t) => {
  const clock = new Clock(t, new Date(2026, 10, 28, 22, 30).getTime());
  const days = new Days();
  let told = 0;
  days.addEventListener("day", () => (told += 1));
  days.begin();
  clock.pass(1.5 * HOUR - 1);
  assert.equal(told, 0);
  clock.pass(1);
  assert.equal(told, 1);
  days.look();
  assert.equal(told, 1);
  clock.now += 30 * HOUR; // asleep: no timer rang
  days.look();
  assert.equal(told, 2);
});
