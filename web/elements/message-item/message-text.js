/** A message's text as elements: made once for each text, and never from markup. */

import { make, nameOf } from "../../lib/dom.js";
import { roomPath, userPath } from "../../lib/paths.js";
import { longestName, tokenize } from "../../lib/tokenizer.js";

/**
 * What a text cannot know by itself.
 *
 * @typedef {{id: string, title: string}} NamedRoom
 * @typedef {{opens: boolean, me: string, everyone: boolean, hidden: string, called: import("../../lib/shapes.js").User[], rooms: () => NamedRoom[]}} View
 *   `opens` whether addresses can be opened, `hidden` what is said of a spoiler, `called` whom it calls, `rooms` those that it may name
 */

/** @param {string} text @param {View} view @returns {Node[]} */
export function shownText(text, view) {
  const { called, everyone, rooms } = view;
  const names = called.map((user) => user.handle);
  if (everyone) names.push("everyone");
  const known = {
    mention: (/** @type {string} */ word) => longestName(word, names),
    room: (/** @type {string} */ words) => longestName(words, rooms().flatMap(({ id, title }) => [id, title])),
  };
  return tokenize(text, known).map((token) => block(token, view));
}

/** @param {any} token @param {View} view @returns {Node} */
function block(token, view) {
  if (token.kind === "block") return make("pre", { attributes: { tabindex: "-1", "data-language": token.language || undefined } }, code(token));
  if (token.kind === "list") return list(token, view);
  const tag = token.kind === "quote" ? "blockquote" : "p";
  return make(tag, { class: token.kind === "heading" ? "heading" : "" }, ...inlines(token.children, view));
}

/** Colours come when they can. @param {{text: string, language?: string}} token */
function code({ text, language }) {
  const made = make("code", { text });
  if (language) import("../../lib/highlight.js").then(({ highlight }) => highlight(text, language)).then((coloured) => made.replaceChildren(coloured), () => undefined);
  return made;
}

/** @param {any} token @param {View} view @returns {Node} */
function list({ ordered, start, items }, view) {
  const rows = items.map((/** @type {any} */ { children, lists }) =>
    make("li", {}, ...inlines(children, view), ...lists.map((/** @type {any} */ one) => list(one, view))));
  return make(ordered ? "ol" : "ul", { attributes: { start: ordered && start > 1 ? String(start) : undefined } }, ...rows);
}

/** @param {any[]} tokens @param {View} view */
function inlines(tokens, view) {
  return tokens.map((token) => inline(token, view));
}

const MARKS = /** @type {Record<string, string>} */ ({ bold: "strong", italic: "em", strike: "s" });

/** @param {any} token @param {View} view @returns {Node} */
function inline(token, view) {
  if (token.kind === "text") return document.createTextNode(token.text);
  if (token.kind === "code") return make("code", { text: token.text });
  if (token.kind === "link") return link(token, view.opens);
  if (token.kind === "mention") return mention(token, view);
  if (token.kind === "room") return roomLink(token, view);
  const children = inlines(token.children, view);
  if (token.kind === "spoiler") return make("span", { class: "spoiler", attributes: { role: "button", tabindex: "0", "aria-expanded": "false", "aria-label": view.hidden } }, make("span", {}, ...children));
  return make(MARKS[token.kind] ?? "span", {}, ...children);
}

/** Words that look like another address say where they lead. @param {{text: string, href: string, host?: string}} token @param {boolean} opens */
function link({ text, href, host }, opens) {
  const shown = host ? `${text} (${host})` : text;
  if (!opens) return make("span", { class: "shut", text: shown, attributes: { dir: "ltr" } });
  return make("a", { text: shown, attributes: { dir: "ltr", href, target: "_blank", rel: "noopener nofollow ugc", referrerpolicy: "no-referrer" } });
}

/** Whoever is called is shown by name. @param {{handle: string, text: string}} token @param {View} view */
function mention({ handle, text }, { called, me }) {
  const user = called.find((one) => one.handle.toLowerCase() === handle.toLowerCase());
  if (!user) return make("span", { class: "mention me", text });
  const kind = user.id === me ? "mention me" : "mention";
  return make("a", { class: kind, attributes: { href: userPath(user.handle), title: `@${user.handle}` } }, "@", nameOf(user));
}

/** @param {{text: string, name: string}} token @param {View} view */
function roomLink({ text, name }, { rooms }) {
  const room = rooms().find(({ id, title }) => id === name || title.toLowerCase() === name.toLowerCase());
  return room ? make("a", { class: "mention", text: `#${room.title}`, attributes: { href: roomPath(room.id) } }) : document.createTextNode(text);
}
