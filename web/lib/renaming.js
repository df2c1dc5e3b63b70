/** A changed name shows at once wherever it stands: names and seals say whose they are. */

import { makeSeal } from "./seal.js";

/**
 * @param {ParentNode} page
 * @param {{id: string, handle: string, name: string}} user as they are called from now on
 */
export function renameShown(page, user) {
  const whose = `[data-user="${CSS.escape(user.id)}"]`;
  for (const name of page.querySelectorAll(`.name${whose}`)) name.textContent = user.name;
  for (const seal of page.querySelectorAll(`.seal${whose}`)) seal.replaceWith(makeSeal(user));
}
