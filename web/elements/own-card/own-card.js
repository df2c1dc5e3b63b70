/** One's own card (名片): what stands on it, and how it looks to a friend to whom it opens. */

import { LONGEST } from "../../lib/limits.js";
import { make } from "../../lib/dom.js";
import { refusalWords } from "../../lib/refusal.js";
import { PageElement } from "../element.js";
import { actingForm, field } from "../forms.js";
import { want } from "../later.js";

/** @type {[string, Record<string, string>][]} */
const LINES = [
  ["company", { autocomplete: "organization" }], ["title", { autocomplete: "organization-title" }], ["phone", { type: "tel", autocomplete: "tel" }],
  ["mail", { type: "email", autocomplete: "email" }], ["wechat", { autocomplete: "off" }],
  ["line", { autocomplete: "off" }], ["whatsapp", { type: "tel", autocomplete: "off" }],
];
const WISHES = ["looking_for", "can_offer"];

export class OwnCard extends PageElement {
  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.section = make("section", { class: "part" }, make("h2", { text: this.say("card.own") }), make("p", { text: this.say("card.own_words") }), this.error);
    this.append(this.section);
    this.#fill();
  }

  async #fill() {
    try {
      const [card] = await Promise.all([this.client.ask("card.get"), want("name-card")]);
      this.form = this.#form(card);
      this.section.append(make("name-card", { set: { user: this.client.user, card: this.#card } }), this.form);
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }

  /** @param {any} card */
  #form(card) {
    const wishes = WISHES.map((name) => make("label", { class: "field", text: this.say(`card.${name}`) },
      make("textarea", { text: card[name] ?? "", attributes: { name, rows: "2", "data-most": LONGEST.wish } })));
    const lines = LINES.map(([name, more]) => field(this.say(`card.${name}`), name, { ...more, value: card[name] ?? "", optional: true, "data-most": LONGEST.cardLine }));
    const form = actingForm(this, [...lines, ...wishes], this.say("composer.save"), async () => {
      await this.client.ask("card.update", this.#card);
    });
    form.noValidate = true;
    form.addEventListener("input", () => this.#preview());
    return form;
  }

  get #card() {
    return Object.fromEntries(new FormData(this.form));
  }

  #preview() {
    const shown = /** @type {any} */ (this.querySelector("name-card"));
    Object.assign(shown, { card: this.#card }).show();
  }
}
