/**
 * Moderators move messages into a topic, or out of one: which of those from a message on, and where to. Properties `message`,
 * and `list` (the message-list it stands in).
 */

import { make, nameOf } from "../../lib/dom.js";
import { messageWords } from "../../lib/plain-text.js";
import { topicsOf } from "../../state/topics.js";
import { closable } from "../closable.js";
import { PageElement } from "../element.js";
import { actingForm } from "../forms.js";

const OFFERED = 30;
const SHOWN = 80;

export class MessageMover extends PageElement {
  /** @type {any} */ message = null;
  /** @type {any} */ list = null;

  build() {
    const { room, seq, topic } = this.message;
    this.topics = topicsOf(this.client, room);
    const following = (this.client.line(room, this.list?.topic)?.timeline.between(seq, Infinity) ?? [])
      .filter((/** @type {any} */ one) => !one.deleted && (one.topic ?? "") === (topic ?? "")).slice(0, OFFERED);
    this.which = make("fieldset", { class: "which" }, make("legend", { text: this.say("mover.which") }), ...following.map((one) => this.#check(one)));
    this.where = make("fieldset", { class: "where" }, make("legend", { text: this.say("mover.where") }));
    this.form = actingForm(this, [this.which, this.where], this.say("mover.move"), (data) => this.#move(data));
    this.dialog = make("dialog", { class: "list mover", attributes: { "aria-label": this.say("actions.move") } });
    closable(this.dialog, this.say("actions.move"), this.say("people.close"), this.form);
    this.append(this.dialog);
  }

  attach() {
    this.listen(/** @type {any} */ (this.topics), "change", () => this.#showTopics());
    this.listen(this.dialog, "close", () => this.remove());
    this.#showTopics();
    this.dialog.showModal();
  }

  /** @param {any} message */
  #check(message) {
    const checked = message.seq === this.message.seq;
    return make("label", { class: "check" }, make("input", { attributes: { type: "checkbox", name: "seq", value: String(message.seq), checked } }),
      make("span", { attributes: { dir: "auto" } }, nameOf({ id: message.author.id, name: message.author.name }), ": ", messageWords(message, this, SHOWN)));
  }

  /** The main line, where there is one, and topics, the lately active first. */
  #showTopics() {
    const { room, topic } = this.message;
    const { topics = [] } = this.topics?.list({ closed: false }) ?? {};
    const forum = this.client.find(room)?.state.forum;
    const known = new Set([...this.where.querySelectorAll("input")].map((/** @type {any} */ one) => one.value));
    const lines = [...(topic && !forum ? [{ id: "", title: this.say("mover.main") }] : []), ...topics.filter(({ id }) => id !== topic)];
    for (const { id, title } of lines) {
      if (known.has(id)) continue;
      this.where.append(make("label", { class: "check" }, make("input", { attributes: { type: "radio", name: "topic", value: id, required: true } }), make("span", { text: title, attributes: { dir: "auto" } })));
    }
  }

  /** @param {FormData} data */
  async #move(data) {
    const seqs = data.getAll("seq").map(Number);
    if (!seqs.length) return this.say("mover.none");
    await this.client.ask("message.move", { room: this.message.room, seqs, topic: data.get("topic") });
    this.dialog.close();
    return "";
  }
}
