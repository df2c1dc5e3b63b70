/**
 * The topics of a room, in place of its messages or beside those of one: pinned ones first, then the lately active, the
 * newest, those one wrote in, or those that are closed. Properties `room`, and `topic` (the one that is open, "" for none).
 */

import { button, change, make, nameOf, setAttribute } from "../../lib/dom.js";
import { icon, iconButton } from "../../lib/more-icons.js";
import { allPath, roomPath, topicPath } from "../../lib/paths.js";
import { moveFocus } from "../../lib/roving.js";
import { makeSeal } from "../../lib/seal.js";
import { clockTime, dayKey, dayName, fullTime, shortDate } from "../../lib/times.js";
import { firstWords, topicsOf } from "../../state/topics.js";
import { context, PageElement } from "../element.js";
import { arrived } from "../later.js";
import { openMenu } from "../menu.js";

const RECENT = 6 * 86_400_000;
const NEAR = 400;
/** @type {[string, import("../../state/topics.js").Choice][]} */
const CHOICES = [["active", { closed: false }], ["newest", { closed: false, sort: "new" }], ["mine", { mine: true }], ["closed", { closed: true }]];
const CLOSED = 3;
/** Which list was chosen, and where one was in it, by room. @type {Map<string, {choice: number, scrollTop: number}>} */ const places = new Map();

/** @typedef {import("../../lib/shapes.js").Topic} Topic */

export class TopicList extends PageElement {
  room = "";
  topic = "";
  #choice = 0;

