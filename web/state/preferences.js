/** What a reader chose for this browser: language, theme, drafts, where they were. */

const KEY = "chatserver.preferences";

/**
 * `room` was open last, `after` is where to go once signed in, `people` whether who is here stands beside the room.
 *
 * @typedef {{language?: string, theme?: "light" | "dark" | "", room?: string, after?: string, people?: boolean,
 *   drafts?: Record<string, string>, notify?: {on: boolean, night: {from: string, to: string}}}} Chosen
 */

export class Preferences {
  /** @param {{getItem(key: string): string | null, setItem(key: string, value: string): void}} storage */
  constructor(storage) {
    this.storage = storage;
    /** @type {Chosen} */ this.chosen = read(storage);
  }

  /** @param {Partial<Chosen>} change */
  set(change) {
    Object.assign(this.chosen, change);
    try {
      this.storage.setItem(KEY, JSON.stringify(this.chosen));
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }

  /** Whether to call from a hidden tab, and when not to. */
  get notify() {
    return this.chosen.notify ?? { on: false, night: { from: "22:00", to: "08:00" } };
  }

  /** @param {string} room */
  draft(room) {
    return this.chosen.drafts?.[room] ?? "";
  }

  /** @param {string} room @param {string} text */
  keepDraft(room, text) {
    const drafts = { ...this.chosen.drafts };
    if (text) drafts[room] = text;
    else delete drafts[room];
    this.set({ drafts });
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
