/**
 * The messages of one room, newest at the bottom. Property `room` (id). Reading up loads older pages, reading down newer
 * ones; the message that stands at the upper edge stays there, whatever comes or changes around it, and at the bottom
 * the newest stays in sight. Of all that is loaded a window around the reader has rows, so that a room of ten thousand
 * messages scrolls like one of a hundred. One tab stop: arrows move from message to message.
 */

import { change, make } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";
import { keepTabStop, moveFocus } from "../../lib/roving.js";
import { dayKey, dayName } from "../../lib/times.js";
import { ShownWindow, STEP } from "../../state/shown-window.js";
import { context, PageElement } from "../element.js";

const NEAR = 80;
const LOAD_AHEAD = 600;
const GROUP_WITHIN = 5 * 60_000;
/** More messages than these are let go at the top while one is at the bottom. */
const MOST_HELD = 400;

export class MessageList extends PageElement {
  room = "";
  /** @type {Map<string, any>} rows by message id, client_id, or "day …" and "new" */ #rows = new Map();
  #atBottom = true;
  /** Where the scroller stood when it was last looked at. */
  #scrollTop = 0;
  /** The seq after which all was new when the room was opened, or when the reader looked away; -1 before that is known. */
  #divider = -1;
  #toDivider = false;
  #window = new ShownWindow();
  /** @type {{row: Element, offset: number} | null} what stands at the upper edge */ #anchor = null;
  /** @type {ResizeObserver | undefined} */ #sizes;

  build() {
    this.list = make("ol", { attributes: { role: "list" } });
    this.empty = make("div", { class: "empty" }, drawing("teapot"), make("p"));
    this.scroller = make("div", { class: "scroller" }, this.empty, this.list);
    this.jump = make("button", { class: "jump", attributes: { type: "button" }, set: { hidden: true } });
    this.append(this.scroller, this.jump);
  }

  attach() {
    this.scroller.setAttribute("aria-label", this.say("room.messages"));
    this.scroller.setAttribute("role", "region");
    for (const name of ["session", "outbox", "rooms", "day"]) this.listen(this.client, name, () => this.later());
    this.listen(this.client, "room", (event) => event.detail === this.room && this.later());
    this.listen(this.scroller, "scroll", () => this.scrolled(), { passive: true });
    this.listen(this.jump, "click", () => this.toLatest());
    this.listen(document, "visibilitychange", () => this.mark());
    this.listen(window, "focus", () => this.mark());
    this.listen(this.list, "keydown", (event) => moveFocus(this.list, "message-item", event));
    this.#sizes = new ResizeObserver(() => this.#keepPlace());
    for (const part of [this.scroller, this.list]) this.#sizes.observe(part);
    this.toBottom();
    this.show();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#sizes?.disconnect();
  }

