/**
 * The files of a message that is being written: chosen, pasted or dropped, as tiles above the box while they go up. Made by
 * MessageComposer with the first file; what becomes of them is in state/uploads.js.
 *
 * @typedef {import("../../state/outbox.js").Attached} Attached
 * @typedef {import("../../state/uploads.js").Upload} Upload
 */

import "../../lib/more-icons.js";

import { change, make } from "../../lib/dom.js";
import { kindWords, sizeWords } from "../../lib/file-words.js";
import { icon, iconButton } from "../../lib/icons.js";
import { refusalWords } from "../../lib/refusal.js";
import { pageUploads } from "../../state/page-uploads.js";
import { arrived, bringStyle } from "../later.js";
import { openMenu } from "../menu.js";

const MOST = 10;
const NAMELESS = "file";

export class Attaching {
  /** @type {Attached[]} */ #files = [];
  /** @type {Map<string, any>} tiles by key */ #tiles = new Map();

  /** @param {import("./message-composer.js").MessageComposer} composer */
  constructor(composer) {
    this.composer = composer;
    this.client = composer.client;
    this.uploads = pageUploads(this.client);
    this.list = make("ul", { attributes: { role: "list", "aria-label": composer.say("composer.files") } });
    this.told = make("p", { class: "told" });
    this.box = make("div", { class: "attached", set: { hidden: true } }, this.list, this.told);
    this.chooser = make("input", { attributes: { type: "file", tabindex: "-1", "aria-hidden": "true", multiple: true }, set: { hidden: true } });
    composer.form.before(this.box, this.chooser);
    composer.listen(this.uploads, "change", () => this.#draw());
    composer.listen(this.chooser, "change", () => this.#chosen());
    bringStyle(new URL("./attaching.css", import.meta.url).href).catch(() => undefined);
  }

  /** As they are now: a picture has its size once it was made smaller. @returns {Attached[]} */
  get files() {
    return this.#files.map((file) => {
      const { width, height, size, type } = this.uploads.get(file.key) ?? file;
      return { ...file, size, type, ...(width && { width, height }) };
    });
  }

  /** Whether all may go with a message; what may not says why. */
  get isReady() {
    const refused = this.#files.some(({ key }) => this.uploads.get(key)?.status === "refused");
    if (refused) this.composer.hint.textContent = this.composer.say("composer.files_refused");
    return !refused;
  }

  /** The message takes them along. @returns {Attached[]} */
  take() {
    const { files } = this;
    this.#files = [];
    this.#draw();
    return files;
  }

