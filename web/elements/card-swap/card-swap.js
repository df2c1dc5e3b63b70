/**
 * Two friends' cards: mine opens to you when yours opens to me, and each can take theirs back. Properties: `user` (the
 * friend) and `state` (as the tie tells it: "", offered, asked or open). Says `changed` when one has done something.
 */

import { button, make } from "../../lib/dom.js";
import { refusalWords } from "../../lib/refusal.js";
import { PageElement } from "../element.js";
import { want } from "../later.js";

export class CardSwap extends PageElement {
  /** @type {any} */ user = null;
  state = "";

  build() {
    this.words = make("p", { class: "lead", text: this.say(`card.${this.state || "none"}`, { name: this.user.name }) });
    this.card = make("div");
    this.ways = make("div", { class: "ways" });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.append(make("h2", { text: this.say("card.heading") }), this.words, this.card, this.ways, this.error);
    this.#fill();
  }

  async #fill() {
    if (this.state === "open") await this.#doing(() => this.#showTheirs());
    if (this.state === "open" || this.state === "offered") return this.ways.append(this.#act("card.take_back"), make("small", { text: this.say("card.take_back_words") }));
    return this.#doing(async () => {
      const mine = await this.client.ask("card.get");
      const edit = make("a", { class: Object.keys(mine).length ? "action" : "button", text: this.say("card.fill"), attributes: { href: "/settings" } });
      this.ways.append(...(Object.keys(mine).length ? [this.#act("card.offer", "button")] : []), edit);
    });
  }

  async #showTheirs() {
    const [card] = await Promise.all([this.client.ask("card.get", { user: this.user.id }), want("name-card")]);
    this.card.replaceChildren(make("name-card", { set: { user: this.user, card } }));
  }

  /** @param {string} method @param {string} [kind] */
  #act(method, kind) {
    return button(this.say(method), () => this.#doing(async () => {
      await this.client.ask(method, { user: this.user.id });
      this.dispatchEvent(new Event("changed"));
    }), kind);
  }

  /** @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = "";
    try {
      await work();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }
}
