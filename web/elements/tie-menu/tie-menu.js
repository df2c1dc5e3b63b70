/** ⋯ beside somebody: what can be changed between the two. Property `user` (id, handle, name). */

import { make } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { refusalWords } from "../../lib/refusal.js";
import { tiesOf } from "../../state/ties.js";
import { PageElement } from "../element.js";
import { openMenu } from "../menu.js";
import { tieChoices } from "../tie-choices.js";

export class TieMenu extends PageElement {
  /** @type {any} */ user = null;

  build() {
    /** @type {any} */ this.opener = iconButton("more", this.say("tie.ways"), () => openMenu(this, this.opener, this.#choices));
    this.opener.setAttribute("aria-haspopup", "menu");
    this.opener.setAttribute("aria-expanded", "false");
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.append(this.opener, this.error);
  }

  attach() {
    this.listen(this.client, "tie", (event) => event.detail === this.user.id && this.show());
    this.show();
  }

  get #choices() {
    this.error.textContent = "";
    return tieChoices(this, this.user, (refusal) => (this.error.textContent = refusalWords(this, refusal)));
  }

  show() {
    this.hidden = !tiesOf(this.client).get(this.user.id) || !this.#choices.length;
  }
}
