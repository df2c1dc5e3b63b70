/** Elements that are not on the first screen: each is loaded, with its style, when it is first wanted. */

import { context } from "./element.js";

/** @type {Record<string, () => Promise<any>>} */
const LATER = {
  "account-form": () => import("./account-form/account-form.js"),
  "bell-list": () => import("./bell-list/bell-list.js"),
  "card-swap": () => import("./card-swap/card-swap.js"),
  "community-page": () => import("./community-page/community-page.js"),
  "cups-touch": () => import("./cups-touch/cups-touch.js"),
  "curtain-card": () => import("./curtain-card/curtain-card.js"),
  "curtain-opening": () => import("./curtain-opening/curtain-opening.js"),
  "day-question": () => import("./day-question/day-question.js"),
  "emoji-picker": () => import("./emoji-picker/emoji-picker.js"),
  "friend-question": () => import("./friend-question/friend-question.js"),
  "greeting-seals": () => import("./greeting-seals/greeting-seals.js"),
  "hello-answer": () => import("./hello-answer/hello-answer.js"),
  "hello-card": () => import("./hello-card/hello-card.js"),
  "hi-choice": () => import("./hi-choice/hi-choice.js"),
  "how-it-began": () => import("./how-it-began/how-it-began.js"),
  "invite-links": () => import("./invite-links/invite-links.js"),
  "invited-answer": () => import("./invited-answer/invited-answer.js"),
  "message-actions": () => import("./message-actions/message-actions.js"),
  "message-composer": () => import("./message-composer/message-composer.js"),
  "message-mover": () => import("./message-mover/message-mover.js"),
  "message-menu": () => import("./message-menu/message-menu.js"),
  "met-code": () => import("./met-code/met-code.js"),
  "name-card": () => import("./name-card/name-card.js"),
  "nearby-rooms": () => import("./nearby-rooms/nearby-rooms.js"),
  "own-card": () => import("./own-card/own-card.js"),
  "own-picture": () => import("./own-picture/own-picture.js"),
  "pair-days": () => import("./pair-days/pair-days.js"),
  "pair-line": () => import("./pair-line/pair-line.js"),
  "playing-bar": () => import("./playing-bar/playing-bar.js"),
  "people-page": () => import("./people-page/people-page.js"),
  "picture-viewer": () => import("./picture-viewer/picture-viewer.js"),
  "pin-list": () => import("./pin-list/pin-list.js"),
  "pin-strip": () => import("./pin-strip/pin-strip.js"),
  "reaction-people": () => import("./reaction-people/reaction-people.js"),
  "room-door": () => import("./room-door/room-door.js"),
  "room-finder": () => import("./room-finder/room-finder.js"),
  "room-people": () => import("./room-people/room-people.js"),
  "room-switcher": () => import("./room-switcher/room-switcher.js"),
  "room-table": () => import("./room-table/room-table.js"),
  "say-hi": () => import("./say-hi/say-hi.js"),
  "search-page": () => import("./search-page/search-page.js"),
  "shortcut-help": () => import("./shortcut-help/shortcut-help.js"),
  "settings-page": () => import("./settings-page/settings-page.js"),
  "tie-menu": () => import("./tie-menu/tie-menu.js"),
  "tie-steps": () => import("./tie-steps/tie-steps.js"),
  "toast-note": () => import("./toast-note/toast-note.js"),
  "topic-form": () => import("./topic-form/topic-form.js"),
  "topic-head": () => import("./topic-head/topic-head.js"),
  "topic-list": () => import("./topic-list/topic-list.js"),
  "user-profile": () => import("./user-profile/user-profile.js"),
  "voice-player": () => import("./voice-player/voice-player.js"),
  "voice-recorder": () => import("./voice-recorder/voice-recorder.js"),
};

