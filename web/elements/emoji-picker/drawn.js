/** Which emoji this machine can draw: a font knows those of its year, and shows empty boxes for newer ones. */

/** A face of each version of Unicode's emoji: what is drawn of it is yellow, a box is not. */
const FACES = /** @type {[number, string][]} */ ([[17, "🫪"], [16, "🫩"], [15, "🫨"], [14, "🫠"], [13, "🥲"]]);
const SIZE = 24;

/** @type {number | undefined} */ let newest;

/** @param {Record<string, string[]> | undefined} since by version @returns {Set<string>} those that are too new */
export function notDrawn(since = {}) {
  newest ??= FACES.find(([, face]) => hasColour(face))?.[0] ?? 0;
  const last = newest;
  return new Set(Object.entries(since).flatMap(([version, emoji]) => (Number(version) > last ? emoji : [])));
}

/** @param {string} face */
function hasColour(face) {
  const canvas = Object.assign(document.createElement("canvas"), { width: SIZE, height: SIZE });
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  if (!drawing) return true;
  drawing.font = `${SIZE - 4}px "Apple Color Emoji", "Segoe UI Emoji", "Noto Color Emoji", sans-serif`;
  drawing.fillText(face, 0, SIZE - 4);
  const { data } = drawing.getImageData(0, 0, SIZE, SIZE);
  for (let at = 0; at < data.length; at += 4) if (Math.abs((data[at] ?? 0) - (data[at + 2] ?? 0)) > 40) return true;
  return false;
}
