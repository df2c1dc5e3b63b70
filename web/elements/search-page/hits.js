/**
 * The messages that were found, and what is said where there are none: what to try, that it failed, that there is no line.
 * What stands around a hit is asked for when it comes into sight, the next page at the end of the list. Made by SearchPage.
 * FileHits shows files in the same way.
 */

import { button, change, make } from "../../lib/dom.js";
import { messagePath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { door } from "../../lib/scenes.js";
import { writingsOf } from "../../lib/search-marks.js";
import { keyOf, searchOf } from "../../state/message-search.js";
import { hitParts, wordsOf } from "./hit-row.js";

const AHEAD = "600px";
/** Grey lines that stand for hits on their way. */
const SKELETON = 5;
/** While the index is being made, what is shown is asked for again. */
const INDEXING_PAUSE = 4_000;
/** Pages loaded again for whoever comes back. */
const MOST_PAGES = 6;

/**
 * @typedef {import("../../state/message-search.js").MessageSearch} MessageSearch
 * @typedef {import("../../state/file-search.js").FileSearch} FileSearch
 */

export class Hits {
  /** The tab they are under. */ tab = "messages";
  /** What was asked last; undefined while nobody looks at the tab. @type {any} */ search;
  /** Ends listening to the search before. */ #following = new AbortController();
  /** @type {Map<string, {row: any, made: unknown[]}>} by room and number */ #rows = new Map();
  /** What is shown until there is something of the next search. @type {any} */ #before;
  /** @type {IntersectionObserver | undefined} */ #sight;
  /** Where one was, for whoever came back, until one moves on. @type {import("../../state/message-search.js").Place & {count: number} | undefined} */ #wanted;
  #pages = 0;
  /** @type {any} */ #timer;
  #said = "";

  /** @param {import("./search-page.js").SearchPage} page */
  constructor(page) {
    this.page = page;
    this.progress = make("p", { attributes: { role: "status" } });
    this.bar = make("progress", { attributes: { max: "1" } });
    this.building = make("div", { class: "note building" }, this.bar, this.progress);
    this.both = make("p", { class: "note" });
    this.list = make("ol", { class: "hits", attributes: { role: "list" } });
    this.waiting = make("div", { class: "waiting", attributes: { "aria-hidden": "true" } }, ...Array.from({ length: SKELETON }, () => make("i")));
    this.state = make("div", { class: "state" });
    this.foot = make("div", { class: "foot" });
    this.heard = make("p", { class: "unseen", attributes: { role: "status" } });
    this.element = make("div", { class: "column" }, this.building, this.both, this.list, this.waiting, this.state, this.foot, this.heard);
  }

  /** The search for what the page is asked. @returns {MessageSearch | FileSearch} */
  asked() {
    return searchOf(this.page.client, { ...this.page.given, tab: "" });
  }

  /** Begin what is asked, where it can be. */
  open() {
    const search = this.asked();
    if (search !== this.search) this.#follow(search);
    if (this.page.client.began && this.page.client.wire.live) search.begin();
  }

  /** Nobody looks at the tab. */
  rest() {
    this.#following.abort();
    this.search = undefined;
  }

  /** @param {MessageSearch | FileSearch} search */
  #follow(search) {
    this.#following.abort();
    this.#following = new AbortController();
    search.addEventListener("change", () => this.page.later(), { signal: this.#following.signal });
    this.#leave(this.search);
    this.search = search;
  }

  /** What is on the page: a search without an answer leaves what one sees. */
  get #shown() {
    const search = this.search;
    const answered = !search || search.hits.length || ["done", "failed"].includes(search.status) || !search.isMeant || !this.#hasLine;
    if (answered) this.#before = undefined;
    return this.#before ?? search;
  }

  get count() {
    const { hits, more, isMeant = false, status = "new" } = this.search ?? {};
    const number = hits?.length ?? 0;
    return isMeant && status !== "new" && (number || status !== "failed") ? `${number}${more ? "+" : ""}` : "";
  }

  attach() {
    const { page } = this;
    this.#sight = new IntersectionObserver((entries) => this.#seen(entries), { root: page.scroller, rootMargin: `${AHEAD} 0px` });
    this.#sight.observe(this.foot);
    for (const { row } of this.#rows.values()) this.#sight.observe(row);
    page.listen(page.scroller, "scroll", () => this.#note(), { passive: true });
    for (const name of ["wheel", "touchmove", "pointerdown", "keydown"]) page.listen(page, name, () => this.#letGo(), { passive: true, capture: true });
    const search = this.search;
    this.#wanted = search?.hits.length ? { ...search.place, count: 0 } : this.isShown ? history.state?.found : undefined;
    this.#restore();
  }

  detach() {
    clearTimeout(this.#timer);
    this.#following.abort();
    this.#sight?.disconnect();
  }

  // --- where one is -------------------------------------------------------------------------------------------------------

  #note() {
    const search = this.search;
    if (!search?.hits.length || this.element.hidden || this.#wanted || this.#shown !== search) return;
    const at = /** @type {any} */ (document.activeElement)?.closest("search-page .hits > li")?.dataset.key;
    search.place = { ...this.#atEdge, at: at ?? search.place.at };
  }

  /** The hit at the upper edge, and how far below it it begins. */
  get #atEdge() {
    const edge = this.#edge;
    const row = [...this.#rows.values()].find((one) => one.row.getBoundingClientRect().bottom > edge)?.row;
    return { row: row?.dataset.key ?? "", offset: row ? row.getBoundingClientRect().top - edge : 0 };
  }

  /** Put a hit where it was. @param {{row: string, offset: number}} place */
  #putAtEdge({ row: key, offset }) {
    const row = this.#rows.get(key)?.row;
    const off = row ? row.getBoundingClientRect().top - this.#edge - offset : 0;
    if (off) this.page.scroller.scrollTop += off;
  }

  /** The upper edge of what is in sight. */
  get #edge() {
    return this.page.scroller.getBoundingClientRect().top;
  }

  /** One leaves the page: where one was goes into the history, for whoever comes back after a reload. */
  keep() {
    this.#note();
    const search = this.search;
    if (search?.hits.length && this.isShown && location.pathname === "/search") history.replaceState({ ...history.state, found: { ...search.place, count: search.hits.length } }, "");
  }

  /** Whoever moves by themselves is not held where they were. */
  #letGo() {
    if (!this.#wanted || this.#wanted.row !== this.search?.place.row) return;
    this.#wanted = undefined;
  }

  /** Another search begins. @param {MessageSearch | FileSearch | undefined} search the one before */
  #leave(search) {
    if (search?.hits.length) this.#before = search;
    // Before the session begins nothing was asked yet.
    if (!search || search.status === "new" || !this.isShown) return;
    this.page.scroller.scrollTop = 0;
    this.#wanted = undefined;
    this.#pages = 0;
  }

  /** @returns {boolean} whether one came back to a hit */
  focusKept() {
    const { at } = this.search?.place ?? {};
    const link = at ? this.#rows.get(at)?.row.firstChild : undefined;
    link?.focus({ preventScroll: true });
    return Boolean(link);
  }

  /** To where one was, as soon as there is enough. */
  #restore() {
    const search = this.search;
    const wanted = this.#wanted;
    if (!search || !wanted) return;
    const lacks = search.hits.length < wanted.count && search.more && this.#pages < MOST_PAGES && search.status !== "failed";
    if (lacks) {
      if (search.status !== "done") return;
      this.#pages += 1;
      search.go();
      return;
    }
    if (!search.hits.length) return;
    const { row, offset, at } = wanted;
    if (search.place.row !== row || search.place.offset !== offset) {
      search.place = { row, offset, at };
      this.focusKept();
    }
    // Again and again: as lines come, the end of the list moves away, and with it how far one can go down.
    this.#putAtEdge(wanted);
  }

  /** @param {IntersectionObserverEntry[]} entries */
  #seen(entries) {
    const keys = new Set(entries.filter(({ isIntersecting }) => isIntersecting).map(({ target }) => /** @type {any} */ (target).dataset.key));
    const search = this.#shown;
    search?.learn?.(search.hits.filter((/** @type {any} */ hit) => keys.has(this.keyOf(hit))));
    if (entries.some(({ target, isIntersecting }) => target === this.foot && isIntersecting)) this.#goOn();
  }

  #goOn() {
    const search = this.search;
    if (search?.status === "done" && search.more && !search.isBarren && search.hits.length) search.go();
  }

  // --- showing ------------------------------------------------------------------------------------------------------------

  show() {
    const search = this.search;
    const shown = this.#shown;
    if (!search || !shown) return;
    const isOld = shown !== search;
    this.element.classList.toggle("old", isOld);
    this.list.setAttribute("aria-busy", String(isOld));
    const isDown = this.page.scroller.scrollTop > 0 && !this.element.hidden && !this.#wanted;
    const place = isDown ? this.#atEdge : undefined;
    this.#render(shown);
    this.#showNotes(shown);
    // Lines that come above do not move what one reads.
    if (place) this.#putAtEdge(place);
    if (!isOld) this.#restore();
    const hits = shown.hits;
    const waits = search.status === "asking" || (search.status === "new" && search.isMeant);
    this.waiting.hidden = hits.length > 0 || !waits || !this.#hasLine;
    this.#showState(search, hits.length);
    this.#showFoot(search, hits.length);
    change(this.heard, { textContent: this.#heardWords(search) });
    // The foot may be in sight still: its observer tells only of what changes.
    if (search.status === "done" && search.more && hits.length && this.#isNearEnd) this.#goOn();
    this.#followIndex(search);
  }

  /** What is read aloud. @param {MessageSearch | FileSearch} search */
  #heardWords({ status, hits, more }) {
    if (status !== "done" || !this.isShown) return "";
    return hits.length || more ? this.page.say(`search.found_${this.tab}`, { count: hits.length }) : this.page.say("search.none");
  }

  get isShown() {
    return this.page.tab === this.tab;
  }

  get #hasLine() {
    return !this.page.client.began || this.page.client.wire.live;
  }

  get #isNearEnd() {
    const { scrollTop, clientHeight, scrollHeight } = this.page.scroller;
    return !this.element.hidden && clientHeight > 0 && scrollHeight - scrollTop - clientHeight < parseInt(AHEAD, 10);
  }

  /** Rows that stay keep the focus. @param {any} search */
  #render(search) {
    const before = this.#rows;
    this.#rows = new Map();
    let next = this.list.firstElementChild;
    for (const hit of search.hits) {
      const key = this.keyOf(hit);
      const known = before.get(key) ?? { row: this.#newRow(key, hit), made: [] };
      this.draw(known, hit, search);
      this.#rows.set(key, known);
      if (known.row === next) next = next.nextElementSibling;
      else this.list.insertBefore(known.row, next);
    }
    for (const [key, { row }] of before) {
      if (this.#rows.has(key)) continue;
      this.#sight?.unobserve(row);
      row.remove();
    }
  }

  /** @param {string} key @param {any} hit */
  #newRow(key, hit) {
    const row = make("li", {}, ...this.rowParts(hit));
    row.dataset.key = key;
    this.#sight?.observe(row);
    return row;
  }

  // --- what is told of a hit ------------------------------------------------------------------------------------------

  /** @param {any} hit */
  keyOf(hit) {
    return keyOf(hit);
  }

  /** What a row is made of, once; what is focused stands first. @param {any} hit @returns {Node[]} */
  rowParts({ room, seq }) {
    return [make("a", { class: "list-row", attributes: { href: messagePath(room, seq) } })];
  }

  /** @param {{row: any, made: unknown[]}} known @param {any} hit @param {any} search */
  draw(known, hit, search) {
    const { page } = this;
    const near = search.near(hit);
    const title = page.filters.titleOf(hit.room);
    const topic = page.filters.topicOf(hit.room, hit.topic);
    const made = [hit, near.before, near.after, title, topic, page.terms, page.language, page.client.blocks.changes, page.client.people.changes];
    if (made.every((one, at) => one === known.made[at])) return;
    known.made = made;
    known.row.firstChild.replaceChildren(...hitParts(page, hit, page.terms, near, { title, topic }));
  }

  /** What was said, for the writings of a Chinese word in it. @param {any[]} hits @returns {string[]} */
  textsOf(hits) {
    return hits.map((hit) => wordsOf(this.page, hit));
  }

  // --- what is said beside them ---------------------------------------------------------------------------------------

  /** @param {any} search */
  #showNotes({ hits, indexed }) {
    const { page } = this;
    change(this.building, { hidden: indexed >= 1 });
    change(this.bar, { value: indexed, ariaLabel: page.say("search.building") });
    change(this.progress, { textContent: indexed < 1 ? page.say("search.indexing", { percent: Math.floor(indexed * 100) }) : "" });
    const writings = writingsOf(this.textsOf(hits), page.terms);
    change(this.both, { textContent: writings.length ? page.say("search.both", { words: writings.join(", ") }) : "", hidden: !writings.length });
  }

  /** @param {MessageSearch | FileSearch} search */
  #followIndex(search) {
    clearTimeout(this.#timer);
    if (search.indexed < 1 && search.status === "done") this.#timer = setTimeout(() => this.page.isConnected && this.page.scroller.scrollTop < 1 && search.again(), INDEXING_PAUSE);
  }

  /** What stands in place of hits. @param {MessageSearch | FileSearch} search @param {number} count */
  #showState(search, count) {
    const kind = count ? "" : this.#kindOf(search);
    const key = [kind, this.page.language, ...this.page.filters.on, search.refusal?.reason].join(" ");
    if (key === this.#said) return;
    this.#said = key;
    this.state.replaceChildren(...(kind ? this.#stateParts(kind, search) : []));
  }

  /** @param {MessageSearch | FileSearch} search */
  #kindOf(search) {
    const { client, given } = this.page;
    if (client.began && !client.signedIn && !given.room) return "guest";
    if (!search.isMeant) return "hint";
    if (!this.#hasLine) return "offline";
    if (search.status === "failed") return "failed";
    return search.status === "done" ? (search.more ? "barren" : "none") : "";
  }

  /** @param {string} kind @param {MessageSearch | FileSearch} search @returns {Node[]} */
  #stateParts(kind, search) {
    const { page } = this;
    const words = (/** @type {string} */ key) => make("p", { text: page.say(key) });
    if (kind === "guest") return [door(), words("search.guest"), make("a", { class: "button", text: page.say("account.sign_in"), attributes: { href: "/sign-in" } })];
    if (kind === "failed") return [make("p", { class: "error", text: refusalWords(page, search.refusal), attributes: { role: "alert" } }), button(page.say("shell.again"), () => search.go(), "button")];
    if (kind === "hint") return [words("search.hint"), words("search.hint_quotes")];
    if (kind !== "none") return [words(`search.${kind}`)];
    return [door(), make("h2", { text: page.say("search.none") }), ...(page.given.q ? [words("search.none_tips")] : []), make("div", { class: "ways" },
      ...page.filters.on.map((chip) => button(page.say(`search.without.${chip}`), () => page.narrow(page.filters.without(chip)), "action edged")))];
  }

  /** @param {MessageSearch | FileSearch} search @param {number} count */
  #showFoot(search, count) {
    const { page } = this;
    const key = !count && !search.isBarren ? "" : search.isBarren ? "barren" : search.status === "failed" ? "failed" : search.status === "asking" && search.more ? "asking" : "";
    if (this.foot.dataset.kind === key + page.language) return;
    this.foot.dataset.kind = key + page.language;
    const parts = /** @type {Record<string, () => Node[]>} */ ({
      barren: () => [button(page.say("search.further"), () => search.further(), "button")],
      failed: () => [make("p", { class: "error", text: refusalWords(page, search.refusal) }), button(page.say("shell.again"), () => search.go(), "action")],
      asking: () => [make("p", { class: "note", text: page.say("search.asking") })],
    });
    this.foot.replaceChildren(...(parts[key]?.() ?? []));
  }
}
