/**
 * The messages of one room or topic, newest at the bottom. Properties `room` and `topic` (ids) and `seq` (of a message to begin at). Reading up
 * loads older pages, reading down newer ones; the message that stands at the upper edge stays there, whatever comes or
 * changes around it, and at the bottom the newest stays in sight. Of all that is loaded a window around the reader has
 * rows, so that a room of ten thousand messages scrolls like one of a hundred. One tab stop: arrows move from message to
 * message.
 */

import { button, change, make } from "../../lib/dom.js";
import { keepTabStop, moveFocus } from "../../lib/roving.js";
import { dayKey, dayName } from "../../lib/times.js";
import { groups, rowsOf } from "../../state/rows.js";
import { ShownWindow, STEP } from "../../state/shown-window.js";
import { PageElement } from "../element.js";
import { insist, painted, want } from "../later.js";
import { Emptiness } from "./emptiness.js";

const NEAR = 80;
const LOAD_AHEAD = 600;
/** More messages than these are let go at the top while one is at the bottom. */
const MOST_HELD = 400;
const MARKED_FOR = 2_500;

/** Where a reader is: a message, and how far below the upper edge it begins. @typedef {{seq: number, offset?: number, mark?: boolean, atBottom?: boolean}} Place */

export class MessageList extends PageElement {
  room = "";
  /** @type {string | undefined} */ topic = undefined;
  seq = 0;
  /** @type {Map<string, any>} rows by message id, client_id, or "day …", "fold …" and "new" */ #rows = new Map();
  #atBottom = true;
  /** Where the scroller stood when it was last looked at. */
  #scrollTop = 0;
  /** The seq after which all was new when the room was opened, or when the reader looked away; -1 before that is known. */
  #divider = -1;
  #toDivider = false;
  #window = new ShownWindow();
  /** The rows hardly fill the height: of many messages little is to be seen. */
  #isShort = false;
  /** Folded runs that were opened, by their keys. @type {Set<string>} */ #opened = new Set();
  /** Where to go once it is held. @type {Place | null} */ #goal = null;
  /** One came here from another place in this room. */
  #mayGoBack = false;
  /** It was asked which unread messages call me. */
  #learned = false;
  /** @type {any} what can be done with a message */ actions = undefined;
  /** @type {{row: Element, offset: number} | null} what stands at the upper edge */ #anchor = null;
  /** @type {ResizeObserver | undefined} */ #sizes;

  build() {
    this.list = make("ol", { attributes: { role: "list" } });
    this.empty = new Emptiness(this);
    this.scroller = make("div", { class: "scroller" }, this.empty.element, this.list);
    const hidden = { hidden: true };
    /** @type {any} */ this.back = button("", () => history.back(), "pill back-there");
    this.call = button("", () => this.toNextCall(), "pill call");
    this.jump = button("", () => this.toLatest(), "pill jump");
    for (const one of [this.back, this.call, this.jump]) Object.assign(one, hidden);
    this.append(this.scroller, make("div", { class: "lower" }, this.back, this.call, this.jump));
    this.early = this.keepEarly(["keydown", "click"], forActions);
  }

