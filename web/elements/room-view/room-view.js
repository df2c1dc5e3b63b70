/**
 * A room: its heading, its messages, who types, and the composer; or its door, where one is not in it. Property `room`
 * (id).
 */

import { make } from "../../lib/dom.js";
import { context, PageElement } from "../element.js";
import { arrived, knows, painted, want } from "../later.js";

const WIDE = "(min-width: 1001px)";
/** What stands around the messages, by place: elements that come when the first words stand. */
const AROUND = {
  many: { strip: ["day-question", "pin-strip"], asks: ["greeting-seals"] },
  direct: { view: ["pair-line"], facts: ["pair-days"], strip: ["pin-strip"], asks: ["friend-question"] },
};

export class RoomView extends PageElement {
  room = "";
  #addedAround = false;

  build() {
    this.back = make("a", { class: "back", attributes: { href: "/" } });
    this.heading = make("h1", { attributes: { tabindex: "-1", dir: "auto" } });
    this.about = make("p", { class: "about", attributes: { dir: "auto" } });
    this.here = make("button", { class: "here", attributes: { type: "button" } });
    this.messages = make("message-list", { set: { room: this.room } });
    this.edge = make("div", { class: "edge" });
    this.facts = make("div", { class: "facts" });
    this.strip = make("div", { class: "strip" });
    this.asks = make("div", { class: "asks" });
    this.composer = make("message-composer", { set: { room: this.room } });
    /** @type {any} who belongs here, once one asked */ this.people = null;
    /** @type {any} for whoever cannot write here */ this.door = null;
    this.append(
      make("header", {}, this.back, make("div", { class: "titles" }, this.heading, this.about), this.facts, this.here),
      this.strip, this.messages, this.edge, this.asks, this.composer,
    );
  }

  attach() {
    for (const name of ["room", "rooms", "session"]) this.listen(this.client, name, () => this.show());
    this.listen(this.here, "click", () => this.togglePeople());
    this.listen(this, "message-edit", (event) => this.composer.edit(event.target.message));
    this.listen(this, "message-delete", (event) => this.erase(event.target.message));
    this.listen(this, "message-retry", (event) => this.#item(event, (item) => this.#retry(item)));
    this.listen(this, "message-drop", (event) => this.#item(event, (item) => this.client.outbox.drop(item)));
    this.listen(this.composer, "edit-last", () => this.editLast());
    this.listen(this.composer, "said", () => this.#said());
    this.listen(this, "keydown", (event) => event.key === "Escape" && this.#escape(event));
    context.preferences.set({ room: this.room });
    this.client.watch(this.room);
    this.show();
    this.listen(document, "keydown", (event) => this.#typeOn(event));
    painted(() => this.#layTable());
  }

  /** Who is here is known when the first words stand already. */
  async #layTable() {
    if (this.edge.firstChild || !(await arrived("room-table")) || this.edge.firstChild) return;
    this.edge.append(make("room-table", { set: { room: this.room } }));
  }

  /** The question of the day, pins, what the two of a conversation are to each other: each by itself, as it comes. */
  #addAround() {
    const room = this.#state;
    if (!room?.isMember || !this.client.began || this.#addedAround) return;
    this.#addedAround = true;
    const places = AROUND[room.state.kind === "direct" ? "direct" : "many"];
    for (const [place, tags] of Object.entries(places)) {
      for (const tag of tags.filter(knows)) this.#addTo(place, tag);
    }
  }

  /** @param {string} place @param {string} tag */
  async #addTo(place, tag) {
    if (!(await arrived(tag))) return;
    const where = { strip: this.strip, asks: this.asks, facts: this.facts }[place] ?? this;
    where.append(make(tag, { set: { room: this.room } }));
  }

  /** Two who have both answered a card meet their answers behind a curtain, once; the answers may come after the room. */
  async #openCurtain() {
    const room = this.#state;
    if (room?.state.kind !== "direct" || room.unveiled || room.state.read_seq || room.timeline.lastSeq < 2) return;
    room.unveiled = true;
    if (await arrived("curtain-opening")) this.messages.append(make("curtain-opening", { set: { room: this.room } }));
  }

  get #state() {
    return this.client.find(this.room);
  }

  show() {
    const room = this.#state;
    const inside = this.client.isInside(this.room);
    const archived = Boolean(room?.state.archived);
    this.back.textContent = this.say("rooms.all");
    this.messages.hidden = !room;
    this.edge.hidden = this.here.hidden = !inside;
    this.composer.hidden = !inside || archived;
    if (room) this.#showHeading(room);
    if (archived || (this.client.began && !inside)) this.#openDoor();
    if (!inside) return this.closePeople();
    this.composer.show();
    this.#addAround();
    this.#openCurtain();
    const wanted = context.preferences.chosen.people && matchMedia(WIDE).matches && room?.isMember;
    if (wanted && !this.#seesPeople) want("room-people").then(() => this.#openPeople(), () => undefined);
    return undefined;
  }

  /** @param {import("../../state/room.js").Room} room */
  #showHeading(room) {
    this.heading.textContent = room.title(this.language);
    this.about.textContent = room.about(this.language);
    this.about.title = this.about.textContent;
    this.here.textContent = this.#presence(room);
    this.here.setAttribute("aria-expanded", String(this.#seesPeople));
  }

  /** How many are here, never more than belong to the room; in a conversation of two, whether the other is. @param {import("../../state/room.js").Room} room */
  #presence(room) {
    const { kind, members, online } = room.state;
    const here = Math.min(members, room.online ?? online);
    return kind === "direct" ? this.say(here > 1 ? "room.other_here" : "room.other_away") : this.say("room.people", { count: members, here });
  }

  /** What stands here for whoever cannot write; it follows by itself once it is there. */
  async #openDoor() {
    if (this.door || !(await arrived("room-door")) || this.door) return;
    this.door = make("room-door", { set: { room: this.room } });
    this.listen(this.door, "described", ({ detail }) => {
      this.heading.textContent = detail.title;
      this.about.textContent = detail.about;
    });
    this.composer.before(this.door);
  }

  // --- who is here --------------------------------------------------------------------------------------------------

  get #seesPeople() {
    return Boolean(this.people && !this.people.hidden);
  }

  async togglePeople() {
    if (this.#seesPeople) {
      context.preferences.set({ people: false });
      return this.closePeople();
    }
    if (!(await arrived("room-people"))) return undefined;
    context.preferences.set({ people: true });
    this.#openPeople();
    return this.people.heading.focus();
  }

  #openPeople() {
    if (!this.people) {
      this.people = make("room-people", { set: { room: this.room, hidden: true } });
      this.listen(this.people, "close", () => this.closePeople());
      this.append(this.people);
    }
    this.people.hidden = false;
    this.here.setAttribute("aria-expanded", "true");
    this.people.open();
  }

