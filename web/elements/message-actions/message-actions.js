/**
 * What can be done with the message in hand: under the mouse, or with the focus. One toolbar for a whole list, which
 * stands in the message, so that Tab leads to it and a hundred messages have no more than one. On glass a long press
 * opens a sheet and a swipe replies. Property `list`: a message-list, or its `list` of rows and their `scroller`. Choices are told as events that bubble from the
 * message: `message-reply` and `message-quote` (detail: message, text), `message-edit`, `message-delete`,
 * `message-refused` (detail: the refusal).
 */

import "../../lib/more-icons.js";

import { make } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { PageElement } from "../element.js";
import { arrived } from "../later.js";
import { copyClean } from "./copying.js";
import { followFingers } from "./fingers.js";
import { followQuotes, wordsSelectedIn } from "./quoting.js";
import { rightsTo, sixFor } from "./rights.js";
import { openSpoiler } from "./spoilers.js";
import { tellWhoReacted } from "./who-reacted.js";

const REST = 250;
const INNER = ".reaction, .answer, .topic, .who, .files :is(a, button, input)";

export class MessageActions extends PageElement {
  /** @type {any} */ list = null;
  /** @type {any} the message-item in hand */ #item = null;
  /** Where the pointer was seen last. */
  #pointer = "";
  /** A menu is open: the toolbar stays where it is. */
  #held = false;
  /** The emoji at hand were asked for, and not only rested on. */
  #chosen = false;
  /** @type {any} */ #rest = undefined;

