/** For how long a room or a topic is muted: an hour, eight, or until one turns it on again. */

import { openMenu } from "./menu.js";

const HOUR = 3_600_000;
const SPANS = /** @type {const} */ ([["notify.mute_hour", HOUR], ["notify.quiet", 8 * HOUR], ["notify.mute_on", 0]]);

/**
 * Rows of a menu.
 *
 * @param {import("./element.js").PageElement} element @param {(change: {level: "none", until: number}) => void} notify
 * @param {boolean} [isMuted] for good
 * @returns {import("./menu.js").Choice[]}
 */
export function muteChoices(element, notify, isMuted = false) {
  const now = element.client.now();
  return SPANS.map(([key, span]) => ({
    icon: isMuted && !span ? "check" : span ? "clock" : "mute", text: element.say(key), act: () => notify({ level: "none", until: span && now + span }),
  }));
}

/** @param {import("./element.js").PageElement} element @param {HTMLElement} opener @param {(change: {level: "none", until: number}) => void} notify */
export function openMuting(element, opener, notify) {
  openMenu(element, opener, muteChoices(element, notify));
}
