/**
 * What a message has besides its head and plain words, drawn by MessageItem: marks and links in its text,
 * what it answers, files, reactions, the fold of a long text, large emoji.
 *
 * @typedef {import("./message-item.js").MessageItem} MessageItem
 * @typedef {(part: string, inputs: unknown[], draw: () => void) => void} Draw draws a part where its inputs changed
 */

import { button, make, nameOf } from "../../lib/dom.js";
import { isEmojiOnly } from "../../lib/emoji-only.js";
import { icon } from "../../lib/icons.js";
import { messagePath, topicPath } from "../../lib/paths.js";
import { messageWords } from "../../lib/plain-text.js";
import { leaf } from "../../lib/scenes.js";
import { makeSeal, pictureOf } from "../../lib/seal.js";
import { bringStyle } from "../later.js";

export { shownText } from "./message-text.js";

/** A text of more lines than these, as far as one can tell without measuring, is folded. */
const MOST_LINES = 24;
const LINE = 80;
const WORDS_SHOWN = 200;
/** Of a picture alone, in pixels. */
const WIDEST = 400;
const HIGHEST = 300;
const DAY = 86_400_000;

/** @param {MessageItem} item @param {Draw} draw */
export function showParts(item, draw) {
  const { message, client, language } = item;
  const answered = answeredWords(item);
  draw("answer", [message?.reply_to, message?.deleted, answered, language], () => showAnswer(item, answered));
  const topic = (item.labelled && !message?.deleted && message?.topic) || "";
  const title = topic && (client.find(message.room)?.topics?.want(topic)?.title ?? "");
  draw("topic", [topic, title], () => showTopic(item, topic, title));
  draw("pin", [message?.pinned, language], () => showPin(item));
  const text = message?.deleted ? "" : message?.text ?? item.item?.text ?? "";
  draw("shape", [text, language], () => shape(item, text));
  const files = (message ? !message.deleted && message.attachments : item.item?.files) || [];
  draw("files", files, () => showFiles(item, files));
  const previews = (!message?.deleted && message?.previews) || [];
  const mayHide = previews.length > 0 && mayHidePreviews(item);
  draw("previews", [previews, mayHide, language], () => showPreviews(item, previews, mayHide));
  const reactions = message && !message.deleted ? client.reactions.shown(message) ?? [] : [];
  draw("reactions", reactions.map((one) => [one.emoji, one.count, one.mine]), () => showReactions(item, reactions));
}

/** Which topic it stands in, and the way there. @param {MessageItem} item @param {string} topic @param {string} title */
function showTopic(item, topic, title) {
  item.querySelector(":scope > .topic")?.remove();
  if (!topic || !title) return;
  const { room, seq } = item.message;
  item.head?.after(make("a", { class: "topic", attributes: { href: topicPath(room, topic, seq), tabindex: "-1" } }, icon("forum"), make("span", { class: "unseen", text: item.say("topics.in") }),
    make("span", { text: title, attributes: { dir: "auto" } })));
}

/** @param {MessageItem} item */
function showPin(item) {
  item.querySelector(":scope > .pinned")?.remove();
  if (item.message?.pinned) item.append(make("span", { class: "pinned", attributes: { role: "img", "aria-label": item.say("message.pinned"), title: item.say("message.pinned") } }, icon("pin")));
}

/** For a day a leaf says that these are somebody's first words. @param {MessageItem} item */
export function firstMark(item) {
  const isNew = item.message?.first && item.client.now() - item.message.at < DAY;
  return isNew ? make("span", { class: "first", attributes: { role: "img", "aria-label": item.say("message.first"), title: item.say("message.first") } }, leaf()) : null;
}

// --- what it answers ------------------------------------------------------------------------------------------------

/** What is said of the message that this one answers: name, words, id, picture; nothing while it is on its way. @param {MessageItem} item @returns {string[]} */
function answeredWords(item) {
  const { answered, client } = item;
  if (answered === undefined) return [];
  if (!answered || answered.deleted) return ["", item.say("message.deleted")];
  if (client.blocks.has(answered.author.id)) return ["", item.say("message.blocked_answered")];
  return [answered.author.name || item.say("people.left"), messageWords(answered, item, WORDS_SHOWN, client.people.calledIn(answered)), answered.author.id, pictureOf(answered.author)];
}

/** @param {MessageItem} item @param {string[]} words */
function showAnswer(item, [name = "", words = "", id = ""]) {
  const { message, answered, head } = item;
  item.querySelector(":scope > .answer")?.remove();
  if (!message?.reply_to || message.deleted) return;
  const said = make("span", { class: "unseen", text: item.say("message.answers", { name: name || "…" }) });
  const who = name ? [makeSeal({ ...answered.author, name }), nameOf({ id, name })] : [];
  who[1]?.setAttribute("aria-hidden", "true");
  head?.after(make("a", { class: "answer", attributes: { href: messagePath(message.room, message.reply_to), tabindex: "-1" } },
    icon("reply"), said, ...who, make("span", { class: "words", text: words, attributes: { dir: "auto" } })));
}

