/** Settings: who may say hi, how one is found, what others see of one's coming and going, and whom one has blocked. */

import { button, make, nameOf } from "../../lib/dom.js";
import { makeSeal } from "../../lib/seal.js";
import { arrived, knows } from "../later.js";

const HI_FROM = ["room", "answered", "nobody"];
const FINDABLE = ["interests", "name", "nothing"];

/** @param {import("./settings-page.js").SettingsPage} page */
export function privacyPage(page) {
  const [hi, found, blocks] = [make("div"), make("div"), make("div")];
  page.doing(async () => {
    const [{ users: [me] }, poke, { users: blocked }] = await Promise.all([
      page.client.ask("user.get", { users: [page.client.me] }), page.client.ask("poke.list"), page.client.ask("block.list"),
    ]);
    await sayHi(page, hi, poke.from);
    found.append(foundPart(page, me));
    showBlocked(page, blocks, blocked);
  });
  return [hi, found, blocks];
}

/** @param {import("./settings-page.js").SettingsPage} page @param {HTMLElement} place @param {string} from */
async function sayHi(page, place, from) {
  if (knows("hi-choice") && (await arrived("hi-choice"))) return place.append(make("section", { class: "card" }, make("hi-choice")));
  return place.append(page.section("settings.hi", page.choice("hi", "settings.hi_from", HI_FROM.map((value) => [value, page.say(`settings.hi_${value}`)]), from,
    (value) => page.doing(() => page.client.ask("poke.allow", { from: value }))), make("small", { text: page.say("settings.hi_words") })));
}

/** @param {import("./settings-page.js").SettingsPage} page @param {any} me */
function foundPart(page, me) {
  const update = (/** @type {object} */ change) => page.doing(() => page.client.ask("profile.update", change));
  return page.section("settings.found",
    me.findable === undefined ? null : page.choice("findable", "settings.findable", FINDABLE.map((value) => [value, page.say(`settings.findable_${value}`)]), me.findable, (findable) => update({ findable })),
    me.listable === undefined ? null : page.toggle("settings.listable", me.listable, (listable) => update({ listable })),
    page.toggle("settings.presence_hidden", me.presence === "hidden", (hidden) => update({ presence: hidden ? "hidden" : "shown" })));
}

/** @param {import("./settings-page.js").SettingsPage} page @param {HTMLElement} place @param {any[]} users */
function showBlocked(page, place, users) {
  const rows = users.map((user) => make("li", {}, makeSeal(user), make("div", {}, nameOf(user), make("small", { text: `@${user.handle}` })),
    button(page.say("tie.unblock"), () => page.doing(async () => {
      await page.client.ask("block.remove", { user: user.id });
      showBlocked(page, place, (await page.client.ask("block.list")).users);
    }))));
  place.replaceChildren(page.section("settings.blocked", rows.length ? make("ul", { attributes: { role: "list" } }, ...rows) : make("p", { class: "lead", text: page.say("settings.nobody_blocked") })));
}
