/** How loud a recording is, and which square of a picture is kept. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { levelOf, PEAKS, peaksOf } from "../../../web/lib/peaks.js";
import { squareOf, within } from "../../../web/lib/square.js";

test("a recording of any length has as many peaks as the server takes, against its own loudest", () => {
  for (const length of [0, 1, 7, 64, 1500]) assert.equal(peaksOf(Array(length).fill(0.3)).length, PEAKS);
  const peaks = peaksOf([...Array(640).fill(0.1), ...Array(640).fill(0.4)]);
  assert.deepEqual([peaks[0], peaks[31], peaks[32], peaks[63]], [25, 25, 100, 100]);
  assert.ok(peaks.every((peak) => Number.isInteger(peak) && peak >= 0 && peak <= 100));
});

test("silence stays flat, and what is too loud is as loud as can be", () => {
  assert.deepEqual(new Set(peaksOf(Array(640).fill(0.0001))), new Set([1]));
  assert.deepEqual([levelOf(new Float32Array([0.25, -0.5])), levelOf(new Float32Array([3]))], [0.5, 1]);
});

test("the square never leaves the picture, however it is moved", () => {
  const picture = { width: 900, height: 600 };
  for (const [x, y, zoom] of [[0.5, 0.5, 1], [-3, 9, 1], [2, -1, 4], [0, 0, 99], [0.9, 0.1, 0]]) {
    const { left, top, edge } = squareOf(picture, within(picture, { x, y, zoom }));
    assert.ok(left >= -1e-9 && top >= -1e-9 && left + edge <= 900 + 1e-9 && top + edge <= 600 + 1e-9, `${x} ${y} ${zoom}`);
    assert.ok(edge <= 600 && edge >= 150);
  }
});
