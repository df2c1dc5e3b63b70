/** The square of a picture that is kept: as large as fits, or less where one comes nearer; it never leaves the picture. */

/**
 * @typedef {{x: number, y: number, zoom: number}} Look where its middle is, from 0 to 1 of the picture, and how near (1: all that fits)
 */

export const NEAREST = 4;

/** The look that is nearest to the wanted one. @param {{width: number, height: number}} picture @param {Look} wanted @returns {Look} */
export function within({ width, height }, { x, y, zoom }) {
  const near = Math.min(NEAREST, Math.max(1, zoom));
  const edge = Math.min(width, height) / near;
  return { x: between(x, edge / 2 / width), y: between(y, edge / 2 / height), zoom: near };
}

/** In pixels of the picture. @param {{width: number, height: number}} picture @param {Look} look */
export function squareOf({ width, height }, { x, y, zoom }) {
  const edge = Math.min(width, height) / zoom;
  return { left: x * width - edge / 2, top: y * height - edge / 2, edge };
}

/** @param {number} at @param {number} margin to both ends */
function between(at, margin) {
  return Math.min(1 - margin, Math.max(margin, at));
}
