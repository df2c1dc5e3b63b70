/**
 * One's own reactions on their way to the server, shown as if they were there. Made by the Client. What a message has is
 * the timeline's; here stands only what differs from it until the server has answered and the event of it was heard.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {Record<string, boolean>} Wanted by emoji: whether one wants to have reacted with it; never changed, but replaced
 * @typedef {{emoji: string, count: number, mine: boolean, users: string[]}} Shown
 */

export class Reactions {
  /** @type {Map<string, Wanted>} by room and seq */ #wanted = new Map();
  /** @type {Map<string, number>} by room, seq and emoji: the rev from which on the timeline says it; Infinity while it is asked */ #asked = new Map();

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.client = client;
  }

  clear() {
    this.#wanted.clear();
    this.#asked.clear();
  }

  /** What one wants of a message besides what it has. @param {string} room @param {number} seq */
  wanted(room, seq) {
    return this.#wanted.get(keyOf(room, seq));
  }

  /** React, or take it back. Rejects with the server's refusal, once it is shown no longer. @param {Message} message @param {string} emoji */
  async toggle({ room, seq, mine = [] }, emoji) {
    const held = this.client.find(room)?.timeline.at(seq)?.mine ?? mine;
    this.#want(room, seq, { [emoji]: !(this.wanted(room, seq)?.[emoji] ?? held.includes(emoji)) });
    const key = `${keyOf(room, seq)} ${emoji}`;
    if (this.#asked.get(key) === Infinity) return;
    this.#asked.set(key, Infinity);
    try {
      this.#asked.set(key, await this.#ask(room, seq, emoji));
      this.heard(room);
    } catch (refusal) {
      this.#drop(key);
      throw refusal;
    }
  }

  /** Ask until the server was told what is wanted last: one may change one's mind meanwhile. @param {string} room @param {number} seq @param {string} emoji */
  async #ask(room, seq, emoji) {
    for (;;) {
      const told = this.wanted(room, seq)?.[emoji];
      const { rev } = await this.client.ask(told ? "message.react" : "message.unreact", { room, seq, emoji });
      if (this.wanted(room, seq)?.[emoji] === told) return rev;
    }
  }

  /** The timeline of a room went on: what it says by itself now is wanted no longer. @param {string} id */
  heard(id) {
    const rev = this.client.find(id)?.timeline.rev ?? Infinity;
    for (const [key, until] of this.#asked) if (until <= rev && key.startsWith(`${id} `)) this.#drop(key);
  }

  /** @param {string} key */
  #drop(key) {
    const [room = "", seq = "", emoji = ""] = key.split(" ");
    this.#asked.delete(key);
    this.#want(room, Number(seq), { [emoji]: undefined });
  }

  /** @param {string} room @param {number} seq @param {Record<string, boolean | undefined>} change */
  #want(room, seq, change) {
    const key = keyOf(room, seq);
    const after = Object.entries({ ...this.#wanted.get(key), ...change }).filter(([, wish]) => wish !== undefined);
    if (after.length) this.#wanted.set(key, /** @type {Wanted} */ (Object.fromEntries(after)));
    else this.#wanted.delete(key);
    this.client.tell("room", room);
  }

  /**
   * What is shown under a message: as it has it, as one wants it, and without whom one has blocked.
   *
   * @param {Message} message @returns {Shown[]}
   */
  shown({ room, seq, reactions = [], mine = [] }) {
    const { blocks, me } = this.client;
    const wanted = this.wanted(room, seq) ?? {};
    const fresh = Object.keys(wanted).filter((emoji) => wanted[emoji] && !reactions.some((one) => one.emoji === emoji));
    return [...reactions, ...fresh.map((emoji) => ({ emoji, count: 0, users: /** @type {string[]} */ ([]) }))].map(({ emoji, count, users }) => {
      const had = mine.includes(emoji);
      const has = wanted[emoji] ?? had;
      const others = users.filter((user) => user !== me && !blocks.has(user));
      const hidden = users.filter((user) => blocks.has(user)).length;
      return { emoji, count: count - hidden + Number(has) - Number(had), mine: has, users: has ? [...others, me] : others };
    }).filter((one) => one.count > 0);
  }
}

/** @param {string} room @param {number} seq */
function keyOf(room, seq) {
  return `${room} ${seq}`;
}
