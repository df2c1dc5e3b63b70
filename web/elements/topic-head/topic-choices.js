/** What can be done with a topic, by everyone and by moderators; each is asked for where something has to be said. */

import { copyText } from "../../lib/copy.js";
import { make } from "../../lib/dom.js";
import { LONGEST } from "../../lib/limits.js";
import { roomPath, searchPath, topicPath } from "../../lib/paths.js";
import { askFirst } from "../ask-first.js";
import { closable } from "../closable.js";
import { context } from "../element.js";
import { actingForm, field } from "../forms.js";
import { arrived } from "../later.js";
import { toast } from "../toast-note/toast-note.js";

/** @typedef {import("./topic-head.js").TopicHead} TopicHead */
/** @typedef {import("../../lib/shapes.js").Topic} Topic */

/** @param {TopicHead} head @returns {(import("../menu.js").Choice | null)[]} */
export function topicChoices(head) {
  const { card, client } = head;
  const room = client.rooms.get(head.room);
  if (!card) return [];
  const say = (/** @type {string} */ key) => head.say(key);
  const moderates = Boolean(room?.moderates || client.user?.admin) && !room?.state.archived;
  // Whoever began it may still change it, as long as nobody else has written: the server knows.
  const begins = card.by?.id === client.me && card.people.every(({ id }) => id === client.me);
  const change = (/** @type {object} */ params) => () => head.doing(() => update(head, params));
  return [
    { icon: "undo", text: say("topics.first"), act: () => head.toFirst() },
    { icon: "link", text: say("topics.link"), act: () => copyLink(head) },
    { icon: "search", text: say("topics.search"), href: searchPath({ room: head.room, topic: head.topic }) },
    card.unread ? { icon: "check", text: say("topics.mark"), act: () => client.markers.mark([head.room], head.topic) } : null,
    moderates ? { icon: "pin", text: say(card.pinned ? "topics.unpin" : "topics.pin"), act: change({ pinned: !card.pinned }) } : null,
    moderates || begins ? { icon: "edit", text: say("topics.rename"), act: () => rename(head, card) } : null,
    moderates ? { icon: "lock", text: say(card.closed ? "topics.reopen" : "topics.close"), act: card.closed ? change({ closed: false }) : () => close(head, card) } : null,
    moderates || begins ? { icon: "trash", text: say("topics.delete"), act: () => erase(head), grave: true } : null,
  ];
}

/** @param {TopicHead} head @param {object} params */
async function update(head, params) {
  head.topics?.keep(await head.client.ask("topic.update", { room: head.room, topic: head.topic, ...params }));
}

/** @param {TopicHead} head */
async function copyLink(head) {
  const link = location.origin + topicPath(head.room, head.topic);
  const copied = await copyText(null, link);
  if (!(await arrived("toast-note"))) return;
  if (copied) toast(head.say("actions.link_copied"));
  else toast(head.say("actions.copy_by_hand"), link);
}

/** @param {TopicHead} head @param {Topic} card */
function rename(head, { title }) {
  ask(head, "topics.rename", [field(head.say("topics.title"), "title", { value: title, "data-most": LONGEST.topicTitle })], (data) => ({ title: data.get("title") }));
}

/** @param {TopicHead} head @param {Topic} card */
function close(head, { note = "" }) {
  const words = make("textarea", { text: note, attributes: { name: "note", rows: "3", "data-most": LONGEST.about } });
  ask(head, "topics.close", [make("label", { class: "field", text: head.say("topics.note") }, words)], (data) => ({ closed: true, note: data.get("note") }));
}

/** @param {TopicHead} head @param {string} key @param {HTMLElement[]} fields @param {(data: FormData) => object} paramsOf */
function ask(head, key, fields, paramsOf) {
  const dialog = make("dialog", { class: "list topic-asks", attributes: { "aria-label": head.say(key) } });
  closable(dialog, head.say(key), head.say("people.close"), actingForm(head, fields, head.say("composer.save"), async (data) => {
    await update(head, paramsOf(data));
    dialog.close();
  }));
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector("input, textarea")?.focus();
}

/** @param {TopicHead} head */
async function erase(head) {
  if (!(await askFirst(head, "topics.confirm_delete", "topics.delete"))) return;
  await head.doing(async () => {
    await head.client.ask("topic.delete", { room: head.room, topic: head.topic });
    context.go(head.back?.getAttribute("href") ?? roomPath(head.room));
  });
}
