/**
 * One room as this page has it: what the server says of it, its timeline, who types, and what is unread.
 *
 * @typedef {import("../lib/shapes.js").RoomState} RoomState
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {import("../lib/shapes.js").User} User
 */

import { Timeline } from "./timeline.js";

/** How long a sign of typing is shown, and how often one is given. */
export const TYPING_SHOWN = 5_000;

/** What a room says of itself where it says nothing. */
const FIRST_WORDS = {
  titles: undefined, abouts: undefined, window: false, bots: false, archived: false, slow_mode: 0, question: false,
};

export class Room {
  /** @type {Map<string, {user: User, until: number}>} */ #typing = new Map();
  /** @type {number | undefined} */ online;
  /** @type {string[] | undefined} */ here;
  loading = false;
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
    this.lastAt = 0;
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

  /** What of the unread should call: everything, only mentions, or nothing. */
  get calls() {
    if (this.state.notify === "none") return 0;
    return this.state.notify === "mentions" ? this.mentions : this.unread;
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
    const readSeq = state.epoch === this.state.epoch ? this.readSeq : 0;
    this.state = state;
    this.mentions = state.mentions;
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
    this.lastAt = message.at;
    this.#typing.delete(message.author.id);
    if (message.author.id === me) this.read(message.seq);
    return shown;
  }

  /** Live messages that call me; what a replay brings the state has counted. @param {Message} message @param {string} me */
  countMention(message, me) {
    if (message.seq > this.state.last_seq && message.mentions?.includes(me)) this.mentions += 1;
  }

  /** @param {number} seq */
  read(seq) {
    this.readSeq = Math.max(this.readSeq, seq);
    if (this.readSeq >= this.timeline.lastSeq) this.mentions = 0;
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
