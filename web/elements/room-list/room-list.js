/**
 * The frame's side: the community's name, the way to search, notifications and people, the rooms one belongs to with what
 * is unread, and oneself. On a phone the first page. What the first words do not wait for comes with list-parts.js.
 */

import { change, make, setAttribute } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";
import { icon } from "../../lib/icons.js";
import { readPath, roomPath } from "../../lib/paths.js";
import { makeSeal, pictured, pictureOf } from "../../lib/seal.js";
import { inOrder } from "../../state/room-order.js";
import { context, PageElement } from "../element.js";
import { insist, painted } from "../later.js";

/** With more conversations than these, older ones wait behind a button unless they have something new. */
const RECENT = 6;

/** @typedef {import("../../state/room.js").Room} Room */

export class RoomList extends PageElement {
  /** @type {import("./list-parts.js").ListParts | undefined} */ #parts;
  /** @type {Room[]} as they are listed */ #talks = [];
  /** @type {Room[]} */ #rooms = [];
  #order = "";
  /** All conversations are shown, not the recent ones alone. */
  showsAll = false;
  /** @type {Set<string>} rooms that were unread when the order was made */ #unread = new Set();

  build() {
    this.name = make("span");
    this.emblem = make("span", { class: "emblem" });
    this.community = make("a", { class: "community-name", attributes: { href: "/" } }, this.emblem, this.name, icon("down"));
    this.lead = make("p", { class: "lead" });
    this.find = make("button", { class: "find", attributes: { type: "button", "aria-keyshortcuts": "Control+K" } }, icon("search"), make("span"), make("kbd", { text: isMac() ? "⌘ K" : "Ctrl K" }));
    this.bell = make("a", { class: "bell icon-button", attributes: { href: "/notifications" } }, icon("bell"), ...counted());
    this.people = make("a", { class: "icon-button", attributes: { href: "/people" } }, icon("people"));
    this.top = make("div", { class: "top", attributes: { role: "navigation" } }, this.find, this.bell, this.people);
    this.two = make("h2");
    this.talks = make("ul", { class: "rooms talks", attributes: { role: "list" } });
    this.many = make("h2");
    this.add = make("a", { class: "icon-button add", attributes: { href: "/rooms#new" } }, icon("plus"));
    this.rooms = make("ul", { class: "rooms", attributes: { role: "list" } });
    this.create = make("a", { class: "row create", attributes: { href: "/rooms#new" } }, icon("plus"), make("span", { class: "title" }));
    this.foot = make("footer", { class: "foot" });
    this.nav = make("nav", {}, this.two, this.talks, make("div", { class: "many" }, this.many, this.add), this.rooms, this.create);
    this.append(make("header", {}, this.community, this.lead), this.top, this.nav, this.foot);
    this.early = this.keepEarly(["click"], (event) => this.opensMenu(event));
  }

  attach() {
    for (const name of ["community", "session", "rooms"]) this.listen(this.client, name, () => this.show());
    for (const name of ["room", "inbox"]) this.listen(this.client, name, () => this.inTime());
    this.listen(context.words, "change", () => this.show());
    this.listen(window, "popstate", () => this.show());
    this.listen(context.preferences, "change", () => this.show());
    this.show();
    painted(() => insist(() => Promise.all([import("./list-parts.js"), context.words.whole()])).then(([{ ListParts }]) => {
      this.#parts ??= new ListParts(this);
      this.early?.();
      this.show();
    }));
  }

  show() {
    const { signedIn, began } = this.client;
    const guest = began && !signedIn;
    change(this.name, { textContent: this.client.card?.name ?? "" });
    this.#showEmblem(this.client.card?.icon ?? "");
    change(this.lead, { hidden: !guest, textContent: this.say("community.lead") });
    change(this.top, { hidden: !signedIn });
    change(this.add, { hidden: !signedIn, title: this.say("rooms.new") });
    change(this.create, { hidden: !signedIn });
    change(this.create.lastChild, { textContent: this.say("rooms.new") });
    change(this.find.children[1], { textContent: this.say("rooms.search") });
    this.nav.setAttribute("aria-label", this.say("rooms.mine"));
    this.top.setAttribute("aria-label", this.say("shell.pages"));
    for (const [link, key] of [[this.bell, "bell.heading"], [this.people, "ties.heading"], [this.add, "rooms.new"]]) {
      change(link, { title: this.say(key) });
      setAttribute(link, "aria-label", link === this.bell ? undefined : this.say(key));
    }
    this.#showBell();
    this.#showRooms(guest);
    this.#showFoot();
    this.#parts?.show();
  }

  /** Who is signed in gets the community's menu; to others its name is a link. @param {MouseEvent} event */
  opensMenu({ target, ctrlKey, metaKey }) {
    return this.client.signedIn && this.community.contains(target) && !ctrlKey && !metaKey;
  }

