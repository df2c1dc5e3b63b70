/**
 * Where one writes. Property `room`. Enter sends on a keyboard and makes a new line on a phone; it never sends while
 * words are being composed. A visitor's words wait in the outbox while they choose a name. An edit under way is kept like a
 * draft, and becomes one where its message is gone.
 */

import { make } from "../../lib/dom.js";
import { refusalWords } from "../../lib/refusal.js";
import { context, PageElement } from "../element.js";
import { composes } from "./composes.js";

export { composes };

const TYPING_EVERY = 3_000;
const TALLEST = 240;

export class MessageComposer extends PageElement {
  room = "";
  /** @type {import("../../state/preferences.js").Edit | null} */ #editing = null;
  #typedAt = 0;

  build() {
    this.input = make("textarea", { attributes: { rows: "1", enterkeyhint: isTouch() ? "enter" : "send", autocomplete: "off" } });
    this.button = make("button", { class: "button", attributes: { type: "submit" } });
    this.hint = make("p", { class: "hint", attributes: { role: "status" } });
    this.cancel = make("button", { class: "action", attributes: { type: "button" }, set: { hidden: true } });
    this.form = make("form", {}, this.input, this.cancel, this.button);
    this.append(this.hint, this.form);
  }

  attach() {
    this.listen(this.form, "submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.listen(this.input, "keydown", (event) => this.key(event));
    this.listen(this.input, "input", () => this.typed());
    this.listen(this.input, "paste", (event) => this.#takeNoFiles(event, event.clipboardData));
    // Wherever it falls: the browser would leave the page for a file that was meant for the room.
    for (const name of ["dragover", "drop"]) this.listen(document, name, (event) => this.#takeNoFiles(event, event.dataTransfer));
    this.listen(this.cancel, "click", () => this.stopEditing());
    this.listen(context.preferences, "change", () => this.#follow());
    const edit = context.preferences.edit(this.room);
    if (edit) return this.#begin(edit);
    this.input.value = context.preferences.draft(this.room);
    this.show();
    return this.#fit();
  }

  /** Another tab wrote on, or sent it; here nobody is writing. */
  #follow() {
    if (this.#editing || document.activeElement === this.input) return;
    this.input.value = this.kept;
    this.#fit();
  }

  /** What would stand here after loading the page again. */
  get kept() {
    if (!this.#editing) return context.preferences.draft(this.room);
    return context.preferences.edit(this.room)?.text ?? this.#editing.before;
  }

  show() {
    const room = this.client.find(this.room);
    const guest = this.client.began && !this.client.signedIn;
    const key = guest ? "guest" : room?.state.kind === "direct" ? "to_person" : "placeholder";
    this.input.placeholder = this.say(`composer.${key}`, { room: room?.title(this.language) ?? "" });
    this.input.setAttribute("aria-label", this.input.placeholder);
    this.button.textContent = this.say(this.#editing ? "composer.save" : "composer.send");
    this.cancel.textContent = this.say("composer.cancel");
  }

  focus() {
    this.input.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (composes(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && !isTouch()) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.input.value) {
      event.preventDefault();
      this.dispatchEvent(new Event("edit-last"));
    } else if (event.key === "Escape" && this.#editing) {
      this.stopEditing();
    }
  }

  typed() {
    this.#fit();
    this.#count();
    if (this.#editing) return context.preferences.keepEdit(this.room, { ...this.#editing, text: this.input.value });
    context.preferences.keepDraft(this.room, this.input.value);
    if (this.input.value && Date.now() - this.#typedAt > TYPING_EVERY) {
      this.#typedAt = Date.now();
      this.client.typing(this.room);
    }
    return undefined;
  }

  /** Words are never cut off in silence: what is too long is said, and waits to be shortened. */
  #count() {
    const over = [...this.input.value].length - (this.client.card?.limits.text_characters ?? Infinity);
    this.hint.textContent = over > 0 ? this.say("composer.too_long", { count: over }) : this.#editing ? this.#editingWords : "";
    this.button.disabled = over > 0;
    return over > 0;
  }

  /** @param {Event} event @param {DataTransfer | null} brought */
  #takeNoFiles(event, brought) {
    if (!brought?.types.includes("Files") || brought.types.includes("text/plain")) return;
    event.preventDefault();
    const opens = this.client.find(this.room)?.opensLinks ?? true;
    this.hint.textContent = this.say(opens ? "composer.no_files" : "composer.no_files_yet");
  }

  #fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(TALLEST, this.input.scrollHeight)}px`;
  }

  send() {
    const text = this.input.value.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd(); // the first line keeps its indentation
    if (!text || this.#count()) return;
    if (this.#editing) {
      this.#save(text);
      return;
    }
    this.client.say(this.room, text);
    this.#clear();
    this.#typedAt = 0;
    this.dispatchEvent(new Event("said"));
  }

  #clear() {
    this.input.value = "";
    context.preferences.keepDraft(this.room, "");
    this.#fit();
  }

  /** @param {import("../../lib/shapes.js").Message} message */
  edit({ id, seq, text }) {
    const kept = context.preferences.edit(this.room);
    this.#begin(kept?.id === id ? kept : { id, seq, before: text, text });
    this.input.focus();
  }

  /** @param {import("../../state/preferences.js").Edit} edit */
  #begin(edit) {
    this.#editing = edit;
    this.input.value = edit.text;
    this.cancel.hidden = false;
    this.hint.textContent = this.#editingWords;
    this.show();
    this.#fit();
  }

  get #editingWords() {
    return this.say(isTouch() ? "composer.editing_touch" : "composer.editing");
  }

  stopEditing() {
    this.#editing = null;
    context.preferences.keepEdit(this.room, undefined);
    this.cancel.hidden = true;
    this.hint.textContent = "";
    this.input.value = context.preferences.draft(this.room);
    this.show();
    this.#fit();
    this.input.focus();
  }

  /** @param {string} text */
  async #save(text) {
    const { id, seq, before } = /** @type {import("../../state/preferences.js").Edit} */ (this.#editing);
    if (text === before) return this.stopEditing();
    const held = this.client.find(this.room)?.timeline.at(seq);
    if (held && (held.deleted || held.id !== id)) return this.#becomeDraft(text);
    try {
      await this.client.ask("message.edit", { room: this.room, seq, text });
      this.stopEditing();
    } catch (refusal) {
      if (/** @type {any} */ (refusal).kind === "not_found") this.#becomeDraft(text);
      else this.refuse(refusal);
    }
    return undefined;
  }

  /** The message is gone; what was to be its text is not. @param {string} text */
  #becomeDraft(text) {
    const draft = context.preferences.draft(this.room);
    context.preferences.keepDraft(this.room, draft ? `${text}\n${draft}` : text);
    this.stopEditing();
    this.hint.textContent = this.say("composer.edit_lost");
  }

  /** @param {any} refusal */
  refuse(refusal) {
    this.hint.textContent = refusalWords(this, refusal);
  }
}

/** A keyboard on glass: Enter makes a line there, and a button sends. */
function isTouch() {
  return matchMedia("(pointer: coarse)").matches;
}
