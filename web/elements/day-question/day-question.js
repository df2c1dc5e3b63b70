/**
 * The question of the day, in a strip over the room it lies in: one line. Opened, it takes one's own answer; then it shows
 * the others', each with the way to say hi about it. Property `room` (id of the room it lies in).
 */

import { button, make } from "../../lib/dom.js";
import { iconButton } from "../../lib/more-icons.js";
import { newId } from "../../lib/ids.js";
import { lantern } from "../../lib/scenes.js";
import { refusalWords } from "../../lib/refusal.js";
import { keepTabStop, moveFocus } from "../../lib/roving.js";
import { context, PageElement } from "../element.js";
import { arrived } from "../later.js";

const LOOK_AGAIN = 5 * 60_000;
/** So many answers are there when it opens. */
const AT_FIRST = 12;
/** Below so many the number of answers is not spoken of. */
const SPOKEN_OF = 3;

export class DayQuestion extends PageElement {
  room = "";
  /** @type {any} */ #question = null;
  #askedAt = 0;
  /** @type {Set<string>} answers of blocked people that were opened all the same, by id */ #unfolded = new Set();

  build() {
    this.hidden = true;
    this.text = make("span", { class: "text" });
    this.count = make("small");
    this.body = make("div", { class: "body" });
    this.fold = make("details", {}, make("summary", {}, lantern(), make("small", { class: "what", text: this.say("question.heading") }), this.text, this.count), this.body);
    this.append(this.fold);
  }

