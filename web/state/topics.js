/**
 * The topics of one room, as far as somebody asked for them: cards by id, and lists in the server's order. What is unread
 * in a topic is the server's number, on which new messages count; where only the server knows, the card is asked for
 * again. `topicsOf` gives those of a room; a `change` event says that they are otherwise now.
 *
 * @typedef {import("../lib/shapes.js").Topic} Topic
 * @typedef {{sort?: "active" | "new", mine?: boolean, closed?: boolean}} Choice which list
 * @typedef {{ids: string[], next: string, status: "new" | "asking" | "done" | "failed", coming?: Promise<void>}} List
 */

import { TopicLine } from "./topic-line.js";

const AT_ONCE = 100;
const FIRST_WORDS = 140;
/** As far as a timer of the browser reaches. */
const LONGEST_WAIT = 2 ** 31 - 1;
/** Pages that are looked through for a title. */
const MOST_PAGES = 20;
/** Topics whose messages are held after they were left. */
const MOST_LINES = 6;

export class Topics extends EventTarget {
  /** @type {Map<string, Topic>} */ #cards = new Map();
  /** @type {Map<string, List>} */ #lists = new Map();
  /** Cards to be asked for, again or for the first time. @type {Set<string>} */ #due = new Set();
  /** Those that do not exist. @type {Set<string>} */ #none = new Set();
  #asking = false;
  #version = -1;

  /** @param {import("./client.js").Client} client @param {string} room */
  constructor(client, room) {
    super();
    this.client = client;
    this.room = room;
    this.#listen("posted", (posted) => posted.room === room && this.#posted(posted.message));
    this.#listen("changed", (said) => said.room === room && this.#changed(said));
    this.#listen("purged", (purged) => purged.room === room && this.#recount());
    this.#listen("topic", (said) => said.room === room && this.#topic(said));
    this.#listen("read", (said) => said.room === room && this.#readElsewhere(said));
    this.#listen("reset", (id) => id === room && this.#again());
    this.#listen("session", () => this.#again());
    client.addEventListener("restart", () => this.#forget());
  }

  /** @param {string} name @param {(detail: any) => void} listener */
  #listen(name, listener) {
    this.client.addEventListener(name, (event) => listener(/** @type {CustomEvent} */ (event).detail));
  }

