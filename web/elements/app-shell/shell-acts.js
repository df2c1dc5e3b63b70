/**
 * What the page's frame does besides showing a place: the banner, keyboard shortcuts, links that lead into a room, and
 * pages that could not be loaded or do not exist. Made by AppShell once the first words stand.
 */

import { button, make } from "../../lib/dom.js";
import { readPath, roomPath, searchPath } from "../../lib/paths.js";
import { context } from "../element.js";
import { arrived, want } from "../later.js";

const NOT_LOADED_SHOWN = 6_000;
const OFFLINE_PATIENCE = 2_000;

export class ShellActs {
  /** @type {any} made when it is first wanted */ #switcher = null;
  /** @type {string[] | null} the keys pressed while the switcher or the search is on its way */ #early = null;
  #joining = false;
  /** @type {any} */ #offline = undefined;

  /** @param {import("./app-shell.js").AppShell} shell */
  constructor(shell) {
    this.shell = shell;
    this.client = shell.client;
    shell.listen(this.client, "status", () => this.showStatus());
    shell.listen(document, "keydown", (event) => this.shortcut(event), { capture: true });
    this.showStatus();
    if (shell.early) this.openSwitcher(shell.early);
  }

  /** The page of an address that leads nowhere. */
  async lostPage() {
    const { lostPage } = await import("../lost-page.js");
    return lostPage(this.shell);
  }

  offerAgain() {
    const { shell } = this;
    shell.main.replaceChildren(make("div", { class: "empty" }, make("p", { text: shell.say("refused.unanswered") }),
      button(shell.say("shell.again"), () => shell.again(), "button")));
  }

  /** @param {string} room @param {string} link */
  async join(room, link) {
    // Asked again with each event until the session began, and then once more than needed.
    if (!this.client.began || readPath(location.pathname).page !== "join") return;
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

  // --- the banner -----------------------------------------------------------------------------------------------------

  /** Say so when the connection has been away for two seconds. */
  showStatus() {
    clearTimeout(this.#offline);
    const { status, closeCode } = this.client.wire;
    if (status === "live") {
      this.shell.banner.hidden = true;
    } else if (status === "away") {
      this.#say(closeCode === 4502 ? "banner.suspended" : "banner.signed_out");
    } else {
      this.#offline = setTimeout(() => this.#say("banner.offline"), OFFLINE_PATIENCE);
    }
  }

  /** A part that somebody asked for: the next asking tries again. */
  sayNotLoaded() {
    this.#say("banner.not_loaded");
    clearTimeout(this.#offline);
    this.#offline = setTimeout(() => this.showStatus(), NOT_LOADED_SHOWN);
  }

  /** @param {string} key */
  #say(key) {
    this.shell.banner.textContent = this.shell.say(key);
    this.shell.banner.hidden = false;
    if (key === "banner.signed_out") this.client.restart();
  }

  // --- shortcuts ------------------------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  shortcut(event) {
    if (this.#early) {
      event.preventDefault();
      event.stopPropagation();
      this.#early.push(event.key);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      this.openSwitcher();
    } else if (isFind(event) && this.#room) {
      event.preventDefault();
      this.openSearch(this.#room);
    } else if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      this.shell.list.step(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "?" && !event.ctrlKey && !event.metaKey && !isTyped(event.target)) {
      event.preventDefault();
      event.stopPropagation();
      this.openHelp();
    }
  }

  /** The room that stands on the page; elsewhere Ctrl+F is the browser's. */
  get #room() {
    return /** @type {any} */ (this.shell.main.querySelector(":scope > room-view"))?.room ?? "";
  }

  /** Search in a room; what is typed until the page of it stands is what is searched for. @param {string} room */
  async openSearch(room) {
    const early = this.#early = /** @type {string[]} */ ([]);
    const there = await arrived("search-page");
    this.#early = null;
    if (there && !early.includes("Escape")) context.go(searchPath({ room }), { q: early.filter((key) => key.length === 1).join("") });
  }

  /** The shortcuts, and how words are formatted. */
  async openHelp() {
    if (await arrived("shortcut-help")) document.body.append(make("shortcut-help"));
  }

  /**
   * Go to a room by a few letters of its name. What is typed until the switcher stands is for it, not for the room.
   *
   * @param {string[]} [early] keys that were pressed for it already
   */
  async openSwitcher(early = /** @type {string[]} */ ([])) {
    if (this.#early) return;
    this.#early = early;
    try {
      await want("room-switcher");
      this.#switcher ??= this.shell.appendChild(make("room-switcher"));
      this.#switcher.open(this.#early);
    } finally {
      this.#early = null;
    }
  }
}

/** @param {KeyboardEvent} event */
function isFind(event) {
  const plain = !event.shiftKey && !event.altKey && !document.querySelector("dialog[open]");
  return plain && (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f";
}

/** Whether a key pressed there is written, or meant for what stands in front of the page. @param {EventTarget | null} target */
function isTyped(target) {
  return Boolean(document.querySelector("dialog[open]") || /** @type {Element} */ (target).closest?.("input, textarea, select, [contenteditable]"));
}
