/**
 * Searching: one field, chips that narrow it, and what was found: messages with what was said around them, people, rooms.
 * The address carries all of it (`searchPath`), and whoever comes back finds the results where they left them.
 */

import { change, make, setAttribute } from "../../lib/dom.js";
import { icon, iconButton } from "../../lib/more-icons.js";
import { readSearch, roomPath, searchPath, userPath } from "../../lib/paths.js";
import { learnScripts, termsOf } from "../../lib/search-marks.js";
import { makeSeal } from "../../lib/seal.js";
import { searchOf } from "../../state/message-search.js";
import { findNames, NO_NAMES, offersFor } from "../../state/switching.js";
import { context, PageElement } from "../element.js";
import { composes } from "../message-composer/composes.js";
import { Filters } from "./filters.js";
import { Hits } from "./hits.js";

const PAUSE = 220;
const TABS = ["messages", "people", "rooms"];

export class SearchPage extends PageElement {
  /** What the address says. */
  given = readSearch("");
  /** @type {import("../../state/message-search.js").MessageSearch | undefined} */ search;
  /** What is to be marked. @type {import("../../lib/search-marks.js").Term[]} */ terms = [];
  filters = new Filters(this);
  hits = new Hits(this);
  #names = { query: "", found: NO_NAMES };
  /** @type {any} */ #timer;
  /** Ends listening to the search before. */ #following = new AbortController();

  build() {
    this.input = make("input", { attributes: { type: "text", enterkeyhint: "search", autocomplete: "off", autocapitalize: "none", spellcheck: "false" } });
    /** @type {any} */ this.clear = iconButton("close", "", () => this.#clear());
    this.back = make("a", { class: "back", attributes: { href: "/" }, on: { click: (event) => this.leave(event) } });
    this.closes = make("button", { class: "closes", attributes: { type: "button" }, on: { click: () => this.leave() } }, make("kbd", { text: "Esc" }), " ", make("span"));
    this.heading = make("h1", { class: "unseen" });
    this.tabs = make("div", { class: "tabs", attributes: { role: "tablist" } }, ...TABS.map((tab) => make("button", {
      attributes: { type: "button", role: "tab", id: `search-tab-${tab}`, "data-tab": tab, "aria-controls": "search-found" }, on: { click: () => this.narrow({ tab: tab === TABS[0] ? "" : tab }) },
    }, make("span"), make("small"))));
    this.names = make("ul", { class: "names", attributes: { role: "list" } });
    this.none = make("p", { class: "empty" });
    this.scroller = make("div", { class: "scroller", attributes: { id: "search-found", role: "tabpanel", tabindex: "-1" } }, this.hits.element, make("div", { class: "column" }, this.names, this.none));
    this.append(make("header", {}, this.heading, this.back, make("div", { class: "asking", attributes: { role: "search" } }, icon("search"), this.input, this.clear), this.closes),
      this.filters.element, this.tabs, this.scroller);
  }

  attach() {
    this.listen(this.input, "input", (event) => event.isComposing || this.#typed());
    this.listen(this.input, "compositionend", () => this.#typed());
    this.listen(this, "keydown", (event) => this.#key(event));
    this.listen(document, "keydown", (event) => this.#find(event));
    this.listen(window, "popstate", () => location.pathname === "/search" && this.#read());
    for (const [target, name] of /** @type {[EventTarget, string][]} */ ([[window, "leaving"], [window, "pagehide"]])) this.listen(target, name, () => this.hits.keep());
    this.listen(this.client, "session", () => this.#began());
    for (const name of ["rooms", "people", "renamed", "status", "day"]) this.listen(this.client, name, () => this.later());
    this.listen(this.client, "room", () => this.later());
    this.relabel();
    this.#read();
    this.hits.attach();
    if (!this.hits.focusKept()) this.input.focus();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#following.abort();
    this.hits.detach();
  }

  relabel() {
    const words = this.say("search.field");
    change(this.input, { placeholder: words, ariaLabel: words });
    change(this.clear, { title: this.say("search.clear"), ariaLabel: this.say("search.clear") });
    this.heading.textContent = this.say("rooms.search");
    this.back.textContent = this.say("room.back_there");
    this.closes.lastChild.textContent = this.say("search.closes");
    this.tabs.setAttribute("aria-label", this.say("search.found_what"));
  }

  // --- what is asked ----------------------------------------------------------------------------------------------------

  /** As the address says. */
  #read() {
    this.given = readSearch(location.search);
    if (this.input.value.trim() !== this.given.q) this.input.value = this.given.q;
    this.#open();
  }

  #typed() {
    this.#showClear();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#commit(), PAUSE);
  }

  #commit() {
    clearTimeout(this.#timer);
    if (this.input.value.trim() !== this.given.q) this.narrow({});
  }

  /** Ask for something else; one step of the history stays one search. @param {Partial<import("../../lib/paths.js").Search>} change */
  narrow(change) {
    this.given = { ...this.given, q: this.input.value.trim(), ...change };
    history.replaceState({ ...history.state, found: undefined }, "", searchPath(this.given));
    this.#open();
  }

  #clear() {
    this.input.value = "";
    this.narrow({});
    this.input.focus();
  }

  #open() {
    const search = searchOf(this.client, this.given);
    if (search !== this.search) this.#follow(search);
    if (this.client.began && this.client.wire.live) search.begin();
    this.#askNames();
    this.show();
  }

  /** @param {import("../../state/message-search.js").MessageSearch} search */
  #follow(search) {
    this.#following.abort();
    this.#following = new AbortController();
    search.addEventListener("change", () => this.later(), { signal: this.#following.signal });
    this.hits.leave(this.search);
    this.search = search;
    this.terms = termsOf(this.given.q);
    learnScripts(this.given.q).then(() => {
      if (search !== this.search) return;
      this.terms = termsOf(this.given.q);
      this.later();
    }, () => undefined);
  }

  /** Who one is, and a line: what could not be asked before is asked now. */
  #began() {
    this.#open();
    if (this.search?.status === "failed") this.search.begin();
  }

  async #askNames() {
    const query = this.given.q;
    if (query === this.#names.query || !this.client.began) return;
    this.#names = { query, found: this.#names.found };
    const found = await findNames(this.client, query);
    if (query !== this.#names.query) return;
    this.#names.found = found;
    this.later();
  }

  // --- keys ---------------------------------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  #key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (composes(event) || event.defaultPrevented || target.closest("dialog, .menu")) return;
    if (event.key === "Escape") this.leave(event);
    else if (target === this.input && event.key === "Enter") this.#commit();
    else if (target === this.input && event.key === "ArrowDown") this.#toFirst(event);
    else if (event.key === "ArrowUp" && target === this.#rows[0]) this.#toField(event);
    else if (target.closest("[role=tab]")) this.#moveTab(event);
    else this.hits.move(event, this.#rows);
  }

  get #rows() {
    return /** @type {HTMLElement[]} */ ([...this.scroller.querySelectorAll("li > a")]).filter((row) => row.offsetParent);
  }

  /** @param {Event} event */
  #toFirst(event) {
    event.preventDefault();
    this.#rows[0]?.focus();
  }

  /** @param {Event} event */
  #toField(event) {
    event.preventDefault();
    this.input.focus();
    this.scroller.scrollTop = 0;
  }

  /** @param {KeyboardEvent} event */
  #moveTab(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const to = TABS[(TABS.indexOf(this.#tab) + step + TABS.length) % TABS.length];
    this.narrow({ tab: to === TABS[0] ? "" : to });
    this.tabs.querySelector(`[data-tab="${to}"]`)?.focus();
  }

  /** Ctrl+F leads to the field; pressed there again it is the browser's. @param {KeyboardEvent} event */
  #find(event) {
    const finds = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "f";
    if (!finds || document.activeElement === this.input || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.input.select();
  }

  /** To where one was. @param {Event} [event] */
  leave(event) {
    event?.preventDefault();
    event?.stopPropagation();
    if (history.state?.within) history.back();
    else context.go(this.given.room ? roomPath(this.given.room) : "/");
  }

  // --- what was found -----------------------------------------------------------------------------------------------------

  get #tab() {
    return TABS.includes(this.given.tab) ? this.given.tab : TABS[0] ?? "";
  }

