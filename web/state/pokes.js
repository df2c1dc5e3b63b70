/** One's own pokes on their way, so that messages and people can say so. */

/** @param {import("./client.js").Client} client */
export async function learnSent(client) {
  if (!client.signedIn || !client.wire.live) return;
  const { sent } = await client.ask("poke.list").catch(() => ({ sent: [...client.sent.values()] }));
  client.keepSent(sent);
}

/** Know them from the first session on, and again whenever something came. @param {import("./client.js").Client} client */
export function keepPokes(client) {
  for (const name of ["session", "inbox"]) client.addEventListener(name, () => learnSent(client));
  learnSent(client);
}
