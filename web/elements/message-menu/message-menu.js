/**
 * Everything that can be done with a message: a menu at its button, or on glass a sheet with the message lifted above
 * it. Properties `item` (the message-item), `rights`, `anchor` (null: a sheet). `chosen` is a promise of the act that was
 * chosen, "" for none.
 */

import "../../lib/more-icons.js";

import { make } from "../../lib/dom.js";
import { icon, iconButton } from "../../lib/icons.js";
import { moveFocus } from "../../lib/roving.js";
import { PageElement } from "../element.js";
import { sixFor } from "../message-actions/rights.js";

const EDGE = 8;
const CLOSES = 80;

export class MessageMenu extends PageElement {
  /** @type {any} */ item = null;
  /** @type {Set<string>} */ rights = new Set();
  /** @type {Element | null} */ anchor = null;
  /** @type {(chosen: string) => void} */ #resolve = () => undefined;
  /** @type {Promise<string>} */ chosen = new Promise((resolve) => (this.#resolve = resolve));

  build() {
    const label = this.say("actions.label");
    this.rows = make("div", { class: "rows", attributes: { role: "menu", "aria-label": label } },
      ...this.#acts().map(([act, name, grave, words]) => this.#row(act, name, grave, words)));
    this.dialog = make("dialog", { class: this.anchor ? "menu" : "sheet", attributes: { "aria-label": label } });
    if (!this.anchor) this.dialog.append(this.#lifted(), make("div", { class: "body" }, make("div", { class: "grip" }), this.#six(), this.rows));
    else this.dialog.append(this.rows);
    this.append(this.dialog);
  }

  attach() {
    this.listen(this.dialog, "close", () => this.#choose(""));
    this.listen(this.dialog, "click", (event) => (event.target === this.dialog || event.target.closest(".lifted")) && this.#choose(""));
    this.listen(this.rows, "keydown", (event) => moveFocus(this.rows, "[role='menuitem']", event));
    if (!this.anchor) {
      this.#followDrag();
      this.item.style.visibility = "hidden";
    }
    this.dialog.showModal();
    if (this.anchor) this.#place(this.anchor);
    this.rows.querySelector("[role='menuitem']")?.focus();
  }

  /** At once, so that what is typed next is for what was chosen. @param {string} act */
  #choose(act) {
    this.item.style.visibility = "";
    this.dialog.close();
    this.remove();
    this.#resolve(act);
  }

  /** Which acts there are, in order: name, icon, whether it takes something away, and words. @returns {[string, string, boolean, string][]} */
  #acts() {
    const { message } = this.item;
    const { rights } = this;
    const name = message.author.name;
    /** @type {[boolean, string, string, boolean?, string?][]} */ const all = [
      [rights.has("reply"), "reply", "reply"],
      [rights.has("reply"), "quote", "quote"],
      [rights.has("reply") && Boolean(message.text), "select", "select"],
      [Boolean(message.text), "copy", "copy"],
      [true, "link", "link"],
      [Boolean(message.reactions?.length), "reactors", "people"],
      [rights.has("pin"), message.pinned ? "unpin" : "pin", "pin"],
      [rights.has("topic"), "topic", "topic"],
      [rights.has("move"), "move", "right"],
      [rights.has("edit"), "edit", "edit"],
      [rights.has("hi"), "hi", "wave", false, this.say("actions.hi", { name })],
      [rights.has("talk"), "talk", "forum", false, this.say("actions.talk", { name })],
      [rights.has("clear"), "clear", "smile", true],
      [rights.has("delete"), "delete", "trash", true],
    ];
    return all.filter(([may]) => may).map(([, act, drawn, grave = false, words = this.say(`actions.${act}`)]) => [act, drawn, grave, words]);
  }

  /** @param {string} act @param {string} drawn @param {boolean} grave @param {string} words */
  #row(act, drawn, grave, words) {
    return make("button", { class: grave ? "grave" : "", attributes: { type: "button", role: "menuitem", tabindex: "-1", "data-act": act },
      on: { click: () => this.#choose(act) } }, icon(drawn), words);
  }

  // --- on glass -----------------------------------------------------------------------------------------------------

  #lifted() {
    const { message, answered } = this.item;
    return make("div", { class: "lifted", attributes: { inert: true } }, make("message-item", { set: { message, answered } }));
  }

  #six() {
    if (!this.rights.has("react")) return null;
    const { message } = this.item;
    const mine = this.client.reactions.shown(message).filter((one) => one.mine).map((one) => one.emoji);
    const react = (/** @type {string} */ emoji) => make("button", { class: "emoji", text: emoji,
      attributes: { type: "button", "aria-pressed": String(mine.includes(emoji)) }, on: { click: () => this.#choose(`react ${emoji}`) } });
    return make("div", { class: "six" }, ...sixFor(message).map(react), iconButton("plus", this.say("actions.other_emoji"), () => this.#choose("pick")));
  }

  /** A sheet is drawn down to be closed. */
  #followDrag() {
    let from = NaN;
    const body = this.dialog.querySelector(".body");
    this.listen(body, "pointerdown", (event) => (from = event.clientY));
    this.listen(body, "pointermove", (event) => {
      if (event.clientY - from > CLOSES) this.#choose("");
    });
    for (const name of ["pointerup", "pointercancel"]) this.listen(body, name, () => (from = NaN));
  }

  // --- at its button ------------------------------------------------------------------------------------------------

  /** Below its button where there is room, else above, and never over an edge of the screen. @param {Element} anchor */
  #place(anchor) {
    const at = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.dialog;
    const below = at.bottom + 4 + height <= innerHeight - EDGE;
    const top = below ? at.bottom + 4 : Math.max(EDGE, at.top - 4 - height);
    this.dialog.style.top = `${Math.min(top, Math.max(EDGE, innerHeight - EDGE - height))}px`;
    this.dialog.style.left = `${Math.max(EDGE, Math.min(at.right - width, innerWidth - EDGE - width))}px`;
  }
}
