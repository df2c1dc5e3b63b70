/** Copying for somebody. Over plain http there is no clipboard to write to: there the browser's own copy command is answered. */

/**
 * @param {any} source an input that shows the text, selected where nothing could be copied; null if there is none
 * @param {string} text
 * @returns {Promise<boolean>} whether it was copied
 */
export async function copyText(source, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (copiedByCommand(text)) return true;
    source?.focus();
    source?.select();
    return false;
  }
}

/** What is selected stays selected; what is copied is the text. @param {string} text */
function copiedByCommand(text) {
  let copied = false;
  const answer = (/** @type {ClipboardEvent} */ event) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    event.stopImmediatePropagation();
    copied = Boolean(event.clipboardData);
  };
  addEventListener("copy", answer, { capture: true, once: true });
  const allowed = document.execCommand("copy");
  removeEventListener("copy", answer, { capture: true });
  return allowed && copied;
}