  attach() {
    this.scroller.setAttribute("aria-label", this.say("room.messages"));
    this.scroller.setAttribute("role", "region");
    this.listen(this.client, "outbox", () => this.later());
    for (const name of ["session", "rooms", "day", "people", "status"]) this.listen(this.client, name, () => this.inTime());
    this.listen(this.client, "room", (event) => event.detail === this.room && this.inTime());
    this.listen(this.scroller, "scroll", () => this.scrolled(), { passive: true });
    this.listen(document, "visibilitychange", () => this.mark());
    this.listen(window, "focus", () => this.mark());
    this.listen(window, "leaving", () => history.replaceState({ ...history.state, place: this.place }, ""));
    this.listen(this.list, "keydown", (event) => moveFocus(this.list, "message-item", event));
    this.#sizes = new ResizeObserver(() => {
      this.#window.fit(this.scroller.clientHeight, LOAD_AHEAD);
      this.#keepPlace();
    });
    for (const part of [this.scroller, this.list]) this.#sizes.observe(part);
    this.#goal = this.seq ? { seq: this.seq, mark: true } : this.client.places.get(this.#name) ?? null;
    this.toBottom();
    this.show();
    painted(() => this.#bringActions());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#sizes?.disconnect();
  }

  /** What can be done with a message comes when the first words stand already. */
  async #bringActions() {
    await insist(() => want("message-actions"));
    if (this.actions) return;
    this.actions = make("message-actions", { set: { list: this } });
    this.append(this.actions);
    this.early?.();
  }

  get #state() {
    return this.client.line(this.room, this.topic);
  }

  /** Where one was in it is kept by this name. */
  get #name() {
    return this.topic === undefined ? this.room : `${this.room} ${this.topic}`;
  }

  show() {
    const room = this.#state;
    if (!room) return this.#clear();
    if (this.#goal && !room.timeline.at(this.#goal.seq)) this.#loadGoal();
    else if (room.timeline.isEmpty) this.client.history.first(this.room, this.topic);
    if (this.atBottom && !this.#goal && !this.#isShort) room.timeline.trim(MOST_HELD);
    this.#placeDivider(room);
    const goal = this.#goal && room.timeline.at(this.#goal.seq) ? this.#goal : null;
    const beginning = goal ? goal.seq : this.#toDivider ? this.#divider : undefined;
    this.#window.place(room.timeline, { divider: beginning, atBottom: this.atBottom, isShort: this.#isShort });
    this.#render(room);
    this.empty?.show(room);
    if (goal) this.#openAt(goal, room);
    else if (this.#toDivider && !room.timeline.isEmpty) this.#openAtDivider();
    else this.#keepPlace();
    if (!goal && !this.atBottom && this.#arrives) return this.scrolled();
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

  /** It stands where one had read to when one came, and again when one comes back to the window. @param {import("../../state/history.js").Line} room */
  #placeDivider(room) {
    const first = this.#divider < 0;
    if (!first && (document.hasFocus() || room.readSeq <= this.#divider || !room.unread)) return;
    this.#divider = room.unread ? room.readSeq : room.timeline.lastSeq;
    this.#toDivider = first && room.unread > 0 && !this.#goal;
  }

  /** @param {number} step @returns {boolean} whether there were more rows to be had */
  #moveWindow(step) {
    const timeline = this.#state?.timeline;
    if (!timeline || !this.#window.move(timeline, step, this.#isShort)) return false;
    this.later();
    return true;
  }

  // --- rows --------------------------------------------------------------------------------------------------------

  /** Only what is new is put in and only what is gone is taken out: focus and selection stay where they are. @param {import("../../state/history.js").Line} room */
  #render(room) {
    const before = this.#rows;
    this.#rows = new Map();
    const { from, to } = this.#window;
    const { rows, last } = rowsOf(room.timeline.between(from, to), this.#reading);
    for (const row of rows) this.#rows.set(row.key, this.#made(before.get(row.key), row, room));
    if (to === room.timeline.last) this.#renderOutbox(before, last);
    for (const [key, row] of before) if (this.#rows.get(key) !== row) row.remove();
    this.#placeRows();
    this.list.classList.toggle("has-new", this.#rows.has("new"));
    keepTabStop(this.list, "message-item");
  }

  get #reading() {
    const { me, blocks } = this.client;
    return { divider: this.#divider, me, isBlocked: (/** @type {string} */ id) => blocks.has(id), opened: this.#opened, dayOf: dayKey };
  }

  /** Words on their way stand last. @param {Map<string, any>} before @param {import("../../state/rows.js").Last | null} last */
  #renderOutbox(before, last) {
    let previous = last;
    for (const item of this.client.outbox.of(this.room)) {
      if ((item.id && this.#rows.has(item.id)) || (this.topic !== undefined && item.topic !== this.topic)) continue;
      const at = Math.max(item.at, previous?.at ?? 0);
      const mine = { at, author: this.client.user, day: dayKey(at), topic: item.topic ?? "" };
      this.#rows.set(item.clientId, this.#message(before.get(item.clientId), { message: null, item: { ...item }, grouped: groups(previous, mine, mine.day) }));
      previous = mine;
    }
  }

  /** After those that are gone were taken out: else each that stays would be moved past them, which costs as much as a new one. */
  #placeRows() {
    let next = this.list.firstElementChild;
    for (const row of this.#rows.values()) {
      if (row === next) next = row.nextElementSibling;
      else this.list.insertBefore(row, next);
    }
  }

  /** @param {any} known the element that showed it before @param {import("../../state/rows.js").Row} row @param {import("../../state/history.js").Line} room */
  #made(known, row, room) {
    if (row.kind === "message") {
      const { message, grouped } = row;
      const answered = message.reply_to && !message.deleted ? this.client.targets.get(this.client.find(this.room), message.reply_to, this.#state?.timeline) : undefined;
      return this.#message(known, { message, item: null, grouped, answered, labelled: this.topic === undefined });
    }
    if (row.kind === "new") return known ?? make("li", { class: "new" }, make("span", { text: this.say("room.new_below") }));
    if (row.kind === "fold") return this.#fold(known, row);
    const shown = known ?? make("li", { class: "day" }, make("span"));
    change(shown.firstChild, { textContent: dayName(this.language, row.at, Date.now()) });
    return shown;
  }

  /** @param {any} known @param {any} properties */
  #message(known, properties) {
    const row = known ?? make("li", {}, make("message-item", { attributes: { tabindex: "-1" } }));
    Object.assign(row.firstChild, properties);
    row.firstChild.show?.();
    return row;
  }

  /** Messages in one line; those of whom one blocked can be opened. @param {any} known @param {{key: string, why: string, count: number}} fold */
  #fold(known, { key, why, count }) {
    const row = known ?? make("li", { class: "fold" }, make("span"), button("", () => {
      if (!this.#opened.delete(key)) this.#opened.add(key);
      this.show();
    }, "unfold"));
    const isOpen = this.#opened.has(key);
    change(row.firstChild, { textContent: this.say(`room.folded_${why}`, { count }) });
    change(row.lastChild, { textContent: this.say(isOpen ? "room.hide" : "room.show"), hidden: why === "deleted" });
    row.lastChild.setAttribute("aria-expanded", String(isOpen));
    return row;
  }

  /** @param {import("../../state/history.js").Line} room */
  #showEdges(room) {
    const below = room.unread;
    change(this.jump, {
      hidden: this.atBottom,
      textContent: below > 0 && room.isMember ? this.say("room.new", { count: below }) : this.say("room.latest"),
    });
    change(this.back, { hidden: !this.#mayGoBack || this.atBottom, textContent: this.say("room.back_there") });
    const calls = this.atBottom ? 0 : room.callsBelow(this.#lastInSight, this.client.me);
    change(this.call, { hidden: calls < 1, textContent: this.say("room.more_calls", { count: calls }) });
    const whole = this.topic === undefined && this.client.find(this.room);
    if (whole && whole.isBetweenUnread && !this.#learned && whole.unknownCalls(this.client.me)) this.#learnCalls(whole);
  }

  /** Which messages call me where some of them may be above. @param {import("../../state/room.js").Room} room */
  async #learnCalls(room) {
    this.#learned = true;
    const { learnCalls } = await import("./next-call.js");
    await learnCalls(this.client, room);
    this.later();
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

  /** The index of the first row that begins at or below a height on the screen. @param {number} height */
  #rowAt(height) {
    const rows = this.list.children;
    let [low, high] = [0, rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (/** @type {Element} */ (rows[middle]).getBoundingClientRect().top < height) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * The first message in sight and how far down it begins. One that begins above the edge is no anchor where another is
   * to be had, for it may lose its heading to the message before it.
   */
  #dropAnchor() {
    const top = this.#top;
    const rows = this.list.children;
    const at = this.#rowAt(top);
    const row = rows[at]?.classList.contains("day") ? rows[at + 1] : rows[at];
    const found = row ?? rows[rows.length - 1];
    this.#anchor = found ? { row: found, offset: found.getBoundingClientRect().top - top } : null;
  }

  /** The seq of the last message that begins above the lower edge. */
  get #lastInSight() {
    const rows = this.list.children;
    let at = this.#rowAt(this.#top + this.scroller.clientHeight - 20) - 1;
    while (at >= 0 && !seqOf(rows[at])) at -= 1;
    return seqOf(rows[at]) ?? 0;
  }

  /** Where the reader is, to come back to. @returns {Place | undefined} */
  get place() {
    const { row, offset = 0 } = this.#anchor ?? {};
    const seq = seqOf(row) ?? seqOf(row?.nextElementSibling);
    return seq ? { seq, offset, atBottom: this.atBottom } : undefined;
  }

  /**
   * Only who goes up leaves the bottom: the event comes a frame late, and a message may have come since. Who comes down
   * to it is there when the newest has its row.
   */
  scrolled() {
    const { scrollTop } = this.scroller;
    const arrives = this.#arrives;
    const stays = this.#atBottom && (this.#isLow || scrollTop >= this.#scrollTop);
    this.#atBottom = stays || arrives;
    this.#scrollTop = scrollTop;
    if (arrives) this.#mayGoBack = false;
    this.#dropAnchor();
    this.#readOn();
    this.#keepForLater();
    const room = this.#state;
    if (room) this.#showEdges(room);
  }

  get #isLow() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** Whether the newest message of all is the lowest row: one scrolled to it, or all that came fits without scrolling. */
  get #arrives() {
    const timeline = this.#state?.timeline;
    return Boolean(timeline?.reachesEnd) && this.#window.to === timeline?.last && this.#isLow;
  }

  /** Who comes back to the room finds it where they left it. */
  #keepForLater() {
    const { place } = this;
    if (place && !this.atBottom) this.client.places.set(this.#name, { seq: place.seq, offset: place.offset ?? 0 });
    else this.client.places.delete(this.#name);
  }

  /** What comes next in either direction is asked for before one is there. */
  #readOn() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.#isShort = clientHeight > 0 && scrollHeight < clientHeight + 2 * LOAD_AHEAD;
    if (scrollTop < LOAD_AHEAD && !this.#moveWindow(-STEP)) this.client.history.older(this.room, this.topic);
    if (this.atBottom) this.mark();
    else if (scrollHeight - scrollTop - clientHeight < LOAD_AHEAD && !this.#moveWindow(STEP)) this.client.history.newer(this.room, this.topic);
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

  // --- jumping ------------------------------------------------------------------------------------------------------

  /** Show a message among those around it, and mark it; or come back to a place. @param {Place} place */
  goTo(place) {
    this.#mayGoBack = Boolean(place.mark) && this.#rows.size > 0;
    if (place.atBottom) return this.toLatest();
    this.#goal = place;
    this.#toDivider = false;
    return this.show();
  }

  async #loadGoal() {
    const goal = this.#goal;
    if (!goal || !this.client.wire.live) return;
    const held = await this.client.history.around(this.room, goal.seq, this.topic);
    if (held || this.#goal !== goal) return;
    this.#goal = null;
    this.later();
  }

  /** @param {Place} goal @param {import("../../state/history.js").Line} room */
  #openAt(goal, room) {
    const message = room.timeline.at(goal.seq);
    let row = this.#rows.get(message?.id ?? "");
    if (!row) {
      const { rows } = rowsOf(room.timeline.between(this.#window.from, this.#window.to), this.#reading);
      row = this.#rows.get(rows.find((one) => one.kind === "fold" && one.from <= goal.seq && goal.seq <= one.to)?.key ?? "");
    }
    this.#goal = null;
    if (!row) return;
    this.#atBottom = false;
    const offset = goal.offset ?? this.scroller.clientHeight / 3;
    this.scroller.scrollTop += row.getBoundingClientRect().top - this.#top - offset;
    if (goal.mark) this.#markRow(row);
    this.scrolled();
  }

  /** @param {HTMLElement} row */
  #markRow(row) {
    const shown = /** @type {HTMLElement} */ (row.firstElementChild);
    shown.classList.add("marked");
    setTimeout(() => shown.classList.remove("marked"), MARKED_FOR);
    for (const item of this.list.querySelectorAll("message-item[tabindex='0']")) item.tabIndex = -1;
    shown.tabIndex = 0;
    shown.focus({ preventScroll: true });
  }

  /** From one unread message that calls me to the next, which may have to be looked for. */
  async toNextCall() {
    const room = this.#state;
    if (!room) return;
    const { nextCall } = await import("./next-call.js");
    const whole = this.topic === undefined && this.client.find(this.room);
    const seq = whole ? await nextCall(this.client, whole, this.#lastInSight) : room.nextCall(this.#lastInSight, this.client.me);
    if (seq) this.goTo({ seq, mark: true });
  }

  toBottom() {
    this.#atBottom = true;
    this.scroller.scrollTop = this.scroller.scrollHeight;
    this.#scrollTop = this.scroller.scrollTop;
  }

  /** To the newest message, which may have to be loaded first. */
  async toLatest() {
    this.#goal = null;
    this.#mayGoBack = false;
    this.client.places.delete(this.#name);
    await this.client.history.latest(this.room, this.topic);
    this.#atBottom = true;
    this.show();
  }

  /** Whether the rows begin with the first message of the room. */
  get beginsAtFirst() {
    const timeline = this.#state?.timeline;
    return Boolean(timeline && !timeline.isEmpty && !timeline.more && this.#window.from <= timeline.first);
  }

  /** Whether the newest message of all is in sight. */
  get atBottom() {
    return this.#atBottom;
  }

  /** Read is what stood before a reader's eyes: the newest message, in a window that has the focus. */
  mark() {
    const shown = this.#state && !this.#state.timeline.isEmpty && !this.#toDivider && !this.#goal && this.atBottom && this.isConnected;
    if (shown && !document.hidden && document.hasFocus()) this.client.markers.seen(this.room, this.topic);
  }
}

/** What is pressed on a message for message-actions: its keys, and what is hidden in a text. @param {any} event */
function forActions({ type, target, key, ctrlKey, metaKey, altKey, isComposing }) {
  const opens = target.closest(".spoiler:not(.open)");
  if (type === "click") return opens;
  if (ctrlKey || metaKey || altKey || isComposing) return false;
  return opens ? key === "Enter" || key === " " : target.localName === "message-item" && /^[erm]$/i.test(key);
}

/** @param {any} row @returns {number | undefined} */
function seqOf(row) {
  return row?.firstElementChild?.message?.seq;
}