  build() {
    this.tabs = make("div", { class: "choices", attributes: { role: "group" } });
    this.buttons = CHOICES.map((_, at) => button("", () => this.#choose(at), "tab"));
    this.all = make("a", { class: "tab all" });
    this.tabs.append(...this.buttons, this.all);
    this.read = button("", () => this.client.markers.mark([this.room]), "action read-all");
    this.add = make("button", { class: "action edged add", attributes: { type: "button" }, on: { click: () => this.#begin() } }, icon("plus"), make("span"));
    this.rows = make("ul", { attributes: { role: "list" } });
    this.none = make("p", { class: "empty", attributes: { role: "status" } });
    this.again = button("", () => this.topics?.further(this.#chosen), "button again");
    this.scroller = make("div", { class: "scroller" }, this.rows, this.none, this.again);
    /** @type {any} */ this.others = iconButton("more", "", () => this.#openOthers(), "others");
    this.others.setAttribute("aria-haspopup", "menu");
    this.append(make("div", { class: "tools" }, this.tabs, this.read, this.others, this.add), this.scroller);
  }

  attach() {
    this.topics = topicsOf(this.client, this.room);
    this.#choice = places.get(this.room)?.choice ?? 0;
    this.listen(this.topics, "change", () => this.later());
    this.listen(this.client, "room", ({ detail }) => detail === this.room && this.inTime());
    for (const name of ["session", "rooms", "renamed", "day"]) this.listen(this.client, name, () => this.later());
    this.listen(this.rows, "keydown", (event) => moveFocus(this.rows, "a", event));
    this.listen(this.scroller, "scroll", () => this.#scrolled(), { passive: true });
    this.show();
    this.scroller.scrollTop = places.get(this.room)?.scrollTop ?? 0;
  }

  get #chosen() {
    return /** @type {[string, import("../../state/topics.js").Choice]} */ (CHOICES[this.#choice])[1];
  }

  /** @param {number} at */
  #choose(at) {
    this.#choice = at;
    this.scroller.scrollTop = 0;
    this.#keep();
    this.show();
  }

  #keep() {
    places.set(this.room, { choice: this.#choice, scrollTop: this.scroller.scrollTop });
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#keep();
    if (scrollHeight - scrollTop - clientHeight < NEAR && this.topics?.list(this.#chosen).status === "done") this.topics.further(this.#chosen);
  }

  /** What a phone has no room for. */
  #openOthers() {
    openMenu(this, this.others, [
      { icon: "lock", text: this.say("topics.closed"), act: () => this.#choose(CLOSED) },
      { icon: "forum", text: this.all.textContent, href: this.all.getAttribute("href") },
      this.read.hidden ? null : { icon: "check", text: this.read.textContent, act: () => this.read.click() },
    ]);
  }

  async #begin() {
    if (await arrived("topic-form")) document.body.append(make("topic-form", { set: { room: this.room } }));
  }

  show() {
    const room = this.client.find(this.room);
    if (!room || !this.topics) return;
    const { topics, status, more } = this.topics.list(this.#chosen);
    this.#showTools(room);
    const rows = new Map([...this.rows.children].map((row) => [row.dataset.topic, row]));
    const wanted = topics.map((topic) => this.#row(topic, rows.get(topic.id)));
    if (wanted.length !== rows.size || wanted.some((row, at) => row !== this.rows.children[at])) this.rows.replaceChildren(...wanted);
    this.#keepTabStop();
    const words = topics.length ? "" : status === "failed" ? "topics.failed" : status === "done" ? `topics.none_${CHOICES[this.#choice]?.[0]}` : "shell.loading";
    change(this.none, { textContent: words && this.say(words), hidden: !words });
    change(this.again, { hidden: status !== "failed", textContent: this.say("shell.again") });
    if (more && this.scroller.scrollHeight <= this.scroller.clientHeight && status === "done") this.topics.further(this.#chosen);
  }

  /** @param {import("../../state/room.js").Room} room */
  #showTools(room) {
    this.tabs.setAttribute("aria-label", this.say("topics.which"));
    CHOICES.forEach(([name, choice], at) => {
      const one = /** @type {any} */ (this.buttons?.[at]);
      change(one, { textContent: this.say(`topics.${name}`), hidden: Boolean(choice.mine) && !room.isMember });
      setAttribute(one, "aria-pressed", String(at === this.#choice));
      one.classList.toggle("seldom", at === CLOSED);
    });
    change(this.all, { textContent: this.say(room.state.forum ? "topics.all_messages" : "topics.to_room") });
    setAttribute(this.all, "href", room.state.forum ? allPath(this.room) : roomPath(this.room));
    const add = this.say("topics.new");
    change(this.add, { title: add, ariaLabel: add, hidden: !room.isMember || Boolean(room.state.archived) || (room.state.topics === "moderators" && !room.moderates && !this.client.user?.admin) });
    change(this.add.lastChild, { textContent: add });
    change(this.others, { title: this.say("room.more"), ariaLabel: this.say("room.more") });
    change(this.read, { textContent: this.say("topics.mark_all"), hidden: !room.unread });
  }

  /** The topic that is open, else the first. */
  #keepTabStop() {
    const links = /** @type {HTMLElement[]} */ ([...this.rows.querySelectorAll("a")]);
    if (links.some((link) => link === document.activeElement)) return;
    const stop = links.find((link) => link.getAttribute("aria-current")) ?? links[0];
    for (const link of links) change(link, { tabIndex: link === stop ? 0 : -1 });
  }

  /** @param {Topic} topic @param {any} row */
  #row(topic, row) {
    const key = JSON.stringify([topic, this.topic, this.language, dayKey(this.client.now()), this.client.blocks.changes]);
    if (row?.dataset.key === key) return row;
    const { id, title, pinned, closed, unread = 0, mentions = 0, level } = topic;
    const made = row ?? make("li", {}, make("a", { class: "topic-row list-row" }));
    Object.assign(made.dataset, { topic: id, key });
    const link = made.firstChild;
    link.className = ["topic-row", "list-row", unread && level !== "none" ? "unread" : "", level === "none" ? "muted" : ""].join(" ").trim();
    setAttribute(link, "href", topicPath(this.room, id));
    setAttribute(link, "aria-current", id === this.topic ? "page" : undefined);
    const signs = [pinned && this.#sign("pin", "topics.pinned"), closed && this.#sign("lock", "topics.is_closed"), level === "none" && this.#sign("mute", "rooms.muted")].filter(Boolean);
    link.replaceChildren(make("span", { class: "title", attributes: { dir: "auto", lang: this.#languageOf(title) } }, ...signs, title), this.#time(topic),
      this.#words(topic), make("span", { class: "marks" }, this.#faces(topic), ...this.#badges(unread, mentions, level)));
    return made;
  }

  /** @param {string} name @param {string} key */
  #sign(name, key) {
    return make("span", { class: `sign ${name}` }, icon(name), make("span", { class: "unseen", text: `${this.say(key)}: ` }));
  }

  /** @param {Topic} topic */
  #time({ last_at: at }) {
    const now = this.client.now();
    const words = dayKey(at) === dayKey(now) ? clockTime(this.language, at) : now - at < RECENT ? dayName(this.language, at, now) : shortDate(this.language, at, now);
    return make("time", { text: words, attributes: { datetime: new Date(at).toISOString(), title: fullTime(this.language, at) } });
  }

  /** Who began it, and with what. @param {Topic} topic */
  #words(topic) {
    const { by } = topic;
    if (by && this.client.blocks.has(by.id)) return make("span", { class: "words", text: this.say("message.blocked_answered") });
    const first = firstWords(topic);
    return make("span", { class: "words", attributes: { dir: "auto" } }, nameOf({ id: by?.id ?? "", name: by?.name || this.say("people.left") }), ": ",
      make("span", { text: first || this.say("topics.files"), attributes: { lang: this.#languageOf(first) } }));
  }

  /** @param {string} text */
  #languageOf(text) {
    return context.languageOf(text, this.language.startsWith("zh") ? this.language : "zh-Hans") || undefined;
  }

  /** @param {Topic} topic */
  #faces({ people, messages }) {
    const shown = people.filter(({ id }) => !this.client.blocks.has(id));
    const words = this.say("topics.spoken", { count: messages, names: shown.map(({ name }) => name || this.say("people.left")).join(this.say("list.and")) });
    return make("span", { class: "faces", attributes: { role: "img", "aria-label": words, title: words } }, ...shown.map((user) => makeSeal(user)));
  }

  /** @param {number} unread @param {number} mentions @param {string | undefined} level */
  #badges(unread, mentions, level) {
    if (!unread || level === "none") return [];
    const called = mentions ? make("span", { class: "badge lit", text: "@", attributes: { "aria-hidden": "true" } }) : null;
    const words = [mentions && this.say("topics.calls", { count: mentions }), this.say("rooms.unread", { count: unread })].filter(Boolean).join(", ");
    return [called, make("span", { class: "badge", text: unread > 99 ? "99+" : String(unread), attributes: { "aria-hidden": "true" } }), make("span", { class: "unseen", text: `, ${words}` })];
  }
}
