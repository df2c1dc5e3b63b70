/** Settings: bots, and tokens for scripts. */

import { LONGEST } from "../../lib/limits.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { askFirst } from "../ask-first.js";
import { field } from "../forms.js";
import { loginRow } from "./account.js";

/** @param {import("./settings-page.js").SettingsPage} page */
export function botsPage(page) {
  return [bots(page), tokens(page)];
}

/** @param {import("./settings-page.js").SettingsPage} page */
function bots(page) {
  const list = make("ul", { attributes: { role: "list" } });
  const secret = make("code", { class: "recovery", set: { hidden: true } });
  const load = async () => {
    const { bots: all } = await page.client.ask("bot.list");
    list.replaceChildren(...all.map((/** @type {any} */ { user }) => botRow(page, user, secret, load)));
  };
  page.doing(load);
  return page.section("settings.my_bots", make("p", { text: page.say("settings.bots_words") }), list, secret, page.form([
    field(page.say("account.handle"), "handle", { "data-most": LONGEST.handle, autocomplete: "off" }),
    field(page.say("settings.bot_name"), "name", { "data-most": LONGEST.name, autocomplete: "off" }),
  ], "settings.make_bot", async (data) => {
    const { token } = await page.client.ask("bot.create", Object.fromEntries(data));
    await load();
    return token;
  }));
}

/** @param {import("./settings-page.js").SettingsPage} page @param {import("../../lib/shapes.js").User} user @param {any} secret @param {() => Promise<any>} load */
function botRow(page, user, secret, load) {
  const renew = button(page.say("settings.renew_token"), () => page.doing(async () => {
    if (!(await askFirst(page, "settings.confirm_renew", "settings.renew_token"))) return;
    secret.textContent = (await page.client.ask("bot.renew_token", { bot: user.id })).token;
    secret.hidden = false;
    page.done.textContent = page.say("settings.shown_once");
  }));
  const close = button(page.say("settings.close_bot"), () => page.doing(async () => {
    if (!(await askFirst(page, "settings.confirm_close_bot", "settings.close_bot"))) return;
    await page.client.ask("bot.close", { bot: user.id });
    await load();
  }), "action grave");
  return make("li", {}, make("div", {}, nameOf(user), make("small", { text: `@${user.handle}` })), renew, close);
}

/** @param {import("./settings-page.js").SettingsPage} page */
function tokens(page) {
  const list = make("ul", { attributes: { role: "list" } });
  const load = async () => {
    const { tokens: all } = await page.client.ask("token.list");
    list.replaceChildren(...all.map((/** @type {any} */ login) => loginRow(page, login, "token.revoke", "token", load)));
  };
  page.doing(load);
  return page.section("settings.tokens", make("p", { text: page.say("settings.tokens_words") }), list,
    page.form([field(page.say("settings.label"), "label", { optional: true, "data-most": "60" })], "settings.make_token", async (data) => {
      const { token } = await page.client.ask("token.create", { label: data.get("label") });
      await load();
      return token;
    }));
}
