/**
 * Pages of messages, asked for as a reader comes near the end of what is held. Made by the Client; a `room` event says
 * that a page came, or that it did not.
 */

const PAGE = 50;
const LOAD_PAUSE = 2_000;

export class History {
  /** Pages on their way, by room. @type {Map<string, Promise<void>>} */ #coming = new Map();

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.client = client;
  }

  /** Load a room that holds nothing: where the reader had read to, or the newest page. @param {string} id */
  async first(id) {
    const room = this.client.find(id);
    if (!room?.timeline.isEmpty || !room.timeline.more) return;
    await this.#load(room, room.unread > PAGE / 2 ? { around: room.readSeq + 1 } : {});
  }

  /** Load the newest page, unless it is held. @param {string} id */
  async latest(id) {
    const room = this.client.find(id);
    if (!room || (!room.timeline.isEmpty && room.timeline.reachesEnd)) return;
    await this.#load(room, {});
  }

  /** Load what stands after the last message held. @param {string} id */
  async newer(id) {
    const room = this.client.find(id);
    if (!room || room.timeline.isEmpty || room.timeline.reachesEnd) return;
    await this.#load(room, { after: room.timeline.last });
  }

  /** Load what stands before the first message held. @param {string} id */
  async older(id) {
    const room = this.client.find(id);
    if (!room || room.timeline.isEmpty || !room.timeline.more) return;
    await this.#load(room, { before: room.timeline.first });
  }

  /** Load what stands around a message, unless it is held. @param {string} id @param {number} seq @returns {Promise<boolean>} whether it is held now */
  async around(id, seq) {
    const room = this.client.find(id);
    if (!room) return false;
    await this.#coming.get(id);
    if (!room.timeline.at(seq)) await this.#load(room, { around: seq });
    return Boolean(room.timeline.at(seq));
  }

  /** A reader asks again where loading failed. @param {string} id */
  async again(id) {
    const room = this.client.find(id);
    if (!room) return;
    room.notBefore = 0;
    await this.first(id);
  }

  /** @param {import("./room.js").Room} room @param {object} where */
  async #load(room, where) {
    if (room.loading || !this.client.wire.live || this.client.now() < room.notBefore) return;
    const coming = this.#ask(room, where);
    this.#coming.set(room.id, coming);
    await coming;
    this.#coming.delete(room.id);
  }

  /** @param {import("./room.js").Room} room @param {object} where */
  async #ask(room, where) {
    room.loading = true;
    const { resets } = room.timeline;
    try {
      const page = await this.client.wire.request("message.history", { room: room.id, limit: PAGE, ...where });
      for (const message of page.messages) this.client.people.know(message.author);
      if (room.timeline.resets === resets) room.timeline.take(page);
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
