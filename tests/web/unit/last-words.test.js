import assert from "node:assert/strict";
import { test } from "node:test";

import { LastWords } from "../../../web/state/last-words.js";

const WORDS = { say: (/** @type {string} */ key, /** @type {any} */ values = {}) => [key, values.name, values.text].filter(Boolean).join(" "), language: "en" };

/** @param {string[]} blocked @param {any} last */
function lineOf(blocked, last) {
  const client = /** @type {any} */ ({ addEventListener: () => undefined, blocks: new Set(blocked), me: "ann", now: () => 1_700_000_000_000 });
  const room = /** @type {any} */ ({ last: { at: 1_700_000_000_000, ...last }, state: { kind: "open" } });
  return new LastWords(client).of(room, WORDS).words;
}

test("a room's last line is the plain words of its last message", () => {
  assert.equal(lineOf([], { author: { id: "eve", name: "Eve" }, text: "**Hello**\n||secret||" }), "rooms.they_said Eve Hello ▒▒▒");
  assert.equal(lineOf([], { author: { id: "ann", name: "Ann" }, text: "mine" }), "rooms.you_said mine");
});

test("a last line of somebody one blocked says neither who nor what", () => {
  assert.equal(lineOf(["eve"], { author: { id: "eve", name: "Eve" }, text: "hello" }), "message.blocked_answered");
});
