/** What a room's moderators may change of it. */

import { LONGEST } from "../../lib/limits.js";
import { make } from "../../lib/dom.js";
import { actingForm, field } from "../forms.js";

/** @param {import("./room-people.js").RoomPeople} page @param {import("../../state/room.js").Room} room */
export function settingsForm(page, { state }) {
  const owns = state.role === "owner" || page.client.user?.admin;
  const admin = page.client.user?.admin && state.kind === "open" && !state.never_window;
  const about = make("textarea", { text: state.about, attributes: { name: "about", rows: "3", "data-most": LONGEST.about } });
  return actingForm(page, [
    field(page.say("finder.title"), "title", { value: state.title, "data-most": LONGEST.title }),
    make("label", { class: "field", text: page.say("finder.about") }, about),
    field(page.say("finder.tags"), "tags", { value: state.tags.join(" "), optional: true }, page.say("finder.tags_hint")),
    field(page.say("people.slow_mode"), "slow_mode", { type: "number", min: "0", max: "21600", value: String(state.slow_mode ?? 0) }),
    check(page, "question", "people.question", Boolean(state.question)),
    owns ? check(page, "forum", "people.forum", Boolean(state.forum)) : null,
    check(page, "pokes", "people.pokes", state.pokes !== false),
    admin ? check(page, "window", "people.window", Boolean(state.window)) : null,
    owns && state.kind === "open" && !state.window ? check(page, "never_window", "people.never_window", Boolean(state.never_window), Boolean(state.never_window)) : null,
  ], page.say("composer.save"), async (data) => {
    await page.client.ask("room.update", { room: page.room, ...changesOf(data, state, Boolean(admin)) });
  });
}

/** @param {import("./room-people.js").RoomPeople} page @param {string} name @param {string} key @param {boolean} checked @param {boolean} [fixed] */
function check(page, name, key, checked, fixed = false) {
  return make("label", { class: "check" }, make("input", { attributes: { type: "checkbox", name, checked, disabled: fixed } }), make("span", { text: page.say(key) }));
}

/** @param {FormData} data @param {any} state @param {boolean} admin */
function changesOf(data, state, admin) {
  return {
    title: data.get("title"), about: data.get("about"), tags: String(data.get("tags")).split(/[\s,，、]+/).filter(Boolean),
    slow_mode: Number(data.get("slow_mode")) || 0, question: Boolean(data.get("question")), pokes: Boolean(data.get("pokes")),
    ...(state.role === "owner" || data.has("forum") ? { forum: Boolean(data.get("forum")) } : {}),
    ...(admin ? { window: Boolean(data.get("window")) } : {}),
    ...(data.get("never_window") && !state.never_window ? { never_window: true } : {}),
  };
}
