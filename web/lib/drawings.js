/**
 * What is drawn on the page, in one hand: a line of one width with round ends, on a 48 by 48 sheet, filled with the
 * colours of the tokens by class. Drawings say nothing: whoever shows one puts words beside it. Those that are not on the
 * first screen are in scenes.js.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Each a list of [class, path]. `steam` moves where somebody types. @type {Record<string, [string, string][]>} */
const SHEETS = {
  cup: [
    ["steam", "M18 15c-3-3 3-5 0-9"], ["steam second", "M27 15c-3-3 3-5 0-9"],
    ["body", "M9 21h27v4c0 9-5 15-13.500 15S9 34 9 25z"], ["line", "M36 24h3a4.500 4.500 0 0 1 0 9h-4.500"], ["line", "M6 43h33"],
  ],
  teapot: [
    ["steam", "M8 15c-3-3 3-5 0-9"],
    ["body", "M14 22c2-4 18-4 20 0 5 4 5 14 0 18H14c-5-4-5-14 0-18z"], ["line", "M11 27 5 20m7 17-1 1"],
    ["line", "M37 25c7-2 9 9 0 11"], ["line", "M18 19c2-3 10-3 12 0M24 16v-3"], ["line", "M8 43h32"],
  ],
};

/** Motifs of a plate, one for each sort of guest. */
const MOTIFS = [
  "M6 30c8-2 14-9 16-19 3 8 0 17-8 21M6 38c10 0 16-3 20-9",
  "M4 34c4-4 8-4 12 0s8 4 12 0 8-4 12 0M4 41c4-4 8-4 12 0s8 4 12 0 8-4 12 0",
  "M2 40 15 20l8 11 6-8 15 17",
  "M34 10a13 13 0 1 0 4 20 11 11 0 0 1-4-20z",
  "M40 4C26 8 16 20 12 44M33 9c-2 6-2 10 2 14M24 17c-4 4-5 8-3 13",
  "M36 34a6 6 0 1 1 0-.1M32 28l-3-6m9 6 3-6m-1 12 6 2m-16-2-6 2m9 3v7",
  "M6 40h30c6 0 7-8 1-9 0-7-10-8-12-2-5-2-9 2-7 6-6-1-9 2-12 5z",
  "M8 44c0-10 6-16 6-26m8 26c0-12 6-18 6-32M36 44c0-8 3-12 3-20",
];
export const MOTIF_COUNT = MOTIFS.length;

/** @param {string} name of a sheet @param {string} [kind] further classes */
export function drawing(name, kind = "") {
  return sheet(`drawing ${name} ${kind}`.trim(), SHEETS[name] ?? []);
}

/** @param {number} number */
export function motif(number) {
  return sheet("motif", [["line", /** @type {string} */ (MOTIFS[number % MOTIFS.length])]]);
}

/** @param {string} kind its classes @param {[string, string][]} strokes the class and the path of each */
export function sheet(kind, strokes) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", kind);
  svg.setAttribute("viewBox", "0 0 48 48");
  svg.setAttribute("aria-hidden", "true");
  for (const [stroke, d] of strokes) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", stroke);
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}
