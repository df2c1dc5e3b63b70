/**
 * One room as this page has it: what the server says of it, its timeline, who types, and what is unread.
 *
 * @typedef {import("../lib/shapes.js").RoomState} RoomState
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {import("../lib/shapes.js").User} User
 */

import { Timeline } from "./timeline.js";

/** How long a sign of typing is shown. */
const TYPING_SHOWN = 5_000;

/** What a room says of itself where it says nothing. */
const FIRST_WORDS = {
  titles: undefined, abouts: undefined, writers: undefined, topics: undefined, forum: false, never_window: false, window: false, bots: false, archived: false, slow_mode: 0, question: false, pokes: true,
};

/** A message that is not held, of which a change says whom it calls. */
const UNKNOWN = /** @type {Message} */ (/** @type {unknown} */ ({ author: { id: "" } }));

export class Room {
  /** @type {Map<string, {user: User, until: number, topic?: string | undefined}>} */ #typing = new Map();
  /** Unread messages that mention me, as far as they were heard live or looked for. @type {Set<number>} */ #mentioning = new Set();
  /** Up to which seq and rev the server's number of mentions goes. @type {{last_seq: number, rev: number}} */ #counted;
  /** The server's own number of unread messages, as of the same place. */
  #unread = 0;
  /** Unread messages heard since. @type {Set<number>} */ #heard = new Set();
  /** Its topics that were opened, by id. @type {Map<string, import("./topic-line.js").TopicLine>} */ lines = new Map();
  /** @type {import("./topics.js").Topics | undefined} once somebody asked for them */ topics = undefined;
  #heardAt = 0;
  /** The last message of a room whose messages are not held, once somebody asked. @type {{at: number, author: User, text: string, deleted?: boolean} | undefined} */ glance;
  /** @type {number | undefined} */ online;
  /** @type {string[] | undefined} */ here;
  loading = false;
  /** The last asking for history failed. */
  failed = false;
  /** The two of a conversation are friends, as far as it is known here. */
  friends = false;
  /** The two of a conversation have met their first words on this page. */
  unveiled = false;
  /** Not asked for history before then: the last asking failed. */
  notBefore = 0;

  /** @param {RoomState} state */
  constructor(state) {
    this.state = state;
    this.timeline = new Timeline(state);
    this.mentions = state.mentions;
    this.#unread = state.unread;
    this.readSeq = state.read_seq;
    this.#counted = state;
  }

  /** Of the whole room, and of its topics that were opened. */
  get timelines() {
    return [this.timeline, ...[...this.lines.values()].map(({ timeline }) => timeline)];
  }

  get id() {
    return this.state.room;
  }

  get isMember() {
    return this.state.role !== "visitor";
  }

  get moderates() {
    return this.state.role === "owner" || this.state.role === "moderator";
  }

  /** Among two who are no friends yet addresses are words like others. */
  get opensLinks() {
    return this.state.kind !== "direct" || this.friends || Boolean(this.state.other?.bot);
  }

  /** As the server counts, and what was heard since: what is read, deleted or in a topic one does not follow is not unread. */
  get unread() {
    return this.isMember ? this.#unread + this.#heard.size : 0;
  }

  /** Unread messages that call me by name, and those of a conversation of two; none where I want to hear nothing. */
  get calls() {
    if (this.state.notify === "none") return 0;
    return this.state.kind === "direct" ? this.unread : this.mentions;
  }

  /** What stands as a number beside the room: what calls me, else every unread message where I asked for every message. */
  get number() {
    return this.calls || (this.state.notify === "all" ? this.unread : 0);
  }

