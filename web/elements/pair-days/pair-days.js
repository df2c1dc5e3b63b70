/** How far two are on the way to being friends: the days on which both wrote, as dots. Property `room` (id of their conversation). */

import { make } from "../../lib/dom.js";
import { tiesOf } from "../../state/ties.js";
import { PageElement } from "../element.js";

/** The third day is the one that makes friends. */
const DAYS = 3;

export class PairDays extends PageElement {
  room = "";

  build() {
    this.words = make("span", { text: this.say("days.label"), attributes: { "aria-hidden": "true" } });
    this.dots = make("span", { class: "dots", attributes: { "aria-hidden": "true" } }, ...Array.from({ length: DAYS }, () => make("i")));
    this.why = make("div", { class: "why", attributes: { popover: "auto" } });
    this.opener = make("button", { attributes: { type: "button" } }, this.words, this.dots);
    this.opener.popoverTargetElement = this.why;
    this.opener.hidden = true;
    this.append(this.opener, this.why);
  }

  attach() {
    this.listen(this.client, "tie", (event) => event.detail === this.#other?.id && this.show());
    this.listen(this.why, "beforetoggle", () => this.why.style.setProperty("--top", `${this.opener.getBoundingClientRect().bottom + 6}px`));
    this.show();
  }

  get #other() {
    return this.client.rooms.get(this.room)?.state.other;
  }

  show() {
    const tie = tiesOf(this.client).get(this.#other?.id ?? "");
    const counts = tie?.rung === "acquainted" && !this.#other?.bot;
    this.opener.hidden = !counts;
    if (!counts) return;
    const days = Math.min(tie.days ?? 0, DAYS - 1);
    [...this.dots.children].forEach((dot, at) => dot.classList.toggle("on", at < days));
    this.opener.setAttribute("aria-label", this.say("days.of", { count: days }));
    this.why.textContent = this.say("days.why", { name: this.#other?.name ?? "" });
  }
}
