/** Who reacted to a message, by emoji. Properties `message`, `emoji` (the one to begin with; "" for the first). */

import { button, make, nameOf } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { PageElement } from "../element.js";

export class ReactionPeople extends PageElement {
  /** @type {any} */ message = null;
  emoji = "";
  /** @type {number | string | undefined} where the next page begins */ #after = undefined;

  build() {
    this.heading = make("h2", { text: this.say("reactors.heading"), attributes: { tabindex: "-1" } });
    this.kinds = make("div", { class: "kinds", attributes: { role: "group", "aria-label": this.say("message.reactions") } });
    this.people = make("ul", { attributes: { role: "list" } });
    this.error = make("p", { class: "error", attributes: { role: "status" } });
    this.more = button(this.say("shell.more"), () => this.#load());
    this.clear = button("", () => this.#clear(), "action grave");
    this.dialog = make("dialog", { class: "list", attributes: { "aria-label": this.say("reactors.heading") } },
      make("header", {}, this.heading, iconButton("close", this.say("people.close"), () => this.dialog.close())),
      this.kinds, this.people, this.error, make("div", { class: "choices" }, this.more, this.clear));
    this.append(this.dialog);
  }

  attach() {
    this.listen(this.dialog, "close", () => this.remove());
    this.listen(this.dialog, "click", (event) => (event.target === this.dialog || event.target.closest("a")) && this.dialog.close());
    this.listen(this.client, "room", (event) => event.detail === this.message.room && this.#showKinds());
    this.dialog.showModal();
    this.heading.focus();
    this.#showKinds();
    this.#choose(this.emoji || this.#reactions[0]?.emoji || "");
  }

  get #room() {
    return this.client.find(this.message.room);
  }

  get #reactions() {
    return this.client.reactions.shown(this.#room?.timeline.at(this.message.seq) ?? this.message);
  }

  #showKinds() {
    this.kinds.replaceChildren(...this.#reactions.map(({ emoji, count }) => make("button", {
      class: "reaction", text: `${emoji} ${count}`, attributes: { type: "button", "aria-pressed": String(emoji === this.emoji) },
      on: { click: () => this.#choose(emoji) },
    })));
  }

  /** @param {string} emoji */
  #choose(emoji) {
    this.emoji = emoji;
    this.#after = undefined;
    this.people.replaceChildren();
    this.#showKinds();
    this.clear.textContent = this.say("reactors.remove_kind", { emoji });
    this.clear.hidden = !this.#room?.moderates;
    return this.#load();
  }

  async #load() {
    const { message: { room, seq }, emoji } = this;
    if (!emoji) return;
    this.more.hidden = true;
    try {
      const after = this.#after ? { after: this.#after } : {};
      const { users, next } = await this.client.ask("message.reactors", { room, seq, emoji, ...after });
      if (emoji !== this.emoji) return;
      this.people.append(...users.filter((/** @type {any} */ { id }) => !this.client.blocks.has(id)).map((/** @type {any} */ user) => this.#person(user)));
      this.#after = next;
      this.more.hidden = !next;
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }

  /** @param {any} user */
  #person(user) {
    const name = user.name || this.say("people.left");
    const who = make(user.handle ? "a" : "span", { class: "who", attributes: { href: user.handle ? userPath(user.handle) : undefined } },
      makeSeal({ ...user, name }), nameOf({ id: user.id, name }));
    const row = make("li", {}, who);
    if (this.#room?.moderates && user.id !== this.client.me) {
      row.append(button(this.say("reactors.remove"), () => this.#unreact({ user: user.id }, () => row.remove()), "action grave"));
    }
    return row;
  }

  #clear() {
    return this.#unreact({ all: true }, () => this.dialog.close());
  }

  /** @param {object} whose @param {() => void} done */
  async #unreact(whose, done) {
    const { message: { room, seq }, emoji } = this;
    try {
      await this.client.ask("message.unreact", { room, seq, emoji, ...whose });
      done();
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }
}
