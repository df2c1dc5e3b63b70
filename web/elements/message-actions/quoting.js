/** Words that are selected in one message can be quoted: a button stands at their end. */

import { button } from "../../lib/dom.js";
import { rightsTo } from "./rights.js";

/** @param {import("../element.js").PageElement} page @param {HTMLElement} rows */
export function followQuotes(page, rows) {
  /** @type {any} */ let item = null;
  const quote = button(page.say("actions.quote"), () => {
    const text = getSelection()?.toString().trim() ?? "";
    quote.remove();
    if (!item || !text) return;
    item.dispatchEvent(new CustomEvent("message-quote", { bubbles: true, detail: { message: item.message, text } }));
    getSelection()?.removeAllRanges();
  }, "quote-words");
  // The press must not take the selection away before the click.
  quote.addEventListener("pointerdown", (/** @type {Event} */ event) => event.preventDefault());

  const show = () => {
    const selection = getSelection();
    const range = selection?.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
    const within = /** @type {any} */ (range?.commonAncestorContainer);
    item = (within?.closest ? within : within?.parentElement)?.closest("message-item");
    const body = item?.body;
    const isQuotable = range && body?.contains(within) && rows.contains(item) && item.message && selection?.toString().trim();
    if (!isQuotable || !rightsTo(page.client, item.message).has("reply")) return quote.remove();
    const box = range.getBoundingClientRect();
    const around = page.getBoundingClientRect();
    page.append(quote);
    quote.style.left = `${Math.max(8, Math.min(innerWidth - quote.offsetWidth - 8, box.right - quote.offsetWidth / 2)) - around.left}px`;
    quote.style.top = `${Math.min(innerHeight - 44, box.bottom + 4) - around.top}px`;
  };
  let down = false;
  page.listen(document, "pointerdown", () => (down = true), { capture: true });
  page.listen(document, "pointerup", () => {
    down = false;
    setTimeout(show);
  }, { capture: true });
  page.listen(document, "selectionchange", () => down || show());
}
