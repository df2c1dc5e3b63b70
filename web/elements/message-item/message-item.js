/**
 * One message, or words on their way. Properties: `message` or `item`, `grouped`, `labelled`, `answered` (the message it answers, as
 * far as it is known). Each part is drawn again only where what it shows changed. What can be done with a message is in
 * message-actions, which comes to the message in hand.
 */

import { button, make, nameOf } from "../../lib/dom.js";
import { userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal, pictureOf } from "../../lib/seal.js";
import { clockTime, fullTime } from "../../lib/times.js";
import { context, PageElement } from "../element.js";
import { firstMark, showParts, shownText } from "./message-parts.js";

export class MessageItem extends PageElement {
  /** @type {any} */ message = null;
  /** @type {any} the outbox's, for words on their way */ item = null;
  grouped = false;
  /** Whether the topic it stands in is named. */ labelled = false;
  /** @type {any} */ answered = undefined;
  /** @type {Record<string, string>} what each part shows */ #shown = {};
  /** @type {unknown[]} what all of it was made of */ #made = [];

  build() {
    this.seal = make("span", { class: "seal" });
    this.head = make("header");
    this.body = make("div", { class: "text" });
    this.state = make("p", { class: "state" });
    this.append(this.seal, this.head, this.body, this.state);
    // The face leads where the name leads; the name alone is a stop for the keyboard.
    this.addEventListener("click", ({ target }) => this.seal.contains(target) && this.head.querySelector(".who")?.click?.());
  }

  attach() {
    this.setAttribute("role", "article");
    this.show();
  }

  /** Show the properties as they are; nothing is done where nothing changed. */
  show() {
    if (!this.isConnected || !this.#isOther()) return;
    const { message, item, language, client } = this;
    this.classList.toggle("grouped", this.grouped);
    this.classList.toggle("calls-me", Boolean(message && this.#room?.callsMe?.(message, this.client.me) && this.#room.state.kind !== "direct"));
    const author = this.#author;
    const { id, handle, name, bot, role } = author ?? {};
    this.#draw("head", [id, handle, name, bot, role, pictureOf(author), message?.at ?? item.at, message?.first, language], () => this.#showHead(author));
    const called = message ? client.people.calledIn(message) : [];
    this.#draw("text", [this.#text, message?.deleted, message?.everyone, called.map((/** @type {any} */ user) => user.handle + user.name), this.#opensLinks, language],
      () => this.#showText(called));
    this.#draw("state", [message?.edited_at, item?.status, item?.reason, item?.retry_after, language], () => this.#showState());
    showParts(this, (part, inputs, draw) => this.#draw(part, inputs, draw));
  }

  /** Whether anything is otherwise than when it was shown last: asked for each row of a room with each of its events. */
  #isOther() {
    const { message, item, grouped, answered, client, language } = this;
    const wanted = message && client.reactions.wanted(message.room, message.seq);
    const made = [message, grouped, answered, this.labelled && message?.topic && this.#room?.topics?.want(message.topic)?.title, wanted, language, this.#opensLinks, client.me, client.blocks.changes, client.people.changes,
      item && JSON.stringify(item), item && client.user?.name];
    if (made.every((one, at) => one === this.#made[at])) return false;
    this.#made = made;
    return true;
  }

  /** @param {string} part @param {unknown[]} inputs @param {() => void} draw */
  #draw(part, inputs, draw) {
    const key = JSON.stringify(inputs);
    if (this.#shown[part] === key) return;
    this.#shown[part] = key;
    draw();
  }

  get #author() {
    return this.message ? this.message.author : this.client.user;
  }

  get #room() {
    return this.client.find(this.message?.room ?? this.item?.room);
  }

  get #opensLinks() {
    return this.#room?.opensLinks ?? true;
  }

  get #text() {
    return this.message?.deleted ? "" : this.message?.text ?? this.item?.text ?? "";
  }

  // --- head ---------------------------------------------------------------------------------------------------------

  /** @param {any} author */
  #showHead(author) {
    const at = this.message?.at ?? this.item.at;
    const id = author?.id ?? "";
    const name = author?.name || this.say(this.message ? "people.left" : "people.you");
    const time = make("time", {
      text: clockTime(this.language, at),
      attributes: { datetime: new Date(at).toISOString(), title: fullTime(this.language, at) },
    });
    const who = author?.handle
      ? make("a", { class: "who", attributes: { href: userPath(author.handle), tabindex: "-1" } }, nameOf({ id, name })) : nameOf({ name });
    this.head.replaceChildren(...[who, ...this.#badges(author), firstMark(this), time].filter(Boolean));
    const seal = makeSeal({ ...author, id, name });
    this.seal.replaceWith(seal);
    this.seal = seal;
    this.setAttribute("aria-label", `${name}, ${time.textContent}`);
  }

  /** @param {any} author */
  #badges(author) {
    const badges = [];
    if (author?.role) badges.push(make("span", { class: `role ${author.role}`, text: this.say(`role.${author.role}`) }));
    if (author?.bot) badges.push(make("span", { class: "bot", text: this.say("people.bot") }));
    return badges;
  }

  // --- text ---------------------------------------------------------------------------------------------------------

  /** @param {any[]} called */
  #showText(called) {
    const text = this.#text;
    const { client, language } = this;
    const view = {
      opens: this.#opensLinks, me: client.me, everyone: Boolean(this.message?.everyone), called, hidden: this.say("message.spoiler"),
      rooms: () => [...client.rooms.values()].filter(({ state }) => state.kind !== "direct").map((room) => ({ id: room.id, title: room.title(language) })),
    };
    this.body.replaceChildren(...(this.message?.deleted ? [make("p", { class: "gone", text: this.say("message.deleted") })] : shownText(text, view)));
    if (this.body.querySelector(".shut")) this.body.append(make("p", { class: "why", text: this.say("message.links_shut"), attributes: { lang: this.language } }));
    this.markLanguage();
  }

  /** The language of the words, by which a browser chooses glyphs and a screen reader its voice. */
  markLanguage() {
    const language = context.languageOf(this.#text, this.language.startsWith("zh") ? this.language : "zh-Hans");
    if (language) this.body.lang = language;
    else this.body.removeAttribute("lang");
  }

  #showState() {
    const edited = this.message?.edited_at ? this.say("message.edited") : "";
    const waiting = this.item && !this.message ? this.say(`outbox.${this.item.status}`, {}) : "";
    const reason = this.item?.status === "refused" ? refusalWords(this, this.item) : "";
    const isRefused = this.item?.status === "refused";
    const steps = (isRefused ? ["retry", "drop"] : this.item?.status === "uploading" ? ["drop"] : []).map((step) => button(this.say(`message.${step}`),
      () => this.dispatchEvent(new CustomEvent(`message-${step}`, { bubbles: true })), step === "drop" ? "action grave" : "action"));
    this.state.replaceChildren([edited, reason || waiting].filter(Boolean).join(" · "), ...steps);
    this.state.hidden = !this.state.textContent;
    this.classList.toggle("refused", isRefused);
    this.classList.toggle("waiting", Boolean(this.item) && !isRefused);
  }
}
