/** `@everyone` calls all members of a room: for its moderators, and for anyone where they are few. */

import { tokenize } from "../../lib/tokenizer.js";
import { askFirst } from "../ask-first.js";

/** In rooms of so many anyone may call all, and is not asked first. */
export const FEW = 20;

/** @param {import("../../state/room.js").Room | undefined} room @returns {boolean} whether one may call all members there */
export function mayCallAll(room) {
  if (!room?.isMember || room.state.kind === "direct") return false;
  return room.moderates || room.state.members <= FEW;
}

/**
 * Ask first where many would be called.
 *
 * @param {import("./message-composer.js").MessageComposer} composer @param {string} text
 * @returns {Promise<boolean>} whether it may be sent
 */
export async function callsAll(composer, text) {
  const room = composer.client.find(composer.room);
  const members = room?.state.members ?? 0;
  if (members <= FEW || !mayCallAll(room) || !names(text)) return true;
  return askFirst({ say: (key) => composer.say(key, { count: members }) }, "composer.ask_everyone", "composer.call_everyone");
}

/** @param {string} text whether `@everyone` stands in it, and not in code or an address */
function names(text) {
  let found = false;
  tokenize(text, { mention: (word) => {
    const isEveryone = /^everyone(?![\p{L}\p{N}_])/iu.test(word);
    found ||= isEveryone;
    return isEveryone ? "everyone".length : 0;
  } });
  return found;
}
