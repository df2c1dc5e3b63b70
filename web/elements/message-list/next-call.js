/**
 * The next unread message that calls me, where the room does not hold it: my notifications know who called me by name or
 * answered me. A call to everyone makes none, so where calls are missing the pages between are looked through.
 *
 * @typedef {import("../../state/client.js").Client} Client
 * @typedef {import("../../state/room.js").Room} Room
 */

const PAGE = 100;
const MOST_PAGES = 20;

/** @param {Client} client @param {Room} room @param {number} after the seq behind which to look @returns {Promise<number | undefined>} */
export async function nextCall(client, room, after) {
  await learnCalls(client, room);
  const known = room.nextCall(after, client.me);
  if (!room.unknownCalls(client.me)) return known;
  const found = await lookThrough(client, room, Math.max(after, room.readSeq), known ?? Infinity).catch(() => undefined);
  if (found) room.keepCalls([found], client.me);
  return found ?? known;
}

/** Ask the notifications which unread messages of the room call me. @param {Client} client @param {Room} room */
export async function learnCalls(client, room) {
  const { items } = await client.ask("inbox.list").catch(() => ({ items: [] }));
  const told = items.filter((/** @type {any} */ item) => item.room === room.id && ["mention", "reply"].includes(item.kind));
  room.keepCalls(told.map((/** @type {any} */ { seq }) => seq), client.me);
}

/** @param {Client} client @param {Room} room @param {number} from @param {number} until */
async function lookThrough(client, room, from, until) {
  for (let pages = 0; pages < MOST_PAGES && from + 1 < until; pages += 1) {
    const { messages } = await client.ask("message.history", { room: room.id, after: from, limit: PAGE });
    const found = messages.find((/** @type {any} */ message) => room.callsMe(message, client.me));
    if (found || !messages.length) return found?.seq;
    from = messages.at(-1).seq;
  }
  return undefined;
}
