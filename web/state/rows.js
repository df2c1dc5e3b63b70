/**
 * What stands in the list of messages, in order: days, where new begins, messages, and runs of messages that are folded
 * into one line. Only what is to be shown; message-list makes it.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {{kind: "day", key: string, at: number} | {kind: "new", key: string}
 *   | {kind: "message", key: string, message: Message, grouped: boolean}
 *   | {kind: "fold", key: string, why: "blocked" | "deleted", count: number, from: number, to: number}} Row
 * @typedef {{divider: number, me: string, isBlocked: (user: string) => boolean, opened: Set<string>, dayOf: (at: number) => string}} Reading
 *   `divider` is the seq after which all is new, `opened` the keys of folds that one has opened
 */

/** Words of one person within so many milliseconds stand together. */
const GROUP_WITHIN = 5 * 60_000;

/** What the next message is compared with. @typedef {{at: number, author: any, day: string, topic?: string}} Last */

/** @param {Message[]} messages @param {Reading} reading @returns {{rows: Row[], last: Last | null}} */
export function rowsOf(messages, reading) {
  /** @type {Row[]} */ const rows = [];
  let last = /** @type {Last | null} */ (null);
  for (let at = 0; at < messages.length; ) {
    const message = /** @type {Message} */ (messages[at]);
    const day = reading.dayOf(message.at);
    if (last?.day !== day) rows.push({ kind: "day", key: `day ${day}`, at: message.at });
    const isNew = beginsNew(message, messages[at - 1], reading);
    if (isNew && last) rows.push({ kind: "new", key: "new" });
    const { why, count } = foldAt(messages, at, day, reading);
    const key = `fold ${message.id}`;
    if (why) rows.push({ kind: "fold", key, why, count, from: message.seq, to: /** @type {Message} */ (messages[at + count - 1]).seq });
    const shown = !why || reading.opened.has(key) ? messages.slice(at, at + count) : [];
    if (!shown.length) last = { at: message.at, author: null, day };
    for (const one of shown) {
      rows.push({ kind: "message", key: one.id, message: one, grouped: !(isNew && one === message) && groups(last, one, day) });
      last = { at: one.at, author: one.author, day, topic: one.topic ?? "" };
    }
    at += count;
  }
  return { rows, last };
}

/** In a topic the next message is not the next number. @param {Message} message @param {Message | undefined} before @param {Reading} reading */
function beginsNew({ seq, author }, before, { divider, me }) {
  return (before?.seq ?? seq - 1) <= divider && divider < seq && author.id !== me;
}

/**
 * How many messages from here on stand in one line, and why. One deleted message alone stays where it stood.
 *
 * @param {Message[]} messages @param {number} from @param {string} day @param {Reading} reading
 * @returns {{why?: "blocked" | "deleted", count: number}}
 */
function foldAt(messages, from, day, reading) {
  const why = reasonOf(/** @type {Message} */ (messages[from]), reading);
  if (!why) return { count: 1 };
  let to = from + 1;
  for (; to < messages.length; to += 1) {
    const next = /** @type {Message} */ (messages[to]);
    if (reasonOf(next, reading) !== why || reading.dayOf(next.at) !== day || beginsNew(next, messages[to - 1], reading)) break;
  }
  return why === "deleted" && to === from + 1 ? { count: 1 } : { why, count: to - from };
}

/** @param {Message} message @param {Reading} reading */
function reasonOf({ deleted, author }, { isBlocked }) {
  if (isBlocked(author.id)) return "blocked";
  return deleted ? "deleted" : undefined;
}

/**
 * A reply has a head of its own, so that what it answers is no part of the words before it; so has what is said in another topic.
 *
 * @param {Last | null} last @param {{at: number, author: any, reply_to?: number, topic?: string}} message @param {string} day
 */
export function groups(last, message, day) {
  return Boolean(last && !message.reply_to && last.author?.id === message.author?.id && message.at - last.at < GROUP_WITHIN && last.day === day
    && (last.topic ?? "") === (message.topic ?? ""));
}
