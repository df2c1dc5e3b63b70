/**
 * The room's page: what the room is, what one hears of it, who belongs to it, and what its moderators may do. It stands
 * beside the messages, on a phone in their place. Property `room`; a `close` event says that its reader closed it.
 */

import { copyText } from "../../lib/copy.js";
import { button, change, make } from "../../lib/dom.js";
import { icon, iconButton } from "../../lib/icons.js";
import { joinPath, roomPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { clockTime } from "../../lib/times.js";
import { askFirst } from "../ask-first.js";
import { context, PageElement } from "../element.js";
import { knows, want } from "../later.js";
import { openMuting } from "../mute-choices.js";
import { bansOf } from "./bans.js";
import { Members } from "./members.js";
import { settingsForm } from "./room-settings.js";
import "../../lib/more-icons.js";

const LEVELS = ["all", "mentions", "none"];
/** Everybody begins here, so it stays open. */
const HALL = "hall";
const COPIED_SHOWN = 2_000;

export class RoomPeople extends PageElement {
  room = "";
  #key = "";

  build() {
    this.heading = make("h2", { attributes: { tabindex: "-1" } });
    this.back = make("button", { class: "back", attributes: { type: "button" } });
    /** @type {any} */ this.close = iconButton("close", "", () => this.#close());
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.about = make("p", { class: "about", attributes: { dir: "auto" } });
    this.rows = make("div", { class: "rows" });
    /** @type {any} */ this.members = new Members(this);
    this.leaving = make("div", { class: "leaving" });
    this.append(make("header", {}, this.back, this.heading, this.close),
      make("div", { class: "body" }, this.error, this.about, this.rows, this.members.part, this.leaving));
  }

  attach() {
    this.setAttribute("role", "complementary");
    this.listen(this.back, "click", () => this.#close());
    this.listen(this, "keydown", (event) => event.key === "Escape" && !event.isComposing && this.#escape(event));
    this.listen(this.client, "session", () => !this.hidden && this.members.load());
    this.listen(this.client, "rooms", () => !this.hidden && this.show());
    this.listen(context.preferences, "change", () => !this.hidden && this.show());
    this.listen(this.client, "room", (event) => event.detail === this.room && !this.hidden && this.members.follow());
    for (const name of ["people", "renamed"]) this.listen(this.client, name, () => !this.hidden && this.members.follow());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.members.end();
  }

  #close() {
    context.preferences.set({ people: false });
    this.dispatchEvent(new Event("close"));
  }

  /** What was opened last is closed first: a search, a row, then all. @param {KeyboardEvent} event */
  #escape(event) {
    const target = /** @type {any} */ (event.target);
    if (target.type === "search" && target.value) return event.stopPropagation();
    const openers = [.../** @type {NodeListOf<HTMLElement>} */ (this.rows.querySelectorAll("[aria-expanded=true]"))];
    const opener = openers.find((one) => one.parentElement?.contains(target)) ?? openers.at(-1);
    if (!opener) return undefined;
    event.stopPropagation();
    if (isChanged(opener.parentElement?.querySelector("form"))) return undefined;
    opener.click();
    return opener.focus();
  }

  get state() {
    return this.client.rooms.get(this.room);
  }

  /** Whether the reader may act on others here. */
  get acting() {
    return Boolean(this.state?.moderates || this.client.user?.admin);
  }

  async open() {
    this.heading.textContent = this.say("people.about_room");
    this.close.title = this.say("people.close");
    this.close.setAttribute("aria-label", this.close.title);
    this.back.textContent = this.close.title;
    this.setAttribute("aria-label", this.heading.textContent ?? "");
    this.#key = "";
    this.show();
    await this.members.load();
  }

  show() {
    const room = this.state;
    const about = room?.about(this.language) ?? this.client.find(this.room)?.about(this.language) ?? "";
    change(this.about, { textContent: about, hidden: !about });
    const key = JSON.stringify([this.language, room?.state.role, room?.state, context.preferences.chosen.favourites]);
    // What is being written or chosen stays where it is.
    if (key === this.#key || this.rows.querySelector("form")?.contains(document.activeElement)) return;
    this.#key = key;
    const open = this.rows.querySelector("[aria-expanded=true]")?.closest("section")?.dataset.row;
    this.rows.replaceChildren(...(room?.isMember ? this.#rowsOf(room) : []));
    this.leaving.replaceChildren(...(room?.isMember ? this.#leavingOf(room) : []));
    if (open) this.rows.querySelector(`[data-row="${open}"] > button[aria-expanded]`)?.click();
  }

  // --- rows --------------------------------------------------------------------------------------------------------

  /** @param {import("../../state/room.js").Room} room */
  #rowsOf(room) {
    const { state } = room;
    const rows = [
      this.#fold("notify", state.notify === "none" ? "mute" : "bell", "notify.label", this.#notifyWords(state), () => this.#notify(state)),
      this.#act("favourite", "star", this.#isFavourite ? "rooms.unfavourite" : "rooms.make_favourite", () => this.#favour()),
    ];
    if (knows("pin-list") && state.kind !== "direct") rows.push(this.#fold("pins", "pin", "people.pinned", "", () => this.#pins()));
    if (state.kind === "direct") return rows;
    rows.push(this.#fold("writers", "edit", "people.writers", this.say(`people.writers_${state.writers ?? "everyone"}`), this.acting ? () => this.#writers(state) : undefined));
    if (state.kind === "open" || this.acting) rows.push(this.#link(state));
    if (this.acting) {
      rows.push(this.#fold("settings", "gear", "people.change_room", "", () => settingsForm(this, room)),
        this.#fold("bans", "ban", "people.kept_out", "", () => bansOf(this)));
    }
    return rows;
  }

  /** A row that unfolds what it is about. @param {string} name @param {string} picture @param {string} key @param {string} value @param {(() => Node) | undefined} inside */
  #fold(name, picture, key, value, inside) {
    const parts = [icon(picture), make("span", { text: this.say(key) }), make("b", { text: value }), inside ? icon("down", "fold") : null];
    const section = make("section", {});
    section.dataset.row = name;
    if (!inside) {
      section.append(make("div", { class: "set" }, ...parts));
      return section;
    }
    const opener = make("button", { class: "set", attributes: { type: "button", "aria-expanded": "false" } }, ...parts);
    opener.addEventListener("click", () => {
      const opened = opener.getAttribute("aria-expanded") === "true";
      opener.setAttribute("aria-expanded", String(!opened));
      if (opened) section.lastChild?.remove();
      else section.append(make("div", { class: "inside" }, inside()));
    });
    section.append(opener);
    return section;
  }

  /** @param {string} name @param {string} picture @param {string} key @param {(row: any) => void} act */
  #act(name, picture, key, act) {
    const row = make("button", { class: "set", attributes: { type: "button" }, on: { click: () => act(row) } }, icon(picture), make("span", { text: this.say(key) }), make("b"));
    const section = make("section", {}, row);
    section.dataset.row = name;
    return section;
  }

  /** @param {any} state */
  #notifyWords({ notify, notify_until: until }) {
    const level = this.say(`notify.${notify}`);
    return until ? `${level} · ${this.say("people.until", { time: clockTime(this.language, until) })}` : level;
  }

  /** @param {any} state */
  #notify(state) {
    const set = (/** @type {object} */ change) => this.doing(() => this.client.ask("room.notify", { room: this.room, level: state.notify, ...change }));
    const levels = LEVELS.map((level) => make("label", { class: "check" },
      make("input", { attributes: { type: "radio", name: "level", checked: level === state.notify }, on: { change: () => set({ level }) } }), 
      make("span", { text: this.say(`notify.${level}`) }, level === "mentions" ? make("small", { text: this.say("notify.mentions_words") }) : null)));
    const everyone = make("label", { class: "check" },
      make("input", { attributes: { type: "checkbox", checked: state.everyone !== false }, on: { change: (event) => set({ everyone: event.target.checked }) } }), make("span", { text: this.say("notify.everyone") }));
    /** @type {HTMLElement} */ const quiet = state.notify_until ? button(this.say("notify.end_quiet"), () => set({ level: state.notify_then ?? "all" }))
      : button(this.say("notify.mute"), () => openMuting(this, quiet, set));
    if (!state.notify_until) quiet.setAttribute("aria-haspopup", "menu");
    return make("div", { attributes: { role: "group", "aria-label": this.say("notify.label") } }, ...levels, state.kind === "direct" ? null : everyone, quiet);
  }

  get #isFavourite() {
    return Boolean(context.preferences.chosen.favourites?.includes(this.room));
  }

  #favour() {
    const others = (context.preferences.chosen.favourites ?? []).filter((id) => id !== this.room);
    context.preferences.set({ favourites: this.#isFavourite ? others : [...others, this.room] });
    this.client.tell("rooms");
    this.rows.querySelector("[data-row=favourite] button")?.focus();
  }

  #pins() {
    const place = make("div");
    want("pin-list").then(() => place.append(make("pin-list", { set: { room: this.room } })), () => dispatchEvent(new Event("notloaded")));
    return place;
  }

  /** @param {any} state */
  #writers(state) {
    return make("div", { attributes: { role: "group", "aria-label": this.say("people.writers") } }, ...["everyone", "moderators"].map((writers) => make("label", { class: "check" },
      make("input", { attributes: { type: "radio", name: "writers", checked: (state.writers ?? "everyone") === writers }, on: { change: () => this.doing(() => this.client.ask("room.update", { room: this.room, writers })) } }),
      make("span", { text: this.say(`people.writers_${writers}`) }))));
  }

  // --- the link ----------------------------------------------------------------------------------------------------

  /** @param {any} state */
  #link(state) {
    const shown = make("input", { attributes: { readonly: true, "aria-label": this.say("people.link") }, set: { hidden: true } });
    const row = this.#act("link", "link", "people.copy_link", (opener) => this.doing(async () => {
      shown.value = await this.address();
      shown.hidden = false;
      const copied = await copyText(shown, shown.value);
      opener.lastChild.textContent = copied ? this.say("account.copied") : "";
      setTimeout(() => (opener.lastChild.textContent = ""), COPIED_SHOWN);
    }));
    row.append(make("div", { class: "inside" }, shown, state.kind === "closed" ? button(this.say("people.withdraw_link"), () => this.doing(async () => {
      await this.client.ask("room.link", { room: this.room, withdraw: true });
      shown.hidden = true;
    }), "action grave") : null));
    return row;
  }

  /** Where others can join: an open room at its own address, a closed one by its link. */
  async address() {
    if (this.state?.state.kind === "open") return location.origin + roomPath(this.room);
    return location.origin + joinPath(this.room, (await this.client.ask("room.link", { room: this.room })).link);
  }

  // --- leaving -----------------------------------------------------------------------------------------------------

  /** @param {import("../../state/room.js").Room} room */
  #leavingOf({ state }) {
    const owns = state.role === "owner" || this.client.user?.admin;
    const archive = owns && this.room !== HALL && state.kind !== "direct"
      ? button(this.say(state.archived ? "room.unarchive" : "room.archive"), () => this.archive(), state.archived ? "action" : "action grave") : null;
    return [state.kind === "direct" ? null : button(this.say("room.leave"), () => this.leave(), "action grave"), archive].filter((one) => one !== null);
  }

  async leave() {
    if (!(await askFirst(this, "room.confirm_leave", "room.leave"))) return;
    await this.doing(async () => {
      await this.client.ask("room.leave", { room: this.room });
      context.go("/");
    });
  }

  async archive() {
    const archived = !this.state?.state.archived;
    if (archived && !(await askFirst(this, "room.confirm_archive", "room.archive"))) return;
    await this.doing(() => this.client.ask("room.archive", { room: this.room, archived }));
  }

  /** @param {() => Promise<any>} work */
  async doing(work) {
    this.error.textContent = "";
    try {
      await work();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, refusal);
    }
  }
}

/** Whether something was written or chosen that is not saved. @param {HTMLFormElement | null | undefined} form */
function isChanged(form) {
  const changed = (/** @type {any} */ field) => (/checkbox|radio/.test(field.type) ? field.checked !== field.defaultChecked : field.value !== (field.defaultValue ?? field.value));
  return [.../** @type {any} */ (form?.elements ?? [])].some(changed);
}
