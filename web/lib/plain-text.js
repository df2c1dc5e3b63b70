/** A message's words without its marks, for one line of a card. */

import { tokenize } from "./tokenizer.js";

/** @param {string} text as it was written */
export function plainText(text) {
  return tokenize(text).map(wordsOf).join(" ").replace(/\s+/g, " ").trim();
}

/** @param {any} token of the tokenizer; what it holds is either text or further tokens @returns {string} */
function wordsOf({ text, children = [] }) {
  return text ?? children.map(wordsOf).join("");
}
