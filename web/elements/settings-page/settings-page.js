/**
 * Settings, a page for each subject. Property `subject`: which; "" is the list of them on a phone, the profile where there is
 * room for both.
 */

import { make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { PageElement } from "../element.js";
import { actingForm } from "../forms.js";
import { accountPage } from "./account.js";
import { appearancePage } from "./appearance.js";
import { botsPage } from "./bots.js";
import { notificationsPage } from "./notifications.js";
import { privacyPage } from "./privacy.js";
import { profilePage } from "./profile.js";
import "../../lib/more-icons.js";

/** What it is called, its icon, and what makes it. @type {Record<string, {key: string, icon: string, make: (page: SettingsPage) => (Node | null)[]}>} */
const PARTS = {
  profile: { key: "settings.profile", icon: "person", make: profilePage },
  appearance: { key: "settings.looks", icon: "palette", make: appearancePage },
  notifications: { key: "settings.calls", icon: "bell", make: notificationsPage },
  privacy: { key: "settings.privacy", icon: "eye", make: privacyPage },
  account: { key: "settings.account", icon: "phone", make: accountPage },
  bots: { key: "settings.bots", icon: "bot", make: botsPage },
};
const PHONE = "(max-width: 720px)";

export class SettingsPage extends PageElement {
  subject = "";
  #made = false;

  build() {
    this.back = make("a", { class: "back", text: this.say("settings.heading") });
    this.heading = make("h1", { attributes: { tabindex: "-1" } });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.done = make("p", { class: "done", attributes: { role: "status" } });
    this.pages = make("nav", { attributes: { "aria-label": this.say("settings.heading") } });
    this.body = make("div", { class: "pages" });
    this.append(make("header", {}, this.back, this.heading), make("div", { class: "scroller" }, this.pages, make("div", { class: "column" }, this.error, this.done, this.body)));
  }

  attach() {
    for (const name of ["session", "rooms"]) this.listen(this.client, name, () => this.show());
    this.show();
  }

  /** Without an account there is only how the page looks. */
  get #shown() {
    if (!this.client.signedIn) return "appearance";
    return PARTS[this.subject] ? this.subject : matchMedia(PHONE).matches ? "" : "profile";
  }

  show() {
    if (!this.client.began && !this.client.signedIn) return;
    const shown = this.#shown;
    const { key = "settings.heading" } = PARTS[shown] ?? {};
    this.dataset.part = shown;
    this.heading.textContent = this.say(this.client.signedIn ? key : "settings.heading");
    this.back.href = this.client.signedIn ? "/settings" : "/";
    this.back.hidden = !shown;
    if (this.#made) return;
    this.#made = this.client.began;
    this.pages.hidden = !this.client.signedIn;
    this.pages.replaceChildren(this.#me(), ...Object.entries(PARTS).map(([name, part]) => this.#link(`/settings/${name}`, part.icon, part.key, name === shown)),
      this.client.user?.admin ? this.#link("/community", "shield", "community.heading", false) : "");
    this.body.replaceChildren(...(PARTS[shown]?.make(this) ?? []).filter((part) => part !== null));
  }

  /** On a phone one's own page is reached from here. */
  #me() {
    const { user } = this.client;
    if (!user) return "";
    return make("a", { class: "me", attributes: { href: `/user/${encodeURIComponent(user.handle)}` } }, makeSeal(user),
      make("span", {}, make("bdi", { class: "name", text: user.name }), make("small", { text: `@${user.handle}` })), icon("right"));
  }

  /** @param {string} href @param {string} name of the icon @param {string} key @param {boolean} current */
  #link(href, name, key, current) {
    return make("a", { attributes: { href, "aria-current": current ? "page" : undefined } }, icon(name), make("span", { text: this.say(key) }), icon("right", "on"));
  }

  // --- what the pages share -----------------------------------------------------------------------------------------

  /** @param {string} key @param {...(Node | string | null)} children */
  section(key, ...children) {
    return make("section", { class: "card" }, make("h2", { class: this.say(key) === this.heading.textContent ? "unseen" : "", text: this.say(key) }), ...children);
  }

  /** One of a few. @param {string} name @param {string} key @param {[string, string][]} choices value and words @param {string} chosen @param {(value: string) => void} choose */
  choice(name, key, choices, chosen, choose) {
    return make("fieldset", { class: "choice" }, make("legend", { text: this.say(key) }), ...choices.map(([value, words]) => make("label", { class: "chip" },
      make("input", { attributes: { type: "radio", name, value, checked: value === chosen }, on: { change: () => choose(value) } }), make("span", { text: words }))));
  }

  /** On or off, at once. @param {string} key @param {boolean} on @param {(on: boolean, input: HTMLInputElement) => any} change @param {string} [words] below it */
  toggle(key, on, change, words = "") {
    const input = make("input", { attributes: { type: "checkbox", role: "switch", checked: on }, on: { change: () => change(input.checked, input) } });
    return make("label", { class: "check toggle" }, make("span", {}, this.say(key), words ? make("small", { text: words }) : null), input);
  }

  /** @param {(Node | null)[]} fields @param {string} key @param {(data: FormData) => Promise<string | void>} work gives a secret to show once */
  form(fields, key, work) {
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

  /** @param {() => Promise<any>} work */
  async doing(work) {
    this.error.textContent = this.done.textContent = "";
    try {
      await work();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, refusal);
    }
  }
}
