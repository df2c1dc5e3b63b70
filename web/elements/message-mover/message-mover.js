/**
 * Moderators move messages into a topic, or out of one: which of those from a message on, and where to. Properties `message`,
 * and `list` (the message-list it stands in).
 */

import { button, change, make, nameOf } from "../../lib/dom.js";
import { layRows } from "../../lib/held-rows.js";
import { messageWords } from "../../lib/plain-text.js";
import { topicsOf } from "../../state/topics.js";
import { closable } from "../closable.js";
import { PageElement } from "../element.js";
import { actingForm } from "../forms.js";

/** Messages offered at first, and with each press more. */
const STEP = 30;
const SHOWN = 80;
/** Topics offered at first, and as one comes near the end more. */
const TOPICS = 30;
const NEAR = 120;
const PAUSE = 180;
/** The most that one call moves. */
const AT_ONCE = 100;
const OPEN = { closed: false };

export class MessageMover extends PageElement {
  /** @type {any} */ message = null;
  /** @type {any} */ list = null;
  #most = STEP;
  #topics = TOPICS;
  #asked = 0;
  /** @type {any} */ #timer;

  build() {
    this.topics = topicsOf(this.client, this.message.room);
    this.messages = make("div", { class: "lines" });
    this.more = button(this.say("mover.more"), () => this.#further(), "action");
    this.which = make("fieldset", { class: "which" }, make("legend", { text: this.say("mover.which") }), this.messages, this.more);
    const label = this.say("mover.search");
    this.search = make("input", { attributes: { type: "search", placeholder: label, "aria-label": label, autocomplete: "off" } });
    this.lines = make("div", { class: "lines" });
    this.none = make("p", { class: "lead", attributes: { role: "status" } });
    this.where = make("fieldset", { class: "where" }, make("legend", { text: this.say("mover.where") }), this.search, this.lines, this.none);
    this.form = actingForm(this, [this.which, this.where], this.say("mover.move"), (data) => this.#move(data));
    this.dialog = make("dialog", { class: "list mover", attributes: { "aria-label": this.say("actions.move") } });
    closable(this.dialog, this.say("actions.move"), this.say("people.close"), this.form);
    this.append(this.dialog);
  }

  attach() {
    this.listen(/** @type {any} */ (this.topics), "change", () => this.#showTopics());
    this.listen(this.client, "room", ({ detail }) => detail === this.message.room && this.#showMessages());
    this.listen(this.search, "input", () => this.#searchSoon());
    this.listen(this.search, "keydown", (event) => event.key === "Enter" && event.preventDefault());
    this.listen(this.lines, "scroll", () => this.#scrolled(), { passive: true });
    this.listen(this.dialog, "close", () => this.remove());
    this.#showMessages();
    this.#showTopics();
    this.dialog.showModal();
  }

  // --- which ------------------------------------------------------------------------------------------------------------

  get #timeline() {
    return this.client.line(this.message.room, this.list?.topic)?.timeline;
  }

  /** Those of the same line from the message on. @returns {any[]} */
  get #following() {
    const { seq, topic } = this.message;
    return (this.#timeline?.between(seq, Infinity) ?? []).filter((/** @type {any} */ one) => !one.deleted && (one.topic ?? "") === (topic ?? ""));
  }

  #showMessages() {
    const following = this.#following;
    layRows(this.messages, following.slice(0, this.#most).map((message) => ({ key: String(message.seq), look: "", make: () => this.#check(message) })));
    change(this.more, { hidden: following.length <= this.#most && Boolean(this.#timeline?.reachesEnd) });
  }

  async #further() {
    this.#most += STEP;
    if (this.#following.length < this.#most) await this.client.history.newer(this.message.room, this.list?.topic);
    this.#showMessages();
  }

  /** @param {any} message */
  #check(message) {
    const checked = message.seq === this.message.seq;
    return make("label", { class: "check" }, make("input", { attributes: { type: "checkbox", name: "seq", value: String(message.seq), checked } }),
      make("span", { attributes: { dir: "auto" } }, nameOf({ id: message.author.id, name: message.author.name }), ": ", messageWords(message, this, SHOWN)));
  }

  // --- where to ---------------------------------------------------------------------------------------------------------

  #searchSoon() {
    clearTimeout(this.#timer);
    this.#topics = TOPICS;
    this.#timer = setTimeout(() => this.#showTopics(), PAUSE);
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.lines;
    if (scrollHeight - scrollTop - clientHeight > NEAR || this.lines.childElementCount < this.#topics) return;
    this.#topics += TOPICS;
    this.#showTopics();
  }

  /** The main line, where there is one, and topics, the lately active first; the one that was chosen stays. */
  async #showTopics() {
    const asked = (this.#asked += 1);
    const letters = this.search.value;
    const found = (await this.topics?.find(OPEN, letters, this.#topics + 1)) ?? [];
    if (asked !== this.#asked || !this.isConnected) return;
    const { room, topic } = this.message;
    const main = topic && !letters.trim() && !this.client.find(room)?.state.forum ? [{ id: "", title: this.say("mover.main") }] : [];
    const lines = [...main, ...found.filter(({ id }) => id !== topic)].slice(0, this.#topics);
    const chosen = this.lines.querySelector("input:checked")?.value;
    const kept = chosen && !lines.some(({ id }) => id === chosen) ? this.topics?.get(chosen) : undefined;
    layRows(this.lines, [...(kept ? [kept] : []), ...lines].map(({ id, title }) => ({ key: id, look: title, make: () => this.#radio(id, title, id === chosen) })));
    change(this.none, { textContent: lines.length ? "" : this.say("switcher.none") });
  }

  /** @param {string} id @param {string} title @param {boolean} checked */
  #radio(id, title, checked) {
    return make("label", { class: "check" }, make("input", { attributes: { type: "radio", name: "topic", value: id, required: true }, set: { checked } }), make("span", { text: title, attributes: { dir: "auto" } }));
  }

  /** @param {FormData} data */
  async #move(data) {
    const seqs = data.getAll("seq").map(Number);
    if (!seqs.length) return this.say("mover.none");
    for (let at = 0; at < seqs.length; at += AT_ONCE) {
      await this.client.ask("message.move", { room: this.message.room, seqs: seqs.slice(at, at + AT_ONCE), topic: data.get("topic") });
    }
    this.dialog.close();
    return "";
  }
}
