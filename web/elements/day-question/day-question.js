/**
 * The question of the day, where it lies: how many have answered; one's own answer; then the others'. It folds, and says
 * no more than one line until one wants more. Property `room` (id of the room it lies in).
 */

import { make } from "../../lib/dom.js";
import { lantern } from "../../lib/scenes.js";
import { newId } from "../../lib/ids.js";
import { roomPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { context, PageElement } from "../element.js";

const SHOWN = 4;
const LOOK_AGAIN = 5 * 60_000;

export class DayQuestion extends PageElement {
  room = "";
  /** @type {any} */ #question = null;
  #askedAt = 0;

  build() {
    this.hidden = true;
    this.text = make("span", { class: "text" });
    this.count = make("small");
    this.body = make("div", { class: "body" });
    this.fold = make("details", {}, make("summary", {}, lantern(), make("span", {}, make("small", { text: this.say("question.heading") }), this.text), this.count), this.body);
    this.append(this.fold);
  }

  attach() {
    this.listen(this.client, "session", () => this.load());
    this.listen(this.client, "room", (event) => event.detail === this.#question?.id && this.#showAnswers());
    this.listen(this.client, "room", (event) => event.detail === this.room && this.#isLaid !== Boolean(this.#question) && this.load());
    // The host says a new one in the room.
    this.listen(this.client, "posted", ({ detail }) => detail.room === this.room && detail.message.author.bot && this.load());
    this.listen(document, "visibilitychange", () => !document.hidden && this.client.now() - this.#askedAt > LOOK_AGAIN && this.load());
    // Words are changed where all answers stand.
    for (const name of ["message-edit", "message-delete"]) this.listen(this, name, (event) => {
      event.stopPropagation();
      context.go(roomPath(this.#question.id));
    });
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
    this.text.lang = this.language;
    this.#count();
    if (answered) this.#showAnswers();
    else if (isNew) this.#askForOne();
  }

  #count() {
    this.count.textContent = this.say("question.answers", { count: this.#question.answers });
  }

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
        this.body.querySelector("a")?.focus();
      } catch (refusal) {
        error.textContent = refusalWords(this, /** @type {any} */ (refusal));
      }
    } } }, answer, error, make("div", { class: "choices" }, make("small", { text: this.say("question.first") }),
      make("button", { class: "button", text: this.say("tie.answer"), attributes: { type: "submit" } }))));
  }

  /** The last few, newest below, each with what can be done with a message; and the way to all of them. */
  async #showAnswers() {
    const { id } = this.#question;
    if (!this.#question.answered) return;
    await this.client.history.first(id);
    if ((this.client.rooms.get(id)?.timeline.messages.length ?? SHOWN) < SHOWN) await this.client.history.older(id);
    const { timeline, state } = this.client.rooms.get(id) ?? {};
    if (!timeline || this.#question.id !== id) return;
    this.#question.answers = Math.max(this.#question.answers, state?.members ?? 0);
    this.#count();
    const said = timeline.messages.filter((/** @type {any} */ message) => !message.deleted).slice(-SHOWN);
    const kept = new Map([...this.body.querySelectorAll("message-item")].map((/** @type {any} */ item) => [item.message.id, item.parentElement]));
    const rows = said.map((/** @type {any} */ message) => this.#row(message, kept.get(message.id)));
    const list = this.body.querySelector("ul") ?? make("ul", { attributes: { role: "list" } });
    if (rows.some((row, at) => row !== list.children[at]) || rows.length !== list.children.length) list.replaceChildren(...rows);
    const all = this.body.querySelector("a.all") ?? make("a", { class: "action all", text: this.say("question.all"), attributes: { href: roomPath(id) } });
    if (list.parentElement !== this.body) this.body.replaceChildren(list, all);
    this.client.markers.seen(id);
  }

  /** @param {any} message @param {any} [row] */
  #row(message, row) {
    row ??= make("li", {}, make("message-item", { attributes: { tabindex: "-1" } }));
    Object.assign(row.firstChild, { message });
    row.firstChild.show();
    return row;
  }
}
