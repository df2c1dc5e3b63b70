/**
 * The newest pin of a room in one line of its heading, and how many there are; on a phone the number alone. It leads to
 * all of them. Property `room` (id).
 */

import { make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { messageWords } from "../../lib/plain-text.js";
import { pinsOf } from "../../state/pins.js";
import { PageElement } from "../element.js";
import { arrived } from "../later.js";

const SHOWN = 140;

export class PinStrip extends PageElement {
  room = "";

  build() {
    this.hidden = true;
    this.words = make("span", { class: "words", attributes: { dir: "auto" } });
    this.count = make("small", { attributes: { "aria-hidden": "true" } });
    this.said = make("span", { class: "unseen" });
    this.button = make("button", { attributes: { type: "button", "aria-haspopup": "dialog" }, on: { click: () => this.#open() } },
      icon("pin"), this.said, this.words, this.count);
    this.append(this.button);
  }

  attach() {
    this.pins = pinsOf(this.client, this.room);
    this.listen(this.pins, "change", () => this.show());
    this.listen(this.client, "room", ({ detail }) => detail === this.room && this.inTime());
    this.listen(this.client, "people", () => this.later());
    if (!this.pins.messages) this.pins.load();
    this.show();
  }

  show() {
    const pins = (this.pins?.messages ?? []).filter(({ author }) => !this.client.blocks.has(author.id));
    const [newest] = pins;
    this.hidden = !newest;
    if (!newest) return;
    this.words.textContent = messageWords(newest, this, SHOWN, this.client.people.calledIn(newest));
    this.count.textContent = String(pins.length);
    this.said.textContent = `${this.say("pins.count", { count: pins.length })}: `;
  }

  async #open() {
    if (!(await arrived("pin-list"))) return;
    const dialog = make("dialog", { class: "list", attributes: { "aria-label": this.say("pins.heading") } });
    const { closable } = await import("../closable.js");
    closable(dialog, this.say("pins.heading"), this.say("people.close"), make("pin-list", { set: { room: this.room } }));
    this.append(dialog);
    dialog.showModal();
  }
}
