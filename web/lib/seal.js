/** The seal beside a name: its first letter on one of six colours that stay with the person. */

import { make } from "./dom.js";

const TINTS = 6;
const letters = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** @param {string} name @returns {string} what a reader would call its first letter */
export function firstLetter(name) {
  for (const { segment } of letters.segment(name)) if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(segment)) return segment.normalize("NFC").slice(0, 8);
  return "·";
}

/** @param {string} id @returns {number} from 0 to 5 */
export function tintOf(id) {
  let sum = 0;
  for (let at = 0; at < id.length; at += 1) sum = (sum * 31 + id.charCodeAt(at)) % 65_521;
  return sum % TINTS;
}

/** @param {{id: string, name: string} | undefined} user */
export function makeSeal(user) {
  return make("span", {
    class: "seal", text: firstLetter(user?.name ?? "").toLocaleUpperCase(),
    attributes: { "aria-hidden": "true", "data-tint": String(tintOf(user?.id ?? "")) },
  });
}
