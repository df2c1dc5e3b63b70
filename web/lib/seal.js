/**
 * The plate beside a name: its first letter, on one of six glazes and over one of eight motifs that stay with the person;
 * and the picture over it, where there is one. Until that is loaded, or where it cannot be, the plate shows.
 */

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

/** Pictures of people are shown only to somebody with an account. */
let mayShow = () => false;

/** Set once by main.js. @param {() => boolean} may whether pictures of people may be asked for */
export function showPictures(may) {
  mayShow = may;
}

/** The id of the picture that is shown of somebody; "" for the plate alone. @param {{avatar?: string} | undefined} user */
export function pictureOf(user) {
  return (mayShow() && user?.avatar) || "";
}

/** @param {{id: string, name: string, handle?: string, avatar?: string} | undefined} user */
export function makeSeal(user) {
  return pictured(drawSeal(user), pictureOf(user));
}

/**
 * A picture over what is drawn, in the same place.
 *
 * @param {any} drawn @param {string} file its id, "" for none
 */
export function pictured(drawn, file) {
  if (!file) return drawn;
  const image = make("img", { attributes: { alt: "", loading: "lazy", decoding: "async", draggable: "false" }, on: {
    load: () => drawn.classList.add("pictured"),
    error: () => image.classList.add("lost"),
  } });
  image.src = `/files/${file}?size=small`;
  drawn.append(image);
  return drawn;
}

/** The community's own picture, or what is drawn in its place. @param {string | undefined} icon @param {Element} drawn */
export function emblem(icon, drawn) {
  return icon ? pictured(make("span", { class: "emblem" }, drawn), icon) : drawn;
}

/** The plate alone, as where a picture could have been chosen for one reader. @param {{id: string, name: string, handle?: string} | undefined} user */
export function drawSeal(user) {
  const sum = sumOf(user?.handle || user?.id || "");
  return make("span", { class: "seal", attributes: { "aria-hidden": "true", "data-tint": String(tintOf(user)), "data-user": user?.id || undefined } },
    motif(Math.floor(sum / TINTS) % MOTIF_COUNT), make("span", { text: firstLetter(user?.name ?? "").toLocaleUpperCase() }));
}
