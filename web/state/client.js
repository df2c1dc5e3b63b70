/**
 * The community as this page knows it: who we are, our rooms, the wire and the outbox. Made once in main.js; elements
 * read it and listen to its events: `community` (its name and settings), `status` (of the wire), `session` (one began),
 * `rooms` (which there are), `room` (detail: id), `posted` (detail: room, message), `changed` (detail: room, change, and the message before it as far as it was held),
 * `erased` (detail: id of the room), `purged` (detail: which went at once), `reset` (detail: id of the room), `read` (detail: what the
 * server said of a marker), `topic` (detail: of a topic.changed), `people` (somebody became known), `renamed` (detail: the user, as they are called
 * now), `inbox` (detail: who with), `met` (detail: the inbox item), `outbox`, `day` (another one began), `restart` (nothing of
 * the session counts any more).
 *
 * @typedef {import("../lib/shapes.js").CommunityCard} CommunityCard
 * @typedef {import("../lib/shapes.js").User} User
 */

import { callApi } from "../lib/api.js";
import { Wire } from "../lib/wire.js";
import { Blocks } from "./blocks.js";
import { Outbox } from "./outbox.js";
import { People } from "./people.js";

/** Stands for what only a session needs, which is loaded on the way to it: whatever one asks it for, nothing happens. */
const NOTHING_YET = /** @type {any} */ (new Proxy({}, { get: () => () => undefined }));

export class Client extends EventTarget {
  /** @type {CommunityCard | undefined} */ card;
  /** @type {User | undefined} */ user;
  /** @type {Map<string, import("./room.js").Room>} */ rooms = new Map();
  /** Open rooms one is not in and looks into: history, and nothing live. @type {Map<string, import("./room.js").Room>} */ glimpses = new Map();
  people = new People(this);
  /** @type {import("./history.js").History} */ history = NOTHING_YET;
  /** @type {import("./markers.js").Markers} */ markers = NOTHING_YET;
  /** @type {import("./events.js").Events} */ #events = NOTHING_YET;
  /** @type {import("./reactions.js").Reactions} */ reactions = NOTHING_YET;
  /** @type {import("./targets.js").Targets} */ targets = NOTHING_YET;
  /** Where one was in each room when one left it for another. @type {Map<string, {seq: number, offset: number}>} */ places = new Map();
  /** One's own pokes on their way, by whom they went to. @type {Map<string, any>} */ sent = new Map();
  /** Pokes, cards and the like: the last number, and how many one has not looked at. */
  inbox = { seq: 0, unread: 0 };
  /** The room that the reader has just made, until its page was shown. */
  created = "";
  /** The room that is open in front of the reader. */
  openRoom = "";
  began = false;
  #hadSession = false;

