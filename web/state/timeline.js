/**
 * One room's messages as this page holds them: a stretch of the log without holes, and the place (seq, rev) up to which
 * events were heard. Pages come from message.history, events from the wire; each in its own time, so a message knows
 * the rev it is of, and a change that is older than that leaves it alone.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {import("../lib/shapes.js").Change} Change
 * @typedef {import("../lib/shapes.js").Page} Page
 * @typedef {import("../lib/shapes.js").Cursor} Cursor
 * @typedef {import("../lib/shapes.js").Reacted} Reacted
 * @typedef {{epoch: string, last_seq: number, last_id: string, rev: number}} LogHead
 * @typedef {{rev: number, seq: number, after: (message: Message) => Message}} Noted what a change makes of its message
 */

/** Changes are remembered for pages that were asked for before they were heard. */
const MOST_CHANGES = 500;

export class Timeline {
  /** @type {Map<number, Message>} */ #messages = new Map();
  /** @type {Map<number, number>} the rev each message is of */ #asOf = new Map();
  /** @type {Noted[]} */ #changes = [];
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
    return this.#note(change, (message) => asItHolds(message, change));
  }

  /** Somebody reacted, or took it back. @param {Reacted} reacted @param {string} me @returns {boolean} whether one that is held changed */
  reacted(reacted, me) {
    return this.#note(reacted, (message) => withReaction(message, reacted, me));
  }

  /** @param {{rev: number, seq: number}} change @param {Noted["after"]} after */
  #note({ rev, seq }, after) {
    if (rev <= this.#place.rev) return false;
    this.#place = { ...this.#place, rev };
    const noted = { rev, seq, after };
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

  /** @param {Noted} change */
  #apply({ rev, seq, after }) {
    const message = this.#messages.get(seq);
    if (!message || (this.#asOf.get(seq) ?? 0) >= rev) return false;
    this.#messages.set(seq, after(message));
    this.#asOf.set(seq, rev);
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
