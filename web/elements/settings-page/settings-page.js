/**
 * Settings, on one screen: how this browser looks and when it calls; what others see of one; password and recovery code;
 * logins, tokens, bots; signing out and leaving.
 */

import { LONGEST } from "../../lib/limits.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { refusalWords } from "../../lib/refusal.js";
import { ago } from "../../lib/times.js";
import { applyTheme } from "../../lib/theme.js";
import { LANGUAGES } from "../../state/words.js";
import { askFirst } from "../ask-first.js";
import { context, PageElement } from "../element.js";
import { actingForm, field } from "../forms.js";
import { want } from "../later.js";

const NAMES = { en: "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文" };

export class SettingsPage extends PageElement {
  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.done = make("p", { class: "done", attributes: { role: "status" } });
    this.profile = make("div");
    this.card = make("div");
    const parts = this.client.signedIn ? [this.profile, this.card, this.#calls(), this.#password(), this.#recovery(), this.#logins(), this.#tokens(), this.#bots(), this.#leaving()] : [];
    this.append(
      make("header", {}, make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } }),
        make("h1", { text: this.say("settings.heading"), attributes: { tabindex: "-1" } })),
      make("div", { class: "scroller" }, this.error, this.done, this.#looks(), ...parts),
    );
  }

  attach() {
    this.listen(this.client, "session", () => this.load());
    if (this.client.began) this.load();
  }

  /** @param {string} key @param {...(Node | null)} children */
  #section(key, ...children) {
    return make("section", { class: "part" }, make("h2", { text: this.say(key) }), ...children);
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

  /** @param {any} user as user.get tells oneself */
  #profile(user) {
    const about = make("textarea", { text: user.about ?? "", attributes: { name: "about", rows: "4", "data-most": LONGEST.about } });
    const forFriends = make("textarea", { text: user.for_friends ?? "", attributes: { name: "for_friends", rows: "3", "data-most": LONGEST.about } });
    const hidden = make("input", { attributes: { type: "checkbox", name: "hidden", checked: user.presence === "hidden" } });
    const open = user.rooms.filter((/** @type {any} */ room) => this.#mayBeShown(room.room));
    const rooms = open.map((/** @type {any} */ room) => make("label", { class: "check" },
      make("input", { attributes: { type: "checkbox", name: "shown_rooms", value: room.room, checked: user.shown_rooms?.includes(room.room) } }),
      make("bdi", { text: room.titles?.[this.language] ?? room.title })));
    const shown = rooms.length ? make("fieldset", {}, make("legend", { text: this.say("settings.shown_rooms") }), ...rooms) : null;
    const form = this.#form([
      field(this.say("account.name"), "name", { value: user.name, "data-most": LONGEST.name }, this.say("settings.name_hint")),
      field(this.say("settings.headline"), "headline", { value: user.headline ?? "", "data-most": LONGEST.headline, optional: true }),
      make("label", { class: "field", text: this.say("settings.about") }, about),
      make("label", { class: "field", text: this.say("settings.for_friends") }, forFriends),
      field(this.say("settings.interests"), "interests", { value: (user.interests ?? []).join(" "), optional: true }, this.say("finder.tags_hint")),
      field(this.say("settings.languages"), "languages", { value: (user.languages ?? []).join(" "), optional: true }, this.say("settings.languages_hint")),
      field(this.say("settings.home_town"), "home_town", { value: user.home_town ?? "", "data-most": LONGEST.homeTown, optional: true, autocomplete: "address-level2" }),
      field(this.say("settings.time_zone"), "time_zone", { value: user.time_zone ?? "", optional: true, placeholder: Intl.DateTimeFormat().resolvedOptions().timeZone }),
      shown,
      make("label", { class: "check" }, hidden, make("span", { text: this.say("settings.presence_hidden") })),
    ], "composer.save", async (data) => {
      const answer = await this.client.ask("profile.update", profileFrom(data, user));
      this.client.people.changed({ ...this.client.user, ...answer.user });
    });
    return this.#section("settings.profile", form);
  }

  /** Everyone may see which open rooms one shows; others are nobody's business. @param {string} id */
  #mayBeShown(id) {
    const state = this.client.rooms.get(id)?.state;
    return state?.kind === "open" && !state.archived;
  }

  /** When this browser calls. */
  #calls() {
    const { on, night } = context.preferences.notify;
    const keep = () => context.preferences.set({ notify: { on: calls.checked, night: { from: from.value, to: to.value } } });
    const calls = make("input", { attributes: { type: "checkbox", checked: on }, on: { change: async () => {
      this.error.textContent = "";
      if (calls.checked && !(await context.calls?.askLeave())) {
        calls.checked = false;
        this.error.textContent = this.say("settings.no_leave");
      }
      keep();
    } } });
    const from = make("input", { attributes: { type: "time", value: night.from }, on: { change: keep } });
    const to = make("input", { attributes: { type: "time", value: night.to }, on: { change: keep } });
    return this.#section("settings.calls",
      make("label", { class: "check" }, calls, make("span", { text: this.say("settings.calls_on") })),
      make("div", { class: "night" }, make("label", { class: "field", text: this.say("settings.night_from") }, from),
        make("label", { class: "field", text: this.say("settings.night_to") }, to)),
      make("small", { text: this.say("settings.calls_words") }));
  }

  #recovery() {
    return this.#section("settings.recovery", make("p", { text: this.say("settings.recovery_words") }),
      this.#form([field(this.say("account.password"), "password", { type: "password", autocomplete: "current-password" })], "settings.new_recovery",
        async (data) => (await this.client.ask("account.renew_recovery", { password: data.get("password") })).recovery));
  }

  #password() {
    // Without a name in the form, password managers keep the new password for nobody.
    const name = make("input", { attributes: { name: "username", autocomplete: "username", value: this.client.user?.handle }, set: { hidden: true } });
    return this.#section("settings.password", this.#form([
      name,
      field(this.say("settings.old_password"), "old", { type: "password", autocomplete: "current-password" }),
      field(this.say("account.new_password"), "new", { type: "password", autocomplete: "new-password", minlength: "8" }, this.say("account.password_hint")),
    ], "settings.change_password", async (data) => {
      await this.client.api("account.set_password", { old: data.get("old"), new: data.get("new") });
    }));
  }

  #logins() {
    this.loginList = make("ul", { attributes: { role: "list" } });
    return this.#section("settings.logins", this.loginList);
  }

  #tokens() {
    this.tokenList = make("ul", { attributes: { role: "list" } });
    return this.#section("settings.tokens", make("p", { text: this.say("settings.tokens_words") }), this.tokenList,
      this.#form([field(this.say("settings.label"), "label", { optional: true, "data-most": "60" })], "settings.make_token", async (data) => {
        const { token } = await this.client.ask("token.create", { label: data.get("label") });
        await this.load();
        return token;
      }));
  }

  #bots() {
    this.botList = make("ul", { attributes: { role: "list" } });
    this.botSecret = make("code", { class: "recovery", set: { hidden: true } });
    return this.#section("settings.bots", make("p", { text: this.say("settings.bots_words") }), this.botList, this.botSecret,
      this.#form([
        field(this.say("account.handle"), "handle", { "data-most": LONGEST.handle, autocomplete: "off" }),
        field(this.say("settings.bot_name"), "name", { "data-most": LONGEST.name, autocomplete: "off" }),
      ], "settings.make_bot", async (data) => {
        const { token } = await this.client.ask("bot.create", Object.fromEntries(data));
        await this.load();
        return token;
      }));
  }

  /** @param {{user: import("../../lib/shapes.js").User}} bot */
  #bot({ user }) {
    const renew = button(this.say("settings.renew_token"), () => this.#doing(async () => {
      if (!(await askFirst(this, "settings.confirm_renew", "settings.renew_token"))) return;
      this.botSecret.textContent = (await this.client.ask("bot.renew_token", { bot: user.id })).token;
      this.botSecret.hidden = false;
      this.done.textContent = this.say("settings.shown_once");
    }));
    const close = button(this.say("settings.close_bot"), () => this.#doing(async () => {
      if (!(await askFirst(this, "settings.confirm_close_bot", "settings.close_bot"))) return;
      await this.client.ask("bot.close", { bot: user.id });
      await this.load();
    }), "action grave");
    return make("li", {}, make("div", {}, nameOf(user), make("small", { text: `@${user.handle}` })), renew, close);
  }

  #leaving() {
    return this.#section("settings.leaving",
      button(this.say("account.sign_out"), () => this.#doing(async () => {
        await this.client.depart("account.sign_out");
        context.go("/");
      })),
      make("details", {}, make("summary", { text: this.say("settings.close_account") }), make("p", { text: this.say("settings.close_words") }),
        this.#form([field(this.say("account.password"), "password", { type: "password", autocomplete: "current-password" })], "settings.close_account", async (data) => {
          await this.client.depart("account.close", { password: data.get("password") });
          context.go("/");
        })));
  }

  /** @param {(Node | null)[]} fields @param {string} key @param {(data: FormData) => Promise<string | void>} work gives a secret to show once */
  #form(fields, key, work) {
    const secret = make("code", { class: "recovery", set: { hidden: true } });
    const form = actingForm(this, fields.filter(Boolean), this.say(key), async (data) => {
      const shown = await work(data);
      secret.textContent = shown ?? "";
      secret.hidden = !shown;
      if (!shown) form.querySelectorAll("input[type=password]").forEach((/** @type {any} */ input) => (input.value = ""));
      return shown ? this.say("settings.shown_once") : undefined;
    });
    form.append(secret);
    return form;
  }

  async load() {
    if (!this.client.signedIn) return;
    await this.#doing(async () => {
      const [{ logins }, { tokens }, { bots }, { users }] = await Promise.all([
        this.client.ask("login.list"), this.client.ask("token.list"), this.client.ask("bot.list"),
        this.client.ask("user.get", { users: [this.client.me] }),
      ]);
      if (!this.profile.childElementCount) this.profile.append(this.#profile(users[0]));
      await want("own-card");
      if (!this.card.childElementCount) this.card.append(make("own-card"));
      this.botList.replaceChildren(...bots.map((/** @type {any} */ bot) => this.#bot(bot)));
      const browsers = logins.filter((/** @type {any} */ login) => login.kind === "browser");
      this.loginList.replaceChildren(...browsers.map((/** @type {any} */ login) => this.#login(login, "login.end", "login")));
      this.tokenList.replaceChildren(...tokens.map((/** @type {any} */ login) => this.#login(login, "token.revoke", "token")));
    });
  }

  /** @param {import("../../lib/shapes.js").Login} login @param {string} method @param {string} name of the parameter */
  #login(login, method, name) {
    const what = login.label || shortAgent(login.agent ?? "") || this.say("settings.some_login");
    const when = this.say("settings.used", { when: ago(this.language, login.used_at, Date.now(), this.say("time.just_now")) });
    const end = login.current ? make("span", { class: "role", text: this.say("settings.this_one") })
      : button(this.say("settings.end"), () => this.#doing(async () => {
        await this.client.ask(method, { [name]: login.id });
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

/** What the form says that is not so already. @param {FormData} data @param {any} user */
function profileFrom(data, user) {
  const words = (/** @type {string} */ name) => String(data.get(name) ?? "").split(/[\s,，、]+/).filter(Boolean);
  const name = data.get("name");
  return {
    headline: data.get("headline"), about: data.get("about"), for_friends: data.get("for_friends"), home_town: data.get("home_town"), time_zone: data.get("time_zone"),
    interests: words("interests"), languages: words("languages"), shown_rooms: data.getAll("shown_rooms"),
    presence: data.get("hidden") ? "hidden" : "shown", ...(name === user.name ? {} : { name }),
  };
}

/** @param {string} agent what a browser calls itself */
function shortAgent(agent) {
  const browser = ["MicroMessenger", "Edg", "Firefox", "Chrome", "Safari"].find((name) => agent.includes(name)) ?? "";
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].find((name) => agent.includes(name)) ?? "";
  const known = { MicroMessenger: "WeChat", Edg: "Edge" };
  return [/** @type {any} */ (known)[browser] ?? browser, system].filter(Boolean).join(", ");
}
