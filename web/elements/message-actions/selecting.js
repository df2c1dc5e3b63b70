/**
 * Selecting words of a message to quote them, without a mouse. On glass all words are selected, and the handles leave some
 * out. By keyboard it begins with the first word: the arrows lead to the next, with Shift they take it in, Enter quotes
 * and Escape ends it. It is over as soon as nothing of the message is selected.
 */

import { wordsSelectedIn } from "./quoting.js";

/** @param {any} item the message-item @param {(text: string) => void} quote */
export function selectWords(item, quote) {
  const selection = /** @type {Selection} */ (getSelection());
  const ending = new AbortController();
  const { signal } = ending;
  item.classList.add("selecting");
  signal.addEventListener("abort", () => item.classList.remove("selecting"));
  item.focus({ preventScroll: true });
  selection.selectAllChildren(item.body);
  if (!matchMedia("(hover: none)").matches) {
    selection.collapseToStart();
    selection.modify("extend", "forward", "word");
  }
  document.addEventListener("selectionchange", () => wordsSelectedIn(item) || ending.abort(), { signal });
  item.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (!step(selection, item, event, quote)) return;
    event.preventDefault();
    event.stopPropagation();
  }, { signal, capture: true });
}

/** @param {Selection} selection @param {any} item @param {KeyboardEvent} event @param {(text: string) => void} quote @returns {boolean} whether the key was for the selection */
function step(selection, item, { key, shiftKey, ctrlKey, metaKey, altKey }, quote) {
  if (ctrlKey || metaKey || altKey) return false;
  if (key === "Enter") quote(wordsSelectedIn(item));
  if (key === "Enter" || key === "Escape") selection.removeAllRanges();
  else if (key === "ArrowRight") move(selection, item, "forward", shiftKey);
  else if (key === "ArrowLeft") move(selection, item, "backward", shiftKey);
  else return false;
  return true;
}

/** @param {Selection} selection @param {any} item @param {"forward" | "backward"} way @param {boolean} widens */
function move(selection, item, way, widens) {
  const { anchorNode, anchorOffset, focusNode, focusOffset } = selection;
  if (!widens && way === "forward") selection.collapseToEnd();
  else if (!widens) selection.collapseToStart();
  selection.modify("extend", way, "word");
  // Not beyond the message, and not to nothing.
  if (!wordsSelectedIn(item)) selection.setBaseAndExtent(/** @type {Node} */ (anchorNode), anchorOffset, /** @type {Node} */ (focusNode), focusOffset);
}
