/**
 * In which order rooms are listed: conversations by recency; rooms with favourites first, then what is unread, then by
 * recency, muted rooms last. Rooms of a question of the day are not listed.
 *
 * @typedef {import("./room.js").Room} Room
 */

/**
 * @param {Iterable<Room>} all in the order of joining, which decides where nothing else does
 * @param {readonly string[]} favourites ids, in the order they were chosen
 * @returns {{talks: Room[], rooms: Room[]}}
 */
export function inOrder(all, favourites) {
  const listed = [...all].filter(({ state }) => !state.question_of);
  const talks = listed.filter(({ state }) => state.kind === "direct");
  const rooms = listed.filter(({ state }) => state.kind !== "direct");
  return { talks: talks.sort(newerFirst), rooms: rooms.sort((one, other) => rank(one, favourites) - rank(other, favourites) || newerFirst(one, other)) };
}

/** @param {Room} room @param {readonly string[]} favourites */
function rank(room, favourites) {
  const at = favourites.indexOf(room.id);
  if (at >= 0) return at / favourites.length;
  if (room.state.notify === "none") return 4;
  if (room.calls) return 1;
  return room.unread ? 2 : 3;
}

/** @param {Room} one @param {Room} other */
function newerFirst(one, other) {
  return other.lastAt - one.lastAt;
}
