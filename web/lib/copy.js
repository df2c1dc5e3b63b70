/** Copying for somebody. Over plain http there is no clipboard to write to: there the browser's own copy command is answered. */

import { make } from "./dom.js";

/**
 * @param {any} source the element that shows the text, which is then selected for its reader; null if there is none
 * @param {string} text
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copyText(source, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return source ? copiedByCommand(source, text) : copiedUnseen(text);
  }
}

/** Some browsers copy only what is selected; what they copy is the text all the same. @param {any} source @param {string} text */
function copiedByCommand(source, text) {
  let copied = false;
  const answer = (/** @type {ClipboardEvent} */ event) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
    copied = Boolean(event.clipboardData);
  };
  select(source);
  addEventListener("copy", answer, { capture: true, once: true });
  const allowed = document.execCommand("copy");
  removeEventListener("copy", answer, { capture: true });
  return allowed && copied;
}

/** @param {string} text */
function copiedUnseen(text) {
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const unseen = make("textarea", { class: "unseen", attributes: { readonly: true, "aria-hidden": "true" }, set: { value: text } });
  document.body.append(unseen);
  const copied = copiedByCommand(unseen, text);
  unseen.remove();
  before?.focus({ preventScroll: true });
  return copied;
}

/** @param {any} source */
function select(source) {
  if (!source.select) {
    getSelection()?.selectAllChildren(source);
    return;
  }
  source.focus({ preventScroll: true });
  source.select();
}
