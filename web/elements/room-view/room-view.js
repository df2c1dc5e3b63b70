/** A room: its heading, its messages, who types, and the composer. Property `room` (id). */

import { make } from "../../lib/dom.js";
import { context, PageElement } from "../element.js";

export class RoomView extends PageElement {
  room = "";
  /** @type {any} */ #typing = undefined;

  build() {
    this.back = make("a", { class: "back", attributes: { href: "/" } });
    this.heading = make("h1", { attributes: { tabindex: "-1" } });
    this.about = make("p", { class: "about" });
    this.here = make("button", { class: "here", attributes: { type: "button" } });
    this.messages = make("message-list", { set: { room: this.room } });
    this.typing = make("p", { class: "typing" });
    this.composer = make("message-composer", { set: { room: this.room } });
    this.notice = make("div", { class: "notice" });
    this.people = make("room-people", { set: { room: this.room, hidden: true } });
    this.append(
      make("header", {}, this.back, make("div", { class: "titles" }, this.heading, this.about), this.here),
      this.messages, this.typing, this.notice, this.composer, this.people,
    );
  }

  attach() {
    for (const name of ["room", "rooms", "session"]) this.listen(this.house, name, () => this.show());
    this.listen(context.words, "change", () => this.show());
    this.listen(this.here, "click", () => this.togglePeople());
    this.listen(this, "message-edit", (event) => this.composer.edit(event.target.message));
    this.listen(this, "message-delete", (event) => this.erase(event.target.message));
    this.listen(this, "message-retry", (event) => this.#item(event, (item) => this.#retry(item)));
    this.listen(this, "message-drop", (event) => this.#item(event, (item) => this.house.outbox.drop(item)));
    this.listen(this.composer, "edit-last", () => this.editLast());
    this.listen(document, "keydown", (event) => event.key === "Escape" && this.closePeople());
    context.preferences.set({ room: this.room });
    this.house.watch(this.room);
    this.#typing = setInterval(() => this.showTyping(), 1000);
    this.show();
    if (matchMedia("(min-width: 721px)").matches) this.composer.focus();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearInterval(this.#typing);
  }

  get #state() {
    return this.house.rooms.get(this.room);
  }

  show() {
    const room = this.#state;
    this.back.textContent = this.say("rooms.all");
    this.#showNotice(room);
    this.messages.hidden = this.composer.hidden = !room;
    this.here.hidden = !room;
    if (!room) return;
    this.heading.textContent = room.title(this.language);
    this.about.textContent = room.about(this.language);
    this.about.title = this.about.textContent;
    this.here.textContent = this.say("room.people", { count: room.state.members, here: room.online ?? room.state.online });
    this.here.setAttribute("aria-expanded", String(!this.people.hidden));
    this.composer.show();
    this.showTyping();
  }

  /** A room that one is not in: join it, or hear that it is not to be had. @param {any} room */
  #showNotice(room) {
    if (room || !this.house.began) {
      this.notice.replaceChildren();
      return;
    }
    if (this.notice.childElementCount) return;
    this.heading.textContent = this.say("room.outside");
    const button = this.house.signedIn
      ? make("button", { class: "button", text: this.say("room.join"), attributes: { type: "button" }, on: { click: () => this.join() } })
      : make("a", { class: "button", text: this.say("account.sign_up"), attributes: { href: "/sign-up" } });
    this.notice.replaceChildren(make("p", { text: this.say("room.outside_words") }), button);
  }

  async join() {
    try {
      await this.house.ask("room.join", { room: this.room });
      this.house.watch(this.room);
    } catch {
      this.notice.replaceChildren(make("p", { text: this.say("room.not_found") }),
        make("a", { class: "button", text: this.say("rooms.find"), attributes: { href: "/rooms" } }));
    }
  }

  showTyping() {
    const names = this.#state?.typing(Date.now(), this.house.me).map((user) => user.name) ?? [];
    const words = names.length > 2 ? this.say("typing.many") : this.say(`typing.${names.length}`, { a: names[0] ?? "", b: names[1] ?? "" });
    this.typing.textContent = names.length ? words : "";
  }

  togglePeople() {
    this.people.hidden = !this.people.hidden;
    this.here.setAttribute("aria-expanded", String(!this.people.hidden));
    if (!this.people.hidden) this.people.open();
  }

  closePeople() {
    if (this.people.hidden) return;
    this.people.hidden = true;
    this.here.setAttribute("aria-expanded", "false");
    this.here.focus();
  }

  editLast() {
    const mine = this.#state?.timeline.messages.filter((message) => message.author.id === this.house.me && !message.deleted);
    const last = mine?.[mine.length - 1];
    if (last) this.composer.edit(last);
  }

  /** @param {any} message */
  async erase(message) {
    if (!confirm(this.say("message.confirm_delete"))) return;
    await this.house.ask("message.delete", { room: this.room, seq: message.seq }).catch((refusal) => this.composer.refuse(refusal));
  }

  /** @param {any} event @param {(item: any) => void} act */
  #item(event, act) {
    const item = this.house.outbox.items.find((one) => one.clientId === event.target.item.clientId);
    if (item) act(item);
  }

  /** @param {any} item */
  #retry(item) {
    this.house.outbox.retry(item);
    this.house.outbox.flush(this.house.wire.live && this.house.signedIn);
  }
}
