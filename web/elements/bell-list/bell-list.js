/**
 * What came for the reader: pokes, cards, friendships, invitations, mentions, each in words and with the way to where it
 * happened. Looking at it marks it as read; what was new stays marked as new while one looks.
 */

import { around } from "../../lib/around.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { makeSeal } from "../../lib/seal.js";
import { ago, fullTime } from "../../lib/times.js";
import { PageElement } from "../element.js";

const AT_FIRST = 6;
const PAGE = 30;
/** What leads to a room; all else leads to whom it is about. */
const TO_ROOM = new Set(["mention", "invitation", "opened"]);

export class BellList extends PageElement {
  /** Newer items than this were not read when one came. */
  #readTo = -1;
  #wanted = AT_FIRST;

  build() {
    this.list = make("ul", { attributes: { role: "list" } });
    this.more = button(this.say("bell.more"), () => {
      this.#wanted += PAGE;
      this.load();
    });
    this.append(make("h2", { text: this.say("bell.heading") }), this.list, this.more);
    this.hidden = true;
  }

  attach() {
    for (const name of ["inbox", "session", "day"]) this.listen(this.client, name, () => this.load());
    this.listen(this.client, "people", () => this.load());
    this.load();
  }

  async load() {
    if (!this.client.signedIn) return;
    if (this.#readTo < 0) this.#readTo = this.client.inbox.seq - this.client.inbox.unread;
    const { items, next } = await this.client.ask("inbox.list", { limit: Math.min(100, this.#wanted) }).catch(() => ({ items: [], next: 0 }));
    const known = items.filter((/** @type {any} */ { kind, until }) => this.say(`bell.${kind}`) !== `bell.${kind}` && !(kind === "met" && until));
    this.client.people.learn(items.map((/** @type {any} */ item) => item.user));
    this.hidden = !known.length;
    this.more.hidden = !next || this.#wanted >= 100;
    this.list.replaceChildren(...known.map((/** @type {any} */ item) => this.#row(item)));
    if (!document.hidden) this.client.readInbox();
  }

  /** @param {any} item */
  #row(item) {
    const user = this.client.people.get(item.user);
    const name = user?.name ?? this.say("people.left");
    const room = this.client.find(item.room)?.title(this.language) ?? this.say("tie.some_room");
    const isNew = item.number > this.#readTo;
    const href = TO_ROOM.has(item.kind) ? roomPath(item.room) : userPath(user?.handle ?? "");
    const said = make("span", { class: "said" }, ...around(this.say(`bell.${item.kind}`, { room }), nameOf({ id: item.user, name })));
    const time = make("time", { text: ago(this.language, item.at, this.client.now(), this.say("time.just_now")), attributes: { datetime: new Date(item.at).toISOString(), title: fullTime(this.language, item.at) } });
    return make("li", { class: isNew ? "is-new" : "" }, make("a", { attributes: { href } }, makeSeal(user ?? { id: item.user, name }), said,
      isNew ? make("span", { class: "unseen", text: this.say("room.new_below") }) : null, time));
  }
}
