/** A changed name or picture shows at once wherever it stands: names and seals say whose they are. */

import { drawSeal, makeSeal } from "./seal.js";

/**
 * @param {ParentNode} page
 * @param {{id: string, handle: string, name: string, avatar?: string}} renamed as they are called from now on; who has left is called nothing
 * @param {import("../state/words.js").Words} words
 */
export function renameShown(page, renamed, words) {
  const user = { ...renamed, name: renamed.name || words.say("people.left") };
  const whose = `[data-user="${CSS.escape(user.id)}"]`;
  for (const name of page.querySelectorAll(`.name${whose}`)) name.textContent = user.name;
  for (const seal of page.querySelectorAll(`.seal${whose}`)) seal.replaceWith(seal.closest("[data-drawn]") ? drawSeal(user) : makeSeal(user));
}
