/**
 * Words on their way: shown at once, kept in the browser's storage until the server has them, sent again with the same
 * client_id after every loss, one after another in each room. The House calls `flush` whenever a session begins.
 *
 * @typedef {{room: string, text: string, clientId: string, at: number, status: "waiting" | "sending" | "refused" | "sent",
 *   reason?: string, id?: string, seq?: number}} Item
 * @typedef {{getItem(key: string): string | null, setItem(key: string, value: string): void}} Storage
 */

import { newId } from "../lib/ids.js";
import { Refusal } from "../lib/refusal.js";

const KEY = "chatserver.outbox";
/** The server remembers a client_id for an hour; older words wait for a person to send them. */
const STALE = 50 * 60_000;

export class Outbox extends EventTarget {
  /** @type {Item[]} */ items = [];
  /** @type {Set<string>} rooms that are being sent to */ #busy = new Set();

  /**
   * @param {object} parts
   * @param {(room: string, text: string, clientId: string) => Promise<{id: string, seq: number}>} parts.send
   * @param {Storage} parts.storage
   * @param {() => number} [parts.now]
   * @param {(milliseconds: number) => Promise<void>} [parts.pause]
   */
  constructor({ send, storage, now = Date.now, pause = sleep }) {
    super();
    this.send = send;
    this.storage = storage;
    this.now = now;
    this.pause = pause;
    this.#restore();
  }

  /** @param {string} room @returns {Item[]} */
  of(room) {
    return this.items.filter((item) => item.room === room);
  }

  /** @param {string} room @param {string} text @returns {Item} */
  add(room, text) {
    /** @type {Item} */ const item = { room, text, clientId: newId(), at: this.now(), status: "waiting" };
    this.items.push(item);
    this.#changed();
    return item;
  }

  /** Send what waits, in order. @param {boolean} live whether there is a session */
  flush(live) {
    if (!live) return;
    for (const room of new Set(this.items.map((item) => item.room))) this.#flushRoom(room);
  }

  /** @param {string} room */
  async #flushRoom(room) {
    if (this.#busy.has(room)) return;
    this.#busy.add(room);
    try {
      let item = this.#nextOf(room);
      while (item && (await this.#sendOne(item))) item = this.#nextOf(room);
    } finally {
      this.#busy.delete(room);
    }
  }

  /** @param {string} room */
  #nextOf(room) {
    return this.items.find((item) => item.room === room && item.status === "waiting");
  }

  /** @param {Item} item @returns {Promise<boolean>} whether to go on with the next */
  async #sendOne(item) {
    this.#set(item, { status: "sending" });
    try {
      const { id, seq } = await this.send(item.room, item.text, item.clientId);
      this.#set(item, { status: "sent", id, seq });
      return true;
    } catch (error) {
      return this.#notSent(item, /** @type {Refusal} */ (error));
    }
  }

  /** @param {Item} item @param {Refusal} refusal */
  async #notSent(item, refusal) {
    if (refusal.kind === "rate_limited") {
      this.#set(item, { status: "waiting" });
      await this.pause(refusal.retryAfter || 1000);
      return true;
    }
    if (["unanswered", "unavailable", "not_signed_in"].includes(refusal.kind)) {
      this.#set(item, { status: "waiting" });
      return false;
    }
    this.#set(item, { status: "refused", reason: refusal.reason });
    return true;
  }

  /** The message was heard: it is shown from the log now. @param {{client_id?: string, id: string}} message */
  heard(message) {
    const before = this.items.length;
    this.items = this.items.filter((item) => item.clientId !== message.client_id && item.id !== message.id);
    if (this.items.length !== before) this.#changed();
  }

  /** @param {Item} item */
  retry(item) {
    if (this.now() - item.at > STALE) item.clientId = newId();
    this.#set(item, { status: "waiting", reason: undefined, at: this.now() });
  }

  /** @param {Item} item */
  drop(item) {
    this.items = this.items.filter((other) => other !== item);
    this.#changed();
  }

  /** @param {Item} item @param {Partial<Item>} change */
  #set(item, change) {
    Object.assign(item, change);
    this.#changed();
  }

  #changed() {
    const kept = this.items.filter((item) => item.status !== "sent");
    try {
      this.storage.setItem(KEY, JSON.stringify(kept));
    } catch {
      // Storage is full or forbidden: the words live as long as the page.
    }
    this.dispatchEvent(new Event("change"));
  }

  #restore() {
    try {
      const kept = JSON.parse(this.storage.getItem(KEY) ?? "[]");
      this.items = kept.map((/** @type {Item} */ item) => this.#revived(item));
    } catch {
      this.items = [];
    }
  }

  /** @param {Item} item @returns {Item} */
  #revived(item) {
    const stale = this.now() - item.at > STALE;
    if (stale) return { ...item, status: "refused", reason: "stale" };
    return item.status === "refused" ? item : { ...item, status: "waiting" };
  }
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
