/**
 * What stands around a room's messages, and what a reader does there: the composer, the question of the day and pins, who
 * is here, the door for whoever is not in it, the room's page. Made by RoomView once the first words stand.
 */

import { make } from "../../lib/dom.js";
import { messagePath, topicPath, topicsPath, userPath } from "../../lib/paths.js";
import { makeSeal, pictureOf } from "../../lib/seal.js";
import { context } from "../element.js";
import { arrived, insist, knows, readerIsServed, want } from "../later.js";

/** There is room for the room's page beside the messages; from `OPEN` on it stands open until one closes it. */
const WIDE = "(min-width: 1001px)";
const OPEN = "(min-width: 1400px)";
const PHONE = "(max-width: 720px)";
const FACES = 3;
/** By place: elements that come by themselves. */
const AROUND = {
  many: { strip: ["day-question", "pin-strip"], asks: ["greeting-seals"] },
  direct: { facts: ["pair-days"], strip: ["pin-strip"], asks: ["pair-line", "friend-question"] },
};

/** What is begun in the composer about a message. @type {Record<string, (composer: any, detail: any) => void>} */
const WRITES = {
  "message-edit": (composer, { message }) => composer.edit(message),
  "message-reply": (composer, { message }) => composer.answer(message),
  "message-quote": (composer, { message, text }) => composer.quote(message, text),
};

export class RoomParts {
  /** Once there is a composer. @type {Promise<void>} */ #ready = Promise.resolve();
  #addedAround = false;
  /** @type {any} who belongs here, once one asked */ #people = null;
  /** @type {any} for whoever cannot write here */ #door = null;

  /** @param {import("./room-view.js").RoomView} view */
  constructor(view) {
    this.view = view;
    this.client = view.client;
  }

