/**
 * The pinned messages of a room, newest pin first: asked for once, and kept as the room's changes say. `pinsOf` gives the
 * one of a room; a `change` event says that they are others now.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 */

import { asItHolds } from "./timeline.js";

export class Pins extends EventTarget {
  /** Newest pin first; undefined before they were told. @type {Message[] | undefined} */ messages;
  failed = false;
  #asking = false;
  #again = false;

  /** @param {import("./client.js").Client} client @param {string} room */
  constructor(client, room) {
    super();
    this.client = client;
    this.room = room;
    client.addEventListener("changed", (event) => this.#changed(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("session", () => this.load());
    client.addEventListener("renamed", () => this.messages && this.load());
  }

  /** Never rejects: `failed` says that they could not be told. */
  async load() {
    if (!this.client.rooms.has(this.room) || !this.client.wire.live) return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    this.#asking = true;
    try {
      const { messages } = await this.client.ask("room.pins", { room: this.room });
      this.messages = messages;
      this.failed = false;
    } catch {
      this.failed = true;
    }
    this.#asking = false;
    this.dispatchEvent(new Event("change"));
    if (this.#again) this.load();
    this.#again = false;
  }

  /** @param {{room: string, change: import("../lib/shapes.js").Change}} said */
  #changed({ room, change }) {
    if (room !== this.room || !this.messages) return;
    const held = this.messages.find(({ seq }) => seq === change.seq);
    if (!held && !change.pinned) return;
    if (!held || this.#asking) return void this.load();
    const stays = change.pinned && !change.deleted;
    this.messages = this.messages.flatMap((one) => (one !== held ? [one] : stays ? [asItHolds(one, change)] : []));
    this.dispatchEvent(new Event("change"));
  }
}

/** @type {WeakMap<import("./client.js").Client, Map<string, Pins>>} */ const known = new WeakMap();

/** @param {import("./client.js").Client} client @param {string} room */
export function pinsOf(client, room) {
  const pins = known.get(client) ?? new Map();
  known.set(client, pins);
  if (!pins.has(room)) pins.set(room, new Pins(client, room));
  return /** @type {Pins} */ (pins.get(room));
}
