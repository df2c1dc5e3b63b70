/** Finding a room by words or tag, and opening one of one's own. */

import { make } from "../../lib/dom.js";
import { roomPath } from "../../lib/paths.js";
import { context, PageElement } from "../element.js";
import { field, refusalWords } from "../forms.js";

const PAUSE = 250;

export class RoomFinder extends PageElement {
  #asked = 0;
  /** @type {any} */ #timer = undefined;

  build() {
    this.back = make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } });
    this.search = make("input", { attributes: { type: "search", placeholder: this.say("finder.search"), "aria-label": this.say("finder.search") } });
    this.results = make("ul", { class: "results", attributes: { role: "list" } });
    this.status = make("p", { class: "empty", attributes: { role: "status" } });
    this.append(
      make("header", {}, this.back, make("h1", { text: this.say("rooms.find"), attributes: { tabindex: "-1" } })),
      make("div", { class: "scroller" }, this.search, this.status, this.results, this.#opening()),
    );
  }

  #opening() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.form = make("form", { class: "card" },
      field(this.say("finder.title"), "title", { maxlength: "60" }),
      field(this.say("finder.about"), "about", { maxlength: "500", optional: true }),
      field(this.say("finder.tags"), "tags", { optional: true }, this.say("finder.tags_hint")),
      make("label", { class: "check" }, make("input", { attributes: { type: "checkbox", name: "closed" } }), this.say("finder.closed")),
      this.error,
      make("button", { class: "button", text: this.say("finder.open"), attributes: { type: "submit" } }),
    );
    return make("details", {}, make("summary", { text: this.say("finder.open_own") }), this.form);
  }

  attach() {
    this.listen(this.search, "input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.find(), PAUSE);
    });
    this.listen(this.form, "submit", (event) => {
      event.preventDefault();
      this.open();
    });
    this.listen(this.house, "rooms", () => this.find());
    this.find();
  }

  async find() {
    const asked = ++this.#asked;
    const words = this.search.value.trim();
    const params = words.startsWith("#") ? { tag: words.slice(1) } : { query: words };
    const answer = await this.house.api("room.discover", params).catch(() => ({ rooms: [] }));
    if (asked !== this.#asked) return;
    this.status.textContent = answer.rooms.length ? "" : this.say("finder.none");
    this.results.replaceChildren(...answer.rooms.map((/** @type {any} */ room) => this.#row(room)));
  }

  /** @param {import("../../lib/shapes.js").RoomListing} room */
  #row(room) {
    const title = room.titles?.[this.language] ?? room.title;
    const facts = [
      this.say("finder.members", { count: room.members }),
      room.online ? this.say("finder.online", { count: room.online }) : "",
      room.today ? this.say("finder.today", { count: room.today }) : "",
    ].filter(Boolean).join(" · ");
    const joined = this.house.rooms.has(room.room);
    const act = make("a", {
      class: joined ? "action" : "button", text: this.say(joined || room.window ? "finder.enter" : "room.join"),
      attributes: { href: roomPath(room.room), "aria-label": `${this.say(joined ? "finder.enter" : "room.join")}: ${title}` },
      on: { click: (event) => !joined && this.house.signedIn && this.join(event, room.room) },
    });
    return make("li", {}, make("div", {}, make("h2", { text: title }),
      make("p", { text: room.abouts?.[this.language] ?? room.about }), make("p", { class: "facts", text: facts })), act);
  }

  /** @param {Event} event @param {string} room */
  async join(event, room) {
    event.preventDefault();
    event.stopPropagation();
    try {
      await this.house.ask("room.join", { room });
      context.go(roomPath(room));
    } catch (refusal) {
      this.status.textContent = refusalWords(this, refusal);
    }
  }

  async open() {
    const data = new FormData(this.form);
    if (!this.house.signedIn) return context.go("/sign-up");
    const tags = String(data.get("tags")).split(/[\s,，、]+/).filter(Boolean);
    const params = { title: data.get("title"), about: data.get("about"), tags, kind: data.get("closed") ? "closed" : "open" };
    try {
      const state = await this.house.ask("room.create", params);
      context.go(roomPath(state.room));
    } catch (refusal) {
      this.error.textContent = refusalWords(this, refusal);
    }
    return undefined;
  }
}
