/** What the keyboard does and how words are formatted, in a panel that opens when it comes onto the page. */

import { make } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { tokenize } from "../../lib/tokenizer.js";
import { PageElement } from "../element.js";

/** Keys of one's machine: ⌘ on a Mac. */
const MOD = /Mac|iP(hone|ad)/.test(navigator.platform) ? "⌘" : "Ctrl";
/** @type {Record<string, [words: string, ...keys: string[]][]>} */
const KEYS = {
  everywhere: [["switch", MOD, "K"], ["find", MOD, "F"], ["rooms", "Alt", "↑ ↓"], ["this", "?"]],
  writing: [["send", "Enter"], ["line", "Shift", "Enter"], ["edit", "↑"], ["leave", "Esc"], ["complete", "@ # :"]],
  message: [["move", "↑ ↓"], ["react", "E"], ["reply", "R"], ["quote", "Q"], ["more", "M"], ["back", "Esc"]],
};
const WRITTEN = ["bold", "italic", "strike", "code", "link", "spoiler", "quote", "list", "fence"];

export class ShortcutHelp extends PageElement {
  build() {
    this.heading = make("h2", { attributes: { id: "shortcut-help" } });
    /** @type {any} */ this.leave = iconButton("close", "", () => this.dialog.close());
    this.body = make("div", { class: "parts" });
    this.dialog = make("dialog", { attributes: { "aria-labelledby": "shortcut-help" } }, make("header", {}, this.heading, this.leave), this.body);
    this.append(this.dialog);
  }

  attach() {
    this.heading.textContent = this.say("help.title");
    this.leave.title = this.say("emoji.close");
    this.leave.setAttribute("aria-label", this.leave.title);
    const keys = Object.entries(KEYS).map(([part, rows]) => make("section", { class: "keys" }, make("h3", { text: this.say(`help.${part}`) }),
      make("dl", {}, ...rows.flatMap(([words, ...pressed]) => [make("dt", {}, ...pressed.map((key) => make("kbd", { text: key }))), make("dd", { text: this.say(`help.${part}.${words}`) })]))));
    this.body.replaceChildren(this.#formats(), ...keys);
    this.listen(this.dialog, "click", (event) => event.target === this.dialog && this.dialog.close());
    this.listen(this.dialog, "keydown", (event) => event.stopPropagation());
    this.listen(this.dialog, "close", () => this.remove());
    this.dialog.showModal();
  }

  #formats() {
    const rows = WRITTEN.flatMap((name) => {
      const text = this.say(`help.write.${name}`);
      return [make("dt", {}, make("code", { text })), make("dd", {}, ...tokenize(text).map(shown))];
    });
    return make("section", {}, make("h3", { text: this.say("help.formats") }), make("dl", { class: "formats" }, ...rows));
  }
}

const TAGS = /** @type {Record<string, string>} */ ({ bold: "strong", italic: "em", strike: "s", code: "code", spoiler: "span", lines: "p", quote: "blockquote" });

/** How it comes out; nothing here leads anywhere. @param {any} token @returns {Node} */
function shown(token) {
  if (token.kind === "block") return make("pre", {}, make("code", { text: token.text }));
  if (token.kind === "list") return make("ul", {}, ...token.items.map((/** @type {any} */ item) => make("li", {}, ...item.children.map(shown))));
  if (token.kind === "link") return make("span", { class: "link", text: token.text });
  if (token.kind === "text") return document.createTextNode(token.text);
  return make(TAGS[token.kind] ?? "span", { class: token.kind }, ...(token.children?.map(shown) ?? [token.text]));
}
