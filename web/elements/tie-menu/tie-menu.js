/**
 * ⋯ beside somebody: pause, remove as friend, block, and what else the two may change between them. Properties: `user` (id,
 * handle, name), or `room` (id of the conversation with them).
 */

import { make } from "../../lib/dom.js";
import { iconButton } from "../../lib/more-icons.js";
import { userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { tiesOf } from "../../state/ties.js";
import { askFirst } from "../ask-first.js";
import { context, PageElement } from "../element.js";

export class TieMenu extends PageElement {
  /** @type {any} */ user = null;
  room = "";

  build() {
    /** @type {any} */ this.opener = iconButton("more", this.say("tie.ways"), () => undefined);
    this.opener.setAttribute("aria-haspopup", "menu");
    this.menu = make("div", { attributes: { role: "menu", popover: "auto", "aria-label": this.say("tie.ways") } });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.opener.popoverTargetElement = this.menu;
    this.append(this.opener, this.menu, this.error);
    this.hidden = true;
  }

  attach() {
    this.user = this.user ?? this.client.rooms.get(this.room)?.state.other;
    this.listen(this.client, "tie", (event) => event.detail === this.user?.id && this.show());
    this.listen(this.menu, "beforetoggle", (event) => event.newState === "open" && this.#place());
    this.listen(this.menu, "toggle", (event) => event.newState === "open" && this.menu.querySelector("[role]")?.focus());
    this.listen(this.menu, "keydown", (event) => this.#move(event));
    if (!this.user) return;
    if (tiesOf(this.client).get(this.user.id)) this.show();
    else tiesOf(this.client).load(this.user.id).catch(() => undefined);
  }

  show() {
    const tie = tiesOf(this.client).get(this.user.id);
    const items = tie && tie.next !== "you" ? this.#items(tie) : [];
    this.hidden = !items.length;
    this.menu.replaceChildren(...items);
  }

  /** Below its button, within the window; a phone shows it at the foot. */
  #place() {
    const { bottom, right } = this.opener.getBoundingClientRect();
    this.menu.style.setProperty("--top", `${bottom + 4}px`);
    this.menu.style.setProperty("--right", `${Math.max(8, document.documentElement.clientWidth - right)}px`);
  }

  /** @param {KeyboardEvent} event */
  #move(event) {
    /** @type {any[]} */ const items = [...this.menu.querySelectorAll("[role]")];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    items[(to + items.length) % items.length]?.focus();
  }

  // --- what can be done --------------------------------------------------------------------------------------------

  /** @param {any} tie @returns {Node[]} */
  #items(tie) {
    const friend = tie.rung === "friend";
    const known = friend || tie.rung === "acquainted";
    const person = known && !this.user.bot;
    const wish = person && tie.asked && !friend;
    return [
      this.room ? this.#link() : null,
      wish && tie.wants !== "yes" ? this.#item("want.become", () => this.#do("tie.want", { yes: true }), { name: this.user.name }) : null,
      wish && tie.wants === "yes" ? this.#item("want.take_back", () => this.#do("tie.want", { yes: false })) : null,
      friend ? this.#switch(tie) : null,
      person && !tie.rests ? this.#item("tie.rest", () => this.#do("tie.rest", { on: true })) : null,
      person && tie.rests ? this.#item("tie.go_on", () => this.#do("tie.rest", { on: false })) : null,
      friend ? this.#grave("tie.step_back", "tie.confirm_step_back", "tie.step_back") : null,
      tie.next === "unblock" ? this.#item("tie.unblock", () => this.#do("block.remove")) : this.#grave("tie.block", "tie.confirm_block", "block.add"),
    ].filter((item) => item !== null);
  }

  #link() {
    return make("a", { text: this.say("tie.to_profile"), attributes: { role: "menuitem", href: userPath(this.user.handle) }, on: { click: () => this.menu.hidePopover() } });
  }

  /** @param {string} key @param {() => any} act @param {Record<string, string>} [values] */
  #item(key, act, values) {
    return make("button", { text: this.say(key, values), attributes: { type: "button", role: "menuitem" }, on: { click: () => {
      this.menu.hidePopover();
      act();
    } } });
  }

  /** What the other does not learn of. @param {any} tie */
  #switch({ shows_seen: on }) {
    const item = this.#item("tie.show_seen", () => this.#do("tie.show_seen", { on: !on }), { name: this.user.name });
    item.setAttribute("role", "menuitemcheckbox");
    item.setAttribute("aria-checked", String(Boolean(on)));
    return item;
  }

  /** @param {string} key @param {string} question @param {string} method */
  #grave(key, question, method) {
    const item = this.#item(key, async () => {
      if (await askFirst({ say: (/** @type {string} */ words) => this.say(words, { name: this.user.name }) }, question, key)) await this.#do(method);
    });
    item.className = "grave";
    return item;
  }

  /** @param {string} method @param {object} [params] */
  async #do(method, params = {}) {
    this.error.textContent = "";
    try {
      await this.client.ask(method, { user: this.user.id, ...params });
      if (method === "block.add" && this.room) context.go(userPath(this.user.handle));
      await tiesOf(this.client).load(this.user.id);
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
    this.opener.focus();
  }
}
