/**
 * Pages of messages, of a room or of one of its topics, asked for as a reader comes near the end of what is held. Made by
 * the Client; a `room` event says that a page came, or that it did not.
 *
 * @typedef {import("./room.js").Room | import("./topic-line.js").TopicLine} Line
 */

const PAGE = 50;
const LOAD_PAUSE = 2_000;

export class History {
  /** Pages on their way. @type {Map<Line, Promise<void>>} */ #coming = new Map();

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.client = client;
  }

  /** Load a room that holds nothing: where the reader had read to, or the newest page. @param {string} id @param {string} [topic] */
  async first(id, topic) {
    const room = this.client.line(id, topic);
    if (!room?.timeline.isEmpty || !room.timeline.more) return;
    await this.#load(room, room.unread > PAGE / 2 ? { around: room.readSeq + 1 } : {});
  }

  /** Load the newest page, unless it is held. @param {string} id @param {string} [topic] */
  async latest(id, topic) {
    const room = this.client.line(id, topic);
    if (!room || (!room.timeline.isEmpty && room.timeline.reachesEnd)) return;
    await this.#load(room, {});
  }

  /** Load what stands after the last message held. @param {string} id @param {string} [topic] */
  async newer(id, topic) {
    const room = this.client.line(id, topic);
    if (!room || room.timeline.isEmpty || room.timeline.reachesEnd) return;
    await this.#load(room, { after: room.timeline.last });
  }

  /** Load what stands before the first message held. @param {string} id @param {string} [topic] */
  async older(id, topic) {
    const room = this.client.line(id, topic);
    if (!room || room.timeline.isEmpty || !room.timeline.more) return;
    await this.#load(room, { before: room.timeline.first });
  }

  /** Load what stands around a message, unless it is held. @param {string} id @param {number} seq @param {string} [topic] @returns {Promise<boolean>} whether it is held now */
  async around(id, seq, topic) {
    const room = this.client.line(id, topic);
    if (!room) return false;
    // One page may follow another, as where a reader's first screen is still filling up.
    while (this.#coming.has(room)) await this.#coming.get(room);
    if (!room.timeline.at(seq)) await this.#load(room, { around: seq });
    return Boolean(room.timeline.at(seq));
  }

  /** A reader asks again where loading failed. @param {string} id @param {string} [topic] */
  async again(id, topic) {
    const room = this.client.line(id, topic);
    if (!room) return;
    room.notBefore = 0;
    await this.first(id, topic);
  }

  /** @param {Line} room @param {import("./timeline.js").Asked} where */
  async #load(room, where) {
    if (room.loading || !this.client.wire.live || this.client.now() < room.notBefore) return;
    const coming = this.#ask(room, where);
    this.#coming.set(room, coming);
    await coming;
    if (this.#coming.get(room) === coming) this.#coming.delete(room);
  }

  /** @param {Line} room @param {import("./timeline.js").Asked} where */
  async #ask(room, where) {
    room.loading = true;
    const { resets, topic } = room.timeline;
    try {
      const page = await this.client.wire.request("message.history", { room: room.id, limit: PAGE, ...where, ...(topic !== undefined && { topic }) });
      for (const message of page.messages) this.client.people.know(message.author);
      if (room.timeline.resets === resets) room.timeline.take(page, where);
      room.failed = false;
    } catch {
      room.failed = true;
      room.notBefore = this.client.now() + LOAD_PAUSE;
      setTimeout(() => this.client.tell("room", room.id), LOAD_PAUSE);
    } finally {
      room.loading = false;
      this.client.tell("room", room.id);
    }
  }
}
