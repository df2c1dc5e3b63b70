/**
 * The page begins to speak: while its other modules are on their way, the reader's language is chosen and the words of the
 * frame are asked for. What the reader chose stands in the browser's storage.
 */

import { openStorage } from "./lib/storage.js";
import { Preferences } from "./state/preferences.js";
import { chooseLanguage, Words } from "./state/words.js";

export const storage = openStorage();
export const preferences = new Preferences(storage);
export const words = new Words(async (name) => (await fetch(new URL(`./i18n/${name}.json`, import.meta.url))).json());

/** Until the frame's words are there. */
export const speaking = words.begin(preferences.chosen.language ?? chooseLanguage(navigator.languages, "en"));
