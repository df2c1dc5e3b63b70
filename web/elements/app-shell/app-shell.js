/** The frame of the page: rooms on one side, one page on the other; on a phone one of the two. */

import { button, change, make } from "../../lib/dom.js";
import { readPath, roomPath } from "../../lib/paths.js";
import { context, PageElement } from "../element.js";
import { want } from "../later.js";

const NOT_LOADED_SHOWN = 6_000;
const OFFLINE_PATIENCE = 2_000;
const LOADING_PATIENCE = 300;
/** Pages that are read from top to bottom. */
const SHEETS = new Set(["room-finder", "settings-page", "user-profile", "community-page", "people-page"]);

export class AppShell extends PageElement {
  #shown = "";
  /** @type {any} made when it is first wanted */ #switcher = null;
  /** @type {string[] | null} the keys pressed while the switcher is on its way */ #early = null;
  #joining = false;
  /** @type {any} */ #offline = undefined;

  build() {
    this.list = make("room-list");
    this.main = make("main", { attributes: { id: "main", tabindex: "-1" } });
    this.banner = make("p", { class: "banner", attributes: { role: "status" }, set: { hidden: true } });
    this.skip = make("a", { class: "skip", attributes: { href: "#main" } });
    this.append(this.skip, this.banner, this.list, this.main);
  }

  attach() {
    this.listen(window, "popstate", () => this.show());
    this.listen(context.words, "change", () => this.relabel());
    for (const name of ["session", "rooms"]) this.listen(this.client, name, () => this.show());
    this.listen(this.client, "room", () => this.retitle());
    this.listen(this.client, "rooms", () => this.retitle());
    this.listen(this.client, "community", () => this.retitle());
    this.listen(this.client, "status", () => this.showStatus());
    this.listen(window, "notloaded", () => this.#sayNotLoaded());
    this.listen(document, "keydown", (event) => this.shortcut(event), { capture: true });
    this.listen(this, "click", (event) => this.follow(event));
    this.relabel();
  }

  relabel() {
    this.skip.textContent = this.say("shell.skip");
    this.#shown = "";
    this.show();
    this.showStatus();
  }

  /** Links within the page do not reload it. @param {MouseEvent} event */
  follow(event) {
    const link = /** @type {Element} */ (event.target).closest?.("a[href^='/']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    context.go(link.getAttribute("href") ?? "/");
  }

  show() {
    const place = this.#placed(readPath(location.pathname, location.hash));
    this.dataset.page = place.page;
    // The account form outlives the sign-up itself: it still has the recovery code to show.
    const signedIn = ["settings", "community", "setup", "user"].includes(place.page) && this.client.signedIn;
    const key = JSON.stringify([place, signedIn, this.language]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.retitle();
    this.#open(place, key);
  }

  /** @param {any} place @param {string} key while this is what should be shown */
  async #open(place, key) {
    const [tag, properties] = this.#element(place);
    if (tag && !customElements.get(tag)) {
      const patience = setTimeout(() => this.main.replaceChildren(make("p", { class: "empty", text: this.say("shell.loading") })), LOADING_PATIENCE);
      const failed = await want(tag).then(() => false, () => true);
      clearTimeout(patience);
      if (key !== this.#shown) return;
      if (failed) return this.#offerAgain();
    }
    if (place.page === "lost") await this.#sayLost(key);
    else this.main.replaceChildren(tag ? make(tag, { class: SHEETS.has(tag) ? "sheet" : "", set: properties }) : "");
    this.retitle();
    if (place.page === "home" || this.main.contains(document.activeElement)) return;
    this.main.querySelector("h1")?.focus({ preventScroll: true });
  }

  /** @param {string} key while this is what should be shown */
  async #sayLost(key) {
    const { lostPage } = await import("../lost-page.js");
    if (key === this.#shown) this.main.replaceChildren(lostPage(this));
  }

  #offerAgain() {
    this.main.replaceChildren(make("div", { class: "empty" }, make("p", { text: this.say("refused.unanswered") }),
      button(this.say("shell.again"), () => {
        this.#shown = "";
        this.show();
      }, "button")));
  }

  /** At home a wide page shows the room that was last open; a phone shows the rooms. @param {any} place */
  #placed(place) {
    if (place.page === "join") this.#join(place.room, place.link);
    if (place.page !== "home" || matchMedia("(max-width: 720px)").matches) return place;
    const last = context.preferences.chosen.room ?? "";
    const room = this.client.rooms.has(last) ? last : [...this.client.rooms.keys()][0];
    if (room) return { page: "room", room };
    return this.client.began ? { page: "rooms" } : place;
  }

  /** Which element shows a place, and with what. @param {any} place @returns {[string, object]} */
  #element(place) {
    if (place.page === "room") return ["room-view", { room: place.room }];
    if (place.page === "rooms") return ["room-finder", {}];
    if (place.page === "settings") return ["settings-page", {}];
    if (place.page === "people") return ["people-page", { code: place.code ?? "" }];
    if (place.page === "user") return ["user-profile", { handle: place.handle }];
    if (place.page === "community" || place.page === "setup") return ["community-page", { code: place.code ?? "" }];
    if (["sign-in", "sign-up", "recover"].includes(place.page)) return ["account-form", { kind: place.page, invite: place.invite ?? "" }];
    return ["", {}];
  }

