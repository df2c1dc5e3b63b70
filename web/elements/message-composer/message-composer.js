/**
 * Where one writes. Properties `room` and `topic` (ids). Enter sends on a keyboard and makes a new line on a phone; it never sends while
 * words are being composed. A visitor's words wait in the outbox while they choose a name. What is written is kept by
 * state/drafts.js: the draft with the message it answers, and an edit under way, which becomes a draft where its message
 * is gone. Completion, files, voice messages, the picker of emoji and the list of shortcuts come when they are first wanted.
 */

import "../../lib/more-icons.js";

import { change, make, nameOf } from "../../lib/dom.js";
import { icon, iconButton } from "../../lib/icons.js";
import { messagePath } from "../../lib/paths.js";
import { messageWords, plainText } from "../../lib/plain-text.js";
import { refusalWords } from "../../lib/refusal.js";
import { pageDrafts } from "../../state/drafts.js";
import { context, PageElement } from "../element.js";
import { arrived } from "../later.js";
import { composes } from "./composes.js";
import { receiveFiles, whyNoFiles } from "./receiving.js";
import { isQuoteOnly, LINK, quoted, TRIGGER } from "./written.js";

export { composes };

const TYPING_EVERY = 3_000;
const TALLEST = 240;
/** Of the message that is answered or edited, in characters. */
const SHOWN = 200;

/** @typedef {import("../../state/drafts.js").Edit} Edit */
/** @typedef {import("../../state/drafts.js").Target} Target */

export class MessageComposer extends PageElement {
  room = "";
  /** @type {string | undefined} */ topic = undefined;
  drafts = pageDrafts();
  /** @type {Edit | null} */ #editing = null;
  /** @type {Target | undefined} */ #reply;
  /** @type {import("./completing.js").Completing | undefined} once it was wanted */ #completing;
  /** @type {import("./attaching.js").Attaching | undefined} once there was a file */ #attaching;
  /** @type {any} made when it is first wanted */ #picker = null;
  #typedAt = 0;
  #isComposing = false;

