/** Finding a room by words or tag, and opening one of one's own. */

import { layRows } from "../../lib/held-rows.js";
import { LONGEST } from "../../lib/limits.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { newId } from "../../lib/ids.js";
import { roomPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { door } from "../../lib/scenes.js";
import { context, PageElement } from "../element.js";
import { field } from "../forms.js";

const PAUSE = 250;

export class RoomFinder extends PageElement {
  /** Whether one came to make a room. */
  create = false;
  #asked = 0;
  /** @type {import("../../lib/shapes.js").RoomListing[]} */ #found = [];
  #wanted = { words: "", id: "" };
  #next = "";
  /** @type {any} */ #timer = undefined;

  build() {
    this.back = make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } });
    this.search = make("input", { attributes: { type: "search", placeholder: this.say("finder.search"), "aria-label": this.say("finder.search") } });
    this.results = make("ul", { class: "results", attributes: { role: "list" } });
    this.more = make("button", { class: "action", text: this.say("finder.more"), attributes: { type: "button" }, set: { hidden: true } });
    this.status = make("p", { attributes: { role: "status" } });
    this.none = make("div", { class: "empty", set: { hidden: true } }, door(), this.status,
      button(this.say("finder.open_own"), () => this.#openOwn()));
    this.append(
      make("header", {}, this.back, make("h1", { text: this.say("rooms.find"), attributes: { tabindex: "-1" } })),
      make("div", { class: "scroller" }, this.#opening(), this.search, this.none, this.results, this.more),
    );
  }

  #opening() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.form = make("form", { class: "card" },
      field(this.say("finder.title"), "title", { "data-most": LONGEST.title }),
      field(this.say("finder.about"), "about", { "data-most": LONGEST.about, optional: true }),
      field(this.say("finder.tags"), "tags", { optional: true }, this.say("finder.tags_hint")),
      make("label", { class: "check" }, make("input", { attributes: { type: "checkbox", name: "closed" } }), this.say("finder.closed")),
      this.error,
      make("button", { class: "button", text: this.say("finder.open"), attributes: { type: "submit" } }),
    );
    this.own = make("details", {}, make("summary", { text: this.say("finder.open_own") }), this.form);
    return this.own;
  }

  #openOwn() {
    this.own.open = true;
    this.own.scrollIntoView({ block: "nearest" });
    this.form.elements.namedItem("title").focus();
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
    this.listen(this.more, "click", () => this.find(this.#next));
    this.listen(this.client, "session", () => this.find());
    this.find();
    if (this.create) this.#openOwn();
  }

  /** @param {string} [after] where the list goes on */
  async find(after = "") {
    const asked = ++this.#asked;
    const words = this.search.value.trim();
    const params = { after, ...(words.startsWith("#") ? { tag: words.slice(1) } : { query: words }) };
    try {
      const { rooms, next } = await this.client.api("room.discover", params);
      if (asked === this.#asked) this.#show(rooms, after, next);
    } catch (refusal) {
      this.#say(refusalWords(this, refusal));
    }
  }

  /** @param {any[]} rooms @param {string} after @param {string} [next] */
  #show(rooms, after, next = "") {
    this.#found = after ? [...this.#found, ...rooms] : rooms;
    layRows(this.results, this.#found.map((room) => ({ key: room.room, look: this.#look(room), make: () => this.#row(room) })));
    this.#next = next;
    this.more.hidden = !next;
    this.#say(this.#found.length ? "" : this.say("finder.none"));
  }

  /** @param {string} words in place of rooms, or above them */
  #say(words) {
    this.status.textContent = words;
    this.none.hidden = !words;
  }

  /** @param {import("../../lib/shapes.js").RoomListing} room */
  #look(room) {
    return JSON.stringify([room, this.client.rooms.has(room.room), this.client.blocks.changes]);
  }

  /** @param {import("../../lib/shapes.js").RoomListing} room */
  #row(room) {
    const title = room.titles?.[this.language] ?? room.title;
    const facts = [
      room.forum ? this.say("finder.forum") : "",
      this.say("finder.members", { count: room.members }),
      room.online ? this.say("finder.online", { count: room.online }) : "",
      room.today ? this.say("finder.today", { count: room.today }) : "",
    ].filter(Boolean).join(" · ");
    const joined = this.client.rooms.has(room.room);
    const way = this.say(joined || room.window ? "finder.enter" : "room.join");
    const act = make("a", {
      class: joined ? "action" : "button", text: way, attributes: { href: roomPath(room.room), "aria-label": `${way}: ${title}` },
      on: { click: (event) => !joined && this.join(event, room.room) },
    });
    return make("li", {}, make("div", {}, make("h2", { text: title, attributes: { dir: "auto" } }),
      make("p", { text: room.abouts?.[this.language] ?? room.about, attributes: { dir: "auto" } }),
      this.#latest(room.latest),
      make("p", { class: "facts", text: facts })), act);
  }

  /** @param {any} latest the room's last message, if there is one to be read */
  #latest(latest) {
    if (!latest?.text) return null;
    if (this.client.blocks.has(latest.author.id)) return make("p", { class: "latest", text: this.say("message.blocked_answered") });
    return make("p", { class: "latest" }, nameOf(latest.author), make("bdi", { text: latest.text }));
  }

  /** @param {Event} event @param {string} room */
  async join(event, room) {
    event.preventDefault();
    event.stopPropagation();
    try {
      await this.client.settled();
      if (this.client.signedIn) await this.client.ask("room.join", { room });
      context.go(roomPath(room));
    } catch (refusal) {
      this.#say(refusalWords(this, refusal));
    }
  }

  /** One id for the same words: pressed again after an answer was lost, the button makes no second room.
   * @param {string} words */
  #idFor(words) {
    if (this.#wanted.words !== words) this.#wanted = { words, id: newId() };
    return this.#wanted.id;
  }

  async open() {
    const data = new FormData(this.form);
    if (!this.client.signedIn) return context.go("/sign-up");
    const tags = String(data.get("tags")).split(/[\s,，、]+/).filter(Boolean);
    const params = { title: data.get("title"), about: data.get("about"), tags, kind: data.get("closed") ? "closed" : "open" };
    try {
      const state = await this.client.ask("room.create", { ...params, client_id: this.#idFor(JSON.stringify(params)) });
      this.#wanted = { words: "", id: "" };
      this.client.created = state.room;
      context.go(roomPath(state.room));
    } catch (refusal) {
      this.error.textContent = refusalWords(this, refusal);
    }
    return undefined;
  }
}
