/** One message, or words on their way. Properties: `message` or `item`, `grouped`, `rights` (changes when they may). */

import { button, make, nameOf } from "../../lib/dom.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { clockTime, dayKey, dayName, fullTime } from "../../lib/times.js";
import { tokenize } from "../../lib/tokenizer.js";
import { context, PageElement } from "../element.js";
import { arrived } from "../later.js";

export const GESTURES = ["hi", "same_here", "talk"];

export class MessageItem extends PageElement {
  /** @type {any} */ message = null;
  /** @type {any} the outbox's, for words on their way */ item = null;
  grouped = false;
  rights = "";
  #shown = "";
  #pressed = false;

  build() {
    this.seal = make("span", { class: "seal" });
    this.head = make("header");
    this.body = make("div", { class: "text" });
    this.state = make("p", { class: "state" });
    this.actions = make("div", { class: "actions" });
    this.append(this.seal, this.head, this.body, this.state, this.actions);
    // On glass the tap that makes the actions appear under the finger is none of theirs.
    this.actions.addEventListener("pointerdown", () => (this.#pressed = true));
    this.actions.addEventListener("click", (/** @type {MouseEvent} */ event) => {
      if (event.detail && !this.#pressed) event.stopPropagation();
      this.#pressed = false;
    }, { capture: true });
  }

  attach() {
    this.setAttribute("role", "article");
    this.show();
  }

  /** Show the properties as they are; nothing is done where nothing changed. */
  show() {
    if (!this.isConnected) return;
    const key = JSON.stringify([this.message, this.item, this.item && this.client.user?.name, this.grouped, this.language, this.#rights(), this.#opensLinks]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.classList.toggle("grouped", this.grouped);
    this.classList.toggle("calls-me", Boolean(this.message?.mentions?.includes(this.client.me)));
    this.#showHead();
    this.#showText();
    this.#showState();
    this.#showActions();
  }

  get #author() {
    return this.message ? this.message.author : this.client.user;
  }

  /** What the reader may do with the message. */
  #rights() {
    if (!this.message || this.message.deleted) return "";
    if (this.message.author.id === this.client.me) return "edit delete";
    const room = this.client.rooms.get(this.message.room);
    const towards = room?.isMember && room.state.kind !== "direct" ? this.#towards() : "";
    return room?.moderates || this.client.user?.admin ? `${towards} delete` : towards;
  }

  /** What can be done towards its author: talk, or poke, unless that is done. */
  #towards() {
    const { id, handle, bot } = this.#author;
    const direct = this.client.directWith(id);
    if (direct) return `talk:${direct.id}`;
    const sent = this.client.sent.get(id);
    return sent ? `sent:${sent.at}:${dayKey(this.client.now())}` : handle && !bot ? "poke" : "";
  }

  #showHead() {
    const author = this.#author;
    const at = this.message?.at ?? this.item.at;
    const id = author?.id ?? "";
    const name = author?.name || this.say(this.message ? "people.left" : "people.you");
    const time = make("time", {
      text: clockTime(this.language, at),
      attributes: { datetime: new Date(at).toISOString(), title: fullTime(this.language, at) },
    });
    const bot = author?.bot ? make("span", { class: "bot", text: this.say("people.bot") }) : null;
    const who = author?.handle
      ? make("a", { class: "who", attributes: { href: userPath(author.handle), tabindex: "-1" } }, nameOf({ id, name })) : nameOf({ name });
    this.head.replaceChildren(who, ...(bot ? [bot] : []), time);
    const seal = makeSeal({ id, handle: author?.handle, name });
    this.seal.replaceWith(seal);
    this.seal = seal;
    this.setAttribute("aria-label", `${name}, ${time.textContent}`);
  }

  get #opensLinks() {
    return this.client.find(this.message?.room ?? this.item?.room)?.opensLinks ?? true;
  }

  get #text() {
    return this.message?.deleted ? "" : this.message?.text ?? this.item?.text ?? "";
  }

  #showText() {
    const gone = () => make("p", { class: "gone", text: this.say("message.deleted") });
    const opens = this.#opensLinks;
    this.body.replaceChildren(...(this.message?.deleted ? [gone()] : tokenize(this.#text).map((token) => block(token, opens))));
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
    this.state.textContent = [edited, reason || waiting].filter(Boolean).join(" · ");
    this.state.hidden = !this.state.textContent;
    this.classList.toggle("refused", this.item?.status === "refused");
    this.classList.toggle("waiting", Boolean(this.item) && this.item.status !== "refused");
  }

  #showActions() {
    const buttons = this.item ? this.#itemActions() : this.#rights().split(" ").filter(Boolean);
    this.actions.replaceChildren(...buttons.map((right) => this.#action(right)));
    this.actions.hidden = !buttons.length;
  }

  /** @param {string} right */
  #action(right) {
    const [name, of = ""] = right.split(":");
    if (name === "talk") return make("a", { text: this.say("tie.talk"), attributes: { href: roomPath(of) } });
    if (name === "sent") return make("span", { text: this.say("poke.sent", { day: dayName(this.language, Number(of), this.client.now()) }) });
    if (name === "poke") return make("span", { attributes: { role: "group", "aria-label": this.say("poke.label") } }, this.say("poke.label"),
      ...GESTURES.map((gesture) => button(this.say(`gesture.${gesture}`), () => this.#poke(gesture))));
    const kind = name === "delete" || name === "drop" ? "grave" : "";
    return button(this.say(`message.${name}`), () => this.dispatchEvent(new CustomEvent(`message-${name}`, { bubbles: true })), kind);
  }

  /** What came of a poke stands below the message. @param {string} gesture */
  async #poke(gesture) {
    if (!(await arrived("poke-note"))) return;
    this.querySelector("poke-note")?.remove();
    this.append(make("poke-note", { set: { message: this.message, gesture } }));
  }

  #itemActions() {
    return this.item.status === "refused" ? ["retry", "drop"] : [];
  }
}

/** @param {any} token @param {boolean} opens whether addresses can be opened @returns {Node} */
function block(token, opens) {
  if (token.kind === "list") return make(token.ordered ? "ol" : "ul", {}, ...token.items.map((/** @type {any} */ item) => make("li", {}, ...item.children.map((/** @type {any} */ child) => inline(child, opens)), ...item.lists.map((/** @type {any} */ list) => block(list, opens)))));
  if (token.kind === "block") return make("pre", {}, make("code", { text: token.text }));
  return make(token.kind === "quote" ? "blockquote" : "p", {}, ...token.children.map((/** @type {any} */ child) => inline(child, opens)));
}

/** @param {any} token @param {boolean} opens @returns {Node} */
function inline(token, opens) {
  if (token.kind === "text") return document.createTextNode(token.text);
  if (token.kind === "code") return make("code", { text: token.text });
  if (token.kind === "link") return link(token, opens);
  if (token.kind === "mention" || token.kind === "room") return document.createTextNode(token.text);
  return make({ bold: "strong", strike: "s" }[/** @type {"bold"} */ (token.kind)] ?? "em", {}, ...token.children.map((/** @type {any} */ child) => inline(child, opens)));
}

/** @param {{text: string, href: string}} token @param {boolean} opens */
function link(token, opens) {
  if (!opens) return make("span", { class: "shut", text: token.text, attributes: { dir: "ltr" } });
  const attributes = { dir: "ltr", href: token.href, target: "_blank", rel: "noopener nofollow ugc", referrerpolicy: "no-referrer" };
  return make("a", { text: token.text, attributes });
}
