/**
 * A conversation that begins behind a curtain: it hangs before the first two lines until they are there, then opens on
 * them, once. Property `room` (id). Who wants no motion sees the lines at once.
 */

import { make } from "../../lib/dom.js";
import { lantern } from "../../lib/scenes.js";
import { PageElement } from "../element.js";

export class CurtainOpening extends PageElement {
  room = "";

  build() {
    const cloth = () => make("div", { class: "cloth" });
    this.setAttribute("aria-hidden", "true");
    this.append(cloth(), cloth(), make("p", {}, lantern(), make("span", { text: this.say("curtain.opens") })));
  }

  attach() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.remove();
    this.listen(this.client, "room", (event) => event.detail === this.room && this.#look());
    this.listen(this, "animationend", (event) => event.target.className === "cloth" && this.remove());
    return this.#look();
  }

  #look() {
    const [one, other] = this.client.find(this.room)?.timeline.messages ?? [];
    if (!other) return;
    // Both answers were put there in one step; words that somebody wrote were not.
    if (one.at === other.at && one.author.id !== other.author.id) this.classList.add("open");
    else this.remove();
  }
}
