/**
 * The next step between the reader and somebody, in words, with what can be done: poke, return, answer the card, talk, and
 * what goes with it. Property `user` (as user.get tells). Nothing here can be said to somebody before both want to talk.
 */

import { LONGEST } from "../../lib/limits.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { roomPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { dayKey, dayWithin, shortDate } from "../../lib/times.js";
import { learnSent } from "../../state/pokes.js";
import { askFirst } from "../ask-first.js";
import { context, PageElement } from "../element.js";
import { want } from "../later.js";

const GESTURES = ["hi", "same_here", "talk"];

export class TieSteps extends PageElement {
  /** @type {any} */ user = null;
  /** @type {any} */ #tie = null;

  build() {
    this.words = make("p", { class: "step", attributes: { tabindex: "-1", role: "status" } });
    this.ways = make("div", { class: "ways" });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.more = make("div", { class: "more" });
    this.append(this.words, this.ways, this.error, this.more);
  }

  attach() {
    this.listen(this.client, "inbox", (event) => event.detail === this.user.id && this.load());
    this.listen(this.client, "renamed", (event) => event.detail.id === this.user.id && this.#rename(event.detail));
    this.load();
  }

  /** @param {any} user */
  #rename(user) {
    this.user = { ...this.user, ...user };
    this.load();
  }

  async load() {
    await this.#doing(() => this.client.ask("tie.get", { user: this.user.id }));
  }

  /** Ask, and show what one is to them now. @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = "";
    try {
      await Promise.all([want("curtain-card"), want("card-swap")]);
      const answer = await work();
      const before = this.#tie;
      this.#tie = answer?.next ? answer : await this.client.ask("tie.get", { user: this.user.id });
      if (before?.next !== this.#tie.next) learnSent(this.client);
      this.show();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }

  /** One's answer; the second of the two opens the curtain, behind which they stand. @param {string} method @param {object} params */
  async #answer(method, params) {
    await this.#do(method, params);
    if (this.#tie.next === "talk" && !this.error.textContent) context.go(roomPath(this.#tie.room));
  }