  attach() {
    this.listen(this.client, "session", () => this.load());
    this.listen(this.client, "room", (event) => event.detail === this.#question?.id && this.fold.open && this.#showAnswers());
    this.listen(this.client, "room", (event) => event.detail === this.room && this.#isLaid !== Boolean(this.#question) && this.load());
    this.listen(this.client, "rooms", () => this.fold.open && this.#showAnswers());
    // The host says a new one in the room.
    this.listen(this.client, "posted", ({ detail }) => detail.room === this.room && detail.message.author.bot && this.load());
    this.listen(document, "visibilitychange", () => !document.hidden && this.client.now() - this.#askedAt > LOOK_AGAIN && this.load());
    this.listen(this.fold, "toggle", () => this.fold.open && this.#opened());
    this.listen(this, "keydown", (event) => event.key === "Escape" && this.#close(event));
    this.listen(this.body, "keydown", (event) => moveFocus(this.body, "message-item", event));
    this.load();
  }

  /** Whether the room has one. */
  get #isLaid() {
    const room = this.client.rooms.get(this.room);
    return Boolean(room?.isMember && room.state.question && !room.state.archived);
  }

  async load() {
    if (!this.client.began) return;
    if (!this.#isLaid) {
      this.#question = null;
      this.hidden = true;
      return;
    }
    this.#askedAt = this.client.now();
    try {
      const question = await this.client.ask("question.get", { room: this.room });
      const isNew = question.id !== this.#question?.id;
      this.#question = question;
      this.present(isNew);
    } catch {
      // Without an answer there is none to be shown; the next session asks again.
    }
  }

  /** @param {boolean} isNew */
  present(isNew) {
    const { texts, answered } = this.#question;
    this.hidden = false;
    this.text.textContent = texts[this.language] ?? texts.en ?? "";
    this.text.title = this.text.textContent;
    this.text.lang = this.language;
    this.classList.toggle("answered", Boolean(answered));
    this.#count();
    if (isNew) {
      this.fold.open = false;
      this.body.replaceChildren();
    }
    if (this.fold.open) this.#opened();
  }

  #count() {
    const { answers, answered } = this.#question;
    const few = answered ? "" : this.say("question.be_first");
    this.count.textContent = answers < SPOKEN_OF ? few : this.say("question.answers", { count: answers });
  }

  #opened() {
    if (this.#question.answered) this.#showAnswers();
    else if (!this.body.querySelector("form")) this.#askForOne();
  }

  /** @param {KeyboardEvent} event */
  #close(event) {
    if (!this.fold.open) return;
    event.stopPropagation();
    this.fold.open = false;
    this.fold.querySelector("summary").focus();
  }

  // --- one's own ---------------------------------------------------------------------------------------------------

  /** What the others said is not there to be read before one has answered. */
  #askForOne() {
    const answer = make("textarea", { attributes: { rows: "2", required: true, "aria-label": this.say("question.yours"), placeholder: this.say("question.yours") } });
    const error = make("p", { class: "error", attributes: { role: "alert" } });
    const id = newId();
    this.body.replaceChildren(make("form", { on: { submit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      error.textContent = "";
      try {
        await this.client.ask("question.answer", { question: this.#question.id, text: answer.value.trim(), client_id: id });
        await this.load();
        this.fold.querySelector("summary").focus();
      } catch (refusal) {
        error.textContent = refusalWords(this, /** @type {any} */ (refusal));
      }
    } } }, answer, error, make("div", { class: "choices" }, make("small", { text: this.say("question.first") }),
      make("button", { class: "button", text: this.say("tie.answer"), attributes: { type: "submit" } }))));
    answer.focus();
  }

  // --- the others' -------------------------------------------------------------------------------------------------

  /** Newest below, older ones when asked for. */
  async #showAnswers() {
    const { id } = this.#question;
    if (!this.#question.answered) return;
    await this.client.history.first(id);
    if ((this.client.rooms.get(id)?.timeline.messages.length ?? AT_FIRST) < AT_FIRST) await this.client.history.older(id);
    const { timeline, state } = this.client.rooms.get(id) ?? {};
    if (!timeline || this.#question.id !== id) return;
    this.#question.answers = Math.max(this.#question.answers, state?.members ?? 0);
    this.#count();
    const said = timeline.messages.filter((/** @type {any} */ message) => !message.deleted);
    const kept = new Map([...this.body.querySelectorAll("message-item")].map((/** @type {any} */ item) => [item.message.id, item.parentElement]));
    const rows = said.map((/** @type {any} */ message) => this.#row(message, kept.get(message.id)));
    const list = this.body.querySelector("ul") ?? make("ul", { attributes: { role: "list" } });
    if (rows.some((row, at) => row !== list.children[at]) || rows.length !== list.children.length) list.replaceChildren(...rows);
    const older = this.body.querySelector(".older") ?? button(this.say("question.older"), () => this.client.history.older(id), "action older");
    older.hidden = !timeline.more;
    if (list.parentElement !== this.body) this.body.replaceChildren(older, list);
    keepTabStop(list, "message-item");
    this.#bringActions(list);
    this.client.markers.seen(id);
  }

  /** What can be done with an answer is what can be done with any message. @param {any} list */
  async #bringActions(list) {
    if (!(await arrived("message-actions")) || list.parentElement !== this.body || this.body.querySelector("message-actions")) return;
    this.body.append(make("message-actions", { set: { list: { list, scroller: this.body } } }));
  }

  /** @param {any} message @param {any} [row] */
  #row(message, row) {
    if (this.client.blocks.has(message.author.id) && !this.#unfolded.has(message.id)) return this.#folded(message);
    row ??= make("li", {}, make("message-item", { attributes: { tabindex: "-1" } }));
    const room = /** @type {import("../../state/room.js").Room} */ (this.client.rooms.get(message.room));
    Object.assign(row.firstChild, { message, answered: message.reply_to ? this.client.targets.get(room, message.reply_to) : undefined });
    row.firstChild.show();
    const { author } = message;
    const open = author.id !== this.client.me && author.handle && !author.bot && !this.client.directWith(author.id) && !this.client.sent.has(author.id);
    const wave = row.querySelector(":scope > .wave");
    if (!open) wave?.remove();
    else if (!wave) row.append(iconButton("wave", this.say("hi.heading", { name: author.name }), () => context.sayHi({ user: author, room: message.room, seq: message.seq }), "wave"));
    return row;
  }

  /** @param {any} message by someone the reader blocked */
  #folded({ id }) {
    return make("li", { class: "fold" }, make("span", { text: this.say("room.folded_blocked", { count: 1 }) }), button(this.say("room.show"), () => {
      this.#unfolded.add(id);
      this.#showAnswers();
    }, "action"));
  }
}
