/**
 * The next step between the reader and somebody, in words, with what can be done: poke, return, answer the card, talk, and
 * what goes with it. Property `user` (as user.get tells). Nothing here can be said to somebody before both want to talk.
 */

import { make, nameOf } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";
import { roomPath } from "../../lib/paths.js";
import { fullTime, shortDate } from "../../lib/times.js";
import { askFirst } from "../ask-first.js";
import { context, PageElement } from "../element.js";
import { button, refusalWords } from "../forms.js";

const GESTURES = ["liked", "same_here", "tea"];
const ANSWER_CHARACTERS = "280";

export class TieSteps extends PageElement {
  /** @type {any} */ user = null;
  /** @type {any} */ #tie = null;

  build() {
    this.words = make("p", { class: "step" });
    this.ways = make("div", { class: "ways" });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.more = make("div", { class: "more" });
    this.append(this.words, this.ways, this.error, this.more);
  }

  attach() {
    this.listen(this.house, "inbox", (event) => event.detail === this.user.id && this.load());
    this.load();
  }

  async load() {
    await this.#doing(() => this.house.ask("tie.get", { user: this.user.id }));
  }

  /** Ask, and show what one is to them now. @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = "";
    try {
      const answer = await work();
      this.#tie = answer?.next ? answer : await this.house.ask("tie.get", { user: this.user.id });
      this.show();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }

  show() {
    const tie = this.#tie;
    const room = tie.next_room || tie.sent?.room || tie.received?.room || "";
    const values = {
      name: this.user.name, room: this.house.find(room)?.title(this.language) ?? this.say("tie.some_room"),
      date: tie.sent ? shortDate(this.language, tie.sent.at) : "",
    };
    this.dataset.next = tie.next;
    this.words.textContent = this.say(`tie.next.${tie.next}`, values);
    this.ways.replaceChildren(...this.#ways(tie, room));
    this.more.replaceChildren(...(tie.next === "you" ? [] : this.#others(tie)));
  }

  /** @param {any} tie @param {string} room @returns {Node[]} */
  #ways(tie, room) {
    const { id } = this.user;
    if (tie.next === "say_something") {
      return [room ? this.#link(roomPath(room), "tie.to_room") : this.#link("/rooms", "rooms.find")];
    }
    if (tie.next === "poke") return this.#gestures(room);
    if (tie.next === "sent") return [button(this.say("tie.withdraw"), () => this.#doing(() => this.house.ask("poke.withdraw", { poke: tie.sent.poke })))];
    if (tie.next === "return") return this.#received(tie.received);
    if (tie.next === "answer" || tie.next === "wait") return this.#curtain(tie.curtain);
    if (tie.next === "unblock") return [button(this.say("tie.unblock"), () => this.#doing(() => this.house.ask("block.remove", { user: id })), "button")];
    if (tie.next === "rests") return [...(tie.rests ? [button(this.say("tie.go_on"), () => this.#doing(() => this.house.ask("tie.rest", { user: id, on: false })), "button")] : []), ...(tie.next_room ? this.#gestures(tie.next_room) : [])];
    if (tie.next === "talk") return [this.#link(roomPath(tie.room || tie.next_room), "tie.talk")];
    return [];
  }

  /** @param {string} href @param {string} key */
  #link(href, key) {
    return make("a", { class: "button", text: this.say(key), attributes: { href } });
  }

  /** @param {string} room */
  #gestures(room) {
    return GESTURES.map((gesture) => button(this.say(`gesture.${gesture}`), () => this.#doing(() =>
      this.house.ask("poke.send", { room, to: this.user.id, gesture })), "button gesture"));
  }

  /** @param {any} poke */
  #received(poke) {
    const lines = poke.lines.map((/** @type {any} */ line) => make("li", { text: line.text, attributes: { dir: "auto" } }));
    return [
      make("p", {}, nameOf(poke.user.name), `: ${this.say(`gesture.${poke.gesture}`)}`),
      lines.length ? make("div", { class: "lines" }, make("small", { text: this.say("tie.their_lines") }), make("ul", { attributes: { role: "list" } }, ...lines)) : make("span"),
      ...this.#card(poke.texts, "", async (text) => this.house.ask("poke.return", { poke: poke.poke, answer: text })),
      button(this.say("tie.dismiss"), () => this.#doing(() => this.house.ask("poke.dismiss", { poke: poke.poke }))),
    ];
  }

  /** The card both answer; what the other said is behind the curtain until both have. @param {any} curtain */
  #curtain(curtain) {
    const other = curtain.other_answered ? make("p", { class: "lead", text: this.say("tie.other_answered", { name: this.user.name }) }) : make("span");
    if (curtain.answered) {
      return [this.#face(curtain.texts), make("p", { class: "lead", text: this.say("tie.until", { date: fullTime(this.language, curtain.ends_at) }) })];
    }
    const draw = curtain.may_draw ? [button(this.say("tie.draw"), () => this.#doing(() => this.house.ask("curtain.draw", { tie: curtain.tie })))] : [];
    return [other, ...this.#card(curtain.texts, curtain.draft ?? "", (text) =>
      this.house.ask("curtain.answer", { tie: curtain.tie, card: curtain.card, text })), ...draw];
  }

  /** @param {Record<string, string>} texts */
  #face(texts) {
    return make("blockquote", { class: "card-face" }, drawing("lantern"),
      make("p", { text: texts[this.language] ?? texts.en ?? "", attributes: { lang: this.language } }));
  }

  /** @param {Record<string, string>} texts @param {string} draft @param {(text: string) => Promise<any>} send */
  #card(texts, draft, send) {
    const answer = make("textarea", { text: draft, attributes: { rows: "3", maxlength: ANSWER_CHARACTERS, required: true, "aria-label": this.say("tie.your_answer") } });
    const form = make("form", { on: { submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#doing(() => send(answer.value.trim()));
    } } }, answer, make("button", { class: "button", text: this.say("tie.answer"), attributes: { type: "submit" } }));
    return [this.#face(texts), form];
  }

  /** @param {any} tie @returns {Node[]} */
  #others(tie) {
    const { id } = this.user;
    const act = (/** @type {string} */ key, /** @type {string} */ method, /** @type {object} */ more = {}) =>
      button(this.say(key), () => this.#doing(() => this.house.ask(method, { user: id, ...more })));
    const known = tie.rung === "acquainted" || tie.rung === "friend";
    const origin = tie.origin ? this.say(`tie.origin.${tie.origin.how}`, {
      room: this.house.find(tie.origin.room)?.title(this.language) ?? this.say("tie.some_room"), date: shortDate(this.language, tie.origin.at),
    }) : "";
    const note = make("textarea", { text: tie.note ?? "", attributes: { rows: "2", maxlength: "500" }, on: { change: () => this.#doing(() => this.house.ask("tie.note", { user: id, note: note.value })) } });
    const parts = [
      known ? make("p", { class: "lead", text: [this.say(`tie.rung.${tie.rung}`), tie.met_at ? this.say("tie.met") : "", origin].filter(Boolean).join(" · ") }) : null,
      known ? make("label", { class: "field", text: this.say("tie.note") }, note) : null,
      known && !tie.rests ? act("tie.rest", "tie.rest", { on: true }) : null,
      tie.rung === "friend" ? act("tie.step_back", "tie.step_back") : null,
      tie.next === "unblock" ? null : button(this.say("tie.block"), async () => {
        if (await askFirst(this, "tie.confirm_block", "tie.block")) await this.#doing(() => this.house.ask("block.add", { user: id }));
      }),
    ];
    return parts.filter((part) => part !== null);
  }
}
