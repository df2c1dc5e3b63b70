/**
 * A room: its heading, its messages, and a place for the composer. What else stands around the messages and what a reader
 * does there comes with room-parts.js, when the first words stand. Property `room` (id).
 */

import { make } from "../../lib/dom.js";
import { context, PageElement } from "../element.js";
import { painted } from "../later.js";

/** @type {typeof import("./room-parts.js").RoomParts | undefined} once it is loaded */ let RoomParts;

export class RoomView extends PageElement {
  room = "";
  /** Of the message to begin at; 0 for none. */
  seq = 0;
  /** @type {import("./room-parts.js").RoomParts | undefined} */ #parts;

  build() {
    this.back = make("a", { class: "back", attributes: { href: "/" } });
    this.heading = make("h1", { attributes: { tabindex: "-1", dir: "auto" } });
    this.about = make("p", { class: "about", attributes: { dir: "auto" } });
    this.facts = make("div", { class: "facts" });
    this.here = make("button", { class: "here", attributes: { type: "button" } });
    this.strip = make("div", { class: "strip" });
    this.messages = make("message-list", { set: { room: this.room, seq: this.seq } });
    this.edge = make("div", { class: "edge" });
    this.asks = make("div", { class: "asks" });
    this.writing = make("div", { class: "writing" });
    /** @type {any} comes with the parts */ this.composer = null;
    this.append(
      make("header", {}, this.back, make("div", { class: "titles" }, this.heading, this.about), this.facts, this.here),
      this.strip, this.messages, this.edge, this.asks, this.writing,
    );
  }

  attach() {
    for (const name of ["room", "rooms", "session"]) this.listen(this.client, name, () => this.show());
    context.preferences.set({ room: this.room });
    this.client.watch(this.room);
    if (RoomParts) this.#addParts();
    this.show();
    if (!RoomParts) painted(() => this.#load());
  }

  async #load() {
    try {
      ({ RoomParts } = await import("./room-parts.js"));
    } catch {
      dispatchEvent(new Event("notloaded"));
      return;
    }
    this.#addParts();
    this.show();
  }

  #addParts() {
    if (!this.isConnected || this.#parts || !RoomParts) return;
    this.#parts = new RoomParts(this);
    this.#parts.begin();
  }

  /** What the page knows of the room; undefined where one may not see it. */
  get state() {
    return this.client.find(this.room);
  }

  /** Another address of the same room: a message in it, or where one was before. @param {number} seq 0 for none */
  openAt(seq) {
    const place = history.state?.place ?? (seq ? { seq, mark: true } : undefined);
    if (place) this.messages.goTo(place);
  }

  show() {
    const room = this.state;
    const inside = this.client.isInside(this.room);
    this.back.textContent = this.say("rooms.all");
    this.messages.hidden = !room;
    this.edge.hidden = this.here.hidden = !inside;
    this.writing.hidden = !inside || Boolean(room?.state.archived);
    if (room) this.#showHeading(room);
    this.#parts?.show();
  }

  /** @param {import("../../state/room.js").Room} room */
  #showHeading(room) {
    this.heading.textContent = room.title(this.language);
    this.about.textContent = room.about(this.language);
    this.about.title = this.about.textContent;
    this.here.textContent = this.#presence(room);
  }

  /** How many are here, never more than belong to the room; in a conversation of two, whether the other is. @param {import("../../state/room.js").Room} room */
  #presence(room) {
    const { kind, members, online } = room.state;
    const here = Math.min(members, room.online ?? online);
    return kind === "direct" ? this.say(here > 1 ? "room.other_here" : "room.other_away") : this.say("room.people", { count: members, here });
  }
}
