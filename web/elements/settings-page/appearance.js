/** Settings: how the page looks in this browser. */

import { make } from "../../lib/dom.js";
import { applyDensity, applyTextSize, applyTheme } from "../../lib/theme.js";
import { LANGUAGES } from "../../state/words.js";
import { context } from "../element.js";
import { bringStyle } from "../later.js";

const NAMES = { en: "English", "zh-Hans": "简体中文", "zh-Hant": "繁體中文" };

/** @param {import("./settings-page.js").SettingsPage} page */
export function appearancePage(page) {
  const { chosen } = context.preferences;
  const language = make("select", { on: { change: () => {
    context.preferences.set({ language: language.value });
    context.words.speak(language.value).catch(() => dispatchEvent(new Event("notloaded")));
  } } }, ...LANGUAGES.map((code) => make("option", { text: /** @type {any} */ (NAMES)[code], attributes: { value: code, lang: code, selected: code === page.language } })));
  return [page.section("settings.looks",
    page.choice("theme", "settings.theme", words(page, "theme", ["", "light", "dark"], "system"), chosen.theme ?? "", (theme) => {
      context.preferences.set({ theme: /** @type {any} */ (theme) });
      applyTheme(theme);
    }),
    make("label", { class: "field", text: page.say("settings.language") }, language),
    page.choice("density", "settings.density", words(page, "density", ["", "compact"], "comfortable"), chosen.density ?? "", (density) => {
      context.preferences.set({ density: /** @type {any} */ (density) });
      applyDensity(density, bringStyle);
    }),
    page.choice("text", "settings.text", words(page, "text", ["", "large", "larger"], "normal"), chosen.text ?? "", (text) => {
      context.preferences.set({ text: /** @type {any} */ (text) });
      applyTextSize(text);
    }),
    make("small", { text: page.say("settings.this_browser") }))];
}

/** @param {{say: (key: string) => string}} page @param {string} name @param {string[]} values @param {string} first what "" is called @returns {[string, string][]} */
function words(page, name, values, first) {
  return values.map((value) => [value, page.say(`settings.${name}_${value || first}`)]);
}
