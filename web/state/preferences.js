/**
 * What a reader chose for this browser: language, theme, drafts, where they were. Tabs share the storage, so each change
 * is made to what is stored now. A `change` event says that another tab changed something.
 */

import { PageDrawer } from "../lib/storage.js";

const KEY = "chatserver.preferences";

/**
 * `room` was open last, `after` is where to go once signed in, `people` whether the members stand beside the room. An
 * edit under way has the id, seq and text of its message, and the text as it is being changed.
 *
 * @typedef {{id: string, seq: number, before: string, text: string}} Edit
 * @typedef {{language?: string, theme?: "light" | "dark" | "", density?: "compact" | "", room?: string, after?: string, people?: boolean,
 *   drafts?: Record<string, string>, edits?: Record<string, Edit>,
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

  /** @param {string} room */
  draft(room) {
    return this.chosen.drafts?.[room] ?? "";
  }

  /** @param {string} room @param {string} text */
  keepDraft(room, text) {
    const stored = read(this.storage);
    this.#write({ ...stored, drafts: withEntry(stored.drafts, room, text || undefined) });
  }

  /** The edit under way in a room. @param {string} room */
  edit(room) {
    return this.chosen.edits?.[room];
  }

  /** @param {string} room @param {Edit | undefined} edit */
  keepEdit(room, edit) {
    const stored = read(this.storage);
    this.#write({ ...stored, edits: withEntry(stored.edits, room, edit) });
  }
}

/** @template T @param {Record<string, T> | undefined} entries @param {string} key @param {T | undefined} value */
function withEntry(entries, key, value) {
  const { [key]: _, ...others } = entries ?? {};
  return value === undefined ? others : { ...others, [key]: value };
}

/** @param {{getItem(key: string): string | null}} storage @returns {Chosen} */
function read(storage) {
  try {
    return JSON.parse(storage.getItem(KEY) ?? "{}");
  } catch {
    return {};
  }
}
