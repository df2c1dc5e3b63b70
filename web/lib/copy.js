/** Copying for somebody. Over plain http there is no clipboard to write to: there the text is selected and copied that way. */

/**
 * @param {HTMLElement} source the element that shows the text; it is selected where the clipboard cannot be written to
 * @param {string} text
 * @returns {Promise<boolean>} whether it was copied; where not, it is selected for its reader to copy
 */
export async function copyText(source, text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    select(source);
    return document.execCommand("copy");
  }
}

/** @param {any} source */
function select(source) {
  if (source.select) {
    source.focus();
    source.select();
    return;
  }
  getSelection()?.selectAllChildren(source);
}