  /** @param {string} room @param {string} link */
  async #join(room, link) {
    if (!this.client.began) return;
    if (!this.client.signedIn) {
      context.preferences.set({ after: location.pathname });
      return context.go("/sign-up");
    }
    if (this.#joining) return undefined;
    this.#joining = true;
    // A link that is no longer good leads to the room's door, which says so.
    await this.client.ask("room.join", { room, link }).catch(() => undefined);
    this.#joining = false;
    return context.go(roomPath(room));
  }

  retitle() {
    const calls = this.client.calls;
    const name = this.client.card?.name ?? "";
    const place = readPath(location.pathname, location.hash);
    const room = place.page === "room" ? this.client.find(place.room)?.title(this.language) : undefined;
    const words = [room, name].filter(Boolean).join(" · ");
    change(document, { title: calls ? `(${calls}) ${words}` : words });
  }

  /** Say so when the connection has been away for two seconds. */
  showStatus() {
    clearTimeout(this.#offline);
    const { status, closeCode } = this.client.wire;
    if (status === "live") {
      this.banner.hidden = true;
    } else if (status === "away") {
      this.#say(closeCode === 4502 ? "banner.suspended" : "banner.signed_out");
    } else {
      this.#offline = setTimeout(() => this.#say("banner.offline"), OFFLINE_PATIENCE);
    }
  }

  /** A part that somebody asked for: the next asking tries again. */
  #sayNotLoaded() {
    this.#say("banner.not_loaded");
    clearTimeout(this.#offline);
    this.#offline = setTimeout(() => this.showStatus(), NOT_LOADED_SHOWN);
  }

  /** @param {string} key */
  #say(key) {
    this.banner.textContent = this.say(key);
    this.banner.hidden = false;
    if (key === "banner.signed_out") this.client.restart();
  }

  /** @param {KeyboardEvent} event */
  shortcut(event) {
    if (this.#early) {
      event.preventDefault();
      event.stopPropagation();
      this.#early.push(event.key);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      this.#switch();
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      this.list.step(event.key === "ArrowDown" ? 1 : -1);
    }
  }

  /** Go to a room by a few letters of its name. What is typed until the switcher stands is for it, not for the room. */
  async #switch() {
    if (this.#early) return;
    this.#early = [];
    try {
      await want("room-switcher");
      this.#switcher ??= this.appendChild(make("room-switcher"));
      this.#switcher.open(this.#early);
    } finally {
      this.#early = null;
    }
  }
}
