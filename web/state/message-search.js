/**
 * A search for messages: what was found, page by page, and the message before and after each hit. `searchOf` gives the one
 * for what is asked, the same again for a reader who comes back to it; a `change` event says that there is more to show.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {import("../lib/paths.js").Search} Search
 * @typedef {{before?: Message, after?: Message}} Neighbours
 * @typedef {{row: string, offset: number, at: string}} Place the hit at the upper edge and how far below it it begins, and the
 *   hit that had the focus
 */

import { dayStart } from "../lib/search-days.js";

const PAGE = 30;
const AT_ONCE = 100;
/** Pages without a hit, one after another, before the reader is asked whether to go on. */
const BARREN = 3;
/** Searches to which one may come back, for messages or for files. */
const KEPT = 10;
const BUSY_PAUSE = 1_000;
const HAS = new Set(["link", "image", "file"]);

/** @type {WeakMap<import("./client.js").Client, Map<string, any>>} */ const searches = new WeakMap();

/** @param {import("./client.js").Client} client @param {Search} search @returns {MessageSearch} */
export function searchOf(client, search) {
  const { tab: _, ...asked } = search;
  return keptSearch(client, "messages", asked, () => new MessageSearch(client, asked));
}

/**
 * The same search again for a reader who comes back to it.
 *
 * @template {{end: () => void}} T
 * @param {import("./client.js").Client} client @param {string} kind @param {object} asked @param {() => T} make @returns {T}
 */
export function keptSearch(client, kind, asked, make) {
  const key = JSON.stringify([client.me, kind, asked]);
  const kept = searches.get(client) ?? new Map();
  searches.set(client, kept);
  const found = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, found);
  for (const [old, one] of [...kept].slice(0, -KEPT)) {
    kept.delete(old);
    one.end();
  }
  return found;
}

/** What the server is asked. @param {Omit<Search, "tab">} search */
function paramsOf({ q, room, topic, from, has, since, until }) {
  const params = { room, topic, author: from, has: HAS.has(has) ? has : "", since: dayStart(since), until: dayStart(until, 1) };
  return { query: q.trim(), ...Object.fromEntries(Object.entries(params).filter(([, value]) => value)) };
}

export class MessageSearch extends EventTarget {
  /** Newest first. @type {Message[]} */ hits = [];
  /** @type {"new" | "asking" | "done" | "failed"} */ status = "new";
  /** @type {any} why it failed */ refusal = undefined;
  /** Whether there may be more. */ more = true;
  /** How much of the server's index is made, from 0 to 1. */ indexed = 1;
  /** Where the reader was when they left. @type {Place} */ place = { row: "", offset: 0, at: "" };
  #next = "";
  #barren = 0;
  /** @type {Map<string, Message | undefined>} messages beside hits; undefined: asked for */ #near = new Map();
  #ending = new AbortController();

