/** The people one has something with: who poked, cards that wait, friends and acquaintances; and a code for who is beside one. */

import { make, nameOf } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";
import { userPath } from "../../lib/paths.js";
import { makeSeal } from "../../lib/seal.js";
import { PageElement } from "../element.js";
import { button, field, refusalWords } from "../forms.js";

/** What waits for the reader stands first. */
const ORDER = ["return", "answer", "talk", "wait", "sent", "rests", "unblock"];

export class PeoplePage extends PageElement {
  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.list = make("ul", { class: "ties", attributes: { role: "list" } });
    this.none = make("div", { class: "empty", set: { hidden: true } }, drawing("path"), make("p", { text: this.say("ties.none") }),
      make("a", { class: "button", text: this.say("rooms.find"), attributes: { href: "/rooms" } }));
    this.append(
      make("header", {}, make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } }),
        make("h1", { text: this.say("ties.heading"), attributes: { tabindex: "-1" } })),
      make("div", { class: "scroller" }, this.error, this.none, this.list, this.#met()),
    );
  }

  attach() {
    this.listen(this.house, "inbox", () => this.load());
    this.listen(this.house, "session", () => this.load());
    this.listen(this.house, "met", (event) => this.#isBeside(event.detail));
    if (this.house.began) this.load();
  }

  async load() {
    if (!this.house.signedIn) return;
    await this.#doing(async () => {
      const { ties } = await this.house.ask("tie.list");
      const order = (/** @type {any} */ tie) => ORDER.indexOf(tie.next);
      ties.sort((/** @type {any} */ one, /** @type {any} */ other) => order(one) - order(other));
      this.list.replaceChildren(...ties.map((/** @type {any} */ tie) => this.#row(tie)));
      this.none.hidden = ties.length > 0;
      this.house.readInbox();
    });
  }

  /** @param {any} tie */
  #row(tie) {
    const waits = tie.next === "return" || tie.next === "answer";
    const words = tie.next === "talk" ? this.say(`tie.rung.${tie.rung}`) : this.say(`tie.short.${tie.next}`);
    return make("li", { class: waits ? "waits" : "" }, make("a", { attributes: { href: userPath(tie.user.handle) } }, makeSeal(tie.user),
      make("span", {}, nameOf(tie.user.name), make("small", { text: words }))));
  }

  /** Two side by side: one shows a code, the other enters it, both confirm. */
  #met() {
    const shown = make("div", { class: "code", attributes: { role: "status" } });
    const show = button(this.say("met.show"), () => this.#doing(async () => {
      const { code } = await this.house.ask("met.show");
      shown.replaceChildren(make("output", { text: code }), make("small", { text: this.say("met.words") }));
    }), "button");
    const form = make("form", { on: { submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#doing(async () => this.#confirm((await this.house.ask("met.enter", { code: new FormData(form).get("code") })).user));
    } } }, field(this.say("met.enter"), "code", { inputmode: "numeric", autocomplete: "off", maxlength: "12" }),
      make("button", { class: "action", text: this.say("met.go"), attributes: { type: "submit" } }));
    this.confirming = make("div", { attributes: { role: "status" } });
    return make("section", { class: "card" }, make("h2", { text: this.say("met.heading") }), make("p", { class: "lead", text: this.say("met.lead") }), show, shown, form, this.confirming);
  }

  /** Somebody entered the code that is shown here. @param {string} id */
  async #isBeside(id) {
    await this.#doing(async () => this.#confirm((await this.house.ask("user.get", { users: [id] })).users[0]));
  }

  /** @param {any} user */
  #confirm(user) {
    this.confirming.replaceChildren(make("p", {}, nameOf(user.name), " ", this.say("met.is_it")),
      button(this.say("met.confirm"), () => this.#doing(async () => {
        await this.house.ask("met.confirm", { user: user.id });
        this.confirming.replaceChildren(make("p", { text: this.say("met.confirmed") }));
        await this.load();
      }), "button"));
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
