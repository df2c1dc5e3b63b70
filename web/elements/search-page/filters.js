/** The chips below the field of the search: each narrows it, and is taken off by its ×. Made by SearchPage. */

import { make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { daysWords } from "../../lib/search-days.js";
import { rankPeople, rankRooms } from "../../state/completion.js";
import { listing } from "../../state/glimpse.js";
import { inOrder } from "../../state/room-order.js";
import { topicsOf } from "../../state/topics.js";
import { openMenu } from "../menu.js";
import { pickDays, pickOne } from "./pickers.js";

const MOST = 8;
const HAS = { link: "link", image: "image", file: "file" };
/** Chip, its icon, and what of the search it holds. @type {[string, string, ("room" | "topic" | "from" | "has" | "since" | "until")[]][]} */
const CHIPS = [["room", "hash", ["room", "topic"]], ["topic", "forum", ["topic"]], ["from", "person", ["from"]], ["has", "image", ["has"]], ["days", "calendar", ["since", "until"]]];

/** @typedef {import("./pickers.js").Choice} Choice */

export class Filters {
  /** Titles of rooms one is not in, as far as they were asked for. @type {Map<string, string>} */ #titles = new Map();
  #shown = "";

  /** @param {import("./search-page.js").SearchPage} page */
  constructor(page) {
    this.page = page;
    this.element = make("div", { class: "chips", attributes: { role: "group" } });
  }

  show() {
    const { page } = this;
    const words = CHIPS.map(([chip]) => this.wordsOf(chip));
    const mayTopic = Boolean(page.client.find(page.given.room)?.state.topics_version);
    const key = JSON.stringify([words, mayTopic, page.language]);
    if (key === this.#shown) return;
    this.#shown = key;
    const held = /** @type {any} */ (document.activeElement)?.closest("search-page [data-chip]")?.dataset.chip;
    this.element.setAttribute("aria-label", page.say("search.narrow"));
    // Which topic can be asked only where a room has some.
    const chips = CHIPS.map(([chip, name], at) => (chip !== "topic" || words[at] || mayTopic ? this.#chip(chip, name, words[at] ?? "") : ""));
    // Those that are on stand first: on a phone the others may be out of sight.
    this.element.replaceChildren(...chips.filter((_, at) => words[at]), ...chips.filter((_, at) => !words[at]));
    if (held) this.element.querySelector(`[data-chip="${held}"] button`)?.focus();
  }

  /** What a chip is set to, in words; "" where it is off. @param {string} chip @returns {string} */
  wordsOf(chip) {
    const { page } = this;
    const { given, client } = page;
    if (chip === "room") return given.room && this.titleOf(given.room);
    if (chip === "topic") return given.topic && (this.topicOf(given.room, given.topic) || "…");
    if (chip === "has") return given.has in HAS ? page.say(`search.has.${given.has}`) : "";
    if (chip === "days") return daysWords({ say: (key, values) => page.say(key, values), language: page.language }, given);
    if (!given.from) return "";
    client.people.learn([given.from]);
    const user = given.from === client.me ? client.user : client.people.get(given.from);
    return page.say("search.from", { name: user?.name || "…" });
  }

  /** @param {string} room */
  titleOf(room) {
    const { client, language } = this.page;
    const known = client.find(room)?.title(language) ?? this.#titles.get(room);
    if (known === undefined && client.began) this.#learn(room);
    return known || "…";
  }

  /** @param {string} room @param {string} [topic] @returns {string} "" until it is known, and for none */
  topicOf(room, topic) {
    return (topic && topicsOf(this.page.client, room).want(topic)?.title) || "";
  }

  /** @param {string} room */
  async #learn(room) {
    this.#titles.set(room, "");
    const listed = await listing(this.page.client, room).catch(() => undefined);
    this.#titles.set(room, listed?.titles?.[this.page.language] ?? listed?.title ?? this.page.say("tie.some_room"));
    this.page.later();
  }

  /** @param {string} chip @param {string} name of its icon @param {string} words */
  #chip(chip, name, words) {
    const { page } = this;
    const opens = make("button", { attributes: { type: "button", "aria-haspopup": chip === "has" ? "menu" : "dialog" }, on: { click: () => this.#open(chip, opens) } },
      icon(name), make("bdi", { text: words || page.say(`search.chip.${chip}`) }));
    const off = words ? make("button", { class: "off", attributes: { type: "button", "aria-label": page.say("search.remove", { words }), title: page.say("search.remove", { words }) },
      on: { click: () => page.narrow(this.without(chip)) } }, icon("close")) : null;
    return make("span", { class: words ? "chip on" : "chip", attributes: { "data-chip": chip } }, opens, off);
  }

  /** The search without what a chip holds. @param {string} chip @returns {Partial<import("../../lib/paths.js").Search>} */
  without(chip) {
    const [, , holds = []] = CHIPS.find(([name]) => name === chip) ?? [];
    return Object.fromEntries(holds.map((name) => [name, ""]));
  }

  /** Chips that are on. */
  get on() {
    return CHIPS.map(([chip]) => chip).filter((chip) => this.wordsOf(chip));
  }

  /** @param {string} chip @param {HTMLElement} opener */
  async #open(chip, opener) {
    const { page } = this;
    if (chip === "has") return openMenu(page, opener, Object.entries(HAS).map(([has, name]) => ({ icon: name, text: page.say(`search.has.${has}`), act: () => page.narrow({ has }) })));
    if (chip === "days") {
      const days = await pickDays(page, opener, page.given);
      return days && page.narrow(days);
    }
    const choices = (/** @type {string} */ query) => ({ room: () => this.#rooms(query), topic: () => this.#topics(query) }[chip] ?? (() => this.#people(query)))();
    const id = await pickOne(page, opener, { label: page.say(`search.pick.${chip}`), none: page.say("switcher.none"), choices });
    return id && page.narrow({ [chip]: id, ...(chip === "room" && { topic: "" }) });
  }

  /** The lately active topics of the room. @param {string} query @returns {Promise<Choice[]>} */
  async #topics(query) {
    const found = await topicsOf(this.page.client, this.page.given.room).find({}, query, MOST);
    return found.slice(0, MOST).map(({ id, title }) => ({ id, text: title, icon: "forum" }));
  }

  // --- what can be chosen -----------------------------------------------------------------------------------------------

  /** One's own rooms, and open ones one is not in. @param {string} query @returns {Promise<Choice[]>} */
  async #rooms(query) {
    const { client, language } = this.page;
    const { talks, rooms } = inOrder([...client.rooms.values()], []);
    const { rooms: listed = [], mine = [] } = query && client.signedIn ? await client.ask("room.discover", { query }).catch(() => ({})) : {};
    const own = [...rooms, ...talks].map((room) => ({ id: room.id, titles: [room.title(language), ...Object.values(room.state.titles ?? {})], room }));
    const others = listed.filter((/** @type {any} */ one) => !client.rooms.has(one.room));
    return [
      ...rankRooms(query, own, MOST, new Set(mine)).map(({ id, room }) => ({ id, text: room.title(language), user: room.state.other, icon: room.state.kind === "closed" ? "lock" : "hash" })),
      ...others.slice(0, MOST).map((/** @type {any} */ one) => ({ id: one.room, text: one.titles?.[language] ?? one.title, below: this.page.say("switcher.not_in") })),
    ];
  }

  /** Oneself, whom one talks with and whose words were found; by letters whom the room or the server knows. @param {string} query @returns {Promise<Choice[]>} */
  async #people(query) {
    const { client, given, hits } = this.page;
    const near = [client.user, ...[...client.rooms.values()].map(({ state }) => state.other), ...(hits.search?.hits ?? []).map((/** @type {any} */ { author }) => author)];
    const known = rankPeople(query, near.filter((user) => user !== undefined), MOST);
    const found = query ? await this.#askPeople(query, given.room) : [];
    const all = new Map([...known, ...found].map((/** @type {any} */ user) => [user.id, user]));
    return [...all.values()].slice(0, 2 * MOST).map((user) => ({ id: user.id, text: user.name, below: `@${user.handle}`, user }));
  }

  /** @param {string} query @param {string} room */
  async #askPeople(query, room) {
    const { client } = this.page;
    if (!client.signedIn) return [];
    const [{ members }, { users }] = await Promise.all([
      client.rooms.has(room) ? client.ask("room.members", { room, query }).catch(() => ({ members: [] })) : { members: [] },
      client.ask("user.search", { query }).catch(() => ({ users: [] })),
    ]);
    const found = [...members.map((/** @type {any} */ { user }) => user), ...users];
    for (const user of found) client.people.know(user);
    return found;
  }
}
