/** Personal invitations: a link for one person each, who begins acquainted with the reader; who came by one, and ending one. */

import { copyText } from "../../lib/copy.js";
import { around } from "../../lib/around.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { invitePath, userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { shortDate } from "../../lib/times.js";
import { PageElement } from "../element.js";

export class InviteLinks extends PageElement {
  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.room = make("select");
    this.shown = make("div", { class: "shown", attributes: { role: "status" } });
    this.list = make("ul", { attributes: { role: "list" } });
    this.append(make("section", { class: "part" }, make("h2", { text: this.say("invite.heading") }), make("p", { class: "lead", text: this.say("invite.lead") }),
      make("label", { class: "field", text: this.say("invite.room") }, this.room),
      button(this.say("invite.make"), () => this.create(), "button"), this.shown, this.error, this.list));
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
  #isOpen(one) {
    return !one.withdrawn && one.ends_at > this.client.now();
  }

  /** @param {any} one */
  #row(one) {
    const guest = this.client.people.get(one.users?.[0]);
    const made = shortDate(this.language, one.at);
    const room = this.client.find(one.room)?.title(this.language);
    const waits = this.say("invite.waits", { made, until: shortDate(this.language, one.ends_at) });
    if (!one.used) return make("li", {}, make("span", { text: room ? `${room} · ${waits}` : waits }), button(this.say("invite.withdraw"), () => this.#withdraw(one.id)));
    const who = guest ? make("a", { attributes: { href: userPath(guest.handle) } }, nameOf(guest)) : nameOf({ name: this.say("people.left") });
    return make("li", {}, make("span", {}, ...around(this.say("invite.came", { made }), who)));
  }

  async create() {
    await this.#doing(async () => {
      const { code } = await this.client.ask("invitation.create", { room: this.room.value });
      const link = make("input", { attributes: { readonly: true, "aria-label": this.say("invite.link"), value: location.origin + invitePath(code) } });
      const copy = button(this.say("account.copy"), async () => {
        if (await copyText(link, link.value)) copy.textContent = this.say("account.copied");
      });
      this.shown.replaceChildren(link, copy, make("small", { text: this.say("invite.once") }));
      await this.load();
      link.select();
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
