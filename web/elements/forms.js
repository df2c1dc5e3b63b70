/** What the forms of the page share: labelled fields, and a refusal in the reader's words. */

import { make } from "../lib/dom.js";

let number = 0;

/**
 * A label, its input, and a hint below.
 *
 * @param {string} label @param {string} name
 * @param {Record<string, string | boolean | undefined>} [attributes] @param {string} [hint]
 */
export function field(label, name, attributes = {}, hint = "") {
  number += 1;
  const id = `field-${number}`;
  const optional = attributes.optional === true;
  const described = hint ? `${id}-hint` : undefined;
  const input = make("input", { attributes: { type: "text", required: !optional, ...attributes, optional: undefined, id, name, "aria-describedby": described } });
  return make("div", { class: "field" }, make("label", { text: label, attributes: { for: id } }), input,
    hint ? make("small", { text: hint, attributes: { id: described } }) : null);
}

/** @param {{say: (key: string, values?: any) => string}} element @param {any} refusal */
export function refusalWords(element, refusal) {
  for (const key of [`refused.${refusal.reason}`, `refused.${refusal.kind}`]) {
    const words = element.say(key, { seconds: Math.ceil((refusal.retryAfter ?? 0) / 1000) });
    if (words !== key) return words;
  }
  return refusal.message || element.say("refused.internal");
}

/** @param {string} text @param {() => void} click @param {string} [kind] the class */
export function button(text, click, kind = "action") {
  return make("button", { class: kind, text, attributes: { type: "button" }, on: { click } });
}
