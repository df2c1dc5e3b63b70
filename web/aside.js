/**
 * What the page can be shown without: the keyboard of a phone, the service worker, one's pokes on their way. Loaded
 * when the first screen stands.
 */

import { followKeyboard } from "./lib/keyboard.js";
import { keepInstalled } from "./lib/installed.js";
import { keepPokes } from "./state/pokes.js";

/** @param {import("./elements/element.js").Context} context */
export function begin({ house, preferences, go }) {
  followKeyboard();
  keepInstalled({ house, preferences, go });
  keepPokes(house);
}
