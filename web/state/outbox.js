/**
 * Words on their way: shown at once, kept in the browser's storage until the server has them, sent again with the same
 * client_id after every loss, one after another in each room. The Client calls `flush` whenever a session begins.
 *
 * Words belong to who wrote them (`by`): nobody else who signs in at this browser sends them. A visitor's (`by` "") are
 * taken over by the account made next. Tabs share the storage; each writes only what it knows of, and a message sent by
 * two of them is posted once, by its client_id. Words with files are "uploading" until these are up (page-uploads.js);
 * others do not wait for them.
 *
 * @typedef {{key: string, name: string, type: string, size: number, width?: number, height?: number, seconds?: number, peaks?: number[]}} Attached
 * @typedef {{room: string, text: string, clientId: string, at: number, status: "uploading" | "waiting" | "sending" | "refused" | "sent",
 *   by?: string, joins?: boolean, reply_to?: number, topic?: string, files?: Attached[], attachments?: string[], reason?: string, id?: string, seq?: number}} Item
 *   `files` by their keys in state/uploads.js, `attachments` their ids once they are up
 * @typedef {{getItem(key: string): string | null, setItem(key: string, value: string): void}} Storage
 */

import { newId } from "../lib/ids.js";

const KEY = "chatserver.outbox";
/** The server remembers a client_id for an hour; older words wait for a person to send them. */
const STALE = 50 * 60_000;

export class Outbox extends EventTarget {
  /** @type {Item[]} */ items = [];
  /** Who is signed in here; "" for a visitor. */
  owner = "";
  /** @type {Set<string>} client_ids that this tab has had in hand */ #known = new Set();
  /** @type {Promise<import("./sender.js").Sender> | undefined} made when there is something to send */ #sender;

  /**
   * @param {object} parts
   * @param {(item: Item) => Promise<{id: string, seq: number}>} parts.send
   * @param {Storage} parts.storage
   * @param {(room: string, seq: number) => boolean} [parts.isHeard] whether the log is known up to there: the message
   *   stands in it already, as when another tab sent it
   * @param {() => number} [parts.now]
   * @param {(milliseconds: number) => Promise<void>} [parts.pause]
   * @param {() => void} [parts.upload] some of the owner's words wait for their files
   */
  constructor({ send, storage, isHeard = () => false, now = Date.now, pause = sleep, upload = () => undefined }) {
    super();
    this.send = send;
    this.upload = upload;
    this.storage = storage;
    this.isHeard = isHeard;
    this.now = now;
    this.pause = pause;
    this.#restore();
  }

  /** The owner's own words, in one room or in all. @param {string} [room] @returns {Item[]} */
  of(room) {
    return this.items.filter((item) => (item.by ?? "") === this.owner && (!room || item.room === room));
  }

  /** Somebody signed in or out. @param {string} owner */
  belongTo(owner) {
    if (owner) for (const item of this.items) if (!item.by) Object.assign(item, { by: owner, joins: true });
    this.owner = owner;
    this.#changed();
  }

  /** @param {string} room @param {string} text @param {number} [replyTo] seq of the message it answers @param {Attached[]} [files] @param {string} [topic] @returns {Item} */
  add(room, text, replyTo, files = [], topic = "") {
    /** @type {Item} */ const item = { room, text, clientId: newId(), at: this.now(), status: files.length ? "uploading" : "waiting", by: this.owner };
    if (replyTo) item.reply_to = replyTo;
    if (topic) item.topic = topic;
    if (files.length) item.files = files;
    this.items.push(item);
    this.#changed();
    return item;
  }

  /** Send what waits, in order. @param {boolean} live whether there is a session */
  async flush(live) {
    if (live && this.of().some(({ status }) => status === "uploading")) this.upload();
    if (!live || !this.of().some(({ status }) => status === "waiting")) return;
    this.#sender ??= import("./sender.js").then(({ Sender }) => new Sender(this));
    try {
      (await this.#sender).flush();
    } catch {
      // It could not be loaded: the next session tries again.
      this.#sender = undefined;
    }
  }

  /** The message was heard: it is shown from the log now. @param {{client_id?: string, id: string}} message */
  heard(message) {
    const before = this.items.length;
    this.items = this.items.filter((item) => item.clientId !== message.client_id && item.id !== message.id);
    if (this.items.length !== before) this.#changed();
  }

  /** @param {Item} item */
  retry(item) {
    const stale = this.now() - item.at > STALE;
    this.set(item, { status: item.files ? "uploading" : "waiting", reason: undefined, ...(stale ? { clientId: newId(), at: this.now() } : {}) });
  }

  /** @param {Item} item */
  drop(item) {
    this.items = this.items.filter((other) => other !== item);
    this.#changed();
  }

  /** @param {Item} item @param {Partial<Item>} change */
  set(item, change) {
    Object.assign(item, change);
    this.#changed();
  }

  #changed() {
    for (const item of this.items) this.#known.add(item.clientId);
    const others = this.#stored().filter((item) => !this.#known.has(item.clientId));
    const mine = this.items.filter((item) => item.status !== "sent");
    try {
      this.storage.setItem(KEY, JSON.stringify([...others, ...mine]));
    } catch {
      // Storage is full or forbidden: the words live as long as the page.
    }
    this.dispatchEvent(new Event("change"));
  }

  #restore() {
    this.items = this.#stored().map((item) => this.#revived(item));
    for (const item of this.items) this.#known.add(item.clientId);
  }

  /** @returns {Item[]} */
  #stored() {
    try {
      return JSON.parse(this.storage.getItem(KEY) ?? "[]");
    } catch {
      return [];
    }
  }

  /** @param {Item} item @returns {Item} */
  #revived(item) {
    const stale = this.now() - item.at > STALE;
    if (stale) return { ...item, status: "refused", reason: "stale" };
    return ["refused", "uploading"].includes(item.status) ? item : { ...item, status: "waiting" };
  }
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
