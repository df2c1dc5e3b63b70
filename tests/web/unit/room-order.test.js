import assert from "node:assert/strict";
import { test } from "node:test";

import { Room } from "../../../web/state/room.js";
import { inOrder } from "../../../web/state/room-order.js";
import { offersFor } from "../../../web/state/switching.js";

function room(id, more = {}) {
  return new Room(/** @type {any} */ ({
    room: id, kind: "open", title: id, about: "", tags: [], role: "member", notify: "mentions", epoch: "e", first_seq: 1, last_seq: 5,
    last_id: "x", rev: 0, read_seq: 5, unread: 5 - (more.read_seq ?? 5), mentions: 0, members: 2, online: 1, ...more,
  }));
}

const idsOf = (rooms) => rooms.map(({ id }) => id);

test("favourites stand first, then what calls, then what is unread, then by recency; what is muted is last", () => {
  const [old, recent] = [room("old"), room("recent")];
  old.glance = { at: 10, author: { id: "a", handle: "a", name: "A", bot: false }, text: "" };
  recent.glance = { ...old.glance, at: 20 };
  const rooms = [room("muted", { notify: "none", read_seq: 1 }), old, room("unread", { read_seq: 1 }), recent,
    room("called", { read_seq: 1, mentions: 1 }), room("starred"), room("question", { question_of: "hall" })];
  assert.deepEqual(idsOf(inOrder(rooms, ["starred", "old"]).rooms), ["starred", "old", "called", "unread", "recent", "muted"]);
});

test("a number stands where something calls or every message was asked for", () => {
  const numbers = [room("quiet", { read_seq: 2 }), room("every", { read_seq: 2, notify: "all" }), room("called", { read_seq: 2, mentions: 1 }),
    room("muted", { read_seq: 2, notify: "none", mentions: 1 }), room("talk", { kind: "direct", read_seq: 2, other: { id: "b", handle: "b", name: "B", bot: false } })];
  assert.deepEqual(numbers.map((one) => [one.number, one.calls]), [[0, 0], [3, 0], [1, 1], [0, 0], [3, 3]]);
});

test("the switcher offers rooms one is in, others, people and pages, each by what it is called", () => {
  const rooms = [room("balcony", { title: "阳台 Balcony" }), room("tea"), room("hot", { title: "火锅", kind: "closed" }), room("bath", { title: "泡澡" })];
  const listed = [/** @type {any} */ ({ room: "bay", title: "Bay walks" }), /** @type {any} */ ({ room: "bath", title: "泡澡" })];
  const people = [/** @type {any} */ ({ id: "basil", handle: "basil", name: "Basil", bot: false })];
  const acts = [{ kind: /** @type {"act"} */ ("act"), id: "settings", text: "Settings", href: "/settings" }];
  const found = (query) => offersFor(query, { rooms, listed, mine: ["hot"], people, acts, language: "en" }).flatMap(({ offers }) => offers.map(({ kind, text }) => `${kind} ${text}`));
  assert.deepEqual(found("ba"), ["room 阳台 Balcony", "room 火锅", "room 泡澡", "other Bay walks", "person Basil"]);
  assert.ok(found("set").includes("act Settings"));
  assert.deepEqual(offersFor("zzz", { rooms, listed: [], mine: [], people: [], acts, language: "en" }), []);
});
