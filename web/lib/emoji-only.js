/** Whether a text is nothing but a few emoji, which are then shown large. */

const MOST = 6;
/** One emoji as it is written: a flag, or a picture with its colour, joined to others. */
const ONE = /\p{RI}\p{RI}|\p{Extended_Pictographic}\uFE0F?\p{EMod}?(?:[\u{E0020}-\u{E007F}]+|(?:\u200D\p{Extended_Pictographic}\uFE0F?\p{EMod}?)*)/gu;
/** No text of so many characters is as few emoji as that. */
const LONGEST = 120;

/** @param {string} text */
export function isEmojiOnly(text) {
  if (!text || text.length > LONGEST) return false;
  const count = text.match(ONE)?.length ?? 0;
  return count > 0 && count <= MOST && !text.replace(ONE, "").trim();
}
