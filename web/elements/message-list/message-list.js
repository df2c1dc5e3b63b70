/**
 * The messages of one room, newest at the bottom. Property `room` (id). Reading up loads older pages and keeps the
 * place; at the bottom it stays there. One tab stop: arrows move from message to message.
 */

import { make } from "../../lib/dom.js";
import { dayKey, dayName } from "../../lib/times.js";
import { context, PageElement } from "../element.js";

const NEAR = 80;
const LOAD_AHEAD = 600;
const GROUP_WITHIN = 5 * 60_000;
/** More rows than these are let go at the top while one is at the bottom. */
const MOST_ROWS = 400;

export class MessageList extends PageElement {
  room = "";
  /** @type {Map<string, any>} */ #items = new Map();
  #atBottom = true;
  #due = false;
  /** The seq after which all was new when the room was opened, or when the reader looked away; -1 before that is known. */
  #divider = -1;
  #toDivider = false;
  /** @type {ResizeObserver | undefined} */ #sizes;

  build() {
    this.rows = make("ol", { attributes: { role: "list" } });
    this.empty = make("p", { class: "empty" });
    this.scroller = make("div", { class: "scroller" }, this.empty, this.rows);
    this.jump = make("button", { class: "jump", attributes: { type: "button" }, set: { hidden: true } });
    this.append(this.scroller, this.jump);
  }

  attach() {
    this.scroller.setAttribute("aria-label", this.say("room.messages"));
    this.scroller.setAttribute("role", "region");
    for (const name of ["room", "session", "outbox", "rooms"]) this.listen(this.house, name, () => this.later());
    this.listen(this.scroller, "scroll", () => this.scrolled(), { passive: true });
    this.listen(this.jump, "click", () => this.toBottom());
    this.listen(document, "visibilitychange", () => this.mark());
    this.listen(window, "focus", () => this.mark());
    this.listen(this.rows, "keydown", (event) => this.move(event));
    this.#sizes = new ResizeObserver(() => this.#atBottom && this.toBottom());
    for (const part of [this.scroller, this.rows]) this.#sizes.observe(part);
    this.toBottom();
    this.show();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#sizes?.disconnect();
  }

