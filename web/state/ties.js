/**
 * What the reader and others are to each other, asked once for all elements that show it. A `tie` event of the client
 * (detail: the user's id) says that one came or changed.
 */

/** @type {WeakMap<import("./client.js").Client, Ties>} */ const made = new WeakMap();

/** The one of this page. @param {import("./client.js").Client} client */
export function tiesOf(client) {
  const ties = made.get(client) ?? new Ties(client);
  made.set(client, ties);
  return ties;
}

export class Ties {
  /** @type {Map<string, any>} by user */ #known = new Map();
  /** @type {Map<string, Promise<any>>} by user */ #asked = new Map();

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.client = client;
    client.addEventListener("restart", () => this.#known.clear());
    client.addEventListener("inbox", (event) => this.#heard(/** @type {CustomEvent} */ (event).detail));
    client.addEventListener("posted", (event) => this.#wrote(/** @type {CustomEvent} */ (event).detail));
  }

  /** As it was told last. @param {string} user */
  get(user) {
    return this.#known.get(user);
  }

  /** Ask, together with whoever else asks just now. Rejects as the request does. @param {string} user */
  load(user) {
    const asked = this.#asked.get(user) ?? this.client.ask("tie.get", { user }).then((tie) => this.keep(tie)).finally(() => this.#asked.delete(user));
    this.#asked.set(user, asked);
    return asked;
  }

  /** @param {any} tie as the server tells it */
  keep(tie) {
    this.#known.set(tie.user.id, tie);
    this.client.tell("tie", tie.user.id);
    return tie;
  }

  /** @param {string | undefined} user whom news are about; undefined: somebody */
  #heard(user) {
    for (const known of user ? [user] : this.#known.keys()) if (this.#known.has(known)) this.load(known).catch(() => undefined);
  }

  /** Two become friends by days on which both write: the first words of a day may count. @param {{room: string, message: any}} posted */
  #wrote({ room, message }) {
    const other = this.client.rooms.get(room)?.state.other?.id;
    if (!other || this.#known.get(other)?.rung !== "acquainted") return;
    const { timeline } = /** @type {any} */ (this.client.rooms.get(room));
    const before = timeline.messages.findLast((/** @type {any} */ one) => one.seq < message.seq && one.author.id === message.author.id);
    const day = (/** @type {number} */ at) => new Date(at).toLocaleDateString("en-CA", { timeZone: this.client.card?.time_zone || "UTC" });
    if (!before || day(before.at) !== day(message.at)) this.load(other).catch(() => undefined);
  }
}
