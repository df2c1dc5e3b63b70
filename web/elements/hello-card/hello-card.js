/**
 * A hello as its receiver sees it: who, from which room, why, the message it is about, and the sender's last lines there.
 * Shown to the receiver, and to the sender before it is sent. Property `hello`: {user, room, gesture, message?, lines}.
 */

import { make, nameOf } from "../../lib/dom.js";
import { plainText } from "../../lib/plain-text.js";
import { scriptLanguage } from "../../lib/script-language.js";
import { drawSeal } from "../../lib/seal.js";
import { clockTime, dayKey, dayName, dayWithin } from "../../lib/times.js";
import { PageElement } from "../element.js";

export class HelloCard extends PageElement {
  /** @type {any} */ hello = null;

  attach() {
    this.show();
  }

  show() {
    const { user, room, gesture, message, lines } = this.hello;
    // The drawn seal and never the picture, which could have been chosen for this one person.
    this.replaceChildren(
      make("header", { attributes: { "data-drawn": true } }, drawSeal(user), make("div", {}, make("p", {}, nameOf(user), make("small", { text: `@${user.handle}` })),
        make("p", {}, make("span", { class: "why", text: this.say(`hello.${gesture}`) }), make("small", { text: this.say("hello.from", { room }) })))),
      message ? this.#about(message) : "",
      lines.length ? make("div", { class: "lines" }, make("small", { text: this.say("hello.lines", { name: user.name }) }),
        ...lines.map((/** @type {any} */ line) => this.#line(line))) : "");
  }

  /** @param {any} message of the receiver's */
  #about(message) {
    const when = `${dayName(this.language, message.at, this.client.now())} ${clockTime(this.language, message.at)}`;
    return make("div", { class: "about" }, make("small", { text: this.say("hello.about", { when }) }), this.#words("p", message.text));
  }

  /** @param {any} line */
  #line({ text, at }) {
    const now = this.client.now();
    const when = dayKey(at) === dayKey(now) ? clockTime(this.language, at) : dayWithin(this.language, at, now);
    return make("p", {}, this.#words("span", text), make("time", { text: when }));
  }

  /** @param {string} tag @param {string} text */
  #words(tag, text) {
    const plain = plainText(text);
    return make(tag, { class: "words", text: plain, attributes: { dir: "auto", lang: scriptLanguage(plain) || undefined } });
  }
}
