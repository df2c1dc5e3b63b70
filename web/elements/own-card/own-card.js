/** One's own card (名片): what stands on it, and how it looks to a friend to whom it opens. */

import { make } from "../../lib/dom.js";
import { PageElement } from "../element.js";
import { field, markField, refusalWords } from "../forms.js";
import { want } from "../later.js";

/** @type {[string, Record<string, string>][]} */
const LINES = [
  ["company", { autocomplete: "organization" }], ["title", { autocomplete: "organization-title" }], ["phone", { type: "tel", autocomplete: "tel" }],
  ["mail", { type: "email", autocomplete: "email" }], ["wechat", { autocomplete: "off" }],
];
const WISHES = ["looking_for", "can_offer"];

export class OwnCard extends PageElement {
  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.done = make("p", { class: "done", attributes: { role: "status" } });
    this.form = make("form", { attributes: { novalidate: true } });
    this.append(make("section", { class: "card" }, make("h2", { text: this.say("card.own") }), make("p", { text: this.say("card.own_words") }), this.form, this.error, this.done));
    this.#fill();
  }

  async #fill() {
    await Promise.all([want("name-card"), this.#doing(async () => {
      const card = await this.house.ask("card.get");
      this.#build(card);
    })]);
    if (this.form.childElementCount) this.form.before(make("name-card", { set: { user: this.house.user, card: this.#card } }));
  }

  /** @param {any} card */
  #build(card) {
    const wishes = WISHES.map((name) => make("label", { class: "field", text: this.say(`card.${name}`) },
      make("textarea", { text: card[name] ?? "", attributes: { name, rows: "2", maxlength: "280" } })));
    this.form.append(...LINES.map(([name, more]) => field(this.say(`card.${name}`), name, { ...more, value: card[name] ?? "", optional: true, maxlength: "120" })), ...wishes,
      make("button", { class: "button", text: this.say("composer.save"), attributes: { type: "submit" } }));
    this.form.addEventListener("input", () => this.#preview());
    this.form.addEventListener("submit", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#doing(async () => {
        await this.house.ask("card.update", this.#card);
        this.done.textContent = this.say("settings.saved");
      });
    });
  }

  get #card() {
    return Object.fromEntries(new FormData(this.form));
  }

  #preview() {
    const shown = /** @type {any} */ (this.querySelector("name-card"));
    if (shown) Object.assign(shown, { card: this.#card }).show();
    this.done.textContent = "";
  }

  /** @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = this.done.textContent = "";
    markField(this, "");
    try {
      await work();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
      markField(this, /** @type {any} */ (refusal).data?.path);
    }
  }
}
