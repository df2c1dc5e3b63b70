/**
 * What the first screen does not need, loaded after it: new messages read aloud, the language of each text, notifications, pictures that were lost,
 * the keyboard of a phone, how long texts may be, the service worker, the pokes one has sent, whom one has blocked, what going back
 * closes, and the turn of the day.
 */

import { arrived } from "./elements/later.js";
import { followLayers } from "./elements/layers.js";
import { LiveAnnouncer } from "./elements/live-announcer/live-announcer.js";
import { make } from "./lib/dom.js";
import { followKeyboard } from "./lib/keyboard.js";
import { followLengths } from "./lib/lengths.js";
import { keepInstalled } from "./lib/installed.js";
import { scriptLanguage } from "./lib/script-language.js";
import { Calls } from "./state/calls.js";
import { Days } from "./state/days.js";
import { keepPokes } from "./state/pokes.js";

/** @param {import("./elements/element.js").Context} context */
export function begin(context) {
  const { client, words, go } = context;
  Object.assign(context, { languageOf: scriptLanguage, sayHi });
  for (const item of document.querySelectorAll("message-item")) /** @type {any} */ (item).markLanguage();
  customElements.define("live-announcer", LiveAnnouncer);
  document.body.append(document.createElement("live-announcer"));
  context.calls = new Calls(context);
  context.calls.begin();
  followKeyboard();
  followLayers();
  followLengths(document, (key, values) => words.say(key, values));
  keepInstalled({ client, go });
  import("./state/sender.js").catch(() => undefined);
  keepPokes(client);
  client.addEventListener("session", () => client.blocks.load());
  client.addEventListener("session", askAgain);
  if (client.began) client.blocks.load();
  keepDays(client);
}

/** @param {{user: object, room?: string, seq?: number}} about whom, from which room, about which message of theirs */
async function sayHi({ user, room = "", seq = 0 }) {
  if (await arrived("say-hi")) document.querySelector("app-shell")?.append(make("say-hi", { set: { user, room, seq } }));
}

/** Pictures of people that could not be loaded while there was no line. */
function askAgain() {
  for (const image of /** @type {NodeListOf<HTMLImageElement>} */ (document.querySelectorAll("img.lost"))) {
    image.classList.remove("lost");
    image.src = String(image.src);
  }
}

/** @param {import("./state/client.js").Client} client */
function keepDays(client) {
  const days = new Days();
  days.addEventListener("day", () => client.dispatchEvent(new Event("day")));
  for (const name of ["pageshow", "focus"]) addEventListener(name, () => days.look());
  document.addEventListener("visibilitychange", () => days.look());
  days.begin();
}
