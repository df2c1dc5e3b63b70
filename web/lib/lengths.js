/**
 * How long a text may be, counted as the server counts: in characters of Unicode. `maxlength` counts UTF-16 units and cuts
 * in silence, so that 40 𠮷 were 20. A field says `data-most`; what is too long stays, is said below it, and is not sent.
 */

/** @param {string} text */
export function lengthOf(text) {
  return [...text.trim().normalize("NFC")].length;
}

/** @param {EventTarget} page @param {(key: string, values: {count: number}) => string} say */
export function followLengths(page, say) {
  page.addEventListener("input", ({ target }) => {
    const input = /** @type {HTMLInputElement} */ (target);
    const most = Number(input.dataset?.most);
    if (!most) return;
    const over = lengthOf(input.value) - most;
    const words = over > 0 ? say("composer.too_long", { count: over }) : "";
    input.setCustomValidity(words);
    note(input, words);
  });
}

/** @param {HTMLInputElement} input @param {string} words */
function note(input, words) {
  const next = input.nextElementSibling;
  const known = next?.classList.contains("too-long") ? next : null;
  if (!words) return known?.remove();
  const shown = known ?? Object.assign(document.createElement("small"), { className: "error too-long" });
  shown.setAttribute("role", "status");
  shown.textContent = words;
  if (!known) input.after(shown);
  return undefined;
}
