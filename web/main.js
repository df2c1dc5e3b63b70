/** The page comes to life here: state is made, elements are registered, the shell is put on the page. */

import { AppShell } from "./elements/app-shell/app-shell.js";
import { context } from "./elements/element.js";
import { bringStyle, bringTheRest, framePainted, insist, painted, want } from "./elements/later.js";
import { RoomList } from "./elements/room-list/room-list.js";
import { RoomView } from "./elements/room-view/room-view.js";
import { showPictures } from "./lib/seal.js";
import { applyDensity, applyTextSize, applyTheme } from "./lib/theme.js";
import { preferences, speaking, storage, words } from "./speak.js";
import { Client } from "./state/client.js";

/** @type {[string, CustomElementConstructor][]} */
const ELEMENTS = [
  ["app-shell", AppShell], ["room-list", RoomList], ["room-view", RoomView],
];

/** A browser that is slow to give what it kept does not keep its reader waiting. */
const RECALL_PATIENCE = 500;
/** Whether this browser keeps rooms, so that a first visit does not wait for the database that would tell. */
const KEPT = "chatserver.kept";

/** What messages look like, which the frame is painted without. */
const TALK_STYLES = ["message-list/message-list.css", "message-item/message-item.css", "message-item/message-parts.css"];

async function begin() {
  const client = new Client({
    open: () => new WebSocket(`${location.origin.replace("http", "ws")}/ws`, "chat.v1.json"),
    storage,
  });
  const sayHi = (/** @type {any} */ about) => bringAside().then(() => context.sayHi(about));
  Object.assign(context, { client, words, preferences, go, languageOf: () => "", aside: bringAside, sayHi });
  showPictures(() => client.signedIn);
  applyTheme(preferences.chosen.theme ?? "");
  applyDensity(preferences.chosen.density ?? "", bringStyle);
  applyTextSize(preferences.chosen.text ?? "");
  await speaking;
  document.documentElement.lang = words.language;
  words.addEventListener("change", () => (document.documentElement.lang = words.language));
  preferences.follow(window);
  preferences.addEventListener("change", followChoices);
  for (const [name, element] of ELEMENTS) customElements.define(name, element);
  document.body.append(document.createElement("app-shell"));
  for (const name of ["online", "pageshow", "focus"]) addEventListener(name, () => client.wire.wake());
  document.addEventListener("visibilitychange", () => document.hidden || client.wire.wake());
  const frame = framePainted();
  frame.then(bringTalk);
  client.addEventListener("renamed", async (event) => {
    const [{ renameShown }] = await insist(() => Promise.all([import("./lib/renaming.js"), words.whole()]));
    renameShown(document, /** @type {CustomEvent} */ (event).detail, words);
  });
  painted(bringAside);
  const isKept = Boolean(storage.getItem(KEPT));
  if (!isKept) painted(() => recalled(client).catch(() => undefined));
  const recalling = isKept && Promise.race([recalled(client), new Promise((resolve) => setTimeout(resolve, RECALL_PATIENCE))]);
  await enterPatiently(client, Promise.all([frame, recalling]));
  await client.settled();
  (window.requestIdleCallback ?? setTimeout)(bringTheRest);
}

/** @type {Promise<void> | undefined} */ let aside;

/** What the first screen does not need. */
function bringAside() {
  return (aside ??= insist(() => Promise.all([import("./aside.js"), words.whole()])).then(([{ begin }]) => begin(context)));
}

/** Messages; the frame is there before them. The composer is wanted as soon as a room is: it is asked for behind them. */
async function bringTalk() {
  const looks = () => TALK_STYLES.map((path) => bringStyle(new URL(`./elements/${path}`, import.meta.url).href));
  const coming = insist(() => Promise.all([import("./talk.js"), words.whole(), ...looks()]));
  if (location.pathname.startsWith("/room/")) import("./write.js").then(() => want("message-composer")).catch(() => undefined);
  const [{ defineTalk }] = await coming;
  defineTalk();
}

/** What was chosen in another tab holds in this one, too. */
function followChoices() {
  const { chosen } = preferences;
  applyTheme(chosen.theme ?? "");
  applyDensity(chosen.density ?? "", bringStyle);
  if (chosen.language && chosen.language !== words.language) words.speak(chosen.language).catch(() => undefined);
}

/** What this browser kept of its rooms is shown while the server is asked. @param {Client} client */
async function recalled(client) {
  if (!("indexedDB" in window)) return;
  const { Keeper } = await import("./state/keeper.js");
  await new Keeper(client, indexedDB, noteKept).begin();
}

/** @param {boolean} kept */
function noteKept(kept) {
  try {
    if (kept) storage.setItem(KEPT, "yes");
    else storage.removeItem(KEPT);
  } catch {
    // The storage is full: the rooms are read from the server next time.
  }
}

/** The server may be restarting just now: ask until it answers. @param {Client} client @param {Promise<unknown>} ready for what a session needs */
async function enterPatiently(client, ready) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 10_000)) {
    try {
      return await client.enter(ready);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/**
 * Whoever shows the page that is left may keep its place in history.state first. `within`: back leads to a page of ours.
 *
 * @param {string} path @param {object} [state] what the new step of the history holds besides
 */
function go(path, state) {
  dispatchEvent(new Event("leaving"));
  if (state || path !== location.pathname + location.search + location.hash) history.pushState({ within: true, ...state }, "", path);
  dispatchEvent(new PopStateEvent("popstate"));
}

begin();
