/**
 * Above the page: the voice message that plays while its row is out of sight or gone. Pause, the way to its message, the
 * end. It goes when the recording has ended, and what may not be heard any more stops: a message that was deleted, of
 * somebody who was blocked, of a room that one left.
 */

import { change, make } from "../../lib/dom.js";
import { lengthWords } from "../../lib/file-words.js";
import { icon, iconButton } from "../../lib/icons.js";
import { messagePath } from "../../lib/paths.js";
import { listening } from "../../lib/sounds.js";
import { PageElement } from "../element.js";

export class PlayingBar extends PageElement {
  #runs = /** @type {boolean | undefined} */ (undefined);

  build() {
    this.setAttribute("role", "region");
    this.toggle = /** @type {any} */ (iconButton("pause", "", () => listening.sound?.toggle()));
    this.who = make("bdi", { class: "name" });
    this.time = make("span", { class: "time" });
    this.link = make("a", { class: "what" }, icon("mic"), this.who, this.time);
    this.end = /** @type {any} */ (iconButton("close", "", () => this.#stop()));
    this.append(this.toggle, this.link, this.end);
  }

  attach() {
    this.listen(listening, "change", () => this.show());
    this.listen(this.client, "changed", ({ detail: { room, change: { seq, deleted } } }) => deleted && this.#stopIf(room, (one) => one === seq));
    this.listen(this.client, "purged", ({ detail: { room, seqs } }) => this.#stopIf(room, (one) => seqs.some((/** @type {number[]} */ [from = 0, to = 0]) => from <= one && one <= to)));
    this.listen(this.client, "restart", () => this.#stop());
    for (const name of ["rooms", "renamed"]) this.listen(this.client, name, () => this.show());
    this.show();
  }

  show() {
    const { sound } = listening;
    const { message } = sound ?? {};
    if (message && (!this.client.find(message.room) || this.client.blocks.has(message.author.id))) return this.#stop();
    const isShown = Boolean(message && !sound?.seen);
    if (!isShown && this.contains(document.activeElement)) document.querySelector("main")?.focus();
    change(this, { hidden: !isShown });
    if (!message || !sound || !isShown) return undefined;
    const name = message.author.name || this.say("people.left");
    this.setAttribute("aria-label", `${this.say("files.voice")}, ${name}`);
    change(this.who, { textContent: name });
    this.who.dataset.user = message.author.id;
    this.link.setAttribute("href", messagePath(message.room, message.seq));
    change(this.link, { title: this.say("viewer.to_message") });
    change(this.end, { title: this.say("voice.stop"), ariaLabel: this.say("voice.stop") });
    const words = this.say(sound.runs ? "voice.pause" : "voice.play");
    change(this.toggle, { title: words, ariaLabel: words });
    if (this.#runs !== sound.runs) this.toggle.replaceChildren(icon(sound.runs ? "pause" : "play"));
    this.#runs = sound.runs;
    this.#follow();
    return undefined;
  }

  #follow() {
    const { sound } = listening;
    if (!sound || this.hidden || !this.isConnected) return;
    change(this.time, { textContent: `${lengthWords(Math.floor(sound.at))} / ${lengthWords(sound.file.seconds ?? 0)}` });
    this.style.setProperty("--played", String(sound.at / (sound.file.seconds || 1)));
    if (sound.runs) requestAnimationFrame(() => this.#follow());
  }

  #stop() {
    listening.sound?.stop();
  }

  /** @param {string} room @param {(seq: number) => boolean} isMeant */
  #stopIf(room, isMeant) {
    const { message } = listening.sound ?? {};
    if (message && message.room === room && isMeant(message.seq)) this.#stop();
  }
}
