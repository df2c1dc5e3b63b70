/** What the reader may do with a message, as far as the page can know; the server decides. */

const USUAL = ["👍", "❤️", "😂", "🎉", "👀", "🍵"];
const WELCOME = ["👋", "🌱", "👍", "❤️", "😂", "🍵"];

/** The six that are at hand; who writes for the first time is greeted. @param {import("../../lib/shapes.js").Message} message */
export function sixFor(message) {
  return message.first ? WELCOME : USUAL;
}

/**
 * @param {import("../../state/client.js").Client} client
 * @param {import("../../lib/shapes.js").Message} message
 * @returns {Set<string>} of "react", "reply", "pin", "edit", "delete", "clear" (take away reactions), "topic" (begin one with it), "move" (into a topic), "hi", "talk"
 */
export function rightsTo(client, message) {
  const room = client.rooms.get(message.room);
  if (!room?.isMember || message.deleted) return new Set();
  const isMine = message.author.id === client.me;
  const isDirect = room.state.kind === "direct";
  const writes = !room.state.archived && (room.moderates || room.state.writers !== "moderators");
  const clears = room.moderates && !room.state.archived && Boolean(message.reactions?.length);
  const meets = !isMine && !isDirect && Boolean(message.author.handle) && !message.author.bot;
  const may = {
    react: !room.state.archived, reply: writes, pin: !room.state.archived && (isDirect || room.moderates), edit: isMine && writes,
    delete: isMine || room.moderates || Boolean(client.user?.admin), clear: clears,
    topic: !isDirect && !room.state.archived && (room.moderates || room.state.topics !== "moderators"), move: !isDirect && !room.state.archived && (room.moderates || Boolean(client.user?.admin)),
    hi: meets && room.state.pokes !== false && !client.directWith(message.author.id), talk: meets && Boolean(client.directWith(message.author.id)),
  };
  return new Set(Object.entries(may).filter(([, allowed]) => allowed).map(([name]) => name));
}
