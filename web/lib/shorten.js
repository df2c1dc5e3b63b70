/** Cutting text so that no emoji, flag or letter with its marks is torn. */

/**
 * @param {string} text
 * @param {number} most UTF-16 units, the mark of the cut included
 */
export function shorten(text, most) {
  if (text.length <= most) return text;
  let end = 0;
  for (const part of parts(text)) {
    if (end + part.length > most - 1) break;
    end += part.length;
  }
  return `${text.slice(0, end).trimEnd()}…`;
}

/** Graphemes; code points in the few engines that cannot tell. @param {string} text @returns {Iterable<string>} */
function* parts(text) {
  const Segmenter = /** @type {any} */ (Intl).Segmenter;
  if (!Segmenter) return yield* text;
  for (const { segment } of new Segmenter(undefined, { granularity: "grapheme" }).segment(text)) yield segment;
  return undefined;
}
