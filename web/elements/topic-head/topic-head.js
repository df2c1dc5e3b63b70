/**
 * The bar of the topic that is open: back to the list, its title, the way to its first message, what notifies one of it,
 * and what else can be done with it. Properties `room` and `topic` (ids).
 */

import { change, make } from "../../lib/dom.js";
import { icon, iconButton } from "../../lib/more-icons.js";
import { roomPath, topicsPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { clockTime } from "../../lib/times.js";
import { topicsOf } from "../../state/topics.js";
import { PageElement } from "../element.js";
import { openMenu } from "../menu.js";
import { muteChoices } from "../mute-choices.js";

const LEVELS = [["all", "ring"], ["mentions", "at"]];

export class TopicHead extends PageElement {
  room = "";
  topic = "";

  build() {
    this.back = make("a", { class: "icon-button to-list" }, icon("left"));
    this.heading = make("h2", { attributes: { tabindex: "-1", dir: "auto" } });
    this.below = make("small", { attributes: { dir: "auto" } });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.first = make("button", { class: "action", attributes: { type: "button" }, on: { click: () => this.toFirst() } });
    /** @type {any} */ this.bell = iconButton("bell", "", () => this.#openLevels());
    /** @type {any} */ this.more = iconButton("more", "", () => this.#openMenu());
    for (const one of [this.bell, this.more]) one.setAttribute("aria-haspopup", "menu");
    this.append(this.back, make("div", { class: "titles" }, this.heading, this.below), this.first, this.bell, this.more, this.error);
  }

  attach() {
    this.topics = topicsOf(this.client, this.room);
    this.listen(this.topics, "change", () => this.show());
    this.listen(this.client, "rooms", () => this.show());
    this.listen(this.client, "room", ({ detail }) => detail === this.room && this.inTime());
    this.show();
  }

  get card() {
    return this.topics?.want(this.topic);
  }

  show() {
    const { card } = this;
    const room = this.client.find(this.room);
    if (!room) return;
    const title = card ? card.title : card === null ? this.say("topics.gone") : "…";
    change(this.heading, { textContent: title });
    change(this.below, { textContent: [card?.closed ? this.say("topics.is_closed") : "", room.title(this.language)].filter(Boolean).join(" · ") });
    this.below.classList.toggle("shown", Boolean(card?.closed));
    this.back.setAttribute("href", room.state.forum ? roomPath(this.room) : topicsPath(this.room));
    for (const [part, words] of /** @type {[any, string][]} */ ([[this.back, "topics.to_list"], [this.more, "room.more"]])) change(part, { title: this.say(words), ariaLabel: this.say(words) });
    change(this.first, { textContent: this.say("topics.first"), hidden: !card });
    const level = card?.level ?? "mentions";
    const heard = this.#levelWords(level, card?.level_until);
    change(this.bell, { title: heard, ariaLabel: heard, hidden: !card || !room.isMember });
    change(this.more, { hidden: !card });
    if (this.bell.dataset.level !== level) this.bell.replaceChildren(icon(level === "none" ? "mute" : level === "all" ? "ring" : "bell"));
    this.bell.dataset.level = level;
  }

  /** To its first message. */
  async toFirst() {
    const list = /** @type {any} */ (this.closest("room-view"))?.messages;
    const page = await this.client.ask("message.history", { room: this.room, topic: this.topic, after: 0, limit: 1 }).catch((refusal) => this.refuse(refusal));
    const seq = page?.messages[0]?.seq;
    if (seq) list?.goTo({ seq, mark: true });
  }

  /** @param {string} level @param {number} [until] */
  #levelWords(level, until = 0) {
    const words = this.say(`topics.level_${level}`);
    return until ? `${words} · ${this.say("people.until", { time: clockTime(this.language, until) })}` : words;
  }

  #openLevels() {
    const { level, level_until: until = 0, level_then: then = "mentions" } = this.card ?? {};
    const notify = (/** @type {{level: string, until?: number}} */ chosen) => this.doing(() => this.topics?.notify(this.topic, chosen) ?? Promise.resolve());
    const isMuted = level === "none";
    openMenu(this, this.bell, [
      ...LEVELS.map(([one = "", name = ""]) => ({ icon: level === one ? "check" : name, text: this.say(`topics.level_${one}`), act: () => notify({ level: one }) })),
      ...muteChoices(this, notify, isMuted && !until),
      until ? { icon: "bell", text: this.say("notify.end_quiet"), note: this.say("people.until", { time: clockTime(this.language, until) }), act: () => notify({ level: then }) } : null,
    ]);
  }

  async #openMenu() {
    const { topicChoices } = await import("./topic-choices.js");
    openMenu(this, this.more, topicChoices(this));
  }

  /** @param {() => Promise<any>} work */
  async doing(work) {
    this.error.textContent = "";
    await work().catch((refusal) => this.refuse(refusal));
  }

  /** @param {any} refusal */
  refuse(refusal) {
    this.error.textContent = refusalWords(this, refusal);
  }
}
