/** The server's clock, for what two screens show at the same moment. */

const TRIES = 3;

/**
 * How far the server's clock is ahead of this one, from the quickest of a few answers.
 *
 * @param {import("../state/client.js").Client} client
 * @returns {Promise<number>} milliseconds, negative where it is behind
 */
export async function clockOffset(client) {
  let best = { took: Infinity, offset: 0 };
  for (let tried = 0; tried < TRIES; tried += 1) {
    const asked = performance.now();
    const { at } = await client.ask("session.ping");
    const took = performance.now() - asked;
    if (took < best.took) best = { took, offset: at + took / 2 - Date.now() };
  }
  return best.offset;
}
