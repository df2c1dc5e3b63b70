/** What a personal link says: who invites and where to; and the yes of people with an account. */

import { around } from "../lib/around.js";
import { button, make, nameOf } from "../lib/dom.js";
import { roomPath } from "../lib/paths.js";
import { refusalWords } from "../lib/refusal.js";
import { makeSeal } from "../lib/seal.js";

/**
 * The face of the inviter, the community and the room; undefined where the link is no good any more.
 *
 * @param {import("./element.js").PageElement} element @param {string} code
 */
export async function invitation(element, code) {
  const invited = await element.client.api("invitation.get", { code }).catch(() => undefined);
  if (!invited) return undefined;
  const { user, title, titles } = invited;
  const words = element.say("invite.for_you", { community: element.client.card?.name ?? "" });
  return make("div", { class: "invited" }, makeSeal(user), make("p", {}, ...around(words, nameOf(user))),
    title ? make("p", { class: "room", text: element.say("invite.into", { room: titles?.[element.language] ?? title }), attributes: { dir: "auto" } }) : null,
    make("p", { class: "lead", text: element.say("invite.both", { name: user.name }) }));
}

/** @param {import("./element.js").PageElement} element @param {string} code */
export function acceptance(element, code) {
  const error = make("p", { class: "error", attributes: { role: "alert" } });
  const words = make("p", { text: element.say("invite.then"), attributes: { role: "status", tabindex: "-1" } });
  const accept = button(element.say("invite.accept"), async () => {
    error.textContent = "";
    try {
      await element.client.ask("invitation.accept", { code });
      words.textContent = element.say("invite.accepted");
      accept.replaceWith(make("a", { class: "button", text: element.say("community.to_hall"), attributes: { href: roomPath("hall") } }));
      words.focus();
    } catch (refusal) {
      error.textContent = refusalWords(element, /** @type {any} */ (refusal));
    }
  }, "button");
  return make("div", { class: "acceptance" }, words, error, accept);
}
