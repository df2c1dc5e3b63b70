/**
 * One room's messages as this page holds them: a stretch of the log without holes, and the place (seq, rev) up to which
 * events were heard. Pages come from message.history, events from the wire; each in its own time, so a message knows
 * the rev it is of, and a change that is older than that leaves it alone. The timeline of a topic follows the same log,
 * and of its stretch holds only what stands in the topic.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {import("../lib/shapes.js").Change} Change
 * @typedef {import("../lib/shapes.js").Page} Page
 * @typedef {import("../lib/shapes.js").Cursor} Cursor
 * @typedef {import("../lib/shapes.js").Reacted} Reacted
 * @typedef {{epoch: string, last_seq: number, last_id: string, rev: number}} LogHead
 * @typedef {{rev: number, ranges: [number, number][], after: (message: Message) => Message, topic?: string}} Noted what a change makes of its
 *   messages; `topic` is the one it moves its message to
 * @typedef {{before?: number, after?: number, around?: number}} Asked which page was asked for; the newest where empty
 */

/** Changes are remembered for pages that were asked for before they were heard. */
const MOST_CHANGES = 500;

export class Timeline {
  /** @type {Map<number, Message>} */ #messages = new Map();
  /** @type {Map<number, number>} the rev each message is of */ #asOf = new Map();
  /** Those held, in order. @type {number[]} */ #seqs = [];
  /** @type {Noted[]} */ #changes = [];
  /** Messages that were moved into this topic, and are yet to be asked for. @type {Set<number>} */ missing = new Set();
  /** @type {Cursor} */ #place;
  /** The first and last seq held; nothing is held where first > last. */
  first = 1;
  last = 0;
  /** Whether the log goes on before `first`. */
  more = true;
  /** How often all was let go of: a page that was asked for before the last time is of another numbering. */
  resets = 0;

  /** @param {LogHead} head where the room's log stood when the session told us @param {string} [topic] the whole log's where absent */
  constructor(head, topic) {
    this.topic = topic;
    this.#place = placeOf(head);
    this.#empty(head.last_seq);
  }

