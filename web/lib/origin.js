/**
 * How two people came to know each other, in a few words.
 *
 * @typedef {{say: (key: string, values?: any) => string, language: string, client: import("../state/client.js").Client}} Speaker
 */

import { shortDate } from "./times.js";

/** @param {Speaker} element @param {any} origin as a tie tells it; absent where nothing began */
export function originWords(element, origin) {
  if (!origin) return "";
  return element.say(`tie.origin.${origin.how}`, { room: originRoom(element, origin), date: shortDate(element.language, origin.at) });
}

/** The room's title, as far as the reader may know it. @param {Speaker} element @param {any} origin @returns {string} */
export function originRoom(element, origin) {
  const known = element.client.find(origin.room)?.title(element.language);
  return known ?? origin.titles?.[element.language] ?? (origin.title || element.say("tie.some_room"));
}
