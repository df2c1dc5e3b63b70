/**
 * Searching: one field, chips that narrow it, and what was found: messages with what was said around them, people, rooms,
 * files. The address carries what it is narrowed to (`searchPath`), the step of the history its words (`history.state.q`),
 * which are nobody else's business; whoever comes back finds the results where they left them.
 */

import { change, make, setAttribute } from "../../lib/dom.js";
import { layRows } from "../../lib/held-rows.js";
import { icon, iconButton } from "../../lib/more-icons.js";
import { readSearch, roomPath, searchPath, userPath } from "../../lib/paths.js";
import { learnScripts, termsOf } from "../../lib/search-marks.js";
import { makeSeal } from "../../lib/seal.js";
import { findNames, NO_NAMES, offersFor } from "../../state/switching.js";
import { context, PageElement } from "../element.js";
import { composes } from "../message-composer/composes.js";
import { FileHits } from "./file-hits.js";
import { Filters } from "./filters.js";
import { Hits } from "./hits.js";

const PAUSE = 220;
const TABS = ["messages", "people", "rooms", "files"];

export class SearchPage extends PageElement {
  /** What the address and its step of the history say. */
  given = readSearch("");
  /** The words that `terms` are of. */ #meant = "";
  /** What is to be marked. @type {import("../../lib/search-marks.js").Term[]} */ terms = [];
  filters = new Filters(this);
  hits = new Hits(this);
  files = new FileHits(this);
  #names = { query: "", found: NO_NAMES };
  /** @type {any} */ #timer;

