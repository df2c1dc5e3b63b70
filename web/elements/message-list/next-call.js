/** The next unread message that calls me, where the room does not hold it: my notifications know which they are. */

/**
 * @param {import("../../state/client.js").Client} client
 * @param {import("../../state/room.js").Room} room
 * @param {number} after the seq behind which to look
 * @returns {Promise<number | undefined>}
 */
export async function nextCall(client, room, after) {
  const known = room.nextCall(after, client.me);
  const { items } = await client.ask("inbox.list").catch(() => ({ items: [] }));
  const from = Math.max(after, room.readSeq);
  const told = items.filter((/** @type {any} */ item) => item.room === room.id && item.seq > from && ["mention", "reply"].includes(item.kind))
    .map((/** @type {any} */ { seq }) => seq);
  const all = known ? [known, ...told] : told;
  return all.length ? Math.min(...all) : undefined;
}
