/** What can be changed between the reader and somebody, as choices of a menu: pause, remove as friend, block and the like. */

import { tiesOf } from "../state/ties.js";
import { askFirst } from "./ask-first.js";

/**
 * @param {import("./element.js").PageElement} element whose words and client are used
 * @param {{id: string, name: string, bot?: boolean}} user
 * @param {(refusal: any) => void} refuse hears why something was not done
 * @returns {import("./menu.js").Choice[]} none before it is known what the two are to each other
 */
export function tieChoices(element, user, refuse) {
  const tie = tiesOf(element.client).get(user.id);
  if (!tie || tie.next === "you") return [];
  const say = (/** @type {string} */ key) => element.say(key, { name: user.name });
  const does = async (/** @type {string} */ method, params = {}) => {
    try {
      await element.client.ask(method, { user: user.id, ...params });
      await tiesOf(element.client).load(user.id);
    } catch (refusal) {
      refuse(refusal);
    }
  };
  const choice = (/** @type {string} */ icon, /** @type {string} */ key, /** @type {string} */ method, params = {}) =>
    ({ icon, text: say(key), act: () => does(method, params) });
  const grave = (/** @type {string} */ icon, /** @type {string} */ key, /** @type {string} */ question, /** @type {string} */ method) =>
    ({ icon, text: say(key), grave: true, act: async () => (await askFirst({ say }, question, key)) && does(method) });
  return choicesOf(tie, user, choice, grave);
}

/** @param {any} tie @param {{bot?: boolean}} user @param {any} choice @param {any} grave */
function choicesOf(tie, { bot = false }, choice, grave) {
  const friend = tie.rung === "friend" && !bot;
  const person = friend || (tie.rung === "acquainted" && !bot);
  const asked = person && tie.asked && !friend;
  return [
    asked && tie.wants !== "yes" && choice("heart", "want.become", "tie.want", { yes: true }),
    asked && tie.wants === "yes" && choice("heart", "want.take_back", "tie.want", { yes: false }),
    friend && choice("eye", tie.shows_seen ? "tie.hide_seen" : "tie.show_seen", "tie.show_seen", { on: !tie.shows_seen }),
    person && (tie.paused ? choice("undo", "tie.go_on", "tie.rest", { on: false }) : choice("clock", "tie.rest", "tie.rest", { on: true })),
    friend && grave("leave", "tie.step_back", "tie.confirm_step_back", "tie.step_back"),
    tie.next === "unblock" ? choice("ban", "tie.unblock", "block.remove") : grave("ban", "tie.block", "tie.confirm_block", "block.add"),
  ].filter(Boolean);
}
