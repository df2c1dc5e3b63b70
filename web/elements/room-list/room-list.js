/** The rooms one belongs to, with what is unread; the way to other rooms, to settings, to signing in. */

import { make } from "../../lib/dom.js";
import { readPath, roomPath } from "../../lib/paths.js";
import { context, PageElement } from "../element.js";

export class RoomList extends PageElement {
  build() {
    this.name = make("a", { class: "house-name", attributes: { href: "/" } });
    this.rooms = make("ul", { class: "rooms", attributes: { role: "list" } });
    this.find = make("a", { class: "action", attributes: { href: "/rooms" } });
    this.foot = make("div", { class: "foot" });
    this.nav = make("nav", {}, this.rooms, this.find);
    this.append(make("header", {}, this.name), this.nav, this.foot);
  }

  attach() {
    for (const name of ["house", "session", "rooms", "room"]) this.listen(this.house, name, () => this.show());
    this.listen(context.words, "change", () => this.show());
    this.listen(window, "popstate", () => this.show());
    this.show();
  }

  show() {
    this.name.textContent = this.house.card?.name ?? "";
    this.nav.setAttribute("aria-label", this.say("rooms.mine"));
    this.find.textContent = this.say("rooms.find");
    this.#showRooms();
    this.#showFoot();
  }

  #showRooms() {
    const rows = new Map([...this.rooms.children].map((row) => [row.dataset.room, row]));
    const wanted = [...this.house.rooms.values()].map((room) => this.#row(room, rows.get(room.id)));
    if (wanted.some((row, index) => row !== this.rooms.children[index]) || wanted.length !== rows.size) {
      this.rooms.replaceChildren(...wanted);
    }
  }

  /** @param {import("../../state/room.js").Room} room @param {any} row */
  #row(room, row) {
    row ??= make("li", { set: {} }, make("a", { attributes: { href: roomPath(room.id) } },
      make("span", { class: "title" }), make("span", { class: "badge" })));
    row.dataset.room = room.id;
    const [title, badge] = row.firstChild.children;
    title.textContent = room.title(this.language);
    const count = room.calls;
    badge.hidden = !count;
    badge.textContent = count > 99 ? "99+" : String(count || "");
    badge.classList.toggle("mention", room.mentions > 0);
    row.classList.toggle("unread", room.unread > 0 && room.state.notify !== "none");
    row.firstChild.setAttribute("aria-label", this.#label(room, count));
    if (this.#isOpen(room.id)) row.firstChild.setAttribute("aria-current", "page");
    else row.firstChild.removeAttribute("aria-current");
    return row;
  }

  /** @param {import("../../state/room.js").Room} room @param {number} count */
  #label(room, count) {
    const title = room.title(this.language);
    return count ? `${title}, ${this.say("rooms.unread", { count })}` : title;
  }

  /** @param {string} id */
  #isOpen(id) {
    const place = readPath(location.pathname);
    return place.page === "room" ? place.room === id : this.house.openRoom === id && place.page === "home";
  }

  #showFoot() {
    const { user } = this.house;
    if (user) {
      this.foot.replaceChildren(make("a", { class: "me", attributes: { href: "/settings" } },
        make("bdi", { text: user.name }), make("span", { class: "handle", text: `@${user.handle}` })));
    } else if (this.house.began) {
      this.foot.replaceChildren(
        make("a", { class: "button", text: this.say("account.sign_up"), attributes: { href: "/sign-up" } }),
        make("a", { class: "action", text: this.say("account.sign_in"), attributes: { href: "/sign-in" } }),
      );
    } else {
      this.foot.replaceChildren();
    }
  }

  /** Go to the next or last room in the list. @param {number} direction */
  step(direction) {
    const ids = [...this.house.rooms.keys()];
    if (!ids.length) return;
    const at = ids.indexOf(this.house.openRoom);
    context.go(roomPath(/** @type {string} */ (ids[(at + direction + ids.length) % ids.length])));
  }
}
