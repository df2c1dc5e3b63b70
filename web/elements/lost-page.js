/** A wrong turn is no dead end: what stands at an address that leads nowhere. */

import { make } from "../lib/dom.js";
import { door } from "../lib/scenes.js";

/** @param {{say: (key: string) => string}} element whose words are used */
export function lostPage(element) {
  return make("div", { class: "empty" }, door(), make("h1", { text: element.say("shell.lost"), attributes: { tabindex: "-1" } }),
    make("p", { text: element.say("shell.lost_words") }),
    make("a", { class: "button", text: element.say("community.to_hall"), attributes: { href: "/room/hall" } }));
}