  /** @param {string} icon the community's picture, "" for the drawn cup */
  #showEmblem(icon) {
    if (this.emblem.dataset.of === icon) return;
    this.emblem.dataset.of = icon;
    this.emblem.classList.remove("pictured");
    this.emblem.replaceChildren(drawing("cup"));
    pictured(this.emblem, icon);
  }

  #showBell() {
    const { unread } = this.client.inbox;
    number(this.bell, unread, true, `${this.say("bell.heading")}${unread ? `, ${this.say("ties.waiting", { count: unread })}` : ""}`);
  }

  /** @param {boolean} guest */
  #showRooms(guest) {
    this.#sort();
    this.#fill(this.talks, this.showsAll ? this.#talks : this.#recent);
    this.#fill(this.rooms, this.#rooms);
    change(this.two, { hidden: !this.#talks.length, textContent: this.say("rooms.talks") });
    change(this.many, { textContent: this.say(guest ? "rooms.public" : "rooms.all") });
  }

  get #recent() {
    const { favourites = [] } = context.preferences.chosen;
    return this.#talks.filter((room, at) => at < RECENT || room.unread || favourites.includes(room.id) || this.#isOpen(room.id));
  }

  /** How many conversations there are beyond the recent ones. */
  get others() {
    return this.#talks.length - this.#recent.length;
  }

  /** A room that was read keeps its place until another one has something new: nothing moves under the pointer. */
  #sort() {
    const rooms = [...this.client.rooms.values()];
    const favourites = context.preferences.chosen.favourites ?? [];
    const order = JSON.stringify([rooms.map(({ id, state }) => [id, state.notify]), favourites]);
    const unread = rooms.filter((room) => room.unread).map(({ id }) => id);
    if (order === this.#order && unread.every((id) => this.#unread.has(id)) && this.#talks.concat(this.#rooms).every((room) => this.client.rooms.get(room.id) === room)) return;
    this.#order = order;
    this.#unread = new Set(unread);
    ({ talks: this.#talks, rooms: this.#rooms } = inOrder(rooms, favourites));
  }

  /** @param {any} list @param {Room[]} rooms */
  #fill(list, rooms) {
    const rows = new Map([...list.children].map((row) => [row.dataset.room, row]));
    const wanted = rooms.map((room) => this.#row(room, rows.get(room.id)));
    if (wanted.some((row, index) => row !== list.children[index]) || wanted.length !== rows.size) list.replaceChildren(...wanted);
  }

  /** @param {Room} room @param {any} row */
  #row(room, row) {
    row ??= make("li", {}, make("a", { class: "row", attributes: { href: roomPath(room.id) } }, make("span", { class: "mark" }),
      make("span", { class: "title", attributes: { dir: "auto" } }), ...counted()));
    row.dataset.room = room.id;
    const link = row.firstChild;
    const [mark, title] = link.children;
    const muted = room.state.notify === "none";
    const favourite = Boolean(context.preferences.chosen.favourites?.includes(room.id));
    this.#mark(mark, room);
    change(title, { textContent: room.title(this.language) });
    number(link, room.number, room.calls > 0, room.number ? `, ${this.say("rooms.unread", { count: room.number })}` : "");
    link.classList.toggle("unread", room.unread > 0 && !muted);
    link.classList.toggle("muted", muted);
    link.classList.toggle("favourite", favourite);
    this.#markOpen(link, room.id);
    return row;
  }

  /** A face with its presence, or what kind of room it is. @param {any} mark @param {Room} room */
  #mark(mark, room) {
    const { other, kind } = room.state;
    const sign = kind === "closed" ? "lock" : room.state.forum ? "forum" : "hash";
    const key = other ? other.id + other.name + pictureOf(other) : sign;
    if (mark.dataset.key !== key) mark.replaceChildren(other ? makeSeal(other) : icon(sign));
    mark.dataset.key = key;
    mark.classList.toggle("face", Boolean(other));
    mark.classList.toggle("online", Boolean(other) && (room.online ?? room.state.online) > 1);
  }

  /** @param {Element} link @param {string} id */
  #markOpen(link, id) {
    setAttribute(link, "aria-current", this.#isOpen(id) ? "page" : undefined);
  }

  /** @param {string} id */
  #isOpen(id) {
    const place = readPath(location.pathname);
    return place.page === "room" ? place.room === id : this.client.openRoom === id && place.page === "home";
  }

  #showFoot() {
    const { user } = this.client;
    const key = JSON.stringify([user?.name, user?.handle, pictureOf(user), this.client.began, this.language]);
    if (this.foot.dataset.key === key) return;
    this.foot.dataset.key = key;
    if (user) {
      const settings = this.say("settings.heading");
      this.foot.replaceChildren(make("a", { class: "me", attributes: { href: `/user/${encodeURIComponent(user.handle)}` } }, makeSeal(user),
        make("bdi", { class: "name", text: user.name }), make("span", { class: "handle", text: `@${user.handle}` })),
      make("a", { class: "icon-button to-settings", attributes: { href: "/settings", "aria-label": settings, title: settings } }, icon("gear")));
    } else this.foot.replaceChildren(...(this.client.began ? this.#guestWays() : []));
  }

  #guestWays() {
    return [
      make("a", { class: "button", text: this.say("account.sign_up"), attributes: { href: "/sign-up" } }),
      make("a", { class: "action", text: this.say("account.sign_in"), attributes: { href: "/sign-in" } }),
    ];
  }

  /** Go to the next or last room in the list. @param {number} direction */
  step(direction) {
    const ids = [...this.#talks, ...this.#rooms].map(({ id }) => id);
    if (!ids.length) return;
    const at = ids.indexOf(this.client.openRoom);
    context.go(roomPath(/** @type {string} */ (ids[(at + direction + ids.length) % ids.length])));
  }
}

/** A lantern with a number for those who see it, and words for those who hear it. */
function counted() {
  return [make("span", { class: "badge", attributes: { "aria-hidden": "true" }, set: { hidden: true } }), make("span", { class: "unseen" })];
}

/** @param {any} link @param {number} count @param {boolean} calls @param {string} words */
function number(link, count, calls, words) {
  const badge = link.querySelector(".badge");
  change(badge, { hidden: !count, textContent: count > 99 ? "99+" : String(count || "") });
  badge.classList.toggle("lit", calls);
  change(badge.nextElementSibling, { textContent: words });
}

function isMac() {
  return /Mac|iP(hone|ad)/.test(navigator.platform);
}