  show() {
    if (!this.search) return;
    this.#showClear();
    this.filters.show();
    const people = this.#offers("people");
    const rooms = this.#offers("rooms");
    this.#showTabs([this.hits.count, this.given.q && String(people.length), this.given.q && String(rooms.length)]);
    const tab = this.#tab;
    this.hits.element.hidden = tab !== TABS[0];
    this.hits.show();
    const shown = { people, rooms }[tab];
    this.names.hidden = !shown?.length;
    this.#showNames(shown ?? []);
    const none = this.given.q ? "search.none" : "search.hint_names";
    change(this.none, { hidden: !shown || shown.length > 0, textContent: this.say(this.client.began && !this.client.signedIn ? "search.guest" : none) });
  }

  #showClear() {
    change(this.clear, { hidden: !this.input.value });
  }

  /** @param {(string | number)[]} counts */
  #showTabs(counts) {
    TABS.forEach((tab, at) => {
      const element = this.tabs.children[at];
      const chosen = tab === this.#tab;
      setAttribute(element, "aria-selected", String(chosen));
      change(element, { tabIndex: chosen ? 0 : -1 });
      change(element.firstChild, { textContent: this.say(`switcher.${tab}`) });
      change(element.lastChild, { textContent: String(counts[at] ?? "") });
    });
    setAttribute(this.scroller, "aria-labelledby", `search-tab-${this.#tab}`);
  }

  /** @param {"people" | "rooms"} group */
  #offers(group) {
    const query = this.given.q;
    if (!query || !this.client.signedIn) return [];
    const groups = offersFor(query, { rooms: [...this.client.rooms.values()], ...this.#names.found, acts: [], language: this.language });
    return groups.find((one) => one.group === group)?.offers ?? [];
  }

  /** @param {import("../../state/switching.js").Offer[]} offers */
  #showNames(offers) {
    const key = offers.map(({ id, text }) => `${id} ${text}`).join("\n");
    if (this.names.dataset.of === key) return;
    this.names.dataset.of = key;
    this.names.replaceChildren(...offers.map((offer) => {
      const href = offer.user ? userPath(offer.user.handle) : roomPath(offer.id);
      const below = offer.kind === "other" ? this.say("switcher.not_in") : offer.below ?? "";
      return make("li", {}, make("a", { attributes: { href } }, offer.user ? makeSeal(offer.user) : icon(offer.icon ?? "hash"),
        make("span", { class: "title", text: offer.text, attributes: { dir: "auto" } }), make("small", { text: below })));
    }));
  }
}
