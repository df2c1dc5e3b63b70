/**
 * A new topic: its title, its first words and files; begun from a message where one is given. Properties `room`, `message`.
 * Moderators may move that message into it, others quote it. What is written without one is kept as a draft until the
 * topic is there.
 */

import { make } from "../../lib/dom.js";
import { newId } from "../../lib/ids.js";
import { LONGEST } from "../../lib/limits.js";
import { iconButton } from "../../lib/more-icons.js";
import { topicPath } from "../../lib/paths.js";
import { plainText } from "../../lib/plain-text.js";
import { refusalWords } from "../../lib/refusal.js";
import { pageDrafts } from "../../state/drafts.js";
import { topicsOf } from "../../state/topics.js";
import { closable } from "../closable.js";
import { context, PageElement } from "../element.js";
import { field } from "../forms.js";
import { Attaching } from "../message-composer/attaching.js";
import { quoted } from "../message-composer/written.js";

const TITLE_FROM = 60;

export class TopicForm extends PageElement {
  room = "";
  /** @type {any} */ message = null;
  #clientId = newId();

  build() {
    const title = field(this.say("topics.title"), "title", { "data-most": LONGEST.topicTitle, autocomplete: "off" });
    this.heading = title.querySelector("input");
    this.words = make("textarea", { attributes: { name: "text", rows: "5" } });
    this.moves = make("input", { attributes: { type: "checkbox", name: "moves", checked: true } });
    this.hint = make("p", { class: "error", attributes: { role: "alert" } });
    this.submit = make("button", { class: "button", text: this.say("topics.start"), attributes: { type: "submit" } });
    this.form = make("div", { class: "foot" });
    /** @type {any} */ this.plus = iconButton("plus", this.say("composer.attach"), () => this.attaching?.openMenu(this.plus));
    this.plus.setAttribute("aria-haspopup", "menu");
    this.form.append(this.plus, this.submit);
    const moves = this.#mayMove ? make("label", { class: "check" }, this.moves, make("span", { text: this.say("topics.move_message") })) : null;
    const whole = make("form", { on: { submit: (/** @type {Event} */ event) => this.#start(event) } }, title,
      make("label", { class: "field", text: this.say("topics.text") }, this.words), moves, this.form, this.hint);
    this.dialog = make("dialog", { class: "list topic-new", attributes: { "aria-label": this.say("topics.new") } });
    closable(this.dialog, this.say("topics.new"), this.say("people.close"), whole);
    this.append(this.dialog);
  }

  attach() {
    this.attaching = new Attaching(/** @type {any} */ (this));
    this.listen(this.dialog, "close", () => this.remove());
    pageDrafts().belongTo(this.client.me);
    this.listen(this.dialog, "input", () => this.#keep());
    this.#begin();
    this.attaching.restore(this.#draft.files ?? []);
    this.dialog.showModal();
    this.heading?.focus();
  }

  get #mayMove() {
    const room = this.client.rooms.get(this.room);
    return Boolean(this.message && (room?.moderates || this.client.user?.admin));
  }

  #begin() {
    const { message } = this;
    if (!message) {
      const { title = "", text } = this.#draft;
      this.heading.value = title;
      this.words.value = text;
      return;
    }
    this.heading.value = plainText(message.text, TITLE_FROM);
    if (!this.#mayMove) this.words.value = `${quoted(this.say("composer.quoted", { name: message.author.name }), message.text)}\n`;
  }

  get #place() {
    return `${this.room} new`;
  }

  /** @returns {import("../../state/drafts.js").Draft} */
  get #draft() {
    return this.message ? { text: "" } : pageDrafts().draft(this.#place);
  }

  #keep() {
    if (this.message) return;
    const files = this.attaching?.files ?? [];
    pageDrafts().keepDraft(this.#place, { title: this.heading.value, text: this.words.value, ...(files.length && { files }) });
  }

  /** What Attaching tells its host. */
  attached() {
    this.hint.textContent = "";
    this.#keep();
  }

  focus() {
    this.words.focus();
  }

  /** Until all files are up, or one is refused. @param {string[]} keys */
  async #uploaded(keys) {
    const uploads = /** @type {Attaching} */ (this.attaching).uploads;
    const waits = () => keys.some((key) => ["waiting", "sending"].includes(uploads.get(key)?.status ?? ""));
    while (waits()) await new Promise((resolve) => uploads.addEventListener("change", resolve, { once: true }));
    return keys.map((key) => uploads.get(key)?.file?.id);
  }

  /** @param {Event} event */
  async #start(event) {
    event.preventDefault();
    if (!this.attaching?.isReady || this.submit.disabled) return;
    this.submit.disabled = true;
    this.hint.textContent = "";
    const keys = this.attaching.files.map(({ key }) => key);
    try {
      const attachments = await this.#uploaded(keys);
      if (!this.attaching.isReady) return;
      const from = this.#mayMove && this.moves.checked ? { from: [this.message.seq] } : {};
      const { topic } = await this.client.ask("topic.create", { room: this.room, title: this.heading.value, text: this.words.value, client_id: this.#clientId, ...from, ...(keys.length && { attachments }) });
      for (const key of keys) this.attaching.uploads.forget(key);
      if (!this.message) pageDrafts().keepDraft(this.#place, { text: "" });
      topicsOf(this.client, this.room).keep(topic);
      this.dialog.close();
      context.go(topicPath(this.room, topic.id));
    } catch (refusal) {
      if (/** @type {any} */ (refusal).kind === "conflict") this.#clientId = newId();
      this.hint.textContent = refusalWords(this, refusal);
    } finally {
      this.submit.disabled = false;
    }
  }
}
