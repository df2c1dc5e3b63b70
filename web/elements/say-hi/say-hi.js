/**
 * Say hi to somebody: choose why, see exactly what they will see, and send it by a second click. A panel at the right, on a
 * phone the whole page. Opened by `context.sayHi`, gone when it is closed. Properties: `user` (id, handle, name), `room`
 * (id, of the room that it comes from; "" for the one the server names) and `seq` (their message it is about; 0: none).
 */

import { button, make, nameOf } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { ownLines } from "../../lib/own-lines.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { clockTime, dayKey } from "../../lib/times.js";
import { learnSent } from "../../state/pokes.js";
import { PageElement } from "../element.js";
import { want } from "../later.js";

export const REASONS = ["hi", "same_here", "talk"];
const SIGNS = { hi: "👋", same_here: "🙋", talk: "🍵" };
/** Places are spoken of when they become few. */
const FEW_PLACES = 2;

export class SayHi extends PageElement {
  /** @type {any} */ user = null;
  room = "";
  seq = 0;
  #why = "hi";

  build() {
    const label = this.say("hi.heading", { name: this.user.name });
    this.body = make("div", { class: "body" });
    this.error = make("p", { class: "error", attributes: { role: "alert", tabindex: "-1" } });
    this.foot = make("footer");
    this.dialog = make("dialog", { attributes: { "aria-label": label }, on: { close: () => this.remove() } },
      make("form", { on: { submit: (/** @type {Event} */ event) => this.#submit(event) } },
        make("header", {}, make("h2", { text: label }), iconButton("close", this.say("people.close"), () => this.dialog.close())),
        this.body, this.foot));
    this.append(this.dialog);
  }

  attach() {
    this.dialog.showModal();
    this.#open();
  }

  async #open() {
    try {
      const { id } = this.user;
      const [tie, { places }, { users }] = await Promise.all([
        this.client.ask("tie.get", { user: id }), this.client.ask("poke.list"), this.client.ask("user.get", { users: [id] }), want("hello-card"),
      ]);
      this.user = users[0] ?? this.user;
      this.room ||= tie.next_room;
      if (tie.next !== "poke" && !(tie.next === "rests" && tie.next_room)) this.#sayInstead(tie);
      else await this.#ask(places);
    } catch (refusal) {
      this.#refuse(refusal);
    }
  }

  // --- choosing and seeing -----------------------------------------------------------------------------------------

  /** @param {number} places how many hellos one may still send */
  async #ask(places) {
    const [lines, message] = await Promise.all([ownLines(this.client, this.room), this.#message()]);
    this.card = make("hello-card", { set: { hello: { user: this.client.user, room: this.#title, gesture: this.#why, message, lines } } });
    this.body.replaceChildren(this.#whom(), this.#reasons(),
      make("section", {}, make("h3", { text: this.say("hi.sees", { name: this.user.name }) }), this.card),
      make("p", { class: "lead", text: this.say("hi.note", { name: this.user.name }) }),
      places > 0 && places <= FEW_PLACES ? make("p", { class: "lead places", text: this.say("hi.places", { count: places }) }) : "", this.error);
    if (places < 1) this.error.textContent = this.say("refused.no_place");
    this.send = make("button", { class: "button", text: this.say("hi.send"), attributes: { type: "submit" }, set: { disabled: places < 1 } });
    this.foot.replaceChildren(button(this.say("composer.cancel"), () => this.dialog.close(), "action edged"), this.send);
    this.body.querySelector("input")?.focus();
  }

  get #title() {
    return this.client.find(this.room)?.title(this.language) ?? this.say("tie.some_room");
  }

  /** Their message that it is about, as this page has it, else as the room's log has it. */
  async #message() {
    if (!this.seq) return undefined;
    const held = this.client.find(this.room)?.timeline.at(this.seq);
    const { messages } = held ? { messages: [held] } : await this.client.ask("message.history", { room: this.room, around: this.seq, limit: 1 });
    return messages.find((/** @type {any} */ one) => one.seq === this.seq && !one.deleted);
  }

  #whom() {
    const { handle, headline } = this.user;
    return make("div", { class: "whom" }, makeSeal(this.user), make("div", {}, make("strong", {}, nameOf(this.user)),
      make("small", { text: [`@${handle}`, headline].filter(Boolean).join(" · "), attributes: { dir: "auto" } })));
  }

  #reasons() {
    return make("fieldset", {}, make("legend", { text: this.say("hi.why") }), ...REASONS.map((why) => this.#reason(why)));
  }

  /** @param {string} why */
  #reason(why) {
    const input = make("input", { attributes: { type: "radio", name: "why", value: why, checked: why === this.#why }, on: { change: () => this.#choose(why) } });
    return make("label", {}, make("span", { class: "sign", text: SIGNS[/** @type {"hi"} */ (why)], attributes: { "aria-hidden": "true" } }),
      make("span", { class: "words" }, make("strong", { text: this.say(`hi.${why}`) }), make("small", { text: this.say(`hi.${why}_words`) })), input);
  }

  /** @param {string} why */
  #choose(why) {
    this.#why = why;
    this.card.hello = { ...this.card.hello, gesture: why };
    this.card.show();
  }

  // --- sending -----------------------------------------------------------------------------------------------------

  /** @param {Event} event */
  async #submit(event) {
    event.preventDefault();
    if (!this.send || this.send.disabled) return;
    this.send.disabled = true;
    this.error.textContent = "";
    try {
      const tie = await this.client.ask("poke.send", { room: this.room, to: this.user.id, gesture: this.#why, seq: this.seq });
      if (tie.sent) this.#done(this.say("hi.sent", { name: this.user.name }), this.#takeBack(tie.sent.poke));
      // Two hellos that cross are a return: there is a question for both now.
      else this.#done(this.say("poke.crossed", { name: this.user.name }), this.#link(userPath(this.user.handle), "tie.to_card"));
    } catch (refusal) {
      this.send.disabled = false;
      this.#refuse(refusal);
    }
    learnSent(this.client);
    this.client.tell("inbox", this.user.id);
  }

  /** @param {any} refusal */
  #refuse(refusal) {
    if (!this.error.isConnected) this.body.append(this.error);
    this.error.textContent = refusal.reason === "changed_lately" && refusal.retryAfter ? this.say("hi.changed_lately", { when: this.#when(refusal.retryAfter) })
      : refusalWords(this, refusal);
    this.error.focus();
  }

  /** @param {number} wait milliseconds, less than a day */
  #when(wait) {
    const now = this.client.now();
    return this.say(dayKey(now + wait) === dayKey(now) ? "hi.today" : "hi.tomorrow", { time: clockTime(this.language, now + wait) });
  }

  /** @param {string} words @param {Node | null} way */
  #done(words, way) {
    const said = make("p", { class: "done", text: words, attributes: { role: "status", tabindex: "-1" } });
    this.body.replaceChildren(this.#whom(), said, this.error);
    this.foot.replaceChildren(...(way ? [way] : []), button(this.say("hi.done"), () => this.dialog.close(), "button"));
    said.focus();
  }

  /** @param {string} poke */
  #takeBack(poke) {
    return button(this.say("tie.withdraw"), async () => {
      try {
        await this.client.ask("poke.withdraw", { poke });
        learnSent(this.client);
        this.client.tell("inbox", this.user.id);
        this.dialog.close();
      } catch (refusal) {
        this.#refuse(refusal);
      }
    }, "action edged");
  }

  /** Something else is the next step: a word to say first, a hello that waits, a conversation. @param {any} tie */
  #sayInstead(tie) {
    const words = this.say(`tie.next.${tie.next === "sent" ? "sent_already" : tie.next}`, { name: this.user.name, room: this.#title });
    const talk = tie.next === "talk" && tie.room;
    const ways = {
      say_something: () => this.#link(this.room ? roomPath(this.room) : "/rooms", this.room ? "tie.to_room" : "rooms.find"),
      sent: () => tie.sent.state === "sent" ? this.#takeBack(tie.sent.poke) : null,
    };
    const way = ways[/** @type {"sent"} */ (tie.next)] ?? (() => this.#link(talk ? roomPath(tie.room) : userPath(this.user.handle), talk ? "tie.talk" : "tie.to_profile"));
    this.#done(words, way());
  }

  /** @param {string} href @param {string} key */
  #link(href, key) {
    return make("a", { class: "action edged", text: this.say(key), attributes: { href }, on: { click: () => this.dialog.close() } });
  }
}
