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

/**
 * Why something was refused, in the reader's words: for the very rule (`name_link`), else for rules of its sort
 * (`any_link`), else for the kind of refusal.
 *
 * @param {{say: (key: string, values?: any) => string}} element
 * @param {any} refusal a Refusal, or words of the outbox with a `reason`
 */
export function refusalWords(element, { reason = "", kind = "", retryAfter = 0 }) {
  const sort = reason.slice(reason.lastIndexOf("_") + 1);
  for (const key of [`refused.${reason}`, `refused.any_${sort}`, `refused.${kind}`]) {
    const words = element.say(key, { seconds: Math.ceil(retryAfter / 1000) });
    if (words !== key) return words;
  }
  return element.say("refused.not_done");
}

/** @param {string} text @param {() => void} click @param {string} [kind] the class */
export function button(text, click, kind = "action") {
  return make("button", { class: kind, text, attributes: { type: "button" }, on: { click } });
}

/** The field that a refusal speaks of is marked, and has the focus; "" takes the mark away. @param {Element} within @param {string} [path] */
export function markField(within, path = "") {
  for (const marked of within.querySelectorAll("[aria-invalid]")) marked.removeAttribute("aria-invalid");
  const input = path && /** @type {any} */ (within.querySelector(`[name="${CSS.escape(path.split(/[.[]/)[0] ?? "")}"]`));
  if (!input) return;
  input.setAttribute("aria-invalid", "true");
  input.focus();
}
