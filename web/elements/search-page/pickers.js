/** What opens below a chip of the search: a list to choose from by a few letters, and days. Each gives what was chosen, or undefined. */

import { button, make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { dayBefore } from "../../lib/search-days.js";
import { makeSeal } from "../../lib/seal.js";
import { dayKey } from "../../lib/times.js";
import { composes } from "../message-composer/composes.js";

const PAUSE = 180;
const GAP = 6;

/** @typedef {{id: string, text: string, below?: string, user?: import("../../lib/shapes.js").User, icon?: string}} Choice */

/** Below the chip, within the window; on a phone at its foot. @template T @param {HTMLElement} host @param {HTMLElement} opener @param {HTMLDialogElement} dialog @param {() => T} chosen @returns {Promise<T>} */
function asked(host, opener, dialog, chosen) {
  host.append(dialog);
  const { left, bottom } = opener.getBoundingClientRect();
  dialog.style.setProperty("--left", `${left}px`);
  dialog.style.setProperty("--top", `${bottom + GAP}px`);
  dialog.showModal();
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(chosen());
  }));
}

/**
 * @typedef {{label: string, none: string, choices: (query: string) => Promise<Choice[]> | Choice[]}} Options
 * @param {HTMLElement} host @param {HTMLElement} opener @param {Options} options
 * @returns {Promise<string | undefined>} the id
 */
export function pickOne(host, opener, options) {
  const picker = new ListPicker(options);
  const answer = asked(host, opener, picker.dialog, () => picker.chosen);
  picker.input.focus();
  picker.ask();
  return answer;
}

class ListPicker {
  /** @type {string | undefined} */ chosen;
  /** @type {Choice[]} */ #offered = [];
  #at = 0;
  #asked = 0;
  /** @type {any} */ #timer;

  /** @param {Options} options */
  constructor({ label, none, choices }) {
    this.choices = choices;
    this.none = none;
    this.input = make("input", { attributes: { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "search-choices", "aria-label": label, placeholder: label, autocomplete: "off" } });
    this.list = make("div", { attributes: { id: "search-choices", role: "listbox", "aria-label": label }, set: { hidden: true } });
    this.status = make("p", { class: "lead", attributes: { role: "status" } });
    this.dialog = make("dialog", { class: "picker", attributes: { "aria-label": label } }, this.input, this.list, this.status);
    this.input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.ask(), PAUSE);
    });
    this.input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.#key(event));
    this.list.addEventListener("click", (/** @type {any} */ { target }) => this.#take(this.#offered[Number(target.closest("[role=option]")?.dataset.at)]));
  }

  async ask() {
    const round = (this.#asked += 1);
    const found = await this.choices(this.input.value.trim());
    if (round !== this.#asked || !this.dialog.open) return;
    this.#offered = found;
    this.#show(0);
  }

  /** @param {number} at the one that is aimed at */
  #show(at) {
    const offered = this.#offered;
    this.#at = Math.max(0, Math.min(at, offered.length - 1));
    this.list.hidden = !offered.length;
    this.status.textContent = offered.length ? "" : this.none;
    this.list.replaceChildren(...offered.map((choice, place) => rowOf(choice, place, place === this.#at)));
    this.input.setAttribute("aria-activedescendant", offered.length ? `search-choice-${this.#at}` : "");
    this.list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (composes(event)) return;
    if (event.key === "ArrowDown") this.#show(this.#at + 1);
    else if (event.key === "ArrowUp") this.#show(this.#at - 1);
    else if (event.key === "Enter") this.#take(this.#offered[this.#at]);
    else return;
    event.preventDefault();
  }

  /** @param {Choice | undefined} choice */
  #take(choice) {
    if (!choice) return;
    this.chosen = choice.id;
    this.dialog.close();
  }
}

/** @param {Choice} choice @param {number} at @param {boolean} selected */
function rowOf({ text, below = "", user, icon: name = "hash" }, at, selected) {
  const row = make("div", { class: "offer", attributes: { role: "option", id: `search-choice-${at}`, "aria-selected": String(selected) } },
    user ? makeSeal(user) : icon(name), make("span", { class: "title", text, attributes: { dir: "auto" } }), below ? make("small", { text: below }) : null);
  row.dataset.at = String(at);
  return row;
}

/**
 * @param {import("../element.js").PageElement} page @param {HTMLElement} opener @param {{since: string, until: string}} days
 * @returns {Promise<{since: string, until: string} | undefined>}
 */
export function pickDays(page, opener, { since, until }) {
  /** @type {{since: string, until: string} | undefined} */ let chosen;
  const now = page.client.now();
  const words = (/** @type {string} */ key) => page.say(`search.days.${key}`);
  const today = dayKey(now);
  const field = (/** @type {string} */ key, /** @type {string} */ value) => make("input", { attributes: { type: "date", name: key, max: today, "aria-label": words(key) }, set: { value } });
  const [first, last] = [field("from", since), field("to", until)];
  const take = (/** @type {{since: string, until: string}} */ days) => {
    chosen = days;
    dialog.close();
  };
  const preset = (/** @type {string} */ key, /** @type {string} */ from) => button(words(key), () => take({ since: from, until: "" }), "offer");
  const form = make("form", { on: { submit: (event) => {
    event.preventDefault();
    const [one = "", other = ""] = [first.value, last.value];
    const turned = one && other && one > other;
    take({ since: turned ? other : one, until: turned ? one : other });
  } } }, make("label", {}, make("span", { text: words("from") }), first), make("label", {}, make("span", { text: words("to") }), last),
  make("button", { class: "button", text: words("apply"), attributes: { type: "submit" } }));
  /** @type {HTMLDialogElement} */ const dialog = make("dialog", { class: "picker", attributes: { "aria-label": page.say("search.chip.days") } },
    make("div", { class: "presets" }, preset("today", today), preset("week", dayBefore(now, 6)), preset("month", dayBefore(now, 29)), preset("year", `${today.slice(0, 4)}-01-01`)), form);
  return asked(page, opener, dialog, () => chosen);
}