  closePeople() {
    if (!this.#seesPeople) return;
    const focused = this.people.contains(document.activeElement);
    this.people.hidden = true;
    this.here.setAttribute("aria-expanded", "false");
    if (focused) this.here.focus();
  }

  /** Who comes into a room stands at its heading; whoever begins to type writes. @param {KeyboardEvent} event */
  #typeOn(event) {
    const plain = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    const elsewhere = /** @type {Element} */ (event.target).closest("input, textarea, select, button, a, summary, dialog, message-item");
    if (plain && !elsewhere && !this.composer.hidden) this.composer.focus();
  }

  /** Escape closes who is here, or leads from the messages back to the composer. @param {KeyboardEvent} event */
  #escape(event) {
    const target = /** @type {Node} */ (event.target);
    if (this.messages.contains(target)) this.composer.focus();
    else if (this.people?.contains(target)) {
      context.preferences.set({ people: false });
      this.closePeople();
    }
  }

  /** A visitor's words wait while their writer is asked for a name, here and now. */
  async #said() {
    this.messages.toLatest();
    if (this.client.signedIn) return;
    if (!(await arrived("account-form"))) return;
    const { askForName } = await import("../come-in.js");
    askForName(this, () => this.composer.focus());
  }

  // --- one's own words ------------------------------------------------------------------------------------------------

  editLast() {
    const mine = this.#state?.timeline.messages.filter((message) => message.author.id === this.client.me && !message.deleted);
    const last = mine?.[mine.length - 1];
    if (last) this.composer.edit(last);
  }

  /** @param {any} message */
  async erase(message) {
    const { askFirst } = await import("../ask-first.js");
    if (!(await askFirst(this, "message.confirm_delete", "message.delete"))) return;
    await this.client.ask("message.delete", { room: this.room, seq: message.seq }).catch((refusal) => this.composer.refuse(refusal));
  }

  /** @param {any} event @param {(item: any) => void} act */
  #item(event, act) {
    const item = this.client.outbox.items.find((one) => one.clientId === event.target.item.clientId);
    if (item) act(item);
  }

  /** @param {any} item */
  #retry(item) {
    this.client.outbox.retry(item);
    this.client.outbox.flush(this.client.wire.live && this.client.signedIn);
  }
}
