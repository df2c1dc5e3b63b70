/**
 * What came of a poke about a message: sent, and how to take it back; or why it cannot be done yet, and the way on.
 * Properties `message` and `gesture`. It pokes when it comes onto the page.
 */

import { button, make } from "../../lib/dom.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { learnSent } from "../../state/pokes.js";
import { PageElement } from "../element.js";

export class PokeNote extends PageElement {
  /** @type {any} */ message = null;
  gesture = "";

  build() {
    this.words = make("p", { attributes: { role: "status", tabindex: "-1" } });
    this.ways = make("div");
    this.append(this.words, this.ways);
    this.#poke();
  }

  async #poke() {
    const { room, seq, author } = this.message;
    try {
      const { sent, room: conversation } = await this.client.ask("poke.send", { room, to: author.id, gesture: this.gesture, seq });
      if (sent) this.#say(this.say("poke.done", { name: author.name, gesture: this.say(`gesture.${this.gesture}`) }), this.#takeBack(sent.poke));
      // Pokes that cross are a return: a card lies between the two now.
      else this.#say(this.say("poke.crossed", { name: author.name }), this.#link(conversation ? roomPath(conversation) : userPath(author.handle), conversation ? "tie.talk" : "tie.to_card"));
    } catch (refusal) {
      this.#say(refusalWords(this, /** @type {any} */ (refusal)), this.#link(userPath(author.handle), "tie.to_profile"));
    }
    learnSent(this.client);
  }

  /** @param {string} words @param {Node} way */
  #say(words, way) {
    this.words.textContent = words;
    this.ways.replaceChildren(way, button(this.say("people.close"), () => this.#leave()));
    // The button that was pressed may be gone by now.
    if (this.parentElement?.matches(":focus-within, :focus") || document.activeElement === document.body) this.words.focus({ preventScroll: true });
  }

  /** @param {string} poke */
  #takeBack(poke) {
    return button(this.say("tie.withdraw"), async () => {
      try {
        await this.client.ask("poke.withdraw", { poke });
        learnSent(this.client);
        this.#leave();
      } catch (refusal) {
        this.words.textContent = refusalWords(this, /** @type {any} */ (refusal));
      }
    });
  }

  /** @param {string} href @param {string} key */
  #link(href, key) {
    return make("a", { class: "action", text: this.say(key), attributes: { href } });
  }

  #leave() {
    const item = this.parentElement;
    const focused = this.contains(document.activeElement);
    this.remove();
    if (focused) item?.focus();
  }
}
