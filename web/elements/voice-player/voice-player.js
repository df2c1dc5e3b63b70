/**
 * A voice message to listen to: play, the wave with the place in it, how fast. Properties `file` (File), `message` where it
 * stands in one, and `blob` where the recording is still in this browser. Nothing is loaded before it is played. What plays
 * is beside it (lib/sounds.js); out of sight, a bar above the page goes on showing it (playing-bar).
 */

import "../../lib/more-icons.js";

import { button, make } from "../../lib/dom.js";
import { lengthWords } from "../../lib/file-words.js";
import { icon, iconButton } from "../../lib/icons.js";
import { listening, soundOf } from "../../lib/sounds.js";
import { PageElement } from "../element.js";
import { arrived } from "../later.js";

const SVG = "http://www.w3.org/2000/svg";
/** Of the drawn wave; each peak has a bar. */
const STEP = 4;
const HEIGHT = 32;
/** How far a key moves, in seconds. */
const KEY_STEP = 1;

export class VoicePlayer extends PageElement {
  /** @type {any} */ file = null;
  /** @type {any} */ message = undefined;
  /** @type {Blob | undefined} */ blob = undefined;
  /** @type {import("../../lib/sounds.js").Sound | undefined} */ sound = undefined;
  #shown = "";
  #isSeen = false;

  build() {
    const { seconds = 0, peaks = [] } = this.file;
    this.length = seconds;
    this.toggle = /** @type {any} */ (iconButton("play", "", () => this.#toggle(), "toggle"));
    this.place = make("input", { attributes: { type: "range", min: "0", max: String(seconds), step: "any", value: "0" } });
    this.played = wave(peaks, "played");
    this.time = make("span", { class: "time", attributes: { "aria-hidden": "true" } });
    this.speed = button("", () => listening.faster(), "speed");
    this.told = make("p", { class: "told", attributes: { role: "status" } });
    this.append(this.toggle, make("span", { class: "wave" }, wave(peaks, "all"), this.played, this.place), this.time, this.speed, this.told);
  }

  attach() {
    this.setAttribute("role", "group");
    const { place } = this;
    const sound = this.sound = soundOf(this.file, this);
    for (const name of ["play", "pause", "ended", "timeupdate", "seeked", "lost"]) this.listen(sound.element, name, () => this.show());
    this.listen(sound.element, "play", () => this.#follow());
    this.listen(listening, "change", () => this.show());
    this.listen(place, "input", () => this.#seek(Number(place.value)));
    // The arrows move within the recording, not from message to message; their step is a second.
    this.listen(place, "keydown", (event) => this.#key(event));
    this.sight = new IntersectionObserver((entries) => this.#see(Boolean(entries.at(-1)?.isIntersecting)));
    this.sight.observe(this);
    this.show();
    this.#follow();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.sight?.disconnect();
    this.#see(false);
    this.sound?.leave();
    this.sound = undefined;
  }

  /** @param {boolean} isSeen */
  #see(isSeen) {
    if (!this.sound || isSeen === this.#isSeen) return;
    this.#isSeen = isSeen;
    this.sound.seen += isSeen ? 1 : -1;
    if (listening.sound === this.sound) listening.tell();
  }

  show() {
    const { sound, place, length, played } = this;
    if (!sound) return;
    const { at, runs, isLost } = sound;
    const { rate } = listening;
    place.value = String(at);
    if (played) played.style.clipPath = `inset(0 ${100 - (100 * at) / (length || 1)}% 0 0)`;
    const shown = JSON.stringify([runs, Math.floor(at), rate, isLost, this.language]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const label = this.say(runs ? "voice.pause" : "voice.play");
    Object.assign(this.toggle, { title: label, ariaLabel: label });
    this.toggle.replaceChildren(icon(runs ? "pause" : "play"));
    this.time.textContent = lengthWords(runs || at ? Math.floor(at) : length);
    place.setAttribute("aria-label", this.say("voice.place"));
    place.setAttribute("aria-valuetext", this.say("voice.at", { at: lengthWords(Math.floor(at)), length: lengthWords(length) }));
    this.speed.textContent = `${rate}×`;
    this.speed.setAttribute("aria-label", this.say("voice.speed", { rate: String(rate) }));
    this.told.textContent = isLost ? this.say("voice.lost") : "";
    this.setAttribute("aria-label", `${this.say("files.voice")}, ${lengthWords(length)}`);
  }

  #follow() {
    if (!this.isConnected || !this.sound?.runs) return;
    this.show();
    requestAnimationFrame(() => this.#follow());
  }

  async #toggle() {
    const toggled = this.sound?.toggle();
    this.show();
    if (this.message && (await arrived("playing-bar")) && !document.querySelector("playing-bar")) document.querySelector("main")?.before(make("playing-bar"));
    await toggled;
  }

  /** @param {number} seconds */
  #seek(seconds) {
    this.sound?.seek(seconds);
    this.show();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.sound?.at ?? 0;
    /** @type {Record<string, number>} */ const places = {
      ArrowLeft: at - KEY_STEP, ArrowDown: at - KEY_STEP, ArrowRight: at + KEY_STEP, ArrowUp: at + KEY_STEP, Home: 0, End: this.length,
    };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#seek(place);
  }
}

/** @param {number[]} peaks from 0 to 100 @param {string} kind its class */
function wave(peaks, kind) {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("class", kind);
  drawn.setAttribute("viewBox", `0 0 ${Math.max(1, peaks.length) * STEP} ${HEIGHT}`);
  drawn.setAttribute("preserveAspectRatio", "none");
  drawn.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", peaks.map((peak, at) => {
    const half = Math.max(1, (peak / 100) * (HEIGHT / 2 - 1));
    return `M${at * STEP + STEP / 2} ${HEIGHT / 2 - half}v${2 * half}`;
  }).join(""));
  drawn.append(path);
  return drawn;
}
