/** One's own pokes on their way, so that messages and people can say so. */

/** @param {import("./house.js").House} house */
export async function learnSent(house) {
  if (!house.signedIn || !house.wire.live) return;
  const { sent } = await house.ask("poke.list").catch(() => ({ sent: [...house.sent.values()] }));
  house.keepSent(sent);
}

/**
 * Know them from a person's first session on, and anew whenever something came; not at every session, for after a restart
 * of the house all begin one at once.
 *
 * @param {import("./house.js").House} house
 */
export function keepPokes(house) {
  let me = "";
  const begin = () => {
    if (house.began && me !== house.me) learnSent(house);
    me = house.me;
  };
  house.addEventListener("session", begin);
  house.addEventListener("inbox", (event) => /** @type {CustomEvent} */ (event).detail && learnSent(house));
  begin();
}
