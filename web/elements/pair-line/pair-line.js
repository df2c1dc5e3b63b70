/**
 * What two are to each other, above and below their conversation: where they met, the card they opened, what the other has
 * seen; that it rests; of a bot, who runs it and how to end it. Property `room` (id of the conversation).
 */

import { around } from "../../lib/around.js";
import { button, change, make, nameOf } from "../../lib/dom.js";
import { userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { shortDate } from "../../lib/times.js";
import { PageElement } from "../element.js";

/** Nobody is told when the other reads: one asks, while one looks and has something unseen. */
const ASK_AGAIN = 6_000;

export class PairLine extends PageElement {
  room = "";
  /** @type {any} */ #tie = null;
  /** @type {any} */ #again = undefined;
  #shown = "";

  build() {
    this.about = make("div", { class: "pair" });
    this.seen = make("p", { class: "seen", attributes: { role: "status" } });
    this.append(this.about, this.seen);
  }

  attach() {
    this.listen(this.client, "session", () => this.load());
    this.listen(this.client, "inbox", (event) => event.detail === this.#other?.id && this.load());
    this.listen(this.client, "room", (event) => event.detail === this.room && this.#follow());
    this.listen(document, "visibilitychange", () => !document.hidden && this.load());
    this.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#again);
  }

  get #other() {
    return this.client.rooms.get(this.room)?.state.other;
  }

  async load() {
    const other = this.#other;
    if (!other || !this.client.began) return;
    const tie = await this.client.ask("tie.get", { user: other.id }).catch(() => undefined);
    if (!tie || !this.isConnected) return;
    this.#tie = tie;
    this.client.keepFriends(this.room, tie.rung === "friend");
    const key = JSON.stringify([tie.rung, tie.rests, tie.origin, tie.next, this.language]);
    if (key !== this.#shown) await this.#show(other);
    this.#shown = key;
    this.#follow();
  }

  // --- what they are to each other -----------------------------------------------------------------------------------

  /** @param {any} other */
  async #show(other) {
    const parts = other.bot ? await this.#bot(other) : this.#person(other);
    this.about.replaceChildren(...parts);
  }

  /** @param {any} other @returns {Node[]} */
  #person(other) {
    const tie = this.#tie;
    const origin = tie.origin ? this.say(`tie.origin.${tie.origin.how}`, {
      room: this.client.find(tie.origin.room)?.title(this.language) ?? this.say("tie.some_room"), date: shortDate(this.language, tie.origin.at),
    }) : "";
    const words = tie.rests ? this.say("pair.rests") : [this.say(`tie.rung.${tie.rung}`), origin].filter(Boolean).join(" · ");
    const card = tie.origin?.texts?.[this.language];
    return [make("p", {}, words, card ? make("q", { text: card, attributes: { lang: this.language } }) : null), make("a", { class: "action", text: this.say("pair.profile"), attributes: { href: userPath(other.handle) } })];
  }

  /** @param {any} other @returns {Promise<Node[]>} */
  async #bot(other) {
    const [bot] = (await this.client.ask("user.get", { users: [other.id] })).users;
    const [owner] = bot?.owner ? (await this.client.ask("user.get", { users: [bot.owner] })).users : [];
    const words = owner ? make("p", {}, ...around(this.say("pair.bot"), make("a", { attributes: { href: userPath(owner.handle) } }, nameOf(owner))))
      : make("p", { text: this.say("pair.host") });
    const error = make("p", { class: "error", attributes: { role: "alert" } });
    const end = this.#tie.rests ? button(this.say("tie.go_on"), () => this.#doing(error, "direct.open", other.id))
      : button(this.say("pair.end"), () => this.#doing(error, "direct.close", other.id));
    return [words, error, end];
  }

  /** @param {Element} error @param {string} method @param {string} bot */
  async #doing(error, method, bot) {
    error.textContent = "";
    try {
      await this.client.ask(method, { bot });
      await this.load();
    } catch (refusal) {
      error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }

  // --- seen ----------------------------------------------------------------------------------------------------------

  /** Between friends who both turn it on: below the last message, where it is one's own. */
  #follow() {
    const last = this.client.rooms.get(this.room)?.timeline.messages.at(-1);
    const mine = last?.author.id === this.client.me;
    const told = this.#tie?.rung === "friend" && this.#tie.shows_seen;
    const seen = told && mine && this.#tie.seen_seq >= last.seq;
    change(this.seen, { textContent: seen ? this.say("pair.seen") : "" });
    clearTimeout(this.#again);
    if (told && mine && !seen && !document.hidden) this.#again = setTimeout(() => this.load(), ASK_AGAIN);
  }
}
