import assert from "node:assert/strict";
import { test } from "node:test";

import { ShownWindow } from "../../../web/state/shown-window.js";
import { Timeline } from "../../../web/state/timeline.js";

/** A room's timeline that holds these. @param {number} first @param {number} last @param {number} [step] how far apart they stand */
function held(first, last, step = 1) {
  const timeline = new Timeline({ epoch: "e", last_seq: last, last_id: "", rev: 0 });
  const seqs = Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, at) => first + at * step);
  const messages = seqs.map((seq) => /** @type {any} */ ({ room: "tea", seq, id: `id${seq}`, at: seq, author: { id: "ann" }, text: "" }));
  timeline.take({ messages, epoch: "e", first_seq: 1, last_seq: last, rev: 0, more: true });
  return timeline;
}

test("a room opens on its newest messages, and what comes has a row while one is at the bottom", () => {
  const shown = new ShownWindow();
  shown.place(held(1, 1000), { atBottom: true });
  assert.deepEqual([shown.from, shown.to], [801, 1000]);
  shown.place(held(1, 1020), { atBottom: true });
  assert.deepEqual([shown.from, shown.to], [801, 1020]);
  shown.place(held(1, 1030), { atBottom: true });
  assert.deepEqual([shown.from, shown.to], [831, 1030]);
});

test("a room with much unread opens around where it begins", () => {
  const shown = new ShownWindow();
  shown.place(held(1, 1000), { divider: 500, atBottom: true });
  assert.deepEqual([shown.from, shown.to], [475, 675]);
});

test("reading up moves the window by a step and lets go below, until there is no more", () => {
  const shown = new ShownWindow();
  const room = held(751, 1000);
  shown.place(room, { atBottom: true });
  assert.deepEqual([shown.move(room, -25), shown.from, shown.to], [true, 776, 975]);
  assert.deepEqual([shown.move(room, -25), shown.from, shown.to], [true, 751, 950]);
  assert.deepEqual([shown.move(room, -25), shown.move(room, 25), shown.from, shown.to], [false, true, 776, 975]);
});

test("what comes has no row while its end is out of sight, and has one while it is in sight", () => {
  const shown = new ShownWindow();
  shown.place(held(1, 1000), { atBottom: true });
  shown.place(held(1, 1005), { atBottom: false });
  assert.equal(shown.to, 1005);
  shown.move(held(1, 1005), -25);
  shown.place(held(1, 1010), { atBottom: false });
  assert.equal(shown.to, 975);
});

test("as many messages have rows as fill the height", () => {
  const shown = new ShownWindow();
  shown.fit(800, 600);
  shown.place(held(1, 1000), { atBottom: true });
  assert.deepEqual([shown.from, shown.to], [876, 1000]);
});

test("where many messages are folded into few rows, nothing is let go", () => {
  const shown = new ShownWindow();
  shown.place(held(1, 1000), { atBottom: true });
  assert.deepEqual([shown.move(held(1, 1000), -25, true), shown.from, shown.to], [true, 776, 1000]);
  assert.deepEqual([shown.move(held(1, 1000), -25, true), shown.from, shown.to], [true, 751, 1000]);
  shown.place(held(1, 1001), { atBottom: true, isShort: true });
  assert.deepEqual([shown.from, shown.to], [751, 1001]);
});

test("of messages that stand far apart as many have rows", () => {
  const shown = new ShownWindow();
  const topic = held(1, 9991, 10);
  shown.place(topic, { atBottom: true });
  assert.deepEqual([topic.count(shown.from, shown.to), shown.to], [200, 9991]);
  shown.move(topic, -25);
  assert.equal(topic.count(shown.from, shown.to), 200);
});
