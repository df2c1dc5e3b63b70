/** Who may say hi to the reader. Nobody is told, and to whoever tries all choices look the same. */

import { make } from "../../lib/dom.js";
import { refusalWords } from "../../lib/refusal.js";
import { PageElement } from "../element.js";

const CHOICES = ["room", "answered", "nobody"];

export class HiChoice extends PageElement {
  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.append(make("fieldset", {}, make("legend", { text: this.say("allow.heading") }), ...CHOICES.map((choice) => this.#choice(choice)),
      make("small", { text: this.say("allow.words") }), this.error));
  }

  attach() {
    this.listen(this.client, "session", () => this.#load());
    this.#load();
  }

  /** @param {string} choice */
  #choice(choice) {
    const input = make("input", { attributes: { type: "radio", name: "hi-from", value: choice }, on: { change: () => this.#set(choice) } });
    return make("label", { class: "check" }, input, make("span", { text: this.say(`allow.${choice}`) }));
  }

  async #load() {
    if (!this.client.began || !this.client.signedIn) return;
    await this.#doing(async () => this.#mark((await this.client.ask("poke.list")).from));
  }

  /** @param {string} from */
  #mark(from) {
    for (const input of this.querySelectorAll("input")) input.checked = input.value === from;
  }

  /** @param {string} from */
  #set(from) {
    return this.#doing(() => this.client.ask("poke.allow", { from }));
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
