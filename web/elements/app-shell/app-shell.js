/** The frame of the page: rooms on one side, one page on the other; on a phone one of the two. */

import { change, make, setAttribute } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { readPath } from "../../lib/paths.js";
import { context, PageElement } from "../element.js";
import { insist, painted, readerIsServed, want } from "../later.js";

const LOADING_PATIENCE = 300;
/** The bar at the foot of a phone: page, address, icon, words. */
const TABS = [
  ["home", "/", "forum", "rooms.all"], ["notifications", "/notifications", "bell", "bell.heading"],
  ["people", "/people", "people", "ties.heading"], ["settings", "/settings", "person", "shell.you"],
];
/** Pages that are read from top to bottom. */
const SHEETS = new Set(["room-finder", "settings-page", "user-profile", "community-page", "people-page", "bell-list"]);

export class AppShell extends PageElement {
  #shown = "";
  /** The address that is shown. */ #path = "";
  /** @type {Promise<import("./shell-acts.js").ShellActs> | undefined} */ #coming;
  /** @type {string[] | undefined} the keys pressed after an early Ctrl+K */ early = undefined;

  build() {
    this.list = make("room-list");
    this.main = make("main", { attributes: { id: "main", tabindex: "-1" } });
    this.banner = make("p", { class: "banner", attributes: { role: "status" }, set: { hidden: true } });
    this.skip = make("a", { class: "skip", attributes: { href: "#main" } });
    this.tabs = make("nav", { class: "tabbar" }, ...TABS.map(([, href, name]) => make("a", { attributes: { href } }, icon(name), make("span"),
      make("span", { class: "badge lit", attributes: { "aria-hidden": "true" }, set: { hidden: true } }), make("span", { class: "unseen" }))));
    /** @type {import("./shell-acts.js").ShellActs | undefined} */ this.acts = undefined;
    this.append(this.skip, this.banner, this.list, this.main, this.tabs);
  }

