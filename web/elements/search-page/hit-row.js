/** A message that was found: where and when, the message before it, itself with what was meant marked, the one after it. */

import { make, nameOf } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { messagePath } from "../../lib/paths.js";
import { plainText } from "../../lib/plain-text.js";
import { excerpt, marksIn } from "../../lib/search-marks.js";
import { makeSeal } from "../../lib/seal.js";
import { clockTime, dayName, fullTime } from "../../lib/times.js";
import { context } from "../element.js";

const MOST = 320;
const MOST_BESIDE = 120;
const TODAY_OR_YESTERDAY = 2 * 86_400_000;
const ICONS = /** @type {Record<string, string>} */ ({ direct: "person", closed: "lock" });

/**
 * @typedef {import("../../lib/shapes.js").Message} Message
 * @typedef {import("../element.js").PageElement} PageElement
 */

/** A message's words in one line; of one without words, what its files are called. @param {PageElement} page @param {Message} message */
export function wordsOf(page, message) {
  const words = plainText(message.text, undefined, page.client.people.calledIn(message));
  return words || (message.attachments ?? []).map(({ name, peaks }) => (peaks?.length ? page.say("files.voice") : name)).join(", ");
}

/**
 * What stands in the link of a hit.
 *
 * @param {PageElement} page @param {Message} hit @param {import("../../lib/search-marks.js").Term[]} terms
 * @param {import("../../state/message-search.js").Neighbours} near
 * @param {{title: string, topic: string}} place its room's title, and its topic's where it stands in one
 * @returns {Node[]}
 */
export function hitParts(page, hit, terms, { before, after }, { title, topic }) {
  const { client, language } = page;
  const { kind = "open", forum = false } = client.find(hit.room)?.state ?? {};
  const inTopic = topic ? [icon("right"), make("span", { class: "unseen", text: page.say("topics.in") }), make("bdi", { text: topic })] : [];
  const where = make("span", { class: "where" }, icon(ICONS[kind] ?? (forum ? "forum" : "hash")), make("bdi", { text: title }), ...inTopic,
    make("time", { text: timeOf(page, hit.at), attributes: { datetime: new Date(hit.at).toISOString(), title: fullTime(language, hit.at) } }));
  const parts = [beside(page, before), ...said(page, hit, terms), beside(page, after)];
  return [where, ...parts.filter((part) => part !== null)];
}

/** @param {PageElement} page @param {number} at */
export function timeOf({ client, language }, at) {
  const now = client.now();
  const day = dayName(language, at, now);
  return now - at < TODAY_OR_YESTERDAY ? `${day} ${clockTime(language, at)}` : day;
}

/** @param {PageElement} page @param {Message} hit @param {import("../../lib/search-marks.js").Term[]} terms @returns {Node[]} */
function said(page, hit, terms) {
  if (page.client.blocks.has(hit.author.id)) return [make("span", { class: "beside", text: page.say("message.blocked_answered") })];
  const author = { ...hit.author, name: hit.author.name || page.say("people.left") };
  const words = wordsOf(page, hit);
  const shown = excerpt(words, marksIn(words, terms), MOST);
  return [makeSeal(author), nameOf(author),
    make("span", { class: "words", attributes: { lang: languageOf(page, words), dir: "auto" } }, ...marked(shown)),
    ...reactions(page, hit)];
}

/** @param {{text: string, marks: import("../../lib/search-marks.js").Mark[]}} shown @returns {(Node | string)[]} */
export function marked({ text, marks }) {
  let at = 0;
  const parts = marks.flatMap(({ from, to }) => {
    const before = text.slice(at, from);
    at = to;
    return [before, make("mark", { text: text.slice(from, to) })];
  });
  return [...parts, text.slice(at)];
}

/** @param {PageElement} page @param {Message | undefined} message */
function beside(page, message) {
  if (!message || page.client.blocks.has(message.author.id)) return null;
  const words = wordsOf(page, message).slice(0, MOST_BESIDE);
  const { id, name } = message.author;
  return make("span", { class: "beside" }, nameOf({ id, name: name || page.say("people.left") }), " ",
    make("bdi", { text: words, attributes: { lang: languageOf(page, words) } }));
}

/** They are only to be seen. @param {PageElement} page @param {Message} hit */
function reactions(page, { reactions: all = [], mine = [] }) {
  if (!all.length) return [];
  return [make("span", { class: "reactions" }, make("span", { class: "unseen", text: `${page.say("message.reactions")}: ` }), ...all.map(({ emoji, count }) =>
    make("span", { class: `reaction${mine.includes(emoji) ? " mine" : ""}` }, make("span", { class: "emoji", text: emoji }), make("span", { text: String(count) }))))];
}

/** @param {PageElement} page @param {string} text */
function languageOf({ language }, text) {
  return context.languageOf(text, language.startsWith("zh") ? language : "zh-Hans") || undefined;
}
