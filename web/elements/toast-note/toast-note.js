/**
 * A short word about what was just done, at the foot of the page for some seconds, and read aloud. Property `text`; with
 * `link` an address to copy by hand stands under it until it is closed.
 */

import { make } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { PageElement } from "../element.js";

const SHOWN = 3_000;

export class ToastNote extends PageElement {
  text = "";
  link = "";
  /** @type {any} */ #timer = undefined;

  attach() {
    this.setAttribute("role", "status");
    // Said into a region that stands already, or screen readers miss it.
    requestAnimationFrame(() => this.show());
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  show() {
    this.replaceChildren(make("p", { text: this.text }));
    if (!this.link) {
      this.#timer = setTimeout(() => this.remove(), SHOWN);
      return;
    }
    const shown = make("input", { attributes: { readonly: true, "aria-label": this.text }, set: { value: this.link } });
    this.append(shown, iconButton("close", this.say("actions.close"), () => this.remove()));
    this.listen(this, "keydown", (event) => event.key === "Escape" && this.remove());
    shown.focus();
    shown.select();
  }
}

/** One at a time. @param {string} text @param {string} [link] */
export function toast(text, link = "") {
  document.querySelector("toast-note")?.remove();
  document.body.append(make("toast-note", { set: { text, link } }));
}
