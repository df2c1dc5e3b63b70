/** Ctrl+K or ⌘K, or the search above the rooms: go to a person, a room or a page by a few letters of its name. */

import { change, make } from "../../lib/dom.js";
import { icon, iconButton } from "../../lib/icons.js";
import { roomPath, searchPath, userPath } from "../../lib/paths.js";
import { makeSeal } from "../../lib/seal.js";
import { applyTheme } from "../../lib/theme.js";
import { findNames, NO_NAMES, offersFor } from "../../state/switching.js";
import { context, PageElement } from "../element.js";
import { composes } from "../message-composer/message-composer.js";
import "../../lib/more-icons.js";

const PAUSE = 180;
const SEARCH = "search";

/** @typedef {import("../../state/switching.js").Offer} Offer */

export class RoomSwitcher extends PageElement {
  #chosen = 0;
  /** Whether an arrow led to the chosen one. */ #moved = false;
  /** @type {Offer[]} as they stand in the list */ #offers = [];
  /** What the server found for the letters. @type {import("../../state/switching.js").Names} */ #found = NO_NAMES;
  /** @type {any} */ #timer = undefined;

  build() {
    this.input = make("input", { attributes: { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "switcher-offers", autocomplete: "off", enterkeyhint: "go" } });
    this.list = make("div", { attributes: { id: "switcher-offers", role: "listbox" } });
    this.none = make("p", { class: "lead", attributes: { role: "status" } });
    this.close = iconButton("close", this.say("people.close"), () => this.dialog.close());
    this.dialog = make("dialog", {}, make("div", { class: "asking" }, icon("search"), this.input, this.close), this.list, this.none);
    this.append(this.dialog);
  }

