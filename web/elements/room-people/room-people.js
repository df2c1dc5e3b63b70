/** Who belongs to a room, what one is called for, and what its moderators may do. Property `room`. */

import { LONGEST } from "../../lib/limits.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { joinPath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { fullTime } from "../../lib/times.js";
import { askFirst } from "../ask-first.js";
import { context, PageElement } from "../element.js";
import { actingForm, field } from "../forms.js";

const LEVELS = ["all", "mentions", "none"];
/** In a room of more members the list follows them after a while: one or another comes and goes each second there. */
const MANY = 100;
const LATER = 15_000;

export class RoomPeople extends PageElement {
  room = "";
  #count = -1;
  /** @type {any} */ #due = undefined;

  build() {
    this.heading = make("h2", { attributes: { tabindex: "-1" } });
    this.close = make("button", { class: "action", attributes: { type: "button" } });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.members = make("ul", { class: "people", attributes: { role: "list" } });
    this.keptOut = make("ul", { class: "people", attributes: { role: "list" } });
    this.keptOutHeading = make("summary");
    this.ban = make("details", {}, this.keptOutHeading, this.keptOut);
    this.tools = make("div", { class: "tools" });
    this.append(make("header", {}, this.heading, this.close), this.error, this.members, this.ban, this.tools);
  }

  attach() {
    this.setAttribute("role", "complementary");
    this.listen(this.close, "click", () => {
      context.preferences.set({ people: false });
      this.dispatchEvent(new Event("close"));
    });
    this.listen(this.client, "rooms", () => !this.hidden && this.#showTools());
    this.listen(this.ban, "toggle", () => this.ban.open && this.#doing(() => this.#loadKeptOut()));
    this.listen(this, "focusout", (event) => this.#closeMenu(event));
    this.listen(this.client, "room", (event) => event.detail === this.room && !this.hidden && this.#follow());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#due);
    this.#due = undefined;
  }

  get #state() {
    return this.client.rooms.get(this.room);
  }

  async open() {
    this.heading.textContent = this.say("people.heading");
    this.close.textContent = this.say("people.close");
    this.keptOutHeading.textContent = this.say("people.kept_out");
    this.ban.open = false;
    this.setAttribute("aria-label", this.heading.textContent ?? "");
    this.#showTools();
    await this.load();
  }

  get #acting() {
    return Boolean(this.#state?.moderates || this.client.user?.admin);
  }

  /** People come and go while one looks. */
  #follow() {
    if (!this.#state || this.#state.state.members === this.#count) return this.#mark();
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.load();
    }, this.#count > MANY ? LATER : 0);
    return undefined;
  }

  async load() {
    this.#count = this.#state?.state.members ?? -1;
    if (!this.#state?.isMember) {
      this.members.replaceChildren(make("li", { text: this.say("people.members_only") }));
      return;
    }
    await this.#doing(async () => {
      const rows = [];
      let after = "";
      do {
        const page = await this.client.ask("room.members", { room: this.room, ...(after ? { after } : {}) });
        rows.push(...page.members.map((/** @type {any} */ member) => this.#row(member)));
        after = page.next ?? "";
      } while (after && rows.length < 500);
      this.members.replaceChildren(...rows);
      this.#mark();
    });
  }

  /** @param {import("../../lib/shapes.js").Member} member */
  #row(member) {
    const { user, role } = member;
    const role_ = role === "member" ? null : make("span", { class: "role", text: this.say(`role.${role}`) });
    const bot = user.bot ? make("span", { class: "bot", text: this.say("people.bot") }) : null;
    const row = make("li", {}, makeSeal(user), this.#face(user), bot, role_, this.#acts(member));
    row.dataset.user = user.id;
    return row;
  }

  /** @param {import("../../lib/shapes.js").User} user @param {string} [below] the handle where absent */
  #face(user, below = user.handle ? `@${user.handle}` : "") {
    const name = nameOf({ ...user, name: user.name || this.say("people.left") });
    return make("div", {}, user.handle ? make("a", { attributes: { href: userPath(user.handle) } }, name) : name,
      make("span", { class: "handle", text: below }));
  }

  async #loadKeptOut() {
    const rows = [];
    let after = "";
    do {
      const page = await this.client.ask("room.bans", { room: this.room, ...(after ? { after } : {}) });
      rows.push(...page.bans.map((/** @type {any} */ ban) => this.#keptOutRow(ban)));
      after = page.next ?? "";
    } while (after && rows.length < 500);
    this.keptOut.replaceChildren(...(rows.length ? rows : [make("li", { text: this.say("people.nobody_kept_out") })]));
  }

  /** @param {{user: import("../../lib/shapes.js").User, until?: number}} ban */
  #keptOutRow({ user, until }) {
    const below = until ? this.say("people.until", { time: fullTime(this.language, until) }) : undefined;
    const letIn = button(this.say("people.let_in"), () => this.#doing(async () => {
      await this.client.ask("room.unban", { room: this.room, user: user.id });
      await this.#loadKeptOut();
      this.keptOutHeading.focus();
    }));
    letIn.setAttribute("aria-label", this.say("people.let_in_name", { name: user.name }));
    return make("li", {}, makeSeal(user), this.#face(user, below), letIn);
  }

