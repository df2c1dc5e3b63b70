/** The plate beside a name: its first letter, on one of six glazes and over one of eight motifs that stay with the person. */

import { make } from "./dom.js";
import { MOTIF_COUNT, motif } from "./drawings.js";

const TINTS = 6;
/** Engines without a segmenter see code points, which differ only in letters of several parts. */
const letters = "Segmenter" in Intl ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : undefined;

/** @param {string} name @returns {string} what a reader would call its first letter */
function firstLetter(name) {
  const segments = letters ? Array.from(letters.segment(name), ({ segment }) => segment) : [...name];
  for (const segment of segments) if (/[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(segment)) return segment.normalize("NFC").slice(0, 8);
  return "·";
}

/** @param {string} id a number that stays with it */
function sumOf(id) {
  let sum = 0;
  for (let at = 0; at < id.length; at += 1) sum = (sum * 31 + id.charCodeAt(at)) % 65_521;
  return sum;
}

/** @param {{id: string, handle?: string} | undefined} user @returns {number} from 0 to 5 */
export function tintOf(user) {
  return sumOf(user?.handle || user?.id || "") % TINTS;
}

/** @param {{id: string, name: string, handle?: string} | undefined} user */
export function makeSeal(user) {
  const sum = sumOf(user?.handle || user?.id || "");
  return make("span", { class: "seal", attributes: { "aria-hidden": "true", "data-tint": String(tintOf(user)), "data-user": user?.id || undefined } },
    motif(Math.floor(sum / TINTS) % MOTIF_COUNT), make("span", { text: firstLetter(user?.name ?? "").toLocaleUpperCase() }));
}
