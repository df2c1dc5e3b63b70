/**
 * What one writes with, and what stands around the messages of a room: asked for behind the messages, by their names here
 * all at once. The elements come as ever (elements/later.js).
 */

import "./elements/message-composer/composes.js";
import "./elements/message-composer/message-composer.js";
import "./elements/message-composer/receiving.js";
import "./elements/message-composer/written.js";
import "./elements/room-view/room-parts.js";
import "./lib/more-icons.js";
import "./state/drafts.js";
