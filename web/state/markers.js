/**
 * Read markers: what the reader has read is marked after a pause, once for many messages, and the number of mentions left
 * is taken from the answer where only the server knows it. Made by the Client.
 */

/** A marker is given when nothing was read for a moment, and after that time even where all goes on. */
const PAUSE = 400;
const LIMIT = 5_000;

export class Markers {
  /** Rooms whose markers the server is yet to hear of. @type {Set<string>} */ #due = new Set();
  /** Rooms whose marker is being given; true where to give it again after that. @type {Map<string, boolean>} */ #giving = new Map();
  #dueBy = 0;
  /** @type {any} */ #timer = undefined;

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.client = client;
  }

  clear() {
    this.#giving.clear();
    this.#due.clear();
  }

  /** The reader sees the newest message. @param {string} id */
  seen(id) {
    const room = this.client.rooms.get(id);
    if (!room?.isMember || !room.unread) return;
    room.read(room.timeline.lastSeq);
    this.client.tell("room", id);
    this.soon(id);
  }

  /** The marker moved, here or elsewhere. @param {import("./room.js").Room} room @param {number} seq */
  moved(room, seq) {
    if (!room.read(seq)) this.give(room);
  }

  /** @param {string} id */
  soon(id) {
    if (!this.#due.size) this.#dueBy = this.client.now() + LIMIT;
    this.#due.add(id);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveDue(), Math.min(PAUSE, this.#dueBy - this.client.now()));
  }

  #giveDue() {
    for (const id of this.#due) {
      const room = this.client.rooms.get(id);
      if (room) this.give(room);
    }
    this.#due.clear();
  }

  /**
   * Give the marker, and take the number of mentions left from its answer. One at a time for each room.
   *
   * @param {import("./room.js").Room} room @returns {Promise<void>}
   */
  async give(room) {
    if (this.#giving.has(room.id)) return void this.#giving.set(room.id, true);
    this.#giving.set(room.id, false);
    const asked = room.readSeq;
    const answer = await this.client.ask("read.mark", { room: room.id, seq: asked }).catch(() => undefined);
    const again = this.#giving.get(room.id);
    this.#giving.delete(room.id);
    if (!answer || this.client.rooms.get(room.id) !== room) return undefined;
    if (again) return this.give(room);
    // Read on meanwhile: the next mark, which is due already, brings the number.
    if (room.readSeq !== asked) return undefined;
    const last = Math.max(answer.room_read_seq + answer.unread, room.timeline.lastSeq);
    room.recount(answer.mentions, { last_seq: last, rev: room.timeline.rev });
    this.client.tell("room", room.id);
    return undefined;
  }
}
