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
  titles: undefined, abouts: undefined, writers: undefined, topics: undefined, never_window: false, window: false, bots: false, archived: false, slow_mode: 0, question: false, pokes: true,
};

/** A message that is not held, of which a change says whom it calls. */
const UNKNOWN = /** @type {Message} */ (/** @type {unknown} */ ({ author: { id: "" } }));

export class Room {
  /** @type {Map<string, {user: User, until: number}>} */ #typing = new Map();
  /** Unread messages that mention me, as far as they were heard live or looked for. @type {Set<number>} */ #mentioning = new Set();
  /** Up to which seq and rev the server's number of mentions goes. @type {{last_seq: number, rev: number}} */ #counted;
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
    this.readSeq = state.read_seq;
    this.#counted = state;
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

  get unread() {
    return this.isMember ? Math.max(0, this.timeline.lastSeq - this.readSeq) : 0;
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
    this.recount(state.mentions, state);
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
    const shown = this.timeline.posted(message);
    this.#heardAt = message.at;
    this.#typing.delete(message.author.id);
    if (message.author.id === me) this.read(message.seq);
    return shown;
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
   * The server's own number of unread mentions, to which those are added that were heard live since.
   *
   * @param {number} mentions @param {{last_seq: number, rev: number}} place of which the number is
   */
  recount(mentions, { last_seq, rev }) {
    this.mentions = mentions + [...this.#mentioning].filter((seq) => seq > last_seq).length;
    this.#counted = { last_seq, rev };
  }

  /** The room's numbering begins again. @param {import("../lib/shapes.js").Reset} reset */
  reset(reset) {
    this.#mentioning.clear();
    this.timeline.reset(reset);
  }

  /** @param {number} seq @returns {boolean} whether the mentions are still exact; false where only the server knows how many are left */
  read(seq) {
    const before = this.readSeq;
    this.readSeq = Math.max(this.readSeq, seq);
    if (this.readSeq === before) return true;
    for (const mentioning of this.#mentioning) if (mentioning <= this.readSeq) this.#mentioning.delete(mentioning);
    if (this.readSeq < this.timeline.lastSeq && this.mentions > this.#mentioning.size) return false;
    this.mentions = this.#mentioning.size;
    return true;
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
    return this.timeline.renamed(user) || other?.id === user.id;
  }

  /** @param {User} user @param {number} now */
  typed(user, now) {
    this.#typing.set(user.id, { user, until: now + TYPING_SHOWN });
  }

  /** @param {number} now @param {string} me @returns {User[]} */
  typing(now, me) {
    for (const [id, { until }] of this.#typing) if (until <= now) this.#typing.delete(id);
    return [...this.#typing.values()].map(({ user }) => user).filter((user) => user.id !== me);
  }
}
