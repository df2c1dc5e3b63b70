/** A message's words without its marks, in one line, as a card, a reply or a notice shows them; spoilers stay hidden. */

import { tokenize } from "./tokenizer.js";

const HIDDEN = "▒▒▒";

/** @param {string} text as it was written @param {number} [most] characters */
export function plainText(text, most = 4_000) {
  const blocks = tokenize(text.slice(0, 4 * most));
  const own = blocks.filter(({ kind }) => kind !== "quote");
  return (own.length ? own : blocks).map(wordsOf).join(" ").replace(/\s+/g, " ").trim().slice(0, most);
}

/** @param {any} token @returns {string} */
function wordsOf(token) {
  if (token.kind === "spoiler") return HIDDEN;
  if (token.items) return token.items.map((/** @type {any} */ item) => [...item.children, ...item.lists].map(wordsOf).join("")).join(" ");
  return token.text ?? token.children.map(wordsOf).join("");
}
