/**
 * A voice message to listen to: play, the wave with the place in it, how fast. Properties `file` (File) and `blob` where the
 * recording is still in this browser. Nothing is loaded before it is played.
 */

import "../../lib/more-icons.js";
import "../../lib/one-sound.js";

import { button, make } from "../../lib/dom.js";
import { lengthWords } from "../../lib/file-words.js";
import { icon, iconButton } from "../../lib/icons.js";
import { PageElement } from "../element.js";

const SVG = "http://www.w3.org/2000/svg";
/** Of the drawn wave; each peak has a bar. */
const STEP = 4;
const HEIGHT = 32;
const FAST = 1.5;
/** How far a key moves, in seconds. */
const KEY_STEP = 1;
/** Chosen once for all. */
let rate = 1;

export class VoicePlayer extends PageElement {
  /** @type {any} */ file = null;
  /** @type {Blob | undefined} */ blob = undefined;
  #shown = "";
  #address = "";

  build() {
    const { seconds = 0, peaks = [] } = this.file;
    this.length = seconds;
    this.toggle = /** @type {any} */ (iconButton("play", "", () => this.#toggle(), "toggle"));
    this.place = make("input", { attributes: { type: "range", min: "0", max: String(seconds), step: "any", value: "0" } });
    this.played = wave(peaks, "played");
    this.time = make("span", { class: "time", attributes: { "aria-hidden": "true" } });
    this.speed = button("", () => this.#faster(), "speed");
    this.told = make("p", { class: "told", attributes: { role: "status" } });
    this.sound = make("audio", { attributes: { preload: "none" } });
    this.append(this.toggle, make("span", { class: "wave" }, wave(peaks, "all"), this.played, this.place), this.time, this.speed, this.told, this.sound);
  }

  attach() {
    this.setAttribute("role", "group");
    const { sound, place } = this;
    for (const name of ["play", "pause", "ended", "timeupdate", "seeked"]) this.listen(sound, name, () => this.show());
    this.listen(sound, "play", () => this.#follow());
    this.listen(sound, "ended", () => (sound.currentTime = 0));
    this.listen(sound, "error", () => this.#address && this.#sayLost());
    this.listen(place, "input", () => this.#seek(Number(place.value)));
    // The arrows move within the recording, not from message to message; their step is a second.
    this.listen(place, "keydown", (event) => this.#key(event));
    this.show();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.sound.pause();
    if (this.blob && this.#address) URL.revokeObjectURL(this.#address);
    this.#address = "";
  }

  show() {
    const { sound, place, length, played } = this;
    const at = Math.min(length, sound.currentTime);
    const runs = !sound.paused;
    place.value = String(at);
    if (played) played.style.clipPath = `inset(0 ${100 - (100 * at) / (length || 1)}% 0 0)`;
    const shown = JSON.stringify([runs, Math.floor(at), rate, this.language]);
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
    this.setAttribute("aria-label", `${this.say("files.voice")}, ${lengthWords(length)}`);
  }

  #follow() {
    if (!this.isConnected || this.sound.paused) return;
    this.show();
    requestAnimationFrame(() => this.#follow());
  }

  #load() {
    if (this.#address) return;
    this.#address = this.blob ? URL.createObjectURL(this.blob) : `/files/${this.file.id}`;
    this.sound.src = this.#address;
  }

  async #toggle() {
    const { sound } = this;
    if (!sound.paused) return sound.pause();
    this.told.textContent = "";
    this.#load();
    sound.playbackRate = rate;
    try {
      await sound.play();
    } catch (error) {
      // Another one began meanwhile, or it was stopped at once.
      if (/** @type {Error} */ (error).name !== "AbortError") this.#sayLost();
    }
    return undefined;
  }

  #sayLost() {
    this.sound.removeAttribute("src");
    this.#address = "";
    this.told.textContent = this.say("voice.lost");
    this.show();
  }

  /** @param {number} seconds */
  #seek(seconds) {
    this.#load();
    this.sound.currentTime = Math.min(this.length, Math.max(0, seconds));
    this.show();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const at = this.sound.currentTime;
    /** @type {Record<string, number>} */ const places = {
      ArrowLeft: at - KEY_STEP, ArrowDown: at - KEY_STEP, ArrowRight: at + KEY_STEP, ArrowUp: at + KEY_STEP, Home: 0, End: this.length,
    };
    const place = places[event.key];
    if (place === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    this.#seek(place);
  }

  #faster() {
    rate = rate === 1 ? FAST : 1;
    this.sound.playbackRate = rate;
    for (const player of /** @type {NodeListOf<VoicePlayer>} */ (document.querySelectorAll("voice-player"))) player.show();
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
