import assert from "node:assert/strict";
import { test } from "node:test";

import { isNight } from "../../../web/lib/night.js";

const at = (hours, minutes = 0) => new Date(2026, 10, 21, hours, minutes);

test("night goes over midnight", () => {
  const night = { from: "22:00", to: "08:00" };
  for (const time of [at(22), at(23, 59), at(0), at(7, 59)]) assert.equal(isNight(time, night), true, String(time));
  for (const time of [at(8), at(12), at(21, 59)]) assert.equal(isNight(time, night), false, String(time));
});

test("who sleeps by day has night by day, and the same time twice is no night", () => {
  assert.equal(isNight(at(13), { from: "09:00", to: "17:30" }), true);
  assert.equal(isNight(at(17, 30), { from: "09:00", to: "17:30" }), false);
  assert.equal(isNight(at(3), { from: "03:00", to: "03:00" }), false);
});
