/**
 * What may be completed while one writes: `@` names of people, `#` rooms, `:` emoji. Pure functions; the page's part is
 * elements/message-composer/completing.js.
 *
 * @typedef {{kind: "person" | "room" | "emoji", from: number, query: string}} Asked `from` is where the sign stands
 * @typedef {{id: string, handle: string, name: string, at?: number}} Person `at` is when they last spoke, as far as it is known
 */

import { isCjk } from "../lib/links.js";

const LONGEST = 40;
const SIGNS = /** @type {Record<string, Asked["kind"]>} */ ({ "@": "person", "＠": "person", "#": "room", "＃": "room", ":": "emoji" });
const WORD = /[\p{L}\p{N}]/u;
/** `:ok` but no time, no smiley. */
const EMOJI = /^[a-z+][a-z0-9_+-]+$/i;
const EVERYONE = ["everyone", "所有人", "大家", "全体", "全體", "suoyouren", "dajia"];

/**
 * What stands before the caret, if it can be completed; null in code, within words and in addresses.
 *
 * @param {string} text @param {number} caret @returns {Asked | null}
 */
export function askedAt(text, caret) {
  for (let at = caret - 1; at >= Math.max(0, caret - LONGEST); at -= 1) {
    const char = text.charAt(at);
    if (/\s/.test(char)) return null;
    const kind = SIGNS[char];
    if (!kind) continue;
    const query = text.slice(at + 1, caret);
    return begins(kind, text.charAt(at - 1), query) && !isInCode(text.slice(0, at)) ? { kind, from: at, query } : null;
  }
  return null;
}

/** @param {Asked["kind"]} kind @param {string} before @param {string} query */
function begins(kind, before, query) {
  if (kind === "emoji") return (!before || /\s/.test(before)) && EMOJI.test(query);
  // Scripts without spaces between words let a name follow at once.
  return (!WORD.test(before) || isCjk(before)) && !"/\\=&#".includes(before || " ");
}

/** @param {string} before the text up to there */
function isInCode(before) {
  const fences = before.match(/^ {0,3}```/gm)?.length ?? 0;
  if (fences % 2) return true;
  const line = before.slice(before.lastIndexOf("\n") + 1);
  return (line.match(/`/g)?.length ?? 0) % 2 === 1;
}

/**
 * People whom the query may mean: those it names exactly, then those whose name or handle begins with it, then those in
 * whose name it stands; among equals who spoke last comes first.
 *
 * @param {string} query @param {Person[]} people @param {number} most
 */
export function rankPeople(query, people, most) {
  const wanted = fold(query);
  const known = new Map();
  for (const person of people) if (person.handle && (known.get(person.id)?.at ?? -1) < (person.at ?? 0)) known.set(person.id, person);
  return [...known.values()].map((person) => ({ person, fit: fitOf(person, wanted) })).filter(({ fit }) => fit < 4)
    .sort((one, other) => one.fit - other.fit || (other.person.at ?? 0) - (one.person.at ?? 0))
    .slice(0, most).map(({ person }) => person);
}

/** @param {Person} person @param {string} wanted */
function fitOf({ handle, name }, wanted) {
  const [folded, own] = [fold(name), fold(handle)];
  if (!wanted) return 1;
  if (own === wanted || folded === wanted) return 0;
  if (own.startsWith(wanted) || folded.split(/[\s·_.-]+/).some((word) => word.startsWith(wanted))) return 1;
  return folded.includes(wanted) || own.includes(wanted) ? 2 : 4;
}

/** @param {string} query whether it may mean all members */
export function meansEveryone(query) {
  const wanted = fold(query);
  return Boolean(wanted) && EVERYONE.some((word) => word.startsWith(wanted));
}

/**
 * @template {{id: string, titles: string[]}} R
 * @param {string} query @param {R[]} rooms in the order in which they are offered @param {number} most
 * @param {Set<string>} [sounding] ids of rooms that the server found, which may only sound like the query
 * @returns {R[]}
 */
export function rankRooms(query, rooms, most, sounding = new Set()) {
  const wanted = fold(query);
  const fit = (/** @type {R} */ { id, titles }) => {
    const folded = titles.map(fold);
    if (folded.some((title) => title.startsWith(wanted))) return 0;
    if (folded.some((title) => title.includes(wanted))) return 1;
    return sounding.has(id) ? 2 : 3;
  };
  return rooms.map((room) => ({ room, fit: fit(room) })).filter((one) => one.fit < 3)
    .sort((one, other) => one.fit - other.fit).slice(0, most).map(({ room }) => room);
}

/** @param {string} text */
function fold(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
