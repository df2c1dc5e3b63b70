import assert from "node:assert/strict";
import { test } from "node:test";

import { Room } from "../../../web/state/room.js";

const TOM = { id: "tom", handle: "tom", name: "Tom", bot: false };
const STATE = {
  room: "tea", kind: "open", title: "Tea", about: "", tags: [], role: "member", notify: "all", members: 2, online: 1, epoch: "e1",
  first_seq: 1, last_seq: 0, last_id: "", rev: 0, read_seq: 0, unread: 0, mentions: 0,
};

/** A browser's window, as far as notifications need one. */
class Window extends EventTarget {
  hidden = true;
  querySelector = () => null;
}
globalThis.document = /** @type {any} */ (new Window());
globalThis.navigator ??= /** @type {any} */ ({});
const { Calls } = await import("../../../web/state/calls.js");

/** Notifications that remember what became of them. */
class Shown {
  static permission = "granted";
  /** @type {Shown[]} */ static all = [];
  closed = false;
  constructor(title, options) {
    Object.assign(this, { title, ...options });
    Shown.all.push(this);
  }
  close() {
    this.closed = true;
  }
}

/** Web Locks that are granted at once. */
class Locks {
  /** @type {Set<{name: string}>} */ held = new Set();
  query = async () => ({ held: [...this.held] });
  async request(name, _, work) {
    const lock = { name };
    this.held.add(lock);
    await work();
    this.held.delete(lock);
  }
}

/** A reader whose tab is hidden. */
function readerOf(locks = new Locks()) {
  Shown.all = [];
  const client = Object.assign(new EventTarget(), { me: "mei", rooms: new Map([["tea", new Room(/** @type {any} */ ({ ...STATE }))]]), calls: 0, blocks: new Set(), now: () => 0 });
  const preferences = { notify: { on: true, night: { from: "00:00", to: "00:00" } } };
  const calls = new Calls(/** @type {any} */ ({ client, words: { language: "en" }, preferences, go: () => undefined, Notification: Shown, locks }));
  calls.begin();
  const room = client.rooms.get("tea");
  const hear = async (seq, text = "words", mentions = undefined) => {
    const message = { room: "tea", seq, id: `m${seq}`, at: 0, author: TOM, text, mentions };
    room.posted(message, "mei");
    await calls.posted({ room: "tea", message });
  };
  const turn = (hidden) => {
    document.hidden = hidden;
    document.dispatchEvent(new Event("visibilitychange"));
  };
  const tell = (name, detail) => client.dispatchEvent(Object.assign(new Event(name), { detail }));
  return { room, hear, turn, tell };
}

test("a notification goes when its message is deleted, and stays for another", async () => {
  const { hear, tell } = readerOf();
  await hear(1);
  tell("changed", { room: "tea", change: { room: "tea", seq: 2, rev: 1, deleted: true } });
  tell("changed", { room: "tea", change: { room: "tea", seq: 1, rev: 2, text: "other words" } });
  assert.deepEqual(Shown.all.map(({ closed }) => closed), [false]);
  tell("changed", { room: "tea", change: { room: "tea", seq: 1, rev: 3, deleted: true } });
  assert.deepEqual(Shown.all.map(({ closed }) => closed), [true]);
});

test("a notification of a mention goes when the message mentions one no more", async () => {
  const { room, hear, tell } = readerOf();
  room.state.notify = "mentions";
  await hear(1);
  assert.equal(Shown.all.length, 0);
  await hear(2, "@mei", ["mei"]);
  tell("changed", { room: "tea", change: { room: "tea", seq: 2, rev: 1, text: "@mei, tea?", mentions: ["mei"] } });
  assert.deepEqual(Shown.all.map(({ closed }) => closed), [false]);
  tell("changed", { room: "tea", change: { room: "tea", seq: 2, rev: 2, text: "tea?" } });
  assert.deepEqual(Shown.all.map(({ closed }) => closed), [true]);
});

test("a notification goes when its message is read on another device", async () => {
  const { room, hear, tell } = readerOf();
  await hear(1);
  await hear(2);
  room.read(1);
  tell("room", "tea");
  assert.equal(Shown.all.at(-1).closed, false);
  room.read(2);
  tell("room", "tea");
  assert.equal(Shown.all.at(-1).closed, true);
});

test("nobody is notified whose other tab is in front; when it goes to the back they are", async (t) => {
  const { hear, turn } = readerOf();
  t.after(() => (document.hidden = true));
  turn(false);
  // Another tab that hears the same: it is hidden, and this one in front holds the lock.
  document.hidden = true;
  await hear(1);
  assert.equal(Shown.all.length, 0);
  turn(true);
  await new Promise((resolve) => setImmediate(resolve));
  await hear(2);
  assert.equal(Shown.all.length, 1);
});

test("what is deleted while it is asked who is in front is not shown", async () => {
  const { hear, tell } = readerOf();
  const heard = hear(1);
  tell("changed", { room: "tea", change: { room: "tea", seq: 1, rev: 1, deleted: true } });
  await heard;
  assert.equal(Shown.all.length, 0);
});

test("the body of a notification tears no emoji", async () => {
  const { hear } = readerOf();
  await hear(1, `${"a".repeat(138)}👨‍👩‍👧‍👦`);
  assert.equal(Shown.all[0].body, `${"a".repeat(138)}…`);
});
