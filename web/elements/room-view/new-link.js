/** What its owner sees in a private room that was just made: nobody can join before they have its link. */

import { copyText } from "../../lib/copy.js";
import { button, make } from "../../lib/dom.js";
import { iconButton } from "../../lib/icons.js";
import { joinPath } from "../../lib/paths.js";

/** @param {import("./room-view.js").RoomView} view @returns {Promise<HTMLElement>} rejects with a Refusal */
export async function newLink(view) {
  const { link } = await view.client.ask("room.link", { room: view.room });
  const words = view.say("room.new_link");
  const shown = make("input", { attributes: { readonly: true, "aria-label": words, value: location.origin + joinPath(view.room, link) } });
  const copy = button(view.say("account.copy"), async () => {
    if (await copyText(shown, shown.value)) copy.textContent = view.say("account.copied");
  }, "button");
  const card = make("section", { class: "new-link" }, make("p", { text: words }), shown, copy, iconButton("close", view.say("people.close"), () => card.remove()));
  return card;
}
