/**
 * What calls a reader whose tab is hidden: a notification for each room, with leave and not at night, a dot on the tab's
 * picture, and a number on the installed page's. What a room may call for is its own level (all, mentions, nothing).
 */

import { isNight } from "../lib/night.js";
import { roomPath } from "../lib/paths.js";

export class Calls {
  /** @type {Map<string, Notification>} by room */ #shown = new Map();
  /** What the app's badge says; -1 before it said anything. */
  #badge = -1;

  /**
   * @param {object} parts
   * @param {import("./client.js").Client} parts.client
   * @param {import("./words.js").Words} parts.words
   * @param {import("./preferences.js").Preferences} parts.preferences
   * @param {(path: string) => void} parts.go
   * @param {typeof Notification | undefined} [parts.Notification]
   */
  constructor({ client, words, preferences, go, Notification = globalThis.Notification }) {
    this.client = client;
    this.words = words;
    this.preferences = preferences;
    this.go = go;
    this.Notification = Notification;
  }

  begin() {
    this.client.addEventListener("posted", (event) => this.posted(/** @type {CustomEvent} */ (event).detail));
    for (const name of ["room", "rooms", "session"]) this.client.addEventListener(name, () => this.mark());
    document.addEventListener("visibilitychange", () => document.hidden || this.#quieten());
    this.mark();
  }

  /** Ask for leave; only from a reader's own gesture. @returns {Promise<boolean>} whether it was given */
  async askLeave() {
    return (await this.Notification?.requestPermission()) === "granted";
  }

  /** @param {{room: string, message: import("../lib/shapes.js").Message}} posted */
  posted({ room: id, message }) {
    const room = this.client.rooms.get(id);
    if (!room || !document.hidden || message.author.id === this.client.me || !this.#mayCall()) return;
    const level = room.state.notify;
    if (level === "none" || (level === "mentions" && !message.mentions?.includes(this.client.me))) return;
    const title = `${message.author.name} · ${room.title(this.words.language)}`;
    const options = {
      body: message.text.slice(0, 140), tag: `room ${id}`, lang: this.words.language, icon: "/web/favicon.svg",
      data: { path: roomPath(id) },
    };
    try {
      this.#show(id, new /** @type {typeof Notification} */ (this.Notification)(title, options));
    } catch {
      // On phones only the service worker may show one; a click comes back by way of it.
      navigator.serviceWorker?.ready.then((registration) => registration.showNotification(title, options)).catch(() => undefined);
    }
  }

  /** @param {string} id @param {Notification} shown */
  #show(id, shown) {
    shown.onclick = () => {
      window.focus();
      this.go(roomPath(id));
      shown.close();
    };
    this.#shown.set(id, shown);
  }

  #mayCall() {
    const { on, night } = this.preferences.notify;
    return on && this.Notification?.permission === "granted" && !isNight(new Date(this.client.now()), night);
  }

  /** The tab's picture has a dot as long as something calls. */
  mark() {
    const calls = this.client.calls;
    const icon = document.querySelector("link[rel=icon]");
    const href = calls ? "/web/favicon-calls.svg" : "/web/favicon.svg";
    if (icon && icon.getAttribute("href") !== href) icon.setAttribute("href", href);
    const page = /** @type {any} */ (navigator);
    if (calls === this.#badge) return;
    this.#badge = calls;
    if (page.setAppBadge) (calls ? page.setAppBadge(calls) : page.clearAppBadge()).catch(() => undefined);
  }

  #quieten() {
    for (const shown of this.#shown.values()) shown.close();
    this.#shown.clear();
  }
}
