/**
 * Which parts of a text a search for messages meant, as the server compares them: width, case, and simplified and
 * traditional characters alike; of Chinese any part, of other scripts whole words, and of the last word its beginning.
 *
 * @typedef {{from: number, to: number}} Mark places in the text as it was written
 * @typedef {{pattern: RegExp, begins: boolean}} Term `begins`: the last word of it may go on
 * @typedef {(text: string) => string} Simplify
 */

/** Scripts written without spaces, of which any part is found. */
const UNSPACED = "\\u3005-\\u3007\\u3040-\\u30ff\\u31f0-\\u31ff\\u3400-\\u9fff\\uf900-\\ufaff\\u{20000}-\\u{3ffff}"
  + "\\u0e01-\\u0e4e\\u0e81-\\u0ede\\u0f40-\\u0fbc\\u1000-\\u1049\\u1050-\\u109f\\u1780-\\u17d3";
const RUN = new RegExp(`[${UNSPACED}]+|(?:(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}])+|[\\u2600-\\u27bf\\u{1f000}-\\u{1faff}]`, "gu");
/** A letter of a word that has an end. */
const SPACED = new RegExp(`(?![${UNSPACED}])[\\p{L}\\p{N}\\p{M}]`, "u");
/** What may stand between two parts of one word, as in "3.11". */
const GAP = "[^\\p{L}\\p{N}\\p{M}]{0,8}";
const QUERY = /["“”„]([^"“”„]*)["“”„]?|([^\s"“”„]+)/gu;
const CLUSTER = /\P{M}\p{M}*|\p{M}+/gu;
const HAN = /\p{Script=Han}/u;

/** @type {Map<string, string>} */ const written = new Map();

/** The table of characters, 14 KB, for whoever searches for one. @param {string} query */
export async function learnScripts(query) {
  if (written.size || !HAN.test(query)) return;
  const { TRADITIONAL, SIMPLIFIED } = await import("../vendor/opencc/simplified.js");
  for (let at = 0; at < TRADITIONAL.length; at += 1) written.set(TRADITIONAL.charAt(at), SIMPLIFIED.charAt(at));
}

/** Before the table is there, a text as it is. @param {string} text */
function simplified(text) {
  return [...text].map((char) => written.get(char) ?? char).join("");
}

/** @param {string} text */
function fold(text) {
  return simplified(text.normalize("NFKC").toUpperCase().toLowerCase());
}

/** What must be in a text. @param {string} query as it was typed @returns {Term[]} */
export function termsOf(query) {
  const found = [...fold(query).matchAll(QUERY)].filter(([, quoted, word]) => quoted?.trim() || word);
  return found.map(([, quoted = "", word = ""], place) => {
    const runs = quoted ? [] : word.match(RUN) ?? [];
    const source = runs.length ? runs.map(escaped).join(GAP) : escaped(quoted.trim() || word);
    return { pattern: new RegExp(source, "gu"), begins: Boolean(quoted) || place === found.length - 1 };
  });
}

/** @param {string} text @param {Term[]} terms @returns {Mark[]} in order; none reaches into the next */
export function marksIn(text, terms) {
  const { folded, starts, ends } = folding(text);
  const marks = terms.flatMap(({ pattern, begins }) => [...folded.matchAll(pattern)]
    .filter((match) => isWhole(folded, match, begins))
    .map(({ 0: { length }, index = 0 }) => ({ from: starts[index] ?? 0, to: ends[index + length - 1] ?? 0 })));
  marks.sort((one, other) => one.from - other.from || other.to - one.to);
  return marks.reduce((/** @type {Mark[]} */ kept, mark) => {
    const last = kept.at(-1);
    if (!last || mark.from > last.to) kept.push(mark);
    else last.to = Math.max(last.to, mark.to);
    return kept;
  }, []);
}

/** A text folded, and of each character of it where the one that it was begins and ends. @param {string} text */
function folding(text) {
  /** @type {number[]} */ const starts = [];
  /** @type {number[]} */ const ends = [];
  let folded = "";
  for (const { 0: cluster, index = 0 } of text.matchAll(CLUSTER)) {
    const one = fold(cluster);
    folded += one;
    for (let at = 0; at < one.length; at += 1) {
      starts.push(index);
      ends.push(index + cluster.length);
    }
  }
  return { folded, starts, ends };
}

/** A word is not found within another. @param {string} folded @param {RegExpMatchArray} match @param {boolean} begins */
function isWhole(folded, { 0: found, index = 0 }, begins) {
  const end = index + found.length;
  const goesOn = (/** @type {string} */ inside, /** @type {string} */ outside) => SPACED.test(inside) && SPACED.test(outside);
  if (index && goesOn(charAfter(folded, index), charBefore(folded, index))) return false;
  return begins || end >= folded.length || !goesOn(charBefore(folded, end), charAfter(folded, end));
}

/** @param {string} text @param {number} place */
function charAfter(text, place) {
  return String.fromCodePoint(text.codePointAt(place) ?? 0);
}

/** @param {string} text @param {number} place */
function charBefore(text, place) {
  return [...text.slice(Math.max(0, place - 2), place)].at(-1) ?? "";
}

/**
 * How a Chinese word of the query is written in the texts, where it is in more than one way: ["晒干", "曬乾"].
 *
 * @param {string[]} texts @param {Term[]} terms @returns {string[]} as they came; empty if all write it alike
 */
export function writingsOf(texts, terms) {
  /** @type {Map<string, Set<string>>} by how it is folded */ const found = new Map();
  for (const text of texts) {
    for (const { from, to } of marksIn(text, terms)) {
      const word = text.slice(from, to).normalize("NFKC").toLowerCase();
      if (!HAN.test(word)) continue;
      found.set(fold(word), (found.get(fold(word)) ?? new Set()).add(word));
    }
  }
  return [...found.values()].filter(({ size }) => size > 1).flatMap((words) => [...words]);
}

/**
 * The part of a text that a hit shows: from a little before the first mark on.
 *
 * @param {string} text @param {Mark[]} marks @param {number} most characters @returns {{text: string, marks: Mark[]}}
 */
export function excerpt(text, marks, most) {
  if (text.length <= most) return { text, marks };
  const first = marks[0]?.from ?? 0;
  const from = first < most / 2 ? 0 : wholeFrom(text, Math.min(first - Math.floor(most / 4), text.length - most));
  const to = wholeFrom(text, from + most);
  const [before, after] = [from ? "…" : "", to < text.length ? "…" : ""];
  const shift = before.length - from;
  const shown = marks.filter((mark) => mark.from < to).map((mark) => ({ from: mark.from + shift, to: Math.min(mark.to, to) + shift }));
  return { text: before + text.slice(from, to) + after, marks: shown };
}

/** Not within a character of two halves. @param {string} text @param {number} place */
function wholeFrom(text, place) {
  return /[\udc00-\udfff]/.test(text.charAt(place)) ? place - 1 : place;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, (sign) => (sign === "-" ? "\\x2d" : `\\${sign}`));
}
