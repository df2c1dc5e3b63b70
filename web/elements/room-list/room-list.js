/** The rooms one belongs to, with what is unread; the way to people, to more rooms, to settings and to signing in. */

import { change, make, setAttribute } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";
import { readPath, roomPath } from "../../lib/paths.js";
import { makeSeal } from "../../lib/seal.js";
import { context, PageElement } from "../element.js";
import { arrived, painted } from "../later.js";

/** A lantern with a number for those who see it, and words for those who hear it. @param {string} kind the class */
const counted = (kind) => [make("span", { class: kind, attributes: { "aria-hidden": "true" } }), make("span", { class: "unseen" })];

/** @param {Element} link @param {number} number @param {string} words */
function count(link, number, words) {
  const [, badge, heard] = /** @type {any} */ (link.children);
  change(badge, { hidden: !number, textContent: number > 99 ? "99+" : String(number || "") });
  change(heard, { textContent: number ? `, ${words}` : "" });
}

export class RoomList extends PageElement {
  build() {
    this.name = make("span");
    this.lead = make("p", { class: "lead" });
    this.rooms = make("ul", { class: "rooms", attributes: { role: "list" } });
    this.two = make("h2");
    this.talks = make("ul", { class: "rooms talks", attributes: { role: "list" } });
    this.find = make("a", { class: "action", attributes: { href: "/rooms" } });
    this.bell = make("a", { class: "bell", attributes: { href: "/people" } }, make("span", { class: "title" }),
      ...counted("badge mention"));
    this.foot = make("footer", { class: "foot" });
    this.nav = make("nav", {}, this.bell, this.rooms, this.two, this.talks, this.find);
    const home = make("a", { class: "community-name", attributes: { href: "/" } }, drawing("cup"), this.name);
    this.append(make("header", {}, home, this.lead), this.nav, this.foot);
  }

  attach() {
    for (const name of ["community", "session", "rooms"]) this.listen(this.client, name, () => this.show());
    for (const name of ["room", "inbox"]) this.listen(this.client, name, () => this.later());
    this.listen(context.words, "change", () => this.show());
    this.listen(window, "popstate", () => this.show());
    this.show();
    painted(() => this.#addNearby());
  }

  /** Rooms one could join, once one's own are there. */
  async #addNearby() {
    if ((await arrived("nearby-rooms")) && !this.nav.querySelector("nearby-rooms")) this.find.before(make("nearby-rooms"));
  }

  show() {
    change(this.name, { textContent: this.client.card?.name ?? "" });
    this.nav.setAttribute("aria-label", this.say("rooms.mine"));
    change(this.find, { textContent: this.say("rooms.find") });
    change(this.lead, { textContent: this.client.began && !this.client.signedIn ? this.say("community.lead") : "" });
    this.#showRooms();
    this.#showFoot();
  }

  /** Who poked, and cards that wait. */
  #showBell() {
    const { unread } = this.client.inbox;
    change(this.bell, { hidden: !this.client.signedIn });
    change(this.bell.firstChild, { textContent: this.say("ties.heading") });
    count(this.bell, unread, this.say("ties.waiting", { count: unread }));
  }

  #showRooms() {
    this.#showBell();
    const [rooms, talks] = this.#sorted;
    this.#fill(this.rooms, rooms);
    this.#fill(this.talks, talks);
    change(this.two, { hidden: !talks.length, textContent: this.say("rooms.talks") });
  }

  /** Rooms of many, and conversations of two. */
  get #sorted() {
    const all = [...this.client.rooms.values()];
    return [all.filter(({ state }) => state.kind !== "direct"), all.filter(({ state }) => state.kind === "direct")];
  }

  /** @param {any} list @param {import("../../state/room.js").Room[]} rooms */
  #fill(list, rooms) {
    const rows = new Map([...list.children].map((row) => [row.dataset.room, row]));
    const wanted = rooms.map((room) => this.#row(room, rows.get(room.id)));
    if (wanted.some((row, index) => row !== list.children[index]) || wanted.length !== rows.size) list.replaceChildren(...wanted);
  }

  /** @param {import("../../state/room.js").Room} room @param {any} row */
  #row(room, row) {
    row ??= make("li", {}, make("a", { attributes: { href: roomPath(room.id) } },
      make("span", { class: "title", attributes: { dir: "auto" } }), ...counted("badge")));
    row.dataset.room = room.id;
    const [title, badge] = row.firstChild.children;
    change(title, { textContent: room.title(this.language) });
    count(row.firstChild, room.calls, this.say("rooms.unread", { count: room.calls }));
    badge.classList.toggle("mention", room.mentions > 0);
    row.classList.toggle("unread", room.unread > 0 && room.state.notify !== "none");
    this.#markOpen(row.firstChild, room.id);
    return row;
  }

  /** @param {Element} link @param {string} id */
  #markOpen(link, id) {
    const current = this.#isOpen(id) ? "page" : null;
    if (link.getAttribute("aria-current") !== current) setAttribute(link, "aria-current", current ?? undefined);
  }

  /** @param {string} id */
  #isOpen(id) {
    const place = readPath(location.pathname);
    return place.page === "room" ? place.room === id : this.client.openRoom === id && place.page === "home";
  }

  #showFoot() {
    const { user } = this.client;
    const key = JSON.stringify([user?.name, user?.handle, user?.admin, this.client.began, this.language]);
    if (this.foot.dataset.key === key) return;
    this.foot.dataset.key = key;
    if (user) {
      this.foot.replaceChildren(make("a", { class: "me", attributes: { href: "/settings" } }, makeSeal(user),
        make("bdi", { class: "name", text: user.name }), make("span", { class: "handle", text: `@${user.handle}` }),
        make("span", { class: "to-settings", text: this.say("settings.heading") })),
        ...(user.admin ? [make("a", { class: "action", text: this.say("community.heading"), attributes: { href: "/community" } })] : []));
    } else {
      this.foot.replaceChildren(...(this.client.began ? this.#guestWays() : []));
    }
  }

  #guestWays() {
    return [
      make("p", { class: "lead", text: this.say("rooms.guest") }),
      make("a", { class: "button", text: this.say("account.sign_up"), attributes: { href: "/sign-up" } }),
      make("a", { class: "action", text: this.say("account.sign_in"), attributes: { href: "/sign-in" } }),
    ];
  }

  /** Go to the next or last room in the list. @param {number} direction */
  step(direction) {
    const ids = this.#sorted.flat().map(({ id }) => id);
    if (!ids.length) return;
    const at = ids.indexOf(this.client.openRoom);
    context.go(roomPath(/** @type {string} */ (ids[(at + direction + ids.length) % ids.length])));
  }
}
