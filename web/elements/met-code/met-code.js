/**
 * Two side by side: one shows a code, large enough to be read at arm's length and drawn to be scanned; the other enters
 * it; both confirm, and their cups touch at the same moment. Property `code`: one that was scanned.
 */

import { around } from "../../lib/around.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { userPath } from "../../lib/paths.js";
import { drawnCode } from "../../lib/qr.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { clockOffset } from "../../lib/server-clock.js";
import { clockTime } from "../../lib/times.js";
import { tiesOf } from "../../state/ties.js";
import { PageElement } from "../element.js";
import { field } from "../forms.js";
import { want } from "../later.js";

export class MetCode extends PageElement {
  code = "";
  /** @type {any} */ #dialog = null;
  /** Who is asked about, and whether the two were friends before. @type {{user: any, were: boolean} | null} */ #beside = null;
  /** How far the server's clock is ahead; asked while people look at each other. @type {Promise<number> | undefined} */ #offset;

  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.form = make("form", {}, field(this.say("met.enter"), "code", { inputmode: "numeric", autocomplete: "one-time-code", maxlength: "12", value: this.code || undefined }),
      make("button", { class: "action", text: this.say("met.go"), attributes: { type: "submit" } }));
    this.append(make("section", { class: "part" }, make("h2", { text: this.say("met.heading") }), make("p", { class: "lead", text: this.say("met.lead") }),
      button(this.say("met.show"), () => this.show(), "button"), this.form, this.error));
  }

  attach() {
    this.listen(this.client, "met", (event) => this.#heard(event.detail));
    this.listen(this.form, "submit", (event) => {
      event.preventDefault();
      this.#doing(() => this.client.ask("met.enter", { code: new FormData(this.form).get("code") }));
    });
    if (this.code) this.form.scrollIntoView();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#dialog?.close();
  }

  // --- showing -----------------------------------------------------------------------------------------------------

  async show() {
    await this.#doing(async () => {
      const { code, until, qr } = await this.client.ask("met.show");
      const digits = `${code.slice(0, 4)} ${code.slice(4)}`;
      this.#open(drawnCode(qr, this.say("met.qr")), make("output", { text: digits }),
        make("p", { class: "lead", text: this.say("met.until", { time: clockTime(this.language, until) }) }),
        make("div", { class: "choices" }, button(this.say("met.another"), () => this.show()), this.#closing()));
    });
  }

  /** @param {...Node} parts */
  #open(...parts) {
    this.#dialog?.close();
    const dialog = make("dialog", { class: "met", attributes: { "aria-label": this.say("met.heading") }, on: { close: () => dialog.remove() } }, ...parts);
    this.#dialog = this.appendChild(dialog);
    dialog.showModal();
  }

  #closing() {
    return button(this.say("people.close"), () => this.#dialog.close());
  }

  // --- confirming --------------------------------------------------------------------------------------------------

  /** First that a code was entered, here or there; then that both have confirmed. @param {{user: string, at: number, until?: number}} item */
  #heard(item) {
    return this.#doing(() => (item.until ? this.#askWho(item.user) : this.#touch(item)));
  }

  /** @param {string} id */
  async #askWho(id) {
    this.#offset = clockOffset(this.client).catch(() => 0);
    const [{ users }, tie] = await Promise.all([this.client.ask("user.get", { users: [id] }), this.client.ask("tie.get", { user: id }), want("cups-touch")]);
    const [user] = users;
    this.#beside = { user, were: tie.rung === "friend" };
    const words = make("p", { class: "who", attributes: { role: "status" } }, ...around(this.say("met.is_it"), nameOf(user)));
    const confirm = button(this.say("met.confirm"), () => this.#doing(async () => {
      confirm.disabled = true;
      words.textContent = this.say("met.confirmed", { name: user.name });
      await this.client.ask("met.confirm", { user: id });
    }), "button");
    this.#open(makeSeal(user), words, make("div", { class: "choices" }, this.#closing(), confirm));
  }

  /** Both have confirmed: the same picture on both screens, at the same moment. @param {{user: string, at: number}} item */
  async #touch({ user: id, at }) {
    if (this.#beside?.user.id !== id) return;
    const [offset] = await Promise.all([this.#offset ?? clockOffset(this.client), want("cups-touch")]);
    const { user, were } = this.#beside;
    const cups = make("cups-touch", { set: { one: this.client.user, other: user, at, offset, were } });
    const profile = make("a", { class: "button", text: this.say("met.to_profile", { name: user.name }), attributes: { href: userPath(user.handle) } });
    this.#open(cups, make("div", { class: "choices" }, this.#closing(), profile));
    tiesOf(this.client).load(id).catch(() => undefined);
  }

  /** @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = "";
    try {
      await work();
    } catch (refusal) {
      this.#dialog?.close();
      const { kind } = /** @type {any} */ (refusal);
      this.error.textContent = kind === "not_found" ? this.say("met.no_code") : refusalWords(this, /** @type {any} */ (refusal));
    }
  }
}
