/**
 * The one next step between the reader and somebody, in words, with what can be done: say hi, wave back, answer the
 * question, talk, and what goes with it. Property `user` (as user.get tells). Nothing here can be said to somebody before
 * both want to talk.
 */

import { LONGEST } from "../../lib/limits.js";
import { button, make } from "../../lib/dom.js";
import { originWords } from "../../lib/origin.js";
import { roomPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { dayKey, dayWithin, shortDate } from "../../lib/times.js";
import { learnSent } from "../../state/pokes.js";
import { tiesOf } from "../../state/ties.js";
import { context, PageElement } from "../element.js";
import { want } from "../later.js";

/** To its sender a hello fades after these days; its receiver can wave back for longer. */
const FADES = 7 * 86_400_000;

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
    this.listen(this.client, "tie", (event) => event.detail === this.user.id && this.#heard());
    this.listen(this.client, "renamed", (event) => event.detail.id === this.user.id && this.#rename(event.detail));
    this.load();
  }

  /** @param {any} user */
  #rename(user) {
    this.user = { ...this.user, ...user };
    this.load();
  }

  async load() {
    await this.#doing(() => tiesOf(this.client).load(this.user.id));
  }

  async #heard() {
    await Promise.all(["curtain-card", "card-swap", "hello-card", "invited-answer"].map(want)).catch(() => undefined);
    const before = this.#tie;
    this.#tie = tiesOf(this.client).get(this.user.id);
    if (before && before.next !== this.#tie.next) learnSent(this.client);
    if (this.isConnected) this.show();
  }

  /** Do something, and show what one is to them now. @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = "";
    try {
      await work();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }

  /** @param {string} method @param {object} [params] */
  async #do(method, params = {}) {
    await this.#doing(async () => {
      const answer = await this.client.ask(method, params);
      if (answer?.next) tiesOf(this.client).keep(answer);
      else await tiesOf(this.client).load(this.user.id);
    });
  }

  /** One's answer; the second of the two opens the curtain, behind which they stand. @param {string} method @param {object} params */
  async #answer(method, params) {
    await this.#do(method, params);
    const tie = tiesOf(this.client).get(this.user.id);
    if (tie?.next === "talk" && !this.error.textContent) context.go(roomPath(tie.room));
  }

  show() {
    const tie = this.#tie;
    const room = tie.next_room || tie.sent?.room || tie.received?.room || "";
    this.dataset.next = tie.next;
    this.hidden = tie.next === "you";
    this.words.textContent = this.#step(tie, room);
    this.#keepWriting(tie, room);
    if (this.more.querySelector("textarea:focus")) return;
    const focused = this.more.contains(document.activeElement);
    this.more.replaceChildren(...this.#others(tie));
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

  // --- in words ----------------------------------------------------------------------------------------------------

  /** @param {any} tie @param {string} room */
  #step(tie, room) {
    const { name } = this.user;
    if (this.#isNewBot(tie)) return this.say(this.user.owner ? "tie.next.bot" : "tie.next.host", { name });
    if (tie.invited && tie.next !== "talk") return this.say("tie.next.invited", { name });
    const values = { name, room: this.#title(room), date: "" };
    if (tie.next === "sent") return this.#sentWords(tie.sent);
    if (tie.next === "return" && tie.received.at + FADES < this.client.now()) return this.say("tie.next.return_late", values);
    if (tie.next === "answer" && tie.curtain.other_answered) return this.say("tie.next.answer_theirs", values);
    return this.say(tie.next === "talk" && tie.rung === "friend" ? "tie.next.friends" : `tie.next.${tie.next}`, values);
  }

  /** @param {any} sent one's own hello */
  #sentWords({ at, state }) {
    const now = this.client.now();
    if (state === "faded") return this.say("tie.next.faded", { date: shortDate(this.language, at) });
    if (dayKey(at) === dayKey(now)) return this.say("tie.next.sent_today", { name: this.user.name });
    return this.say("tie.next.sent", { name: this.user.name, date: dayWithin(this.language, at, now) });
  }

  /** @param {string} room */
  #title(room) {
    return this.client.find(room)?.title(this.language) ?? this.say("tie.some_room");
  }

  // --- the way on --------------------------------------------------------------------------------------------------

  /** @param {any} tie @param {string} room @returns {Node[]} */
  #ways(tie, room) {
    const { id } = this.user;
    if (this.user.bot) return this.#bot(tie);
    if (tie.invited && tie.next !== "talk") return [make("invited-answer", { set: { user: this.user } })];
    const ways = {
      say_something: () => [room ? this.#link(roomPath(room), "tie.to_room") : this.#link("/rooms", "rooms.find")],
      poke: () => [this.#hi(room)],
      sent: () => tie.sent.state === "sent" ? [button(this.say("tie.withdraw"), () => this.#do("poke.withdraw", { poke: tie.sent.poke }))] : [],
      return: () => this.#received(tie.received),
      answer: () => [this.#curtain(tie.curtain)],
      wait: () => [this.#curtain(tie.curtain)],
      unblock: () => [button(this.say("tie.unblock"), () => this.#do("block.remove", { user: id }), "button")],
      rests: () => this.#paused(tie),
      talk: () => [this.#link(roomPath(tie.room || tie.next_room), "tie.talk")],
    };
    return ways[/** @type {"talk"} */ (tie.next)]?.() ?? [];
  }

  /** Say hi, in two steps. @param {string} room */
  #hi(room) {
    return button(this.say("tie.hi"), () => context.sayHi({ user: this.user, room }), "button");
  }

  /** @param {any} tie @returns {Node[]} */
  #paused(tie) {
    const { id } = this.user;
    return [...(tie.paused ? [button(this.say("tie.go_on"), () => this.#do("tie.rest", { user: id, on: false }), "button")] : []),
      ...(tie.next_room ? [this.#hi(tie.next_room)] : [])];
  }

  /** Whom one has nothing with yet. @param {any} tie */
  #isNewBot(tie) {
    return this.user.bot && ["poke", "say_something", "rests"].includes(tie.next);
  }

  /** One writes to a bot first; with the community's host one can practise saying hi. @param {any} tie @returns {Node[]} */
  #bot(tie) {
    if (tie.curtain) return [this.#curtain(tie.curtain)];
    const { id, owner, rooms } = this.user;
    if (!this.#isNewBot(tie)) {
      return [this.#link(roomPath(tie.room || tie.next_room), "tie.talk"), button(this.say("pair.end"), () => this.#do("direct.close", { bot: id }))];
    }
    const shared = rooms.find((/** @type {any} */ room) => room.shared)?.room ?? "hall";
    const write = button(this.say("tie.write"), () => this.#doing(async () => context.go(roomPath((await this.client.ask("direct.open", { bot: id })).room))), owner ? "button" : "action");
    return [...(owner || tie.next === "rests" ? [] : [button(this.say("tie.hi"), () => this.#do("poke.send", { room: shared, to: id, gesture: "hi" }), "button")]), write];
  }

  /** @param {string} href @param {string} key */
  #link(href, key) {
    return make("a", { class: "button", text: this.say(key), attributes: { href } });
  }

  /** Waving back and answering are one screen. @param {any} poke */
  #received(poke) {
    const { texts, ends_at: ends } = poke;
    const send = (/** @type {string} */ text) => this.#answer("poke.return", { poke: poke.poke, answer: text });
    return [
      make("hello-card", { set: { hello: { ...poke, user: poke.user, room: this.#title(poke.room) } } }),
      make("curtain-card", { set: { user: this.user, curtain: { texts, ends_at: ends }, isNew: true, send } }),
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
    if (tie.rung !== "acquainted" && tie.rung !== "friend") return [];
    const { id } = this.user;
    const facts = [this.say(`tie.rung.${tie.rung}`), tie.met_at ? this.say("tie.met") : "", originWords(this, tie.origin)];
    const note = make("textarea", { text: tie.note ?? "", attributes: { rows: "2", "data-most": LONGEST.note }, on: { change: () => this.#do("tie.note", { user: id, note: note.value }) } });
    const swap = () => make("card-swap", { set: { user: this.user, state: tie.card ?? "" }, on: { changed: () => this.load() } });
    return [
      make("p", { class: "lead", text: facts.filter(Boolean).join(" · ") }),
      ...(tie.rung === "friend" && !this.user.bot ? [swap()] : []),
      make("label", { class: "field", text: this.say("tie.note") }, note),
    ];
  }
}
