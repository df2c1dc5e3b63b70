/**
 * What stands in a room's place, or below it, for whoever cannot write there: a visitor hears what is behind the door, a
 * member of the community looks in, and an archived room says that it is. Property `room` (id). A `described` event
 * (detail: title, about) tells what the heading should say.
 */

import { button, make } from "../../lib/dom.js";
import { roomPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { door } from "../../lib/scenes.js";
import { emblem } from "../../lib/seal.js";
import { ago } from "../../lib/times.js";
import { glimpse, listing } from "../../state/glimpse.js";
import { context, PageElement } from "../element.js";

const HALL = "hall";
const DAY = 86_400_000;

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
    if (inside && room?.state.archived) this.#stand("archived", make("p", { text: this.say("refused.archived") }));
    else if (inside || !this.client.began) this.#stand("");
    else if (room && this.client.signedIn && context.preferences.chosen.joins === this.room) this.#comeIn();
    else if (room) this.#stand("glimpse", make("p", { text: this.say("room.glimpse") }), button(this.say("room.join"), () => this.join(), "button"));
    else if (!this.#kind) this.#look();
  }

  /** Through an open room's door a member of the community may look; a visitor hears what is behind it. */
  async #look() {
    this.#kind = "looking";
    try {
      if (this.client.signedIn) return await glimpse(this.client, this.room);
      const listed = await listing(this.client, this.room);
      return listed ? this.#describe(listed) : this.#sayNotThere();
    } catch (error) {
      const refusal = /** @type {import("../../lib/refusal.js").Refusal} */ (error);
      if (refusal.kind === "unanswered") return this.#offerAgain();
      return refusal.kind === "not_found" ? this.#sayNotThere() : this.#refuse(refusal);
    }
  }

  /** @param {import("../../lib/shapes.js").RoomListing} listed */
  #describe(listed) {
    const title = listed.titles?.[this.language] ?? listed.title;
    const about = listed.abouts?.[this.language] ?? listed.about;
    this.#title(title);
    const community = this.client.card?.name ?? "";
    this.#stand("visitor", emblem(this.client.card?.icon, door()), make("p", { class: "community", text: community }), make("h2", { text: title, attributes: { dir: "auto" } }),
      make("p", { class: "about", text: about, attributes: { dir: "auto" } }), make("p", { class: "facts", text: this.#facts(listed) }),
      make("p", { text: this.say("room.outside_words") }), ...this.#ways());
  }

  /** How many belong to it, and how lively it is. @param {import("../../lib/shapes.js").RoomListing} listed */
  #facts({ members, today, online, last_at: last, forum }) {
    const now = this.client.now();
    const lively = today ? this.say("finder.today", { count: today }) : last && now - last < 30 * DAY ? this.say("room.talked", { when: ago(this.language, last, now, this.say("time.just_now")) }) : "";
    return [forum ? this.say("finder.forum") : "", this.say("finder.members", { count: members }), lively, online ? this.say("finder.online", { count: online }) : ""].filter(Boolean).join(" · ");
  }

  #ways() {
    // Who signs up at a door means to come in; see `show`.
    const keep = { click: () => context.preferences.set({ after: location.pathname, joins: this.room }) };
    return [make("a", { class: "button", text: this.say("room.sign_up_and_join"), attributes: { href: "/sign-up" }, on: keep }),
      make("a", { class: "action", text: this.say("account.sign_in"), attributes: { href: "/sign-in" }, on: keep })];
  }

  #sayNotThere() {
    this.#title(this.say("room.outside"));
    this.#stand("refused", door(), make("p", { text: this.say("room.not_found") }),
      make("a", { class: "button", text: this.say("community.to_hall"), attributes: { href: roomPath(HALL) } }),
      make("a", { class: "action", text: this.say("rooms.find"), attributes: { href: "/rooms" } }));
  }

  /** @param {import("../../lib/refusal.js").Refusal} refusal */
  #refuse(refusal) {
    this.#title(this.say("room.outside"));
    this.#stand("refused", door(), make("p", { text: refusalWords(this, refusal) }),
      make("a", { class: "button", text: this.say("rooms.find"), attributes: { href: "/rooms" } }));
  }

  /** No answer came; the next session asks by itself, too. */
  #offerAgain() {
    this.#stand("unanswered", make("p", { text: this.say("refused.unanswered") }), button(this.say("shell.again"), () => {
      this.#kind = "";
      this.show();
    }, "button"));
  }

  /** @param {string} title */
  #title(title) {
    this.dispatchEvent(new CustomEvent("described", { detail: { title, about: "" } }));
  }

  /** @param {string} kind @param {...Node} parts what stands here */
  #stand(kind, ...parts) {
    if (kind && kind === this.#kind) return;
    this.#kind = kind;
    this.className = kind;
    this.replaceChildren(...parts);
  }

  #comeIn() {
    context.preferences.set({ joins: "" });
    this.join();
  }

  async join() {
    try {
      await this.client.ask("room.join", { room: this.room });
    } catch (refusal) {
      /** @type {Element} */ (this.firstElementChild).textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }
}
