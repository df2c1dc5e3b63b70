/** What the forms of the page share: labelled fields, and a form that is carried out where it stands. */

import { make } from "../lib/dom.js";
import { refusalWords } from "../lib/refusal.js";

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
 * A form that is carried out where it stands: below its button is said what came of it, or why nothing did, and the field
 * that a refusal speaks of is marked and has the focus.
 *
 * @param {{say: (key: string, values?: any) => string}} element
 * @param {(Node | null)[]} fields @param {string} label of its button
 * @param {(data: FormData, form: HTMLFormElement) => Promise<string | void>} work gives the words for what came of it, else it is saved
 */
export function actingForm(element, fields, label, work) {
  number += 1;
  const error = make("p", { class: "error", attributes: { role: "alert", id: `form-${number}-error` } });
  const done = make("p", { class: "done", attributes: { role: "status" } });
  const form = make("form", { on: {
    input: () => (done.textContent = ""),
    submit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      error.textContent = done.textContent = "";
      unmark(form);
      try {
        done.textContent = (await work(new FormData(form), form)) ?? element.say("settings.saved");
      } catch (refusal) {
        error.textContent = refusalWords(element, /** @type {any} */ (refusal));
        mark(form, /** @type {any} */ (refusal), error.id);
      }
    },
  } }, ...fields, make("button", { class: "button", text: label, attributes: { type: "submit" } }), error, done);
  return form;
}

/** @param {Element} form */
function unmark(form) {
  for (const marked of form.querySelectorAll("[aria-invalid]")) {
    marked.removeAttribute("aria-invalid");
    marked.removeAttribute("aria-errormessage");
  }
}

/** @param {Element} form @param {{reason?: string, data?: Record<string, any>}} refusal @param {string} error the id of its words */
function mark(form, { reason = "", data = {} }, error) {
  const name = String(data.path ?? "").split(/[.[]/)[0] ?? "";
  const wanted = reason === "wrong_password" ? "[autocomplete=current-password]" : name && `[name="${CSS.escape(name)}"]`;
  const input = wanted && /** @type {any} */ (form.querySelector(wanted));
  if (!input) return;
  input.setAttribute("aria-invalid", "true");
  input.setAttribute("aria-errormessage", error);
  input.focus();
}
