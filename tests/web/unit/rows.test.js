import assert from "node:assert/strict";
import { test } from "node:test";

import { rowsOf } from "../../../web/state/rows.js";

const MINUTE = 60_000;

/** @param {string} author @param {number} seq @param {object} [more] */
function message(author, seq, more = {}) {
  return { room: "tea", seq, id: `m${seq}`, at: seq * MINUTE, author: { id: author, handle: author, name: author, bot: false }, text: "…", ...more };
}

/** @param {any[]} messages @param {object} [reading] */
function shown(messages, reading = {}) {
  const usual = { divider: 0, me: "me", isBlocked: (/** @type {string} */ user) => user === "eve", opened: new Set(), dayOf: () => "today" };
  return rowsOf(messages, { ...usual, ...reading }).rows
    .map((row) => (row.kind === "message" ? `${row.message.author.id}${row.grouped ? "+" : ""}` : row.kind === "fold" ? `${row.count} ${row.why}` : row.kind));
}

test("one person's words within five minutes stand together", () => {
  const messages = [message("ann", 1), message("ann", 2), message("bob", 3), message("ann", 4), message("ann", 10)];
  assert.deepEqual(shown(messages), ["day", "ann", "ann+", "bob", "ann", "ann"]);
});

test("a group breaks where new begins and where a day does", () => {
  const messages = [message("ann", 1), message("ann", 2), message("ann", 3)];
  assert.deepEqual(shown(messages, { divider: 1 }), ["day", "ann", "new", "ann", "ann+"]);
  assert.deepEqual(shown(messages, { divider: 1, me: "ann" }), ["day", "ann", "ann+", "ann+"], "one's own words are not new");
  assert.deepEqual(shown(messages, { dayOf: (/** @type {number} */ at) => String(at > 2 * MINUTE) }), ["day", "ann", "ann+", "day", "ann"]);
});

test("what blocked people wrote is one line until it is opened", () => {
  const messages = [message("ann", 1), message("eve", 2), message("eve", 3, { deleted: true }), message("ann", 4)];
  assert.deepEqual(shown(messages), ["day", "ann", "2 blocked", "ann"]);
  assert.deepEqual(shown(messages, { opened: new Set(["fold m2"]) }), ["day", "ann", "2 blocked", "eve", "eve+", "ann"]);
  assert.deepEqual(shown([message("eve", 1), message("eve", 2)], { divider: 1 }), ["day", "1 blocked", "new", "1 blocked"]);
});

test("deleted messages in a row are one line, and one alone stays", () => {
  const gone = (/** @type {number} */ seq) => message(seq % 2 ? "ann" : "bob", seq, { deleted: true });
  assert.deepEqual(shown([gone(1), message("ann", 2), gone(3), gone(4), gone(5)]), ["day", "ann", "ann+", "3 deleted"]);
});
