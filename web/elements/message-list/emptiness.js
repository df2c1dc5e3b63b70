/** What stands in a room that shows no message: it is being loaded, has none, could not be loaded, or is not kept here. */

import { button, change, make } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";

const ROWS = 6;

export class Emptiness {
  #shown = "";

  /** @param {any} list the message-list it stands in */
  constructor(list) {
    this.list = list;
    this.words = make("p");
    this.choices = make("div", { class: "choices" });
    this.card = make("div", { class: "empty", set: { hidden: true } }, drawing("teapot"), this.words, this.choices);
    this.rows = make("div", { class: "skeleton", attributes: { "aria-hidden": "true" } },
      ...Array.from({ length: ROWS }, () => make("div", {}, make("i"), make("i"), make("i"))));
    this.element = make("div", { class: "emptiness" }, this.card, this.rows);
  }

  /** @param {import("../../state/history.js").Line} room */
  show(room) {
    const { client } = this.list;
    const kind = !room.timeline.isEmpty ? "" : !room.timeline.more ? "empty" : room.failed ? "failed" : client.wire.status === "waiting" ? "offline" : "loading";
    const inside = client.isInside(room.id);
    const key = [kind, room.state.role, inside, this.list.language].join(" ");
    change(this.element, { hidden: !kind });
    if (key === this.#shown) return;
    this.#shown = key;
    this.card.hidden = kind === "loading";
    this.rows.hidden = kind !== "loading";
    if (!kind || kind === "loading") return;
    this.words.textContent = this.list.say(kind === "empty" && !inside ? "room.empty_outside" : `room.${kind}`);
    this.choices.replaceChildren(...this.#choices(kind, room));
  }

  /** @param {string} kind @param {import("../../state/history.js").Line} room */
  #choices(kind, room) {
    const { list } = this;
    if (kind === "failed") return [button(list.say("shell.again"), () => list.client.history.again(room.id, list.topic), "button")];
    if (kind !== "empty" || room.state.role !== "owner" || room.state.kind === "direct") return [];
    const tell = (/** @type {string} */ name) => () => list.dispatchEvent(new CustomEvent(name, { bubbles: true }));
    return [button(list.say("room.invite_people"), tell("room-invite"), "button"), button(list.say("room.write_welcome"), tell("room-write"))];
  }
}