  attach() {
    this.listen(this.input, "input", () => this.#typed());
    this.listen(this.input, "keydown", (event) => this.key(event));
    this.listen(this.list, "click", (event) => this.go(this.#offers[Number(event.target.closest("[role=option]")?.dataset.at)]));
    this.listen(this.dialog, "click", (event) => event.target === this.dialog && this.dialog.close());
    this.listen(this.client, "rooms", () => this.dialog.open && this.#renew());
  }

  /** @param {string[]} [early] the keys that were pressed before this could be opened */
  open(early = []) {
    if (this.dialog.open || early.includes("Escape")) return;
    this.input.value = early.filter((key) => key.length === 1).join("");
    this.input.placeholder = this.say("switcher.placeholder");
    this.input.setAttribute("aria-label", this.input.placeholder);
    this.list.setAttribute("aria-label", this.say("rooms.search"));
    this.#found = NO_NAMES;
    this.#moved = false;
    this.dialog.showModal();
    this.input.focus();
    this.present(0);
    if (early.includes("Enter")) this.go(this.#offers[0]);
    else this.#ask();
  }

  #typed() {
    this.#moved = false;
    this.present(0);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), PAUSE);
  }

  /** Rooms and people the server finds, also by pinyin. */
  async #ask() {
    const query = this.input.value.trim();
    if (!query) return;
    const found = await findNames(this.client, query);
    if (query !== this.input.value.trim() || !this.dialog.open) return;
    this.#found = found;
    this.#renew();
  }

  /** What comes late does not move the choice to another row; where nothing was known but to search, the best of it is chosen. */
  #renew() {
    const chosen = this.#offers[this.#chosen];
    const isHeld = chosen && (this.#moved || chosen.id !== SEARCH);
    this.present(this.#chosen);
    const at = isHeld ? this.#offers.findIndex(({ kind, id }) => kind === chosen.kind && id === chosen.id) : 0;
    if (at >= 0 && at !== this.#chosen) this.present(at);
  }

  /** @param {number} chosen */
  present(chosen) {
    const query = this.input.value.trim();
    const groups = offersFor(query, { rooms: [...this.client.rooms.values()], ...this.#found, acts: this.#acts(), language: this.language });
    const isNone = !groups.length;
    if (query && this.client.signedIn) groups.push({ group: "messages", offers: [this.#search(query)] });
    this.#offers = groups.flatMap(({ offers }) => offers);
    this.#chosen = Math.max(0, Math.min(chosen, this.#offers.length - 1));
    let at = 0;
    this.list.replaceChildren(...groups.map(({ group, offers }) => make("div", { attributes: { role: "group", "aria-label": this.say(`switcher.${group}`) } },
      make("h3", { text: this.say(`switcher.${group}`), attributes: { "aria-hidden": "true" } }), ...offers.map((offer) => this.#row(offer, at++)))));
    change(this.none, { textContent: isNone ? this.say("switcher.none") : "" });
    this.input.setAttribute("aria-activedescendant", this.#offers.length ? `switch-${this.#chosen}` : "");
    this.list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }

  /** @param {Offer} offer @param {number} at */
  #row(offer, at) {
    const count = offer.room?.number ?? 0;
    const mark = offer.user ? makeSeal(offer.user) : icon(offer.icon ?? "right");
    const more = offer.kind === "other" ? this.say("switcher.not_in") : offer.below ?? "";
    const row = make("div", { class: "offer", attributes: { role: "option", id: `switch-${at}`, "aria-selected": String(at === this.#chosen) } }, mark,
      make("span", { class: "title", text: offer.text, attributes: { dir: "auto" } }), make("small", { text: more }),
      count ? make("span", { class: `badge${offer.room?.calls ? " lit" : ""}`, text: count > 99 ? "99+" : String(count) }) : null);
    row.dataset.at = String(at);
    return row;
  }

  /** What was said is searched on a page of its own. @param {string} query @returns {Offer} */
  #search(query) {
    return { kind: "act", id: SEARCH, text: this.say("search.messages_for", { words: query }), icon: "search", act: () => context.go(searchPath({}), { q: query }) };
  }

  /** Pages, and what one does with the page. @returns {Offer[]} */
  #acts() {
    /** @type {[string, string, string | (() => void)][]} */
    const acts = [
      ["rooms.new", "plus", "/rooms#new"], ["rooms.find", "search", "/rooms"], ["bell.heading", "bell", "/notifications"], ["ties.heading", "people", "/people"],
      ["settings.heading", "gear", "/settings"], ["settings.profile", "person", "/settings/profile"], ["settings.looks", "palette", "/settings/appearance"],
      ["settings.theme_dark", "palette", () => this.#theme("dark")], ["settings.theme_light", "palette", () => this.#theme("light")],
      ["invite.heading", "link", "/people"], ["settings.account", "key", "/settings/account"], ["settings.bots", "bot", "/settings/bots"],
      ["account.sign_out", "leave", () => this.#signOut()],
    ];
    if (this.client.user?.admin) acts.push(["community.heading", "shield", "/community"]);
    return acts.map(([key, name, way]) => ({ kind: "act", id: key, text: this.say(key), icon: name, ...(typeof way === "string" ? { href: way } : { act: way }) }));
  }

  /** @param {"light" | "dark"} theme */
  #theme(theme) {
    context.preferences.set({ theme });
    applyTheme(theme);
  }

  #signOut() {
    this.client.depart("account.sign_out").then(() => context.go("/"), () => dispatchEvent(new Event("notloaded")));
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (composes(event)) return;
    if (event.key.startsWith("Arrow")) this.#moved = true;
    if (event.key === "ArrowDown") this.present((this.#chosen + 1) % Math.max(1, this.#offers.length));
    else if (event.key === "ArrowUp") this.present(this.#chosen ? this.#chosen - 1 : this.#offers.length - 1);
    else if (event.key === "Enter") this.go(this.#offers[this.#chosen]);
    else return;
    event.preventDefault();
  }

  /** @param {Offer | undefined} offer */
  go(offer) {
    if (!offer) return;
    this.dialog.close();
    if (offer.act) offer.act();
    else if (offer.kind === "person") context.go(userPath(offer.user?.handle ?? ""));
    else context.go(offer.href ?? roomPath(offer.id));
  }
}
