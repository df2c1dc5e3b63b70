/**
 * Notifications for a reader whose tab is hidden: one for each room, with permission, not at night, and not while another
 * tab of the page is in front; a dot on the tab's icon, and a number on the installed page's. A room's level (all,
 * mentions, none) says what it notifies of. A notification goes when its message is read anywhere, or deleted.
 */

import { isNight } from "../lib/night.js";
import { roomPath, topicPath } from "../lib/paths.js";
import { filesWords } from "../lib/plain-text.js";
import { shorten } from "../lib/shorten.js";

const BODY = 140;
/** Held by every tab that is in front of a reader; a tab that ends lets go of it. */
const IN_FRONT = "chatserver.in_front";
const ICON = new URL("../favicon.svg", import.meta.url).pathname;
const ICON_CALLS = new URL("../favicon-calls.svg", import.meta.url).pathname;

export class Calls {
  /** The last notification of each room: of which message, and what closes it. @type {Map<string, {seq: number, message: import("../lib/shapes.js").Message, close: () => void}>} */ #shown = new Map();
  /** Lets go of IN_FRONT. @type {(() => void) | undefined} */ #release = undefined;
  /** What the app's badge says; -1 before it said anything. */
  #badge = -1;

  /**
   * @param {object} parts
   * @param {import("./client.js").Client} parts.client
   * @param {import("./words.js").Words} parts.words
   * @param {import("./preferences.js").Preferences} parts.preferences
   * @param {(path: string) => void} parts.go
   * @param {typeof Notification | undefined} [parts.Notification]
   * @param {LockManager | undefined} [parts.locks] absent over plain http, where there are no notifications either
   */
  constructor({ client, words, preferences, go, Notification = globalThis.Notification, locks = globalThis.navigator?.locks }) {
    this.client = client;
    this.words = words;
    this.preferences = preferences;
    this.go = go;
    this.Notification = Notification;
    this.locks = locks;
  }

  begin() {
    this.client.addEventListener("posted", (event) => this.posted(/** @type {CustomEvent} */ (event).detail));
    this.client.addEventListener("changed", (event) => this.#changed(/** @type {CustomEvent} */ (event).detail));
    for (const name of ["room", "rooms", "session"]) this.client.addEventListener(name, () => this.mark());
    document.addEventListener("visibilitychange", () => this.#turned());
    this.#turned();
    this.mark();
  }

  /** Ask for leave; only from a reader's own gesture. @returns {Promise<boolean>} whether it was given */
  async askLeave() {
    return (await this.Notification?.requestPermission()) === "granted";
  }

  /** @param {{room: string, message: import("../lib/shapes.js").Message}} posted */
  async posted({ room: id, message }) {
    const room = this.client.rooms.get(id);
    if (!room || !document.hidden || message.author.id === this.client.me || !this.#mayCall()) return;
    if (!this.#isFor(room, message)) return;
    // Meanwhile it may have been read, or deleted: what is to be shown is put down before anybody is asked.
    const shown = { seq: message.seq, message, close: () => undefined };
    this.#shown.get(id)?.close();
    this.#shown.set(id, shown);
    if (await this.#isInFrontElsewhere()) this.#forget(id, shown);
    else if (this.#shown.get(id) === shown) this.#show(room, message, shown);
  }

  /** Whether the level of the room, or of the topic where it is known, lets a message notify. @param {import("./room.js").Room} room @param {import("../lib/shapes.js").Message} message */
  #isFor(room, message) {
    const notify = (message.topic && room.topics?.get(message.topic)?.level) || room.state.notify;
    if (this.client.blocks.has(message.author.id)) return false;
    return notify === "all" || (notify === "mentions" && room.callsMe(message, this.client.me));
  }

  /** @param {import("./room.js").Room} room @param {import("../lib/shapes.js").Message} message @param {{close: () => void}} shown */
  #show(room, message, shown) {
    const title = `${message.author.name} · ${room.title(this.words.language)}`;
    const path = message.topic && room.state.forum ? topicPath(room.id, message.topic) : roomPath(room.id);
    const tag = `room ${room.id}`;
    const options = { body: shorten(message.text || filesWords(message.attachments ?? [], this.words), BODY), tag, lang: this.words.language, icon: ICON, data: { path } };
    try {
      const notification = new /** @type {typeof Notification} */ (this.Notification)(title, options);
      notification.onclick = () => {
        window.focus();
        this.go(path);
        notification.close();
      };
      shown.close = () => notification.close();
    } catch {
      // On phones only the service worker may show one; a click comes back by way of it.
      navigator.serviceWorker?.ready.then((registration) => registration.showNotification(title, options)).catch(() => undefined);
      shown.close = () => closeByTag(tag);
    }
  }

  /** Deleted, or edited so that it is no longer for the reader. @param {{room: string, change: import("../lib/shapes.js").Change}} changed */
  #changed({ room: id, change }) {
    const [shown, room] = [this.#shown.get(id), this.client.rooms.get(id)];
    if (!shown || !room || change.seq !== shown.seq) return;
    const { mentions, everyone } = change;
    if (change.deleted || !this.#isFor(room, { ...shown.message, mentions, everyone })) this.#forget(id, shown);
  }

  /** @param {string} room @param {{close: () => void}} shown */
  #forget(room, shown) {
    shown.close();
    if (this.#shown.get(room) === shown) this.#shown.delete(room);
  }

  /** Whether another tab of the page is in front of the reader. */
  async #isInFrontElsewhere() {
    const { held = [] } = (await this.locks?.query().catch(() => undefined)) ?? {};
    return held.some(({ name }) => name === IN_FRONT);
  }

  /** The tab came to the front, or went from it. */
  #turned() {
    this.#release?.();
    this.#release = undefined;
    if (document.hidden) return;
    for (const [room, shown] of this.#shown) this.#forget(room, shown);
    const behind = new Promise((resolve) => (this.#release = () => resolve(undefined)));
    this.locks?.request(IN_FRONT, { mode: "shared" }, () => behind).catch(() => undefined);
  }

  #mayCall() {
    const { on, night } = this.preferences.notify;
    return on && this.Notification?.permission === "granted" && !isNight(new Date(this.client.now()), night);
  }

  /** The tab's icon has a dot as long as something is unread that notifies; what is read has no notification. */
  mark() {
    for (const [id, shown] of this.#shown) if ((this.client.rooms.get(id)?.readSeq ?? Infinity) >= shown.seq) this.#forget(id, shown);
    const calls = this.client.calls;
    const icon = document.querySelector("link[rel=icon]");
    const href = calls ? ICON_CALLS : ICON;
    if (icon && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
    const page = /** @type {any} */ (navigator);
    if (calls === this.#badge) return;
    this.#badge = calls;
    if (page.setAppBadge) (calls ? page.setAppBadge(calls) : page.clearAppBadge()).catch(() => undefined);
  }
}

/** What the service worker shows. @param {string} tag */
function closeByTag(tag) {
  navigator.serviceWorker?.ready.then((registration) => registration.getNotifications({ tag }))
    .then((notifications) => notifications.forEach((notification) => notification.close())).catch(() => undefined);
}
