/** Resting on a reaction says who reacted: a few names, and how many more. */

const NAMED = 3;

/** @param {import("../element.js").PageElement} page @param {HTMLElement} rows */
export function tellWhoReacted(page, rows) {
  /** @type {any} */ let shown = null;
  const show = (/** @type {any} */ button) => {
    shown = button;
    if (!button) return;
    const names = namesOf(page, button.closest("message-item").message, button.dataset.emoji);
    button.title = names;
    button.setAttribute("aria-label", `${button.dataset.emoji} ${names}`);
  };
  for (const name of ["pointerover", "focusin"]) page.listen(rows, name, (event) => show(event.target.closest(".reaction")));
  page.listen(page.client, "people", () => shown?.isConnected && show(shown));
  page.listen(page.client, "room", () => shown?.isConnected && show(shown));
}

/** @param {import("../element.js").PageElement} page @param {any} message @param {string} emoji */
function namesOf(page, message, emoji) {
  const { client, language } = page;
  const reaction = client.reactions.shown(message).find((one) => one.emoji === emoji);
  if (!reaction) return "";
  const first = [...reaction.users].sort((one, other) => Number(other === client.me) - Number(one === client.me)).slice(0, NAMED);
  client.people.learn(first.filter((id) => id !== client.me));
  const names = first.map((id) => (id === client.me ? page.say("people.you") : client.people.get(id)?.name)).filter(Boolean);
  const others = reaction.count - names.length;
  if (others > 0) names.push(page.say("message.others", { count: others }));
  return new Intl.ListFormat(language, { type: "conjunction" }).format(/** @type {string[]} */ (names));
}
