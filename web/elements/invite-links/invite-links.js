/**
 * Invitations: a personal link for one person, or "my code" for a table or a class (a QR for up to 50 people, for a day).
 * Whoever comes by one begins in the reader's contacts. Below: who came by which, and ending one.
 */

import { copyText } from "../../lib/copy.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { invitePath, userPath } from "../../lib/paths.js";
import { drawnCode } from "../../lib/qr.js";
import { refusalWords } from "../../lib/refusal.js";
import { clockTime, shortDate } from "../../lib/times.js";
import { PageElement } from "../element.js";

/** Of "my code". */
const MANY = 50;
const A_DAY = 24 * 3_600_000;

export class InviteLinks extends PageElement {
  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.room = make("select");
    this.shown = make("div", { class: "shown", attributes: { role: "status" } });
    this.list = make("ul", { attributes: { role: "list" } });
    this.append(make("section", { class: "part" }, make("h2", { text: this.say("invite.heading") }), make("p", { class: "lead", text: this.say("invite.lead") }),
      make("label", { class: "field", text: this.say("invite.room") }, this.room),
      make("div", { class: "choices" }, button(this.say("invite.make"), () => this.create(), "button"), button(this.say("code.show"), () => this.showCode(), "action edged")),
      make("small", { text: this.say("code.lead") }), this.shown, this.error, this.list));
  }

  attach() {
    this.listen(this.client, "people", () => this.load());
    this.listen(this.client, "inbox", () => this.load());
    this.#showRooms();
    this.load();
  }

  /** Open rooms, and closed ones that one looks after. */
  #showRooms() {
    const rooms = [...this.client.rooms.values()].filter(({ state, moderates }) => !state.archived && (state.kind === "open" || (state.kind === "closed" && moderates)));
    this.room.replaceChildren(make("option", { text: this.say("invite.no_room"), attributes: { value: "" } }),
      ...rooms.map((room) => make("option", { text: room.title(this.language), attributes: { value: room.id } })));
  }

  async load() {
    await this.#doing(async () => {
      const { invitations } = await this.client.ask("invitation.list");
      this.client.people.learn(invitations.flatMap((/** @type {any} */ one) => one.users ?? []));
      this.list.replaceChildren(...invitations.filter((/** @type {any} */ one) => one.used || this.#isOpen(one)).map((/** @type {any} */ one) => this.#row(one)));
    });
  }

  /** @param {any} one */
  #isOpen({ withdrawn, ends_at: ends, uses = 1, used = 0 }) {
    return !withdrawn && ends > this.client.now() && used < uses;
  }

  /** @param {any} one */
  #row(one) {
    const { uses = 1, used = 0, users = [] } = one;
    const made = shortDate(this.language, one.at);
    const room = this.client.find(one.room)?.title(this.language);
    const open = this.#isOpen(one);
    const state = [
      room, uses > 1 ? this.say("invite.used", { used, uses }) : "",
      open ? this.say("invite.waits", { made, until: shortDate(this.language, one.ends_at) }) : this.say("invite.made", { made }),
    ].filter(Boolean).join(" · ");
    return make("li", {}, make("div", {}, ...this.#who(users), make("small", { text: state, attributes: { dir: "auto" } })),
      open ? button(this.say("invite.withdraw"), () => this.#withdraw(one.id), "action grave") : null);
  }

  /** @param {string[]} users who came by it */
  #who(users) {
    if (!users.length) return [];
    const names = users.flatMap((id, at) => {
      const guest = this.client.people.get(id);
      const name = guest ? make("a", { attributes: { href: userPath(guest.handle) } }, nameOf(guest)) : nameOf({ name: this.say("people.left") });
      return at ? [this.say("list.and"), name] : [name];
    });
    const [before, after] = this.say("invite.came").split("{names}");
    return [make("p", {}, before ?? "", ...names, after ?? "")];
  }

  // --- making one --------------------------------------------------------------------------------------------------

  async create() {
    await this.#doing(async () => {
      const { code } = await this.client.ask("invitation.create", { room: this.room.value });
      const link = make("input", { attributes: { readonly: true, "aria-label": this.say("invite.link"), value: location.origin + invitePath(code) } });
      this.shown.replaceChildren(link, this.#copy(link), make("small", { text: this.say("invite.once") }));
      await this.load();
      link.select();
    });
  }

  /** @param {any} link */
  #copy(link) {
    const copy = button(this.say("account.copy"), async () => {
      if (await copyText(link, link.value)) copy.textContent = this.say("account.copied");
    });
    return copy;
  }

  /** For a table or a class: large enough to be scanned from a few metres. */
  async showCode() {
    await this.#doing(async () => {
      const until = this.client.now() + A_DAY;
      const { code, qr } = await this.client.ask("invitation.create", { room: this.room.value, uses: MANY, expires_at: until, link: location.origin + invitePath("") });
      const link = make("input", { attributes: { readonly: true, "aria-label": this.say("code.link"), value: location.origin + invitePath(code) } });
      const dialog = make("dialog", { class: "my-code", attributes: { "aria-label": this.say("code.heading") }, on: { close: () => dialog.remove() } },
        make("h2", { text: this.say("code.heading") }), qr ? drawnCode(qr, this.say("met.qr")) : null,
        make("p", { text: this.say("code.words", { name: this.client.user?.name ?? "" }) }), make("div", { class: "shown" }, link, this.#copy(link)),
        make("p", { class: "lead", text: this.say("code.until", { count: MANY, time: clockTime(this.language, until) }) }),
        make("div", { class: "choices" }, button(this.say("people.close"), () => dialog.close(), "button")));
      this.append(dialog);
      dialog.showModal();
      await this.load();
    });
  }

  /** @param {string} id */
  async #withdraw(id) {
    await this.#doing(async () => {
      await this.client.ask("invitation.withdraw", { id });
      this.shown.replaceChildren();
      await this.load();
    });
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
