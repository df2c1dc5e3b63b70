/**
 * Files on their way as this browser keeps them, so that they survive a lost line and a reload. Where a browser keeps
 * nothing they last as long as the page; no method rejects.
 *
 * @typedef {import("./uploads.js").Upload} Upload
 */

const DATABASE = "chatserver.uploads";
const STORE = "uploads";

export class UploadStore {
  /** @type {Promise<IDBDatabase> | undefined} */ #opened;

  /** @param {IDBFactory | undefined} factory */
  constructor(factory) {
    this.factory = factory;
  }

  /** @returns {Promise<Upload[]>} */
  all() {
    return this.#step("readonly", (store) => store.getAll()).then((found) => found ?? []);
  }

  /** @param {string} key @returns {Promise<Upload | undefined>} */
  get(key) {
    return this.#step("readonly", (store) => store.get(key));
  }

  /** @param {Upload} upload */
  put(upload) {
    return this.#step("readwrite", (store) => store.put(upload, upload.key));
  }

  /** @param {string} key */
  delete(key) {
    return this.#step("readwrite", (store) => store.delete(key));
  }

  /** @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest} step @returns {Promise<any>} undefined where it failed */
  async #step(mode, step) {
    try {
      const asked = step((await this.#open()).transaction(STORE, mode).objectStore(STORE));
      return await settled(asked);
    } catch {
      return undefined;
    }
  }

  #open() {
    return (this.#opened ??= new Promise((resolve, reject) => {
      if (!this.factory) return reject(new Error("no database"));
      const asked = this.factory.open(DATABASE, 1);
      asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    }));
  }
}

/** @param {IDBRequest} request @returns {Promise<any>} */
function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
