/**
 * Whom the reader has blocked: their messages are folded, their reactions not counted. Made by the Client. Kept in this
 * browser, so that the first paint folds already; asked of the server with each session. A `room` event of every room
 * that is held says that it changed.
 */

const KEY = "chatserver.blocked";

export class Blocks {
  /** @type {Set<string>} */ #ids;
  /** How often they became others: what is shown depends on it. */
  changes = 0;

  /** @param {import("./client.js").Client} client @param {import("../lib/storage.js").Drawer} storage */
  constructor(client, storage) {
    this.client = client;
    this.storage = storage;
    this.#ids = new Set(read(storage));
  }

  /** @param {string} user */
  has(user) {
    return this.#ids.has(user);
  }

  /** Ask the server whom one has blocked. Never rejects: what is kept holds until the next session. */
  async load() {
    if (!this.client.signedIn) return this.keep([]);
    const { users } = await this.client.ask("block.list").catch(() => ({ users: undefined }));
    return users && this.keep(users.map((/** @type {{id: string}} */ { id }) => id));
  }

  /** @param {string} user @param {boolean} blocked */
  set(user, blocked) {
    const others = [...this.#ids].filter((id) => id !== user);
    this.keep(blocked ? [...others, user] : others);
  }

  /** @param {string[]} ids all of them */
  keep(ids) {
    if (ids.length === this.#ids.size && ids.every((id) => this.#ids.has(id))) return;
    this.#ids = new Set(ids);
    this.changes += 1;
    try {
      if (ids.length) this.storage.setItem(KEY, JSON.stringify(ids));
      else this.storage.removeItem(KEY);
    } catch {
      // The storage is full: the next page asks before it folds.
    }
    for (const room of this.client.rooms.keys()) this.client.tell("room", room);
  }
}

/** @param {import("../lib/storage.js").Drawer} storage @returns {string[]} */
function read(storage) {
  try {
    return JSON.parse(storage.getItem(KEY) ?? "[]");
  } catch {
    return [];
  }
}
