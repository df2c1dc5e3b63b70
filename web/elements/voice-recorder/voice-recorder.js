/**
 * A voice message while it is spoken: how long, how loud, the ways to end it and to throw it away. Property `composer`, in
 * whose place to write it stands. What was recorded becomes a file of the draft, to be listened to and sent from there; so
 * it does where its reader leaves the room.
 */

import "../../lib/more-icons.js";

import { button, make } from "../../lib/dom.js";
import { lengthWords } from "../../lib/file-words.js";
import { iconButton } from "../../lib/icons.js";
import { hush } from "../../lib/one-sound.js";
import { canRecord, LONGEST, Recording } from "../../lib/recording.js";
import { PageElement } from "../element.js";

/** Seconds before the end at which it is said. */
const NEAR_END = 10;
/** How much of what was last heard is shown, in parts of a recording. */
const BARS = 40;
/** @type {Record<string, string>} */
const WHY = { NotAllowedError: "voice.refused", SecurityError: "voice.refused", NotFoundError: "voice.none", OverconstrainedError: "voice.none", NotReadableError: "voice.taken" };

export class VoiceRecorder extends PageElement {
  /** @type {any} */ composer = null;
  /** @type {Recording | undefined} */ #recording;
  #isOver = false;

  build() {
    this.time = make("span", { class: "time", text: lengthWords(0), attributes: { "aria-hidden": "true" } });
    this.levels = make("span", { class: "levels", attributes: { "aria-hidden": "true" } }, ...Array.from({ length: BARS }, () => make("i")));
    this.told = make("span", { class: "told", text: this.say("voice.asking"), attributes: { role: "status" } });
    this.drop = /** @type {any} */ (iconButton("trash", this.say("voice.discard"), () => this.#end()));
    this.done = button(this.say("voice.done"), () => this.#finish(), "button");
    this.done.hidden = true;
    this.append(this.drop, make("span", { class: "light" }), this.time, this.levels, this.told, this.done);
  }

  attach() {
    this.setAttribute("role", "group");
    this.setAttribute("aria-label", this.say("voice.recording"));
    this.listen(this, "keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      this.#end();
    });
    this.listen(window, "beforeunload", (event) => this.#recording && event.preventDefault());
    this.drop.focus();
    this.#begin();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    if (this.#recording && !this.#isOver) this.#finish();
    this.#isOver = true;
  }

  async #begin() {
    hush();
    if (!canRecord()) return this.#end("voice.cannot");
    try {
      const recording = await Recording.begin();
      this.#recording = recording;
      if (this.#isOver) return void recording.stop();
      this.told.textContent = this.say("voice.begun");
      this.classList.add("runs");
      this.done.hidden = false;
      this.done.focus();
      recording.ended.then(() => this.#finish());
      this.#follow();
    } catch (error) {
      this.#end(WHY[/** @type {Error} */ (error).name] ?? "voice.cannot");
    }
    return undefined;
  }

  #follow() {
    const recording = this.#recording;
    if (!recording || this.#isOver) return;
    const { seconds, levels } = recording;
    this.time.textContent = lengthWords(Math.floor(seconds));
    const heard = levels.slice(-BARS);
    [...this.levels.children].forEach((bar, at) => (bar.style.transform = `scaleY(${Math.max(0.06, heard[at - BARS + heard.length] ?? 0)})`));
    if (seconds >= LONGEST - NEAR_END && !this.classList.contains("near")) {
      this.classList.add("near");
      this.told.textContent = this.say("voice.near_end", { count: NEAR_END });
    }
    if (seconds >= LONGEST) this.#finish();
    else requestAnimationFrame(() => this.#follow());
  }

  /** What was said so far becomes a file of the draft. */
  async #finish() {
    if (this.#isOver || !this.#recording) return;
    this.#isOver = true;
    const recorded = await this.#recording.stop();
    const ending = recorded.type.split("/")[1] === "mp4" ? "m4a" : recorded.type.split("/")[1];
    this.composer.keepVoice(recorded.blob.size ? { ...recorded, name: `voice.${ending}` } : undefined);
    this.remove();
  }

  /** Nothing is kept. @param {string} [why] key of what is said */
  #end(why = "") {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#recording?.stop();
    this.composer.keepVoice(undefined, why);
    this.remove();
  }
}
