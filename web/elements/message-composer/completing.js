/**
 * Completes what is being written, in a list above the box: people behind `@`, rooms behind `#`, emoji behind `:`. The
 * focus stays in the box; arrows, Enter, Tab and Esc are the list's while it is open. Made by MessageComposer with the
 * first such sign. Words that are being composed are left alone.
 *
 * @typedef {{words: string, put: string, note?: string, face?: Node, off?: boolean}} Offer `put` stands in place of what was written
 */

import { make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { makeSeal } from "../../lib/seal.js";
import { askedAt, meansEveryone, rankPeople, rankRooms } from "../../state/completion.js";
import { emojiBook } from "../../state/emoji.js";
import { context } from "../element.js";
import { notDrawn } from "../emoji-picker/drawn.js";
import { FEW, mayCallAll } from "./everyone.js";

const MOST = 8;
/** A pause in typing, before the server is asked, in ms. */
const PAUSE = 120;

export class Completing {
  /** @type {Offer[]} */ #offers = [];
  /** @type {import("../../state/completion.js").Asked | null} */ #asked = null;
  /** Where one was sent away with Esc: it does not come back for the same word. */ #refusedAt = -1;
  #chosen = 0;
  #turn = 0;
  /** Members that the server named, by id. @type {Map<string, any>} */ #members = new Map();
  /** Ids of rooms that the server found. @type {Set<string>} */ #sounding = new Set();
  /** @type {any} */ #timer;

  /** @param {import("./message-composer.js").MessageComposer} composer */
  constructor(composer) {
    this.composer = composer;
    this.input = composer.input;
    this.list = make("ul", { class: "offers", attributes: { id: "offers", role: "listbox", "aria-label": composer.say("completion.label") }, set: { hidden: true } });
    this.told = make("p", { class: "unseen", attributes: { role: "status" } });
    composer.append(this.list, this.told);
    this.input.setAttribute("aria-autocomplete", "list");
    this.input.setAttribute("aria-controls", "offers");
    // The focus stays in the box.
    this.list.addEventListener("pointerdown", (/** @type {Event} */ event) => event.preventDefault());
    this.list.addEventListener("click", (/** @type {any} */ event) => this.#take([...this.list.children].indexOf(event.target.closest("li"))));
    this.list.addEventListener("pointermove", (/** @type {any} */ event) => this.#choose([...this.list.children].indexOf(event.target.closest("li"))));
  }

  /** @param {boolean} composing whether an input method has the words in hand */
  async follow(composing) {
    const { selectionStart, selectionEnd, value } = this.input;
    const asked = composing || selectionStart !== selectionEnd ? null : askedAt(value, selectionStart);
    if (!asked || asked.from === this.#refusedAt) {
      if (!asked) this.#refusedAt = -1;
      return this.close();
    }
    if (asked.from === this.#asked?.from && asked.query === this.#asked.query) return undefined;
    this.#asked = asked;
    const turn = (this.#turn += 1);
    if (asked.kind === "person") this.#askMembers(asked.query);
    if (asked.kind === "room") this.#askRooms(asked.query);
    const offers = await this.#offersFor(asked);
    if (turn === this.#turn) this.#show(offers);
    return undefined;
  }

  close() {
    this.#turn += 1;
    this.#asked = null;
    clearTimeout(this.#timer);
    this.#show([]);
  }

  // --- what is offered ------------------------------------------------------------------------------------------------

  /** @param {import("../../state/completion.js").Asked} asked @returns {Promise<Offer[]>} */
  async #offersFor({ kind, query }) {
    if (kind === "person") return this.#people(query);
    if (kind === "room") return this.#rooms(query);
    const book = emojiBook(context.preferences);
    const { language } = this.composer;
    const rows = await book.search(query, language, 2 * MOST).catch(() => []);
    const hidden = notDrawn(rows.length ? (await book.list(language)).since : undefined);
    return rows.filter(([emoji]) => !hidden.has(emoji)).slice(0, MOST).map((row) => ({ words: row[1], put: book.shown(row), face: make("span", { class: "emoji", text: book.shown(row) }) }));
  }

  /** @param {string} query @returns {Offer[]} */
  #people(query) {
    const { client } = this.composer;
    const room = client.find(this.composer.room);
    if (!room) return [];
    const spoken = client.line(this.composer.room, this.composer.topic)?.timeline.messages ?? [];
    /** @type {any[]} */ const people = spoken.map(({ author, at }) => ({ ...author, at }));
    for (const id of room.here ?? []) people.push(client.people.get(id) ?? {});
    if (room.state.other) people.push(room.state.other);
    const known = rankPeople(query, people.filter(({ id }) => id && id !== client.me), MOST);
    // Those the server found sound like the query, which is not to be seen in their names.
    const others = [...this.#members.values()].filter(({ id }) => id !== client.me && !known.some((one) => one.id === id));
    const offers = [...known, ...others].slice(0, MOST).map((user) => ({
      words: user.name, put: `@${user.handle} `, note: `@${user.handle}`, face: makeSeal(user),
    }));
    const everyone = this.#everyone(room, query);
    return everyone ? [...offers.slice(0, MOST - 1), everyone] : offers;
  }

  /** @param {import("../../state/room.js").Room} room @param {string} query @returns {Offer | undefined} */
  #everyone(room, query) {
    if (room.state.kind === "direct" || !room.isMember || (query ? !meansEveryone(query) : !mayCallAll(room))) return undefined;
    const { composer } = this;
    if (!mayCallAll(room)) return { words: composer.say("completion.not_everyone", { count: FEW }), put: "", off: true, face: icon("people") };
    return { words: composer.say("completion.everyone", { count: room.state.members }), put: "@everyone ", note: "@everyone", face: icon("people") };
  }

  /** Members by name, handle and pinyin: the server knows all of them. @param {string} query */
  #askMembers(query) {
    const { client, room } = this.composer;
    this.#members.clear();
    if (!client.find(room)?.isMember || client.find(room)?.state.kind === "direct") return;
    this.#askServer(query, "room.members", { room, query }, ({ members }) => {
      for (const { user } of members.slice(0, MOST)) this.#members.set(user.id, user);
      this.#show(this.#people(query));
    });
  }

  /** Rooms by pinyin. @param {string} query */
  #askRooms(query) {
    this.#sounding.clear();
    if (!this.composer.client.signedIn) return;
    this.#askServer(query, "room.discover", { query }, ({ rooms, mine = [] }) => {
      this.#sounding = new Set([...mine, ...rooms.map((/** @type {any} */ { room }) => room)]);
      this.#show(this.#rooms(query));
    });
  }

  /** @param {string} query @param {string} method @param {object} params @param {(found: any) => void} then */
  #askServer(query, method, params, then) {
    clearTimeout(this.#timer);
    if (!query) return;
    const turn = this.#turn;
    this.#timer = setTimeout(async () => {
      const found = await this.composer.client.ask(method, params).catch(() => undefined);
      if (found && turn === this.#turn && this.#asked?.query === query) then(found);
    }, PAUSE);
  }

  /** @param {string} query @returns {Offer[]} */
  #rooms(query) {
    const { client, language } = this.composer;
    const rooms = [...client.rooms.values()].filter(({ state }) => state.kind !== "direct" && !state.archived)
      .sort((one, other) => other.lastAt - one.lastAt)
      .map((room) => ({ id: room.id, title: room.title(language), isClosed: room.state.kind === "closed", titles: [room.title(language), room.state.title, ...Object.values(room.state.titles ?? {})] }));
    return rankRooms(query, rooms, MOST, this.#sounding).map(({ title, isClosed }) => ({ words: title, put: `#${title} `, face: icon(isClosed ? "lock" : "hash") }));
  }

  // --- the list -------------------------------------------------------------------------------------------------------

  /** @param {Offer[]} offers */
  #show(offers) {
    const wasOpen = !this.list.hidden;
    this.#offers = offers;
    this.list.hidden = !offers.length;
    this.list.replaceChildren(...offers.map((offer, at) => this.#row(offer, at)));
    if (offers.length || wasOpen) this.told.textContent = offers.length ? this.composer.say("completion.count", { count: offers.length }) : "";
    this.#choose(offers.findIndex(({ off }) => !off));
  }

  /** @param {Offer} offer @param {number} at */
  #row({ words, note, face, off }, at) {
    return make("li", { attributes: { role: "option", id: `offer-${at}`, "aria-selected": "false", "aria-disabled": off ? "true" : undefined } },
      face, make("bdi", { class: "what", text: words }), note ? make("small", { text: note }) : null);
  }

  /** @param {number} at */
  #choose(at) {
    if (at < 0 || this.#offers[at]?.off) {
      if (at < 0 || !this.#offers.length) this.input.removeAttribute("aria-activedescendant");
      return;
    }
    this.list.children[this.#chosen]?.setAttribute("aria-selected", "false");
    this.#chosen = at;
    this.list.children[at]?.setAttribute("aria-selected", "true");
    this.list.children[at]?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `offer-${at}`);
  }

  /** @param {number} at */
  #take(at) {
    const offer = this.#offers[at];
    if (!offer || offer.off || !this.#asked) return;
    const { from } = this.#asked;
    this.close();
    // Not twice a blank where one follows already.
    const follows = this.input.value.charAt(this.input.selectionStart) === " ";
    this.composer.insert(follows ? offer.put.trimEnd() : offer.put, from);
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was the list's */
  key(event) {
    if (this.list.hidden || event.altKey || event.ctrlKey || event.metaKey) return false;
    const able = this.#offers.flatMap(({ off }, at) => (off ? [] : [at]));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && able.length) this.#choose(able[(able.indexOf(this.#chosen) + step + able.length) % able.length] ?? 0);
    else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") {
      if (!able.length) return false;
      this.#take(this.#chosen);
    } else if (event.key === "Escape") {
      this.#refusedAt = this.#asked?.from ?? -1;
      this.close();
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
