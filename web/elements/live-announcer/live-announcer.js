/**
 * Says new messages of the open room to a screen reader, once a second at most, and only to a reader at the bottom; the
 * list itself is not live, or all of history would be read out. Says, too, that something waits among the people.
 */

import { make } from "../../lib/dom.js";
import { filesWords } from "../../lib/plain-text.js";
import { shorten } from "../../lib/shorten.js";
import { PageElement } from "../element.js";

const PAUSE = 1_000;
const LONGEST = 200;

export class LiveAnnouncer extends PageElement {
  /** @type {{name: string, text: string}[]} */ #waiting = [];
  /** @type {any} */ #timer = undefined;
  #unread = -1;

  build() {
    this.region = make("p", { class: "unseen", attributes: { "aria-live": "polite", role: "log" } });
    this.append(this.region);
  }

  attach() {
    if (this.client.began) this.#unread = this.client.inbox.unread;
    this.listen(this.client, "posted", (event) => this.hear(event.detail));
    this.listen(this.client, "inbox", () => this.#ring());
  }

  /** A poke, a card: that something came, not what. */
  #ring() {
    const { unread } = this.client.inbox;
    if (this.#unread >= 0 && unread > this.#unread) this.region.textContent = this.say("ties.waiting", { count: unread });
    this.#unread = unread;
  }

  /** @param {{room: string, message: import("../../lib/shapes.js").Message}} detail */
  hear({ room, message }) {
    const list = /** @type {any} */ (document.querySelector("message-list"));
    const fresh = message.seq > (this.client.find(room)?.state.last_seq ?? 0);
    if (room !== this.client.openRoom || message.author.id === this.client.me || this.client.blocks.has(message.author.id) || !list?.atBottom || !fresh) return;
    this.#waiting.push({ name: message.author.name, text: shorten(message.text || filesWords(message.attachments ?? [], this), LONGEST) });
    this.#timer ??= setTimeout(() => this.announce(), PAUSE);
  }

  announce() {
    this.#timer = undefined;
    const [first, ...more] = this.#waiting.splice(0);
    if (!first) return;
    this.region.textContent = more.length
      ? this.say("announce.many", { count: more.length + 1 })
      : this.say("announce.one", first);
  }
}