  /** @param {import("../../lib/shapes.js").Member} member */
  #acts(member) {
    const mine = this.#state?.state.role;
    const admin = this.client.user?.admin;
    if (member.user.id === this.client.me || !this.#acting) return null;
    const act = (/** @type {string} */ key, /** @type {string} */ method, /** @type {object} */ more = {}, kind = "action") =>
      button(this.say(key), () => this.#doing(async () => {
        await this.client.ask(method, { room: this.room, user: member.user.id, ...more });
        await this.load();
        if (this.ban.open) await this.#loadKeptOut();
      }), kind);
    const acts = member.role === "owner" ? []
      : [act("people.remove", "room.remove", {}, "action grave"), act("people.ban", "room.ban", {}, "action grave")];
    if ((mine === "owner" || admin) && member.role !== "owner") {
      const to = member.role === "moderator" ? "member" : "moderator";
      acts.unshift(act(`people.make_${to}`, "room.set_role", { role: to }));
    }
    if (!acts.length) return null;
    return make("details", { class: "menu" }, make("summary", { text: "⋯", attributes: { "aria-label": this.say("people.acts") } }),
      make("div", {}, ...acts));
  }

  /** A menu is open as long as one is in it. @param {FocusEvent} event */
  #closeMenu(event) {
    const menu = /** @type {Element} */ (event.target).closest("details.menu");
    if (menu && !menu.contains(/** @type {Node} */ (event.relatedTarget))) menu.removeAttribute("open");
  }

  /** Who is here, beside the name. */
  #mark() {
    const here = new Set(this.#state?.here ?? []);
    for (const row of this.members.children) {
      const isHere = here.has(row.dataset.user);
      row.classList.toggle("present", isHere);
      row.title = isHere ? this.say("people.here") : "";
    }
  }

  #showTools() {
    const room = this.#state;
    this.ban.hidden = !room?.isMember || !this.#acting;
    const key = room && JSON.stringify([room.state.role, room.state.notify, room.state.title, room.state.about, room.state.slow_mode, room.state.question, room.state.archived]);
    if (this.tools.dataset.key === key) return;
    this.tools.dataset.key = key ?? "";
    if (!room?.isMember) {
      this.tools.replaceChildren();
      return;
    }
    const select = make("select", { on: { change: () => this.#doing(() => this.client.ask("room.notify", { room: this.room, level: select.value })) } },
      ...LEVELS.map((level) => make("option", { text: this.say(`notify.${level}`), attributes: { value: level, selected: level === room.state.notify } })));
    const parts = [make("label", { class: "field", text: this.say("notify.label") }, select)];
    if (this.#acting) parts.push(this.#wordsForm(room), ...(room.state.kind === "closed" ? [this.#link()] : []));
    if (room.state.role === "owner" || this.client.user?.admin) parts.push(button(this.say(room.state.archived ? "room.unarchive" : "room.archive"), () => this.archive(), "action grave"));
    if (room.state.kind !== "direct") parts.push(button(this.say("room.leave"), () => this.leave(), "action grave"));
    this.tools.replaceChildren(...parts);
  }

  /** @param {import("../../state/room.js").Room} room */
  #wordsForm(room) {
    const form = actingForm(this, [
      field(this.say("finder.title"), "title", { value: room.state.title, "data-most": LONGEST.title }),
      field(this.say("finder.about"), "about", { value: room.state.about, "data-most": LONGEST.about, optional: true }),
      field(this.say("people.slow_mode"), "slow", { type: "number", min: "0", max: "21600", value: String(room.state.slow_mode ?? 0) }),
      make("label", { class: "check" }, make("input", { attributes: { type: "checkbox", name: "question", checked: room.state.question } }), make("span", { text: this.say("people.question") })),
    ], this.say("composer.save"), async (data) => {
      await this.client.ask("room.update", { room: this.room, title: data.get("title"), about: data.get("about"), slow_mode: Number(data.get("slow")) || 0, question: Boolean(data.get("question")) });
    });
    return make("details", {}, make("summary", { text: this.say("people.change_room") }), form);
  }

  #link() {
    const shown = make("input", { attributes: { readonly: true, "aria-label": this.say("people.link") }, set: { hidden: true } });
    const get = button(this.say("people.link"), () => this.#doing(async () => {
      const { link } = await this.client.ask("room.link", { room: this.room });
      shown.value = location.origin + joinPath(this.room, link);
      shown.hidden = false;
      shown.select();
    }));
    const withdraw = button(this.say("people.withdraw_link"), () => this.#doing(async () => {
      await this.client.ask("room.link", { room: this.room, withdraw: true });
      shown.hidden = true;
    }));
    return make("div", { class: "link" }, get, withdraw, shown);
  }

  async leave() {
    if (!(await askFirst(this, "room.confirm_leave", "room.leave"))) return;
    await this.#doing(async () => {
      await this.client.ask("room.leave", { room: this.room });
      context.go("/");
    });
  }

  async archive() {
    const archived = !this.#state?.state.archived;
    if (archived && !(await askFirst(this, "room.confirm_archive", "room.archive"))) return;
    await this.#doing(() => this.client.ask("room.archive", { room: this.room, archived }));
  }

  /** @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = "";
    try {
      await work();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, refusal);
    }
  }
}
