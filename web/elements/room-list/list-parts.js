/**
 * What comes to the list of rooms after the first words: the community's menu, more rooms, how many unread ones are out of
 * sight, the languages a visitor may choose, and on a phone the last line of each room. Made by RoomList.
 */

import { change, make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { LastWords } from "../../state/last-words.js";
import { LANGUAGES } from "../../state/words.js";
import { context } from "../element.js";
import { arrived } from "../later.js";
import { openMenu } from "../menu.js";
import "../../lib/more-icons.js";

const PHONE = matchMedia("(max-width: 720px)");
/** As one says them for short. @type {Record<string, string>} */
const NAMES = { en: "English", "zh-Hans": "简体", "zh-Hant": "繁體" };

export class ListParts {
  /** @param {import("./room-list.js").RoomList} list */
  constructor(list) {
    this.list = list;
    this.lastWords = new LastWords(list.client);
    this.below = make("button", { class: "below", attributes: { type: "button" }, set: { hidden: true }, on: { click: () => this.#toUnread() } });
    this.languages = make("div", { class: "languages", set: { hidden: true } });
    this.all = make("button", { class: "row others", attributes: { type: "button" }, set: { hidden: true }, on: { click: () => this.#toggleAll() } },
      icon("right"), make("span", { class: "title" }), make("small"));
    list.talks.after(this.all);
    list.nav.after(this.below);
    list.foot.after(this.languages);
    list.listen(list.community, "click", (event) => this.#openMenu(event));
    list.listen(list.nav, "scroll", () => this.#countBelow(), { passive: true });
    list.listen(window, "resize", () => this.show(), { passive: true });
    this.#addNearby();
  }

  /** Rooms one could join, once one's own are there. */
  async #addNearby() {
    const { nav, create } = this.list;
    if ((await arrived("nearby-rooms")) && !nav.querySelector("nearby-rooms")) create.before(make("nearby-rooms"));
  }

  show() {
    const { list } = this;
    const { signedIn, began } = list.client;
    this.#showLanguages(began && !signedIn);
    if (signedIn) {
      list.community.setAttribute("aria-haspopup", "menu");
      this.lastWords.ask(PHONE.matches);
    }
    this.#showOthers();
    for (const row of list.nav.querySelectorAll(".rooms li[data-room] > a")) this.#dress(/** @type {any} */ (row));
    requestAnimationFrame(() => this.#countBelow());
  }

  /** The way to the older conversations, and how many there are. */
  #showOthers() {
    const { showsAll, others } = this.list;
    change(this.all, { hidden: !others });
    this.all.setAttribute("aria-expanded", String(showsAll));
    change(this.all.children[1], { textContent: this.list.say(showsAll ? "rooms.recent_talks" : "rooms.all_talks") });
    change(this.all.lastChild, { textContent: showsAll ? "" : String(others) });
  }

  #toggleAll() {
    this.list.showsAll = !this.list.showsAll;
    this.list.show();
  }

  /** The star, the sign of a muted room, and on a phone who said what when. @param {any} link */
  #dress(link) {
    const room = this.list.client.rooms.get(link.parentNode.dataset.room);
    if (!room) return;
    this.#sign(link, "star", link.classList.contains("favourite"), "rooms.favourite");
    this.#sign(link, "mute", link.classList.contains("muted"), "rooms.muted");
    if (!PHONE.matches) return;
    const { words, time } = this.lastWords.of(room, this.list);
    const last = link.querySelector(".last") ?? link.appendChild(make("span", { class: "last", attributes: { dir: "auto" } }));
    const when = link.querySelector("time") ?? link.appendChild(make("time"));
    change(last, { textContent: words });
    change(when, { textContent: time });
  }

  /** @param {any} link @param {string} name @param {boolean} wanted @param {string} key */
  #sign(link, name, wanted, key) {
    const known = link.querySelector(`.icon.${name}`);
    if (Boolean(known) === wanted) return;
    if (known) known.parentNode.remove();
    else link.children[1].after(make("span", { class: "sign", attributes: { title: this.list.say(key) } }, icon(name, name), make("span", { class: "unseen", text: this.list.say(key) })));
  }

  // --- out of sight ---------------------------------------------------------------------------------------------------

  get #unreadBelow() {
    const { bottom } = this.list.nav.getBoundingClientRect();
    return [...this.list.nav.querySelectorAll(".row.unread")].filter((row) => row.getBoundingClientRect().top > bottom - 8);
  }

  #countBelow() {
    const count = this.list.nav.clientHeight ? this.#unreadBelow.length : 0;
    change(this.below, { hidden: !count });
    if (count) change(this.below, { textContent: this.list.say("rooms.more_unread", { count }) });
  }

  #toUnread() {
    this.#unreadBelow[0]?.scrollIntoView({ block: "center" });
    this.#countBelow();
  }

  // --- the community --------------------------------------------------------------------------------------------------

  /** @param {MouseEvent} event */
  #openMenu(event) {
    const { list } = this;
    if (!list.opensMenu(event)) return;
    event.preventDefault();
    event.stopPropagation();
    openMenu(list, list.community, [
      list.client.user?.admin ? { icon: "gear", text: list.say("community.heading"), href: "/community" } : null,
      { icon: "link", text: list.say("invite.heading"), href: "/people" },
      { icon: "plus", text: list.say("rooms.new"), href: "/rooms#new" },
      { icon: "search", text: list.say("rooms.find"), href: "/rooms" },
      [...list.client.rooms.values()].some((room) => room.unread) ? { icon: "check", text: list.say("rooms.mark_everything"), act: () => this.#readEverything() } : null,
      { icon: "person", text: list.say("settings.heading"), href: "/settings" },
    ]);
  }

  #readEverything() {
    const { client } = this.list;
    client.markers.mark([...client.rooms.keys()]);
  }

  /** @param {boolean} guest */
  #showLanguages(guest) {
    change(this.languages, { hidden: !guest });
    if (!guest || this.languages.dataset.language === this.list.language) return;
    this.languages.dataset.language = this.list.language;
    this.languages.replaceChildren(...LANGUAGES.map((code) => make("button", {
      class: "action", text: NAMES[code] ?? code, attributes: { type: "button", lang: code, "aria-pressed": String(code === this.list.language) },
      on: { click: () => {
        context.preferences.set({ language: code });
        context.words.speak(code).catch(() => dispatchEvent(new Event("notloaded")));
      } },
    })));
  }
}