  begin() {
    const { view } = this;
    view.listen(view.here, "click", () => this.togglePeople());
    view.listen(view.titles, "click", () => view.state?.isMember && !getSelection()?.toString() && this.togglePeople());
    view.listen(view.face, "click", () => this.#toProfile());
    view.listen(view.more, "click", () => this.#openMenu());
    view.listen(window, "popstate", () => this.#followHash());
    view.listen(this.client, "people", () => this.#showFaces());
    for (const name of Object.keys(WRITES)) view.listen(view, name, (event) => this.#write(event));
    view.listen(view, "message-delete", ({ detail }) => this.erase(detail.message));
    view.listen(view, "message-refused", ({ detail }) => view.composer?.refuse(detail));
    view.listen(view, "room-write", () => view.composer?.focus());
    view.listen(view, "room-invite", () => this.#show("link"));
    view.listen(view, "message-retry", (event) => this.#item(event, (item) => this.#retry(item)));
    view.listen(view, "message-drop", (event) => this.#item(event, (item) => this.client.outbox.drop(item)));
    view.listen(view, "keydown", (event) => event.key === "Escape" && this.#escape(event));
    view.listen(document, "keydown", (event) => this.#typeOn(event));
    if (customElements.get("message-composer")) this.#layComposer();
    // What one only looks at does not come before what one writes with.
    this.#ready = insist(() => want("message-composer")).then(() => this.#layComposer());
    this.#ready.then(() => {
      readerIsServed();
      this.#layTable();
    });
  }

  show() {
    const { view } = this;
    const inside = this.client.isInside(view.room);
    const room = view.state;
    view.here.setAttribute("aria-expanded", String(this.#seesPeople));
    this.#showFaces();
    if (room?.state.archived || (this.client.began && !inside)) this.#openDoor();
    if (!inside) return this.closePeople();
    view.composer?.show();
    this.#addAround();
    this.#openCurtain();
    this.#showNewLink();
    const wanted = matchMedia(PHONE).matches ? location.hash === "#about" : (context.preferences.chosen.people ?? (matchMedia(OPEN).matches && !room?.state.forum)) && matchMedia(WIDE).matches;
    const stands = wanted && room?.isMember && room.state.kind !== "direct";
    if (stands && !this.#seesPeople) this.#ready.then(() => want("room-people")).then(() => view.isConnected && this.#openPeople(), () => undefined);
    return undefined;
  }

  /** A private room that was just made has nobody else yet. */
  async #showNewLink() {
    const { client, view } = this;
    if (client.created !== view.room || !view.state?.isMember) return;
    client.created = "";
    if (view.state.state.kind !== "closed") return;
    const { newLink } = await import("./new-link.js");
    await newLink(view).then((card) => view.asks.prepend(card), () => undefined);
  }

  /** Three of those who are here. */
  #showFaces() {
    const { view } = this;
    const room = view.state;
    const ids = (room?.here ?? []).filter((id) => id !== this.client.me).slice(0, FACES);
    this.client.people.learn(ids);
    const users = ids.map((id) => this.client.people.get(id)).filter((user) => user !== undefined);
    const key = users.map((user) => user.id + user.name + pictureOf(user)).join(" ");
    if (view.faces.dataset.of !== key) view.faces.replaceChildren(...users.map((user) => makeSeal(user)));
    view.faces.dataset.of = key;
  }

  // --- the menu of the room -------------------------------------------------------------------------------------------

  async #openMenu() {
    const { view } = this;
    const room = view.state;
    if (!room) return;
    const [{ openMenu }, { openMuting }, { tieChoices }] = await Promise.all([import("../menu.js"), import("../mute-choices.js"), import("../tie-choices.js")]);
    const direct = room.state.kind === "direct";
    const muted = room.state.notify === "none";
    const say = (/** @type {string} */ key) => view.say(key);
    const notify = (/** @type {object} */ change) => this.client.ask("room.notify", { room: view.room, ...change }).catch(() => dispatchEvent(new Event("notloaded")));
    openMenu(view, view.more, [
      direct ? { icon: "person", text: say("tie.to_profile"), act: () => this.#toProfile() } : null,
      { icon: "info", text: say(direct ? "notify.label" : "people.about_room"), act: () => this.#show() },
      direct ? null : { icon: "topic", text: say("topics.heading"), href: topicsPath(view.room) },
      room.unread ? { icon: "check", text: say("topics.mark_room"), act: () => this.client.markers.mark([view.room]) } : null,
      muted ? { icon: "bell", text: say("notify.unmute"), act: () => notify({ level: room.state.notify_then ?? "mentions" }) }
        : { icon: "mute", text: say("notify.mute"), act: () => openMuting(view, view.more, notify) },
      !direct && (room.state.kind === "open" || room.moderates) ? { icon: "link", text: say("people.copy_link"), act: () => this.#show("link") } : null,
      room.moderates && !direct ? { icon: "gear", text: say("people.change_room"), act: () => this.#show("settings") } : null,
      ...(room.state.other ? tieChoices(view, room.state.other, (refusal) => view.composer?.refuse(refusal)) : []),
      direct ? null : { icon: "leave", text: say("room.leave"), act: async () => (await this.#show()) && this.#people.leave(), grave: true },
    ]);
  }

  #toProfile() {
    const handle = this.view.state?.state.other?.handle;
    if (handle) context.go(userPath(handle));
  }

  /** Open the room's page, at one of its rows. @param {string} [row] */
  async #show(row = "") {
    if (!this.#seesPeople) await this.togglePeople();
    if (row) this.#people?.querySelector(`[data-row="${row}"] > button:not([aria-expanded="true"])`)?.click();
    return this.#seesPeople;
  }

  /** On a phone the room's page is a page: back leads to the messages. */
  #followHash() {
    if (matchMedia(PHONE).matches && this.#seesPeople && location.hash !== "#about") this.closePeople();
  }

  #layComposer() {
    const { view } = this;
    if (view.composer) return;
    view.composer = make("message-composer", { set: { room: view.room, topic: view.topic } });
    view.listen(view.composer, "edit-last", () => this.editLast());
    view.listen(view.composer, "said", () => this.#said());
    view.writing.append(view.composer);
  }

  /** Words about a message are written in its room: an answer of the day lies in one of its own. @param {{type: string, detail: any}} event */
  async #write({ type, detail }) {
    const { room, seq, topic = "" } = detail.message;
    // In a forum all is answered in its topic.
    if (room === this.view.room && this.view.topic === undefined && topic && this.view.state?.state.forum) return this.#writeIn(topicPath(room, topic, seq), new CustomEvent(type, { detail }));
    if (room !== this.view.room) return this.#writeIn(messagePath(room, seq), new CustomEvent(type, { detail }));
    if (!this.view.composer) await this.#ready;
    if (this.view.composer) WRITES[type]?.(this.view.composer, detail);
  }

  /** @param {string} path @param {CustomEvent} event */
  #writeIn(path, event) {
    context.go(path);
    const view = /** @type {any} */ (document.querySelector("room-view"));
    if (view?.room === event.detail.message.room) view.dispatchEvent(event);
  }

  /** Who is here is known when the first words stand already. */
  async #layTable() {
    const { edge, room } = this.view;
    await insist(() => want("room-table"));
    edge.replaceChildren(make("room-table", { set: { room, topic: this.view.topic } }));
  }

  /** The question of the day, pins, what the two of a conversation are to each other: each by itself, as it comes. */
  #addAround() {
    const { view } = this;
    const room = view.state;
    if (!room?.isMember || !this.client.began || this.#addedAround || view.topic || view.listsTopics) return;
    this.#addedAround = true;
    const places = AROUND[room.state.kind === "direct" ? "direct" : "many"];
    for (const [place, tags] of Object.entries(places)) {
      for (const tag of tags.filter(knows)) this.#addTo(place, tag);
    }
  }

  /** @param {string} place @param {string} tag */
  async #addTo(place, tag) {
    const { view } = this;
    await this.#ready;
    await insist(() => want(tag));
    const where = { strip: view.strip, asks: view.asks, facts: view.facts }[place] ?? view;
    where.append(make(tag, { set: { room: view.room } }));
  }

  /** Two who have both answered a card meet their answers behind a curtain, once; the answers may come after the room. */
  async #openCurtain() {
    const { view } = this;
    const room = view.state;
    if (room?.state.kind !== "direct" || room.unveiled || room.state.read_seq || room.timeline.lastSeq < 2) return;
    room.unveiled = true;
    if (await arrived("curtain-opening")) view.messages?.append(make("curtain-opening", { set: { room: view.room } }));
  }

  /** What stands here for whoever cannot write; it follows by itself once it is there. */
  async #openDoor() {
    if (this.#door || !(await arrived("room-door")) || this.#door) return;
    const { view } = this;
    this.#door = make("room-door", { set: { room: view.room } });
    view.listen(this.#door, "described", ({ detail }) => {
      view.heading.textContent = detail.title;
      view.about.textContent = detail.about;
    });
    view.writing.before(this.#door);
  }

  // --- who is here --------------------------------------------------------------------------------------------------

  get #seesPeople() {
    return Boolean(this.#people && !this.#people.hidden);
  }

  async togglePeople() {
    if (this.#seesPeople) {
      context.preferences.set({ people: false });
      return this.closePeople();
    }
    if (!(await arrived("room-people"))) return undefined;
    if (matchMedia(PHONE).matches) history.pushState({ within: true }, "", "#about");
    else context.preferences.set({ people: true });
    this.#openPeople();
    return this.#people.heading.focus();
  }

  #openPeople() {
    const { view } = this;
    if (!this.#people) {
      this.#people = make("room-people", { set: { room: view.room, hidden: true } });
      view.listen(this.#people, "close", () => (location.hash === "#about" ? history.back() : this.closePeople()));
      view.append(this.#people);
    }
    this.#people.hidden = false;
    view.classList.add("with-page");
    view.here.setAttribute("aria-expanded", "true");
    this.#people.open();
  }

  closePeople() {
    if (!this.#seesPeople) return;
    const focused = this.#people.contains(document.activeElement);
    this.#people.hidden = true;
    this.view.classList.remove("with-page");
    this.view.here.setAttribute("aria-expanded", "false");
    if (focused) this.view.here.focus();
  }

  /** Who comes into a room stands at its heading; whoever begins to type writes. @param {KeyboardEvent} event */
  #typeOn(event) {
    const plain = event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey;
    const elsewhere = /** @type {Element} */ (event.target).closest("input, textarea, select, button, a, summary, dialog, message-item");
    if (plain && !elsewhere && !this.view.writing.hidden) this.view.composer?.focus();
  }

  /** Escape closes who is here, or leads from the messages back to the composer. @param {KeyboardEvent} event */
  #escape(event) {
    const target = /** @type {Element} */ (event.target);
    // What stands over the room closes by itself, and words that are being composed are an input method's.
    if (event.isComposing || event.defaultPrevented || target.closest("dialog")) return;
    if (this.view.messages?.contains(target)) this.view.composer?.focus();
    else if (this.#people?.contains(target)) {
      context.preferences.set({ people: false });
      this.closePeople();
    }
  }

  /** A visitor's words wait while their writer is asked for a name, here and now. */
  async #said() {
    const { view } = this;
    view.messages?.toLatest();
    if (this.client.signedIn) return;
    if (!(await arrived("account-form"))) return;
    const { askForName } = await import("../come-in.js");
    askForName(view, () => view.composer?.focus());
  }

  // --- one's own words ------------------------------------------------------------------------------------------------

  editLast() {
    const mine = this.client.line(this.view.room, this.view.topic)?.timeline.messages.filter((message) => message.author.id === this.client.me && !message.deleted);
    const last = mine?.[mine.length - 1];
    if (last) this.view.composer?.edit(last);
  }

  /** @param {any} message */
  async erase(message) {
    const { view } = this;
    const { askFirst } = await import("../ask-first.js");
    if (!(await askFirst(view, "message.confirm_delete", "message.delete"))) return;
    await this.client.ask("message.delete", { room: message.room, seq: message.seq }).catch((refusal) => view.composer?.refuse(refusal));
  }

  /** @param {any} event @param {(item: any) => void} act */
  #item(event, act) {
    const item = this.client.outbox.items.find((one) => one.clientId === event.target.item.clientId);
    if (item) act(item);
  }

  /** @param {any} item */
  #retry(item) {
    this.client.outbox.retry(item);
    this.client.outbox.flush(this.client.wire.live && this.client.signedIn);
  }
}
