/**
 * A newcomer's first words were answered: once three have greeted, their seals gather above the composer, for the newcomer
 * alone, with the way to say hi to one of them. Property `room` (id).
 */

import { make } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { makeSeal } from "../../lib/seal.js";
import { context, PageElement } from "../element.js";

const ENOUGH = 3;

export class GreetingSeals extends PageElement {
  room = "";
  #shown = "";

  build() {
    this.hidden = true;
    this.seals = make("div", { class: "seals" });
    this.words = make("p", { attributes: { role: "status" } });
    this.append(this.seals, this.words, iconButton("close", this.say("people.close"), () => this.#close()));
  }

  attach() {
    for (const name of ["room", "people"]) this.listen(this.client, name, () => this.inTime());
    this.show();
  }

  get #first() {
    const { timeline } = this.client.rooms.get(this.room) ?? {};
    return timeline?.messages.find((/** @type {any} */ message) => message.first && message.author.id === this.client.me && !message.deleted);
  }

  /** Who answered or reacted, each with the message of theirs if there is one. @param {any} first @returns {Map<string, number>} */
  #greeters(first) {
    /** @type {Map<string, number>} */ const found = new Map();
    for (const { seq, author, reply_to: to, deleted } of this.client.rooms.get(this.room)?.timeline.messages ?? []) {
      if (to === first.seq && !deleted && !author.bot) found.set(author.id, seq);
    }
    for (const { users = [] } of Array.isArray(first.reactions) ? first.reactions : []) {
      for (const id of users) if (!found.has(id)) found.set(id, 0);
    }
    found.delete(this.client.me);
    return found;
  }

  show() {
    const first = this.#first;
    const greeters = first && !context.preferences.chosen.welcomed?.includes(this.room) ? this.#greeters(first) : new Map();
    this.client.people.learn([...greeters.keys()]);
    const known = [...greeters].flatMap(([id, seq]) => {
      const user = this.client.people.get(id);
      return user && !user.bot ? [{ user, seq }] : [];
    });
    this.hidden = known.length < ENOUGH;
    const key = JSON.stringify([known.map(({ user, seq }) => [user.id, user.name, seq]), this.language]);
    if (this.hidden || key === this.#shown) return;
    this.#shown = key;
    this.#gather(known);
  }

  /** @param {{user: any, seq: number}[]} greeters */
  #gather(greeters) {
    const more = greeters.length - ENOUGH;
    const named = [...greeters.slice(0, ENOUGH).map(({ user }) => user.name), ...(more > 0 ? [this.say("welcome.others", { count: more })] : [])];
    this.words.textContent = this.say("welcome.three", { names: new Intl.ListFormat(this.language, { type: "conjunction" }).format(named) });
    this.seals.replaceChildren(...greeters.slice(0, 6).map(({ user, seq }) => {
      const label = this.say("hi.heading", { name: user.name });
      return make("button", { attributes: { type: "button", "aria-label": label, title: label }, on: { click: () => context.sayHi({ user, room: this.room, seq }) } }, makeSeal(user));
    }));
  }

  #close() {
    this.hidden = true;
    context.preferences.set({ welcomed: [...context.preferences.chosen.welcomed ?? [], this.room] });
  }
}
