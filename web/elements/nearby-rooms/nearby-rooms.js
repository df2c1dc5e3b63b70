/** The liveliest rooms one is not in, below one's own; nothing where there are none. */

import { change, make, setAttribute } from "../../lib/dom.js";
import { roomPath } from "../../lib/paths.js";
import { context, PageElement } from "../element.js";

const MOST = 6;
const EVERY = 5 * 60_000;

export class NearbyRooms extends PageElement {
  /** @type {import("../../lib/shapes.js").RoomListing[]} */ #listed = [];
  #askedAt = 0;
  #shown = "";

  build() {
    this.heading = make("h2");
    this.list = make("ul", { class: "rooms nearby", attributes: { role: "list" } });
    this.append(this.heading, this.list);
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
    const answer = await this.client.api("room.discover").catch(() => ({ rooms: this.#listed }));
    this.#listed = answer.rooms;
    this.show();
  }

  show() {
    const rooms = this.#listed.filter((room) => !this.client.rooms.has(room.room)).slice(0, MOST);
    change(this, { hidden: !rooms.length });
    change(this.heading, { textContent: this.say("rooms.nearby") });
    const key = JSON.stringify([this.language, rooms]);
    if (key !== this.#shown) this.list.replaceChildren(...rooms.map((room) => this.#row(room)));
    this.#shown = key;
    for (const { firstChild: link } of this.list.children) {
      setAttribute(link, "aria-current", link.getAttribute("href") === location.pathname ? "page" : undefined);
    }
  }

  /** @param {import("../../lib/shapes.js").RoomListing} room */
  #row(room) {
    const about = room.latest?.text || (room.abouts?.[this.language] ?? room.about);
    return make("li", {}, make("a", { attributes: { href: roomPath(room.room) } },
      make("span", { class: "title", text: room.titles?.[this.language] ?? room.title, attributes: { dir: "auto" } }),
      room.online ? make("span", { class: "here-now", text: this.say("finder.online", { count: room.online }) }) : null,
      make("span", { class: "about", text: about, attributes: { dir: "auto" } })));
  }
}
