/** Settings: what others see of one. */

import { LONGEST } from "../../lib/limits.js";
import { make } from "../../lib/dom.js";
import { makeSeal } from "../../lib/seal.js";
import { field } from "../forms.js";
import { want } from "../later.js";
import { languagePicker, zonePicker } from "./pickers.js";

/** @param {import("./settings-page.js").SettingsPage} page */
export function profilePage(page) {
  const [picture, profile, card] = [make("div"), make("div"), make("div")];
  page.doing(async () => {
    const { users } = await page.client.ask("user.get", { users: [page.client.me] });
    await want("own-picture");
    picture.append(page.section("picture.heading", ownPicture(page)));
    profile.append(page.section("settings.public", profileForm(page, users[0])));
    await want("own-card");
    card.append(make("own-card"));
  });
  return [picture, profile, card];
}

/** @param {import("./settings-page.js").SettingsPage} page */
function ownPicture({ client }) {
  return make("own-picture", { set: { purpose: "avatar", shown: () => ({ picture: client.user?.avatar ?? "", face: makeSeal(client.user) }),
    keep: async (/** @type {string} */ avatar) => {
      const { user } = await client.ask("profile.update", { avatar });
      client.people.changed({ .../** @type {any} */ (client.user), avatar: user.avatar });
    } } });
}

/** @param {import("./settings-page.js").SettingsPage} page @param {any} user as user.get tells oneself */
function profileForm(page, user) {
  const area = (/** @type {string} */ name, /** @type {string} */ key, /** @type {string} */ rows) => make("label", { class: "field", text: page.say(key) },
    make("textarea", { text: user[name] ?? "", attributes: { name, rows, "data-most": LONGEST.about } }));
  return page.form([
    field(page.say("account.name"), "name", { value: user.name, "data-most": LONGEST.name }, page.say("settings.name_hint")),
    field(page.say("settings.headline"), "headline", { value: user.headline ?? "", "data-most": LONGEST.headline, optional: true }),
    area("about", "settings.about", "4"),
    area("for_friends", "settings.for_friends", "3"),
    field(page.say("settings.interests"), "interests", { value: (user.interests ?? []).join(" "), optional: true }, page.say("finder.tags_hint")),
    languagePicker(page, user.languages ?? []),
    field(page.say("settings.home_town"), "home_town", { value: user.home_town ?? "", "data-most": LONGEST.homeTown, optional: true, autocomplete: "address-level2" }),
    zonePicker(page, user.time_zone ?? ""),
    shownRooms(page, user),
  ], "composer.save", async (data) => {
    const answer = await page.client.ask("profile.update", profileFrom(data, user));
    page.client.people.changed({ ...page.client.user, ...answer.user, avatar: answer.user.avatar });
  });
}

/** Everyone may see which open rooms one shows; others are nobody's business. @param {import("./settings-page.js").SettingsPage} page @param {any} user */
function shownRooms(page, user) {
  const open = user.rooms.filter((/** @type {any} */ { room }) => {
    const state = page.client.rooms.get(room)?.state;
    return state?.kind === "open" && !state.archived && !state.question_of;
  });
  if (!open.length) return null;
  return make("fieldset", {}, make("legend", { text: page.say("settings.shown_rooms") }), ...open.map((/** @type {any} */ room) => make("label", { class: "check" },
    make("input", { attributes: { type: "checkbox", name: "shown_rooms", value: room.room, checked: user.shown_rooms?.includes(room.room) } }),
    make("bdi", { text: room.titles?.[page.language] ?? room.title }))));
}

/** What the form says that is not so already. @param {FormData} data @param {any} user */
function profileFrom(data, user) {
  const interests = String(data.get("interests") ?? "").split(/[\s,，、]+/).filter(Boolean);
  const name = data.get("name");
  return {
    headline: data.get("headline"), about: data.get("about"), for_friends: data.get("for_friends"), home_town: data.get("home_town"), time_zone: data.get("time_zone"),
    interests, languages: data.getAll("languages"), shown_rooms: data.getAll("shown_rooms"), ...(name === user.name ? {} : { name }),
  };
}