  get #room() {
    return this.client.find(this.room);
  }

  // --- cards ----------------------------------------------------------------------------------------------------------

  /** @param {string} id @returns {Topic | undefined} */
  get(id) {
    return this.#cards.get(id);
  }

  /** What a topic is; asked for where it is not known. @param {string} id @returns {Topic | null | undefined} null where there is none */
  want(id) {
    if (!this.#cards.has(id) && !this.#none.has(id)) this.#ask(id);
    return this.#cards.get(id) ?? (this.#none.has(id) ? null : undefined);
  }

  /** What stands in a topic. @param {string} id @returns {TopicLine | undefined} undefined where the room is not known */
  open(id) {
    const room = this.#room;
    if (!room) return undefined;
    room.topics = this;
    const line = room.lines.get(id) ?? new TopicLine(room, id);
    room.lines.delete(id);
    room.lines.set(id, line);
    for (const old of [...room.lines.keys()].slice(0, -MOST_LINES)) room.lines.delete(old);
    this.want(id);
    return line;
  }

  /** The reader has read a topic up to there. @param {string} id @param {number} seq */
  read(id, seq) {
    const card = this.#cards.get(id);
    if (!card || seq < card.last_seq) return;
    this.#keep({ ...card, unread: 0, mentions: 0, read_seq: Math.max(seq, card.read_seq ?? 0) });
  }

  /** @param {Topic} topic as the server gave it, or of an event */
  keep(topic) {
    this.#keep(topic.deleted ? topic : { ...this.#cards.get(topic.id), ...topic });
  }

  /** @param {Topic} topic */
  #keep(topic) {
    if (topic.deleted) {
      this.#cards.delete(topic.id);
      this.#none.add(topic.id);
      for (const list of this.#lists.values()) list.ids = list.ids.filter((id) => id !== topic.id);
    } else this.#cards.set(topic.id, topic);
    this.#tell();
  }

  /** What notifies the reader in a topic; rejects with a refusal. @param {string} id @param {{level: string, until?: number}} chosen */
  async notify(id, { level, until = 0 }) {
    await this.client.ask("topic.notify", { room: this.room, topic: id, level, until });
    const card = this.#cards.get(id);
    if (!card) return;
    const { level_until: before, level_then: then } = card;
    this.#keep({ ...card, level: /** @type {any} */ (level), level_until: until, level_then: until ? (before ? then : card.level) : undefined });
    this.#waitForEnd({ ...card, level_until: until });
  }

  // --- lists ----------------------------------------------------------------------------------------------------------

  /** @param {Choice} choice @returns {{topics: Topic[], more: boolean, status: List["status"]}} */
  list(choice) {
    const list = this.#listOf(choice);
    if (list.status === "new") this.#load(choice, list);
    const topics = list.ids.map((id) => this.#cards.get(id)).filter((topic) => topic !== undefined);
    return { topics, more: Boolean(list.next), status: list.status };
  }

  /** The next page, or the first again where it failed. @param {Choice} choice */
  further(choice) {
    const list = this.#listOf(choice);
    if (list.status !== "asking" && (list.next || list.status === "failed")) this.#load(choice, list);
  }

  /** Topics of a list with these letters in their title, page after page until there are enough. @param {Choice} choice @param {string} letters @param {number} enough */
  async find(choice, letters, enough) {
    const wanted = letters.trim().toLowerCase();
    for (let pages = 0; ; pages += 1) {
      const list = this.#listOf(choice);
      const { topics } = this.list(choice);
      const found = topics.filter(({ title }) => title.toLowerCase().includes(wanted));
      if (list.status === "failed" || (list.status === "done" && (found.length >= enough || !list.next || pages >= MOST_PAGES))) return found;
      if (list.status === "done") this.#load(choice, list);
      if (list.status !== "asking") return found;
      await list.coming;
    }
  }

  /** @param {Choice} choice @returns {List} */
  #listOf(choice) {
    const key = JSON.stringify(choice);
    const list = this.#lists.get(key) ?? { ids: [], next: "", status: /** @type {const} */ ("new") };
    this.#lists.set(key, list);
    return list;
  }

  /** @param {Choice} choice @param {List} list */
  #load(choice, list) {
    if (!this.client.wire.live) return;
    list.status = "asking";
    list.coming = this.#page(choice, list);
  }

  /** @param {Choice} choice @param {List} list */
  async #page(choice, list) {
    try {
      const { topics, next = "", topics_version: version } = await this.client.ask("topic.list", { room: this.room, ...choice, ...(list.next && { after: list.next }) });
      if (this.#lists.get(JSON.stringify(choice)) !== list) return;
      this.#version = Math.max(this.#version, version);
      for (const topic of topics) this.#learn(topic);
      list.ids = [...new Set([...list.ids, ...topics.map((/** @type {Topic} */ { id }) => id)])];
      list.next = next;
      list.status = "done";
    } catch {
      list.status = "failed";
    }
    this.#tell();
  }

  /** @param {Topic} topic */
  #learn(topic) {
    for (const author of [topic.by, topic.last_by, ...topic.people]) if (author) this.client.people.know(author);
    this.#none.delete(topic.id);
    this.#cards.set(topic.id, topic);
    this.#waitForEnd(topic);
  }

  /** A level that was chosen until a time ends without an event. @param {Topic} topic */
  #waitForEnd({ id, level_until: until = 0 }) {
    const left = until - this.client.now();
    if (until && left < LONGEST_WAIT) setTimeout(() => this.#cards.get(id)?.level_until === until && this.#ask(id), Math.max(0, left) + 1);
  }

  // --- what happens meanwhile -----------------------------------------------------------------------------------------

  /** @param {import("../lib/shapes.js").Message} message */
  #posted(message) {
    const card = message.topic ? this.#cards.get(message.topic) : undefined;
    if (!card) return;
    if (message.seq <= card.last_seq) return;
    const { author, seq, at } = message;
    const isMine = author.id === this.client.me;
    const calls = Boolean(this.#room?.callsMe(message, this.client.me));
    const counts = isMine ? { unread: 0, mentions: 0, read_seq: seq, level: card.level && this.#levelOfWriter(card) }
      : { unread: (card.unread ?? 0) + 1, mentions: (card.mentions ?? 0) + Number(calls) };
    const people = [author, ...card.people.filter(({ id }) => id !== author.id)].slice(0, 3);
    this.#keep({ ...card, ...counts, messages: card.messages + 1, last_seq: seq, last_at: at, last_by: author, people });
    for (const [key, list] of this.#lists) if (!JSON.parse(key).sort && list.ids.includes(card.id)) this.#lift(list, card);
  }

  /** Whoever writes in a topic hears all of it, until they choose. @param {Topic} card */
  #levelOfWriter(card) {
    if (card.level !== "all") this.#ask(card.id);
    return card.level;
  }

  /** The one with the newest message stands first, behind those that are pinned. @param {List} list @param {Topic} card */
  #lift(list, card) {
    if (card.pinned) return;
    const others = list.ids.filter((id) => id !== card.id);
    const at = others.findIndex((id) => !this.#cards.get(id)?.pinned);
    list.ids = at < 0 ? [...others, card.id] : [...others.slice(0, at), card.id, ...others.slice(at)];
  }

  /** A message that stays where it is changes nothing of its topic, unless the topic began with it. @param {{change: import("../lib/shapes.js").Change, before?: import("../lib/shapes.js").Message}} said */
  #changed({ change, before }) {
    const stays = before && !change.deleted && (before.topic ?? "") === (change.topic ?? "");
    if (!stays) return this.#recount();
    return before.id === change.topic && this.#cards.has(before.id) ? this.#ask(before.id) : undefined;
  }

  /** Messages were moved or went: from which topics only the server knows. */
  #recount() {
    for (const line of this.#room?.lines.values() ?? []) this.#fill(line);
    for (const id of this.#cards.keys()) this.#due.add(id);
    this.#askSoon();
  }

  /** What was moved into a topic is not told with the move. @param {TopicLine} line */
  async #fill(line) {
    const seqs = [...line.timeline.missing].slice(0, AT_ONCE);
    if (!seqs.length) return;
    const found = await this.client.ask("message.get", { room: this.room, seqs }).catch(() => undefined);
    if (!found) return;
    line.timeline.put(seqs, found.messages, found.rev);
    this.client.tell("room", this.room);
  }

  /** @param {{topics_version: number, topic: Topic}} said */
  #topic({ topics_version: version, topic }) {
    if (version <= this.#version) return;
    const known = this.#cards.get(topic.id);
    const follows = version === this.#version + 1;
    this.#version = version;
    const { closed = false, note = "", pinned = false } = topic;
    if (topic.deleted || known) this.keep({ ...topic, ...(topic.deleted ? {} : { closed, note, pinned }) });
    const moved = !known || Boolean(known.pinned) !== pinned || Boolean(known.closed) !== closed;
    if ((!follows || moved) && !topic.deleted) this.#renew();
  }

  /** @param {import("../lib/shapes.js").ReadState} said */
  #readElsewhere({ topic, read_seq: seq }) {
    const behind = [...this.#cards.values()].filter((card) => card.unread && (topic === undefined || card.id === topic));
    for (const card of behind) {
      if (card.last_seq <= seq) this.read(card.id, seq);
      else this.#ask(card.id);
    }
  }

  /** A session began, or the room's numbering: what is known may be old. */
  #again() {
    const version = this.#room?.state.topics_version ?? 0;
    for (const id of this.#cards.keys()) this.#due.add(id);
    this.#none.clear();
    if (version !== this.#version) this.#renew();
    this.#askSoon();
  }

  /** The lists are others: they are asked for again when they are shown. */
  #renew() {
    this.#lists.clear();
    this.#tell();
  }

  #forget() {
    this.#cards.clear();
    this.#none.clear();
    this.#lists.clear();
    this.#due.clear();
    this.#version = -1;
  }

  // --- asking ---------------------------------------------------------------------------------------------------------

  /** @param {string} id */
  #ask(id) {
    this.#due.add(id);
    this.#askSoon();
  }

  #askSoon() {
    if (this.#asking || !this.#due.size) return;
    this.#asking = true;
    queueMicrotask(() => this.#askDue());
  }

  async #askDue() {
    const ids = [...this.#due].slice(0, AT_ONCE);
    for (const id of ids) this.#due.delete(id);
    const found = this.client.wire.live && this.client.began && await this.client.ask("topic.list", { room: this.room, topics: ids }).catch(() => undefined);
    this.#asking = false;
    // What could not be asked is asked with the next session.
    if (!found) return ids.forEach((id) => this.#due.add(id));
    const before = new Set(this.#cards.keys());
    for (const topic of found.topics) this.#learn(topic);
    const existing = new Set(found.topics.map((/** @type {Topic} */ { id }) => id));
    for (const id of ids) if (!existing.has(id)) this.#keep({ .../** @type {any} */ ({ id, deleted: true }) });
    if (ids.some((id) => !before.has(id)) || found.topics.length) this.#tell();
    this.#askSoon();
    return undefined;
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
    this.client.tell("room", this.room);
  }
}

/** The first words of a topic on one line. @param {Topic} topic */
export function firstWords({ first }) {
  return first.replace(/\s+/g, " ").slice(0, FIRST_WORDS);
}

/** @type {WeakMap<import("./client.js").Client, Map<string, Topics>>} */ const known = new WeakMap();

/** @param {import("./client.js").Client} client @param {string} room @returns {Topics} */
export function topicsOf(client, room) {
  const all = known.get(client) ?? new Map();
  known.set(client, all);
  if (!all.has(room)) all.set(room, new Topics(client, room));
  const found = client.find(room);
  if (found && found.topics !== all.get(room)) {
    found.topics = all.get(room);
    client.tell("room", room);
  }
  return all.get(room);
}
