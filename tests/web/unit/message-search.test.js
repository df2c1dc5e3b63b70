import assert from "node:assert/strict";
import { test } from "node:test";

import { searchOf } from "../../../web/state/message-search.js";

const SEARCH = { q: "tea", room: "", from: "", has: "", since: "", until: "", tab: "" };

/** A client whose server gives these answers, one after another. @param {any[]} answers */
function clientOf(...answers) {
  const asked = /** @type {any[]} */ ([]);
  const ask = async (/** @type {string} */ method, /** @type {any} */ params) => {
    asked.push({ method, ...params });
    return method === "message.search" ? answers.shift() : { messages: params.seqs.map((/** @type {number} */ seq) => hit(seq)) };
  };
  return /** @type {any} */ (Object.assign(new EventTarget(), { me: "u1", people: { know: () => undefined }, ask, asked }));
}

/** @param {number} seq */
function hit(seq, room = "hall") {
  return { room, seq, text: `tea ${seq}`, author: { id: "u2", name: "Bob", handle: "bob" } };
}

test("empty pages are passed over three times, then the reader is asked", async () => {
  const empty = (/** @type {string} */ next) => ({ messages: [], next });
  const client = clientOf({ messages: [hit(9)], next: "1" }, empty("2"), empty("3"), empty("4"), { messages: [hit(3)] });
  const search = searchOf(client, SEARCH);
  await search.go();
  assert.deepEqual([search.hits.length, search.more, search.isBarren], [1, true, false]);
  await search.go();
  assert.deepEqual([search.hits.length, search.isBarren], [1, true]);
  search.further();
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual([search.hits.map(({ seq }) => seq), search.more, search.isBarren], [[9, 3], false, false]);
  assert.deepEqual(client.asked.map((/** @type {any} */ { after }) => after), [undefined, "1", "2", "3", "4"]);
  assert.equal(searchOf(client, { ...SEARCH, tab: "people" }), search, "who comes back finds it again");
});

test("what stands beside hits is asked once, in one call for each room", async () => {
  const client = clientOf({ messages: [hit(9), hit(7), hit(2, "tea")] });
  const search = searchOf(client, SEARCH);
  await search.go();
  await Promise.all([search.learn(search.hits), search.learn(search.hits)]);
  const calls = client.asked.filter((/** @type {any} */ { method }) => method === "message.get");
  assert.deepEqual(calls.map((/** @type {any} */ { room, seqs }) => [room, seqs]), [["hall", [8, 10, 6]], ["tea", [1, 3]]]);
  assert.deepEqual([search.near(hit(7)).before?.seq, search.near(hit(7)).after?.seq], [6, 8]);
});

test("a hit that is deleted meanwhile is gone, an edited one says what it says now", async () => {
  const client = clientOf({ messages: [hit(9), hit(7)] });
  const search = searchOf(client, SEARCH);
  await search.go();
  const change = (/** @type {object} */ what) => client.dispatchEvent(new CustomEvent("changed", { detail: { room: "hall", change: what } }));
  change({ seq: 9, text: "", deleted: true });
  change({ seq: 7, text: "tea, later" });
  assert.deepEqual(search.hits.map(({ text }) => text), ["tea, later"]);
});