/** What did not come is asked for again after that time. */
const AGAIN = 3_000;
/** Where nobody looks, or the browser does not tell, nothing waits for a paint longer than this. */
const PAINT_PATIENCE = 2_000;
const FORMS = "../styles/forms.css";

/** @type {Map<string, Promise<void>>} */ const wanted = new Map();
/** @type {Map<string, Promise<void>>} */ const styles = new Map();

/** Whether there is such an element. @param {string} tag */
export function knows(tag) {
  return tag in LATER || customElements.get(tag) !== undefined;
}

/**
 * Until the element can be made. Rejects where it could not be loaded; asking again tries again.
 *
 * @param {string} tag
 * @returns {Promise<void>}
 */
export function want(tag) {
  if (customElements.get(tag)) return Promise.resolve();
  const coming = wanted.get(tag) ?? bring(tag).catch((error) => {
    wanted.delete(tag);
    throw error;
  });
  wanted.set(tag, coming);
  return coming;
}

/**
 * Whether the element is there; where it could not be loaded the page says so.
 *
 * @param {string} tag
 */
export async function arrived(tag) {
  try {
    await want(tag);
    return true;
  } catch {
    dispatchEvent(new Event("notloaded"));
    return false;
  }
}

/**
 * Until a part has come that the page brings by itself: where it could not be loaded the page says so, and tries again.
 *
 * @template T
 * @param {() => Promise<T>} load
 * @returns {Promise<T>}
 */
export async function insist(load) {
  for (;;) {
    try {
      return await load();
    } catch {
      dispatchEvent(new Event("notloaded"));
      await new Promise((resolve) => setTimeout(resolve, AGAIN));
    }
  }
}

/** @type {() => void} */ let noteServed;
/** What the reader came for is there: in a room, its messages and the place to write. @type {Promise<void>} */
const served = new Promise((resolve) => (noteServed = resolve));

/** What one only looks at, or needs a little later, may be loaded now. */
export function readerIsServed() {
  noteServed();
}

/** Until the first words stand before a reader's eyes; nothing waits for that in a tab that nobody looks at. @type {Promise<void> | undefined} */
let stands;

export function framePainted() {
  stands ??= new Promise((resolve) => {
    const watch = new PerformanceObserver((paints) => paints.getEntriesByName("first-contentful-paint").length && once());
    const patience = setTimeout(once, document.hidden ? 0 : PAINT_PATIENCE);
    function once() {
      watch.disconnect();
      clearTimeout(patience);
      resolve();
    }
    watch.observe({ type: "paint", buffered: true });
  });
  return stands;
}

/** Once the first words stand before a reader's eyes, and what they came for is there. @param {() => void} done */
export function painted(done) {
  framePainted().then(() => Promise.race([served, new Promise((resolve) => setTimeout(resolve, PAINT_PATIENCE))])).then(done);
}

/** Bring the rest while the page has nothing else to do, so that it is there at once, and without a line. */
export function bringTheRest() {
  for (const tag of Object.keys(LATER)) want(tag).catch(() => undefined);
}

/** @param {string} tag */
async function bring(tag) {
  const name = tag.replace(/(?:^|-)(\w)/g, (_, letter) => letter.toUpperCase());
  const looks = [FORMS, `./${tag}/${tag}.css`].map((path) => bringStyle(new URL(path, import.meta.url).href));
  const [module] = await Promise.all([LATER[tag]?.(), context.words.whole(), ...looks]);
  if (!customElements.get(tag)) customElements.define(tag, module[name]);
}

/** Until a style sheet holds; once for each. @param {string} href */
export function bringStyle(href) {
  const coming = styles.get(href) ?? load(href).catch((error) => {
    styles.delete(href);
    throw error;
  });
  styles.set(href, coming);
  return coming;
}

/** @param {string} href @returns {Promise<void>} */
function load(href) {
  const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
  return new Promise((resolve, reject) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => {
      link.remove();
      reject(new Error(href));
    });
    document.head.append(link);
  });
}