  build() {
    this.six = make("div", { class: "six", attributes: { role: "group" }, set: { hidden: true } });
    /** @type {any} */ this.smile = iconButton("smile", this.say("actions.react"), () => this.#toggleSix());
    /** @type {any} */ this.reply = iconButton("reply", this.say("actions.reply"), () => this.#tell("message-reply"));
    /** @type {any} */ this.more = iconButton("more", this.say("actions.more"), () => this.#openMenu());
    this.smile.setAttribute("aria-expanded", "false");
    this.more.setAttribute("aria-haspopup", "menu");
    this.bar = make("div", { class: "actions", attributes: { role: "toolbar", "aria-label": this.say("actions.label") } },
      this.six, this.smile, this.reply, this.more);
  }

  attach() {
    const rows = this.list.list;
    this.listen(rows, "pointerover", (event) => event.pointerType === "mouse" && this.#hasMoved(event) && this.#take(itemOf(event)));
    this.listen(rows, "pointermove", (event) => (this.#pointer = placeOf(event)));
    this.listen(rows, "pointerleave", () => this.#leave());
    this.listen(rows, "focusin", (event) => this.#focused(itemOf(event)));
    this.listen(rows, "focusout", (event) => !rows.contains(event.relatedTarget) && queueMicrotask(() => this.#leave()));
    this.listen(rows, "keydown", (event) => this.#key(event));
    this.listen(rows, "click", openSpoiler);
    this.listen(rows, "message-tell", ({ detail, target }) => this.#act(target, detail));
    this.listen(this.smile, "pointerenter", (event) => event.pointerType === "mouse" && this.#openSixSoon());
    this.listen(this.bar, "pointerleave", () => clearTimeout(this.#rest));
    tellWhoReacted(this, rows);
    copyClean(this, rows);
    followQuotes(this, rows);
    followFingers(this, rows, {
      hold: (item, target) => (target.closest(".reaction") ? this.openReactors(item, target.closest(".reaction").dataset.emoji) : this.#openMenu(item, true)),
      swipe: (item) => rightsTo(this.client, item.message).has("reply") && this.#act(item, "message-reply"),
    });
    // Pointer or focus may have been there before this came.
    this.#focused(rows.querySelector("message-item:focus-within"));
    const under = matchMedia("(hover: hover)").matches && rows.querySelector("message-item:hover");
    if (under) this.#take(under);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#rest);
    this.bar.remove();
  }

  // --- the message in hand ------------------------------------------------------------------------------------------

  /** False where a message came under a pointer that rests: what one aims at stays in hand. @param {PointerEvent} event */
  #hasMoved(event) {
    const before = this.#pointer;
    this.#pointer = placeOf(event);
    return before !== this.#pointer;
  }

  /** @param {any} item */
  #take(item) {
    if (this.#held || item === this.#item) return;
    this.#closeSix();
    const rights = item?.message ? rightsTo(this.client, item.message) : new Set();
    this.#item = item?.message && !item.message.deleted ? item : null;
    if (!this.#item) return this.bar.remove();
    this.smile.hidden = !rights.has("react");
    this.reply.hidden = !rights.has("reply");
    this.#item.append(this.bar);
    const room = this.#item.getBoundingClientRect().top - this.list.scroller.getBoundingClientRect().top;
    this.bar.classList.toggle("low", room < 14);
    return undefined;
  }

  /** Pointer or focus left the messages; where the other is still there, it has the toolbar. */
  #leave() {
    clearTimeout(this.#rest);
    const focused = this.list.list.querySelector("message-item:focus-within");
    this.#take(focused?.matches(":focus-visible, :has(:focus-visible)") ? focused : null);
  }

  /** What stands in the message is one Tab away while it is in hand. @param {any} item */
  #focused(item) {
    for (const inner of this.list.list.querySelectorAll(`:is(${INNER})[tabindex='0']`)) if (!item?.contains(inner)) inner.tabIndex = -1;
    if (!item) return;
    for (const inner of item.querySelectorAll(INNER)) inner.tabIndex = 0;
    if (item.matches(":focus-visible, :has(:focus-visible)")) this.#take(item);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {any} */ (event.target);
    if (event.key === "Enter" || event.key === " ") openSpoiler(event);
    if (event.key === "Escape" && !this.six.hidden) return this.#leaveSix(event);
    if (this.bar.contains(target)) return this.#moveInBar(event);
    if (target.localName !== "message-item" || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined;
    const act = { e: () => this.#openSix(true), r: () => !this.reply.hidden && this.#tell("message-reply"), q: () => !this.reply.hidden && this.#tell("message-quote"), m: () => this.#openMenu() }[event.key.toLowerCase()];
    if (!act) return undefined;
    this.#take(target);
    if (this.#item !== target) return undefined;
    event.preventDefault();
    return act();
  }

  /** @param {KeyboardEvent} event */
  #moveInBar(event) {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    const buttons = [...this.bar.querySelectorAll("button")].filter((one) => one.offsetParent);
    const next = buttons[(buttons.indexOf(/** @type {any} */ (document.activeElement)) + step + buttons.length) % buttons.length];
    event.preventDefault();
    next?.focus();
  }

  // --- reacting -----------------------------------------------------------------------------------------------------

  /** A click on what resting has opened already keeps it open. */
  #toggleSix() {
    clearTimeout(this.#rest);
    if (this.six.hidden || !this.#chosen) this.#openSix(true);
    else this.#closeSix();
  }

  #openSixSoon() {
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.six.hidden && this.#openSix(false), REST);
  }

  /** They stand to the left of what is there, so that nothing under the pointer moves. @param {boolean} focus */
  #openSix(focus) {
    if (!this.#item || this.smile.hidden) return;
    this.#chosen = focus;
    const { message } = this.#item;
    this.six.replaceChildren(...sixFor(message).map((emoji) => reactionButton(this, message, emoji, () => this.react(emoji))), this.#plus());
    this.six.hidden = false;
    this.smile.setAttribute("aria-expanded", "true");
    if (focus) this.six.querySelector("button")?.focus();
  }

  #plus() {
    return iconButton("plus", this.say("actions.other_emoji"), () => this.#pick(this.#item, this.smile));
  }

  #closeSix() {
    clearTimeout(this.#rest);
    const focused = this.six.contains(document.activeElement);
    this.six.hidden = true;
    this.smile.setAttribute("aria-expanded", "false");
    if (focused) this.#item?.focus();
  }

  /** @param {KeyboardEvent} event */
  #leaveSix(event) {
    event.stopPropagation();
    this.#closeSix();
  }

  /** @param {string} emoji @param {any} [item] */
  react(emoji, item = this.#item) {
    this.#closeSix();
    this.client.reactions.toggle(item.message, emoji).catch((detail) => tell(item, "message-refused", detail));
  }

  /** All emoji, from the picker. @param {any} item @param {Element} anchor */
  async #pick(item, anchor) {
    if (!(await arrived("emoji-picker"))) return;
    const picker = make("emoji-picker");
    document.body.append(picker);
    this.#held = true;
    picker.addEventListener("pick", (/** @type {any} */ { detail }) => this.react(detail.emoji, item));
    picker.addEventListener("close", () => {
      this.#held = false;
      picker.remove();
      item.focus({ preventScroll: true });
    }, { once: true });
    picker.open(anchor);
  }

  /** @param {any} item @param {string} [emoji] */
  async openReactors(item, emoji) {
    if (!(await arrived("reaction-people"))) return;
    document.body.append(make("reaction-people", { set: { message: item.message, emoji: emoji ?? "" } }));
  }

  // --- menu ---------------------------------------------------------------------------------------------------------

  /** @param {any} [item] @param {boolean} [isSheet] */
  async #openMenu(item = this.#item, isSheet = false) {
    if (!item?.message || item.message.deleted) return;
    this.#held = !isSheet;
    const came = await arrived("message-menu");
    this.#closeSix();
    if (came) {
      const rights = rightsTo(this.client, item.message);
      const menu = make("message-menu", { set: { item, rights, anchor: isSheet ? null : this.more } });
      document.body.append(menu);
      const chosen = await menu.chosen;
      this.#held = false;
      this.#done(item, chosen);
    }
    this.#held = false;
  }

  /** @param {any} item @param {string} chosen an act of message-menu, "" for none, or "react …" */
  #done(item, chosen) {
    if (chosen.startsWith("react ")) return this.react(chosen.slice(6), item);
    if (chosen === "pick") return this.#pick(item, this.bar.isConnected ? this.smile : item);
    if (chosen === "reactors") return this.openReactors(item);
    if (chosen) return this.#act(item, `message-${chosen}`);
    // The dialog gave the focus back; whoever has moved on since keeps it.
    return document.activeElement === document.body && item.isConnected && item.focus({ preventScroll: true });
  }

  /** @param {string} name */
  #tell(name) {
    this.#act(this.#item, name);
  }

  /** @param {any} item @param {string} name */
  async #act(item, name) {
    const { message } = item;
    if (name === "message-reply" || name === "message-quote") return tell(item, name, { message, text: wordsSelectedIn(item) || message.text });
    if (name === "message-edit" || name === "message-delete") return tell(item, name, { message });
    const { act } = await import("./acts.js");
    return act(this, item, name).catch((/** @type {any} */ refusal) => tell(item, "message-refused", refusal));
  }
}

/**
 * One of the emoji at hand.
 *
 * @param {PageElement} page @param {any} message @param {string} emoji @param {() => void} click
 */
export function reactionButton(page, message, emoji, click) {
  const mine = page.client.reactions.shown(message).some((one) => one.emoji === emoji && one.mine);
  return make("button", { class: "emoji", text: emoji, attributes: { type: "button", "aria-pressed": String(mine) }, on: { click } });
}

/** @param {PointerEvent} event */
function placeOf({ clientX, clientY }) {
  return `${clientX} ${clientY}`;
}

/** @param {Event} event */
function itemOf(event) {
  return /** @type {Element} */ (event.target).closest?.("message-item");
}

/** @param {any} item @param {string} name @param {unknown} [detail] */
function tell(item, name, detail) {
  item.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}