  /** @param {{open: () => WebSocket, storage: import("../lib/storage.js").Drawer, api?: typeof callApi, now?: () => number}} parts */
  constructor({ open, storage, api = callApi, now = Date.now }) {
    super();
    this.api = api;
    this.now = now;
    this.blocks = new Blocks(this, storage);
    this.wire = new Wire({
      open,
      startParams: () => ({ cursors: this.#cursors() }),
      started: (result) => this.#started(result),
      heard: (method, params) => this.#events.heard(method, params),
    });
    this.outbox = new Outbox({
      send: (item) => this.#send(item),
      isHeard: (room, seq) => (this.rooms.get(room)?.timeline.lastSeq ?? 0) >= seq,
      storage,
      upload: () => void import("./page-uploads.js").then(({ pageUploads }) => pageUploads(this)).catch(ignore),
    });
    this.wire.addEventListener("status", () => this.tell("status"));
    this.outbox.addEventListener("change", () => this.tell("outbox"));
  }

  get me() {
    return this.user?.id ?? "";
  }

  get signedIn() {
    return this.user !== undefined;
  }

  /** Sign out or close the account. @param {string} method @param {object} [params] */
  async depart(method, params) {
    // Else the server would close the connection first, and the page would come back with a login that is just ending.
    this.wire.rest();
    try {
      await this.api(method, params);
    } catch (refusal) {
      this.wire.connect();
      throw refusal;
    }
    this.restart();
  }

  /** Until a session has begun, and it is known who we are. @returns {Promise<void>} */
  settled() {
    if (this.began) return Promise.resolve();
    return new Promise((resolve) => this.addEventListener("session", () => resolve(), { once: true }));
  }

  /** A room one belongs to or looks into. @param {string} id */
  find(id) {
    return this.rooms.get(id) ?? this.glimpses.get(id);
  }

  /** A room, or what stands in one of its topics that was opened. @param {string} id @param {string} [topic] */
  line(id, topic) {
    const room = this.find(id);
    return topic === undefined ? room : room?.lines.get(topic);
  }

  /** Whether the reader may read and write in a room: a member, or a visitor at a public one. @param {string} id */
  isInside(id) {
    const room = this.find(id);
    return Boolean(room && (room.isMember || !this.signedIn));
  }

  /** Ask what the community is called, then begin to listen. @param {Promise<unknown>} [ready] until the page can take more than the answer */
  async enter(ready = Promise.resolve()) {
    await Promise.all([this.#learnCard(), ready.then(() => this.#load())]);
    this.wire.connect();
  }

  /** What changed while there was no line was not told. */
  async #learnCard() {
    this.card = await this.api("community.get");
    this.tell("community");
  }

  /** What a session needs. Rooms and timelines are named here, too, so that a browser asks for them at once. */
  async #load() {
    const [{ Events }, { History }, { Markers }, { Reactions }, { Targets }] = await Promise.all([
      import("./events.js"), import("./history.js"), import("./markers.js"), import("./reactions.js"), import("./targets.js"),
      import("./room.js"), import("./timeline.js"),
    ]);
    if (this.#events !== NOTHING_YET) return;
    this.#events = new Events(this);
    this.history = new History(this);
    this.markers = new Markers(this);
    this.reactions = new Reactions(this);
    this.targets = new Targets(this);
    for (const id of this.rooms.keys()) this.tell("room", id);
  }

  /** After signing in or out: nothing of the old session counts. */
  restart() {
    this.rooms.clear();
    this.glimpses.clear();
    this.people.clear();
    this.sent.clear();
    this.markers.clear();
    this.reactions.clear();
    this.targets.clear();
    this.places.clear();
    this.blocks.keep([]);
    this.user = undefined;
    this.began = false;
    this.wire.restart();
    this.tell("restart");
  }

  /** @returns {Record<string, import("../lib/shapes.js").Cursor>} */
  #cursors() {
    return Object.fromEntries([...this.rooms].map(([id, room]) => [id, room.timeline.cursor]));
  }

  /** @param {import("../lib/shapes.js").Started} result */
  #started(result) {
    if (this.user?.id !== result.user?.id) this.rooms.clear();
    this.user = result.user;
    this.inbox = result.inbox ?? this.inbox;
    this.outbox.belongTo(this.me);
    const before = this.rooms;
    this.rooms = new Map(result.rooms.map((state) => [state.room, this.#events.roomFrom(before.get(state.room), state)]));
    this.glimpses.clear();
    if (this.#hadSession) this.#learnCard().catch(() => undefined);
    this.#hadSession = true;
    this.began = true;
    this.tell("session");
    this.tell("rooms");
    this.tell("inbox");
    queueMicrotask(() => this.#resume());
  }

  #resume() {
    this.outbox.flush(this.wire.live && this.signedIn);
    for (const [id, room] of this.rooms) if (room.readSeq > room.state.read_seq) this.markers.soon(id);
    if (this.openRoom) this.watch(this.openRoom);
  }

  /** @param {any[]} sent as poke.list tells them */
  keepSent(sent) {
    this.sent = new Map(sent.filter(({ state }) => state === "sent").map((poke) => [poke.to, poke]));
    this.tell("rooms");
  }

  /** The conversation one has with somebody. @param {string} user */
  directWith(user) {
    return [...this.rooms.values()].find((room) => room.state.other?.id === user);
  }

  /** The two of a conversation are friends, or no longer. @param {string} id @param {boolean} friends */
  keepFriends(id, friends) {
    const room = this.rooms.get(id);
    if (!room || room.friends === friends) return;
    room.friends = friends;
    this.tell("room", id);
  }

  /** What waits was looked at. */
  readInbox() {
    if (!this.inbox.unread) return;
    this.inbox = { ...this.inbox, unread: 0 };
    this.ask("inbox.mark", { seq: this.inbox.seq }).catch(ignore);
    this.tell("rooms");
  }

  /** Look at who is here, as long as the room is open. @param {string} id */
  async watch(id) {
    if (this.openRoom && this.openRoom !== id) this.ask("presence.unwatch", { room: this.openRoom }).catch(ignore);
    this.openRoom = id;
    const room = this.rooms.get(id);
    if (!room || !this.wire.live) return;
    this.history.first(id);
    const here = await this.ask("presence.watch", { room: id }).catch(ignore);
    if (here) room.present(here);
    this.tell("room", id);
  }

  // --- doing ------------------------------------------------------------------------------------------------------

  /** @param {string} method @param {any} [params] @returns {Promise<any>} */
  async ask(method, params = {}) {
    const answer = await this.wire.request(method, params);
    if (method === "block.add" || method === "block.remove") this.blocks.set(params.user, method === "block.add");
    return answer;
  }

  /**
   * Words that a visitor wrote in a room with a window take their writer into it, once there is an account.
   *
   * @param {import("./outbox.js").Item} item
   */
  async #send({ room, text, clientId, joins, reply_to, attachments, topic }) {
    if (joins && !this.rooms.has(room)) await this.ask("room.join", { room });
    return this.ask("message.send", { room, text, client_id: clientId, ...(reply_to && { reply_to }), ...(attachments && { attachments }), ...(topic && { topic }) });
  }

  /** @param {string} room @param {string} text @param {number} [replyTo] seq of the message it answers @param {import("./outbox.js").Attached[]} [files] @param {string} [topic] */
  say(room, text, replyTo, files, topic) {
    this.outbox.add(room, text, replyTo, files, topic);
    this.outbox.flush(this.wire.live && this.signedIn);
  }

  /** @param {string} room @param {string} [topic] empty: the main line */
  typing(room, topic) {
    if (this.wire.live && this.signedIn) this.ask("typing.start", { room, ...(topic !== undefined && { topic }) }).catch(ignore);
  }

  /** Messages that call, over all rooms. */
  get calls() {
    return [...this.rooms.values()].reduce((sum, room) => sum + room.calls, 0);
  }

  /** Say something to whoever listens. @param {string} name @param {unknown} [detail] */
  tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @returns {undefined} */
function ignore() {
  return undefined;
}
