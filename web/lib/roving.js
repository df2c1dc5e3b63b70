/** One tab stop in a list of many: arrows, Home and End move from item to item. */

/**
 * The last item is the tab stop, unless the focus is in the list.
 *
 * @param {HTMLElement} list @param {string} items their selector; each stands first in its row
 */
export function keepTabStop(list, items) {
  let row = list.lastElementChild;
  while (row && !row.firstElementChild?.matches(items)) row = row.previousElementSibling;
  const last = /** @type {HTMLElement | null | undefined} */ (row?.firstElementChild);
  if (!last || last.tabIndex === 0 || list.contains(document.activeElement)) return;
  for (const item of list.querySelectorAll(`${items}[tabindex='0']`)) /** @type {HTMLElement} */ (item).tabIndex = -1;
  last.tabIndex = 0;
}

/** @param {HTMLElement} list @param {string} selector @param {KeyboardEvent} event */
export function moveFocus(list, selector, event) {
  if (!["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key) || event.altKey) return;
  const items = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(selector)]);
  const at = items.indexOf(/** @type {any} */ (event.target).closest(selector));
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: items.length - 1 }[event.key] ?? at;
  const next = items[Math.max(0, Math.min(items.length - 1, to))];
  if (!next || next === items[at]) return;
  event.preventDefault();
  for (const item of items) item.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
