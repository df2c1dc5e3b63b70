/**
 * Who belongs to a room: who is here now, then the others, each with their role; moderators act on them. Pages of members
 * are read as they are wanted.
 */

import { button, change, make, nameOf } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { userPath } from "../../lib/paths.js";
import { makeSeal } from "../../lib/seal.js";
import { askFirst } from "../ask-first.js";
import { openMenu } from "../menu.js";

/** Of fewer there is nothing to look through. */
const FILTER_FROM = 10;
const SEARCH_PAUSE = 200;
/** In a room of more members the list follows them after a while: one or another comes and goes each second there. */
const MANY = 100;
const LATER = 15_000;

/** @typedef {import("../../lib/shapes.js").Member} Member */

export class Members {
  /** @type {Map<string, Member>} by user, in the server's order */ #members = new Map();
  /** @type {Member[] | null} what was found, while somebody looks for somebody */ #found = null;
  #next = "";
  #count = -1;
  #shown = "";
  /** @type {any} */ #due = undefined;
  /** @type {any} */ #searching = undefined;

  /** @param {import("./room-people.js").RoomPeople} page */
  constructor(page) {
    this.page = page;
    this.client = page.client;
    this.filter = make("input", { attributes: { type: "search", autocomplete: "off" }, set: { hidden: true }, on: { input: () => this.#search() } });
    this.here = make("ul", { class: "people", attributes: { role: "list" } });
    this.away = make("ul", { class: "people away", attributes: { role: "list" } });
    this.hereHeading = make("h3");
    this.awayHeading = make("h3");
    this.none = make("p", { class: "lead", attributes: { role: "status" } });
    this.all = button("", () => this.page.doing(() => this.#more()));
    this.part = make("div", { class: "members" }, this.filter, this.hereHeading, this.here, this.awayHeading, this.away, this.none, this.all);
  }

  end() {
    clearTimeout(this.#due);
    this.#due = undefined;
  }

  async load() {
    const { page } = this;
    this.#count = page.state?.state.members ?? -1;
    this.part.hidden = page.state?.state.kind === "direct";
    if (!page.state?.isMember) {
      change(this.none, { textContent: page.say("people.members_only") });
      return;
    }
    this.show();
    // Before the session has begun nothing is answered; the page asks again once it has.
    if (!this.client.wire.live) return;
    await page.doing(async () => {
      const { members, next = "" } = await this.client.ask("room.members", { room: page.room });
      this.#members = new Map(members.map((/** @type {Member} */ member) => [member.user.id, member]));
      for (const { user } of members) this.client.people.know(user);
      this.#next = next;
      this.show();
    });
  }

  async #more() {
    const { members, next = "" } = await this.client.ask("room.members", { room: this.page.room, after: this.#next });
    for (const member of members) this.#members.set(member.user.id, member);
    this.#next = next;
    this.show();
  }

  /** People come and go while one looks. */
  follow() {
    const { state } = this.page;
    if (!state || state.state.members === this.#count) return this.show();
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.load();
    }, this.#count > MANY ? LATER : 0);
    return undefined;
  }

  #search() {
    clearTimeout(this.#searching);
    this.#searching = setTimeout(() => this.page.doing(() => this.#find()), SEARCH_PAUSE);
  }

  /** Whoever is not loaded yet is asked for, by name, handle or pinyin. */
  async #find() {
    const query = this.filter.value.trim();
    const words = query.toLocaleLowerCase();
    const known = [...this.#members.values()].filter(({ user }) => `${user.name} ${user.handle}`.toLocaleLowerCase().includes(words));
    this.#found = query ? known : null;
    this.show();
    if (!query || (!this.#next && known.length)) return;
    const { members } = await this.client.ask("room.members", { room: this.page.room, query });
    if (query !== this.filter.value.trim()) return;
    this.#found = members;
    this.show();
  }

  show() {
    const { page } = this;
    const room = page.state;
    if (!room?.isMember) return;
    const { here, away } = this.#divided(room);
    const key = JSON.stringify([page.language, here, away, page.acting, room.state.role, this.#next, room.state.members]);
    if (key === this.#shown) return;
    this.#shown = key;
    change(this.filter, { hidden: room.state.members < FILTER_FROM, placeholder: page.say("people.filter") });
    this.filter.setAttribute("aria-label", page.say("people.filter"));
    change(this.hereHeading, { hidden: !here.length, textContent: `${page.say("people.here_now")} · ${here.length}` });
    change(this.awayHeading, { hidden: !away.length, textContent: page.say("people.away") });
    this.here.replaceChildren(...here.map((member) => this.#row(member, true)));
    this.away.replaceChildren(...away.map((member) => this.#row(member, false)));
    change(this.none, { textContent: here.length + away.length ? "" : page.say("people.nobody_found") });
    change(this.all, { hidden: !this.#next || Boolean(this.#found), textContent: page.say("people.all", { count: room.state.members }) });
  }

  /** Who is here may not be on the pages that were read; their names are known otherwise. @param {import("../../state/room.js").Room} room */
  #divided(room) {
    const ids = new Set(room.here ?? []);
    const listed = this.#found ?? [...this.#members.values()];
    const here = listed.filter(({ user }) => ids.has(user.id));
    if (!this.#found) {
      for (const id of ids) {
        const user = this.#members.has(id) ? undefined : this.client.people.get(id);
        if (user) here.push({ user, role: "member", joined_at: 0 });
      }
      this.client.people.learn([...ids]);
    }
    return { here, away: listed.filter(({ user }) => !ids.has(user.id)) };
  }

  /** @param {Member} member @param {boolean} isHere */
  #row(member, isHere) {
    const { page } = this;
    const { user, role } = member;
    const name = nameOf({ ...user, name: user.name || page.say("people.left") });
    const row = make("li", { class: isHere ? "present" : "" }, make("span", { class: `face${isHere ? " online" : ""}` }, makeSeal(user)),
      make("div", {}, user.handle ? make("a", { attributes: { href: userPath(user.handle) } }, name) : name,
        make("span", { class: "handle", text: user.handle ? `@${user.handle}` : "" })),
      user.bot ? make("span", { class: "bot", text: page.say("people.bot") }) : null,
      role === "member" ? null : make("span", { class: `role ${role}`, text: page.say(`role.${role}`) }), this.#acts(member));
    row.dataset.user = user.id;
    return row;
  }

  /** @param {Member} member */
  #acts({ user, role }) {
    const { page } = this;
    const mine = page.state?.state.role;
    if (user.id === this.client.me || !page.acting || role === "owner") return null;
    const act = (/** @type {string} */ method, /** @type {object} */ more = {}) => page.doing(async () => {
      await this.client.ask(method, { room: page.room, user: user.id, ...more });
      await this.load();
    });
    const grave = async (/** @type {string} */ method, /** @type {string} */ question, /** @type {string} */ yes) =>
      (await askFirst(page, question, yes)) && act(method);
    const to = role === "moderator" ? "member" : "moderator";
    const opener = iconButton("more", `${page.say("people.acts")}: ${user.name}`, () => openMenu(document.body, opener, [
      mine === "owner" || this.client.user?.admin ? { icon: "shield", text: page.say(`people.make_${to}`), act: () => act("room.set_role", { role: to }) } : null,
      { icon: "leave", text: page.say("people.remove"), act: () => grave("room.remove", "people.confirm_remove", "people.remove"), grave: true },
      { icon: "ban", text: page.say("people.ban"), act: () => grave("room.ban", "people.confirm_ban", "people.ban"), grave: true },
    ]));
    opener.setAttribute("aria-haspopup", "menu");
    return opener;
  }
}
