/**
 * Somebody said hi: what came with it, and the ways on, below a notification. Shows nothing once it was answered, put
 * aside or taken back. Property `user` (id, handle, name).
 */

import { button, make } from "../../lib/dom.js";
import { userPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { tiesOf } from "../../state/ties.js";
import { PageElement } from "../element.js";
import { want } from "../later.js";

export class HelloAnswer extends PageElement {
  /** @type {any} */ user = null;

  build() {
    this.hello = make("div");
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.append(this.hello, this.error);
    this.hidden = true;
  }

  attach() {
    this.listen(this.client, "tie", (event) => event.detail === this.user.id && this.show());
    if (tiesOf(this.client).get(this.user.id)) this.show();
    else tiesOf(this.client).load(this.user.id).catch(() => undefined);
  }

  async show() {
    const tie = tiesOf(this.client).get(this.user.id);
    const waits = tie?.next === "return" && (await want("hello-card").then(() => true, () => false));
    this.hidden = !waits;
    if (!waits) return this.hello.replaceChildren();
    const { received } = tie;
    const room = this.client.find(received.room)?.title(this.language) ?? this.say("tie.some_room");
    return this.hello.replaceChildren(make("hello-card", { set: { hello: { ...received, room } } }),
      make("div", { class: "choices" }, button(this.say("tie.dismiss"), () => this.#dismiss(received.poke), "action edged"),
        make("a", { class: "button", text: this.say("tie.wave_back"), attributes: { href: userPath(this.user.handle) } })));
  }

  /** Its sender does not see that. @param {string} poke */
  async #dismiss(poke) {
    this.error.textContent = "";
    try {
      await this.client.ask("poke.dismiss", { poke });
      await tiesOf(this.client).load(this.user.id);
    } catch (refusal) {
      this.error.textContent = refusalWords(this, /** @type {any} */ (refusal));
    }
  }
}