  get #state() {
    return this.house.find(this.room);
  }

  /** Events come in bursts: show once for each frame. */
  later() {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      if (this.isConnected) this.show();
    });
  }

  show() {
    const room = this.#state;
    if (!room) return this.#clear();
    if (!room.timeline.reachesEnd && !room.loading) this.house.loadLatest(this.room);
    if (this.#atBottom) room.timeline.trim(MOST_ROWS);
    this.#placeDivider(room);
    const anchor = this.#anchor();
    this.#render(room);
    if (this.#toDivider && !room.timeline.isEmpty) this.#openAtDivider();
    else if (this.#atBottom) this.toBottom();
    else this.#restore(anchor);
    this.#showEdges(room);
    if (this.#atBottom) this.mark();
    if (this.scroller.scrollTop < LOAD_AHEAD && !room.timeline.isEmpty) this.house.loadOlder(this.room);
    return undefined;
  }

  /** The room was lost: nothing of it stays on the page. */
  #clear() {
    this.#items.clear();
    this.rows.replaceChildren();
    this.#divider = -1;
  }

  /** It stands where one had read to when one came, and again when one comes back to the window. @param {import("../../state/room.js").Room} room */
  #placeDivider(room) {
    const first = this.#divider < 0;
    if (!first && (document.hasFocus() || room.readSeq <= this.#divider || !room.unread)) return;
    this.#divider = room.unread ? room.readSeq : room.timeline.lastSeq;
    this.#toDivider = first && room.unread > 0;
  }

  /** @param {import("../../state/room.js").Room} room */
  #render(room) {
    const before = this.#items;
    this.#items = new Map();
    /** @type {any[]} */ const rows = [];
    /** @type {any} */ let last = null;
    for (const message of room.timeline.messages) {
      if (!last || dayKey(last.at) !== dayKey(message.at)) rows.push(this.#dayRow(before, message.at));
      if (message.seq === this.#divider + 1 && last) rows.push(this.#newRow(before));
      rows.push(this.#row(before, message.id, { message, item: null, grouped: groups(last, message) }));
      last = message;
    }
    for (const item of this.house.outbox.of(this.room)) {
      if (item.id && this.#items.has(item.id)) continue;
      const mine = { at: Math.max(item.at, last?.at ?? 0), author: this.house.user };
      rows.push(this.#row(before, item.clientId, { message: null, item: { ...item }, grouped: groups(last, mine) }));
      last = mine;
    }
    if (rows.length !== this.rows.children.length || rows.some((row, at) => row !== this.rows.children[at])) {
      this.rows.replaceChildren(...rows);
    }
    this.#keepTabStop();
    for (const row of rows) row.firstChild.show?.();
  }

  /** @param {Map<string, any>} before @param {string} key @param {object} properties */
  #row(before, key, properties) {
    const row = before.get(key) ?? make("li", {}, make("message-item", { attributes: { tabindex: "-1" } }));
    Object.assign(row.firstChild, properties);
    this.#items.set(key, row);
    return row;
  }

  /** @param {Map<string, any>} before @param {number} at */
  #dayRow(before, at) {
    const key = `day ${dayKey(at)}`;
    const row = before.get(key) ?? make("li", { class: "day" }, make("span"));
    row.firstChild.textContent = dayName(this.language, at, Date.now());
    this.#items.set(key, row);
    return row;
  }

  /** @param {Map<string, any>} before */
  #newRow(before) {
    const row = before.get("new") ?? make("li", { class: "new" }, make("span"));
    row.firstChild.textContent = this.say("room.new_below");
    this.#items.set("new", row);
    return row;
  }

  /** @param {import("../../state/room.js").Room} room */
  #showEdges(room) {
    this.empty.hidden = !room.timeline.isEmpty || room.timeline.more;
    this.empty.textContent = this.say("room.empty");
    const below = room.timeline.lastSeq - room.readSeq;
    this.jump.hidden = this.#atBottom;
    this.jump.textContent = below > 0 && room.isMember ? this.say("room.new", { count: below }) : this.say("room.latest");
  }

  // --- place -------------------------------------------------------------------------------------------------------

  /**
   * The first message in sight and how far down it begins: browsers differ in keeping it, so we do. One that begins
   * above the edge is no anchor where another is to be had, for it may lose its heading to the message before it.
   */
  #anchor() {
    const top = this.scroller.getBoundingClientRect().top;
    let cut = null;
    for (const row of this.rows.querySelectorAll("li:not(.day)")) {
      const box = row.getBoundingClientRect();
      if (box.top >= top) return { row, offset: box.top - top };
      if (box.bottom > top) cut = { row, offset: box.top - top };
    }
    return cut;
  }

  /** @param {{row: Element, offset: number} | null} anchor */
  #restore(anchor) {
    if (!anchor?.row.isConnected) return;
    const top = this.scroller.getBoundingClientRect().top;
    this.scroller.scrollTop += anchor.row.getBoundingClientRect().top - top - anchor.offset;
  }

  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#atBottom = scrollHeight - scrollTop - clientHeight < NEAR;
    if (scrollTop < LOAD_AHEAD) this.house.loadOlder(this.room);
    if (this.#atBottom) this.mark();
    const room = this.#state;
    if (room) this.#showEdges(room);
  }

  /** What is new begins in sight, with a little of what was before. */
  #openAtDivider() {
    this.#toDivider = false;
    this.toBottom();
    const divider = this.rows.querySelector(".new");
    if (!divider) return;
    const above = this.scroller.getBoundingClientRect().top - divider.getBoundingClientRect().top;
    if (above > 0) this.scroller.scrollTop -= above + this.scroller.clientHeight / 4;
    this.scrolled();
  }

  toBottom() {
    this.#atBottom = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  get atBottom() {
    return this.#atBottom;
  }

  /** Read is what stood before a reader's eyes: the newest message, in a window that has the focus. */
  mark() {
    const shown = this.#state && !this.#state.timeline.isEmpty && !this.#toDivider && this.#atBottom && this.isConnected;
    if (shown && !document.hidden && document.hasFocus()) this.house.markRead(this.room);
  }

  // --- keys --------------------------------------------------------------------------------------------------------

  /** The newest message, unless one is among the messages. */
  #keepTabStop() {
    const items = [...this.rows.querySelectorAll("message-item")];
    const last = items[items.length - 1];
    if (!last || last.tabIndex === 0 || this.rows.contains(document.activeElement)) return;
    for (const item of items) if (item.tabIndex === 0) item.tabIndex = -1;
    last.tabIndex = 0;
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const keys = ["ArrowUp", "ArrowDown", "Home", "End"];
    if (!keys.includes(event.key) || event.altKey) return;
    const items = [...this.rows.querySelectorAll("message-item")];
    const at = items.indexOf(/** @type {any} */ (event.target).closest("message-item"));
    const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: items.length - 1 }[event.key] ?? at;
    const next = items[Math.max(0, Math.min(items.length - 1, to))];
    if (!next || next === items[at]) return;
    event.preventDefault();
    for (const item of items) item.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

/** Words of one person within some minutes stand together. @param {any} last @param {any} message */
function groups(last, message) {
  return Boolean(last && last.author?.id === message.author?.id && message.at - last.at < GROUP_WITHIN
    && dayKey(last.at) === dayKey(message.at));
}
