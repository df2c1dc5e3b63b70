/** What the pages say of themselves that a message links to. Loaded with the first message that has any. */

import { make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { context } from "../element.js";
import { filePicture, pictureAddresses } from "./file-picture.js";

/** Of a picture below the words, in pixels; one that is narrower stands beside them. */
const WIDEST = 400;
const HIGHEST = 220;
const LEAST_WIDE = 280;
const LEAST_RATIO = 1.3;
const BESIDE = 72;

/**
 * @typedef {import("../../lib/shapes.js").Preview} Preview
 * @typedef {import("./message-item.js").MessageItem} MessageItem
 */

/**
 * @param {MessageItem} item
 * @param {Preview[]} previews
 * @param {boolean} mayHide
 */
export function makePreviews(item, previews, mayHide) {
  const { language } = item;
  const cards = previews.map(({ url, title, site, text = "", picture }) => {
    const lang = context.languageOf(title + text, language.startsWith("zh") ? language : "zh-Hans");
    const isBelow = picture && standsBelow(picture, previews.length);
    const words = make("span", { class: "words", attributes: { dir: "auto", ...(lang && { lang }) } },
      make("span", { class: "site", text: site }), make("strong", { text: title }), ...(text ? [make("span", { class: "about", text })] : []));
    return make("li", {}, make("a", { class: picture && !isBelow ? "beside" : "", attributes: { href: url, target: "_blank", rel: "noopener noreferrer", tabindex: "-1" } },
      words, picture ? placeOf(item, picture, Boolean(isBelow)) : null));
  });
  return make("div", { class: "previews" }, make("ul", { attributes: { role: "list", "aria-label": item.say("message.previews") } }, ...cards), ...(mayHide ? [hide(item)] : []));
}

/** Two previews are kept low. @param {import("../../lib/shapes.js").File} picture @param {number} count */
function standsBelow({ width = 1, height = 1 }, count) {
  return count === 1 && width >= LEAST_WIDE && width / height >= LEAST_RATIO;
}

/** It has its size at once, so that nothing moves when the picture comes. @param {MessageItem} item @param {import("../../lib/shapes.js").File} picture @param {boolean} isBelow */
function placeOf(item, picture, isBelow) {
  const { width = 1, height = 1, preview = "" } = picture;
  const ratio = Math.min(3.5, width / height);
  const wide = isBelow ? Math.round(Math.min(width, WIDEST, HIGHEST * ratio)) : BESIDE;
  // Beside the words it is cut to a square, so that its longer edge is wider than what is seen.
  const image = filePicture(item, item.say("message.preview_picture"), pictureAddresses(picture, `${isBelow ? wide : Math.round(BESIDE * Math.max(1, ratio))}px`));
  const place = make("span", { class: "page-picture" }, image);
  place.style.width = `${wide}px`;
  place.style.aspectRatio = String(isBelow ? ratio : 1);
  if (preview.startsWith("data:image/")) place.style.backgroundImage = `url("${preview}")`;
  image.addEventListener("load", () => {
    place.style.backgroundImage = "";
    place.classList.add("loaded");
  });
  return place;
}

/** @param {MessageItem} item */
function hide(item) {
  const label = item.say("message.hide_previews");
  const click = () => item.client.ask("message.hide_previews", { room: item.message.room, seq: item.message.seq })
    .catch((detail) => item.dispatchEvent(new CustomEvent("message-refused", { bubbles: true, detail })));
  return make("button", { class: "hide", attributes: { type: "button", tabindex: "-1", "aria-label": label, title: label }, on: { click } }, icon("close"));
}
