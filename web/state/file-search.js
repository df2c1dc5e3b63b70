/**
 * A search for files: those of the messages that were found, each by itself, newest first. The server tells messages with
 * pictures and messages with other files apart, so two searches run side by side and are laid into one order: only as far
 * down as both have come.
 *
 * @typedef {import("../lib/shapes.js").Message} Message
 * @typedef {import("../lib/paths.js").Search} Search
 * @typedef {{file: import("../lib/shapes.js").File, message: Message}} FileHit
 */

import { keptSearch, MessageSearch } from "./message-search.js";

const KINDS = ["image", "file"];
/** Answers without a file, one after another, before the reader is asked whether to go on. */
const BARREN = 3;

/** @param {import("./client.js").Client} client @param {Search} search @returns {FileSearch} */
export function fileSearchOf(client, search) {
  const { tab: _, ...asked } = search;
  return keptSearch(client, "files", asked, () => new FileSearch(client, asked));
}

export class FileSearch extends EventTarget {
  /** Newest first. @type {FileHit[]} */ hits = [];
  /** @type {any} why it failed */ refusal = undefined;
  /** There is always something: the files of all rooms. */ isMeant = true;
  /** Where the reader was when they left. */ place = { row: "", offset: 0, at: "" };
  /** By room, number and id: what is the same stays the same. @type {Map<string, FileHit>} */ #known = new Map();
  #barren = 0;

  /** @param {import("./client.js").Client} client @param {Omit<Search, "tab">} asked */
  constructor(client, asked) {
    super();
    this.client = client;
    this.kind = KINDS.includes(asked.has) ? asked.has : "";
    this.parts = (asked.has ? [asked.has] : KINDS).map((has) => new MessageSearch(client, { ...asked, has }));
    for (const part of this.parts) part.addEventListener("change", () => this.#changed());
  }

  get status() {
    const all = this.parts.map(({ status }) => status);
    return /** @type {const} */ (["failed", "asking", "new"]).find((status) => all.includes(status)) ?? "done";
  }

  get more() {
    return this.parts.some(({ more }) => more);
  }

  get indexed() {
    return Math.min(...this.parts.map(({ indexed }) => indexed));
  }

  get isBarren() {
    return this.status === "done" && this.more && (this.#barren >= BARREN || this.#behind.every(({ isBarren }) => isBarren));
  }

  end() {
    for (const part of this.parts) part.end();
  }

  begin() {
    for (const part of this.parts) part.begin();
  }

  again() {
    for (const part of this.parts) part.again();
  }

  further() {
    this.#barren = 0;
    for (const part of this.#behind) part.further();
  }

  /** The next page of what is behind, or what failed once more. */
  go() {
    const failed = this.parts.filter(({ status }) => status === "failed");
    for (const part of failed.length ? failed : this.#behind) part.go();
  }

  /** Those that have come least far down: the others hold hits already that may not be shown before theirs. */
  get #behind() {
    const open = this.parts.filter(({ more }) => more);
    const edge = Math.max(...open.map(edgeOf));
    return open.filter((part) => edgeOf(part) === edge);
  }

  #changed() {
    this.refusal = this.parts.find(({ status }) => status === "failed")?.refusal;
    const before = this.hits.length;
    this.hits = this.#merged();
    const goesOn = this.status === "done" && this.more && this.hits.length <= before;
    this.#barren = this.hits.length > before ? 0 : this.#barren + Number(goesOn);
    // Pages without a file, as of messages that hold a link alone, are passed over.
    if (goesOn && !this.isBarren) return this.go();
    this.dispatchEvent(new Event("change"));
    return undefined;
  }

  #merged() {
    const edge = Math.max(-Infinity, ...this.parts.filter(({ more, isBarren }) => more && !isBarren).map(edgeOf));
    /** @type {Map<string, Message>} */ const messages = new Map();
    for (const message of this.parts.flatMap(({ hits }) => hits)) if (message.at >= edge) messages.set(`${message.room}/${message.seq}`, message);
    const ordered = [...messages.values()].sort((one, other) => other.at - one.at || other.seq - one.seq);
    const hits = ordered.flatMap((message) => (message.attachments ?? []).filter((file) => this.#isMeant(file)).map((file) => this.#hit(message, file)));
    this.#known = new Map(hits.map((hit) => [fileKey(hit), hit]));
    return hits;
  }

  /** @param {import("../lib/shapes.js").File} file */
  #isMeant({ type }) {
    return !this.kind || (this.kind === "image") === type.startsWith("image/");
  }

  /** @param {Message} message @param {import("../lib/shapes.js").File} file @returns {FileHit} */
  #hit(message, file) {
    const hit = { file, message };
    const known = this.#known.get(fileKey(hit));
    return known?.message === message ? known : hit;
  }
}

/** How far down it has come: the time of its last hit. @param {MessageSearch} part */
function edgeOf({ hits }) {
  return hits.at(-1)?.at ?? Infinity;
}

/** @param {FileHit} hit */
export function fileKey({ file, message }) {
  return `${message.room}/${message.seq}/${file.id}`;
}
