/** What the pages say of themselves that a message links to. Loaded with the first message that has any. */

import { make } from "../../lib/dom.js";
import { icon } from "../../lib/icons.js";
import { context } from "../element.js";

/**
 * @param {import("./message-item.js").MessageItem} item
 * @param {{url: string, title: string, site: string, text?: string}[]} previews
 * @param {boolean} mayHide
 */
export function makePreviews(item, previews, mayHide) {
  const { language } = item;
  const cards = previews.map(({ url, title, site, text = "" }) => {
    const lang = context.languageOf(title + text, language.startsWith("zh") ? language : "zh-Hans");
    return make("li", {}, make("a", { attributes: { href: url, target: "_blank", rel: "noopener noreferrer", tabindex: "-1", dir: "auto", ...(lang && { lang }) } },
      make("span", { class: "site", text: site }), make("strong", { text: title }), ...(text ? [make("span", { class: "about", text })] : [])));
  });
  return make("div", { class: "previews" }, make("ul", { attributes: { role: "list", "aria-label": item.say("message.previews") } }, ...cards), ...(mayHide ? [hide(item)] : []));
}

/** @param {import("./message-item.js").MessageItem} item */
function hide(item) {
  const label = item.say("message.hide_previews");
  const click = () => item.client.ask("message.hide_previews", { room: item.message.room, seq: item.message.seq })
    .catch((detail) => item.dispatchEvent(new CustomEvent("message-refused", { bubbles: true, detail })));
  return make("button", { class: "hide", attributes: { type: "button", tabindex: "-1", "aria-label": label, title: label }, on: { click } }, icon("close"));
}