// --- text -----------------------------------------------------------------------------------------------------------

/** A few emoji are large; a long text shows its beginning. @param {MessageItem} item @param {string} text */
function shape(item, text) {
  const { body } = item;
  const lines = text.split("\n").reduce((sum, line) => sum + Math.ceil((line.length || 1) / LINE), 0);
  const isLong = lines > MOST_LINES;
  item.classList.toggle("large", isEmojiOnly(text));
  item.querySelector(":scope > .unfold")?.remove();
  body?.classList.toggle("folded", isLong);
  if (!isLong) return;
  const more = button(item.say("message.show_more"), () => {
    const folded = body?.classList.toggle("folded");
    more.textContent = item.say(folded ? "message.show_more" : "message.show_less");
    more.setAttribute("aria-expanded", String(!folded));
  }, "unfold");
  more.setAttribute("aria-expanded", "false");
  body?.after(more);
}

// --- files ----------------------------------------------------------------------------------------------------------

/** Each has its place at once, so that nothing moves when what shows it comes. @param {MessageItem} item @param {any[]} files */
async function showFiles(item, files) {
  item.querySelector(":scope > .files")?.remove();
  if (!files.length) return;
  const pictures = files.filter(({ width }) => width);
  const places = pictures.map((file) => placeOf(file, pictures.length === 1));
  const others = files.filter(({ width }) => !width).map(() => make("div", { class: "file" }));
  const box = make("div", { class: "files" }, places.length ? make("div", { class: `pictures n${Math.min(places.length, 5)}` }, ...places) : null, ...others);
  item.insertBefore(box, item.state ?? null);
  const [{ fillFiles }] = await Promise.all([import("./message-files.js"), bringStyle(new URL("./message-files.css", import.meta.url).href)]);
  if (box.parentNode === item) fillFiles(item, { pictures, places, others, files: files.filter(({ width }) => !width) });
}

/** A picture alone has its own shape, within reason. @param {any} file @param {boolean} alone */
function placeOf({ width, height, preview }, alone) {
  const place = make("a", { class: "picture", attributes: { tabindex: "-1" } });
  if (preview?.startsWith("data:image/")) place.style.backgroundImage = `url("${preview}")`;
  if (!alone) return place;
  const ratio = Math.min(3.5, Math.max(0.45, width / height));
  place.style.aspectRatio = String(ratio);
  place.style.width = `${Math.max(64, Math.round(Math.min(width, WIDEST, HIGHEST * ratio)))}px`;
  return place;
}

// --- previews -------------------------------------------------------------------------------------------------------

/** @param {MessageItem} item */
function mayHidePreviews({ message, client }) {
  const room = client.rooms.get(message.room);
  return message.author.id === client.me || Boolean(room && room.state.kind !== "direct" && (room.moderates || client.user?.admin));
}

/** @param {MessageItem} item @param {any[]} previews @param {boolean} mayHide */
async function showPreviews(item, previews, mayHide) {
  const shown = () => item.querySelector(":scope > .previews");
  if (!previews.length) return shown()?.remove();
  const [{ makePreviews }] = await Promise.all([import("./message-previews.js"), bringStyle(new URL("./message-previews.css", import.meta.url).href)]);
  // Meanwhile the message may have got others, or none.
  if (item.message?.previews !== previews || item.message.deleted) return undefined;
  const made = makePreviews(item, previews, mayHide);
  const known = shown();
  if (known) known.replaceWith(made);
  else item.insertBefore(made, item.querySelector(":scope > .reactions"));
}

// --- reactions ------------------------------------------------------------------------------------------------------

/** A kind keeps its button, so that focus and pointer stay where they are. @param {MessageItem} item @param {import("../../state/reactions.js").Shown[]} shown */
function showReactions(item, shown) {
  const known = item.querySelector(":scope > .reactions");
  if (!shown.length) return known?.remove();
  const row = known ?? item.appendChild(make("div", { class: "reactions", attributes: { role: "group", "aria-label": item.say("message.reactions") } }));
  const before = new Map([.../** @type {HTMLCollectionOf<HTMLElement>} */ (row.children)].map((one) => [one.dataset.emoji, one]));
  for (const { emoji, count, mine } of shown) {
    const one = before.get(emoji) ?? row.appendChild(reaction(item, emoji));
    before.delete(emoji);
    one.lastChild.textContent = String(count);
    one.classList.toggle("mine", mine);
    one.setAttribute("aria-pressed", String(mine));
    one.removeAttribute("aria-label");
  }
  for (const one of before.values()) one.remove();
}

/** @param {MessageItem} item @param {string} emoji */
function reaction(item, emoji) {
  const click = () => item.client.reactions.toggle(item.message, emoji)
    .catch((detail) => item.dispatchEvent(new CustomEvent("message-refused", { bubbles: true, detail })));
  return make("button", { class: "reaction", attributes: { type: "button", tabindex: "-1", "data-emoji": emoji }, on: { click } },
    make("span", { class: "emoji", text: emoji }), make("span"));
}
