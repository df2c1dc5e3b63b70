/** A visitor who has just written is asked for a name, here and now; the words wait meanwhile. */

import { button, make } from "../lib/dom.js";

/**
 * @param {import("./element.js").PageElement} element on which the dialog stands
 * @param {() => void} done an account was made, or its recovery code was seen
 */
export function askForName(element, done) {
  const form = make("account-form", { set: { kind: "sign-up", inRoom: true } });
  const dialog = make("dialog", { class: "come-in", on: { close: () => dialog.remove() } }, form,
    button(element.say("account.later"), () => dialog.close()));
  form.addEventListener("done", () => {
    dialog.close();
    done();
  });
  element.append(dialog);
  dialog.showModal();
}
