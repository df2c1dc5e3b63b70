/**
 * "Become friends?", asked of each of two in private, once they have both written on two days. Neither learns what the
 * other pressed. A year after it began it shows once how it began, quietly. Property `room` (id of the conversation).
 */

import { button, make } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { refusalWords } from "../../lib/refusal.js";
import { tiesOf } from "../../state/ties.js";
import { context, PageElement } from "../element.js";
import { want } from "../later.js";

const YEAR = 365 * 86_400_000;
/** After so many days the year is no longer spoken of to who was away. */
const YEAR_SHOWN = 30 * 86_400_000;

export class FriendQuestion extends PageElement {
  room = "";

  build() {
    this.question = make("div", { class: "question", set: { hidden: true } });
    this.year = make("section", { class: "year", attributes: { "aria-label": this.say("began.year") }, set: { hidden: true } });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.append(this.year, this.question, this.error);
  }

  attach() {
    this.listen(this.client, "tie", (event) => event.detail === this.#other?.id && this.show());
    this.show();
  }

  get #other() {
    return this.client.rooms.get(this.room)?.state.other;
  }

  show() {
    const other = this.#other;
    const tie = other && tiesOf(this.client).get(other.id);
    if (!tie) return;
    const open = Boolean(tie.asked) && !tie.wants && tie.rung === "acquainted";
    if (open && this.question.hidden) this.#ask(other);
    this.question.hidden = !open;
    this.#lookBack(other, tie);
  }

  // --- friends? ----------------------------------------------------------------------------------------------------

  /** @param {any} other */
  #ask(other) {
    this.question.replaceChildren(
      make("div", {}, make("p", {}, make("strong", { text: this.say("want.ask", { name: other.name }) }), " ", this.say("want.private")), make("p", { text: this.say("want.words") })),
      make("div", { class: "choices" }, button(this.say("want.not_yet"), () => this.#answer(other, false), "action edged"),
        button(this.say("want.yes"), () => this.#answer(other, true), "button")));
  }

  /** @param {any} other @param {boolean} yes */
  async #answer(other, yes) {
    this.error.textContent = "";
    try {
      await this.client.ask("tie.want", { user: other.id, yes });
      await tiesOf(this.client).load(other.id);
      /** @type {HTMLElement | null | undefined} */ (this.closest("room-view")?.querySelector("message-composer textarea"))?.focus();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }

  // --- a year later ------------------------------------------------------------------------------------------------

  /** @param {any} other @param {any} tie */
  async #lookBack(other, tie) {
    const since = tie.origin ? this.client.now() - tie.origin.at : 0;
    const due = since >= YEAR && since < YEAR + YEAR_SHOWN && !context.preferences.chosen.years?.includes(this.room);
    if (!due || !this.year.hidden || !(await want("how-it-began").then(() => true, () => false))) return;
    const close = iconButton("close", this.say("people.close"), () => {
      this.year.hidden = true;
      context.preferences.set({ years: [...context.preferences.chosen.years ?? [], this.room] });
    });
    this.year.replaceChildren(make("p", { text: this.say("began.year") }), close, make("how-it-began", { set: { user: other, tie, whole: true } }));
    this.year.hidden = false;
  }
}
