/**
 * Read markers: what the reader has read is marked after a pause, once for many messages, and the number of mentions left
 * is taken from the answer where only the server knows it. Made by the Client.
 */

/** A marker is given when nothing was read for a moment, and after that time even where all goes on. */
const PAUSE = 400;
const LIMIT = 5_000;

export class Markers {
  /** Markers the server is yet to hear of, by room and topic. @type {Map<string, {room: string, topic: string | undefined}>} */ #due = new Map();
  /** Those being given; true where to give it again after that. @type {Map<string, boolean>} */ #giving = new Map();
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

  /** The reader sees the newest message of a room, or of one of its topics. @param {string} id @param {string} [topic] */
  seen(id, topic) {
    const line = this.client.rooms.has(id) ? this.client.line(id, topic) : undefined;
    if (!line?.isMember || !line.unread) return;
    line.read(line.timeline.lastSeq);
    this.client.tell("room", id);
    this.soon(id, topic);
  }

  /** The marker moved elsewhere, and the server says what is left. @param {import("./room.js").Room} room @param {import("../lib/shapes.js").ReadState} said
   *   @param {{last_seq: number, rev: number}} [place] of which its numbers are */
  moved(room, said, place = { last_seq: room.timeline.lastSeq, rev: room.timeline.rev }) {
    const readOn = room.readSeq > said.room_read_seq && said.topic === undefined;
    room.marked(said);
    this.client.tell("read", said);
    // Read on meanwhile: one's own mark, which is due, brings the numbers.
    if (!readOn) room.recount(said, place);
  }

  /** The room is otherwise to the reader. @param {import("./room.js").Room} room @param {import("../lib/shapes.js").RoomState} state */
  told(room, state) {
    this.moved(room, { room: room.id, read_seq: state.read_seq, room_read_seq: state.read_seq, unread: state.unread, mentions: state.mentions }, state);
  }

  /** @param {string} id @param {string} [topic] */
  soon(id, topic) {
    if (!this.#due.size) this.#dueBy = this.client.now() + LIMIT;
    this.#due.set(keyOf(id, topic), { room: id, topic });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#giveDue(), Math.min(PAUSE, this.#dueBy - this.client.now()));
  }

  /** The reader says that it is read: the server hears of it at once. @param {string[]} rooms @param {string} [topic] */
  mark(rooms, topic) {
    for (const id of rooms) this.seen(id, topic);
    this.#giveDue();
  }

  #giveDue() {
    for (const { room: id, topic } of this.#due.values()) {
      const room = this.client.rooms.get(id);
      if (room) this.give(room, topic);
    }
    this.#due.clear();
  }

  /**
   * Give a marker, and take the numbers left from its answer. One at a time for each line.
   *
   * @param {import("./room.js").Room} room @param {string} [topic] @returns {Promise<void>}
   */
  async give(room, topic) {
    const key = keyOf(room.id, topic);
    if (this.#giving.has(key)) return void this.#giving.set(key, true);
    this.#giving.set(key, false);
    const line = this.client.line(room.id, topic) ?? room;
    const [asked, heard] = [line.readSeq, room.timeline.lastSeq];
    const answer = await this.client.ask("read.mark", { room: room.id, seq: asked, ...(topic !== undefined && { topic }) }).catch(() => undefined);
    const again = this.#giving.get(key);
    this.#giving.delete(key);
    if (!answer || this.client.rooms.get(room.id) !== room) return undefined;
    if (again) return this.give(room, topic);
    // Read on meanwhile: the next mark, which is due already, brings the number.
    if (line.readSeq !== asked) return undefined;
    const last = Math.max(answer.room_read_seq + answer.unread, heard);
    room.marked(answer);
    room.recount(answer, { last_seq: last, rev: room.timeline.rev });
    this.client.tell("read", answer);
    this.client.tell("room", room.id);
    return undefined;
  }
}

/** @param {string} room @param {string} [topic] */
function keyOf(room, topic) {
  return topic === undefined ? room : `${room} ${topic}`;
}
