/**
 * A room's topics in its view: their list in place of the messages, or beside those of one on a wide screen; the bar of the
 * topic that is open; and where a message of a forum stands. Made by RoomView in a room that has topics.
 */

import { change, make } from "../../lib/dom.js";
import { topicPath } from "../../lib/paths.js";
import { topicsOf } from "../../state/topics.js";
import { insist, want } from "../later.js";

const WIDE = "(min-width: 1001px)";

export class RoomTopics {
  /** @type {any} */ #list = null;
  /** @type {any} */ #head = null;
  #sought = false;

  /** @param {import("./room-view.js").RoomView} view */
  constructor(view) {
    this.view = view;
    this.topics = topicsOf(view.client, view.room);
    view.listen(matchMedia(WIDE), "change", () => view.show());
  }

  show() {
    const { view } = this;
    const forum = Boolean(view.state?.state.forum);
    if (view.topic) this.topics.open(view.topic);
    if (forum && !view.topic && view.seq) this.#seek(view.seq);
    const beside = forum && Boolean(view.topic) && matchMedia(WIDE).matches;
    view.classList.toggle("of-topic", Boolean(view.topic));
    view.classList.toggle("split", beside);
    if (view.topic && !this.#head) this.#bring("topic-head", (head) => view.strip.append(this.#head = head));
    if ((view.listsTopics || beside) && !this.#list) this.#bring("topic-list", (list) => view.strip.after(this.#list = list));
    if (this.#list) change(this.#list, { hidden: !(view.listsTopics || beside) });
  }

  /** @param {string} tag @param {(element: any) => void} put */
  async #bring(tag, put) {
    await insist(() => want(tag));
    const { view } = this;
    if (view.querySelector(tag)) return;
    put(make(tag, { set: { room: view.room, topic: view.topic ?? "" } }));
    this.show();
  }

  /** In a forum a message is read in its topic. While the line is away it is asked for again with the next session. @param {number} seq */
  async #seek(seq) {
    if (this.#sought) return;
    this.#sought = true;
    const { view } = this;
    const here = location.pathname;
    const { messages: [message] } = await view.client.ask("message.get", { room: view.room, seqs: [seq] }).catch((/** @type {any} */ refusal) => {
      this.#sought = refusal.kind !== "unanswered" && refusal.kind !== "unavailable";
      return { messages: [] };
    });
    if (!message?.topic || !view.isConnected || location.pathname !== here) return;
    history.replaceState(history.state, "", topicPath(view.room, message.topic, seq));
    dispatchEvent(new PopStateEvent("popstate"));
  }
}
