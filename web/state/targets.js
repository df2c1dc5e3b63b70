/**
 * Messages that others answer, where the timeline does not hold them: asked for by message.get, many at once, and kept as
 * long as the room is numbered alike. Made by the Client; a `room` event says that some came.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 */

import { asItHolds } from "./timeline.js";

const AT_ONCE = 100;
/** Not asked for again before then: the last asking failed. */
const PAUSE = 5_000;

export class Targets {
  /** @type {Map<string, Map<number, Message | null>>} by room and seq; null is one that may not be read */ #held = new Map();
  /** @type {Map<string, Set<number>>} */ #due = new Map();

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.client = client;
  }

  /** @param {string} [room] all rooms where absent */
  clear(room) {
    if (room) this.#held.delete(room);
    else this.#held.clear();
  }

  /**
   * A message that another one answers.
   *
   * @param {import("./room.js").Room | undefined} room @param {number} seq @param {import("./timeline.js").Timeline} [timeline] what is shown of it
   * @returns {Message | null | undefined} undefined where it is on its way, null where it cannot be read
   */
  get(room, seq, timeline = room?.timeline) {
    if (!room || !timeline) return undefined;
    const held = timeline.at(seq) ?? room.timeline.at(seq) ?? this.#held.get(room.id)?.get(seq);
    if (held !== undefined || timeline.isEmpty) return held;
    const due = this.#due.get(room.id);
    if (due) due.add(seq);
    else this.#askSoon(room.id, seq);
    return undefined;
  }

  /** @param {string} room @param {number} seq */
  #askSoon(room, seq) {
    this.#due.set(room, new Set([seq]));
    queueMicrotask(() => this.#ask(room));
  }

  /** @param {string} room */
  async #ask(room) {
    const { client } = this;
    const seqs = [...(this.#due.get(room) ?? [])].slice(0, AT_ONCE);
    try {
      const { messages } = await client.ask("message.get", { room, seqs });
      const held = this.#held.get(room) ?? new Map();
      for (const seq of seqs) held.set(seq, null);
      for (const message of messages) held.set(message.seq, message);
      this.#held.set(room, held);
      for (const message of messages) client.people.know(message.author);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    this.#due.delete(room);
    client.tell("room", room);
  }

  /** A message changed that may be held here. @param {string} room @param {import("../lib/shapes.js").Change} change */
  changed(room, change) {
    const held = this.#held.get(room);
    const message = held?.get(change.seq);
    if (held && message) held.set(change.seq, asItHolds(message, change));
  }
}
