/**
 * Recordings that are listened to. A sound is on the page beside the rows that show it, so it plays on where its row is out
 * of sight or gone, until it ends or somebody stops it. `listening` has the one that was begun last, if it is still held;
 * its `change` event says that it is another, that it plays or rests, or that it came into sight or out of it.
 *
 * @typedef {import("./shapes.js").File} File
 * @typedef {import("./shapes.js").Message} Message
 */

import "./one-sound.js";

import { make } from "./dom.js";

const FAST = 1.5;

class Listening extends EventTarget {
  /** @type {Sound | undefined} */ sound;
  /** Chosen once for all. */ rate = 1;

  /** @param {Sound | undefined} sound */
  begin(sound) {
    const before = this.sound;
    this.sound = sound;
    if (before !== sound) before?.letGo();
    this.tell();
  }

  faster() {
    this.rate = this.rate === 1 ? FAST : 1;
    if (this.sound) this.sound.element.playbackRate = this.rate;
    this.tell();
  }

  tell() {
    this.dispatchEvent(new Event("change"));
  }
}

export const listening = new Listening();

/** @type {Map<string, Sound>} by file */ const sounds = new Map();

/**
 * The sound of a file, the same for all that show it; each says `leave` when it goes.
 *
 * @param {File} file @param {{blob?: Blob, message?: Message}} from a recording that is still in this browser, or the message it stands in
 */
export function soundOf(file, { blob, message }) {
  const known = blob ? undefined : sounds.get(file.id);
  const sound = known ?? new Sound(file, blob, message);
  if (!blob) sounds.set(file.id, sound);
  sound.holders += 1;
  return sound;
}

export class Sound {
  holders = 0;
  /** How many of those that show it are in sight. */ seen = 0;
  /** Whether it could not be loaded. */ isLost = false;
  #address = "";

  /** @param {File} file @param {Blob | undefined} blob @param {Message | undefined} message */
  constructor(file, blob, message) {
    this.file = file;
    this.blob = blob;
    this.message = message;
    /** @type {HTMLAudioElement} */ this.element = make("audio", { attributes: { preload: "none" } });
    for (const name of ["play", "pause"]) this.element.addEventListener(name, () => listening.sound === this && listening.tell());
    this.element.addEventListener("ended", () => this.#ended());
    this.element.addEventListener("error", () => this.#address && this.#lose());
    document.body.append(this.element);
  }

  get runs() {
    return !this.element.paused;
  }

  /** Seconds. */
  get at() {
    return Math.min(this.file.seconds ?? 0, this.element.currentTime);
  }

  #load() {
    if (this.#address) return;
    this.#address = this.blob ? URL.createObjectURL(this.blob) : `/files/${this.file.id}`;
    this.element.src = this.#address;
  }

  async toggle() {
    const { element } = this;
    if (this.runs) return element.pause();
    this.isLost = false;
    this.#load();
    element.playbackRate = listening.rate;
    listening.begin(this);
    try {
      await element.play();
    } catch (error) {
      // Another one began meanwhile, or it was stopped at once.
      if (/** @type {Error} */ (error).name !== "AbortError") this.#lose();
    }
    return undefined;
  }

  /** @param {number} seconds */
  seek(seconds) {
    this.#load();
    this.element.currentTime = Math.min(this.file.seconds ?? 0, Math.max(0, seconds));
  }

  #ended() {
    this.element.currentTime = 0;
    if (listening.sound === this) listening.begin(undefined);
  }

  #lose() {
    this.element.removeAttribute("src");
    this.#address = "";
    this.isLost = true;
    this.element.dispatchEvent(new Event("lost"));
    if (listening.sound === this) listening.begin(undefined);
  }

  /** Somebody stops listening. */
  stop() {
    this.element.pause();
    if (listening.sound === this) listening.begin(undefined);
  }

  /** What showed it goes: a recording that is not sent yet ends with it, a message's plays on. */
  leave() {
    this.holders -= 1;
    if (!this.message && !this.holders) this.stop();
    this.letGo();
  }

  /** Nobody shows it and nobody listens. */
  letGo() {
    if (this.holders || listening.sound === this) return;
    this.element.pause();
    this.element.remove();
    if (sounds.get(this.file.id) === this) sounds.delete(this.file.id);
    if (this.blob && this.#address) URL.revokeObjectURL(this.#address);
    this.#address = "";
  }
}
