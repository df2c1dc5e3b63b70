/**
 * Sends what waits in the outbox: one message after another within a room, again after every loss. Loaded by the outbox
 * with the first words that are written.
 *
 * @typedef {import("./outbox.js").Item} Item
 * @typedef {import("../lib/refusal.js").Refusal} Refusal
 */

/** The server did not take it, though the line is up: it is asked again after a while. */
const AGAIN = 5_000;

export class Sender {
  /** @type {Set<string>} rooms that are being sent to */ #busy = new Set();
  /** @type {Map<string, () => void>} rooms that wait to ask again, and what ends the wait */ #waits = new Map();

  /** @param {import("./outbox.js").Outbox} outbox */
  constructor(outbox) {
    this.outbox = outbox;
  }

  /** A session began, or something was written. */
  flush() {
    for (const room of new Set(this.outbox.of().map((item) => item.room))) {
      this.#waits.get(room)?.();
      this.#flushRoom(room);
    }
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
    return this.outbox.of(room).find((item) => item.status === "waiting");
  }

  /** @param {Item} item @returns {Promise<boolean>} whether to go on with the next */
  async #sendOne(item) {
    this.outbox.set(item, { status: "sending" });
    try {
      const { id, seq } = await this.outbox.send(item);
      if (this.outbox.isHeard(item.room, seq)) this.outbox.drop(item);
      else this.outbox.set(item, { status: "sent", id, seq });
      return true;
    } catch (error) {
      return this.#notSent(item, /** @type {Refusal} */ (error));
    }
  }

  /** @param {Item} item @param {Refusal} refusal */
  async #notSent(item, refusal) {
    const { outbox } = this;
    if (refusal.kind === "rate_limited") {
      outbox.set(item, { status: "waiting" });
      await outbox.pause(refusal.retryAfter || 1000);
      return true;
    }
    if (["unanswered", "unavailable"].includes(refusal.kind)) {
      outbox.set(item, { status: "waiting" });
      await this.#wait(item.room);
      return true;
    }
    if (refusal.kind === "not_signed_in") {
      outbox.set(item, { status: "waiting" });
      return false;
    }
    outbox.set(item, { status: "refused", reason: refusal.reason });
    return true;
  }

  /** Until it is time to ask again, or a new session begins. @param {string} room @returns {Promise<void>} */
  #wait(room) {
    return new Promise((resolve) => {
      this.#waits.set(room, () => resolve(undefined));
      this.outbox.pause(AGAIN).then(resolve);
    }).then(() => void this.#waits.delete(room));
  }
}
