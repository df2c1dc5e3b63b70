/** A canvas that nobody sees: off the screen's own thread where the browser has such. */

/**
 * @param {number} width @param {number} height
 * @returns {{context: any, blob: (type: string, quality?: number) => Promise<Blob>}}
 */
export function createCanvas(width, height) {
  const Offscreen = /** @type {any} */ (globalThis).OffscreenCanvas;
  const canvas = Offscreen ? new Offscreen(width, height) : Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  const blob = (/** @type {string} */ type, /** @type {number | undefined} */ quality) => canvas.convertToBlob
    ? canvas.convertToBlob({ type, quality })
    : new Promise((resolve, reject) => canvas.toBlob((/** @type {Blob | null} */ made) => (made ? resolve(made) : reject(new Error("no picture"))), type, quality));
  return { context, blob };
}
