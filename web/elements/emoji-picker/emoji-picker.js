/**
 * All emoji in a panel at the element that opened it, or on a narrow screen in a sheet. `open(anchor)` shows it; `pick`
 * (detail: emoji) says which was taken, `close` that it is gone. A press with Shift held takes one and stays open.
 */

import { button, make } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { emojiBook, TONES } from "../../state/emoji.js";
import { context, PageElement } from "../element.js";
import { composes } from "../message-composer/composes.js";
import { notDrawn } from "./drawn.js";

const MOST_FOUND = 120;
const NARROW = "(max-width: 720px)";
const GAP = 6;
/** One of each group, in the order of the lists. */
const GROUPS = ["😀", "👋", "🐼", "🍜", "🚲", "🎉", "💡", "❤️"];
const HAND = "✋";

export class EmojiPicker extends PageElement {
  /** @type {import("../../state/emoji.js").List | undefined} */ #list;
  /** @type {Map<string, import("../../state/emoji.js").Row>} by the emoji as it is shown */ #rows = new Map();
  #asked = 0;
  book = emojiBook(context.preferences);

  build() {
    this.input = make("input", { attributes: { type: "search", autocomplete: "off", enterkeyhint: "done", "aria-controls": "emoji-found" } });
    this.hand = make("button", { class: "hand", attributes: { type: "button", "aria-expanded": "false" } });
    this.leave = iconButton("close", "", () => this.dialog.close(), "leave");
    this.tones = make("div", { class: "tones", attributes: { role: "group" }, set: { hidden: true } });
    this.groups = make("div", { class: "groups", attributes: { role: "group" } });
    this.found = make("div", { class: "found", attributes: { id: "emoji-found", role: "listbox" } });
    this.status = make("p", { class: "empty", attributes: { role: "status" } });
    this.name = make("p", { class: "name", attributes: { "aria-hidden": "true" } });
    this.dialog = make("dialog", {}, make("div", { class: "top" }, this.input, this.hand, this.leave),
      this.tones, this.groups, this.status, this.found, this.name);
    this.append(this.dialog);
  }

