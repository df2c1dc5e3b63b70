/** Rooms one is not in, folded below one's own, the liveliest first; nothing where there are none. */

import { change, make, setAttribute } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { roomPath } from "../../lib/paths.js";
import { context, PageElement } from "../element.js";

const MOST = 12;
const EVERY = 5 * 60_000;
/** Who belongs to so few rooms sees at once which others there are. */
const FEW = 3;

export class NearbyRooms extends PageElement {
  /** @type {import("../../lib/shapes.js").RoomListing[]} */ #listed = [];
  #askedAt = 0;
  #shown = "";
  #more = false;

  build() {
    this.label = make("span", { class: "title" });
    this.count = make("small");
    this.list = make("ul", { class: "rooms nearby", attributes: { role: "list" } });
    this.all = make("a", { class: "row all", attributes: { href: "/rooms" } }, icon("search"), make("span", { class: "title" }));
    this.fold = make("details", {}, make("summary", { class: "row" }, icon("right"), this.label, this.count), this.list, this.all);
    this.append(this.fold);
  }

  attach() {
    this.listen(this.client, "session", () => this.#lookAround());
    this.listen(this.client, "rooms", () => this.show());
    this.listen(context.words, "change", () => this.show());
    this.listen(window, "popstate", () => this.show());
    this.show();
    if (this.client.began) this.#lookAround();
  }

  /** Asked for now and then, for after a restart every session asks at once. */
  async #lookAround() {
    if (Date.now() - this.#askedAt < EVERY) return;
    this.#askedAt = Date.now();
    const { rooms, next } = await this.client.api("room.discover").catch(() => ({ rooms: this.#listed }));
    const first = !this.#listed.length;
    this.#listed = rooms;
    this.#more = Boolean(next);
    this.#noteLast();
    if (first) this.fold.open = !this.client.signedIn || this.client.rooms.size < FEW;
    this.show();
  }

  /** The list tells of one's own rooms, too, what was said last. */
  #noteLast() {
    for (const { room: id, latest } of this.#listed) {
      const room = this.client.rooms.get(id);
      if (room && latest) room.glance ??= latest;
    }
    this.client.tell("rooms");
  }

  show() {
    const others = this.#listed.filter((room) => !this.client.rooms.has(room.room));
    const rooms = others.slice(0, MOST);
    change(this, { hidden: !rooms.length });
    change(this.label, { textContent: this.say(this.client.signedIn ? "rooms.nearby" : "rooms.members_only") });
    change(this.count, { textContent: `${rooms.length}${others.length > rooms.length || this.#more ? "+" : ""}` });
    change(this.all.lastChild, { textContent: this.say("rooms.find") });
    const key = JSON.stringify([this.language, this.client.signedIn, rooms]);
    if (key !== this.#shown) this.list.replaceChildren(...rooms.map((room) => this.#row(room)));
    this.#shown = key;
    for (const { firstChild: link } of this.list.children) {
      setAttribute(link, "aria-current", link.getAttribute("href") === location.pathname ? "page" : undefined);
    }
  }

  /** @param {import("../../lib/shapes.js").RoomListing} room */
  #row(room) {
    return make("li", {}, make("a", { class: "row", attributes: { href: roomPath(room.room) } },
      make("span", { class: "mark" }, icon(!this.client.signedIn ? "lock" : room.forum ? "forum" : "hash")),
      make("span", { class: "title", text: room.titles?.[this.language] ?? room.title, attributes: { dir: "auto" } }),
      room.online ? make("span", { class: "here-now", text: this.say("finder.online", { count: room.online }) }) : null));
  }
}
