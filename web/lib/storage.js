/**
 * The browser's storage, or a drawer that lasts as long as the page where it is forbidden: with cookies blocked, already
 * naming `localStorage` throws.
 *
 * @typedef {{getItem(key: string): string | null, setItem(key: string, value: string): void, removeItem(key: string): void}} Drawer
 */

/** @param {() => Drawer} open @returns {Drawer} */
export function openStorage(open = () => localStorage) {
  try {
    const storage = open();
    storage.getItem("");
    return storage;
  } catch {
    return new PageDrawer();
  }
}

/** What is put in is gone with the page. */
export class PageDrawer {
  /** @type {Map<string, string>} */ #kept = new Map();

  /** @param {string} key */
  getItem(key) {
    return this.#kept.get(key) ?? null;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.#kept.set(key, value);
  }

  /** @param {string} key */
  removeItem(key) {
    this.#kept.delete(key);
  }
}
