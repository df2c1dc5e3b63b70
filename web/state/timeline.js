/**
 * One room's messages as this page holds them: a stretch of the log without holes, and the place (seq, rev) up to which
 * events were heard. Pages come from message.history, events from the wire; each in its own time, so a message knows
 * the rev it is of, and a change that is older than that leaves it alone.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {import("../lib/shapes.js").Change} Change
 * @typedef {import("../lib/shapes.js").Page} Page
 * @typedef {import("../lib/shapes.js").Cursor} Cursor
 * @typedef {{epoch: string, last_seq: number, last_id: string, rev: number}} LogHead
 */

/** Changes are remembered for pages that were asked for before they were heard. */
const MOST_CHANGES = 500;

export class Timeline {
  /** @type {Map<number, Message>} */ #messages = new Map();
  /** @type {Map<number, number>} the rev each message is of */ #asOf = new Map();
  /** @type {Change[]} */ #changes = [];
  /** @type {Cursor} */ #place;
  /** The first and last seq held; nothing is held where first > last. */
  first = 1;
  last = 0;
  /** Whether the log goes on before `first`. */
  more = true;
  /** How often all was let go of: a page that was asked for before the last time is of another numbering. */
  resets = 0;

  /** @param {LogHead} head where the room's log stood when the session told us */
  constructor(head) {
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
    return this.between(this.last - count + 1, this.last);
  }

  /** Messages held, oldest first. @param {number} from @param {number} to seqs, both included */
  between(from, to) {
    const some = [];
    for (let seq = Math.max(this.first, from); seq <= Math.min(this.last, to); seq += 1) {
      const message = this.#messages.get(seq);
      if (message) some.push(message);
    }
    return some;
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
    this.#hold(message, this.#place.rev);
    if (this.first > this.last) this.first = message.seq;
    this.last = message.seq;
    return true;
  }

  /** A message changed. @param {Change} change @returns {boolean} whether one that is held changed */
  changed(change) {
    if (change.rev <= this.#place.rev) return false;
    this.#place = { ...this.#place, rev: change.rev };
    this.#changes.push(change);
    if (this.#changes.length > MOST_CHANGES) this.#changes.shift();
    return this.#apply(change);
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
   * @param {Page} page
   */
  take(page) {
    if (page.epoch !== this.#place.epoch || !page.messages.length) {
      if (!page.messages.length && this.isEmpty) this.more = false;
      return;
    }
    const from = /** @type {Message} */ (page.messages[0]).seq;
    const to = /** @type {Message} */ (page.messages[page.messages.length - 1]).seq;
    if (this.isEmpty || from > this.last + 1 || to < this.first - 1) {
      this.#messages.clear();
      this.#asOf.clear();
      this.first = from;
      this.last = to;
    }
    for (const message of page.messages) this.#hold(message, page.rev);
    for (const change of this.#changes) if (change.rev > page.rev) this.#apply(change);
    this.first = Math.min(this.first, from);
    this.last = Math.max(this.last, to);
    this.more = this.first > page.first_seq;
  }

  /** Somebody has another name, or none any more. @param {Message["author"]} author @returns {boolean} whether words of theirs are held */
  renamed({ id, handle, name, bot }) {
    let held = false;
    for (const [seq, message] of this.#messages) {
      const { author } = message;
      if (author.id !== id || (author.name === name && author.handle === handle)) continue;
      this.#messages.set(seq, { ...message, author: { id, handle, name, bot } });
      held = true;
    }
    return held;
  }

  /** Let go of the oldest where far more than `most` are held; they can be read again. @param {number} most */
  trim(most) {
    if (this.last - this.first < most * 1.5) return;
    for (; this.last - this.first >= most; this.first += 1) {
      this.#messages.delete(this.first);
      this.#asOf.delete(this.first);
    }
    this.more = true;
  }

  /** @param {Message} message @param {number} rev */
  #hold(message, rev) {
    const known = this.#asOf.get(message.seq);
    if (known !== undefined && known >= rev) return;
    this.#messages.set(message.seq, message);
    this.#asOf.set(message.seq, rev);
  }

  /** @param {Change} change */
  #apply(change) {
    const message = this.#messages.get(change.seq);
    if (!message || (this.#asOf.get(change.seq) ?? 0) >= change.rev) return false;
    this.#messages.set(change.seq, asItHolds(message, change));
    this.#asOf.set(change.seq, change.rev);
    return true;
  }

  /** @param {number} lastSeq */
  #empty(lastSeq) {
    this.#messages.clear();
    this.#asOf.clear();
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

/** The message after a change: an absent member has its first value. @param {Message} message @param {Change} change */
export function asItHolds(message, change) {
  const { room, seq, id, at, author } = message;
  if (change.deleted) return { room, seq, id, at, author, text: "", deleted: true };
  const { text, edited_at, mentions, pinned } = change;
  return { ...message, text, edited_at, mentions, pinned };
}
