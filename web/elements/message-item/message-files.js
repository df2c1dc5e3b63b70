/**
 * The files of a message: pictures, films, recordings, and others to be saved. Loaded with the first message that has any;
 * message-parts.js has made a place for each. Words on their way show their files from this browser.
 */

import "../../lib/more-icons.js";

import { make } from "../../lib/dom.js";
import { kindWords, sizeWords } from "../../lib/file-words.js";
import { icon } from "../../lib/icons.js";
import { localPicture } from "../../lib/local-pictures.js";
import { arrived } from "../later.js";
import { fileAddress, filePicture, pictureAddresses } from "./file-picture.js";

/** How wide a picture among others is shown (CSS pixels), for the browser to choose a size by. */
const WIDTHS = ["", "", "218px", "292px", "(max-width: 720px) 45vw, 108px", "(max-width: 720px) 30vw, 108px"];

/**
 * @typedef {import("../../lib/shapes.js").File} File
 * @typedef {import("./message-item.js").MessageItem} MessageItem
 * @typedef {import("../element.js").PageElement} PageElement
 */

/** @param {MessageItem} item @param {{pictures: File[], places: any[], files: File[], others: any[]}} shown */
export function fillFiles(item, { pictures, places, files, others }) {
  const sizes = WIDTHS[Math.min(pictures.length, 5)] || `${Number.parseInt(places[0]?.style.width ?? "0", 10)}px`;
  places.forEach((place, at) => fillPicture(item, /** @type {File} */ (pictures[at]), place, sizes));
  others.forEach((place, at) => place.replaceWith(fileOf(item, /** @type {File} */ (files[at]))));
  if (!item.message) showProgress(item, [...pictures, ...files], item.querySelector(":scope > .files"));
}

// --- pictures -------------------------------------------------------------------------------------------------------

/** @param {MessageItem} item @param {File} file @param {any} place @param {string} sizes @returns {unknown} */
function fillPicture(item, file, place, sizes) {
  const { id, name } = file;
  const own = localPicture(id);
  const alt = item.say("files.picture_by", { file: name, name: (item.message ? item.message.author.name : item.client.user?.name) || item.say("people.left") });
  const image = filePicture(item, alt, !id ? {} : own ? { src: own } : pictureAddresses(file, sizes));
  if (!id) return showOwn(item, file, place, image);
  place.append(image);
  if (!item.message) return;
  place.href = fileAddress(id);
  const { room } = item.message;
  place.addEventListener("click", (/** @type {MouseEvent} */ event) => openViewer(event, { room, topic: /** @type {any} */ (item.closest("message-list"))?.topic, file: id }));
}

// --- on their way ---------------------------------------------------------------------------------------------------

/** @param {PageElement} item @returns {Promise<import("../../state/uploads.js").Uploads>} */
async function uploadsOf({ client }) {
  const uploads = (await import("../../state/page-uploads.js")).pageUploads(client);
  await uploads.loaded;
  return uploads;
}

/** @param {MessageItem} item @param {any} file @param {any} place @param {any} image */
async function showOwn(item, { key }, place, image) {
  const blob = (await uploadsOf(item)).get(key)?.blob;
  if (!blob) return;
  image.src = URL.createObjectURL(blob);
  for (const name of ["load", "error"]) image.addEventListener(name, () => URL.revokeObjectURL(image.src), { once: true });
  place.append(image);
}

/** How much of them the server has. @param {MessageItem} item @param {any[]} files @param {Element | null} box */
async function showProgress(item, files, box) {
  const uploads = await uploadsOf(item);
  const bar = make("progress", { attributes: { max: "1", "aria-label": item.say("files.uploading") } });
  const follow = () => {
    const known = files.map(({ key }) => uploads.get(key)).filter((one) => one !== undefined);
    const sum = (/** @type {"sent" | "size"} */ of) => known.reduce((all, one) => all + one[of], 0);
    bar.value = sum("sent") / (sum("size") || 1);
    bar.hidden = known.every(({ status }) => status === "done" || status === "refused");
  };
  item.listen(uploads, "change", follow);
  follow();
  box?.append(bar);
}

/** @param {MouseEvent} event @param {object} given which picture of which ones, as PictureViewer says */
export async function openViewer(event, given) {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  if (!(await arrived("picture-viewer"))) return;
  document.body.append(make("picture-viewer", { set: given }));
}

// --- others ---------------------------------------------------------------------------------------------------------

/** @param {MessageItem} item @param {File} file */
function fileOf(item, file) {
  const [sort] = file.type.split("/");
  const isPlayed = (sort === "audio" && file.peaks?.length) || (file.id && (sort === "audio" || sort === "video"));
  if (!isPlayed) return row(item, file);
  const player = playerOf(item, file);
  // As with all in a message, the keyboard comes to them by the message.
  if (player instanceof HTMLMediaElement) player.tabIndex = -1;
  return player;
}

/** What plays a recording or a film. @param {PageElement} item @param {File} file @param {any} [message] it stands in */
export function playerOf(item, file, message) {
  const [sort = ""] = file.type.split("/");
  if (sort === "audio" && file.peaks?.length) return voiceOf(item, file, message);
  const address = fileAddress(file.id);
  const played = make(sort, { class: sort, attributes: { src: address, controls: true, preload: "metadata", "aria-label": file.name, ...(sort === "video" && { playsinline: true }) } });
  // What was sent as it is may only be saved.
  played.addEventListener("error", () => played.replaceWith(row(item, file)));
  return played;
}

/** A place until its player comes. @param {PageElement} item @param {any} file @param {any} [message] it stands in, if it was sent */
function voiceOf(item, file, message = /** @type {any} */ (item).message) {
  const place = make("div", { class: "voice" });
  (async () => {
    const blob = file.id ? undefined : (await uploadsOf(item)).get(file.key)?.blob;
    if (!(await arrived("voice-player"))) return;
    const player = make("voice-player", { set: { file, blob, message } });
    place.append(player);
    if (place.closest("message-item")) for (const stop of player.querySelectorAll("button, input")) stop.tabIndex = -1;
  })();
  return place;
}

/** Its name, what it is and how large; a press saves it. @param {PageElement} item @param {File} file */
function row(item, { id, name, type, size }) {
  const facts = `${kindWords(name, type)} · ${sizeWords(item.language, size)}`;
  const attributes = id ? { href: fileAddress(id), download: name, tabindex: "-1" } : {};
  return make("a", { class: "file", attributes }, id ? make("span", { class: "unseen", text: item.say("viewer.download") }) : null, make("span", { class: "face" }, icon(faceOf(type))),
    make("span", { class: "what" }, make("span", { class: "title", text: name, attributes: { dir: "auto" } }), make("span", { class: "facts", text: facts })), id ? icon("download", "save") : null);
}

/** @param {string} type */
export function faceOf(type) {
  return { image: "image", video: "film", audio: "mic" }[type.split("/")[0] ?? ""] ?? "file";
}
