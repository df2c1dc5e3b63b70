/** What people say of themselves, and where one can meet them. Property `handle`. */

import { around } from "../../lib/around.js";
import { make, nameOf } from "../../lib/dom.js";
import { path } from "../../lib/scenes.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { scriptLanguage } from "../../lib/script-language.js";
import { makeSeal } from "../../lib/seal.js";
import { shortDate } from "../../lib/times.js";
import { PageElement } from "../element.js";
import { want } from "../later.js";

export class UserProfile extends PageElement {
  handle = "";

  build() {
    this.heading = make("h1", { attributes: { tabindex: "-1" } });
    this.body = make("div", { class: "scroller" });
    this.append(make("header", {}, make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } }), this.heading), this.body);
  }

  attach() {
    this.listen(this.client, "session", () => this.load());
    if (this.client.began) this.load();
  }

  async load() {
    if (!this.client.signedIn) return this.#say(this.say("profile.guest"), "/sign-in", "account.sign_in");
    try {
      const [{ users }] = await Promise.all([this.client.ask("user.get", { handle: this.handle }), want("tie-steps")]);
      this.#show(users[0]);
    } catch (refusal) {
      this.#say(refusalWords(this, /** @type {any} */ (refusal)), "/rooms", "rooms.find");
    }
    return undefined;
  }

  /** @param {string} words @param {string} href @param {string} key of the way on */
  #say(words, href, key) {
    this.heading.textContent = `@${this.handle}`;
    this.body.replaceChildren(make("div", { class: "empty" }, path(), make("p", { text: words }),
      make("a", { class: "button", text: this.say(key), attributes: { href } })));
  }

  /** @param {any} user */
  async #show(user) {
    this.heading.replaceChildren(nameOf(user));
    const marks = [user.bot && "people.bot", user.admin && "profile.admin"].filter(Boolean)
      .map((key) => make("span", { class: "role", text: this.say(key) }));
    this.body.replaceChildren(
      make("div", { class: "face" }, makeSeal(user), make("div", {}, make("p", { class: "handle", text: `@${user.handle}` }),
        ...marks, user.headline ? this.#words(user.headline, "headline") : null)),
      ...(user.id === this.client.me ? [] : [make("tie-steps", { set: { user } })]),
      user.about ? this.#words(user.about, "about") : "",
      user.for_friends ? make("section", { class: "for-friends" }, make("h2", { text: this.say("profile.for_friends") }), this.#words(user.for_friends, "about")) : "",
      this.#facts(user),
      this.#rooms(user),
      ...(user.id === this.client.me ? [make("a", { class: "button", text: this.say("profile.edit"), attributes: { href: "/settings" } })] : []),
    );
    if (user.owner) await this.#showOwner(user.owner);
  }

  /** @param {string} text @param {string} kind */
  #words(text, kind) {
    return make("p", { class: kind, text, attributes: { dir: "auto", lang: scriptLanguage(text) || undefined } });
  }

  /** @param {any} user */
  #facts(user) {
    const names = new Intl.DisplayNames([this.language], { type: "language" });
    const time = user.time_zone ? new Intl.DateTimeFormat(this.language, { timeZone: user.time_zone, timeStyle: "short" }).format(this.client.now()) : "";
    const facts = [
      ["profile.interests", (user.interests ?? []).map((/** @type {string} */ tag) => `#${tag}`).join(" ")],
      ["settings.languages", (user.languages ?? []).map((/** @type {string} */ tag) => names.of(tag) ?? tag).join(", ")],
      ["settings.home_town", user.home_town],
      ["profile.their_time", time],
      ["profile.here_since", shortDate(this.language, user.since)],
    ];
    return make("dl", {}, ...facts.filter(([, value]) => value).flatMap(([key, value]) =>
      [make("dt", { text: this.say(key) }), make("dd", { text: value, attributes: { dir: "auto" } })]));
  }

  /** @param {any} user */
  #rooms(user) {
    const rooms = user.rooms.filter((/** @type {any} */ { room }) => this.client.find(room)?.state.kind !== "direct");
    if (!rooms.length) return make("p", { class: "lead", text: this.say("profile.no_rooms") });
    return make("section", {}, make("h2", { text: this.say("profile.rooms") }), make("ul", { attributes: { role: "list" } },
      ...rooms.map((/** @type {any} */ room) => make("li", {}, make("a", {
        attributes: { href: roomPath(room.room), dir: "auto" }, text: room.titles?.[this.language] ?? room.title,
      }), room.shared ? make("span", { class: "role", text: this.say("profile.shared") }) : null))));
  }

  /** A bot says who runs it and can read what it reads. @param {string} id */
  async #showOwner(id) {
    const { users } = await this.client.ask("user.get", { users: [id] }).catch(() => ({ users: [] }));
    const [owner] = users;
    if (!owner) return;
    const link = make("a", { attributes: { href: userPath(owner.handle) } }, nameOf(owner));
    this.body.append(make("p", { class: "lead" }, ...around(this.say("profile.run_by"), link)));
  }
}
