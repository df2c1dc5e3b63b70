/** One's own pokes on their way, so that messages and people can say so. */

/** @param {import("./house.js").House} house */
export async function learnSent(house) {
  if (!house.signedIn || !house.wire.live) return;
  const { sent } = await house.ask("poke.list").catch(() => ({ sent: [...house.sent.values()] }));
  house.keepSent(sent);
}

/** Know them from the first session on, and anew whenever something came. @param {import("./house.js").House} house */
export function keepPokes(house) {
  for (const name of ["session", "inbox"]) house.addEventListener(name, () => learnSent(house));
  learnSent(house);
}