  /** What session.start is told. @returns {Cursor} */
  get cursor() {
    return { ...this.#place };
  }

  get lastSeq() {
    return this.#place.seq;
  }

  get rev() {
    return this.#place.rev;
  }

  get isEmpty() {
    return this.first > this.last;
  }

  /** Whether everything up to the newest message is held. */
  get reachesEnd() {
    return this.last >= this.#place.seq;
  }

  /** @returns {Message[]} oldest first */
  get messages() {
    return this.latest(Infinity);
  }

  /** The last messages held, oldest first. @param {number} count */
  latest(count) {
    return count > 0 ? this.#of(this.#seqs.slice(-count)) : [];
  }

  /** Messages held, oldest first. @param {number} from @param {number} to seqs, both included */
  between(from, to) {
    return this.#of(this.#seqs.slice(this.#indexOf(from), this.#indexOf(to + 1)));
  }

  /** How many messages are held. @param {number} from @param {number} to seqs, both included */
  count(from, to) {
    return this.#indexOf(to + 1) - this.#indexOf(from);
  }

  /** The seq so many messages further on, or back, as far as they are held. @param {number} seq @param {number} steps */
  away(seq, steps) {
    return this.#seqs[Math.max(0, Math.min(this.#indexOf(seq) + steps, this.#seqs.length - 1))] ?? seq;
  }

  /** Where a seq stands among those held, or would stand. @param {number} seq */
  #indexOf(seq) {
    let [low, high] = [0, this.#seqs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {number} */ (this.#seqs[middle]) < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** @param {number[]} seqs @returns {Message[]} */
  #of(seqs) {
    return seqs.map((seq) => /** @type {Message} */ (this.#messages.get(seq)));
  }

  /** @param {number} seq */
  at(seq) {
    return this.#messages.get(seq);
  }

  /** A message was posted. @param {Message} message @returns {boolean} whether it is newly shown */
  posted(message) {
    if (message.seq <= this.#place.seq) return false;
    const joins = this.reachesEnd;
    this.#place = { ...this.#place, seq: message.seq, id: message.id };
    if (!joins || this.#messages.has(message.seq)) return false;
    if (this.isEmpty) this.first = message.seq;
    this.last = Math.max(this.last, message.seq);
    return this.#hold(message, this.#place.rev);
  }

  /** A message changed. @param {Change} change @returns {boolean} whether one that is held changed */
  changed(change) {
    const topic = change.deleted ? undefined : change.topic ?? "";
    return this.#note({ rev: change.rev, ranges: [[change.seq, change.seq]], after: (message) => asItHolds(message, change), topic });
  }

  /** Many messages were deleted at once. @param {import("../lib/shapes.js").Purged} purged @returns {boolean} whether some are held */
  purged({ rev, seqs }) {
    return this.#note({ rev, ranges: seqs, after: (message) => asItHolds(message, { room: message.room, seq: message.seq, rev, text: "", deleted: true, topic: message.topic }) });
  }

  /** Somebody reacted, or took it back. @param {Reacted} reacted @param {string} me @returns {boolean} whether one that is held changed */
  reacted(reacted, me) {
    return this.#note({ rev: reacted.rev, ranges: [[reacted.seq, reacted.seq]], after: (message) => withReaction(message, reacted, me) });
  }

  /** @param {Noted} noted */
  #note(noted) {
    if (noted.rev <= this.#place.rev) return false;
    this.#place = { ...this.#place, rev: noted.rev };
    this.#changes.push(noted);
    if (this.#changes.length > MOST_CHANGES) this.#changes.shift();
    return this.#apply(noted);
  }

  /** The numbering cannot be followed on: nothing that is held counts any more. @param {LogHead} head */
  reset(head) {
    this.#place = placeOf(head);
    this.#empty(head.last_seq);
    this.resets += 1;
  }

  /**
   * A page came. It is taken where it touches what is held, or replaces it.
   *
   * @param {Page} page @param {Asked} [asked]
   */
  take(page, asked = {}) {
    const { from, to } = this.#stretch(page, asked);
    if (page.epoch !== this.#place.epoch || from > to) {
      if (from > to && this.isEmpty) this.more = false;
      return;
    }
    if (this.isEmpty || from > this.last + 1 || to < this.first - 1) {
      this.#letGo();
      this.first = from;
      this.last = to;
    }
    this.first = Math.min(this.first, from);
    this.last = Math.max(this.last, to);
    this.more = this.first > page.first_seq;
    for (const message of page.messages) this.#hold(message, page.rev);
    for (const change of this.#changes) if (change.rev > page.rev) this.#apply(change);
  }

  /** Which stretch of the log a page tells of: of a topic it also says where none of its messages stand. @param {Page} page @param {Asked} asked */
  #stretch({ messages, first_seq: start, last_seq: end, more }, { before, after, around }) {
    const [first = end + 1, last = 0] = [messages[0]?.seq, messages[messages.length - 1]?.seq];
    if (this.topic === undefined || around !== undefined) return { from: first, to: last };
    if (after !== undefined) return { from: after + 1, to: more ? last : end };
    return { from: more ? first : start, to: before === undefined ? end : before - 1 };
  }

  /** Messages that were moved into this topic, as they now hold. @param {number[]} asked their seqs @param {Message[]} messages @param {number} rev */
  put(asked, messages, rev) {
    for (const seq of asked) this.missing.delete(seq);
    for (const message of messages) if (this.first <= message.seq && message.seq <= this.last) this.#hold(message, rev);
    for (const change of this.#changes) if (change.rev > rev) this.#apply(change);
  }

  /** Somebody has another name, or none any more. @param {Message["author"]} author @returns {boolean} whether words of theirs are held */
  renamed({ id, handle, name, bot, avatar }) {
    return this.#authored(id, (author) => (author.name === name && author.handle === handle && author.avatar === avatar ? author : { ...author, handle, name, bot, avatar }));
  }

  /** Somebody has another role in the room. @param {string} id @param {string} role @returns {boolean} whether words of theirs are held */
  ranked(id, role) {
    const badge = role === "owner" || role === "moderator" ? role : undefined;
    return this.#authored(id, (author) => (author.role === badge || (!badge && author.role === "admin") ? author : { ...author, role: badge }));
  }

  /** @param {string} id @param {(author: Message["author"]) => Message["author"]} after */
  #authored(id, after) {
    let held = false;
    for (const [seq, message] of this.#messages) {
      if (message.author.id !== id) continue;
      const author = after(message.author);
      if (author === message.author) continue;
      this.#messages.set(seq, { ...message, author });
      held = true;
    }
    return held;
  }

  /** Let go of the oldest where far more than `most` are held; they can be read again. @param {number} most */
  trim(most) {
    if (this.#seqs.length <= most * 1.5) return;
    for (const seq of this.#seqs.splice(0, this.#seqs.length - most)) {
      this.#messages.delete(seq);
      this.#asOf.delete(seq);
    }
    this.first = this.#seqs[0] ?? this.first;
    this.more = true;
  }

  /** @param {Message} message @param {number} rev @returns {boolean} whether it was not held before */
  #hold(message, rev) {
    const known = this.#asOf.get(message.seq);
    if ((known !== undefined && known >= rev) || !this.#belongs(message)) return false;
    if (known === undefined) this.#seqs.splice(this.#indexOf(message.seq), 0, message.seq);
    this.#messages.set(message.seq, message);
    this.#asOf.set(message.seq, rev);
    return known === undefined;
  }

  /** Pages of a topic leave out what was deleted. @param {Message} message */
  #belongs({ topic = "", deleted }) {
    return this.topic === undefined || (topic === this.topic && !deleted);
  }

  /** @param {Noted} change */
  #apply({ rev, ranges, after, topic }) {
    let held = false;
    for (const [from, to] of ranges) {
      for (const message of this.between(from, to)) held = this.#put(message.seq, after(message), rev) || held;
      if (topic === this.topic && topic !== undefined && this.first <= from && from <= this.last && !this.#messages.has(from)) this.missing.add(from);
    }
    return held;
  }

  /** @param {number} seq @param {Message} message @param {number} rev */
  #put(seq, message, rev) {
    if ((this.#asOf.get(seq) ?? 0) >= rev) return false;
    this.#messages.set(seq, message);
    this.#asOf.set(seq, rev);
    if (!this.#belongs(message)) this.#drop(seq);
    return true;
  }

  /** It stands in another line now. @param {number} seq */
  #drop(seq) {
    this.#seqs.splice(this.#indexOf(seq), 1);
    this.#messages.delete(seq);
    this.#asOf.delete(seq);
  }

  #letGo() {
    this.#messages.clear();
    this.#asOf.clear();
    this.#seqs = [];
    this.missing.clear();
  }

  /** @param {number} lastSeq */
  #empty(lastSeq) {
    this.#letGo();
    this.#changes = [];
    this.first = lastSeq + 1;
    this.last = lastSeq;
    this.more = lastSeq > 0;
  }
}

/** @param {LogHead} head @returns {Cursor} */
function placeOf(head) {
  return { epoch: head.epoch, seq: head.last_seq, id: head.last_id, rev: head.rev };
}

/** The message after a change: an absent member has its first value. Reactions stay until a deletion. @param {Message} message @param {Change} change @returns {Message} */
export function asItHolds(message, change) {
  const { room, seq, id, at, author } = message;
  const { text, edited_at, mentions, everyone, pinned, topic, attachments, previews } = change;
  if (change.deleted) return { room, seq, id, at, author, topic, text: "", deleted: true };
  return { ...message, text, edited_at, mentions, everyone, pinned, topic, attachments, previews };
}

/**
 * The message after a reaction came or went. One that names no emoji and clears nothing is not for this reader.
 *
 * @param {Message} message @param {Reacted} reacted @param {string} me @returns {Message}
 */
export function withReaction(message, { emoji, user, added, count, cleared }, me) {
  if (message.deleted || (!emoji && !cleared)) return message;
  const { reactions = [], mine = [] } = message;
  const others = mine.filter((one) => emoji && one !== emoji);
  if (cleared) return { ...message, reactions: reactions.filter((one) => emoji && one.emoji !== emoji), mine: others };
  const kind = /** @type {string} */ (emoji);
  const before = reactions.find((one) => one.emoji === kind);
  const users = (before?.users ?? []).filter((one) => one !== user);
  const after = { emoji: kind, count: count ?? 0, users: added && user ? [...users, user] : users };
  const kinds = before ? reactions.map((one) => (one === before ? after : one)) : [...reactions, after];
  const own = added ? [...others, kind] : others;
  return { ...message, reactions: kinds.filter((one) => one.count > 0), mine: user === me ? own : mine };
}