  /** @param {string} method @param {object} [params] */
  #do(method, params = {}) {
    return this.#doing(() => this.client.ask(method, params));
  }

  show() {
    const tie = this.#tie;
    const room = tie.next_room || tie.sent?.room || tie.received?.room || "";
    this.dataset.next = tie.next;
    this.words.textContent = this.#step(tie, room);
    this.#keepWriting(tie, room);
    if (this.more.querySelector("textarea:focus")) return;
    const focused = this.more.contains(document.activeElement);
    this.more.replaceChildren(...(tie.next === "you" ? [] : this.#others(tie)));
    if (focused) this.words.focus();
  }

  /** Words that are being written stay where they are while the same card lies there. @param {any} tie @param {string} room */
  #keepWriting(tie, room) {
    const card = tie.curtain?.card ?? tie.received?.card ?? "";
    const writing = this.ways.querySelector("curtain-card textarea");
    const same = writing && card === this.ways.dataset.card;
    this.ways.dataset.card = card;
    const ways = this.#ways(tie, room);
    const focused = this.ways.contains(document.activeElement);
    const place = document.activeElement === writing;
    this.ways.replaceChildren(...ways);
    const box = this.ways.querySelector("curtain-card textarea");
    if (same && box) box.value = writing.value;
    if (place && box) box.focus();
    else if (focused) this.words.focus();
  }

  /** @param {any} tie @param {string} room */
  #step(tie, room) {
    if (this.#isNewBot(tie)) return this.say(this.user.owner ? "tie.next.bot" : "tie.next.host", { name: this.user.name });
    const values = { name: this.user.name, room: this.#title(room), date: "" };
    if (tie.next === "sent") {
      const now = this.client.now();
      if (tie.sent.state === "faded") return this.say("tie.next.faded", { date: shortDate(this.language, tie.sent.at) });
      if (dayKey(tie.sent.at) === dayKey(now)) return this.say("tie.next.sent_today");
      values.date = dayWithin(this.language, tie.sent.at, now);
    }
    if (tie.next === "answer" && tie.curtain.other_answered) return this.say("tie.next.answer_theirs", values);
    return this.say(tie.next === "talk" && tie.rung === "friend" ? "tie.next.friends" : `tie.next.${tie.next}`, values);
  }

  /** @param {string} room */
  #title(room) {
    return this.client.find(room)?.title(this.language) ?? this.say("tie.some_room");
  }

  /** @param {any} tie @param {string} room @returns {Node[]} */
  #ways(tie, room) {
    const { id } = this.user;
    if (this.user.bot) return this.#bot(tie);
    if (tie.next === "say_something") {
      return [room ? this.#link(roomPath(room), "tie.to_room") : this.#link("/rooms", "rooms.find")];
    }
    if (tie.next === "poke") return this.#gestures(room);
    if (tie.next === "sent") return tie.sent.state === "sent" ? [button(this.say("tie.withdraw"), () => this.#do("poke.withdraw", { poke: tie.sent.poke }))] : [];
    if (tie.next === "return") return this.#received(tie.received);
    if (tie.next === "answer" || tie.next === "wait") return [this.#curtain(tie.curtain)];
    if (tie.next === "unblock") return [button(this.say("tie.unblock"), () => this.#do("block.remove", { user: id }), "button")];
    if (tie.next === "rests") return [...(tie.rests ? [button(this.say("tie.go_on"), () => this.#do("tie.rest", { user: id, on: false }))] : []), ...(tie.next_room ? this.#gestures(tie.next_room) : [])];
    if (tie.next === "talk") return [this.#link(roomPath(tie.room || tie.next_room), "tie.talk")];
    return [];
  }

  /** Whom one has nothing with yet. @param {any} tie */
  #isNewBot(tie) {
    return this.user.bot && ["poke", "say_something", "rests"].includes(tie.next);
  }

  /** One writes to a bot first; with the community's host one can rehearse a poke. @param {any} tie @returns {Node[]} */
  #bot(tie) {
    if (tie.curtain) return [this.#curtain(tie.curtain)];
    const { id, owner, rooms } = this.user;
    if (!this.#isNewBot(tie)) {
      return [this.#link(roomPath(tie.room || tie.next_room), "tie.talk"), button(this.say("pair.end"), () => this.#do("direct.close", { bot: id }))];
    }
    const shared = rooms.find((/** @type {any} */ room) => room.shared)?.room ?? "hall";
    const write = button(this.say("tie.write"), () => this.#doing(async () => context.go(roomPath((await this.client.ask("direct.open", { bot: id })).room))), owner ? "button" : "action");
    return [...(owner || tie.next === "rests" ? [] : this.#gestures(shared)), write];
  }

  /** @param {string} href @param {string} key */
  #link(href, key) {
    return make("a", { class: "button", text: this.say(key), attributes: { href } });
  }

  /** @param {string} room */
  #gestures(room) {
    return GESTURES.map((gesture) => button(this.say(`gesture.${gesture}`), () =>
      this.#do("poke.send", { room, to: this.user.id, gesture }), "button gesture"));
  }

  /** Returning and answering are one screen. @param {any} poke */
  #received(poke) {
    const lines = poke.lines.map((/** @type {any} */ line) => make("li", { text: line.text, attributes: { dir: "auto" } }));
    const curtain = { texts: poke.texts, ends_at: poke.ends_at };
    return [
      make("p", { class: "gesture" }, nameOf(poke.user), this.say("tie.says", { gesture: this.say(`gesture.${poke.gesture}`) })),
      lines.length ? make("div", { class: "lines" }, make("small", { text: this.say("tie.their_lines") }), make("ul", { attributes: { role: "list" } }, ...lines)) : make("span"),
      make("curtain-card", { set: { user: this.user, curtain, send: (/** @type {string} */ text) => this.#answer("poke.return", { poke: poke.poke, answer: text }) } }),
      button(this.say("tie.return_only"), () => this.#do("poke.return", { poke: poke.poke })),
      button(this.say("tie.dismiss"), () => this.#do("poke.dismiss", { poke: poke.poke })),
    ];
  }

  /** The card both answer; what the other said is behind the curtain until both have. @param {any} curtain */
  #curtain(curtain) {
    return make("curtain-card", { set: {
      user: this.user, curtain,
      send: (/** @type {string} */ text) => this.#answer("curtain.answer", { tie: curtain.tie, card: curtain.card, text }),
      draw: () => this.#do("curtain.draw", { tie: curtain.tie }),
    } });
  }

  /** @param {any} tie @returns {Node[]} */
  #others(tie) {
    const { id } = this.user;
    const act = (/** @type {string} */ key, /** @type {string} */ method, /** @type {object} */ more = {}, kind = "action") =>
      button(this.say(key), () => this.#do(method, { user: id, ...more }), kind);
    const known = tie.rung === "acquainted" || tie.rung === "friend";
    const origin = tie.origin ? this.say(`tie.origin.${tie.origin.how}`, { room: this.#title(tie.origin.room), date: shortDate(this.language, tie.origin.at) }) : "";
    const note = make("textarea", { text: tie.note ?? "", attributes: { rows: "2", "data-most": LONGEST.note }, on: { change: () => this.#do("tie.note", { user: id, note: note.value }) } });
    const parts = [
      known ? make("p", { class: "lead", text: [this.say(`tie.rung.${tie.rung}`), tie.met_at ? this.say("tie.met") : "", origin].filter(Boolean).join(" · ") }) : null,
      tie.rung === "friend" ? make("card-swap", { set: { user: this.user, state: tie.card ?? "" }, on: { changed: () => this.load() } }) : null,
      known ? make("label", { class: "field", text: this.say("tie.note") }, note) : null,
      known ? make("details", {}, make("summary", { text: this.say("tie.ways") }), ...this.#switches(tie),
        make("div", { class: "ways" }, ...(tie.rests ? [] : [act("tie.rest", "tie.rest", { on: true })]),
          ...(tie.rung === "friend" ? [act("tie.step_back", "tie.step_back", {}, "action grave")] : []), this.#blocking(tie))) : this.#blocking(tie),
    ];
    return parts.filter((part) => part !== null);
  }

  /** What the other does not learn of. @param {any} tie */
  #switches(tie) {
    const one = (/** @type {string} */ key, /** @type {boolean} */ checked, /** @type {string} */ method, name = "on") => {
      const box = make("input", { attributes: { type: "checkbox", checked }, on: { change: () => this.client.ask(method, { user: this.user.id, [name]: box.checked }).catch((refusal) => {
        box.checked = !box.checked;
        this.error.textContent = refusalWords(this, refusal);
      }) } });
      return make("label", { class: "check" }, box, make("span", { text: this.say(key, { name: this.user.name }) }));
    };
    if (tie.rung === "friend") return [one("tie.show_seen", Boolean(tie.shows_seen), "tie.show_seen")];
    return tie.asked ? [one("tie.want", tie.wants === "yes", "tie.want", "yes")] : [];
  }

  /** @param {any} tie */
  #blocking(tie) {
    return tie.next === "unblock" ? null : button(this.say("tie.block"), async () => {
      if (await askFirst(this, "tie.confirm_block", "tie.block")) await this.#do("block.add", { user: this.user.id });
    }, "action grave");
  }
}
