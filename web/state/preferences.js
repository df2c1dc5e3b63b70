/**
 * What a reader chose for this browser: language, theme, where they were. Tabs share the storage, so each change
 * is made to what is stored now. A `change` event says that another tab changed something.
 */

import { PageDrawer } from "../lib/storage.js";

const KEY = "chatserver.preferences";

/**
 * `room` was open last, `after` is where to go once signed in, `joins` the room
 * whose door one signed up at, `people` whether the members stand beside the room,
 * `public` has the public rooms in which one wrote and was told that they are; `years` and `welcomed` those in which a year
 * was spoken of, or a welcome, and put away.
 *
 * @typedef {{language?: string, theme?: "light" | "dark" | "", density?: "compact" | "", text?: "large" | "larger" | "", favourites?: string[], joins?: string, room?: string, after?: string, people?: boolean,
 *   public?: string[], years?: string[], welcomed?: string[],
 *   emoji?: {recent?: string[], tone?: number}, notify?: {on: boolean, night: {from: string, to: string}}}} Chosen
 */

export class Preferences extends EventTarget {
  /** @param {{getItem(key: string): string | null, setItem(key: string, value: string): void}} storage */
  constructor(storage) {
    super();
    this.storage = storage;
    /** @type {Chosen} */ this.chosen = read(storage);
  }

  /** @param {Partial<Chosen>} change */
  set(change) {
    this.#write({ ...read(this.storage), ...change });
  }

  /** @param {Chosen} chosen */
  #write(chosen) {
    this.chosen = chosen;
    const written = JSON.stringify(chosen);
    try {
      this.storage.setItem(KEY, written);
    } catch {
      // The storage is full: from now on choices last as long as the page.
      this.storage = new PageDrawer();
      this.storage.setItem(KEY, written);
    }
  }

  /** Hear of what other tabs change. @param {EventTarget} page the window */
  follow(page) {
    page.addEventListener("storage", (event) => {
      if (/** @type {StorageEvent} */ (event).key !== KEY) return;
      this.chosen = read(this.storage);
      this.dispatchEvent(new Event("change"));
    });
  }

  /** Whether to notify from a hidden tab, and when not to. */
  get notify() {
    return this.chosen.notify ?? { on: false, night: { from: "22:00", to: "08:00" } };
  }
}

/** @param {{getItem(key: string): string | null}} storage @returns {Chosen} */
function read(storage) {
  try {
    return JSON.parse(storage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}
