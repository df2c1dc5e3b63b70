/** A card (名片) as it is handed over. Properties: `user` (whose) and `card` (what stands on it). */

import { make, nameOf } from "../../lib/dom.js";
import { PageElement } from "../element.js";

export class NameCard extends PageElement {
  /** @type {any} */ user = null;
  /** @type {any} */ card = {};

  attach() {
    this.show();
  }

  show() {
    const { company, title, phone, mail, wechat, line, whatsapp, looking_for: lookingFor, can_offer: canOffer } = this.card;
    const lines = [["card.phone", phone, phone && `tel:${phone.replace(/[^\d+]/g, "")}`], ["card.mail", mail, mail && `mailto:${mail}`],
      ["card.wechat", wechat, ""], ["card.line", line, ""], ["card.whatsapp", whatsapp, ""]];
    const wishes = [["card.looking_for", lookingFor], ["card.can_offer", canOffer]];
    this.replaceChildren(
      make("div", { class: "whose" }, nameOf(this.user), make("p", { text: [title, company].filter(Boolean).join(" · "), attributes: { dir: "auto" } })),
      make("dl", {}, ...lines.flatMap(([key, text, href]) => this.#line(key ?? "", text, href)), ...wishes.flatMap(([key, text]) => this.#line(key ?? "", text))),
    );
  }

  /** @param {string} key @param {string} [text] @param {string} [href] @returns {Node[]} */
  #line(key, text, href) {
    if (!text) return [];
    const said = href ? make("a", { text, attributes: { href } }) : text;
    return [make("dt", { text: this.say(key) }), make("dd", { attributes: { dir: "auto" } }, said)];
  }
}
