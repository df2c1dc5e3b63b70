/** Who is banned from a room, for its moderators. */

import { button, make, nameOf } from "../../lib/dom.js";
import { userPath } from "../../lib/paths.js";
import { makeSeal } from "../../lib/seal.js";
import { fullTime } from "../../lib/times.js";

const MOST = 500;

/** @param {import("./room-people.js").RoomPeople} page @returns {HTMLElement} the list, filled as it is read */
export function bansOf(page) {
  const list = make("ul", { class: "people bans", attributes: { role: "list", tabindex: "-1" } });
  page.doing(() => load(page, list));
  return list;
}

/** @param {import("./room-people.js").RoomPeople} page @param {any} list */
async function load(page, list) {
  const rows = [];
  let after = "";
  do {
    const answer = await page.client.ask("room.bans", { room: page.room, ...(after ? { after } : {}) });
    rows.push(...answer.bans.map((/** @type {any} */ ban) => rowOf(page, list, ban)));
    after = answer.next ?? "";
  } while (after && rows.length < MOST);
  list.replaceChildren(...(rows.length ? rows : [make("li", { text: page.say("people.nobody_kept_out") })]));
}

/** @param {import("./room-people.js").RoomPeople} page @param {any} list @param {{user: import("../../lib/shapes.js").User, until?: number}} ban */
function rowOf(page, list, { user, until }) {
  const below = until ? page.say("people.until", { time: fullTime(page.language, until) }) : user.handle ? `@${user.handle}` : "";
  const letIn = button(page.say("people.let_in"), () => page.doing(async () => {
    await page.client.ask("room.unban", { room: page.room, user: user.id });
    await load(page, list);
    list.focus();
  }));
  letIn.setAttribute("aria-label", page.say("people.let_in_name", { name: user.name }));
  const name = nameOf({ ...user, name: user.name || page.say("people.left") });
  return make("li", {}, makeSeal(user), make("div", {}, user.handle ? make("a", { attributes: { href: userPath(user.handle) } }, name) : name,
    make("span", { class: "handle", text: below })), letIn);
}
