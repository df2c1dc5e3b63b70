/**
 * Looking into an open room one is not in: a page of its messages, and what the community says of it to everyone. Loaded
 * with the door of the room, for whoever stands before it.
 *
 * @typedef {import("../lib/shapes.js").RoomListing} RoomListing
 */

import { Room } from "./room.js";

const PAGE = 50;

/**
 * Rejects with a Refusal where one may not look.
 *
 * @param {import("./client.js").Client} client @param {string} id
 */
export async function glimpse(client, id) {
  const page = await client.ask("message.history", { room: id, limit: PAGE });
  const listed = await listing(client, id);
  if (client.rooms.has(id)) return;
  client.glimpses.set(id, glimpsed(id, page, listed));
  client.tell("room", id);
}

/** @param {import("./client.js").Client} client @param {string} id @returns {Promise<RoomListing | undefined>} */
export async function listing(client, id) {
  const { rooms } = await client.api("room.discover", { room: id });
  return rooms[0];
}

/**
 * A room as one sees it through the door.
 *
 * @param {string} id @param {import("../lib/shapes.js").Page} page @param {RoomListing | undefined} listed
 */
function glimpsed(id, page, listed) {
  const { epoch, first_seq, last_seq, rev } = page;
  const { title = "", about = "", tags = [], members = 0, online = 0, titles, abouts, forum = false } = listed ?? {};
  const room = new Room({
    room: id, kind: "open", title, about, tags, titles, abouts, forum, role: "visitor", notify: "none", members, online,
    epoch, first_seq, last_seq, last_id: page.messages.at(-1)?.id ?? "", rev, read_seq: last_seq, unread: 0, mentions: 0,
  });
  room.timeline.take(page);
  return room;
}
