/**
 * A picture large, and the others that are loaded: of its room or topic (properties `room`, and `topic` where it stands in
 * the timeline of one) or of what was found (`search`). `file` is the id of the one to begin with.
 * Arrows and swipes go on, a wheel, two fingers, a double press and + and - zoom, Escape and going back close.
 */

import "../../lib/more-icons.js";

import { change, make, nameOf } from "../../lib/dom.js";
import { icon, iconButton } from "../../lib/icons.js";
import { localPicture } from "../../lib/local-pictures.js";
import { messagePath } from "../../lib/paths.js";
import { clockTime, dayName, fullTime } from "../../lib/times.js";
import { context, PageElement } from "../element.js";
import { fileAddress } from "../message-item/file-picture.js";
import { Zooming } from "./zooming.js";

/** @typedef {import("../../state/file-search.js").FileHit} Shown */

export class PictureViewer extends PageElement {
  room = "";
  /** @type {string | undefined} */ topic = undefined;
  /** @type {import("../../state/file-search.js").FileSearch | undefined} */ search = undefined;
  file = "";

  build() {
    this.who = make("span", { class: "who" });
    this.name = make("span", { class: "name-of", attributes: { dir: "auto" } });
    this.place = make("span", { class: "place", attributes: { role: "status" } });
    this.toMessage = make("a", { class: "icon-button", attributes: { title: this.say("viewer.to_message"), "aria-label": this.say("viewer.to_message") } }, icon("forum"));
    this.save = make("a", { class: "icon-button", attributes: { title: this.say("viewer.download"), "aria-label": this.say("viewer.download") } }, icon("download"));
    /** @type {any} */ this.close = iconButton("close", this.say("viewer.close"), () => this.dialog.close());
    this.picture = make("img", { attributes: { draggable: "false", decoding: "async" } });
    this.lost = make("p", { class: "lost", set: { hidden: true } });
    this.previous = iconButton("left", this.say("viewer.previous"), () => this.step(-1), "step previous");
    this.next = iconButton("right", this.say("viewer.next"), () => this.step(1), "step next");
    this.stage = make("div", { class: "stage" }, this.picture, this.lost);
    this.dialog = make("dialog", { attributes: { "aria-label": this.say(this.search ? "viewer.label_found" : "viewer.label") } },
      make("header", {}, make("div", { class: "what" }, this.who, this.name), this.place, this.toMessage, this.save, this.close),
      this.stage, this.previous, this.next);
    this.append(this.dialog);
    /** @type {any} */ this.zooming = new Zooming(this, { swipe: (by) => this.step(by), leave: () => this.dialog.close() });
  }

  attach() {
    this.listen(this.dialog, "close", () => this.remove());
    this.listen(this.dialog, "keydown", (event) => this.#key(event));
    this.listen(this.toMessage, "click", (event) => {
      event.preventDefault();
      this.dialog.close();
      context.go(this.toMessage.getAttribute("href"));
    });
    this.listen(this.client, "room", (event) => event.detail === this.room && this.show());
    if (this.search) this.listen(this.search, "change", () => this.show());
    this.listen(this.client, "restart", () => this.dialog.close());
    this.listen(this.picture, "load", () => (this.lost.hidden = true));
    this.listen(this.picture, "error", () => change(this.lost, { hidden: false, textContent: this.say("viewer.lost") }));
    this.dialog.showModal();
    this.close.focus();
    this.show();
  }

  /** All that are loaded: of a room oldest first, of a search newest first. @returns {Shown[]} */
  get pictures() {
    const messages = this.search ? [] : this.client.line(this.room, this.topic)?.timeline.messages ?? [];
    const all = this.search?.hits ?? messages.flatMap((message) => (message.attachments ?? []).map((file) => ({ file, message })));
    return all.filter(({ file, message }) => file.width && !message.deleted && !this.client.blocks.has(message.author.id));
  }

  /** The one that is shown was deleted: the viewer closes, for another one was not asked for. */
  show() {
    const { pictures } = this;
    const at = pictures.findIndex(({ file }) => file.id === this.file);
    const shown = pictures[at];
    if (!shown) return this.dialog.close();
    const { file, message } = shown;
    const author = { ...message.author, name: message.author.name || this.say("people.left") };
    const { at: sent } = message;
    const when = `${dayName(this.language, sent, this.client.now())} ${clockTime(this.language, sent)}`;
    this.who.replaceChildren(nameOf(author), make("time", { text: when, attributes: { datetime: new Date(sent).toISOString(), title: fullTime(this.language, sent) } }));
    change(this.name, { textContent: file.name });
    change(this.place, { textContent: pictures.length > 1 ? this.say("viewer.place", { at: at + 1, count: pictures.length }) : "" });
    change(this.picture, { alt: this.say("files.picture_by", { file: file.name, name: author.name }) });
    this.toMessage.setAttribute("href", messagePath(message.room, message.seq));
    this.save.setAttribute("href", fileAddress(file.id));
    change(this.save, { download: file.name });
    // Not taken away while it has the focus.
    for (const [one, to] of /** @type {[any, number][]} */ ([[this.previous, at - 1], [this.next, at + 1]])) one.setAttribute("aria-disabled", String(!pictures[to]));
    this.#lay(file);
    return undefined;
  }

  /** @param {import("../../lib/shapes.js").File} file */
  #lay({ id, width = 1, height = 1, preview = "" }) {
    if (this.picture.dataset.file === id) return;
    this.zooming.reset();
    this.lost.hidden = true;
    change(this.picture, { width, height });
    this.picture.dataset.file = id;
    this.picture.style.backgroundImage = preview.startsWith("data:image/") ? `url("${preview}")` : "";
    this.picture.style.setProperty("--shape", String(width / height));
    this.picture.style.setProperty("--wide", `${width}px`);
    this.picture.src = localPicture(id) ?? fileAddress(id, Math.max(innerWidth, innerHeight) * devicePixelRatio > 1600 ? "" : "large");
  }

  /** @param {number} by */
  step(by) {
    const { pictures } = this;
    const at = pictures.findIndex(({ file }) => file.id === this.file);
    const next = pictures[at + by];
    if (!next) return;
    this.file = next.file.id;
    this.show();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      ArrowLeft: () => this.step(-1), ArrowRight: () => this.step(1), "+": () => this.zooming.by(1.5), "=": () => this.zooming.by(1.5),
      "-": () => this.zooming.by(1 / 1.5), 0: () => this.zooming.reset(),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }
}
