/**
 * The people you know: those who wait for an answer, friends and contacts with where you met, hellos on their way, who is
 * paused or blocked. Also the search for people, the code for meeting in person, and invitations.
 */

import { button, make, nameOf } from "../../lib/dom.js";
import { originWords } from "../../lib/origin.js";
import { door, path } from "../../lib/scenes.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { dayName } from "../../lib/times.js";
import { context, PageElement } from "../element.js";
import { want } from "../later.js";

const SEARCH_PAUSE = 200;
/** To its sender a hello fades after these days; its receiver can wave back for longer. */
const FADES = 7 * 86_400_000;
/** The heading that somebody stands under, by the step that is open; what waits for the reader comes first. @type {[string, (tie: any) => boolean][]} */
const GROUPS = [
  ["waits", ({ next, invited }) => invited || next === "return" || next === "answer"],
  ["friend", ({ next, rung, invited }) => !invited && next === "talk" && rung === "friend"],
  ["acquainted", ({ next, rung, invited }) => !invited && next === "talk" && rung === "acquainted"],
  ["under_way", ({ next, invited }) => !invited && (next === "wait" || next === "sent")],
  ["rests", ({ next, invited }) => !invited && next === "rests"],
];

export class PeoplePage extends PageElement {
  code = "";
  /** @type {Map<string, any>} ties by user */ #ties = new Map();
  /** @type {any} */ #searching = undefined;

  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.search = make("input", { attributes: { type: "search", "aria-label": this.say("ties.search"), placeholder: this.say("ties.search"), autocomplete: "off" } });
    this.found = make("p", { class: "unseen", attributes: { role: "status" } });
    this.results = make("ul", { class: "ties", attributes: { role: "list" }, set: { hidden: true } });
    this.groups = make("div", { class: "groups" });
    this.none = make("div", { class: "empty", set: { hidden: true } }, path(), make("p", { text: this.say("ties.none") }),
      make("a", { class: "button", text: this.say("rooms.find"), attributes: { href: "/rooms" } }));
    this.blocked = make("details", { class: "blocked", set: { hidden: true } }, make("summary"), make("ul", { class: "ties", attributes: { role: "list" } }));
    this.beside = make("div", { class: "beside" });
    this.append(
      make("header", {}, make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } }),
        make("h1", { text: this.say("ties.heading"), attributes: { tabindex: "-1" } })),
      make("div", { class: "scroller" }, this.error, this.#top(), this.found, this.results, this.none, this.groups, this.blocked, this.beside),
    );
  }

  /** The search, and the ways to what stands below a long list. */
  #top() {
    const to = (/** @type {string} */ tag, /** @type {string} */ key) => button(this.say(key), () => {
      const heading = /** @type {any} */ (this.querySelector(`${tag} h2`));
      heading?.setAttribute("tabindex", "-1");
      heading?.focus();
      this.querySelector(tag)?.scrollIntoView({ block: "start" });
    }, "action edged");
    return make("div", { class: "top" }, make("div", { attributes: { role: "search" } }, this.search),
      make("div", { class: "shortcuts" }, to("met-code", "met.heading"), to("invite-links", "invite.heading")));
  }

  attach() {
    for (const name of ["inbox", "session", "day", "tie", "rooms"]) this.listen(this.client, name, () => this.later());
    this.listen(this.search, "input", () => {
      clearTimeout(this.#searching);
      this.#searching = setTimeout(() => this.find(), SEARCH_PAUSE);
    });
    if (this.client.began) this.load();
  }

  show() {
    this.load();
  }

  async load() {
    if (!this.client.signedIn) return this.#askIn();
    await this.#doing(async () => {
      const [{ ties }, { users }] = await Promise.all([this.client.ask("tie.list"), this.client.ask("block.list"), this.#addParts()]);
      this.#ties = new Map(ties.map((/** @type {any} */ tie) => [tie.user.id, tie]));
      this.#showGroups(ties.filter((/** @type {any} */ tie) => !tie.blocked));
      this.#showBlocked(users);
    });
  }

  /** A scanned code waits at the door until one is signed in. */
  #askIn() {
    context.preferences.set({ after: location.pathname + location.hash });
    this.lastElementChild?.replaceChildren(make("div", { class: "empty" }, door(), make("p", { text: this.say("ties.guest") }),
      make("a", { class: "button", text: this.say("account.sign_in"), attributes: { href: "/sign-in" } }),
      make("a", { class: "action", text: this.say("account.sign_up"), attributes: { href: "/sign-up" } })));
  }

  /** What stands below the people, once. */
  async #addParts() {
    await Promise.all(["met-code", "invite-links", "invited-answer"].map(want));
    if (this.beside.childElementCount) return;
    this.beside.append(make("met-code", { set: { code: this.code } }), make("invite-links"));
  }

  // --- people ------------------------------------------------------------------------------------------------------

  /** @param {any[]} ties */
  #showGroups(ties) {
    const parts = GROUPS.map(([name, belongs]) => {
      const those = ties.filter(belongs);
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
    return make("li", {}, make("a", { class: "who", attributes: { href: userPath(user.handle) } }, makeSeal(user),
      make("span", {}, nameOf(user), make("small", { text: words, attributes: { dir: "auto" } }),
        tie?.note ? make("small", { class: "note", text: tie.note, attributes: { dir: "auto" } }) : null)), way ?? this.#way(user, tie));
  }

  /** What one can do at once. @param {any} user @param {any} [tie] */
  #way(user, tie) {
    if (tie?.invited) return make("invited-answer", { set: { user } });
    if (tie?.next === "return" || tie?.next === "answer") {
      return make("a", { class: "button", text: this.say(tie.next === "return" ? "tie.wave_back" : "tie.answer"), attributes: { href: userPath(user.handle) } });
    }
    return tie?.next === "talk" && tie.room ? make("a", { class: "action", text: this.say("tie.talk"), attributes: { href: roomPath(tie.room) } }) : null;
  }

  /** What stands between the two, and where they met. @param {any} tie */
  #words(tie) {
    if (tie.invited) return this.say("tie.short.invited");
    if (tie.next === "sent") return this.say("poke.sent", { day: dayName(this.language, tie.sent.at, this.client.now()) });
    if (tie.next === "return") return this.#helloWords(tie.received);
    const stands = tie.next === "talk" ? "" : this.say(`tie.short.${tie.next}`);
    return [stands, tie.met_at && tie.origin?.how !== "met" ? this.say("tie.met") : "", originWords(this, tie.origin)].filter(Boolean).join(" · ");
  }

  /** Who, from which room, and when. @param {any} [hello] */
  #helloWords(hello) {
    if (!hello) return this.say("tie.short.return");
    const room = this.client.find(hello.room)?.title(this.language) ?? this.say("tie.some_room");
    const late = hello.at + FADES < this.client.now();
    return [this.say(late ? "tie.short.return_late" : `hello.${hello.gesture}`), this.say("hello.from", { room }), dayName(this.language, hello.at, this.client.now())].join(" · ");
  }

  // --- finding -----------------------------------------------------------------------------------------------------

  async find() {
    const query = this.search.value.trim();
    this.groups.hidden = Boolean(query);
    this.results.hidden = !query;
    this.none.hidden = Boolean(query) || this.groups.childElementCount > 0;
    if (!query) {
      this.found.textContent = "";
      return;
    }
    await this.#doing(async () => {
      const { users, indexing = 1 } = await this.client.ask("user.search", { query });
      if (query !== this.search.value.trim()) return;
      this.results.replaceChildren(...users.map((/** @type {any} */ user) => this.#row(user, this.#ties.get(user.id))),
        ...(users.length ? [] : [make("li", { class: "lead", text: this.say("ties.not_found") })]));
      const late = indexing < 1 ? ` ${this.say("ties.indexing", { percent: Math.floor(indexing * 100) })}` : "";
      this.found.textContent = this.say("ties.found", { count: users.length }) + late;
    });
  }

  // --- blocks --------------------------------------------------------------------------------------------------------

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
