/**
 * Everyone this page has heard of: who wrote, who is here, who was asked about. Made by the Client; a `people` event says
 * that somebody became known, `renamed` (detail: the user) that somebody is called otherwise than before.
 *
 * @typedef {import("../lib/shapes.js").User} User
 */

const AT_ONCE = 100;

export class People {
  /** @type {Map<string, User>} */ #known = new Map();
  /** How often somebody became known or was called otherwise: names that are shown depend on it. */
  changes = 0;
  /** Ids that were asked about, or are being asked about. @type {Set<string>} */ #asked = new Set();

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.client = client;
  }

  /** @param {string} id */
  get(id) {
    return this.#known.get(id);
  }

  /** Whom a message calls, as far as they are known; the others are asked about. @param {import("../lib/shapes.js").Message} message @returns {User[]} */
  calledIn({ mentions = [] }) {
    if (!mentions.length) return [];
    const known = mentions.map((id) => (id === this.client.me ? this.client.user : this.#known.get(id)));
    if (known.includes(undefined)) this.learn(mentions);
    return /** @type {User[]} */ (known.filter(Boolean));
  }

  clear() {
    this.#known.clear();
    this.#asked.clear();
  }

  /** @param {User} user */
  know(user) {
    if (user.handle) this.#known.set(user.id, user);
  }

  /** Somebody is called otherwise than this page had it, or has another picture, "" or absent for none; who has left is called nothing. @param {User} user */
  changed(user) {
    const { client } = this;
    const before = this.#known.get(user.id);
    this.changes += 1;
    const { avatar } = user;
    if (user.handle) this.know({ ...before, ...user, avatar });
    else this.#known.delete(user.id);
    if (user.id === client.me) client.user = { ...client.user, ...user, avatar };
    for (const room of client.rooms.values()) if (room.renamed(user)) client.tell("room", room.id);
    client.tell("renamed", user);
    if (user.id === client.me || client.directWith(user.id)) client.tell("rooms");
  }

  /** Ask who these are, once each. @param {string[]} ids */
  async learn(ids) {
    const unknown = ids.filter((id) => !this.#known.has(id) && !this.#asked.has(id)).slice(0, AT_ONCE);
    if (!unknown.length || !this.client.signedIn) return;
    for (const id of unknown) this.#asked.add(id);
    try {
      const { users } = await this.client.ask("user.get", { users: unknown });
      for (const user of users) this.know(user);
      this.changes += 1;
      this.client.tell("people");
    } catch {
      // Whoever asks next asks for these again.
      for (const id of unknown) this.#asked.delete(id);
    }
  }
}
