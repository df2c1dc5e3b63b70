/**
 * The community as this page knows it: who we are, our rooms, the wire and the outbox. Made once in main.js; elements
 * read it and listen to its events: `community` (its name and settings), `status` (of the wire), `session` (one began),
 * `rooms` (which there are), `room` (detail: id), `posted` (detail: room, message), `changed` (detail: room, change),
 * `erased` (detail: id of the room), `people` (somebody became known), `inbox` (detail: who with), `outbox`, `day`
 * (another one began), `restart` (nothing of the session counts any more).
 *
 * @typedef {import("../lib/shapes.js").HouseCard} HouseCard
 * @typedef {import("../lib/shapes.js").User} User
 * @typedef {import("../lib/shapes.js").RoomState} RoomState
 * @typedef {import("../lib/shapes.js").RoomListing} RoomListing
 */

import { callApi } from "../lib/api.js";
import { Wire } from "../lib/wire.js";
import { Outbox } from "./outbox.js";
import { Room } from "./room.js";

const PAGE = 50;
/** A read marker is given when nothing was read for a moment, and after that time even where all goes on. */
const READ_PAUSE = 400;
const READ_LIMIT = 5_000;
const LOAD_PAUSE = 2_000;
const LISTING_PAGES = 10;
/** A room that is not in front of the reader holds about one page. */
const HELD_ASIDE = 50;
const PEOPLE_AT_ONCE = 100;

export class Client extends EventTarget {
  /** @type {HouseCard | undefined} */ card;
  /** @type {User | undefined} */ user;
  /** @type {Map<string, Room>} */ rooms = new Map();
  /** Open rooms one is not in and looks into: history, and nothing live. @type {Map<string, Room>} */ glimpses = new Map();
  /** Everyone this page has heard of, by id. @type {Map<string, User>} */ people = new Map();
  /** Ids that were asked about, or are being asked about. @type {Set<string>} */ #asked = new Set();
  /** Rooms whose read marker is being given; true where to give it again after that. @type {Map<string, boolean>} */ #marking = new Map();
  /** One's own pokes on their way, by whom they went to. @type {Map<string, any>} */ sent = new Map();
  /** Pokes, cards and the like: the last number, and how many one has not looked at. */
  inbox = { seq: 0, unread: 0 };
  /** The room that is open in front of the reader. */
  openRoom = "";
  began = false;
  /** Rooms whose read markers the server is yet to hear of. @type {Set<string>} */ #read = new Set();
  #markBy = 0;
  /** @type {any} */ #reading = undefined;

