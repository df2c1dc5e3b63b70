/**
 * The files that were found: a picture opens large, a recording or film plays below its row, others are saved. Each leads to
 * its message, too. Made by SearchPage.
 */

import { make } from "../../lib/dom.js";
import { kindWords, lengthWords, sizeWords } from "../../lib/file-words.js";
import { icon } from "../../lib/icons.js";
import { localPicture } from "../../lib/local-pictures.js";
import { messagePath } from "../../lib/paths.js";
import { marksIn } from "../../lib/search-marks.js";
import { fullTime } from "../../lib/times.js";
import { fileKey, fileSearchOf } from "../../state/file-search.js";
import { bringStyle } from "../later.js";
import { fileAddress } from "../message-item/file-picture.js";
import { faceOf, openViewer, playerOf } from "../message-item/message-files.js";
import { marked, timeOf } from "./hit-row.js";
import { Hits } from "./hits.js";

/** @typedef {import("../../state/file-search.js").FileHit} FileHit */

export class FileHits extends Hits {
  tab = "files";

  asked() {
    return fileSearchOf(this.page.client, this.page.given);
  }

  attach() {
    super.attach();
    bringStyle(new URL("../message-item/message-files.css", import.meta.url).href).catch(() => undefined);
  }

  /** @param {FileHit} hit */
  keyOf(hit) {
    return fileKey(hit);
  }

  /** @param {FileHit[]} hits */
  textsOf(hits) {
    return hits.map(({ file }) => file.name);
  }

  /** @param {FileHit} hit */
  rowParts({ file, message }) {
    const { page } = this;
    const way = page.say("viewer.to_message");
    const toMessage = make("a", { class: "icon-button", attributes: { href: messagePath(message.room, message.seq), title: way, "aria-label": `${way}: ${file.name}` } }, icon("forum"));
    return [this.#opener(file, message), toMessage];
  }

  /** What the row is pressed by. @param {import("../../lib/shapes.js").File} file @param {import("../../lib/shapes.js").Message} message */
  #opener(file, message) {
    const href = fileAddress(file.id);
    if (file.width) return make("a", { class: "opens", attributes: { href }, on: { click: (event) => openViewer(event, { search: this.search, file: file.id }) } });
    if (!isPlayed(file)) return make("a", { class: "opens", attributes: { href, download: file.name } });
    return make("button", { class: "opens", attributes: { type: "button", "aria-expanded": "false" }, on: { click: ({ currentTarget }) => this.#play(currentTarget, file, message) } });
  }

  /** @param {HTMLElement} opener @param {import("../../lib/shapes.js").File} file @param {import("../../lib/shapes.js").Message} message */
  #play(opener, file, message) {
    const row = /** @type {HTMLElement} */ (opener.parentElement);
    const shown = row.querySelector(".files");
    opener.setAttribute("aria-expanded", String(!shown));
    if (shown) shown.remove();
    else row.append(make("div", { class: "files" }, playerOf(this.page, file, message)));
  }

  /** @param {{row: any, made: unknown[]}} known @param {FileHit} hit */
  draw(known, hit) {
    const { page } = this;
    const { message } = hit;
    const title = page.filters.titleOf(message.room);
    const made = [hit, title, page.filters.topicOf(message.room, message.topic), page.terms, page.language, page.client.blocks.changes, page.client.people.changes];
    if (made.every((one, at) => one === known.made[at])) return;
    known.made = made;
    known.row.firstChild.replaceChildren(...this.#parts(hit, title));
    // Whoever is blocked is not seen, and so is what they sent.
    known.row.hidden = page.client.blocks.has(message.author.id);
  }

  /** @param {FileHit} hit @param {string} title @returns {Node[]} */
  #parts({ file, message }, title) {
    const { page } = this;
    const { language } = page;
    const name = file.peaks?.length ? page.say("files.voice") : file.name;
    const facts = [kindWords(file.name, file.type), file.seconds ? lengthWords(file.seconds) : "", sizeWords(language, file.size)].filter(Boolean).join(" · ");
    const author = make("bdi", { text: message.author.name || page.say("people.left"), attributes: { "data-user": message.author.id } });
    const topic = page.filters.topicOf(message.room, message.topic);
    return [this.#face(file),
      make("span", { class: "title", attributes: { dir: "auto" } }, ...marked({ text: name, marks: marksIn(name, page.terms) })),
      make("time", { text: timeOf(page, message.at), attributes: { datetime: new Date(message.at).toISOString(), title: fullTime(language, message.at) } }),
      make("span", { class: "facts" }, `${facts} · `, author, " · ", make("bdi", { text: topic ? `${title} › ${topic}` : title }))];
  }

  /** A picture small, or what kind of file it is. @param {import("../../lib/shapes.js").File} file */
  #face({ id, type, width, preview = "" }) {
    const face = make("span", { class: "face" });
    if (!width) face.append(icon(faceOf(type)));
    else face.append(make("img", { attributes: { src: localPicture(id) ?? fileAddress(id, "small"), alt: this.page.say("files.pictures", { count: 1 }), loading: "lazy", decoding: "async" } }));
    if (preview.startsWith("data:image/")) face.style.backgroundImage = `url("${preview}")`;
    return face;
  }
}

/** @param {import("../../lib/shapes.js").File} file */
function isPlayed({ type }) {
  return type.startsWith("audio/") || type.startsWith("video/");
}
