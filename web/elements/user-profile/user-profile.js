/** Somebody as a person: face, what they say of themselves, what you share, and the one next step. Property `handle`. */

import { around } from "../../lib/around.js";
import { make, nameOf } from "../../lib/dom.js";
import { path } from "../../lib/scenes.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { scriptLanguage } from "../../lib/script-language.js";
import { makeSeal } from "../../lib/seal.js";
import { clockTime, shortDate } from "../../lib/times.js";
import { PageElement } from "../element.js";
import { want } from "../later.js";

export class UserProfile extends PageElement {
  handle = "";

  build() {
    this.heading = make("h1", { attributes: { tabindex: "-1" } });
    this.where = make("span", { class: "where", text: this.say("profile.heading") });
    this.menu = make("div");
    this.body = make("div", { class: "scroller" });
    this.append(make("header", {}, make("a", { class: "back", text: this.say("room.back_there"), attributes: { href: "/" }, on: { click: goBack } }), this.where, this.menu), this.body);
  }

  attach() {
    this.listen(this.client, "session", () => this.load());
    if (this.client.began) this.load();
  }

  async load() {
    if (!this.client.signedIn) return this.#say(this.say("profile.guest"), "/sign-in", "account.sign_in");
    try {
      const [{ users }] = await Promise.all([this.client.ask("user.get", { handle: this.handle }), want("tie-steps"), want("tie-menu")]);
      this.#show(users[0]);
    } catch (refusal) {
      this.#say(refusalWords(this, /** @type {any} */ (refusal)), "/rooms", "rooms.find");
    }
    return undefined;
  }

  /** @param {string} words @param {string} href @param {string} key of the way on */
  #say(words, href, key) {
    this.heading.textContent = `@${this.handle}`;
    this.body.replaceChildren(make("div", { class: "empty" }, path(), this.heading, make("p", { text: words }),
      make("a", { class: "button", text: this.say(key), attributes: { href } })));
  }

  /** @param {any} user */
  async #show(user) {
    const mine = user.id === this.client.me;
    const focused = this.contains(document.activeElement);
    this.menu.replaceChildren(...(mine ? [] : [make("tie-menu", { set: { user } })]));
    this.body.replaceChildren(
      this.#person(user),
      this.#chips(user.interests ?? [], "interests", "profile.interests", (tag) => make("li", { class: "chip", text: tag, attributes: { dir: "auto" } })),
      mine ? make("div", {}, make("a", { class: "button", text: this.say("profile.edit"), attributes: { href: "/settings" } })) : make("tie-steps", { set: { user } }),
      ...(mine ? [] : [this.#rooms(user)]),
      user.about ? this.#words(user.about, "about") : "",
      user.for_friends ? make("section", { class: "for-friends" }, make("h2", { text: this.say("profile.for_friends") }), this.#words(user.for_friends, "about")) : "",
      this.#facts(user),
    );
    if (focused || document.activeElement === document.body) this.heading.focus({ preventScroll: true });
    if (user.owner) await this.#showOwner(user.owner);
  }

  /** @param {any} user */
  #person(user) {
    const marks = [user.bot && "people.bot", user.admin && "profile.admin"].filter(Boolean)
      .map((key) => make("span", { class: "role", text: this.say(key) }));
    this.heading.replaceChildren(nameOf(user));
    return make("div", { class: "person" }, makeSeal(user), make("div", {}, this.heading,
      make("p", { class: "handle" }, `@${user.handle}`, ...marks), user.headline ? this.#words(user.headline, "headline") : null));
  }

  /** @param {string} text @param {string} kind */
  #words(text, kind) {
    return make("p", { class: kind, text, attributes: { dir: "auto", lang: scriptLanguage(text) || undefined } });
  }

  /** @param {any[]} of @param {string} kind @param {string} label key @param {(one: any) => Node} chip @returns {Node | string} */
  #chips(of, kind, label, chip) {
    return of.length ? make("ul", { class: `chips ${kind}`, attributes: { role: "list", "aria-label": this.say(label) } }, ...of.map(chip)) : "";
  }

  /** @param {any} user */
  #facts(user) {
    const names = new Intl.DisplayNames([this.language], { type: "language" });
    const time = user.time_zone ? clockTime(this.language, this.client.now(), user.time_zone) : "";
    const facts = [
      ["settings.languages", (user.languages ?? []).map((/** @type {string} */ tag) => names.of(tag) ?? tag).join(", ")],
      ["settings.home_town", user.home_town],
      ["profile.their_time", time],
      ["profile.here_since", shortDate(this.language, user.since)],
    ];
    return make("dl", {}, ...facts.filter(([, value]) => value).flatMap(([key, value]) =>
      [make("dt", { text: this.say(key) }), make("dd", { text: value, attributes: { dir: "auto" } })]));
  }

  /** Rooms in common first, then those they show to everyone. @param {any} user */
  #rooms(user) {
    const rooms = user.rooms.filter((/** @type {any} */ { room }) => this.client.find(room)?.state.kind !== "direct");
    const common = rooms.filter((/** @type {any} */ room) => room.shared);
    const others = rooms.filter((/** @type {any} */ room) => !room.shared);
    if (!rooms.length) return user.bot ? "" : make("p", { class: "lead", text: this.say("profile.no_rooms") });
    const part = (/** @type {any[]} */ of, /** @type {string} */ key) => (of.length ? make("section", {}, make("h2", { text: this.say(key) }),
      this.#chips(of, "rooms", key, (room) => this.#room(room))) : null);
    return make("div", { class: "in-common" }, part(common, "profile.rooms_in_common"), part(others, "profile.rooms_too"));
  }

  /** @param {any} room */
  #room(room) {
    return make("li", {}, make("a", { class: "chip", text: room.titles?.[this.language] ?? room.title, attributes: { href: roomPath(room.room), dir: "auto" } }));
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

/** To where one was; who came by the address alone goes to the rooms. @param {Event} event */
function goBack(event) {
  if (!history.state?.within) return;
  event.preventDefault();
  event.stopPropagation();
  history.back();
}
