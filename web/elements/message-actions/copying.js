/** What is copied of several messages is who, when, and the words; without buttons, badges and the rest of the page. */

import { clockTime } from "../../lib/times.js";

/** @param {import("../element.js").PageElement} page @param {HTMLElement} rows */
export function copyClean(page, rows) {
  page.listen(document, "copy", (event) => {
    const selection = getSelection();
    if (!selection?.rangeCount || !selection.toString()) return;
    const range = selection.getRangeAt(0);
    const items = [...rows.querySelectorAll("message-item")].filter((item) => range.intersectsNode(/** @type {any} */ (item).body));
    if (items.length < 2 || !rows.contains(range.commonAncestorContainer)) return;
    event.clipboardData.setData("text/plain", textOf(page, items, range));
    event.preventDefault();
  });
}

/** @param {import("../element.js").PageElement} page @param {any[]} items @param {Range} range */
function textOf(page, items, range) {
  const lines = [];
  for (const [at, item] of items.entries()) {
    const words = [...item.body.children].map((part) => within(part, range)).filter(Boolean).join("\n");
    if (!words) continue;
    if (!item.grouped || !lines.length) {
      if (lines.length) lines.push("");
      const { author, at: when } = item.message ?? { author: page.client.user, at: item.item.at };
      lines.push(`${author.name || page.say("people.left")}, ${clockTime(page.language, when)}`);
    }
    lines.push(at ? words : words.trimStart());
  }
  return lines.join("\n");
}

/** The part of an element's text that is selected. @param {Element} part @param {Range} range */
function within(part, range) {
  if (!range.intersectsNode(part)) return "";
  const own = document.createRange();
  own.selectNodeContents(part);
  if (range.compareBoundaryPoints(Range.START_TO_START, own) > 0) own.setStart(range.startContainer, range.startOffset);
  if (range.compareBoundaryPoints(Range.END_TO_END, own) < 0) own.setEnd(range.endContainer, range.endOffset);
  return own.toString();
}
