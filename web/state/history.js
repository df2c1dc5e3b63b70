/**
 * Pages of messages, asked for as a reader comes near the end of what is held. Made by the Client; a `room` event says
 * that a page came, or that it did not.
 */

const PAGE = 50;
const LOAD_PAUSE = 2_000;

export class History {
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

  /** @param {import("./room.js").Room} room @param {object} where */
  async #load(room, where) {
    if (room.loading || !this.client.wire.live || this.client.now() < room.notBefore) return;
    room.loading = true;
    const { resets } = room.timeline;
    try {
      const page = await this.client.wire.request("message.history", { room: room.id, limit: PAGE, ...where });
      for (const message of page.messages) this.client.people.know(message.author);
      if (room.timeline.resets === resets) room.timeline.take(page);
    } catch {
      room.notBefore = this.client.now() + LOAD_PAUSE;
      setTimeout(() => this.client.tell("room", room.id), LOAD_PAUSE);
    } finally {
      room.loading = false;
      this.client.tell("room", room.id);
    }
  }
}
