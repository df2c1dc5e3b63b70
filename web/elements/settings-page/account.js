/** Settings: password, recovery code, devices, and the ways out. */

import { button, make } from "../../lib/dom.js";
import { ago } from "../../lib/times.js";
import { context } from "../element.js";
import { field } from "../forms.js";

/** @param {import("./settings-page.js").SettingsPage} page */
export function accountPage(page) {
  return [devices(page), password(page), recovery(page), leaving(page)];
}

/** @param {import("./settings-page.js").SettingsPage} page */
function devices(page) {
  const list = make("ul", { attributes: { role: "list" } });
  const load = async () => {
    const { logins } = await page.client.ask("login.list");
    list.replaceChildren(...logins.filter((/** @type {any} */ { kind }) => kind === "browser").map((/** @type {any} */ login) => loginRow(page, login, "login.end", "login", load)));
  };
  page.doing(load);
  return page.section("settings.logins", list);
}

/**
 * A login or a token, with the way to end it.
 *
 * @param {import("./settings-page.js").SettingsPage} page @param {import("../../lib/shapes.js").Login} login
 * @param {string} method that ends it @param {string} name of its parameter @param {() => Promise<any>} load
 */
export function loginRow(page, login, method, name, load) {
  const what = login.label || shortAgent(login.agent ?? "") || page.say("settings.some_login");
  const when = page.say("settings.used", { when: ago(page.language, login.used_at, Date.now(), page.say("time.just_now")) });
  const end = login.current ? make("span", { class: "role", text: page.say("settings.this_one") })
    : button(page.say("settings.end"), () => page.doing(async () => {
      await page.client.ask(method, { [name]: login.id });
      await load();
    }), method === "login.end" ? "action" : "action grave");
  return make("li", {}, make("div", {}, make("span", { text: what }), make("small", { text: [when, login.address].filter(Boolean).join(" · ") })), end);
}

/** @param {import("./settings-page.js").SettingsPage} page */
function password(page) {
  // Without a name in the form, password managers keep the new password for nobody.
  const name = make("input", { attributes: { name: "username", autocomplete: "username", value: page.client.user?.handle }, set: { hidden: true } });
  return page.section("settings.password", page.form([
    name,
    field(page.say("settings.old_password"), "old", { type: "password", autocomplete: "current-password" }),
    field(page.say("account.new_password"), "new", { type: "password", autocomplete: "new-password", minlength: "8" }, page.say("account.password_hint")),
  ], "settings.change_password", async (data) => {
    await page.client.api("account.set_password", { old: data.get("old"), new: data.get("new") });
  }));
}

/** @param {import("./settings-page.js").SettingsPage} page */
function recovery(page) {
  return page.section("settings.recovery", make("p", { text: page.say("settings.recovery_words") }),
    page.form([field(page.say("account.password"), "password", { type: "password", autocomplete: "current-password" })], "settings.new_recovery",
      async (data) => (await page.client.ask("account.renew_recovery", { password: data.get("password") })).recovery));
}

/** @param {import("./settings-page.js").SettingsPage} page */
function leaving(page) {
  const close = page.form([field(page.say("account.password"), "password", { type: "password", autocomplete: "current-password" })], "settings.close_account", async (data) => {
    await page.client.depart("account.close", { password: data.get("password") });
    context.go("/");
  });
  close.querySelector("button[type=submit]")?.classList.add("grave");
  return page.section("settings.leaving",
    button(page.say("account.sign_out"), () => page.doing(async () => {
      await page.client.depart("account.sign_out");
      context.go("/");
    }), "action edged"),
    make("details", {}, make("summary", { class: "grave", text: page.say("settings.close_account") }), make("p", { text: page.say("settings.close_words") }), close));
}

/** @param {string} agent what a browser calls itself */
function shortAgent(agent) {
  const browser = ["MicroMessenger", "Edg", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(name)) ?? "";
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((name) => agent.includes(name)) ?? "";
  const known = { MicroMessenger: "WeChat", Edg: "Edge" };
  return [/** @type {any} */ (known)[browser] ?? browser, system].filter(Boolean).join(", ");
}
