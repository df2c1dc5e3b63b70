/**
 * One's own picture, or the community's icon: chosen, cropped to a square in own-picture/cropping.js, sent, and taken away
 * again. Properties: `purpose` ("avatar" or "icon"), `shown` (gives what is there now: the file's id and the face to show),
 * `keep` (makes a file the picture, "" for none; rejects with a Refusal).
 */

import "../../lib/more-icons.js";

import { button, make } from "../../lib/dom.js";
import { refusalWords } from "../../lib/refusal.js";
import { clockTime, dayKey } from "../../lib/times.js";
import { pageUploads } from "../../state/page-uploads.js";
import { PageElement } from "../element.js";
import { Cropping } from "./cropping.js";

export class OwnPicture extends PageElement {
  /** @type {"avatar" | "icon"} */ purpose = "avatar";
  /** @type {() => {picture: string, face: Element}} */ shown = () => ({ picture: "", face: make("span") });
  /** @type {(file: string) => Promise<void>} */ keep = async () => undefined;
  uploads = pageUploads(this.client);
  /** The upload under way. */ #key = "";

  build() {
    this.face = make("div", { class: "face" });
    this.chooser = make("input", { attributes: { type: "file", accept: "image/*", tabindex: "-1", "aria-hidden": "true" }, set: { hidden: true } });
    this.choose = button(this.say("picture.choose"), () => this.#choose(), "action edged");
    this.camera = button(this.say("composer.attach_camera"), () => this.#choose("user"), "action edged");
    this.away = button(this.say("picture.remove"), () => this.#set(""), "action grave");
    const drops = isTouch() ? "" : this.say("picture.drop");
    this.hint = make("small", { text: [this.say(`picture.${this.purpose}_hint`), drops].filter(Boolean).join(this.language.startsWith("zh") ? "" : " ") });
    this.told = make("p", { class: "done", attributes: { role: "status", tabindex: "-1" } });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.append(this.face, make("div", { class: "ways" }, make("div", { class: "choices" }, this.choose, this.camera, this.away), this.hint, this.told, this.error), this.chooser);
  }

  attach() {
    this.listen(this.chooser, "change", () => this.#crop(this.chooser.files[0]));
    for (const name of ["dragover", "dragleave", "drop"]) this.listen(this, name, (event) => this.#drop(event));
    this.listen(this.uploads, "change", ({ detail }) => detail === this.#key && this.#follow());
    this.listen(this.client, "renamed", () => this.show());
    this.show();
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    this.#forget();
  }

  show() {
    const { picture, face } = this.shown();
    this.face.replaceChildren(face);
    this.camera.hidden = !isTouch();
    this.away.hidden = !picture || Boolean(this.#key);
    this.choose.disabled = this.camera.disabled = Boolean(this.#key);
  }

  // --- choosing -------------------------------------------------------------------------------------------------------

  /** @param {string} [capture] which camera */
  #choose(capture) {
    this.chooser.value = "";
    if (capture) this.chooser.setAttribute("capture", capture);
    else this.chooser.removeAttribute("capture");
    this.chooser.click();
  }

  /** @param {DragEvent} event */
  #drop(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    this.classList.toggle("receives", event.type === "dragover");
    if (event.type === "drop" && !this.#key) this.#crop(event.dataTransfer.files[0]);
  }

  /** @param {File | undefined} file */
  async #crop(file) {
    if (!file) return;
    this.#say("");
    try {
      const blob = await new Cropping(this).crop(file);
      if (blob) this.#send(blob);
    } catch {
      this.error.textContent = this.say("picture.unreadable");
    }
  }

  // --- sending --------------------------------------------------------------------------------------------------------

  /** @param {Blob} blob */
  #send(blob) {
    const { purpose } = this;
    this.#key = this.uploads.add({ blob, name: `${purpose}.${blob.type.split("/")[1]}`, purpose, owner: this.client.me, ready: true }).key;
    this.#follow();
    this.show();
    this.told.focus();
  }

  #follow() {
    const upload = this.uploads.get(this.#key);
    if (!upload) return;
    const { status, sent, size, file } = upload;
    if (status === "done") this.#set(file.id);
    else if (status === "refused") this.#refuse(upload);
    else this.#say(status === "waiting" && !this.client.wire.live ? "composer.file_waits" : "picture.sending", { percent: Math.round((100 * sent) / size) });
  }

  /** @param {string} file "" for none */
  async #set(file) {
    this.#forget(true);
    this.error.textContent = "";
    try {
      await this.keep(file);
      this.#say(file ? "picture.set" : "picture.removed");
      this.told.focus();
    } catch (refusal) {
      this.#refuse(/** @type {any} */ (refusal));
      if (file) this.uploads.line.give(file);
    }
    this.show();
  }

  /** @param {boolean} [used] whether it is a picture by now */
  #forget(used = false) {
    const key = this.#key;
    this.#key = "";
    if (key && used) this.uploads.forget(key);
    else if (key) this.uploads.remove(key);
  }

  /** @param {{reason?: string, retryAfter?: number}} refusal */
  #refuse(refusal) {
    this.#forget();
    this.#say("");
    this.show();
    const { reason, retryAfter = 0 } = refusal;
    this.error.textContent = reason === "rate_limited" && retryAfter > 60_000 ? this.say("picture.too_often", { when: this.#when(retryAfter) })
      : reason === "type_refused" ? this.say("picture.unreadable") : refusalWords(this, refusal);
  }

  /** @param {number} wait milliseconds, at most a day */
  #when(wait) {
    const now = this.client.now();
    return this.say(dayKey(now + wait) === dayKey(now) ? "hi.today" : "hi.tomorrow", { time: clockTime(this.language, now + wait) });
  }

  /** @param {string} key "" for nothing @param {Record<string, number>} [values] */
  #say(key, values) {
    this.error.textContent = "";
    this.told.textContent = key && this.say(key, values);
  }
}

function isTouch() {
  return matchMedia("(pointer: coarse)").matches;
}
