/**
 * The people you know: those who wait for an answer, friends and contacts with where you met, pokes on their way. Also the
 * search for people, the inbox, the code for meeting in person, and invitations for people who have no account yet.
 */

import { button, make, nameOf } from "../../lib/dom.js";
import { door, path } from "../../lib/scenes.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { dayName, shortDate } from "../../lib/times.js";
import { context, PageElement } from "../element.js";
import { want } from "../later.js";

const SEARCH_PAUSE = 200;
/** The heading that somebody stands under, by the step that is open; what waits for the reader comes first. @type {[string, string[]][]} */
const GROUPS = [["waits", ["return", "answer"]], ["friend", []], ["acquainted", []], ["under_way", ["wait", "sent"]], ["rests", ["rests"]]];

export class PeoplePage extends PageElement {
  code = "";
  /** @type {Map<string, any>} ties by user */ #ties = new Map();
  /** @type {any} */ #searching = undefined;

  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.search = make("input", { attributes: { type: "search", "aria-label": this.say("ties.search"), placeholder: this.say("ties.search"), autocomplete: "off" } });
    this.found = make("p", { class: "unseen", attributes: { role: "status" } });
    this.results = make("ul", { class: "ties", attributes: { role: "list" }, set: { hidden: true } });
    this.bell = make("div");
    this.groups = make("div", { class: "groups" });
    this.none = make("div", { class: "empty", set: { hidden: true } }, path(), make("p", { text: this.say("ties.none") }),
      make("a", { class: "button", text: this.say("rooms.find"), attributes: { href: "/rooms" } }));
    this.blocked = make("details", { class: "blocked", set: { hidden: true } }, make("summary"), make("ul", { class: "ties", attributes: { role: "list" } }));
    this.beside = make("div", { class: "beside" });
    this.append(
      make("header", {}, make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } }),
        make("h1", { text: this.say("ties.heading"), attributes: { tabindex: "-1" } })),
      make("div", { class: "scroller" }, this.error, make("div", { attributes: { role: "search" } }, this.search), this.found, this.results,
        this.bell, this.none, this.groups, this.#resting(), this.blocked, this.beside),
    );
  }

  attach() {
    for (const name of ["inbox", "session", "day"]) this.listen(this.client, name, () => this.load());
    this.listen(this.search, "input", () => {
      clearTimeout(this.#searching);
      this.#searching = setTimeout(() => this.find(), SEARCH_PAUSE);
    });
    if (this.client.began) this.load();
  }

  async load() {
    if (!this.client.signedIn) return this.#askIn();
    await this.#doing(async () => {
      const [{ ties }, { users }, { from, places }] = await Promise.all([
        this.client.ask("tie.list"), this.client.ask("block.list"), this.client.ask("poke.list"), this.#addParts(),
      ]);
      this.#ties = new Map(ties.map((/** @type {any} */ tie) => [tie.user.id, tie]));
      this.#showGroups(ties.filter((/** @type {any} */ tie) => !tie.blocked));
      this.#showBlocked(users);
      this.rest.checked = from === "nobody";
      this.places.textContent = this.say("ties.places", { count: places });
    });
  }

  /** A scanned code waits at the door until one is signed in. */
  #askIn() {
    context.preferences.set({ after: location.pathname + location.hash });
    this.lastElementChild?.replaceChildren(make("div", { class: "empty" }, door(), make("p", { text: this.say("ties.guest") }),
      make("a", { class: "button", text: this.say("account.sign_in"), attributes: { href: "/sign-in" } }),
      make("a", { class: "action", text: this.say("account.sign_up"), attributes: { href: "/sign-up" } })));
  }

  /** What stands around the people, once. */
  async #addParts() {
    await Promise.all(["met-code", "invite-links"].map(want));
    if (this.beside.childElementCount) return;
    this.beside.append(make("met-code", { set: { code: this.code } }), make("invite-links"));
  }

  // --- people ------------------------------------------------------------------------------------------------------

  /** @param {any[]} ties */
  #showGroups(ties) {
    const parts = GROUPS.map(([name, steps]) => {
      const those = ties.filter((tie) => (steps.length ? steps.includes(tie.next) : tie.next === "talk" && tie.rung === name));
      if (!those.length) return null;
      return make("section", { class: name }, make("h2", { text: this.say(`ties.group.${name}`) }),
        make("ul", { class: "ties", attributes: { role: "list" } }, ...those.map((tie) => this.#row(tie.user, tie))));
    });
    const held = this.groups.contains(document.activeElement) ? document.activeElement?.getAttribute("href") : null;
    this.groups.replaceChildren(...parts.filter((part) => part !== null));
    if (held) this.groups.querySelector(`a[href="${CSS.escape(held)}"]`)?.focus();
    this.none.hidden = ties.length > 0;
    const host = this.client.card?.host;
    if (host && !this.none.querySelector(".rehearse")) this.none.append(make("a", { class: "action rehearse", text: this.say("ties.rehearse"), attributes: { href: userPath(host) } }));
  }

  /** @param {any} user @param {any} [tie] @param {Node} [way] beside the name */
  #row(user, tie, way) {
    const words = tie ? this.#words(tie) : `@${user.handle}`;
    const talk = tie?.next === "talk" && tie.room ? make("a", { class: "action", text: this.say("tie.talk"), attributes: { href: roomPath(tie.room) } }) : null;
    return make("li", {}, make("a", { class: "who", attributes: { href: userPath(user.handle) } }, makeSeal(user),
      make("span", {}, nameOf(user), make("small", { text: words, attributes: { dir: "auto" } }),
        tie?.note ? make("small", { class: "note", text: tie.note, attributes: { dir: "auto" } }) : null)), way ?? talk);
  }

  /** What stands between the two, and where they met. @param {any} tie */
  #words(tie) {
    if (tie.next === "sent") return this.say("poke.sent", { day: dayName(this.language, tie.sent.at, this.client.now()) });
    const origin = tie.origin ? this.say(`tie.origin.${tie.origin.how}`, {
      room: this.client.find(tie.origin.room)?.title(this.language) ?? this.say("tie.some_room"), date: shortDate(this.language, tie.origin.at),
    }) : "";
    const stands = tie.next === "talk" ? "" : this.say(`tie.short.${tie.next}`);
    return [stands, tie.met_at && tie.origin?.how !== "met" ? this.say("tie.met") : "", origin].filter(Boolean).join(" · ");
  }

  // --- finding -----------------------------------------------------------------------------------------------------

  async find() {
    const query = this.search.value.trim();
    for (const part of [this.bell, this.groups]) part.hidden = Boolean(query);
    this.results.hidden = !query;
    this.none.hidden = Boolean(query) || this.groups.childElementCount > 0;
    if (!query) {
      this.found.textContent = "";
      return;
    }
    await this.#doing(async () => {
      const { users } = await this.client.ask("user.search", { query });
      if (query !== this.search.value.trim()) return;
      this.results.replaceChildren(...users.map((/** @type {any} */ user) => this.#row(user, this.#ties.get(user.id))),
        ...(users.length ? [] : [make("li", { class: "lead", text: this.say("ties.not_found") })]));
      this.found.textContent = this.say("ties.found", { count: users.length });
    });
  }

  // --- rest and blocks -----------------------------------------------------------------------------------------------

  /** Nobody learns that one lets pokes rest. */
  #resting() {
    this.rest = make("input", { attributes: { type: "checkbox" }, on: { change: () => this.#doing(() => this.client.ask("poke.allow", { from: this.rest.checked ? "nobody" : "room" })) } });
    this.places = make("small");
    return make("div", { class: "resting" }, make("label", { class: "check" }, this.rest, make("span", { text: this.say("ties.rest_pokes") })), this.places);
  }

  /** @param {any[]} users */
  #showBlocked(users) {
    const [summary, list] = this.blocked.children;
    this.blocked.hidden = !users.length;
    summary.textContent = this.say("ties.blocked", { count: users.length });
    list.replaceChildren(...users.map((user) => this.#row(user, undefined, button(this.say("tie.unblock"), () => this.#doing(async () => {
      await this.client.ask("block.remove", { user: user.id });
      await this.load();
    })))));
  }

  /** @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = "";
    try {
      await work();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }
}
