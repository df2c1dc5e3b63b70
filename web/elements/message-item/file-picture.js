/** A picture that the server wrote, as an image of a message. */

import { make } from "../../lib/dom.js";

/** The longest edges that the server writes. */
const SMALL = 480;
const LARGE = 1600;

/** @param {string} id @param {string} [size] */
export function fileAddress(id, size = "") {
  return `/files/${id}${size && `?size=${size}`}`;
}

/**
 * For the browser to choose a size by; `sizes` says how wide it is shown.
 *
 * @param {import("../../lib/shapes.js").File} file @param {string} sizes @returns {Record<string, string>}
 */
export function pictureAddresses({ id, width = 1, height = 1 }, sizes) {
  const wide = (/** @type {number} */ edge) => Math.round(width * Math.min(1, edge / Math.max(width, height)));
  const small = `${fileAddress(id, "small")} ${wide(SMALL)}w`;
  if (Math.max(width, height) <= SMALL) return { src: fileAddress(id, "small") };
  return { sizes, srcset: `${small}, ${fileAddress(id, "large")} ${wide(LARGE)}w`, src: fileAddress(id, "small") };
}

/** It is asked for again in the next session. @param {import("./message-item.js").MessageItem} item @param {string} alt @param {Record<string, string>} addresses */
export function filePicture(item, alt, addresses) {
  const image = make("img", { attributes: { alt, loading: "lazy", decoding: "async", ...addresses } });
  image.addEventListener("error", () => item.listen(item.client, "session", () => (image.src = String(image.src)), { once: true }));
  return image;
}