  get #state() {
    return this.client.find(this.room);
  }

  show() {
    const room = this.#state;
    if (!room) return this.#clear();
    if (room.timeline.isEmpty) this.client.history.first(this.room);
    if (this.atBottom) room.timeline.trim(MOST_HELD);
    this.#placeDivider(room);
    this.#window.place(room.timeline, { divider: this.#toDivider ? this.#divider : undefined, atBottom: this.atBottom });
    this.#render(room);
    if (this.#toDivider && !room.timeline.isEmpty) this.#openAtDivider();
    else this.#keepPlace();
    this.#showEdges(room);
    this.#readOn();
    return undefined;
  }

  /** The room was lost: nothing of it stays on the page. */
  #clear() {
    this.#rows.clear();
    this.list.replaceChildren();
    this.#divider = -1;
    this.#window.clear();
  }

  /** It stands where one had read to when one came, and again when one comes back to the window. @param {import("../../state/room.js").Room} room */
  #placeDivider(room) {
    const first = this.#divider < 0;
    if (!first && (document.hasFocus() || room.readSeq <= this.#divider || !room.unread)) return;
    this.#divider = room.unread ? room.readSeq : room.timeline.lastSeq;
    this.#toDivider = first && room.unread > 0;
  }

  /** @param {number} step @returns {boolean} whether there were more rows to be had */
  #moveWindow(step) {
    const timeline = this.#state?.timeline;
    if (!timeline || !this.#window.move(timeline, step)) return false;
    this.later();
    return true;
  }

  // --- rows --------------------------------------------------------------------------------------------------------

  /** Only what is new is put in and only what is gone is taken out: focus and selection stay where they are. @param {import("../../state/room.js").Room} room */
  #render(room) {
    const before = this.#rows;
    this.#rows = new Map();
    const rights = this.#rights(room);
    /** @type {any} */ let last = null;
    const { from, to } = this.#window;
    for (const message of room.timeline.between(from, to)) {
      const day = dayKey(message.at);
      if (!last || last.day !== day) this.#dayRow(before, day, message.at);
      const isNew = message.seq === this.#divider + 1 && message.author.id !== this.client.me;
      if (isNew && last) this.#newRow(before);
      this.#row(before, message.id, { message, item: null, grouped: !isNew && groups(last, message, day), rights });
      last = { at: message.at, author: message.author, day };
    }
    for (const item of to === room.timeline.last ? this.client.outbox.of(this.room) : []) {
      if (item.id && this.#rows.has(item.id)) continue;
      const at = Math.max(item.at, last?.at ?? 0);
      const mine = { at, author: this.client.user, day: dayKey(at) };
      this.#row(before, item.clientId, { message: null, item: { ...item }, grouped: groups(last, mine, mine.day), rights });
      last = mine;
    }
    for (const [key, row] of before) if (this.#rows.get(key) !== row) row.remove();
    this.#placeRows();
    keepTabStop(this.list, "message-item");
  }

  /** After those that are gone were taken out: else each that stays would be moved past them, which costs as much as a new one. */
  #placeRows() {
    let next = this.list.firstElementChild;
    for (const row of this.#rows.values()) {
      if (row === next) next = row.nextElementSibling;
      else this.list.insertBefore(row, next);
    }
  }

  /** What the reader may do decides which actions a message has. @param {import("../../state/room.js").Room} room */
  #rights(room) {
    const sent = [...this.client.sent.keys()];
    const today = sent.length ? dayKey(Date.now()) : "";
    return JSON.stringify([this.client.me, room.state.role, this.client.user?.admin, this.client.rooms.size, sent, today, room.opensLinks]);
  }

  /** @param {Map<string, any>} before @param {string} key @param {any} properties */
  #row(before, key, properties) {
    const row = before.get(key) ?? make("li", {}, make("message-item", { attributes: { tabindex: "-1" } }));
    const shown = row.firstChild;
    const same = !properties.item && shown.message === properties.message && shown.grouped === properties.grouped
      && shown.rights === properties.rights;
    if (!same) {
      Object.assign(shown, properties);
      shown.show?.();
    }
    this.#rows.set(key, row);
  }

  /** @param {Map<string, any>} before @param {string} day @param {number} at */
  #dayRow(before, day, at) {
    const key = `day ${day}`;
    const row = before.get(key) ?? make("li", { class: "day" }, make("span"));
    row.firstChild.textContent = dayName(this.language, at, Date.now());
    this.#rows.set(key, row);
  }

  /** @param {Map<string, any>} before */
  #newRow(before) {
    const row = before.get("new") ?? make("li", { class: "new" }, make("span", { text: this.say("room.new_below") }));
    this.#rows.set("new", row);
  }

  /** @param {import("../../state/room.js").Room} room */
  #showEdges(room) {
    const below = room.timeline.lastSeq - room.readSeq;
    change(this.empty, { hidden: !room.timeline.isEmpty || room.timeline.more });
    change(this.empty.lastChild, { textContent: this.say("room.empty") });
    change(this.jump, {
      hidden: this.atBottom,
      textContent: below > 0 && room.isMember ? this.say("room.new", { count: below }) : this.say("room.latest"),
    });
  }

  // --- place -------------------------------------------------------------------------------------------------------

  /** After anything grew, shrank, came or went, before it is painted. Browsers differ in doing this, so we do. */
  #keepPlace() {
    if (this.atBottom) this.toBottom();
    else if (this.#anchor?.row.isConnected) {
      const moved = this.#anchor.row.getBoundingClientRect().top - this.#top - this.#anchor.offset;
      if (Math.abs(moved) >= 1) this.scroller.scrollTop += moved;
    }
    this.#dropAnchor();
  }

  get #top() {
    return this.scroller.getBoundingClientRect().top;
  }

  /**
   * The first message in sight and how far down it begins. One that begins above the edge is no anchor where another is
   * to be had, for it may lose its heading to the message before it.
   */
  #dropAnchor() {
    const top = this.#top;
    const rows = this.list.children;
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {Element} */ (rows[middle]).getBoundingClientRect().top < top) low = middle + 1;
      else high = middle;
    }
    const row = rows[low]?.classList.contains("day") ? rows[low + 1] : rows[low];
    const found = row ?? rows[rows.length - 1];
    this.#anchor = found ? { row: found, offset: found.getBoundingClientRect().top - top } : null;
  }

  /**
   * Only who goes up leaves the bottom: the event comes a frame late, and a message may have come since. Who comes down
   * to it is there when the newest has its row.
   */
  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    const timeline = this.#state?.timeline;
    const low = scrollHeight - scrollTop - clientHeight < NEAR;
    const stays = this.#atBottom && (low || scrollTop >= this.#scrollTop);
    const arrives = low && Boolean(timeline?.reachesEnd) && this.#window.to === timeline?.last;
    this.#atBottom = stays || arrives;
    this.#scrollTop = scrollTop;
    this.#dropAnchor();
    this.#readOn();
    const room = this.#state;
    if (room) this.#showEdges(room);
  }

  /** What comes next in either direction is asked for before one is there. */
  #readOn() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    if (scrollTop < LOAD_AHEAD && !this.#moveWindow(-STEP)) this.client.history.older(this.room);
    if (this.atBottom) this.mark();
    else if (scrollHeight - scrollTop - clientHeight < LOAD_AHEAD && !this.#moveWindow(STEP)) this.client.history.newer(this.room);
  }

  /** What is new begins in sight, with a little of what was before. */
  #openAtDivider() {
    this.#toDivider = false;
    this.toBottom();
    const divider = this.list.querySelector(".new") ?? this.list.firstElementChild;
    const above = this.#top - (divider?.getBoundingClientRect().top ?? this.#top);
    if (above > 0) this.scroller.scrollTop -= above + this.scroller.clientHeight / 4;
    this.#atBottom = false;
    this.scrolled();
  }

  toBottom() {
    this.#atBottom = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#scrollTop = this.scroller.scrollTop;
  }

  /** To the newest message, which may have to be loaded first. */
  async toLatest() {
    await this.client.history.latest(this.room);
    this.#atBottom = true;
    this.show();
  }

  /** Whether the newest message of all is in sight. */
  get atBottom() {
    return this.#atBottom;
  }

  /** Read is what stood before a reader's eyes: the newest message, in a window that has the focus. */
  mark() {
    const shown = this.#state && !this.#state.timeline.isEmpty && !this.#toDivider && this.atBottom && this.isConnected;
    if (shown && !document.hidden && document.hasFocus()) this.client.markers.seen(this.room);
  }
}

/** Words of one person within some minutes stand together. @param {any} last @param {any} message @param {string} day */
function groups(last, message, day) {
  return Boolean(last && last.author?.id === message.author?.id && message.at - last.at < GROUP_WITHIN && last.day === day);
}
