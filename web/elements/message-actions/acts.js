/** What is done at once with a message, by what its menu calls it. Each rejects with the server's refusal. */

import { copyText } from "../../lib/copy.js";
import { make } from "../../lib/dom.js";
import { messagePath, roomPath, topicPath } from "../../lib/paths.js";
import { askFirst } from "../ask-first.js";
import { context } from "../element.js";
import { arrived } from "../later.js";
import { toast } from "../toast-note/toast-note.js";
import { selectWords } from "./selecting.js";

/**
 * @param {import("../element.js").PageElement} page
 * @param {any} item the message-item
 * @param {string} name such as "message-pin"
 */
export async function act(page, item, name) {
  const { message } = item;
  const { room, seq, author } = message;
  const { client } = page;
  if (name === "message-copy") return copy(page, message.text, "actions.copied");
  if (name === "message-pin" || name === "message-unpin") return client.ask("message.pin", { room, seq, pinned: name === "message-pin" });
  if (name === "message-select") return selectWords(item, (text) => quote(item, text));
  if (name === "message-topic") return (await arrived("topic-form")) && document.body.append(make("topic-form", { set: { room, message } }));
  if (name === "message-move") return (await arrived("message-mover")) && document.body.append(make("message-mover", { set: { message, list: item.closest("message-list") } }));
  if (name === "message-link") return copy(page, new URL(pathOf(page, message), location.origin).href, "actions.link_copied");
  if (name === "message-hi") return context.sayHi({ user: author, room, seq });
  if (name === "message-talk") return context.go(roomPath(client.directWith(author.id)?.id ?? ""));
  if (name !== "message-clear" || !(await askFirst(page, "actions.confirm_clear", "actions.clear"))) return undefined;
  return client.ask("message.unreact", { room, seq, all: true });
}

/** In a forum a message is read in its topic. @param {import("../element.js").PageElement} page @param {any} message */
function pathOf({ client }, { room, seq, topic }) {
  return topic && client.find(room)?.state.forum ? topicPath(room, topic, seq) : messagePath(room, seq);
}

/** @param {any} item @param {string} text */
function quote(item, text) {
  item.dispatchEvent(new CustomEvent("message-quote", { bubbles: true, detail: { message: item.message, text } }));
}

/** What could not be copied stands there to be copied by hand. @param {import("../element.js").PageElement} page @param {string} text @param {string} key */
async function copy(page, text, key) {
  const copied = await copyText(null, text);
  if (!(await arrived("toast-note"))) return;
  if (copied) toast(page.say(key));
  else toast(page.say("actions.copy_by_hand"), text);
}