  attach() {
    this.listen(window, "popstate", () => this.show());
    this.listen(context.words, "change", () => this.relabel());
    for (const name of ["session", "rooms"]) this.listen(this.client, name, () => this.show());
    for (const name of ["inbox", "session"]) this.listen(this.client, name, () => this.#showTabs());
    this.listen(this.client, "room", () => this.retitle());
    this.listen(this.client, "rooms", () => this.retitle());
    this.listen(this.client, "community", () => this.retitle());
    this.listen(this, "click", (event) => this.follow(event));
    this.listen(this.list, "click", ({ target }) => target.closest(".find") && this.#acts().then((acts) => acts.openSwitcher()));
    this.listen(document, "keydown", (event) => this.#keepKey(event), { capture: true });
    this.listen(window, "notloaded", () => this.#acts().then((acts) => acts.sayNotLoaded()));
    this.listen(window, "unhandledrejection", (event) => this.#missed(event));
    this.relabel();
    painted(() => this.#acts());
  }

  /** What the first words do not wait for: the banner, shortcuts, links that lead into a room. */
  #acts() {
    return (this.#coming ??= insist(() => import("./shell-acts.js")).then(({ ShellActs }) => (this.acts = new ShellActs(this))));
  }

  /** What somebody asked for and could not be loaded, as browsers say it in their own words. @param {PromiseRejectionEvent} event */
  #missed(event) {
    if (!(event.reason instanceof TypeError && /\bimport/i.test(event.reason.message))) return;
    event.preventDefault();
    dispatchEvent(new Event("notloaded"));
  }

  /** Ctrl+K that was pressed before its part came, and what is typed after it, is for the switcher; other shortcuts wait. @param {KeyboardEvent} event */
  #keepKey(event) {
    if (this.acts) return;
    const opens = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k";
    if (!this.early && !opens) {
      const finds = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f" && this.main.firstElementChild?.localName === "room-view";
      if (finds) event.preventDefault();
      if (finds || event.key === "?" || (event.altKey && event.key.startsWith("Arrow"))) this.#acts().then((acts) => acts.shortcut(event));
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    if (this.early) this.early.push(event.key);
    else this.early = [];
    this.#acts();
  }

  relabel() {
    this.skip.textContent = this.say("shell.skip");
    this.again();
    this.acts?.showStatus();
  }

  /** Show the place once more, as after it could not be loaded. */
  again() {
    this.#shown = "";
    this.show();
  }

  /** Links within the page do not reload it. @param {MouseEvent} event */
  follow(event) {
    const link = /** @type {Element} */ (event.target).closest?.("a[href^='/']:not([download], [href^='/files/'])");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    const path = link.getAttribute("href") ?? "/";
    // A link to the message whose address stands there leads to it again.
    const { seq } = /** @type {any} */ (readPath(path));
    if (seq && path === location.pathname) /** @type {any} */ (this.main.firstElementChild)?.messages?.goTo({ seq, mark: true });
    context.go(path);
  }

  show() {
    const place = this.#placed(readPath(location.pathname, location.hash));
    this.dataset.page = place.page;
    // The account form outlives the sign-up itself: it still has the recovery code to show.
    const signedIn = ["settings", "notifications", "community", "setup", "user"].includes(place.page) && this.client.signedIn;
    const { seq = 0, ...where } = /** @type {any} */ (place);
    const key = JSON.stringify([where, signedIn, this.language]);
    const moved = location.pathname !== this.#path;
    this.#path = location.pathname;
    if (key === this.#shown) {
      // Within a room nothing is made again.
      if (moved && place.page === "room") /** @type {any} */ (this.main.firstElementChild)?.openAt?.(seq);
      return;
    }
    this.#shown = key;
    this.retitle();
    this.#showTabs();
    this.#open(place, key);
  }

  #showTabs() {
    this.tabs.hidden = !this.client.signedIn;
    this.tabs.setAttribute("aria-label", this.say("shell.pages"));
    TABS.forEach(([page, , , key = ""], index) => {
      const link = this.tabs.children[index];
      const [, words, badge, heard] = link.children;
      const waiting = page === "notifications" ? this.client.inbox.unread : 0;
      setAttribute(link, "aria-current", this.dataset.page === page ? "page" : undefined);
      change(words, { textContent: this.say(key) });
      change(badge, { hidden: !waiting, textContent: waiting > 99 ? "99+" : String(waiting) });
      change(heard, { textContent: waiting ? `, ${this.say("ties.waiting", { count: waiting })}` : "" });
    });
  }

  /** @param {any} place @param {string} key while this is what should be shown */
  async #open(place, key) {
    const [tag, properties] = this.#element(place);
    if (tag && !customElements.get(tag)) {
      const patience = setTimeout(() => this.main.replaceChildren(make("p", { class: "empty", text: this.say("shell.loading") })), LOADING_PATIENCE);
      const failed = await want(tag).then(() => false, () => true);
      clearTimeout(patience);
      if (key !== this.#shown) return;
      if (failed) return (await this.#acts()).offerAgain();
    }
    if (place.page === "lost") {
      const page = await (await this.#acts()).lostPage();
      if (key === this.#shown) this.main.replaceChildren(page);
    } else this.main.replaceChildren(tag ? make(tag, { class: SHEETS.has(tag) ? "sheet" : "", set: properties }) : "");
    if (tag !== "room-view") readerIsServed();
    this.retitle();
    if (place.page === "home" || this.main.contains(document.activeElement)) return;
    this.main.querySelector("h1")?.focus({ preventScroll: true });
  }

  /** At home a wide page shows the room that was last open; a phone shows the rooms. @param {any} place */
  #placed(place) {
    if (place.page === "join") this.#acts().then((acts) => acts.join(place.room, place.link));
    if (place.page !== "home" || matchMedia("(max-width: 720px)").matches) return place;
    const last = context.preferences.chosen.room ?? "";
    const room = this.client.rooms.has(last) ? last : [...this.client.rooms.keys()][0];
    if (room) return { page: "room", room };
    return this.client.began ? { page: "rooms" } : place;
  }

  /** Which element shows a place, and with what. @param {any} place @returns {[string, object]} */
  #element(place) {
    if (place.page === "room") return ["room-view", { room: place.room, seq: place.seq ?? 0, topic: place.topic, page: place.part ?? "" }];
    if (place.page === "rooms") return ["room-finder", { create: Boolean(place.create) }];
    if (place.page === "settings") return ["settings-page", { subject: place.part ?? "" }];
    if (place.page === "notifications") return ["bell-list", {}];
    if (place.page === "search") return ["search-page", {}];
    if (place.page === "people") return ["people-page", { code: place.code ?? "" }];
    if (place.page === "user") return ["user-profile", { handle: place.handle }];
    if (place.page === "community" || place.page === "setup") return ["community-page", { code: place.code ?? "" }];
    if (["sign-in", "sign-up", "recover"].includes(place.page)) return ["account-form", { kind: place.page, invite: place.invite ?? "" }];
    return ["", {}];
  }

  retitle() {
    const calls = this.client.calls;
    const name = this.client.card?.name ?? "";
    const place = readPath(location.pathname, location.hash);
    const room = place.page === "room" ? this.client.find(place.room) : undefined;
    const topic = place.page === "room" && place.topic ? room?.topics?.get(place.topic)?.title : undefined;
    const words = [topic, room?.title(this.language), name].filter(Boolean).join(" · ");
    change(document, { title: calls ? `(${calls}) ${words}` : words });
  }
}
