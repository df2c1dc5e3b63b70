/**
 * What belongs to a conversation of two around its messages: how it began, first in the log; above the composer that it is
 * paused, or of a bot who runs it; what the other has seen. Property `room` (id of the conversation).
 */

import { around } from "../../lib/around.js";
import { button, change, make, nameOf } from "../../lib/dom.js";
import { userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { tiesOf } from "../../state/ties.js";
import { context, PageElement } from "../element.js";
import { want } from "../later.js";

/** Nobody is told when the other reads: one asks, while one looks and has something unseen. */
const ASK_AGAIN = 6_000;

export class PairLine extends PageElement {
  room = "";
  /** @type {any} */ #again = undefined;
  /** @type {any} how it began */ #began = null;
  /** @type {MutationObserver | undefined} the rows that are shown: it stands above the first of all */ #rows;
  #shown = "";

  build() {
    this.state = make("div", { class: "state", attributes: { role: "status" } });
    this.seen = make("p", { class: "seen", attributes: { role: "status" } });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.append(this.state, this.error, this.seen);
  }

  attach() {
    this.listen(this.client, "session", () => this.load());
    this.listen(this.client, "tie", (event) => event.detail === this.other?.id && this.show());
    this.listen(this.client, "room", (event) => event.detail === this.room && this.#follow());
    this.listen(document, "visibilitychange", () => !document.hidden && this.load());
    this.load();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#again);
    this.#began?.remove();
    this.#rows?.disconnect();
  }

  get other() {
    return this.client.rooms.get(this.room)?.state.other;
  }

  get tie() {
    return tiesOf(this.client).get(this.other?.id ?? "");
  }

  async load() {
    if (this.other && this.client.began) await tiesOf(this.client).load(this.other.id).catch(() => undefined);
  }

  show() {
    const { tie, other } = this;
    if (!tie || !other || !this.isConnected) return;
    this.client.keepFriends(this.room, tie.rung === "friend");
    const key = JSON.stringify([tie.rung, tie.rests, tie.paused, tie.next, tie.next_room, tie.origin, this.language]);
    if (key !== this.#shown) this.#showParts(other, tie);
    this.#shown = key;
    this.#follow();
  }

  /** @param {any} other @param {any} tie */
  async #showParts(other, tie) {
    if (other.bot) return this.state.replaceChildren(...(await this.#bot(other, tie)));
    this.state.replaceChildren(...(tie.rests ? this.#paused(other, tie) : []));
    if (tie.origin) await this.#showBegan(other, tie);
    return undefined;
  }

  /** Who paused it can resume it; the other can say hi again. @param {any} other @param {any} tie @returns {Node[]} */
  #paused(other, tie) {
    if (tie.paused) return [make("span", { text: this.say("pair.paused") }), this.#act("tie.go_on", "tie.rest", { user: other.id, on: false })];
    const hi = tie.next === "rests" && tie.next_room ? [button(this.say("tie.hi"), () => context.sayHi({ user: other, room: tie.next_room }))] : [];
    return [make("span", { text: this.say("pair.rests") }), ...hi];
  }

  // --- how it began ------------------------------------------------------------------------------------------------

  /** @param {any} other @param {any} tie */
  async #showBegan(other, tie) {
    const loaded = await want("how-it-began").then(() => true, () => false);
    const messages = /** @type {any} */ (this.closest("room-view")?.querySelector("message-list"));
    if (!loaded || !messages) return;
    this.#began?.remove();
    this.#began = make("how-it-began", { set: { user: other, tie } });
    messages.scroller.prepend(this.#began);
    const show = () => this.#began && change(this.#began, { hidden: !messages.beginsAtFirst });
    this.#rows?.disconnect();
    this.#rows = new MutationObserver(show);
    this.#rows.observe(messages.list, { childList: true });
    show();
  }

  // --- a bot -------------------------------------------------------------------------------------------------------

  /** @param {any} other @param {any} tie @returns {Promise<Node[]>} */
  async #bot(other, tie) {
    const [bot] = (await this.client.ask("user.get", { users: [other.id] })).users;
    const [owner] = bot?.owner ? (await this.client.ask("user.get", { users: [bot.owner] })).users : [];
    const words = owner ? make("span", {}, ...around(this.say("pair.bot"), make("a", { attributes: { href: userPath(owner.handle) } }, nameOf(owner))))
      : make("span", { text: this.say("pair.host") });
    return [words, tie.rests ? this.#act("tie.go_on", "direct.open", { bot: other.id }) : this.#act("pair.end", "direct.close", { bot: other.id })];
  }

  /** @param {string} key @param {string} method @param {object} params */
  #act(key, method, params) {
    return button(this.say(key), async () => {
      this.error.textContent = "";
      try {
        await this.client.ask(method, params);
        await this.load();
      } catch (refusal) {
        this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
      }
    });
  }

  // --- seen, and the top of the log --------------------------------------------------------------------------------

  /** Between friends who both turned it on: below the last message, where it is one's own. */
  #follow() {
    const timeline = this.client.rooms.get(this.room)?.timeline;
    const last = timeline?.messages.at(-1);
    const mine = last?.author.id === this.client.me;
    const told = this.tie?.rung === "friend" && this.tie.shows_seen;
    const seen = told && mine && this.tie.seen_seq >= (last?.seq ?? 0);
    change(this.seen, { textContent: seen ? this.say("pair.seen") : "" });
    clearTimeout(this.#again);
    if (told && mine && !seen && !document.hidden) this.#again = setTimeout(() => this.load(), ASK_AGAIN);
  }
}
