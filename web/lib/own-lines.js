/**
 * One's own last lines in a room, as the server will take them along with a hello: said ten minutes before or earlier and
 * never edited, so that none was written for this one person.
 */

const LINES = 3;
const SAID_BEFORE = 10 * 60_000;
/** How far the server looks back; chatserver/services/friends/pairs.py. */
const LOOK_BACK = 200;
const PAGE = 100;

/** @param {import("../state/client.js").Client} client @param {string} room @returns {Promise<any[]>} oldest first */
export async function ownLines(client, room) {
  /** @type {any[]} */ let found = [];
  let before = undefined;
  for (let looked = 0; looked < LOOK_BACK && found.length < LINES; looked += PAGE) {
    const page = await client.ask("message.history", { room, limit: PAGE, before });
    found = [...page.messages.filter((/** @type {any} */ message) => counts(client, message)), ...found];
    if (!page.more) break;
    before = page.messages[0]?.seq;
  }
  return found.slice(-LINES);
}

/** @param {import("../state/client.js").Client} client @param {any} message */
function counts(client, { author, at, deleted, edited_at: edited }) {
  return author.id === client.me && !deleted && !edited && at <= client.now() - SAID_BEFORE;
}
