/** A question before something that cannot be taken back, in the page's own manner. */

import { button, make } from "../lib/dom.js";

/**
 * @param {{say: (key: string) => string}} element whose words are used
 * @param {string} question key of the question
 * @param {string} yes key of what is done
 * @returns {Promise<boolean>}
 */
export function askFirst(element, question, yes) {
  const dialog = make("dialog", { class: "ask", attributes: { "aria-label": element.say(question) } },
    make("p", { text: element.say(question) }),
    make("div", { class: "choices" },
      button(element.say("composer.cancel"), () => dialog.close("")),
      button(element.say(yes), () => dialog.close("yes"), "button grave")));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "yes");
  }));
}
