/**
 * The card that lies before two people, with a curtain at its sides: the question in the reader's language, who has
 *X
 */

import { LONGEST } from "../../lib/limits.js";
import { button, make } from "../../lib/dom.js";
import { lantern } from "../../lib/scenes.js";
import { lengthOf } from "../../lib/lengths.js";
import { makeSeal } from "../../lib/seal.js";
import { PageElement } from "../element.js";


export class CurtainCard extends PageElement {
  /** @type {any} */ user = null;
  /** @type {any} */ curtain = null;
  isNew = false;
  /** @type {(text: string) => void} */ send = () => undefined;
  /** @type {() => void} */ draw = () => undefined;

  build() {
    const { texts, answered, other_answered: otherAnswered, rehearsal } = this.curtain;
    const text = texts[this.language] ?? texts.en ?? "";
    this.append(
      make("div", { class: "drape", attributes: { "aria-hidden": "true" } }),
      make("div", { class: "stage" },
        rehearsal ? make("p", { class: "role", text: this.say("curtain.rehearsal") }) : null,
        make("blockquote", {}, lantern(), make("p", { text, attributes: { lang: this.language } })),
        make("ul", { class: "seats", attributes: { role: "list" } },
          this.#seat(this.client.user, answered, answered ? "curtain.you_answered" : "curtain.you_think"),
          this.#seat(this.user, otherAnswered, this.#othersState(otherAnswered))),
        ...(answered ? [] : [this.#form(), this.#draw()]),
        make("p", { class: "lead", text: this.#promise() })),
      make("div", { class: "drape", attributes: { "aria-hidden": "true" } }),
    );
  }

  /** @param {boolean} answered */
  #othersState(answered) {
    if (this.isNew) return "curtain.then";
    return answered ? "curtain.answered" : "curtain.thinks";
  }

  /** @param {any} user @param {boolean} answered @param {string} key */
  #seat(user, answered, key) {
    return make("li", { class: answered ? "answered" : "" }, makeSeal(user), make("span", { text: this.say(key, { name: user.name }) }));
  }

  #form() {
    const count = make("small", { attributes: { "aria-hidden": "true" } });
    const answer = make("textarea", { text: this.curtain.draft ?? "", attributes: {
      rows: "3", "data-most": LONGEST.answer, required: true, "aria-label": this.say("tie.your_answer"), placeholder: this.say("curtain.placeholder"),
    } });
    const show = () => (count.textContent = `${lengthOf(answer.value)} / ${LONGEST.answer}`);
    answer.addEventListener("input", show);
    show();
    return make("form", { on: { submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      if (answer.value.trim()) this.send(answer.value.trim());
    } } }, answer, make("div", { class: "choices" }, count, make("button", { class: "button", text: this.say(this.isNew ? "tie.wave_back" : "tie.answer"), attributes: { type: "submit" } })));
  }

  #draw() {
    return this.curtain.may_draw ? button(this.say("tie.draw"), () => this.draw()) : null;
  }

  /** What happens next, and until when the card lies there: a day, no countdown. */
  #promise() {
    const date = new Intl.DateTimeFormat(this.language, { weekday: "long", month: "long", day: "numeric" }).format(this.curtain.ends_at);
    const until = this.say("tie.until", { date });
    if (this.curtain.answered) return `${this.say("curtain.waits", { name: this.user.name })} ${until}`;
    return `${this.say("curtain.both")} ${until}`;
  }
}