  /** @param {{open: () => WebSocket, storage: import("../lib/storage.js").Drawer, api?: typeof callApi, now?: () => number}} parts */
  constructor({ open, storage, api = callApi, now = Date.now }) {
    super();
    this.api = api;
    this.now = now;
    this.wire = new Wire({
      open,
      startParams: () => ({ cursors: this.#cursors() }),
      started: (result) => this.#started(result),
      heard: (method, params) => this.#heard(method, params),
    });
    this.outbox = new Outbox({
      send: (item) => this.#send(item),
      isHeard: (room, seq) => (this.rooms.get(room)?.timeline.lastSeq ?? 0) >= seq,
      storage,
    });
    this.wire.addEventListener("status", () => this.#tell("status"));
    this.outbox.addEventListener("change", () => this.#tell("outbox"));
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

  /** One's name or line changed. @param {User} user */
  rename(user) {
    this.user = user;
    this.#tell("rooms");
  }

  /** A room one belongs to or looks into. @param {string} id */
  find(id) {
    return this.rooms.get(id) ?? this.glimpses.get(id);
  }

  /** Ask what the community is called, then begin to listen. */
  async enter() {
    this.card = await this.api("community.get");
    this.#tell("community");
    this.wire.connect();
  }

  /** After signing in or out: nothing of the old session counts. */
  restart() {
    this.rooms.clear();
    this.glimpses.clear();
    this.people.clear();
    this.sent.clear();
    this.#asked.clear();
    this.#marking.clear();
    this.#read.clear();
    this.user = undefined;
    this.began = false;
    this.wire.restart();
    this.#tell("restart");
  }

  /**
   * What this browser kept is shown until a session begins, which goes on from there.
   *
   * @param {import("./keeper.js").KeptSelf} self @param {import("./keeper.js").KeptRoom[]} kept
   */
  recall({ user, card }, kept) {
    this.user = user;
    this.card ??= card;
    this.outbox.owner = user.id;
    for (const { state, messages } of kept) {
      const room = new Room(state);
      const { epoch, first_seq, last_seq, rev } = state;
      for (const message of messages) this.#know(message.author);
      room.timeline.take({ messages, epoch, first_seq, last_seq, rev, more: false });
      this.rooms.set(room.id, room);
    }
    this.#tell("community");
    this.#tell("rooms");
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
    this.rooms = new Map(result.rooms.map((state) => [state.room, this.#roomFrom(before, state)]));
    this.glimpses.clear();
    this.began = true;
    this.#tell("session");
    this.#tell("rooms");
    this.#tell("inbox");
    queueMicrotask(() => this.#resume());
  }

  /** @param {Map<string, Room>} before @param {RoomState} state */
  #roomFrom(before, state) {
    const known = before.get(state.room);
    if (!known) return new Room(state);
    known.resumed(state);
    return known;
  }

  #resume() {
    this.outbox.flush(this.wire.live && this.signedIn);
    for (const [id, room] of this.rooms) if (room.readSeq > room.state.read_seq) this.#mark(id);
    if (this.openRoom) this.watch(this.openRoom);
  }

  // --- events -----------------------------------------------------------------------------------------------------

  /** @param {string} method @param {any} params */
  #heard(method, params) {
    if (method === "room.updated") return this.#roomUpdated(params);
    if (method === "inbox.added") return this.#inboxAdded(params);
    if (method === "inbox.changed") return this.#inboxChanged(params);
    const room = this.rooms.get(params.room);
    if (!room) return undefined;
    if (method === "message.posted") this.#posted(room, params);
    else if (method === "message.changed") this.#changed(room, params);
    else if (method === "room.reset") this.#reset(room, params);
    else if (method === "member.left" && params.user.id === this.me) this.rooms.delete(room.id);
    else if (method.startsWith("member")) room.state = { ...room.state, members: params.members };
    else if (method === "room.changed") return this.#roomChanged(room, params);
    else if (method === "read.moved") this.#readTo(room, params.read_seq);
    else if (method === "typing.started") this.#typed(room, params.user);
    else if (method === "presence.changed") this.#presence(room, params);
    this.#tell("room", room.id);
    return undefined;
  }

  /** @param {{number: number, kind: string, user: string}} item */
  #inboxAdded(item) {
    this.inbox = { seq: item.number, unread: this.inbox.unread + 1 };
    this.dispatchEvent(new CustomEvent("inbox", { detail: item.user }));
    if (item.kind === "met") this.dispatchEvent(new CustomEvent("met", { detail: item.user }));
  }

  /** @param {{seq: number, unread: number}} inbox */
  #inboxChanged({ seq, unread }) {
    this.inbox = { seq, unread };
    this.#tell("inbox");
  }

  /** @param {any[]} sent as poke.list tells them */
  keepSent(sent) {
    this.sent = new Map(sent.filter(({ state }) => state === "sent").map((poke) => [poke.to, poke]));
    this.#tell("rooms");
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
    this.#tell("room", id);
  }

  /** What waits was looked at. */
  readInbox() {
    if (!this.inbox.unread) return;
    this.inbox = { ...this.inbox, unread: 0 };
    this.ask("inbox.mark", { seq: this.inbox.seq }).catch(ignore);
    this.#tell("rooms");
  }

  /** @param {RoomState} state */
  #roomUpdated(state) {
    const known = this.rooms.get(state.room);
    if (known) {
      // The numbers of the log are the timeline's own affair: an update may overtake events that are on their way.
      known.state = { ...state, last_seq: known.state.last_seq, rev: known.state.rev };
      this.#readTo(known, state.read_seq);
    } else {
      this.rooms.set(state.room, new Room(state));
      this.glimpses.delete(state.room);
    }
    this.#tell("rooms");
    this.#tell("room", state.room);
  }

  /** What a room says of itself to everyone. @param {Room} room @param {import("../lib/shapes.js").RoomWords} words */
  #roomChanged(room, words) {
    room.changed(words);
    this.#tell("rooms");
    this.#tell("room", room.id);
  }

  /** @param {Room} room @param {import("../lib/shapes.js").Message} message */
  #posted(room, message) {
    this.#know(message.author);
    this.outbox.heard(message);
    room.countMention(message, this.me);
    room.posted(message, this.me);
    if (room.id !== this.openRoom) room.timeline.trim(HELD_ASIDE);
    this.dispatchEvent(new CustomEvent("posted", { detail: { room: room.id, message } }));
  }

  /** @param {Room} room @param {import("../lib/shapes.js").Change} change */
  #changed(room, change) {
    const exact = room.changeMention(change, this.me);
    room.timeline.changed(change);
    if (!exact) this.#giveMark(room);
    this.dispatchEvent(new CustomEvent("changed", { detail: { room: room.id, change } }));
    if (change.deleted) this.#tell("erased", room.id);
  }

