/** The pinned messages of a room: who said what, each leading to where it was said. Property `room` (id). */

import { button, make, nameOf } from "../../lib/dom.js";
import { messagePath } from "../../lib/paths.js";
import { messageWords } from "../../lib/plain-text.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { shortDate } from "../../lib/times.js";
import { pinsOf } from "../../state/pins.js";
import { PageElement } from "../element.js";

const SHOWN = 400;

export class PinList extends PageElement {
  room = "";

  build() {
    this.none = make("p", { class: "empty" });
    this.rows = make("ul", { attributes: { role: "list" } });
    this.error = make("p", { class: "error", attributes: { role: "status" } });
    this.append(this.none, this.rows, this.error);
  }

  attach() {
    this.pins = pinsOf(this.client, this.room);
    this.listen(this.pins, "change", () => this.show());
    this.listen(this.client, "people", () => this.later());
    if (!this.pins.messages) this.pins.load();
    this.show();
  }

  show() {
    const { messages, failed } = this.pins ?? {};
    this.none.textContent = messages?.length ? "" : this.say(messages ? "pins.none" : failed ? "room.failed" : "shell.loading");
    this.rows.replaceChildren(...(messages ?? []).map((message) => this.#row(message)));
  }

  /** @param {import("../../lib/shapes.js").Message} message */
  #row(message) {
    const { room, seq, at, author } = message;
    const name = author.name || this.say("people.left");
    const isBlocked = this.client.blocks.has(author.id);
    const words = isBlocked ? this.say("message.blocked_answered") : messageWords(message, this, SHOWN, this.client.people.calledIn(message));
    const link = make("a", { attributes: { href: messagePath(room, seq) } },
      ...(isBlocked ? [] : [makeSeal({ ...author, name }), nameOf({ id: author.id, name })]),
      make("time", { text: shortDate(this.language, at), attributes: { datetime: new Date(at).toISOString() } }),
      make("span", { class: "words", text: words, attributes: { dir: "auto" } }));
    return make("li", {}, link, this.#mayUnpin ? button(this.say("actions.unpin"), () => this.#unpin(seq)) : null);
  }

  get #mayUnpin() {
    const room = this.client.rooms.get(this.room);
    return Boolean(room && !room.state.archived && (room.moderates || room.state.kind === "direct"));
  }

  /** @param {number} seq */
  #unpin(seq) {
    this.client.ask("message.pin", { room: this.room, seq, pinned: false }).catch((refusal) => (this.error.textContent = refusalWords(this, refusal)));
  }
}
