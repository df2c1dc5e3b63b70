/** Somebody accepted the reader's invitation: are they who was meant? Property `user` (id, name). Says `answered`. */

import { around } from "../../lib/around.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { refusalWords } from "../../lib/refusal.js";
import { tiesOf } from "../../state/ties.js";
import { PageElement } from "../element.js";

export class InvitedAnswer extends PageElement {
  /** @type {any} */ user = null;

  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.choices = make("div", { class: "choices" }, button(this.say("invited.no"), () => this.#answer(false), "action edged"),
      button(this.say("invited.yes"), () => this.#answer(true), "button"));
    this.append(make("p", {}, ...around(this.say("invited.ask"), nameOf(this.user))), this.choices, this.error);
  }

  /** @param {boolean} yes */
  async #answer(yes) {
    this.error.textContent = "";
    try {
      await this.client.ask("invitation.confirm", { user: this.user.id, yes });
      this.choices.remove();
      await tiesOf(this.client).load(this.user.id);
      this.dispatchEvent(new Event("answered", { bubbles: true }));
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }
}
