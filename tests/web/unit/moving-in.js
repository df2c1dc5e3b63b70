/** Somebody in a community, on a line that a test answers by hand. */

import { Client } from "../../../web/state/client.js";
import { Clock } from "./clock.js";
import { Line, STARTED, until } from "./line.js";

// Node 18, the oldest that runs these tests, has no such class; every browser has.
globalThis.CustomEvent ??= /** @type {any} */ (class extends Event {
  constructor(name, { detail }) {
    super(name);
    this.detail = detail;
  }
});

export const MEI = { id: "mei", handle: "mei", name: "Mei", bot: false };
export const TOM = { id: "tom", handle: "tom", name: "Tom", bot: false };

export class Drawer {
  /** @type {Map<string, string>} */ kept = new Map();
  getItem(key) {
    return this.kept.get(key) ?? null;
  }
  setItem(key, value) {
    this.kept.set(key, value);
  }
}

/** @param {string} room @param {object} [more] */
export function stateOf(room, more = {}) {
  const unread = Math.max(0, (more.last_seq ?? 0) - (more.read_seq ?? 0));
  return {
    room, kind: "open", title: room, about: "", tags: [], role: "member", notify: "all", members: 2, online: 1, epoch: "e1",
    first_seq: 1, last_seq: 0, last_id: "", rev: 0, read_seq: 0, unread, mentions: 0, ...more,
  };
}

/** @param {string} room @param {number} seq @param {object} [more] */
export function message(room, seq, more = {}) {
  return { room, seq, id: `${room}-${seq}`, at: seq, author: TOM, text: `word ${seq}`, ...more };
}

/** A log of the server's, of which pages are given. @param {number} last */
export function logOf(last, more = {}) {
  return ({ room, before = last + 1, after, around, limit }) => {
    const from = after !== undefined ? after + 1 : Math.max(1, around !== undefined ? around - limit / 2 : before - limit);
    const to = Math.min(last, after !== undefined || around !== undefined ? from + limit - 1 : before - 1);
    const messages = Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => message(room, from + at, more[from + at]));
    return { messages, epoch: "e1", first_seq: 1, last_seq: last, rev: 0, more: from > 1 };
  };
}

/**
 * A community in which Mei is, on a line of her own, with these rooms.
 *
 * @param {import("node:test").TestContext} t @param {object[]} rooms @param {object} [more] what session.start says besides
 */
export async function moveIn(t, rooms, more = { user: MEI }) {
  const line = await Line.open();
  Object.assign(line.answers, {
    "session.start": { ...STARTED, rooms, ...more }, "read.mark": ({ seq }) => ({ read_seq: seq, room_read_seq: seq, unread: 0, mentions: 0 }), "presence.unwatch": {},
    "presence.watch": { room: "", online: 1, users: ["mei"] }, "message.history": logOf(0),
  });
  const api = async (method, params) => {
    const answer = line.answers[method];
    return typeof answer === "function" ? answer(params) : answer;
  };
  line.answers["community.get"] = { name: "Teahouse" };
  const client = new Client({ open: line.connect, storage: /** @type {any} */ (new Drawer()), api, now: () => Date.now() });
  const told = [];
  for (const name of ["session", "rooms", "room", "posted", "erased", "people", "renamed", "inbox", "restart"]) {
    client.addEventListener(name, (event) => told.push([name, event.detail]));
  }
  t.after(async () => {
    client.wire.rest();
    await line.close();
  });
  const clock = new Clock(t);
  await client.enter();
  await client.settled();
  const back = async () => {
    const connections = line.connections.length;
    line.connections.at(-1).terminate();
    await until(() => client.wire.status === "waiting", "waiting");
    clock.pass(1_000);
    await until(() => client.wire.live && line.connections.length > connections, "the way back");
  };
  return { client, line, told, back, pass: (milliseconds) => clock.pass(milliseconds) };
}

/** @param {import("./line.js").Line} line @param {string} method */
export const paramsOf = (line, method) => line.asked(method).map(({ params }) => params);
