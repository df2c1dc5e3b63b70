/**
 * What stands over a page, dialogs and menus: going back closes the one in front instead of leaving the page, where the
 * browser lets a page decide that (its Navigation API); going elsewhere in any way closes them all.
 */

import { closeMenu } from "./menu.js";

export function followLayers() {
  const { navigation } = /** @type {any} */ (window);
  navigation?.addEventListener("navigate", (/** @type {any} */ event) => {
    const isBack = event.navigationType === "traverse" && event.destination.index < navigation.currentEntry.index;
    if (isBack && event.cancelable && closeFront()) event.preventDefault();
  });
  let path = location.pathname;
  addEventListener("popstate", () => {
    if (location.pathname === path) return;
    path = location.pathname;
    while (closeFront());
  });
}

/** @returns {boolean} whether something was open */
function closeFront() {
  if (closeMenu()) return true;
  const front = /** @type {HTMLDialogElement | undefined} */ ([...document.querySelectorAll("dialog[open]")].at(-1));
  front?.close();
  return front !== undefined;
}
