/** A dialog with a heading that is closed by its button, by a press beside it, and by following a link in it. */

import { make } from "../lib/dom.js";
import { iconButton } from "../lib/icons.js";

/** @param {any} dialog @param {string} heading @param {string} close the button's name @param {...any} content */
export function closable(dialog, heading, close, ...content) {
  dialog.append(make("header", {}, make("h2", { text: heading }), iconButton("close", close, () => dialog.close())), ...content);
  dialog.addEventListener("click", (/** @type {any} */ event) => (event.target === dialog || event.target.closest("a")) && dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
}
