/**
 * The community, for those who run it: what it is called, who may come in, its windows, its people, and what was done. Property
 * `code`: the one-time link of a community that nobody runs yet; who opens it becomes the first to.
 */

import { LONGEST } from "../../lib/limits.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";
import { door } from "../../lib/scenes.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { pictured } from "../../lib/seal.js";
import { refusalWords } from "../../lib/refusal.js";
import { fullTime, shortDate } from "../../lib/times.js";
import { LANGUAGES } from "../../state/words.js";
import { askFirst } from "../ask-first.js";
import { context, PageElement } from "../element.js";
import { actingForm, field } from "../forms.js";
import { want } from "../later.js";

const NAMES = { en: "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文" };
const SEARCH_PAUSE = 250;

export class CommunityPage extends PageElement {
  code = "";
  /** @type {any} */ #searching = undefined;
  #before = "";

  build() {
    this.heading = make("h1", { text: this.say("community.heading"), attributes: { tabindex: "-1" } });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.body = make("div", { class: "parts" });
    this.append(
      make("header", {}, make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } }), this.heading),
      make("div", { class: "scroller" }, this.error, this.body),
    );
  }

  attach() {
    this.listen(this.client, "session", () => this.show());
    this.listen(this.client, "community", () => this.icon?.show());
    if (this.client.began) this.show();
  }

  async show() {
    if (!this.client.signedIn && this.code) return this.#askWho();
    if (this.code && !this.client.user?.admin) return this.#claim();
    if (!this.client.user?.admin) return this.#say("refused.not_an_admin", "/", "rooms.all");
    // What is being written outlives a connection that comes back.
    if (this.querySelector("form")) return undefined;
    return this.#doing(async () => {
      const card = await this.client.ask("community.get");
      await want("own-picture");
      this.body.replaceChildren(this.#words(card), this.#icon(), this.#rooms(), this.#people(), this.#log());
      await Promise.all([this.#showRooms(), this.#showPeople(), this.#showLog()]);
    });
  }

  /** @param {string} key @param {string} href @param {string} way */
  #say(key, href, way) {
    this.body.replaceChildren(make("div", { class: "empty" }, door(), make("p", { text: this.say(key) }),
      make("a", { class: "button", text: this.say(way), attributes: { href } })));
  }

  // --- the first to run it --------------------------------------------------------------------------------------------

  #askWho() {
    context.preferences.set({ after: `/setup#${this.code}` });
    this.body.replaceChildren(make("div", { class: "empty" }, drawing("teapot"), make("p", { text: this.say("community.setup_words") }),
      make("a", { class: "button", text: this.say("account.sign_up"), attributes: { href: "/sign-up" } }),
      make("a", { class: "action", text: this.say("account.sign_in"), attributes: { href: "/sign-in" } })));
  }

  async #claim() {
    const code = this.code;
    this.code = "";
    try {
      await this.client.api("community.claim", { code });
    } catch (refusal) {
      const { kind } = /** @type {import("../../lib/refusal.js").Refusal} */ (refusal);
      if (kind === "not_found") return this.#say("community.code_used", "/room/hall", "community.to_hall");
      this.code = code;
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
      return this.body.replaceChildren(button(this.say("shell.again"), () => this.show(), "button"));
    }
    // Who runs the community is known to the session that begins now.
    this.client.restart();
    return context.go("/community");
  }

  // --- what it is called -----------------------------------------------------------------------------------------------

  /** @param {any} card */
  #words(card) {
    const fixed = new Set(card.fixed ?? []);
    const choice = (/** @type {string} */ name, /** @type {string} */ key, /** @type {[string, string][]} */ options) =>
      make("label", { class: "field", text: this.say(key) }, make("select", { attributes: { name, disabled: fixed.has(name) } },
        ...options.map(([value, text]) => make("option", { text, attributes: { value, selected: card[name] === value } }))));
    const form = actingForm(this, [
      field(this.say("community.name"), "name", { value: card.name, "data-most": LONGEST.title, disabled: fixed.has("name") }),
      choice("language", "settings.language", LANGUAGES.map((code) => [code, /** @type {any} */ (NAMES)[code]])),
      field(this.say("settings.time_zone"), "time_zone", { value: card.time_zone, disabled: fixed.has("time_zone") }),
      choice("sign_up", "community.sign_up", [["open", this.say("community.sign_up_open")], ["invite", this.say("community.sign_up_invite")]]),
      make("label", { class: "check" }, make("input", { attributes: { type: "checkbox", name: "previews", checked: card.previews, disabled: fixed.has("previews") } }),
        make("span", { text: this.say("community.previews") })),
      ...(fixed.size ? [make("small", { text: this.say("community.fixed") })] : []),
    ], this.say("composer.save"), async (data) => {
      const previews = fixed.has("previews") ? {} : { previews: data.has("previews") };
      this.client.card = await this.client.ask("community.update", { ...Object.fromEntries(data), ...previews });
      this.client.dispatchEvent(new Event("community"));
    });
    return make("section", { class: "part" }, make("h2", { text: this.say("community.words") }), form);
  }

  /** Another admin may set it meanwhile; what is being written of the rest stays. */
  #icon() {
    const keep = async (/** @type {string} */ file) => {
      this.client.card = await this.client.ask("community.update", { icon: file });
      this.client.dispatchEvent(new Event("community"));
    };
    const shown = () => {
      const { icon: picture = "" } = this.client.card ?? {};
      return { picture, face: pictured(make("span", { class: "emblem" }, drawing("cup")), picture) };
    };
    this.icon = make("own-picture", { set: { purpose: "icon", shown, keep } });
    return make("section", { class: "part" }, make("h2", { text: this.say("picture.icon") }), this.icon);
  }

  // --- rooms ---------------------------------------------------------------------------------------------------------

  #rooms() {
    this.roomList = make("ul", { attributes: { role: "list" } });
    return make("section", { class: "part" }, make("h2", { text: this.say("community.rooms") }), make("p", { class: "lead", text: this.say("community.window_words") }), this.roomList);
  }

  async #showRooms() {
    await this.#doing(async () => {
      const rows = [];
      for (let after = "", pages = 0; pages < 20; pages += 1) {
        const { rooms, next } = await this.client.ask("room.discover", { after });
        rows.push(...rooms.map((/** @type {any} */ room) => this.#room(room)));
        if (!next) break;
        after = next;
      }
      this.roomList.replaceChildren(...rows);
    });
  }

  /** @param {import("../../lib/shapes.js").RoomListing} room */
  #room(room) {
    const title = room.titles?.[this.language] ?? room.title;
    const window = make("input", { attributes: { type: "checkbox", checked: Boolean(room.window) }, on: { change: () => this.#doing(async () => {
      await this.client.ask("room.update", { room: room.room, window: window.checked }).catch((refusal) => {
        window.checked = !window.checked;
        throw refusal;
      });
    }) } });
    // Who archived by a slip finds the way back where the room stood.
    let archived = false;
    const archive = button("", () => this.#doing(async () => {
      if (!archived && !(await askFirst(this, "room.confirm_archive", "room.archive"))) return;
      await this.client.ask("room.archive", { room: room.room, archived: !archived });
      archived = !archived;
      tell();
      await this.#showLog();
    }));
    const tell = () => {
      archive.classList.toggle("grave", !archived);
      archive.textContent = this.say(archived ? "room.unarchive" : "room.archive");
      archive.setAttribute("aria-label", `${archive.textContent}: ${title}`);
      window.disabled = archived;
    };
    tell();
    return make("li", {}, make("a", { text: title, attributes: { href: roomPath(room.room), dir: "auto" } }),
      make("label", { class: "check" }, window, make("span", { text: this.say("community.window") }),
        make("span", { class: "unseen", text: title })), archive);
  }

  // --- people --------------------------------------------------------------------------------------------------------

  #people() {
    this.search = make("input", { attributes: { type: "search", placeholder: this.say("community.search"), "aria-label": this.say("community.search") },
      on: { input: () => {
        clearTimeout(this.#searching);
        this.#searching = setTimeout(() => this.#showPeople(), SEARCH_PAUSE);
      } } });
    this.userList = make("ul", { attributes: { role: "list" } });
    this.morePeople = button(this.say("shell.more"), () => this.#showPeople(this.morePeople.dataset.after));
    return make("section", { class: "part" }, make("h2", { text: this.say("community.people") }), this.search, this.userList, this.morePeople);
  }

  async #showPeople(after = "") {
    await this.#doing(async () => {
      const { users, next = "" } = await this.client.ask("user.list", { query: this.search.value.trim(), after });
      const rows = users.map((/** @type {any} */ user) => this.#user(user));
      if (after) this.userList.append(...rows);
      else this.userList.replaceChildren(...rows);
      this.morePeople.hidden = !next;
      this.morePeople.dataset.after = next;
    });
  }

  /** @param {any} user */
  #user(user) {
    const key = user.suspended ? "community.unsuspend" : "community.suspend";
    const act = user.id === this.client.me ? null : button(this.say(key), () => this.#doing(async () => {
      if (!user.suspended && !(await askFirst(this, "community.confirm_suspend", "community.suspend"))) return;
      await this.client.ask("account.suspend", { user: user.id, suspended: !user.suspended });
      await this.#showPeople();
      await this.#showLog();
    }), user.suspended ? "action" : "action grave");
    const state = [user.bot && "people.bot", user.admin && "profile.admin", user.suspended && "community.suspended"].filter(Boolean)
      .map((mark) => make("span", { class: "role", text: this.say(mark) }));
    return make("li", {}, make("div", {}, make("a", { attributes: { href: userPath(user.handle) } }, nameOf(user)),
      make("small", { text: `@${user.handle} · ${this.say("profile.since", { date: shortDate(this.language, user.since) })}` })), ...state, act);
  }

  // --- what was done -------------------------------------------------------------------------------------------------

  #log() {
    this.acts = make("ul", { class: "acts", attributes: { role: "list" } });
    this.moreActs = button(this.say("shell.more"), () => this.#showLog(this.#before));
    return make("section", { class: "part" }, make("h2", { text: this.say("community.log") }), this.acts, this.moreActs);
  }

  async #showLog(before = "") {
    await this.#doing(async () => {
      const { acts, more } = await this.client.ask("community.log", before ? { before } : {});
      const rows = acts.map((/** @type {any} */ act) => this.#act(act));
      if (before) this.acts.append(...rows);
      else this.acts.replaceChildren(...rows);
      this.moreActs.hidden = !more;
      this.#before = acts.at(-1)?.id ?? "";
      if (!this.acts.childElementCount) this.acts.append(make("li", { class: "lead", text: this.say("community.log_empty") }));
    });
  }

  /** @param {any} act */
  #act(act) {
    const room = act.room ? this.client.find(act.room)?.title(this.language) ?? act.room : "";
    const about = [act.user?.name, room, act.detail].filter(Boolean).join(" · ");
    const by = act.by ? nameOf(act.by) : this.say("act.operator");
    return make("li", {}, make("div", {}, make("p", {}, by, " ", this.say(`act.${act.what}`)),
      make("small", {}, make("bdi", { text: about }), about ? " · " : "", fullTime(this.language, act.at))));
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
