/** Settings: language and theme of this browser; name, password, logins, tokens, bots; signing out and leaving. */

import { make } from "../../lib/dom.js";
import { ago } from "../../lib/times.js";
import { applyTheme } from "../../lib/theme.js";
import { LANGUAGES } from "../../state/words.js";
import { context, PageElement } from "../element.js";
import { button, field, refusalWords } from "../forms.js";

const NAMES = { en: "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文" };

export class SettingsPage extends PageElement {
  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.done = make("p", { class: "done", attributes: { role: "status" } });
    const parts = this.house.signedIn ? [this.#profile(), this.#password(), this.#logins(), this.#tokens(), this.#bots(), this.#leaving()] : [];
    this.append(
      make("header", {}, make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } }),
        make("h1", { text: this.say("settings.heading"), attributes: { tabindex: "-1" } })),
      make("div", { class: "scroller" }, this.error, this.done, this.#looks(), ...parts),
    );
  }

  attach() {
    if (this.house.signedIn) this.load();
  }

  /** @param {string} key @param {...(Node | null)} children */
  #section(key, ...children) {
    return make("section", { class: "card" }, make("h2", { text: this.say(key) }), ...children);
  }

  #looks() {
    const language = make("select", { on: { change: () => {
      context.preferences.set({ language: language.value });
      context.words.speak(language.value);
    } } }, ...LANGUAGES.map((code) => make("option", { text: /** @type {any} */ (NAMES)[code], attributes: { value: code, lang: code, selected: code === this.language } })));
    const theme = make("select", { on: { change: () => {
      context.preferences.set({ theme: theme.value });
      applyTheme(theme.value);
    } } }, ...["", "light", "dark"].map((name) => make("option", { text: this.say(`settings.theme_${name || "system"}`), attributes: { value: name, selected: name === (context.preferences.chosen.theme ?? "") } })));
    return this.#section("settings.looks",
      make("label", { class: "field", text: this.say("settings.language") }, language),
      make("label", { class: "field", text: this.say("settings.theme") }, theme));
  }

  #profile() {
    const user = this.house.user;
    return this.#section("settings.profile", this.#form([
      field(this.say("account.name"), "name", { value: user?.name, maxlength: "40" }, this.say("settings.name_hint")),
      field(this.say("settings.headline"), "headline", { value: user?.headline ?? "", maxlength: "120", optional: true }),
    ], "composer.save", async (data) => {
      const name = data.get("name");
      const changed = { headline: data.get("headline"), ...(name === user?.name ? {} : { name }) };
      const answer = await this.house.ask("profile.update", changed);
      this.house.rename(answer.user);
    }));
  }

  #password() {
    // Without a name in the form, password managers keep the new password for nobody.
    const name = make("input", { attributes: { name: "username", autocomplete: "username", value: this.house.user?.handle }, set: { hidden: true } });
    return this.#section("settings.password", this.#form([
      name,
      field(this.say("settings.old_password"), "old", { type: "password", autocomplete: "current-password" }),
      field(this.say("account.new_password"), "new", { type: "password", autocomplete: "new-password", minlength: "8" }, this.say("account.password_hint")),
    ], "settings.change_password", async (data) => {
      await this.house.api("account.set_password", { old: data.get("old"), new: data.get("new") });
    }));
  }

  #logins() {
    this.loginList = make("ul", { attributes: { role: "list" } });
    return this.#section("settings.logins", this.loginList);
  }

  #tokens() {
    this.tokenList = make("ul", { attributes: { role: "list" } });
    return this.#section("settings.tokens", make("p", { text: this.say("settings.tokens_words") }), this.tokenList,
      this.#form([field(this.say("settings.label"), "label", { optional: true, maxlength: "60" })], "settings.make_token", async (data) => {
        const { token } = await this.house.ask("token.create", { label: data.get("label") });
        await this.load();
        return token;
      }));
  }

  #bots() {
    return this.#section("settings.bots", make("p", { text: this.say("settings.bots_words") }),
      this.#form([
        field(this.say("account.handle"), "handle", { maxlength: "30", autocomplete: "off" }),
        field(this.say("settings.bot_name"), "name", { maxlength: "40", autocomplete: "off" }),
      ], "settings.make_bot", async (data) => (await this.house.ask("bot.create", Object.fromEntries(data))).token));
  }

  #leaving() {
    return this.#section("settings.leaving",
      button(this.say("account.sign_out"), () => this.#doing(async () => {
        await this.house.depart("account.sign_out");
        context.go("/");
      })),
      make("details", {}, make("summary", { text: this.say("settings.close_account") }), make("p", { text: this.say("settings.close_words") }),
        this.#form([field(this.say("account.password"), "password", { type: "password", autocomplete: "current-password" })], "settings.close_account", async (data) => {
          await this.house.depart("account.close", { password: data.get("password") });
          context.go("/");
        })));
  }

  /** @param {Node[]} fields @param {string} key @param {(data: FormData) => Promise<string | void>} work gives a secret to show once */
  #form(fields, key, work) {
    const secret = make("code", { class: "recovery", set: { hidden: true } });
    const form = make("form", { on: { submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#doing(async () => {
        const shown = await work(new FormData(form));
        secret.textContent = shown ?? "";
        secret.hidden = !shown;
        if (!shown) form.querySelectorAll("input[type=password]").forEach((/** @type {any} */ input) => (input.value = ""));
        this.done.textContent = this.say(shown ? "settings.shown_once" : "settings.saved");
      });
    } } }, ...fields, make("button", { class: "button", text: this.say(key), attributes: { type: "submit" } }), secret);
    return form;
  }

  async load() {
    await this.#doing(async () => {
      const [{ logins }, { tokens }] = await Promise.all([this.house.ask("login.list"), this.house.ask("token.list")]);
      const browsers = logins.filter((/** @type {any} */ login) => login.kind === "browser");
      this.loginList.replaceChildren(...browsers.map((/** @type {any} */ login) => this.#login(login, "login.end", "login")));
      this.tokenList.replaceChildren(...tokens.map((/** @type {any} */ login) => this.#login(login, "token.revoke", "token")));
    });
  }

  /** @param {import("../../lib/shapes.js").Login} login @param {string} method @param {string} name of the parameter */
  #login(login, method, name) {
    const what = login.label || shortAgent(login.agent ?? "") || this.say("settings.some_login");
    const when = this.say("settings.used", { when: ago(this.language, login.used_at, Date.now()) });
    const end = login.current ? make("span", { class: "role", text: this.say("settings.this_one") })
      : button(this.say("settings.end"), () => this.#doing(async () => {
        await this.house.ask(method, { [name]: login.id });
        await this.load();
      }));
    return make("li", {}, make("div", {}, make("span", { text: what }), make("small", { text: [when, login.address].filter(Boolean).join(" · ") })), end);
  }

  /** @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = this.done.textContent = "";
    try {
      await work();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, refusal);
    }
  }
}

/** @param {string} agent what a browser calls itself */
function shortAgent(agent) {
  const browser = ["MicroMessenger", "Edg", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(name)) ?? "";
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((name) => agent.includes(name)) ?? "";
  const known = { MicroMessenger: "WeChat", Edg: "Edge" };
  return [/** @type {any} */ (known)[browser] ?? browser, system].filter(Boolean).join(", ");
}
