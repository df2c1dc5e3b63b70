/**
 * A room: its heading, its messages, and a place for the composer. What else stands around the messages and what a reader
 * does there comes with room-parts.js, when the first words stand; its topics come with room-topics.js. Properties `room` (id),
 * `topic` (id, where one is open), `page`: "topics" for their list, "all" for all messages of a forum.
 */

import { change, make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { searchPath } from "../../lib/paths.js";
import { makeSeal, pictureOf } from "../../lib/seal.js";
import { context, PageElement } from "../element.js";
import { insist } from "../later.js";

/** What messages and empty rooms tell, for the parts to do. */
const TOLD = ["message-edit", "message-reply", "message-quote", "message-delete", "message-refused", "message-retry", "message-drop", "room-write", "room-invite"];
/** Grey lines that stand for messages on their way. */
const SKELETON = 6;
/** @type {typeof import("./room-parts.js").RoomParts | undefined} once it is loaded */ let RoomParts;

export class RoomView extends PageElement {
  room = "";
  /** Of the message to begin at; 0 for none. */
  seq = 0;
  /** @type {string | undefined} */ topic = undefined;
  page = "";
  /** @type {Promise<import("./room-topics.js").RoomTopics> | undefined} */ #topics;
  /** @type {import("./room-parts.js").RoomParts | undefined} */ #parts;

  build() {
    this.back = make("a", { class: "back", attributes: { href: "/" } });
    this.heading = make("h1", { attributes: { tabindex: "-1", dir: "auto" } });
    this.about = make("p", { class: "about", attributes: { dir: "auto" } });
    this.titles = make("div", { class: "titles" }, this.heading, this.about);
    this.facts = make("div", { class: "facts" });
    this.face = make("span", { class: "face", set: { hidden: true } });
    this.faces = make("span", { class: "faces", attributes: { "aria-hidden": "true" } });
    this.number = make("span", { attributes: { "aria-hidden": "true" } });
    this.here = make("button", { class: "here", attributes: { type: "button" } }, this.faces, icon("people", "crowd"), this.number);
    this.find = make("a", { class: "icon-button find", attributes: { href: searchPath({ room: this.room }) } }, icon("search"));
    this.more = make("button", { class: "icon-button more", attributes: { type: "button", "aria-haspopup": "menu" } }, icon("more"));
    this.strip = make("div", { class: "strip" });
    /** @type {any} its messages, once what shows them is there */ this.messages = null;
    this.waiting = make("div", { class: "waiting", attributes: { "aria-hidden": "true" } }, ...Array.from({ length: SKELETON }, () => make("i")));
    this.edge = make("div", { class: "edge" });
    this.asks = make("div", { class: "asks" });
    this.writing = make("div", { class: "writing" });
    /** @type {any} comes with the parts */ this.composer = null;
    this.header = make("header", {}, this.back, this.face, this.titles, this.facts, this.find, this.here, this.more);
    this.append(this.header, this.strip, this.waiting, this.edge, this.asks, this.writing);
    this.early = this.keepEarly(["click", ...TOLD], ({ type, target }) => type !== "click" || (this.header.contains(target) && !target.closest("a")));
  }

  attach() {
    for (const name of ["room", "rooms", "session"]) this.listen(this.client, name, () => this.show());
    context.preferences.set({ room: this.room });
    this.client.watch(this.room);
    if (customElements.get("message-list")) this.#layMessages();
    else customElements.whenDefined("message-list").then(() => this.isConnected && this.#layMessages());
    if (RoomParts) this.#addParts();
    this.show();
    // After the messages: they are read first.
    if (!RoomParts) customElements.whenDefined("message-list").then(() => this.#load());
  }

  /** Its messages, or those of a topic: whose timeline is there before them. */
  #layMessages() {
    if (this.messages || (this.topic && !this.#isTopicKnown) || this.listsTopics) return;
    this.messages = make("message-list", { set: { room: this.room, topic: this.topic, seq: this.seq } });
    this.waiting.after(this.messages);
    this.show();
  }

  /** Whether the list of topics stands in place of messages. */
  get listsTopics() {
    return this.page === "topics" || Boolean(this.state?.state.forum && !this.topic && this.page !== "all");
  }

  /** @param {import("../../state/room.js").Room} room */
  async #showTopics(room) {
    if (!this.topic && !this.listsTopics && !room.state.topics_version) return;
    this.#topics ??= insist(() => import("./room-topics.js")).then(({ RoomTopics }) => new RoomTopics(this));
    const topics = await this.#topics;
    if (!this.isConnected) return;
    topics.show();
    if (customElements.get("message-list")) this.#layMessages();
  }

  async #load() {
    ({ RoomParts } = await insist(() => import("./room-parts.js")));
    this.#addParts();
    this.show();
  }

  #addParts() {
    if (!this.isConnected || this.#parts || !RoomParts) return;
    this.#parts = new RoomParts(this);
    this.#parts.begin();
    this.early?.();
  }

  /** What the page knows of the room; undefined where one may not see it. */
  get state() {
    return this.client.find(this.room);
  }

  /** Another address of the same room: a message in it, or where one was before. @param {number} seq 0 for none */
  openAt(seq) {
    const place = history.state?.place ?? (seq ? { seq, mark: true } : undefined);
    if (place) this.messages?.goTo(place);
  }

  show() {
    const room = this.state;
    const inside = this.client.isInside(this.room);
    change(this.back, { textContent: this.say("rooms.all") });
    if (this.messages) change(this.messages, { hidden: !room });
    if (this.listsTopics && this.messages) {
      this.messages.remove();
      this.messages = null;
    }
    this.waiting.hidden = this.listsTopics || Boolean(this.messages && room && !this.#isWaiting) || (this.client.began && !room);
    this.edge.hidden = !inside || this.listsTopics;
    this.classList.toggle("of-two", room?.state.kind === "direct");
    this.here.hidden = !room?.isMember || room.state.kind === "direct";
    this.more.hidden = !room?.isMember;
    this.find.hidden = !room;
    this.writing.hidden = !inside || Boolean(room?.state.archived) || this.listsTopics;
    if (room) this.#showHeading(room);
    if (room) this.#showTopics(room);
    this.#parts?.show();
  }

  /** How far one has read in it is known before its messages are shown. */
  get #isTopicKnown() {
    return this.client.line(this.room, this.topic) && this.state?.topics?.want(/** @type {string} */ (this.topic)) !== undefined;
  }

  get #isWaiting() {
    const timeline = this.client.line(this.room, this.topic)?.timeline;
    return !timeline || (timeline.isEmpty && timeline.more);
  }

  /** @param {import("../../state/room.js").Room} room */
  #showHeading(room) {
    const about = this.#about(room);
    const find = this.say("rooms.search");
    change(this.find, { title: find, ariaLabel: find });
    change(this.heading, { textContent: room.title(this.language) });
    change(this.about, { textContent: about, title: about });
    const { members, online, other } = room.state;
    const words = this.say("room.people", { count: members, here: Math.min(members, room.online ?? online) });
    change(this.number, { textContent: String(members) });
    change(this.here, { title: words, ariaLabel: words });
    change(this.more, { title: this.say("room.more"), ariaLabel: this.say("room.more") });
    this.face.hidden = !other;
    if (!other) return;
    const key = other.name + pictureOf(other);
    if (this.face.dataset.of !== key) this.face.replaceChildren(makeSeal(other));
    this.face.dataset.of = key;
    this.face.classList.toggle("online", (room.online ?? online) > 1);
  }

  /** What a room is about; to a visitor, what it is; of a conversation, who the other is and whether they are here. @param {import("../../state/room.js").Room} room */
  #about(room) {
    const { kind, online, other, members } = room.state;
    if (kind !== "direct") {
      if (!this.client.began || this.client.signedIn) return room.about(this.language);
      return [this.say("room.public"), this.say("finder.members", { count: members }), room.about(this.language)].filter(Boolean).join(" · ");
    }
    const rung = this.say(other?.bot ? "people.bot" : room.friends ? "tie.rung.friend" : "tie.rung.acquainted");
    return `${rung} · ${this.say((room.online ?? online) > 1 ? "room.other_here" : "room.other_away")}`;
  }
}