  /** @param {import("./client.js").Client} client @param {Omit<Search, "tab">} asked */
  constructor(client, asked) {
    super();
    this.client = client;
    /** @type {any} of message.search */ this.params = paramsOf(asked);
    client.addEventListener("changed", (event) => this.#changed(/** @type {CustomEvent} */ (event).detail), { signal: this.#ending.signal });
  }

  /** Whether there is enough to search for. */
  get isMeant() {
    const { query, author, has, topic } = this.params;
    return Boolean(query || author || has || topic);
  }

  /** It found nothing for a while, and the reader is asked whether to go on. */
  get isBarren() {
    return this.status === "done" && this.more && this.#barren >= BARREN;
  }

  end() {
    this.#ending.abort();
  }

  /** The first page, unless there is one. */
  begin() {
    if (this.status === "new" || (this.status === "failed" && !this.hits.length)) this.go();
  }

  /** Ask for everything again; what was found stays until there is something else. */
  again() {
    if (this.status === "asking") return;
    this.#next = "";
    this.#barren = 0;
    this.go();
  }

  /** The reader wants to go on after pages in which nothing was found. */
  further() {
    this.#barren = 0;
    this.go();
  }

  /** The next page; those without a hit are passed over. Never rejects. */
  async go() {
    if (this.status === "asking" || !this.isMeant || this.#ending.signal.aborted) return;
    this.status = "asking";
    this.#tell();
    try {
      do this.#take(await this.client.ask("message.search", { ...this.params, limit: PAGE, ...(this.#next && { after: this.#next }) }));
      while (this.more && this.#barren && this.#barren < BARREN);
      this.status = "done";
    } catch (refusal) {
      if (/** @type {any} */ (refusal).kind === "rate_limited") return this.#wait(/** @type {any} */ (refusal).retryAfter);
      this.status = "failed";
      this.refusal = refusal;
    }
    this.#tell();
  }

  /** Whoever types fast is answered a little later. @param {number} pause */
  #wait(pause) {
    setTimeout(() => {
      this.status = this.hits.length ? "done" : "new";
      this.go();
    }, pause || BUSY_PAUSE);
  }

  /** @param {{messages: Message[], next?: string, indexing?: number}} page */
  #take({ messages, next = "", indexing = 1 }) {
    for (const message of messages) this.client.people.know(message.author);
    const known = new Set(this.#next ? this.hits.map(keyOf) : []);
    const fresh = messages.filter((message) => !known.has(keyOf(message)));
    this.hits = this.#next ? [...this.hits, ...fresh] : fresh;
    this.#barren = messages.length ? 0 : this.#barren + 1;
    this.#next = next;
    this.more = Boolean(next);
    this.indexed = indexing;
  }

  // --- the messages beside a hit ------------------------------------------------------------------------------------

  /** @param {Message} hit @returns {Neighbours} as far as they are known */
  near({ room, seq, topic = "" }) {
    const [before, after] = [seq - 1, seq + 1].map((one) => this.#near.get(keyOf({ room, seq: one })));
    const fits = (/** @type {Message | undefined} */ one) => (one && !one.deleted && (one.topic ?? "") === topic ? one : undefined);
    return { before: fits(before), after: fits(after) };
  }

  /** Ask for what stands beside these, once. @param {Message[]} hits */
  async learn(hits) {
    /** @type {Map<string, Set<number>>} */ const wanted = new Map();
    for (const { room, seq } of hits) {
      for (const one of [seq - 1, seq + 1]) {
        const key = keyOf({ room, seq: one });
        if (one < 1 || this.#near.has(key)) continue;
        this.#near.set(key, undefined);
        wanted.set(room, (wanted.get(room) ?? new Set()).add(one));
      }
    }
    if (!wanted.size) return;
    await Promise.all([...wanted].map(([room, seqs]) => this.#ask(room, [...seqs].slice(0, AT_ONCE))));
    this.#tell();
  }

  /** A hit stands without them where they could not be had. @param {string} room @param {number[]} seqs */
  async #ask(room, seqs) {
    const { messages } = await this.client.ask("message.get", { room, seqs }).catch(() => ({ messages: [] }));
    for (const message of messages) this.#near.set(keyOf(message), message);
  }

  // --- what changes meanwhile -----------------------------------------------------------------------------------------

  /** @param {{room: string, change: import("../lib/shapes.js").Change}} detail */
  #changed({ room, change: { seq, text, deleted, mentions } }) {
    const key = keyOf({ room, seq });
    const near = this.#near.get(key);
    if (near) this.#near.set(key, { ...near, text, deleted });
    const isHit = this.hits.some((hit) => keyOf(hit) === key);
    if (isHit) this.hits = this.hits.flatMap((hit) => (keyOf(hit) !== key ? [hit] : deleted ? [] : [{ ...hit, text, mentions }]));
    if (isHit || near) this.#tell();
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {{room: string, seq: number}} message */
export function keyOf({ room, seq }) {
  return `${room}/${seq}`;
}
