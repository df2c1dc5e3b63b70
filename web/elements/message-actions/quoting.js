/** Words that are selected in one message can be quoted: a button stands at their end. */

import { button } from "../../lib/dom.js";
import { rightsTo } from "./rights.js";

/** The handles of a selection hang below it on glass. */
const HANDLES = 28;

/** @param {import("../element.js").PageElement} page @param {HTMLElement} rows */
export function followQuotes(page, rows) {
  /** @type {any} */ let item = null;
  // A tap on glass may take the selection away before it is a click.
  let words = "";
  const quote = button(page.say("actions.quote"), () => {
    quote.remove();
    if (item && words) item.dispatchEvent(new CustomEvent("message-quote", { bubbles: true, detail: { message: item.message, text: words } }));
    getSelection()?.removeAllRanges();
  }, "quote-words");
  // The press must not take the selection away before the click.
  quote.addEventListener("pointerdown", (/** @type {Event} */ event) => event.preventDefault());

  const show = () => {
    const range = selectedIn();
    const at = range && itemOf(range);
    words = at ? String(getSelection()).trim() : "";
    item = words && rows.contains(at) && rightsTo(page.client, at.message).has("reply") ? at : null;
    if (!item || !range) return quote.remove();
    const box = range.getBoundingClientRect();
    const below = matchMedia("(hover: none)").matches ? HANDLES : 4;
    page.append(quote);
    quote.style.left = `${Math.max(8, Math.min(innerWidth - quote.offsetWidth - 8, box.right - quote.offsetWidth / 2))}px`;
    quote.style.top = `${Math.min(innerHeight - 44, box.bottom + below)}px`;
  };
  let down = false;
  page.listen(document, "pointerdown", () => (down = true), { capture: true });
  for (const name of ["pointerup", "pointercancel"]) page.listen(document, name, (event) => {
    down = false;
    if (event.target !== quote) setTimeout(show);
  }, { capture: true });
  page.listen(document, "selectionchange", () => down || show());
}

/** The words of a message that are selected, "" for none. @param {any} item */
export function wordsSelectedIn(item) {
  const range = selectedIn();
  return range && itemOf(range) === item ? String(getSelection()).trim() : "";
}

/** @returns {Range | null} */
function selectedIn() {
  const selection = getSelection();
  return selection?.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
}

/** The message in whose words a range lies. @param {Range} range */
function itemOf({ commonAncestorContainer: within }) {
  const element = /** @type {any} */ (within instanceof Element ? within : within.parentElement);
  const item = element?.closest("message-item");
  return item?.message && item.body?.contains(within) ? item : null;
}
