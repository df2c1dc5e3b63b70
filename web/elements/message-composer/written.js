/** What can be told of words that are being written, without a page. */

export const LINK = /https?:\/\/\S|\bwww\.\S/i;
/** Whether a word before the caret may be completed: completing.js then looks closer. */
export const TRIGGER = /[@＠#＃:][^\s@＠#＃:]{0,40}$/;

/** @param {string} text whether it is nothing but quotes */
export function isQuoteOnly(text) {
  return text.split("\n").every((line) => line.startsWith(">") || !line.trim());
}

/**
 * Words as a quote that says whose they are. Nobody is called again by what is only quoted, and what they quoted
 * themselves is left out.
 *
 * @param {string} whose such as "**Mei**:" @param {string} text
 */
export function quoted(whose, text) {
  const own = text.split("\n").filter((line) => !line.startsWith(">")).join("\n").trim();
  const calm = (own || text.trim()).replace(/(^|[^\p{L}\p{N}])[@＠](?=[\p{L}\p{N}])/gu, "$1");
  return `${whose} ${calm}`.split("\n").map((line) => `> ${line}`.trimEnd()).join("\n");
}
