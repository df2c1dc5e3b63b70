/**
 * The edge of the table: a cup for everyone who is here, and who is typing in words beside them. Steam is presence, moving
 * steam is typing. Property `room` (id). Nothing here is a live region.
 */

import { change, make } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";
import { tintOf } from "../../lib/seal.js";
import { PageElement } from "../element.js";

const CUP_WIDTH = 24;
/** Cups take so much of the width; the words have the rest. */
const SHARE = 0.6;

/** @typedef {{user: import("../../lib/shapes.js").User, state: string}} Cup */

export class RoomTable extends PageElement {
  room = "";
  /** Whose typing is said in words. @type {string | undefined} */ topic = undefined;
  /** @type {any} */ #clock = undefined;
  #shown = "";
  /** As it was laid out last: to ask for it is a layout of the page. */
  #width = 0;
  /** @type {ResizeObserver | undefined} */ #sizes;

  build() {
    this.cups = make("ul", { class: "cups", attributes: { role: "list" } });
    this.words = make("p", { class: "typing" });
    this.append(this.cups, this.words);
  }

  attach() {
    this.listen(this.client, "room", (event) => event.detail === this.room && this.inTime());
    for (const name of ["session", "people", "renamed"]) this.listen(this.client, name, () => this.later());
    this.#sizes = new ResizeObserver(([entry]) => {
      this.#width = entry?.contentRect.width ?? 0;
      this.later();
    });
    this.#sizes.observe(this);
    this.#clock = setInterval(() => this.show(), 1000);
    this.show();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#sizes?.disconnect();
    clearInterval(this.#clock);
  }

  show() {
    const room = this.client.find(this.room);
    if (!room) return;
    const typing = room.typing(Date.now(), this.client.me);
    const cups = this.#seated(room, typing);
    const most = Math.max(3, Math.floor((this.#width * SHARE) / CUP_WIDTH));
    const shown = cups.slice(0, most);
    const key = JSON.stringify([this.language, this.client.me, cups.map(({ user, state }) => [user.id, user.name, state]), most]);
    if (key !== this.#shown) {
      this.#shown = key;
      const names = this.say("table.label", { names: cups.map(({ user }) => user.name).join(this.say("list.and")) });
      change(this.cups, { title: names, ariaLabel: names });
      this.cups.replaceChildren(...shown.map((cup) => this.#cup(cup)), ...this.#more(cups.length - shown.length));
    }
    const words = this.#words(this.topic === undefined ? typing : room.typing(Date.now(), this.client.me, this.topic));
    change(this.words, { textContent: words });
  }

  /** Who is here, in the order in which they came. A conversation of two has no cups. @param {import("../../state/room.js").Room} room @param {import("../../lib/shapes.js").User[]} typing @returns {Cup[]} */
  #seated(room, typing) {
    if (room.state.kind === "direct") return [];
    const types = new Set(typing.map((user) => user.id));
    const here = new Set([...(room.here ?? []), ...types]);
    this.client.people.learn([...here]);
    return [...here].flatMap((id) => {
      const user = this.client.people.get(id);
      return user ? [{ user, state: types.has(id) ? "typing" : "here" }] : [];
    });
  }

  /** A sign and no way: who is here is reached in the room's page. @param {Cup} cup */
  #cup({ user, state }) {
    const words = this.say(`table.${state}`, { name: user.name });
    const cup = make("span", { class: `cup is-${state}`, attributes: { role: "img", title: words, "aria-label": words, "data-tint": String(tintOf(user)) } }, drawing("cup"));
    return make("li", {}, cup);
  }

  /** @param {number} count */
  #more(count) {
    return count > 0 ? [make("li", { class: "others", text: this.say("table.more", { count }) })] : [];
  }

  /** @param {import("../../lib/shapes.js").User[]} typing */
  #words(typing) {
    const names = typing.map((user) => user.name);
    if (names.length > 2) return this.say("typing.many");
    return names.length ? this.say(`typing.${names.length}`, { a: names[0] ?? "", b: names[1] ?? "" }) : "";
  }
}