  /** When the last message known here was said; 0 where none is. */
  get lastAt() {
    return Math.max(this.#heardAt, this.last?.at ?? 0);
  }

  /** The last message, as far as it is known here. @returns {{at: number, author: User, text: string, deleted?: boolean} | undefined} */
  get last() {
    return (this.timeline.reachesEnd ? this.timeline.latest(1)[0] : undefined) ?? this.glance;
  }

  /** @param {string} language @returns {string} */
  title(language) {
    return this.state.other?.name ?? this.state.titles?.[language] ?? this.state.title;
  }

  /** @param {string} language @returns {string} */
  about(language) {
    return this.state.abouts?.[language] ?? this.state.about;
  }

  /** The session began again: the timeline goes on from its cursor. @param {RoomState} state */
  resumed(state) {
    const goesOn = state.epoch === this.state.epoch;
    const readSeq = goesOn ? this.readSeq : 0;
    if (!goesOn) this.#mentioning.clear();
    this.state = state;
    this.recount(state, state);
    this.readSeq = state.read_seq;
    if (readSeq > state.read_seq) this.read(readSeq);
  }

  /**
   * What the room says of itself to everyone; what it does not name has its first value. One's own stays as it is.
   *
   * @param {import("../lib/shapes.js").RoomWords} words
   */
  changed(words) {
    this.state = { ...this.state, ...FIRST_WORDS, ...words };
  }

  /** @param {Message} message @param {string} me */
  posted(message, me) {
    const isNew = message.seq > this.timeline.lastSeq;
    const [shown] = this.timelines.map((timeline) => timeline.posted(message));
    this.#heardAt = message.at;
    this.#typing.delete(message.author.id);
    if (message.author.id === me && this.#isReadWith(message)) this.read(message.seq);
    else if (isNew && message.author.id !== me && message.seq > this.#counted.last_seq && this.#counts(message)) this.#heard.add(message.seq);
    return shown;
  }

  /** Who writes has read the line they write in: all of the room, where nothing stands in another line. @param {Message} message */
  #isReadWith({ topic }) {
    return !this.unread || (!topic && !this.state.topics_version);
  }

  /** Whether a new message counts as unread: what is in a topic at level "none" does not. @param {Message} message */
  #counts({ topic }) {
    return !topic || (this.topics?.get(topic)?.level ?? this.state.notify) !== "none";
  }

  /**
   * An unread message changed, and is not yet as it says in the timeline.
   *
   * @param {import("../lib/shapes.js").Change} change
   * @returns {boolean} whether the number of unread messages is still exact
   */
  changeUnread({ seq, rev, deleted, topic = "" }) {
    if (!this.unread || seq <= this.readSeq || rev <= this.#counted.rev || rev <= this.timeline.rev) return true;
    const held = this.timeline.at(seq);
    if (!deleted) return !this.state.topics_version || (held?.topic ?? topic) === topic;
    return this.#heard.delete(seq) || seq > this.#counted.last_seq || Boolean(held?.deleted);
  }

  /** Live messages that call me; what a replay brings the server has counted. @param {Message} message @param {string} me */
  countMention(message, me) {
    if (message.seq <= this.readSeq || !this.callsMe(message, me)) return;
    this.#mentioning.add(message.seq);
    if (message.seq > this.#counted.last_seq) this.mentions += 1;
  }

  /** By my name, by a reply to what I wrote, or as everyone. @param {Message} message @param {string} me */
  callsMe({ author, mentions, everyone, reply_user: answers, deleted }, me) {
    if (deleted || author.id === me || !me) return false;
    return Boolean(mentions?.includes(me) || answers === me || (everyone && this.state.everyone !== false));
  }

  /** The next unread message after `seq` that calls me, of those known here. @param {number} seq @param {string} me @returns {number | undefined} */
  nextCall(seq, me) {
    const known = this.knownCalls(seq, me);
    return known.length ? Math.min(...known) : undefined;
  }

  /** The unread messages after `seq` that call me, as far as they are known here. @param {number} seq @param {string} me @returns {number[]} */
  knownCalls(seq, me) {
    const from = Math.max(seq, this.readSeq) + 1;
    const held = this.timeline.between(from, Infinity).filter((message) => this.callsMe(message, me)).map((message) => message.seq);
    return [...new Set([...held, ...[...this.#mentioning].filter((one) => one >= from)])];
  }

  /** Unread messages of which one learned that they call me, and those held, count on when the timeline lets go of them. @param {number[]} seqs @param {string} me */
  keepCalls(seqs, me) {
    const held = this.timeline.messages.filter((message) => this.callsMe(message, me)).map((message) => message.seq);
    for (const seq of [...seqs, ...held]) if (seq > this.readSeq) this.#mentioning.add(seq);
  }

  /** How many unread messages call me of which it is not known here which they are. @param {string} me */
  unknownCalls(me) {
    return Math.max(0, this.mentions - this.knownCalls(0, me).length);
  }

  /** Whether unread messages that are not held stand both above and below those that are: an unknown call may be on either side. */
  get isBetweenUnread() {
    return !this.timeline.reachesEnd && this.timeline.first > this.readSeq + 1;
  }

  /** How many unread messages below a seq call me; an unknown one counts where it can only be below. @param {number} seq @param {string} me */
  callsBelow(seq, me) {
    const unknown = this.timeline.reachesEnd || this.isBetweenUnread ? 0 : this.unknownCalls(me);
    return this.knownCalls(seq, me).length + unknown;
  }

  /**
   * An unread message changed, and is not yet as it says in the timeline.
   *
   * @param {import("../lib/shapes.js").Change} change @param {string} me
   * @returns {boolean} whether the mentions are still exact; false where only the server knows whether it mentioned me
   */
  changeMention(change, me) {
    const { seq, rev, deleted } = change;
    if (seq <= this.readSeq || rev <= this.#counted.rev || rev <= this.timeline.rev) return true;
    const before = this.#mentioned(seq, me);
    const held = this.timeline.at(seq);
    const { mentions, everyone } = change;
    const after = !deleted && this.callsMe({ ...(held ?? UNKNOWN), mentions, everyone }, me);
    if (before === undefined) return !(this.mentions || after);
    if (before && !after && !held && !deleted) return false; // it may be a reply to me, which stays
    if (after) this.#mentioning.add(seq);
    else this.#mentioning.delete(seq);
    this.mentions = Math.max(0, this.mentions + Number(after) - Number(before));
    return true;
  }

  /** Whether an unread message mentions me; undefined where it was neither heard live nor loaded. @param {number} seq @param {string} me */
  #mentioned(seq, me) {
    if (this.#mentioning.has(seq)) return true;
    const held = this.timeline.at(seq);
    if (held) return this.callsMe(held, me);
    return seq > this.#counted.last_seq ? false : undefined;
  }

  /**
   * The server's own numbers of what is unread, to which is added what was heard live since.
   *
   * @param {{unread: number, mentions: number}} counts @param {{last_seq: number, rev: number}} place of which the numbers are
   */
  recount({ unread, mentions }, { last_seq, rev }) {
    this.mentions = mentions + [...this.#mentioning].filter((seq) => seq > last_seq).length;
    for (const seq of this.#heard) if (seq <= last_seq) this.#heard.delete(seq);
    this.#unread = unread;
    this.#counted = { last_seq, rev };
  }

  /** The room's numbering begins again. @param {import("../lib/shapes.js").Reset} reset */
  reset(reset) {
    this.#mentioning.clear();
    this.#heard.clear();
    for (const timeline of this.timelines) timeline.reset(reset);
    if (reset.topics_version !== undefined) this.state = { ...this.state, topics_version: reset.topics_version };
  }

  /** @param {number} seq @returns {boolean} whether the mentions are still exact; false where only the server knows how many are left */
  read(seq) {
    const before = this.readSeq;
    this.readSeq = Math.max(this.readSeq, seq);
    if (this.readSeq === before) return true;
    for (const known of [this.#mentioning, this.#heard]) for (const one of known) if (one <= this.readSeq) known.delete(one);
    this.#unread = this.readSeq < this.timeline.lastSeq ? Math.min(this.#unread, Math.max(0, this.timeline.lastSeq - this.readSeq - this.#heard.size)) : 0;
    if (this.readSeq < this.timeline.lastSeq && this.mentions > this.#mentioning.size) return false;
    this.mentions = this.#mentioning.size;
    return true;
  }

  /** What the server says of a marker, here or elsewhere. @param {import("../lib/shapes.js").ReadState} said */
  marked({ topic, read_seq: marker, room_read_seq: roomMarker }) {
    this.read(roomMarker);
    const others = Object.entries({ ...this.state.markers, ...(topic !== undefined && { [topic]: marker }) });
    this.state = { ...this.state, markers: Object.fromEntries(others.filter(([, seq]) => seq > roomMarker)) };
  }

  /** Up to where one has read a line of the room. @param {string} topic empty: the main line */
  readIn(topic) {
    return Math.max(this.readSeq, this.state.markers?.[topic] ?? 0);
  }

  /** @param {number} members how many belong to it now */
  counted(members) {
    this.state = { ...this.state, members };
  }

  /** Whoever was here before keeps their place. @param {{online: number, users?: string[]}} presence who is here */
  present({ online, users }) {
    this.online = online;
    this.here = users && [...(this.here ?? []).filter((id) => users.includes(id)), ...users.filter((id) => !this.here?.includes(id))];
  }

  /** Somebody is called otherwise. @param {User} user @returns {boolean} whether they are shown here */
  renamed(user) {
    const typing = this.#typing.get(user.id);
    if (typing) typing.user = user;
    const { other } = this.state;
    if (other?.id === user.id) this.state = { ...this.state, other: { ...other, handle: user.handle, name: user.name, avatar: user.avatar } };
    return this.timelines.map((timeline) => timeline.renamed(user)).includes(true) || other?.id === user.id;
  }

  /** @param {User} user @param {number} now @param {string} [topic] absent: somewhere in the room */
  typed(user, now, topic) {
    this.#typing.set(user.id, { user, until: now + TYPING_SHOWN, topic });
  }

  /** @param {number} now @param {string} me @param {string} [topic] absent: anywhere in the room @returns {User[]} */
  typing(now, me, topic) {
    for (const [id, { until }] of this.#typing) if (until <= now) this.#typing.delete(id);
    return [...this.#typing.values()].filter((one) => one.user.id !== me && (topic === undefined || one.topic === topic)).map(({ user }) => user);
  }
}
