/**
 * A menu below a button: links and acts, one below the other. Arrow keys move, Escape and a press elsewhere close it, and
 * do nothing else; the focus goes back to the button.
 */

import { make } from "../lib/dom.js";
import { icon } from "../lib/icons.js";
import { swallowClick } from "../lib/swallow-click.js";
import "../lib/more-icons.js";

/** @typedef {{icon: string, text: string, href?: string, act?: () => void, grave?: boolean, note?: string}} Choice */

const GAP = 4;
/** @type {(() => void) | undefined} closes the menu that is open */ let closeOpen;

/**
 * @param {HTMLElement} host where the menu stands in the page
 * @param {HTMLElement} opener the button, or what it should stand at
 * @param {(Choice | null)[]} choices
 */
export function openMenu(host, opener, choices) {
  if (opener.getAttribute("aria-expanded") === "true") return closeOpen?.();
  closeOpen?.();
  const ending = new AbortController();
  const menu = make("div", { class: "menu", attributes: { role: "menu" } }, ...choices.filter((choice) => choice !== null).map((choice) => itemOf(choice, close)));
  function close() {
    ending.abort();
    closeOpen = undefined;
    const focused = menu.contains(document.activeElement);
    menu.remove();
    opener.setAttribute("aria-expanded", "false");
    if (focused) opener.focus();
  }
  closeOpen = close;
  opener.setAttribute("aria-expanded", "true");
  host.append(menu);
  place(menu, opener);
  menu.firstElementChild?.focus();
  menu.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => move(menu, event, close));
  const outside = (/** @type {Event} */ event) => {
    if (menu.contains(event.target)) return;
    close();
    swallowClick();
  };
  const escape = (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Escape" || menu.contains(event.target)) return;
    event.stopPropagation();
    close();
  };
  document.addEventListener("pointerdown", outside, { signal: ending.signal, capture: true });
  // Its focus may have been lost to the page.
  document.addEventListener("keydown", escape, { signal: ending.signal, capture: true });
  for (const name of ["resize", "popstate"]) addEventListener(name, close, { signal: ending.signal });
  return undefined;
}

/** @returns {boolean} whether a menu was open */
export function closeMenu() {
  const wasOpen = closeOpen !== undefined;
  closeOpen?.();
  return wasOpen;
}

/** @param {Choice} choice @param {() => void} close */
function itemOf({ icon: name, text, href, act, grave, note }, close) {
  const options = { class: grave ? "grave" : "", attributes: { role: "menuitem", tabindex: "-1", ...(href ? { href } : { type: "button" }) } };
  const item = make(href ? "a" : "button", options, icon(name), make("span", { text }, note ? make("small", { text: note }) : null));
  item.addEventListener("click", () => {
    close();
    act?.();
  });
  return item;
}

/** Below the button, within the window. @param {HTMLElement} menu @param {HTMLElement} opener */
function place(menu, opener) {
  const { left, right, top, bottom } = opener.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  // The arrow of a wide opener stands at its end.
  const side = right - left <= width && left + width + GAP < innerWidth ? left : right - width;
  const down = bottom + GAP + height < innerHeight ? bottom + GAP : Math.max(GAP, top - GAP - height);
  menu.style.left = `${Math.max(GAP, Math.min(side, innerWidth - width - GAP))}px`;
  menu.style.top = `${down}px`;
}

/** @param {HTMLElement} menu @param {KeyboardEvent} event @param {() => void} close */
function move(menu, event, close) {
  const items = /** @type {HTMLElement[]} */ ([...menu.children]);
  const at = items.indexOf(/** @type {any} */ (document.activeElement));
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") close();
  else if (to !== undefined) items[(to + items.length) % items.length]?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
