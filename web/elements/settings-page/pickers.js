/** Languages and time zones, chosen by name; the browser's own are proposed where nothing was chosen yet. */

import { make } from "../../lib/dom.js";

/** What people speak who use such communities; a browser's own are added. */
const LANGUAGES = ["en", "zh-CN", "zh-TW", "yue", "ja", "ko", "de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro", "bg", "el", "tr", "ru", "uk",
  "sr", "hr", "sl", "lt", "lv", "et", "he", "ar", "fa", "ur", "hi", "bn", "ta", "te", "mr", "gu", "pa", "th", "vi", "id", "ms", "fil", "sw", "am", "eo", "ca", "eu", "ga"];

/** @param {{say: (key: string, values?: any) => string, language: string}} page @param {string[]} chosen */
export function languagePicker(page, chosen) {
  const names = new Intl.DisplayNames([page.language], { type: "language" });
  const known = new Set([...LANGUAGES, ...navigator.languages, ...chosen]);
  const nameOf = (/** @type {string} */ code) => names.of(code) ?? code;
  const sorted = [...known].sort((one, other) => nameOf(one).localeCompare(nameOf(other), page.language));
  const list = make("ul", { class: "chips", attributes: { role: "list" } });
  const add = make("select", { attributes: { "aria-label": page.say("settings.add_language") }, on: { change: () => {
    if (add.value) list.append(chip(add.value));
    add.value = "";
  } } }, make("option", { text: page.say("settings.add_language"), attributes: { value: "" } }), ...sorted.map((code) => make("option", { text: nameOf(code), attributes: { value: code } })));
  /** @param {string} code */
  function chip(code) {
    const remove = page.say("settings.remove_language", { language: nameOf(code) });
    const made = make("li", {}, make("input", { attributes: { type: "hidden", name: "languages", value: code } }), make("span", { text: nameOf(code) }),
      make("button", { text: "×", attributes: { type: "button", title: remove, "aria-label": remove }, on: { click: () => {
        made.remove();
        add.focus();
      } } }));
    return made;
  }
  const proposed = chosen.length ? chosen : [...new Set(navigator.languages.map((tag) => tag.split("-")[0] === "zh" ? tag : tag.split("-")[0] ?? tag))].slice(0, 3);
  list.append(...proposed.map(chip));
  return make("fieldset", { class: "field languages" }, make("legend", { text: page.say("settings.languages") }), list, add);
}

/** @param {{say: (key: string) => string, language: string}} page @param {string} chosen */
export function zonePicker(page, chosen) {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const zones = new Set([.../** @type {any} */ (Intl).supportedValuesOf?.("timeZone") ?? [], own, "UTC", chosen].filter(Boolean));
  const selected = chosen || own;
  return make("label", { class: "field", text: page.say("settings.time_zone") }, make("select", { attributes: { name: "time_zone" } },
    make("option", { text: page.say("settings.no_time_zone"), attributes: { value: "" } }),
    ...[...zones].sort().map((zone) => make("option", { text: zone.replaceAll("_", " "), attributes: { value: zone, selected: zone === selected } }))));
}
