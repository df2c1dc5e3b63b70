/** A message's words without its marks, in one line, as a card, a reply or a notice shows them; spoilers stay hidden. */

import { tokenize } from "./tokenizer.js";

const HIDDEN = "▒▒▒";

/**
 * @param {string} text as it was written @param {number} [most] characters
 * @param {{handle: string, name: string}[]} [called] who is called in it: they are shown by name
 */
export function plainText(text, most = 4_000, called = []) {
  const blocks = tokenize(text.slice(0, 4 * most));
  const own = blocks.filter(({ kind }) => kind !== "quote");
  return (own.length ? own : blocks).map((token) => wordsOf(token, called)).join(" ").replace(/\s+/g, " ").trim().slice(0, most);
}

/**
 * The same of a message; of one without words, what it carries.
 *
 * @param {{text: string, attachments?: import("./shapes.js").File[]}} message @param {{say: (key: string, values?: any) => string}} page
 * @param {number} most @param {{handle: string, name: string}[]} [called]
 */
export function messageWords({ text, attachments = [] }, page, most, called) {
  return plainText(text, most, called) || filesWords(attachments, page);
}

/** @param {import("./shapes.js").File[]} files @param {{say: (key: string, values?: any) => string}} page @returns {string} */
export function filesWords(files, page) {
  const count = files.length;
  if (!count) return "";
  if (files.every(({ width }) => width)) return page.say("files.pictures", { count });
  return count > 1 ? page.say("files.files", { count }) : files[0]?.peaks ? page.say("files.voice") : files[0]?.name ?? "";
}

/** @param {any} token @param {{handle: string, name: string}[]} called @returns {string} */
function wordsOf(token, called) {
  if (token.kind === "spoiler") return HIDDEN;
  const all = (/** @type {any[]} */ tokens) => tokens.map((one) => wordsOf(one, called)).join("");
  if (token.items) return token.items.map((/** @type {any} */ item) => all([...item.children, ...item.lists])).join(" ");
  const user = token.kind === "mention" && called.find(({ handle }) => handle.toLowerCase() === token.handle.toLowerCase());
  return user ? `@${user.name}` : token.text ?? all(token.children);
}
