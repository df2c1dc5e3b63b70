/**
 * What the page can be shown without: the keyboard of a phone and the service worker. Loaded when the first screen
 * stands.
 */

import { followKeyboard } from "./lib/keyboard.js";
import { keepInstalled } from "./lib/installed.js";

/** @param {import("./elements/element.js").Context} context */
export function begin({ house, preferences, go }) {
  followKeyboard();
  keepInstalled({ house, preferences, go });
}
