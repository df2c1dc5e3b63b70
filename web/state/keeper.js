/**
 * The rooms last read, kept in this browser so that they can be read without a line: the last page of each with the
 * place it is of, and who we are. Given to the Client before its wire is live; a session then goes on from there, so
 * whatever was deleted meanwhile goes first. A page that cannot be vouched for is let go of, and so is everything when
 * its reader signs out.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {import("../lib/shapes.js").RoomState} RoomState
 * @typedef {{state: RoomState, messages: Message[], at: number}} KeptRoom
 * @typedef {{user: import("../lib/shapes.js").User, card: import("../lib/shapes.js").CommunityCard | undefined}} KeptSelf
 */

import { Room } from "./room.js";

const DATABASE = "chatserver";
const STORE = "kept";
const SELF = "self";
const ROOM = "room ";
const MOST_ROOMS = 10;
const PAGE = 50;
const PAUSE = 1_000;
const PEOPLE_AT_ONCE = 100;

export class Keeper {
  /** @type {Promise<IDBDatabase> | undefined} */ #opened;
  /** @type {Map<string, KeptRoom["at"]>} rooms that are kept, and when each was read */ #read = new Map();
  /** @type {Set<string>} rooms that changed since they were kept */ #due = new Set();
  /** @type {any} */ #timer = undefined;
  /** Whose rooms these are. */ #owner = "";

  /** @param {import("./client.js").Client} client @param {IDBFactory} factory @param {(kept: boolean) => void} noteKept */
  constructor(client, factory, noteKept) {
    this.client = client;
    this.factory = factory;
    this.noteKept = noteKept;
  }

  /** Give the Community what was kept, and keep on. Never rejects: a browser may keep nothing. */
  async begin() {
    const late = this.client.began;
    try {
      const kept = await this.#all();
      // The session began without what is kept here, so nobody knows what was deleted of it since.
      if (late || this.client.began) await this.#forget();
      else this.#give(kept);
    } catch {
      return;
    }
    this.#listen();
    if (this.client.began) this.#session();
  }

  /** @param {Map<string, any>} kept */
  #give(kept) {
    /** @type {KeptSelf | undefined} */ const self = kept.get(SELF);
    if (!self) return;
    this.#owner = self.user.id;
    /** @type {KeptRoom[]} */ const rooms = [...kept].filter(([key]) => key.startsWith(ROOM)).map(([, room]) => room);
    for (const { state, at } of rooms) this.#read.set(state.room, at);
    recall(this.client, self, rooms.sort((one, other) => other.at - one.at));
    const authors = new Set(rooms.flatMap(({ messages }) => messages.map(({ author }) => author.id)));
    this.client.addEventListener("session", () => this.#learnNames([...authors]).catch(() => undefined), { once: true });
  }

  #listen() {
    const { client } = this;
    client.addEventListener("restart", () => this.#forget().catch(() => undefined));
    client.addEventListener("session", () => this.#session());
    client.addEventListener("room", (event) => this.#changed(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("erased", (event) => this.#changed(/** @type {CustomEvent} */ (event).detail, true));
    addEventListener("pagehide", () => this.#keep());
    document.addEventListener("visibilitychange", () => document.hidden && this.#keep());
  }

  /** What was kept says what people were called then; who has left meanwhile is called nothing. @param {string[]} authors */
  async #learnNames(authors) {
    for (let at = 0; at < authors.length; at += PEOPLE_AT_ONCE) {
      const { users } = await this.client.ask("user.get", { users: authors.slice(at, at + PEOPLE_AT_ONCE) });
      for (const user of users) this.client.people.changed(user);
    }
  }

  async #session() {
    const { me, rooms } = this.client;
    if (this.#owner && this.#owner !== me) await this.#forget().catch(() => undefined);
    this.#owner = me;
    if (!me) return;
    for (const room of this.#read.keys()) if (!rooms.has(room)) this.#drop(room);
    for (const room of this.#read.keys()) this.#due.add(room);
    this.#soon();
  }

  /** @param {string} id @param {boolean} [atOnce] */
  #changed(id, atOnce = false) {
    const open = id === this.client.openRoom;
    if (!this.#read.has(id) && !open) return;
    if (open) this.#read.set(id, this.client.now());
    this.#due.add(id);
    if (atOnce) this.#keep();
    else this.#soon();
  }

  #soon() {
    this.#timer ??= setTimeout(() => this.#keep(), PAUSE);
  }

  #keep() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#owner || this.client.me !== this.#owner || !this.client.began) return;
    const { user, card } = this.client;
    this.noteKept(true);
    this.#write((store) => store.put({ user, card }, SELF));
    for (const id of this.#due) this.#keepRoom(id);
    this.#due.clear();
    const [...oldest] = [...this.#read].sort(([, one], [, other]) => other - one).slice(MOST_ROOMS);
    for (const [id] of oldest) this.#drop(id);
  }

  /** @param {string} id */
  #keepRoom(id) {
    const room = this.client.rooms.get(id);
    if (!room?.isMember || room.timeline.isEmpty || !room.timeline.reachesEnd) return this.#drop(id);
    const { epoch, seq, id: last, rev } = room.timeline.cursor;
    const state = { ...room.state, epoch, last_seq: seq, last_id: last, rev, read_seq: room.readSeq, unread: room.unread, mentions: room.mentions };
    const kept = { state, messages: room.timeline.latest(PAGE), at: this.#read.get(id) ?? 0 };
    return this.#write((store) => store.put(kept, ROOM + id));
  }

  /** @param {string} id */
  #drop(id) {
    this.#read.delete(id);
    this.#due.delete(id);
    this.#write((store) => store.delete(ROOM + id));
  }

  async #forget() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#owner = "";
    this.#read.clear();
    this.#due.clear();
    this.noteKept(false);
    const database = await this.#open();
    database.transaction(STORE, "readwrite").objectStore(STORE).clear();
  }

  /** Steps are done in the order they were asked for. @param {(store: IDBObjectStore) => void} step */
  #write(step) {
    this.#open().then((database) => step(database.transaction(STORE, "readwrite").objectStore(STORE))).catch(() => undefined);
  }

  /** @returns {Promise<Map<string, any>>} */
  async #all() {
    const store = (await this.#open()).transaction(STORE).objectStore(STORE);
    const [keys, values] = await Promise.all([settled(store.getAllKeys()), settled(store.getAll())]);
    return new Map(keys.map((key, at) => [String(key), values[at]]));
  }

  #open() {
    return (this.#opened ??= new Promise((resolve, reject) => {
      const asked = this.factory.open(DATABASE, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    }));
  }
}

/**
 * What was kept is shown until a session begins, which goes on from there.
 *
 * @param {import("./client.js").Client} client @param {KeptSelf} self @param {KeptRoom[]} kept
 */
export function recall(client, { user, card }, kept) {
  client.user = user;
  client.card ??= card;
  client.outbox.owner = user.id;
  for (const { state, messages } of kept) {
    const room = new Room(state);
    const { epoch, first_seq, last_seq, rev } = state;
    for (const message of messages) client.people.know(message.author);
    room.timeline.take({ messages, epoch, first_seq, last_seq, rev, more: false });
    client.rooms.set(room.id, room);
  }
  client.tell("community");
  client.tell("rooms");
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
