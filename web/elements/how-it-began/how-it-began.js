/**
 * How two came to know each other: the room, the day, the message it was about, and the question they both answered.
 * Properties: `user` (the other), `tie`, and `whole` (the answers, too: where they do not follow as the first messages).
 */

import { make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { originRoom } from "../../lib/origin.js";
import { roomPath } from "../../lib/paths.js";
import { plainText } from "../../lib/plain-text.js";
import { lantern } from "../../lib/scenes.js";
import { scriptLanguage } from "../../lib/script-language.js";
import { makeSeal } from "../../lib/seal.js";
import { dayKey } from "../../lib/times.js";
import { PageElement } from "../element.js";

export class HowItBegan extends PageElement {
  /** @type {any} */ user = null;
  /** @type {any} */ tie = null;
  whole = false;

  attach() {
    this.show();
  }

  show() {
    const { origin } = this.tie;
    const parts = [this.#place(origin), this.#about(origin), this.#question(origin), this.whole ? this.#answers(origin.answers ?? []) : null];
    this.replaceChildren(...parts.filter((part) => part !== null));
    const [first] = origin.answers ?? [];
    this.classList.toggle("answered", !this.whole && (origin.answers ?? []).length > 1);
    this.classList.toggle("mine-first", first?.author.id === this.client.me);
  }

  /** @param {any} origin */
  #place(origin) {
    const day = this.#day(origin.at);
    const began = make("span", { text: this.say("began.heading") });
    if (origin.how !== "poke") return make("p", { class: "place" }, began, make("span", { text: this.say(`began.${origin.how}`, { date: day }) }));
    const room = make(this.client.rooms.has(origin.room) ? "a" : "span", { class: "room", attributes: { href: this.client.rooms.has(origin.room) ? roomPath(origin.room) : undefined } },
      icon("hash"), originRoom(this, origin));
    return make("p", { class: "place" }, began, make("span", {}, room), make("span", { text: day }));
  }

  /** @param {number} at */
  #day(at) {
    const sameYear = dayKey(at).slice(0, 4) === dayKey(this.client.now()).slice(0, 4);
    return new Intl.DateTimeFormat(this.language, { weekday: "long", day: "numeric", month: "long", year: sameYear ? undefined : "numeric" }).format(at);
  }

  /** @param {any} origin */
  #about({ message }) {
    if (!message) return null;
    const text = plainText(message.text);
    const mine = message.author.id === this.client.me;
    return make("p", { class: "about" }, make("span", { text: this.say(mine ? "began.about_mine" : "began.about_theirs", { name: this.user.name }) }),
      make("q", { text, attributes: { lang: scriptLanguage(text) || undefined } }));
  }

  /** @param {any} origin */
  #question({ texts = {} }) {
    const text = texts[this.language] ?? texts.en;
    return text ? make("blockquote", {}, lantern(), make("p", { text, attributes: { lang: this.language } })) : null;
  }

  /** @param {any[]} answers */
  #answers(answers) {
    if (!answers.length) return null;
    return make("div", { class: "answers" }, ...answers.map(({ author, text }) => make("figure", { class: author.id === this.client.me ? "mine" : "" },
      makeSeal(author), make("p", { text: plainText(text), attributes: { dir: "auto", lang: scriptLanguage(text) || undefined } }))));
  }
}
