/**
 * What shows the first messages, besides the frame: loaded once that is painted, while the session begins. All modules it
 * needs are named here, so that a browser asks for them at once.
 */

import "./elements/message-list/emptiness.js";
import "./elements/message-item/message-parts.js";
import "./elements/message-item/message-text.js";
import "./lib/emoji-only.js";
import "./lib/links.js";
import "./lib/plain-text.js";
import "./lib/roving.js";
import "./lib/scenes.js";
import "./lib/times.js";
import "./lib/tokenizer.js";
import "./state/rows.js";
import "./state/shown-window.js";
import { MessageItem } from "./elements/message-item/message-item.js";
import { MessageList } from "./elements/message-list/message-list.js";

/** Once words and looks are there, too. */
export function defineTalk() {
  customElements.define("message-item", MessageItem);
  customElements.define("message-list", MessageList);
}
