/** Settings: when this browser notifies, and of what each room does. */

import { make } from "../../lib/dom.js";
import { inOrder } from "../../state/room-order.js";
import { context } from "../element.js";

const LEVELS = ["all", "mentions", "none"];

/** @param {import("./settings-page.js").SettingsPage} page */
export function notificationsPage(page) {
  return [browserPart(page), greetsPart(page), roomsPart(page)];
}

/** @param {import("./settings-page.js").SettingsPage} page */
function browserPart(page) {
  const { on, night } = context.preferences.notify;
  const from = make("input", { attributes: { type: "time", value: night.from }, on: { change: () => keep() } });
  const to = make("input", { attributes: { type: "time", value: night.to }, on: { change: () => keep() } });
  let calls = on;
  const keep = () => context.preferences.set({ notify: { on: calls, night: { from: from.value, to: to.value } } });
  const ask = async (/** @type {boolean} */ wanted, /** @type {HTMLInputElement} */ input) => {
    page.error.textContent = "";
    const allowed = !wanted || (await context.aside().then(() => context.calls.askLeave()));
    if (!allowed) page.error.textContent = page.say("settings.no_leave");
    input.checked = calls = wanted && Boolean(allowed);
    keep();
  };
  return page.section("settings.this_browser_heading", page.toggle("settings.calls_on", on, ask, page.say("settings.calls_words")),
    make("div", { class: "night" }, make("label", { class: "field", text: page.say("settings.night_from") }, from),
      make("label", { class: "field", text: page.say("settings.night_to") }, to)));
}

/** @param {import("./settings-page.js").SettingsPage} page */
function greetsPart(page) {
  const place = make("div");
  page.doing(async () => {
    const { users } = await page.client.ask("user.get", { users: [page.client.me] });
    place.append(page.section("settings.newcomers", page.toggle("settings.greets", Boolean(users[0].greets),
      (greets) => page.doing(() => page.client.ask("profile.update", { greets })), page.say("settings.greets_words"))));
  });
  return place;
}

/** @param {import("./settings-page.js").SettingsPage} page */
function roomsPart(page) {
  const { talks, rooms } = inOrder(page.client.rooms.values(), context.preferences.chosen.favourites ?? []);
  return page.section("rooms.all", make("ul", { attributes: { role: "list" } }, ...[...rooms, ...talks].map((room) => {
    const select = make("select", { attributes: { "aria-label": room.title(page.language) }, on: { change: () => page.doing(() => page.client.ask("room.notify", { room: room.id, level: select.value })) } },
      ...LEVELS.map((level) => make("option", { text: page.say(`notify.${level}`), attributes: { value: level, selected: level === room.state.notify } })));
    return make("li", {}, make("bdi", { text: room.title(page.language) }), select);
  })));
}