  build() {
    this.input = make("textarea", { attributes: { rows: "1", enterkeyhint: isTouch() ? "enter" : "send", autocomplete: "off" } });
    this.note = make("p", { class: "note" });
    this.hint = make("p", { class: "hint", attributes: { role: "status" } });
    this.bar = make("div", { class: "bar" });
    this.help = make("button", { class: "icon-button help", text: "Aa", attributes: { type: "button" } });
    this.smile = iconButton("smile", "", () => this.#pickEmoji());
    this.at = iconButton("at", "", () => this.insert("@"));
    this.mic = iconButton("mic", "", () => this.#record(), "mic");
    this.words = make("span", { class: "words" });
    this.button = make("button", { class: "button send", attributes: { type: "submit" } }, icon("send"), this.words);
    this.plus = iconButton("plus", "", () => this.#attach((attaching) => attaching.openMenu(this.plus)), "plus");
    this.plus.setAttribute("aria-haspopup", "menu");
    this.form = make("form", {}, this.plus, this.input, this.help, this.smile, this.at, make("span", { class: "last" }, this.mic, this.button));
    this.append(this.note, this.bar, this.hint, this.form);
  }

  attach() {
    this.listen(this.form, "submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.listen(this.input, "keydown", (event) => this.key(event));
    this.listen(this.input, "input", (event) => this.typed(event));
    this.listen(this.input, "compositionstart", () => (this.#isComposing = true));
    this.listen(this.input, "compositionend", () => {
      this.#isComposing = false;
      this.#complete();
    });
    for (const name of ["click", "keyup"]) this.listen(this.input, name, () => this.#completing?.follow(this.#isComposing));
    this.listen(this.input, "blur", () => this.#completing?.close());
    this.listen(this.help, "click", () => this.#openHelp());
    receiveFiles(this);
    this.listen(this.client, "session", () => this.drafts.belongTo(this.client.me) && this.#restore());
    if (this.client.began) this.drafts.belongTo(this.client.me);
    this.listen(this.drafts, "change", ({ detail }) => detail === this.place && this.#restore());
    this.#restore();
  }

  /** What is kept for this room, as after loading the page again. */
  #restore() {
    const edit = this.drafts.edit(this.place);
    if (edit && !edit.left) return this.#begin(edit);
    this.#editing = null;
    this.hint.textContent = "";
    const draft = this.drafts.draft(this.place);
    this.#reply = draft.reply;
    if (this.#attaching || draft.files) this.#attach((attaching) => attaching.restore(this.drafts.draft(this.place).files ?? []));
    return this.#put(draft.text);
  }

  /** Where one writes, by which what is written is kept. */
  get place() {
    return this.topic ? `${this.room} ${this.topic}` : this.room;
  }

  /** What would stand here after loading the page again (lib/installed.js asks). */
  get kept() {
    const edit = this.drafts.edit(this.place);
    return edit && !edit.left ? edit.text : this.drafts.draft(this.place).text;
  }

  /** @param {string} text */
  #put(text) {
    if (this.input.value !== text) this.input.value = text;
    this.show();
    this.#changed();
  }

  show() {
    const room = this.client.find(this.room);
    const guest = this.client.began && !this.client.signedIn;
    const key = guest ? "guest" : this.topic ? "in_topic" : room?.state.kind === "direct" ? "to_person" : "placeholder";
    const placeholder = this.say(`composer.${key}`, { room: room?.title(this.language) ?? "" });
    change(this.input, { placeholder, ariaLabel: placeholder });
    const textContent = this.say(this.#editing ? "composer.save" : "composer.send");
    change(this.words, { textContent });
    change(this.button, { ariaLabel: textContent });
    for (const [made, words] of [[this.smile, "composer.emoji"], [this.at, "composer.mention"], [this.help, "composer.help"], [this.plus, "composer.attach"], [this.mic, "voice.record"]]) {
      const title = this.say(words);
      change(made, { title, ariaLabel: title });
    }
    if (this.input.style.height === "auto") this.#fit();
    for (const made of [this.plus, this.mic]) change(made, { hidden: Boolean(this.#editing || whyNoFiles(this)) });
    this.#attaching?.show(Boolean(this.#editing));
    this.#showNote();
    this.#showBar();
  }

  /** What holds in this room, in a line; where one may not write, in place of the box. */
  #showNote() {
    const shut = this.#shut;
    const room = this.client.find(this.room);
    const toFriend = room?.opensLinks ?? true;
    const isSeen = room?.state.window && !this.#knowsPublic();
    const words = shut || (toFriend ? "" : this.say(LINK.test(this.input.value) ? "composer.link_shut" : "composer.before_friends"));
    change(this.note, { textContent: words || (isSeen ? this.say("composer.public") : "") });
    this.note.classList.toggle("told", !shut && !toFriend && !LINK.test(this.input.value));
    change(this.form, { hidden: Boolean(shut) });
  }

  /** Why one may not write here; "" where one may. */
  get #shut() {
    const room = this.client.find(this.room);
    const { writers, muted_until: until = 0 } = /** @type {any} */ (room?.state ?? {});
    if (until > this.client.now()) return this.say("composer.muted", { until: new Date(until).toLocaleString(this.language, { dateStyle: "medium", timeStyle: "short" }) });
    const line = this.topic ? room?.lines.get(this.topic) : undefined;
    if (line?.card?.closed) return [this.say("composer.topic_closed"), line.card.note].filter(Boolean).join(" ");
    if (room?.state.forum && !this.topic) return this.say("refused.topic_required");
    const mayNot = writers === "moderators" && !room?.moderates && !this.client.user?.admin;
    return mayNot && this.client.signedIn ? this.say("composer.only_moderators") : "";
  }

  /** Who has written in a public room knows that it is one. */
  #knowsPublic() {
    return context.preferences.chosen.public?.includes(this.room) ||
      this.client.line(this.room, this.topic)?.timeline.messages.some(({ author }) => author.id === this.client.me && author.id);
  }

  /** The message that is answered, or the edit that is under way. */
  #showBar() {
    const reply = this.#editing ? undefined : this.#reply;
    const isEmpty = !reply && !this.#editing;
    if (isEmpty && this.bar.hidden) return undefined;
    this.bar.hidden = isEmpty;
    if (isEmpty) return this.bar.replaceChildren();
    const leave = iconButton("close", this.say("composer.cancel"), () => (this.#editing ? this.stopEditing() : this.answer(undefined)));
    const words = make("span", { class: "words", text: reply?.words ?? plainText(this.#editing?.before ?? "", SHOWN), attributes: { dir: "auto" } });
    if (!reply) return this.bar.replaceChildren(words, leave);
    const whom = make("span", { class: "whom" }, this.say("composer.answering"), " ", nameOf({ id: reply.user, name: reply.name }));
    return this.bar.replaceChildren(make("a", { attributes: { href: messagePath(this.room, reply.seq) } }, icon("reply"), whom, words), leave);
  }

  focus() {
    this.input.focus();
  }

  // --- keys and words -------------------------------------------------------------------------------------------------

  /** @param {KeyboardEvent} event */
  key(event) {
    if (composes(event) || this.#completing?.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && !isTouch()) {
      event.preventDefault();
      this.send();
    } else if (event.key === "ArrowUp" && !this.input.value) {
      event.preventDefault();
      this.dispatchEvent(new Event("edit-last"));
    } else if (event.key === "Escape" && (this.#editing || this.#reply)) {
      event.stopPropagation();
      if (this.#editing) this.stopEditing();
      else this.answer(undefined);
    }
  }

  /** @param {InputEvent} [event] */
  typed(event) {
    this.#changed();
    this.#keep();
    if (event) this.#complete();
    if (this.#editing) return;
    if (this.input.value && Date.now() - this.#typedAt > TYPING_EVERY) {
      this.#typedAt = Date.now();
      this.client.typing(this.room, this.topic ?? (this.client.find(this.room)?.state.topics_version ? "" : undefined));
    }
  }

  #keep() {
    const text = this.input.value;
    const files = this.#attaching?.files ?? this.drafts.draft(this.place).files ?? [];
    if (this.#editing) this.drafts.keepEdit(this.place, { ...this.#editing, text });
    else this.drafts.keepDraft(this.place, { text, ...(this.#reply && { reply: this.#reply }), ...(files.length && { files }) });
  }

  /** The words are others than before: how high the box is, whether there is something to send, what is to be said of them. */
  #changed() {
    this.#fit();
    // It keeps its place, or it would come where a finger has just pressed another button.
    this.button.classList.toggle("nothing", !this.input.value.trim() && !this.#carries);
    this.#count();
    this.#showNote();
  }

  /** As high as its words. What is not on the screen has no height; it gets one when it is shown. */
  #fit() {
    this.input.style.height = "auto";
    if (this.input.scrollHeight) this.input.style.height = `${Math.min(TALLEST, this.input.scrollHeight)}px`;
  }

  /** Words are never cut off in silence: what is too long is said, and waits to be shortened. */
  #count() {
    const over = [...this.input.value].length - (this.client.card?.limits.text_characters ?? Infinity);
    this.hint.textContent = over > 0 ? this.say("composer.too_long", { count: over }) : this.#editing ? this.#editingWords : "";
    this.button.disabled = over > 0;
    return over > 0;
  }

  /** @param {File[]} files */
  addFiles(files) {
    if (this.#editing) this.stopEditing();
    if (files.length) this.#attach((attaching) => attaching.add(files));
  }

  /** A voice message, in place of the box while it is spoken. */
  async #record() {
    if (this.#attaching?.isFull) return this.#attaching.sayFull();
    if (!(await arrived("voice-recorder")) || this.classList.contains("records")) return;
    this.hint.textContent = "";
    this.classList.add("records");
    this.form.before(make("voice-recorder", { set: { composer: this } }));
  }

  /** What was recorded is a file of the draft, in reach of the button that sends it. @param {import("../../state/uploads.js").Given | undefined} given undefined for nothing @param {string} [why] key of why there is nothing */
  async keepVoice(given, why = "") {
    this.classList.remove("records");
    if (!this.isConnected) return given && (await import("./attaching.js")).keepForLater(this, given);
    if (given) await this.#attach((attaching) => attaching.addVoice(given));
    this.hint.textContent = why && this.say(why);
    return (given ? this.button : this.mic).focus();
  }

  /** Whether the message has something besides words: files of its own, or those of the message that is edited. */
  get #carries() {
    return this.#editing ? Boolean(this.#editing.files) : Boolean(this.#attaching?.files.length);
  }

  /** The files of the draft are others than before. */
  attached() {
    this.#keep();
    this.#changed();
  }

  /** Words in place of what is selected, a blank before them where they would stick to a word. @param {string} words @param {number} [from] of the text in their place */
  insert(words, from = this.input.selectionStart) {
    const before = this.input.value.charAt(from - 1);
    const blank = words === "@" && /[\p{L}\p{N}]/u.test(before) ? " " : "";
    this.input.setRangeText(blank + words, from, this.input.selectionEnd, "end");
    this.input.focus();
    this.typed(/** @type {any} */ ({}));
  }

  // --- what comes when it is wanted -----------------------------------------------------------------------------------

  /** Names, rooms and emoji for the word at the caret. */
  async #complete() {
    if (this.#isComposing) return this.#completing?.close();
    if (this.#completing) return this.#completing.follow(false);
    if (!TRIGGER.test(this.input.value.slice(0, this.input.selectionStart))) return undefined;
    const { Completing } = await import("./completing.js");
    this.#completing ??= new Completing(this);
    return this.#completing.follow(this.#isComposing);
  }

  /** @param {(attaching: import("./attaching.js").Attaching) => void} act */
  async #attach(act) {
    try {
      const { Attaching } = await import("./attaching.js");
      this.#attaching ??= new Attaching(this);
      act(this.#attaching);
    } catch (error) {
      dispatchEvent(new Event("notloaded"));
    }
  }

  async #pickEmoji() {
    if (!(await arrived("emoji-picker"))) return;
    if (!this.#picker) {
      this.#picker = make("emoji-picker");
      this.#picker.addEventListener("pick", (/** @type {CustomEvent} */ { detail }) => this.insert(detail.emoji));
      this.#picker.addEventListener("close", () => this.focus());
      this.append(this.#picker);
    }
    this.#picker.open(this.smile);
  }

  async #openHelp() {
    if (await arrived("shortcut-help")) document.body.append(make("shortcut-help"));
  }

  // --- answering and quoting ------------------------------------------------------------------------------------------

  /** @param {import("../../lib/shapes.js").Message | undefined} message the message to answer; undefined for none */
  answer(message) {
    if (this.#editing) this.stopEditing();
    this.#reply = message && {
      seq: message.seq, id: message.id, user: message.author.id,
      name: message.author.name || this.say("people.left"), words: messageWords(message, this, SHOWN),
    };
    this.#keep();
    this.show();
    this.focus();
  }

  /** Words of a message, as a quote at the end of the draft. @param {import("../../lib/shapes.js").Message} message @param {string} text */
  quote(message, text) {
    if (this.#editing) this.stopEditing();
    const name = message.author.name || this.say("people.left");
    const before = this.input.value.trimEnd();
    this.input.value = `${before}${before && "\n"}${before && !isQuoteOnly(before) ? "\n" : ""}${quoted(this.say("composer.quoted", { name }), text)}\n`;
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.focus();
    this.typed();
    this.input.scrollTop = this.input.scrollHeight;
  }

  // --- sending --------------------------------------------------------------------------------------------------------

  async send() {
    const text = this.input.value.replace(/^(?:[^\S\n]*\n)+/, "").trimEnd(); // the first line keeps its indentation
    if ((!text && !this.#carries) || this.#count()) return;
    if (this.#editing) return this.#save(text);
    if (this.#attaching && !this.#attaching.isReady) return;
    if (text.includes("veryone") && !(await this.#mayCallAll(text))) return;
    this.client.say(this.room, text, this.#reply?.seq, this.#attaching?.take(), this.topic);
    if (this.client.find(this.room)?.state.window && !this.#knowsPublic()) {
      context.preferences.set({ public: [...(context.preferences.chosen.public ?? []), this.room].slice(-50) });
    }
    this.#reply = undefined;
    this.input.value = "";
    this.#keep();
    this.show();
    this.#changed();
    this.#typedAt = 0;
    this.dispatchEvent(new Event("said"));
  }

  /** Whom @everyone calls is said with their number before it is sent, where they are many. @param {string} text */
  async #mayCallAll(text) {
    const { callsAll } = await import("./everyone.js");
    return callsAll(this, text);
  }

  // --- editing --------------------------------------------------------------------------------------------------------

  /** @param {import("../../lib/shapes.js").Message} message */
  edit({ id, seq, text, attachments }) {
    const kept = this.drafts.edit(this.place);
    const edit = kept?.id === id ? { ...kept, left: false } : { id, seq, before: text, text, ...(attachments?.length && { files: true }) };
    this.drafts.keepEdit(this.place, edit);
    this.#begin(edit);
    this.input.focus();
  }

  /** @param {Edit} edit */
  #begin(edit) {
    this.#editing = edit;
    this.#put(edit.text);
  }

  get #editingWords() {
    return this.say(isTouch() ? "composer.editing_touch" : "composer.editing");
  }

  /** Back to the draft. What was changed is there again when the same message is edited again. */
  stopEditing() {
    const edit = /** @type {Edit} */ (this.#editing);
    const text = this.input.value;
    this.#endEdit(text === edit.before ? undefined : { ...edit, text, left: true });
  }

  /** @param {Edit | undefined} left */
  #endEdit(left) {
    this.#editing = null;
    this.drafts.keepEdit(this.place, left);
    this.#restore();
    this.input.focus();
  }

  /** @param {string} text */
  async #save(text) {
    const { id, seq, before } = /** @type {Edit} */ (this.#editing);
    if (text === before) return this.#endEdit(undefined);
    const held = this.client.line(this.room, this.topic)?.timeline.at(seq);
    if (held && (held.deleted || held.id !== id)) return this.#becomeDraft(text);
    try {
      await this.client.ask("message.edit", { room: this.room, seq, text });
      this.#endEdit(undefined);
    } catch (refusal) {
      if (/** @type {any} */ (refusal).kind === "not_found") this.#becomeDraft(text);
      else this.refuse(refusal);
    }
    return undefined;
  }

  /** The message is gone; what was to be its text is not. @param {string} text */
  #becomeDraft(text) {
    const draft = this.drafts.draft(this.place);
    this.drafts.keepDraft(this.place, { ...draft, text: draft.text ? `${text}\n${draft.text}` : text });
    this.#endEdit(undefined);
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
