/**
 * Two side by side: one shows a code, large enough to be read at arm's length and drawn to be scanned; the other enters
 * it; both confirm. Property `code`: one that was scanned.
 */

import { around } from "../../lib/around.js";
import { button, make, nameOf } from "../../lib/dom.js";
import { userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { makeSeal } from "../../lib/seal.js";
import { clockTime } from "../../lib/times.js";
import { PageElement } from "../element.js";
import { field } from "../forms.js";

const SVG = "http://www.w3.org/2000/svg";

export class MetCode extends PageElement {
  code = "";
  /** @type {any} */ #dialog = null;

  build() {
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.form = make("form", {}, field(this.say("met.enter"), "code", { inputmode: "numeric", autocomplete: "one-time-code", maxlength: "12", value: this.code || undefined }),
      make("button", { class: "action", text: this.say("met.go"), attributes: { type: "submit" } }));
    this.append(make("section", { class: "part" }, make("h2", { text: this.say("met.heading") }), make("p", { class: "lead", text: this.say("met.lead") }),
      button(this.say("met.show"), () => this.show(), "button"), this.form, this.error));
  }

  attach() {
    this.listen(this.client, "met", (event) => this.#isBeside(event.detail));
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
      this.#open("met.heading", drawn(qr, this.say("met.qr")), make("output", { text: digits }),
        make("p", { class: "lead", text: this.say("met.until", { time: clockTime(this.language, until) }) }),
        make("div", { class: "choices" }, button(this.say("met.another"), () => this.show()), this.#closing()));
    });
  }

  /** @param {string} key of what it is about @param {...Node} parts */
  #open(key, ...parts) {
    this.#dialog?.close();
    const dialog = make("dialog", { class: "met", attributes: { "aria-label": this.say(key) }, on: { close: () => dialog.remove() } }, ...parts);
    this.#dialog = this.appendChild(dialog);
    dialog.showModal();
  }

  #closing() {
    return button(this.say("people.close"), () => this.#dialog.close());
  }

  // --- confirming --------------------------------------------------------------------------------------------------

  /** The code was entered, here or there. @param {string} id */
  async #isBeside(id) {
    await this.#doing(async () => {
      const [user] = (await this.client.ask("user.get", { users: [id] })).users;
      const words = make("p", { class: "who", attributes: { role: "status" } }, ...around(this.say("met.is_it"), nameOf(user)));
      const confirm = button(this.say("met.confirm"), () => this.#doing(async () => {
        const tell = (/** @type {any} */ tie) => (words.textContent = this.say(tie.rung === "friend" ? "met.friends" : "met.confirmed", { name: user.name }));
        tell(await this.client.ask("met.confirm", { user: id }));
        this.listen(this.client, "inbox", (event) => event.detail === id && this.#doing(async () => tell(await this.client.ask("tie.get", { user: id }))));
        confirm.replaceWith(make("a", { class: "button", text: this.say("met.to_profile", { name: user.name }), attributes: { href: userPath(user.handle) } }));
      }), "button");
      this.#open("met.heading", makeSeal(user), words, make("div", { class: "choices" }, this.#closing(), confirm));
    });
  }

  /** @param {() => Promise<any>} work */
  async #doing(work) {
    this.error.textContent = "";
    try {
      await work();
    } catch (refusal) {
      const { kind } = /** @type {any} */ (refusal);
      this.error.textContent = kind === "not_found" ? this.say("met.no_code") : refusalWords(this, /** @type {any} */ (refusal));
    }
  }
}

/** The server's picture, drawn again: only its lines are taken from it. @param {string} qr @param {string} label */
function drawn(qr, label) {
  const [, width = "", scale = "1"] = /width="(\d+)".*?scale\((\d+)\)/s.exec(qr) ?? [];
  const size = Number(width) / Number(scale);
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["viewBox", `0 0 ${size} ${size}`], ["role", "img"], ["aria-label", label], ["class", "qr"]]) svg.setAttribute(name ?? "", value ?? "");
  for (const [, lines = ""] of qr.matchAll(/<path[^>]*stroke[^>]*\sd="([^"]+)"/g)) {
    const path = svg.appendChild(document.createElementNS(SVG, "path"));
    path.setAttribute("d", lines);
  }
  return svg;
}
