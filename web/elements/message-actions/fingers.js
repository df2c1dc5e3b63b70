/**
 * A finger on a message: held for a moment it opens what can be done, moved to the right it replies, and a tap does
 * nothing. Moved up or down it scrolls, as everywhere.
 */

import { swallowClick } from "../../lib/swallow-click.js";

const HOLD = 450;
const STILL = 10;
const REPLIES = 56;
const MOST = 72;

/**
 * @param {import("../element.js").PageElement} page
 * @param {HTMLElement} rows
 * @param {{hold: (item: any, target: any) => void, swipe: (item: any) => void}} then
 */
export function followFingers(page, rows, { hold, swipe }) {
  /** @type {{item: any, target: any, x: number, y: number, timer: any, moves: boolean} | null} */ let touch = null;

  const end = () => {
    if (!touch) return;
    clearTimeout(touch.timer);
    touch.item.style.transform = "";
    touch = null;
  };
  const held = () => {
    if (!touch) return;
    const { item, y } = touch;
    const target = meant(touch.target, y) ?? item;
    end();
    swallowClick();
    hold(item, target);
  };

  page.listen(rows, "pointerdown", (event) => {
    end();
    const item = event.target.closest("message-item");
    if (event.pointerType !== "touch" || !item?.message || item.message.deleted || event.target.closest(".text a, pre, .actions, .selecting")) return;
    touch = { item, target: event.target, x: event.clientX, y: event.clientY, timer: setTimeout(held, HOLD), moves: false };
  });
  page.listen(rows, "pointermove", (event) => {
    if (!touch) return;
    const [dx, dy] = [event.clientX - touch.x, event.clientY - touch.y];
    if (Math.abs(dx) < STILL && Math.abs(dy) < STILL) return;
    clearTimeout(touch.timer);
    if (!touch.moves && (Math.abs(dy) > Math.abs(dx) || dx < 0)) return end();
    touch.moves = true;
    touch.item.style.transform = `translateX(${Math.max(0, Math.min(MOST, dx))}px)`;
  });
  page.listen(rows, "pointerup", (event) => {
    const replies = touch?.moves && event.clientX - touch.x >= REPLIES;
    const item = touch?.item;
    end();
    if (replies) swipe(item);
  });
  page.listen(rows, "pointercancel", end);
  page.listen(rows, "contextmenu", (event) => event.pointerType === "touch" && !event.target.closest(".text a") && event.preventDefault());
}

/** The 44 px of a reaction reach over the words above it: held there, the message is meant. @param {any} target @param {number} y */
function meant(target, y) {
  const reaction = target.closest(".reaction");
  return reaction && y < reaction.getBoundingClientRect().top ? undefined : target;
}
