/**
 * The last message of each room, for the list: from the messages that are held, else asked for once a session, of a few
 * rooms at a time and of no more than a screen or two of them.
 */

import { messageWords } from "../lib/plain-text.js";
import { clockTime, dayKey, dayName, shortDate } from "../lib/times.js";

const MOST = 24;
const AT_ONCE = 3;
const SHOWN = 80;

export class LastWords {
  /** @type {Set<string>} rooms that were asked about in this session */ #asked = new Set();
  #asking = 0;

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.client = client;
    client.addEventListener("session", () => this.#asked.clear());
  }

  /** Ask about rooms whose last message is not known. @param {boolean} all else only about conversations, which are sorted by it */
  ask(all) {
    if (!this.client.wire.live) return;
    const unknown = [...this.client.rooms.values()].filter((room) => !room.last && room.state.last_seq > 0 && !room.state.question_of
      && (all || room.state.kind === "direct") && !this.#asked.has(room.id));
    for (const room of unknown.slice(0, Math.min(AT_ONCE - this.#asking, MOST - this.#asked.size))) this.#askOf(room, all);
  }

  /** @param {import("./room.js").Room} room @param {boolean} all */
  async #askOf(room, all) {
    this.#asked.add(room.id);
    this.#asking += 1;
    const { messages } = await this.client.ask("message.history", { room: room.id, limit: 1 }).catch(() => ({ messages: [] }));
    this.#asking -= 1;
    if (messages[0]) room.glance = messages[0];
    if (messages[0]) this.client.tell("room", room.id);
    this.ask(all);
  }

  /**
   * @param {import("./room.js").Room} room
   * @param {{say: (key: string, values?: any) => string, language: string}} words
   * @returns {{words: string, time: string}} who said what, and when
   */
  of(room, { say, language }) {
    const { last } = room;
    if (!last) return { words: "", time: "" };
    const now = this.client.now();
    const today = dayKey(last.at) === dayKey(now);
    const recent = now - last.at < 6 * 86_400_000;
    const time = today ? clockTime(language, last.at) : recent ? dayName(language, last.at, now) : shortDate(language, last.at, now);
    return { words: this.#words(room, last, say), time };
  }

  /** @param {import("./room.js").Room} room @param {any} last @param {(key: string, values?: any) => string} say */
  #words(room, { author, text, attachments, deleted }, say) {
    if (this.client.blocks.has(author.id)) return say("message.blocked_answered");
    const said = deleted ? say("message.deleted") : messageWords({ text, attachments }, { say }, SHOWN);
    if (author.id === this.client.me) return say("rooms.you_said", { text: said });
    return room.state.kind === "direct" ? said : say("rooms.they_said", { name: author.name, text: said });
  }
}
