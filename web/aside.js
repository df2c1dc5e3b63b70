/**
 * What the page can be shown without: new words said aloud, which language words are in, being called, the keyboard of a
 * phone, the service worker, one's pokes on their way. Loaded when the first screen stands.
 */

import { LiveAnnouncer } from "./elements/live-announcer/live-announcer.js";
import { followKeyboard } from "./lib/keyboard.js";
import { keepInstalled } from "./lib/installed.js";
import { scriptLanguage } from "./lib/script-language.js";
import { Calls } from "./state/calls.js";
import { keepPokes } from "./state/pokes.js";

/** @param {import("./elements/element.js").Context} context */
export function begin(context) {
  const { client, preferences, go } = context;
  context.languageOf = scriptLanguage;
  for (const item of document.querySelectorAll("message-item")) /** @type {any} */ (item).markLanguage();
  customElements.define("live-announcer", LiveAnnouncer);
  document.body.append(document.createElement("live-announcer"));
  context.calls = new Calls(context);
  context.calls.begin();
  followKeyboard();
  keepInstalled({ client, preferences, go });
  keepPokes(client);
}