  /** @param {Room} room @param {number} seq */
  #readTo(room, seq) {
    if (!room.read(seq)) this.#giveMark(room);
  }

  /**
   * Give the read marker, and take the number of mentions left from its answer. One at a time for each room.
   *
   * @param {Room} room @returns {Promise<void>}
   */
  async #giveMark(room) {
    if (this.#marking.has(room.id)) return void this.#marking.set(room.id, true);
    this.#marking.set(room.id, false);
    const asked = room.readSeq;
    const answer = await this.ask("read.mark", { room: room.id, seq: asked }).catch(ignore);
    const again = this.#marking.get(room.id);
    this.#marking.delete(room.id);
    if (!answer || this.rooms.get(room.id) !== room) return undefined;
    if (again) return this.#giveMark(room);
    // Read on meanwhile: the next mark, which is due already, brings the number.
    if (room.readSeq !== asked) return undefined;
    room.recount(answer.mentions, { last_seq: answer.read_seq + answer.unread, rev: room.timeline.rev });
    this.#tell("room", room.id);
    return undefined;
  }

  /** @param {Room} room @param {User} user */
  #typed(room, user) {
    this.#know(user);
    room.typed(user, this.now());
  }

  /** @param {User} user */
  #know(user) {
    if (user.handle) this.people.set(user.id, user);
  }

  /** Somebody is called otherwise than this page had it. @param {User} user */
  renamed(user) {
    if (user.handle) this.#know(user);
    else this.people.delete(user.id);
    for (const room of this.rooms.values()) if (room.timeline.renamed(user)) this.#tell("room", room.id);
  }

  /** Ask who these are, once each. @param {string[]} ids */
  async learn(ids) {
    const unknown = ids.filter((id) => !this.people.has(id) && !this.#asked.has(id)).slice(0, PEOPLE_AT_ONCE);
    if (!unknown.length || !this.signedIn) return;
    for (const id of unknown) this.#asked.add(id);
    try {
      const { users } = await this.ask("user.get", { users: unknown });
      for (const user of users) this.#know(user);
      this.#tell("people");
    } catch {
      // Whoever asks next asks for these again.
      for (const id of unknown) this.#asked.delete(id);
    }
  }

  /** @param {Room} room @param {any} reset */
  #reset(room, reset) {
    room.reset(reset);
    if (room.mentions) this.#giveMark(room);
    if (room.id === this.openRoom) this.loadFirst(room.id);
  }

  /** @param {Room} room @param {any} presence */
  #presence(room, presence) {
    room.online = presence.online;
    room.here = presence.users;
  }

  // --- reading ----------------------------------------------------------------------------------------------------

  /** Load a room that holds nothing: where the reader had read to, or the newest page. @param {string} id */
  async loadFirst(id) {
    const room = this.find(id);
    if (!room?.timeline.isEmpty || !room.timeline.more) return;
    await this.#load(room, room.unread > PAGE / 2 ? { around: room.readSeq + 1 } : {});
  }

  /** Load the newest page, unless it is held. @param {string} id */
  async loadLatest(id) {
    const room = this.find(id);
    if (!room || (!room.timeline.isEmpty && room.timeline.reachesEnd)) return;
    await this.#load(room, {});
  }

  /** Load what stands after the last message held. @param {string} id */
  async loadNewer(id) {
    const room = this.find(id);
    if (!room || room.timeline.isEmpty || room.timeline.reachesEnd) return;
    await this.#load(room, { after: room.timeline.last });
  }

  /** Load what stands before the first message held. @param {string} id */
  async loadOlder(id) {
    const room = this.find(id);
    if (!room || room.timeline.isEmpty || !room.timeline.more) return;
    await this.#load(room, { before: room.timeline.first });
  }

  /** @param {Room} room @param {object} where */
  async #load(room, where) {
    if (room.loading || !this.wire.live || this.now() < room.notBefore) return;
    room.loading = true;
    const { resets } = room.timeline;
    try {
      const page = await this.wire.request("message.history", { room: room.id, limit: PAGE, ...where });
      for (const message of page.messages) this.#know(message.author);
      if (room.timeline.resets === resets) room.timeline.take(page);
    } catch {
      room.notBefore = this.now() + LOAD_PAUSE;
      setTimeout(() => this.#tell("room", room.id), LOAD_PAUSE);
    } finally {
      room.loading = false;
      this.#tell("room", room.id);
    }
  }

  /**
   * Look into an open room one is not in. Rejects with a Refusal where that may not be.
   *
   * @param {string} id
   */
  async glimpse(id) {
    const page = await this.ask("message.history", { room: id, limit: PAGE });
    const listed = await this.listing(id);
    if (this.rooms.has(id)) return;
    this.glimpses.set(id, glimpsed(id, page, listed));
    this.#tell("room", id);
  }

  /** What the community says of an open room to everyone. @param {string} id @returns {Promise<RoomListing | undefined>} */
  async listing(id) {
    for (let after = "", pages = 0; pages < LISTING_PAGES; pages += 1) {
      const { rooms, next } = await this.api("room.discover", { after });
      const found = rooms.find((/** @type {RoomListing} */ room) => room.room === id);
      if (found || !next) return found;
      after = next;
    }
    return undefined;
  }

  /** The reader sees the newest message. @param {string} id */
  markRead(id) {
    const room = this.rooms.get(id);
    if (!room?.isMember || !room.unread) return;
    room.read(room.timeline.lastSeq);
    this.#tell("room", id);
    this.#mark(id);
  }

  /** @param {string} id */
  #mark(id) {
    if (!this.#read.size) this.#markBy = this.now() + READ_LIMIT;
    this.#read.add(id);
    clearTimeout(this.#reading);
    this.#reading = setTimeout(() => this.#giveMarks(), Math.min(READ_PAUSE, this.#markBy - this.now()));
  }

  #giveMarks() {
    for (const id of this.#read) {
      const room = this.rooms.get(id);
      if (room) this.#giveMark(room);
    }
    this.#read.clear();
  }

  /** Look at who is here, as long as the room is open. @param {string} id */
  async watch(id) {
    if (this.openRoom && this.openRoom !== id) this.ask("presence.unwatch", { room: this.openRoom }).catch(ignore);
    this.openRoom = id;
    const room = this.rooms.get(id);
    if (!room || !this.wire.live) return;
    this.loadFirst(id);
    const here = await this.ask("presence.watch", { room: id }).catch(ignore);
    if (here) this.#presence(room, here);
    this.#tell("room", id);
  }

  // --- doing ------------------------------------------------------------------------------------------------------

  /** @param {string} method @param {object} [params] @returns {Promise<any>} */
  ask(method, params = {}) {
    return this.wire.request(method, params);
  }

  /**
   * Words that a visitor wrote in a room with a window take their writer into it, once there is an account.
   *
   * @param {import("./outbox.js").Item} item
   */
  async #send({ room, text, clientId, joins }) {
    if (joins && !this.rooms.has(room)) await this.ask("room.join", { room });
    return this.ask("message.send", { room, text, client_id: clientId });
  }

  /** @param {string} room @param {string} text */
  say(room, text) {
    this.outbox.add(room, text);
    this.outbox.flush(this.wire.live && this.signedIn);
  }

  /** @param {string} room */
  typing(room) {
    if (this.wire.live && this.signedIn) this.ask("typing.start", { room }).catch(ignore);
  }

  /** Messages that call, over all rooms. */
  get calls() {
    return [...this.rooms.values()].reduce((sum, room) => sum + room.calls, 0);
  }

  /** @param {string} name @param {string} [detail] */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/**
 * A room as one sees it through the door.
 *
 * @param {string} id @param {import("../lib/shapes.js").Page} page @param {RoomListing | undefined} listed
 */
function glimpsed(id, page, listed) {
  const { epoch, first_seq, last_seq, rev } = page;
  const { title = "", about = "", tags = [], members = 0, online = 0, titles, abouts } = listed ?? {};
  const room = new Room({
    room: id, kind: "open", title, about, tags, titles, abouts, role: "visitor", notify: "none", members, online,
    epoch, first_seq, last_seq, last_id: page.messages.at(-1)?.id ?? "", rev, read_seq: last_seq, unread: 0, mentions: 0,
  });
  room.timeline.take(page);
  return room;
}

/** @returns {undefined} */
function ignore() {
  return undefined;
}