  /** What is kept for this room, as after loading the page again. @param {Attached[]} files */
  async restore(files) {
    this.#files = files;
    await this.uploads.loaded;
    this.#files = this.#files.filter(({ key }) => this.uploads.get(key));
    for (const { key } of this.#files) this.uploads.start(key);
    this.#draw();
    this.composer.attached();
  }

  /** @param {boolean} hidden while a message is being edited */
  show(hidden) {
    this.#hidden = hidden;
    this.#draw();
  }
  #hidden = false;

  // --- choosing -------------------------------------------------------------------------------------------------------

  /** @param {HTMLElement} opener */
  openMenu(opener) {
    const { composer } = this;
    const touch = matchMedia("(pointer: coarse)").matches;
    openMenu(composer, opener, [
      { icon: "image", text: composer.say("composer.attach_media"), act: () => this.#choose("image/*,video/*") },
      touch ? { icon: "camera", text: composer.say("composer.attach_camera"), act: () => this.#choose("image/*", { capture: "environment" }) } : null,
      { icon: "clip", text: composer.say("composer.attach_file"), act: () => this.#choose("") },
      { icon: "file", text: composer.say("composer.attach_keep"), note: composer.say("composer.attach_keep_note"), act: () => this.#choose("", { keep: "yes" }) },
    ]);
  }

  /** @param {string} accept @param {{capture?: string, keep?: string}} [more] */
  #choose(accept, { capture, keep = "" } = {}) {
    Object.assign(this.chooser, { accept, multiple: !capture, value: "" });
    if (capture) this.chooser.setAttribute("capture", capture);
    else this.chooser.removeAttribute("capture");
    this.chooser.dataset.keep = keep;
    this.chooser.click();
  }

  #chosen() {
    this.add([...this.chooser.files], Boolean(this.chooser.dataset.keep));
    this.composer.focus();
  }

  get #most() {
    return this.client.card?.limits.message_files ?? MOST;
  }

  get isFull() {
    return this.#files.length >= this.#most;
  }

  sayFull() {
    this.composer.hint.textContent = this.composer.say("composer.files_full", { count: this.#most });
  }

  /** @param {import("../../state/uploads.js").Given} given */
  addVoice(given) {
    this.#add(given);
    this.composer.attached();
    this.#draw();
  }

  /** @param {File[]} files @param {boolean} [keep] as they are */
  add(files, keep = false) {
    const { composer } = this;
    const room = Math.max(0, this.#most - this.#files.length);
    for (const file of files.slice(0, room)) this.#add({ blob: file, name: file.name || NAMELESS, keep });
    composer.attached();
    this.#draw();
    composer.hint.textContent = "";
    if (files.length > room) this.sayFull();
  }

  /** @param {import("../../state/uploads.js").Given} given */
  #add(given) {
    this.#files.push(begin(this.composer, given));
  }

  // --- tiles ----------------------------------------------------------------------------------------------------------

  #draw() {
    const { box, list, told, composer } = this;
    box.hidden = this.#hidden || !this.#files.length;
    const before = this.#tiles;
    // What this browser kept of them may still be on its way.
    const known = this.#files.filter(({ key }) => this.uploads.get(key));
    this.#tiles = new Map(known.map((file) => [file.key, before.get(file.key) ?? this.#tile(file)]));
    for (const [key, tile] of before) if (!this.#tiles.has(key)) tile.remove();
    for (const [key, tile] of this.#tiles) {
      if (tile.parentNode !== list) list.append(tile);
      this.#show(tile, this.uploads.get(key));
    }
    const tells = this.#files.some(({ key }) => isTelling(this.uploads.get(key)));
    change(told, { hidden: !tells, textContent: tells ? composer.say("composer.attach_keep_note") : "" });
  }

  /** @param {Attached} file */
  #tile(file) {
    const { key, name, type } = file;
    const { composer } = this;
    const blob = this.uploads.get(key)?.blob;
    const tile = make("li", { class: file.peaks ? "tile voice" : "tile" });
    const picture = type.startsWith("image/") && blob ? this.#picture(tile, blob) : null;
    const face = make("span", { class: "face" }, picture ?? icon(type.startsWith("video/") ? "film" : type.startsWith("audio/") ? "mic" : "file"));
    const bar = make("progress", { attributes: { max: "1", "aria-label": composer.say("composer.file_progress", { name }) } });
    const remove = iconButton("close", composer.say("composer.remove_file", { name }), () => this.#remove(key));
    if (file.peaks && blob) this.#listenTo(face, file, blob);
    tile.append(face, make("span", { class: "name", text: name, attributes: { dir: "auto" } }), make("span", { class: "state", attributes: { role: "status" } }), bar, remove);
    return tile;
  }

  /** A recording can be heard before it is sent. @param {HTMLElement} face @param {Attached} file @param {Blob} blob */
  async #listenTo(face, file, blob) {
    if (await arrived("voice-player")) face.replaceChildren(make("voice-player", { set: { file, blob } }));
  }

  /** What this browser cannot draw is shown as a file. @param {HTMLElement} tile @param {Blob} blob */
  #picture(tile, blob) {
    const url = URL.createObjectURL(blob);
    const image = make("img", { attributes: { src: url, alt: "", decoding: "async" } });
    image.addEventListener("load", () => {
      tile.classList.add("pictured");
      URL.revokeObjectURL(url);
    });
    image.addEventListener("error", () => {
      URL.revokeObjectURL(url);
      image.replaceWith(icon("image"));
    });
    return image;
  }

  /** @param {any} tile @param {Upload | undefined} upload */
  #show(tile, upload) {
    if (!upload) return;
    const { composer } = this;
    const [name, state, bar] = [tile.querySelector(".name"), tile.querySelector(".state"), tile.querySelector("progress")];
    const { status, sent, size, reason } = upload;
    const isRefused = status === "refused";
    tile.classList.toggle("refused", isRefused);
    change(bar, { hidden: isRefused || status === "done", value: sent / size });
    const facts = `${kindWords(name.textContent, upload.type)} · ${sizeWords(composer.language, size)}`;
    const words = isRefused ? this.#why(upload) : status === "waiting" && upload.id && !this.client.wire.live ? composer.say("composer.file_waits") : facts;
    if (state.dataset.of === words + reason) return;
    state.dataset.of = words + reason;
    state.replaceChildren(words, ...(isRefused ? [this.#again(upload)] : []));
  }

  /** @param {Upload} upload */
  #why(upload) {
    const { composer } = this;
    const most = this.client.card?.limits.file_bytes;
    if (upload.reason === "file_too_large" && most) return composer.say("composer.file_too_large", { size: sizeWords(composer.language, most) });
    return refusalWords(composer, upload);
  }

  /** What the server cannot read may go as it is. @param {Upload} upload */
  #again({ key, reason }) {
    const { composer } = this;
    const keeps = reason === "type_refused";
    return make("button", { class: "action", text: composer.say(keeps ? "composer.attach_keep" : "composer.file_again"), attributes: { type: "button" },
      on: { click: () => this.uploads.retry(key, keeps) } });
  }

  /** The focus goes to the tile that takes its place. @param {string} key */
  #remove(key) {
    const at = this.#files.findIndex((file) => file.key === key);
    this.#files.splice(at, 1);
    this.uploads.remove(key);
    this.composer.attached();
    this.#draw();
    const next = this.list.children[Math.min(at, this.list.children.length - 1)]?.querySelector(".icon-button");
    if (next) next.focus();
    else this.composer.focus();
  }
}

/** On its way, as a draft names it. @param {import("./message-composer.js").MessageComposer} composer @param {import("../../state/uploads.js").Given} given @returns {Attached} */
function begin({ client, room }, given) {
  const { key, name, type, size, seconds, peaks } = pageUploads(client).add({ ...given, owner: client.me, room });
  return { key, name, type, size, ...(seconds && { seconds, peaks }) };
}

/** For the draft of a room that was left meanwhile; a composer that stands there by now shows it. @param {import("./message-composer.js").MessageComposer} composer @param {import("../../state/uploads.js").Given} given */
export function keepForLater(composer, given) {
  const { drafts, room } = composer;
  const draft = drafts.draft(room);
  drafts.keepDraft(room, { ...draft, files: [...(draft.files ?? []), begin(composer, given)] });
  drafts.dispatchEvent(new CustomEvent("change", { detail: room }));
}

/** Whether it is sent with all that its camera noted. @param {Upload | undefined} upload */
function isTelling(upload) {
  return Boolean(upload?.keep && /^(?:image|video|audio)\//.test(upload.type));
}