  build() {
    this.input = make("input", { attributes: { type: "text", enterkeyhint: "search", autocomplete: "off", autocapitalize: "none", spellcheck: "false" } });
    /** @type {any} */ this.clear = iconButton("close", "", () => this.#clear());
    this.back = make("a", { class: "back", attributes: { href: "/" }, on: { click: (event) => this.leave(event) } });
    this.closes = make("button", { class: "closes", attributes: { type: "button" }, on: { click: () => this.leave() } }, make("kbd", { text: "Esc" }), " ", make("span"));
    this.heading = make("h1", { class: "unseen" });
    this.tabs = make("div", { class: "tabs", attributes: { role: "tablist" } }, ...TABS.map((tab) => make("button", {
      class: "tab", attributes: { type: "button", role: "tab", id: `search-tab-${tab}`, "data-tab": tab, "aria-controls": "search-found" }, on: { click: () => this.narrow({ tab: tab === TABS[0] ? "" : tab }) },
    }, make("span"), make("small"))));
    this.names = make("ul", { class: "names", attributes: { role: "list" } });
    this.none = make("p", { class: "empty" });
    this.scroller = make("div", { class: "scroller", attributes: { id: "search-found", role: "tabpanel", tabindex: "-1" } }, this.hits.element, this.files.element, make("div", { class: "column" }, this.names, this.none));
    this.append(make("header", {}, this.heading, this.back, make("div", { class: "asking", attributes: { role: "search" } }, icon("search"), this.input, this.clear), this.closes),
      this.filters.element, this.tabs, this.scroller);
  }

  attach() {
    this.listen(this.input, "input", (event) => event.isComposing || this.#typed());
    this.listen(this.input, "compositionend", () => this.#typed());
    this.listen(this, "keydown", (event) => this.#key(event));
    this.listen(document, "keydown", (event) => this.#find(event));
    this.listen(window, "popstate", () => location.pathname === "/search" && this.#read());
    for (const [target, name] of /** @type {[EventTarget, string][]} */ ([[window, "leaving"], [window, "pagehide"]])) this.listen(target, name, () => this.#each((list) => list.keep()));
    this.listen(this.client, "session", () => this.#began());
    for (const name of ["rooms", "people", "renamed", "status", "day"]) this.listen(this.client, name, () => this.later());
    this.listen(this.client, "room", () => this.later());
    this.relabel();
    this.#read();
    this.#each((list) => list.attach());
    if (!this.#list?.focusKept()) this.input.focus();
  }

  /** @param {(list: Hits) => void} act */
  #each(act) {
    act(this.hits);
    act(this.files);
  }

  /** What is shown of messages or files. @returns {Hits | undefined} */
  get #list() {
    return [this.hits, this.files].find(({ isShown }) => isShown);
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
    this.#each((list) => list.detach());
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
    this.given = readSearch(location.search, history.state?.q);
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
    history.replaceState({ ...history.state, q: this.given.q, found: undefined }, "", searchPath(this.given));
    this.#open();
  }

  #clear() {
    this.input.value = "";
    this.narrow({});
    this.input.focus();
  }

  #open() {
    this.#learnTerms(this.given.q);
    this.hits.open();
    if (this.files.isShown) this.files.open();
    else this.files.rest();
    this.#askNames();
    this.show();
  }

  /** @param {string} query */
  #learnTerms(query) {
    if (query === this.#meant) return;
    this.#meant = query;
    this.terms = termsOf(query);
    learnScripts(query).then(() => {
      if (query !== this.#meant) return;
      this.terms = termsOf(query);
      this.later();
    }, () => undefined);
  }

  /** Who one is, and a line: what could not be asked before is asked now. */
  #began() {
    this.#open();
    this.#each(({ search }) => search?.status === "failed" && search.begin());
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
    else if (target.matches("li > :first-child")) this.#moveRow(event, target);
  }

  get #rows() {
    return /** @type {HTMLElement[]} */ ([...this.scroller.querySelectorAll("li > :first-child")]).filter((row) => row.offsetParent);
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

  /** Arrows lead from row to row. @param {KeyboardEvent} event @param {HTMLElement} row */
  #moveRow(event, row) {
    const rows = this.#rows;
    const at = rows.indexOf(row);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
    if (at < 0 || to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    rows[to]?.focus();
  }

  /** @param {KeyboardEvent} event */
  #moveTab(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const to = TABS[(TABS.indexOf(this.tab) + step + TABS.length) % TABS.length];
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

  get tab() {
    return TABS.includes(this.given.tab) ? this.given.tab : TABS[0] ?? "";
  }

  show() {
    if (!this.hits.search) return;
    this.#showClear();
    this.filters.show();
    const people = this.#offers("people");
    const rooms = this.#offers("rooms");
    this.#showTabs([this.hits.count, this.given.q && String(people.length), this.given.q && String(rooms.length), this.files.count]);
    const { tab } = this;
    this.#each((list) => {
      list.element.hidden = !list.isShown;
      list.show();
    });
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
      const chosen = tab === this.tab;
      setAttribute(element, "aria-selected", String(chosen));
      change(element, { tabIndex: chosen ? 0 : -1 });
      change(element.firstChild, { textContent: this.say(`switcher.${tab}`) });
      change(element.lastChild, { textContent: String(counts[at] ?? "") });
    });
    setAttribute(this.scroller, "aria-labelledby", `search-tab-${this.tab}`);
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
    layRows(this.names, offers.map((offer) => {
      const below = offer.kind === "other" ? this.say("switcher.not_in") : offer.below ?? "";
      return { key: offer.id, look: JSON.stringify([offer.text, below, offer.icon]), make: () => this.#nameRow(offer, below) };
    }));
  }

  /** @param {import("../../state/switching.js").Offer} offer @param {string} below */
  #nameRow(offer, below) {
    const href = offer.user ? userPath(offer.user.handle) : roomPath(offer.id);
    return make("li", {}, make("a", { class: "list-row", attributes: { href } }, offer.user ? makeSeal(offer.user) : icon(offer.icon ?? "hash"),
      make("span", { class: "title", text: offer.text, attributes: { dir: "auto" } }), make("small", { text: below })));
  }
}
