/**
 * The notifications: what came for the reader, what is new first, each in words and with the way to where it happened.
 * Looking at it marks it as read; what was new stays marked as new while one looks.
 */

import { around } from "../../lib/around.js";
import { button, change, make, nameOf } from "../../lib/dom.js";
import { messagePath, roomPath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { drawSeal, makeSeal } from "../../lib/seal.js";
import { ago, fullTime } from "../../lib/times.js";
import { context, PageElement } from "../element.js";
import { arrived, knows } from "../later.js";

const PAGE = 30;
const MOST = 100;
/** What leads to a room; all else leads to whom it is about. */
/** In a conversation of two, its name would be said twice. */
const TOLD_OF_TWO = new Set(["reply", "reacted"]);
const TO_ROOM = new Set(["mention", "reply", "reacted", "invitation", "opened", "removed", "muted", "banned"]);

/** Below what waits for an answer stands an element that gives it. */
const ANSWERS = { poke: "hello-answer", invited: "invited-answer" };

export class BellList extends PageElement {
  /** What was new while one looks, above what one marked as read. @type {Set<number>} */
  #new = new Set();
  #readTo = 0;
  #wanted = PAGE;

  build() {
    this.mark = button(this.say("bell.mark_read"), () => this.#markRead());
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.fresh = make("ul", { attributes: { role: "list" } });
    this.list = make("ul", { attributes: { role: "list" } });
    this.newHeading = make("h2", { text: this.say("bell.new") });
    this.oldHeading = make("h2", { text: this.say("bell.earlier") });
    this.more = button(this.say("bell.more"), () => {
      this.#wanted += PAGE;
      this.load();
    });
    this.none = make("div", { class: "empty", set: { hidden: true } }, make("p", { text: this.say("bell.none") }));
    this.append(
      make("header", {}, make("h1", { text: this.say("bell.heading"), attributes: { tabindex: "-1" } }), this.mark),
      make("div", { class: "scroller" }, make("div", { class: "notifications" }, this.error, this.none, this.newHeading, this.fresh, this.oldHeading, this.list, this.more)),
    );
    for (const part of [this.mark, this.newHeading, this.oldHeading, this.more]) part.hidden = true;
  }

  attach() {
    for (const name of ["inbox", "session", "day", "people"]) this.listen(this.client, name, () => this.load());
    this.load();
  }

  async load() {
    if (!this.client.began) return;
    if (!this.client.signedIn) return this.#askIn();
    try {
      const { items, next } = await this.client.ask("inbox.list", { limit: Math.min(MOST, this.#wanted) });
      this.error.textContent = "";
      this.#show(items, Boolean(next));
    } catch (refusal) {
      this.error.replaceChildren(refusalWords(this, refusal), " ", button(this.say("shell.again"), () => this.load()));
    }
  }

  #askIn() {
    context.preferences.set({ after: location.pathname });
    this.none.replaceChildren(make("p", { text: this.say("ties.guest") }), make("a", { class: "button", text: this.say("account.sign_in"), attributes: { href: "/sign-in" } }));
    this.none.hidden = false;
  }

  /** @param {any[]} items @param {boolean} more whether there are older ones */
  #show(items, more) {
    const known = items.filter(({ kind }) => this.say(`bell.${kind}`) !== `bell.${kind}`);
    this.client.people.learn(known.map(({ user }) => user));
    for (const { number, read } of known) if (!read && number > this.#readTo) this.#new.add(number);
    const fresh = known.filter((item) => this.#isNew(item));
    const old = known.filter((item) => !this.#isNew(item));
    this.#fill(this.fresh, fresh);
    this.#fill(this.list, old);
    change(this.newHeading, { hidden: !fresh.length });
    change(this.oldHeading, { hidden: !fresh.length || !old.length });
    change(this.none, { hidden: Boolean(known.length) });
    change(this.more, { hidden: !more || this.#wanted >= MOST });
    change(this.mark, { hidden: !fresh.length });
    if (!document.hidden) this.client.readInbox();
  }

  /** Rows that stay keep the focus. @param {any} list @param {any[]} items */
  #fill(list, items) {
    const held = list.contains(document.activeElement) ? /** @type {any} */ (document.activeElement).closest("li")?.dataset.number : null;
    list.replaceChildren(...items.map((item) => this.#row(item)));
    if (held) list.querySelector(`[data-number="${held}"] a`)?.focus();
  }

  /** @param {any} item */
  #isNew(item) {
    return this.#new.has(item.number);
  }

  /** Everything is as read, here as on the server. */
  #markRead() {
    this.#readTo = this.client.inbox.seq;
    this.#new.clear();
    this.load();
  }

  /** @param {any} item */
  #row(item) {
    const user = this.client.people.get(item.user);
    const name = user?.name ?? this.say("people.left");
    const isNew = this.#isNew(item);
    const said = make("span", { class: "said" }, ...around(this.#words(item), nameOf({ id: item.user, name })));
    if (item.reason) said.append(make("small", { text: item.reason, attributes: { dir: "auto" } }));
    const time = make("time", { text: ago(this.language, item.at, this.client.now(), this.say("time.just_now")), attributes: { datetime: new Date(item.at).toISOString(), title: fullTime(this.language, item.at) } });
    // A hello comes without a picture, which could have been chosen for this one person.
    const isHello = item.kind === "poke";
    const seal = (isHello ? drawSeal : makeSeal)(user ?? { id: item.user, name });
    const row = make("li", { attributes: { "data-drawn": isHello }, class: isNew ? "is-new" : "" }, make("a", { attributes: { href: this.#way(item, user) } }, seal, said,
      isNew ? make("span", { class: "unseen", text: this.say("room.new_below") }) : null, time));
    row.dataset.number = item.number;
    const answer = ANSWERS[/** @type {"poke"} */ (item.kind)];
    if (answer && user && knows(answer)) this.#addAnswer(row, answer, user);
    return row;
  }

  /** @param {any} item */
  #words({ kind, room: id, count = 0, until = 0 }) {
    const room = this.client.find(id)?.title(this.language) ?? this.say("tie.some_room");
    if (kind === "reacted" && count > 1) return this.say("bell.reacted_others", { room, count: count - 1 });
    if (TOLD_OF_TWO.has(kind) && this.client.find(id)?.state.kind === "direct") return this.say(`bell.${kind}_of_two`);
    return this.say(until && kind === "muted" ? "bell.muted_until" : `bell.${kind}`, { room, time: until ? fullTime(this.language, until) : "" });
  }

  /** @param {any} item @param {any} user */
  #way({ kind, room, seq }, user) {
    if (!TO_ROOM.has(kind) || !room) return userPath(user?.handle ?? "");
    return seq ? messagePath(room, seq) : roomPath(room);
  }

  /** What can be answered where it stands. @param {any} row @param {string} tag @param {any} user */
  async #addAnswer(row, tag, user) {
    if (await arrived(tag)) row.append(make(tag, { set: { user } }));
  }
}
