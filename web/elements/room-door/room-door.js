/**
 * What stands in a room's place, or below it, for whoever cannot write there: a visitor hears what is behind the door, a
 * member of the community looks in, and an archived room says that it is. Property `room` (id). A `described` event
 * (detail: title, about) tells what the heading should say.
 */

import { button, make } from "../../lib/dom.js";
import { refusalWords } from "../../lib/refusal.js";
import { glimpse, listing } from "../../state/glimpse.js";
import { context, PageElement } from "../element.js";

export class RoomDoor extends PageElement {
  room = "";
  /** What stands here now; "" while one is inside. */
  #kind = "";

  attach() {
    this.listen(this.client, "session", () => (this.#kind = ""));
    for (const name of ["room", "rooms", "session"]) this.listen(this.client, name, () => this.show());
    this.show();
  }

  show() {
    const room = this.client.find(this.room);
    const inside = this.client.isInside(this.room);
    if (inside && room?.state.archived) this.#stand("archived", "refused.archived");
    else if (inside || !this.client.began) this.#stand("");
    else if (room) this.#stand("glimpse", "room.glimpse", button(this.say("room.join"), () => this.join(), "button"));
    else if (!this.#kind) this.#look();
  }

  /** Through an open room's door a member of the community may look; a visitor hears what is behind it. */
  async #look() {
    this.#kind = "looking";
    try {
      if (this.client.signedIn) await glimpse(this.client, this.room);
      else this.#describe(await listing(this.client, this.room));
    } catch (error) {
      const refusal = /** @type {import("../../lib/refusal.js").Refusal} */ (error);
      if (refusal.kind !== "unanswered") this.#refuse(refusal);
    }
  }

  /** @param {import("../../lib/shapes.js").RoomListing | undefined} listed */
  #describe(listed) {
    this.#title(listed ? listed.titles?.[this.language] ?? listed.title : this.say("room.outside"), listed?.abouts?.[this.language] ?? listed?.about);
    this.#stand("visitor", listed ? "room.outside_words" : "room.not_found", ...this.#ways());
  }

  #ways() {
    return [["account.sign_up", "/sign-up", "button"], ["account.sign_in", "/sign-in", "action"]].map(([key, href, kind]) =>
      make("a", {
        class: kind, text: this.say(/** @type {string} */ (key)), attributes: { href },
        on: { click: () => context.preferences.set({ after: location.pathname }) },
      }));
  }

  /** @param {import("../../lib/refusal.js").Refusal} refusal */
  #refuse(refusal) {
    this.#title(this.say("room.outside"));
    const key = refusal.kind === "not_found" ? "room.not_found" : `refused.${refusal.reason}`;
    this.#stand("refused", key, make("a", { class: "button", text: this.say("rooms.find"), attributes: { href: "/rooms" } }));
  }

  /** @param {string} title @param {string} [about] */
  #title(title, about = "") {
    this.dispatchEvent(new CustomEvent("described", { detail: { title, about } }));
  }

  /** @param {string} kind @param {string} [words] key @param {...Node} ways what can be done */
  #stand(kind, words = "", ...ways) {
    if (kind && kind === this.#kind) return;
    this.#kind = kind;
    this.replaceChildren(...(kind ? [make("p", { text: this.say(words) }), ...ways] : []));
  }

  async join() {
    try {
      await this.client.ask("room.join", { room: this.room });
    } catch (refusal) {
      /** @type {Element} */ (this.firstElementChild).textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }
}
