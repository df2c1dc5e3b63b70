/**
 * What the switcher offers for a few letters: conversations and people, rooms one is in and others, acts of the page.
 * Without letters: what has something new, then what was said last. Pure but for what it is given.
 *
 * @typedef {{kind: "talk" | "person" | "room" | "other" | "act", id: string, text: string, below?: string, href?: string,
 *   user?: import("../lib/shapes.js").User, room?: import("./room.js").Room, act?: () => void, icon?: string}} Offer
 */

import { inOrder } from "./room-order.js";
import { rankPeople, rankRooms } from "./completion.js";

const MOST = 8;
/** What the server found. @typedef {{listed: import("../lib/shapes.js").RoomListing[], mine: string[], people: import("../lib/shapes.js").User[]}} Names */
/** @type {Names} */ export const NO_NAMES = { listed: [], mine: [], people: [] };

/** Rooms and people that the server finds for a few letters, also by pinyin. Never rejects. @param {import("./client.js").Client} client @param {string} query @returns {Promise<Names>} */
export async function findNames(client, query) {
  if (!query || !client.signedIn) return NO_NAMES;
  const [{ rooms, mine = [] }, { users }] = await Promise.all([
    client.ask("room.discover", { query }).catch(() => ({ rooms: [] })),
    client.ask("user.search", { query }).catch(() => ({ users: [] })),
  ]);
  return { listed: rooms, mine, people: users };
}

/**
 * @param {string} query
 * @param {{rooms: import("./room.js").Room[], listed: import("../lib/shapes.js").RoomListing[], mine: string[],
 *   people: import("../lib/shapes.js").User[], acts: Offer[], language: string}} known `listed`, `mine` (ids) and `people` are
 *   what the server found: they may only sound like the query
 * @returns {{group: "people" | "rooms" | "acts" | "messages", offers: Offer[]}[]} without groups that have nothing
 */
export function offersFor(query, { rooms, listed, mine, people, acts, language }) {
  const { talks, rooms: many } = inOrder(rooms, []);
  const partners = talks.map((room) => ({ ...room.state.other, id: room.state.other?.id ?? "", name: room.title(language), handle: room.state.other?.handle ?? "", room }));
  const known = new Set(partners.map(({ id }) => id));
  const strangers = people.filter(({ id }) => !known.has(id));
  const found = query ? [...rankPeople(query, partners, MOST), ...strangers.slice(0, MOST)] : partners.slice(0, 5);
  const sounding = new Set(query ? [...mine, ...listed.map(({ room }) => room)] : []);
  const own = rankRooms(query, many.map((room) => ({ id: room.id, titles: titlesOf(room.state), room })), query ? MOST : 6, sounding).map(({ room }) => roomOffer(room, language));
  const others = query ? listed.filter(({ room }) => !rooms.some(({ id }) => id === room)) : [];
  const open = rankRooms(query, others.map((one) => ({ id: one.room, titles: titlesOf(one), one })), MOST, sounding).map(({ one }) => otherOffer(one, language));
  const done = rankRooms(query, acts.map((act) => ({ id: act.id, titles: [act.text], act })), query ? MOST : 4).map(({ act }) => act);
  /** @type {{group: "people" | "rooms" | "acts" | "messages", offers: Offer[]}[]} */
  const groups = [{ group: "rooms", offers: [...own, ...open] }, { group: "people", offers: found.map(personOffer) }, { group: "acts", offers: done }];
  return groups.filter(({ offers }) => offers.length);
}

/** @param {{title: string, titles?: Record<string, string>}} words */
function titlesOf({ title, titles }) {
  return [title, ...Object.values(titles ?? {})];
}

/** @param {any} person @returns {Offer} */
function personOffer({ room, ...user }) {
  return { kind: room ? "talk" : "person", id: room?.id ?? user.id, text: user.name, below: `@${user.handle}`, user, room };
}

/** @param {import("./room.js").Room} room @param {string} language @returns {Offer} */
function roomOffer(room, language) {
  return { kind: "room", id: room.id, text: room.title(language), room, icon: room.state.kind === "closed" ? "lock" : room.state.forum ? "forum" : "hash" };
}

/** @param {import("../lib/shapes.js").RoomListing} listed @param {string} language @returns {Offer} */
function otherOffer({ room, title, titles, forum }, language) {
  return { kind: "other", id: room, text: titles?.[language] ?? title, icon: forum ? "forum" : "hash" };
}