  attach() {
    this.listen(this.input, "input", () => this.#search());
    this.listen(this.dialog, "keydown", (event) => this.#key(event));
    this.listen(this.found, "click", (event) => this.#take(event.target.closest("button"), event.shiftKey));
    for (const name of ["pointerover", "focusin"]) this.listen(this.found, name, (event) => this.#tellName(event.target));
    this.listen(this.hand, "click", () => this.#openTones(this.tones.hidden));
    this.listen(this.dialog, "click", (event) => event.target === this.dialog && this.dialog.close());
    this.listen(this.dialog, "close", () => this.dispatchEvent(new Event("close")));
    this.listen(this.found, "scroll", () => this.#markGroup(), { passive: true });
  }

  /** @param {Element} [anchor] beside which it stands */
  async open(anchor) {
    this.#label();
    this.input.value = "";
    this.#openTones(false);
    if (!this.dialog.open) this.dialog.showModal();
    this.#place(anchor);
    await this.#showAll();
    if (matchMedia(NARROW).matches) this.found.querySelector("button")?.focus({ preventScroll: true });
    else this.input.focus();
  }

  #label() {
    this.dialog.setAttribute("aria-label", this.say("emoji.title"));
    this.input.placeholder = this.say("emoji.search");
    this.input.setAttribute("aria-label", this.input.placeholder);
    this.found.setAttribute("aria-label", this.say("emoji.title"));
    this.groups.setAttribute("aria-label", this.say("emoji.groups"));
    this.tones.setAttribute("aria-label", this.say("emoji.tone"));
    for (const [element, words] of [[this.hand, "emoji.tone"], [this.leave, "emoji.close"]]) {
      element.title = this.say(words);
      element.setAttribute("aria-label", element.title);
    }
  }

  /** Above the anchor where there is room, else below; always within the window. @param {Element | undefined} anchor */
  #place(anchor) {
    if (!anchor || matchMedia(NARROW).matches) return;
    const at = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.dialog;
    const above = at.top - height - GAP;
    const top = above >= GAP ? above : Math.min(at.bottom + GAP, innerHeight - height - GAP);
    const left = at.left + at.width / 2 > innerWidth / 2 ? at.right - width : at.left;
    Object.assign(this.dialog.style, {
      top: `${Math.max(GAP, top)}px`, left: `${Math.max(GAP, Math.min(left, innerWidth - width - GAP))}px`,
    });
  }

  // --- showing ------------------------------------------------------------------------------------------------------

  async #showAll() {
    try {
      this.#list = await this.book.list(this.language);
    } catch {
      return this.#offerAgain();
    }
    const { groups, tones } = this.#list;
    this.hand.textContent = this.book.tone ? `${HAND}${TONES[this.book.tone]}` : HAND;
    this.tones.replaceChildren(...TONES.map((tone, at) => this.#toneButton(tone, at ? tones[at - 1] ?? "" : this.say("emoji.no_tone"), at)));
    const known = new Map(groups.flatMap(({ emoji }) => emoji).flatMap((row) => [row[0], this.book.shown(row)].map((emoji) => [emoji, row])));
    const recent = this.book.recent.map((emoji) => this.#option(emoji, known.get(emoji) ?? known.get(emoji.replace(/[🏻🏼🏽🏾🏿]/gu, ""))));
    const hidden = notDrawn(this.#list.since);
    const sections = groups.map(({ name, emoji }) => this.#section(name, emoji.filter(([one]) => !hidden.has(one)).map((row) => this.#option(this.book.shown(row), row))));
    if (recent.length) sections.unshift(this.#section(this.say("emoji.recent"), recent));
    this.groups.hidden = false;
    this.groups.replaceChildren(...sections.map((section, at) => this.#groupButton(section, recent.length ? ["🕘", ...GROUPS][at] : GROUPS[at])));
    this.status.textContent = "";
    this.#fill(sections);
    return this.#markGroup();
  }

  #offerAgain() {
    this.groups.hidden = true;
    this.found.replaceChildren();
    this.status.replaceChildren(this.say("refused.unanswered"), " ", button(this.say("shell.again"), () => this.#showAll()));
  }

  /** @param {any[]} children */
  #fill(children) {
    this.found.replaceChildren(...children);
    this.found.scrollTop = 0;
    this.found.querySelector("button")?.setAttribute("tabindex", "0");
  }

  async #search() {
    const asked = (this.#asked += 1);
    const words = this.input.value.trim();
    if (!words) return this.#showAll();
    const found = await this.book.search(words, this.language, MOST_FOUND).catch(() => undefined);
    if (asked !== this.#asked) return undefined;
    if (!found) return this.#offerAgain();
    const hidden = notDrawn(this.#list?.since);
    const rows = found.filter(([emoji]) => !hidden.has(emoji));
    this.groups.hidden = true;
    this.status.textContent = rows.length ? "" : this.say("emoji.nothing", { words });
    return this.#fill([make("div", { class: "cells" }, ...rows.map((row) => this.#option(this.book.shown(row), row)))]);
  }

  /** @param {string} name @param {any[]} options */
  #section(name, options) {
    const label = make("h3", { text: name, attributes: { "aria-hidden": "true" } });
    return make("section", { attributes: { role: "group", "aria-label": name } }, label, make("div", { class: "cells", attributes: { role: "presentation" } }, ...options));
  }

  /** @param {string} emoji @param {import("../../state/emoji.js").Row | undefined} row */
  #option(emoji, row) {
    if (row) this.#rows.set(emoji, row);
    return make("button", { text: emoji, attributes: { type: "button", role: "option", tabindex: "-1", "aria-selected": "false", "aria-label": row?.[1] ?? emoji } });
  }

  /** @param {HTMLElement} section @param {string | undefined} emoji */
  #groupButton(section, emoji = "") {
    const name = section.getAttribute("aria-label") ?? "";
    const go = () => {
      this.found.scrollTop = section.offsetTop;
      this.#moveTo(section.querySelector("button"), false);
    };
    return make("button", { text: emoji, attributes: { type: "button", title: name, "aria-label": name }, on: { click: go } });
  }

  #markGroup() {
    const sections = [...this.found.children];
    const at = sections.findLastIndex((section) => section.offsetTop <= this.found.scrollTop + GAP);
    for (const [index, group] of [...this.groups.children].entries()) {
      if (index === Math.max(0, at)) group.setAttribute("aria-current", "true");
      else group.removeAttribute("aria-current");
    }
  }

  /** @param {EventTarget | null} target */
  #tellName(target) {
    const option = /** @type {Element} */ (target).closest("button");
    this.name.textContent = option ? `${option.textContent} ${option.getAttribute("aria-label")}` : "";
  }

  // --- tones of skin ------------------------------------------------------------------------------------------------

  /** @param {string} tone @param {string} name @param {number} at */
  #toneButton(tone, name, at) {
    const chosen = String(this.book.tone === at);
    return make("button", { text: HAND + tone, attributes: { type: "button", title: name, "aria-label": name, "aria-pressed": chosen }, on: { click: () => this.#chooseTone(at) } });
  }

  /** @param {number} tone */
  async #chooseTone(tone) {
    this.book.choose(tone);
    this.#openTones(false);
    await (this.input.value ? this.#showAll().then(() => this.#search()) : this.#showAll());
    this.hand.focus();
  }

  /** @param {boolean} open */
  #openTones(open) {
    this.tones.hidden = !open;
    this.hand.setAttribute("aria-expanded", String(open));
    if (open) this.tones.querySelector("[aria-pressed='true']")?.focus();
  }

  // --- taking one ---------------------------------------------------------------------------------------------------

  /** @param {HTMLElement | null} option @param {boolean} stay */
  #take(option, stay) {
    const emoji = option?.textContent;
    if (!emoji) return;
    this.book.use(emoji);
    this.dispatchEvent(new CustomEvent("pick", { detail: { emoji } }));
    if (!stay) this.dialog.close();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (composes(event)) return;
    event.stopPropagation();
    if (event.key === "Escape") return this.#leave(event);
    const option = /** @type {Element} */ (event.target).closest("[role='option']");
    const first = /** @type {HTMLElement | null} */ (this.found.querySelector("[role='option']"));
    if (option) return this.#keyOn(/** @type {HTMLElement} */ (option), event);
    if (event.target !== this.input || !first) return;
    if (event.key === "Enter" && this.input.value.trim()) this.#take(first, event.shiftKey);
    else if (event.key === "ArrowDown") this.#moveTo(first);
    else return;
    event.preventDefault();
  }

  /** At once: a field of search would only be emptied. @param {KeyboardEvent} event */
  #leave(event) {
    event.preventDefault();
    this.dialog.close();
  }

  /** The arrows move in the grid as one sees it; a letter goes on with the search. @param {HTMLElement} option @param {KeyboardEvent} event */
  #keyOn(option, event) {
    const options = /** @type {HTMLElement[]} */ ([...this.found.querySelectorAll("[role='option']")]);
    const at = options.indexOf(option);
    const moves = {
      ArrowRight: () => options[at + 1], ArrowLeft: () => options[at - 1], Home: () => options[0], End: () => options.at(-1),
      ArrowDown: () => beside(options, at, 1), ArrowUp: () => beside(options, at, -1) ?? this.input,
    };
    const move = moves[/** @type {keyof typeof moves} */ (event.key)];
    if (move) {
      event.preventDefault();
      this.#moveTo(move() ?? null);
    } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey) this.input.focus();
  }

  /** @param {HTMLElement | null} to @param {boolean} [focus] */
  #moveTo(to, focus = true) {
    if (!to) return;
    if (to !== this.input) {
      this.found.querySelector("[tabindex='0']")?.setAttribute("tabindex", "-1");
      to.setAttribute("tabindex", "0");
    }
    if (focus) to.focus();
  }
}

/** The one above or below, in the next row that is shown. @param {HTMLElement[]} options @param {number} at @param {1 | -1} step */
function beside(options, at, step) {
  const here = options[at]?.getBoundingClientRect();
  if (!here) return undefined;
  let best;
  for (let next = at + step, row; options[next]; next += step) {
    const box = /** @type {HTMLElement} */ (options[next]).getBoundingClientRect();
    if (box.top === here.top) continue;
    if (row !== undefined && box.top !== row) break;
    row = box.top;
    if (!best || Math.abs(box.left - here.left) < Math.abs(best.left - here.left)) best = { left: box.left, option: options[next] };
  }
  return best?.option;
}
