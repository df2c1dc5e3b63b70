/** The uploads of this page, and the words in the outbox that wait for them. Loaded with the first file. */

import { smaller } from "../lib/smaller.js";
import { keepLocal } from "../lib/local-pictures.js";
import { UploadStore } from "./upload-store.js";
import { Uploads } from "./uploads.js";

/** @type {Uploads | undefined} */ let uploads;

/** @param {import("./client.js").Client} client @returns {Uploads} */
export function pageUploads(client) {
  if (uploads) return uploads;
  const { locks } = navigator;
  uploads = new Uploads({
    store: new UploadStore(globalThis.indexedDB),
    fetch: (...asked) => fetch(...asked),
    prepare: smaller,
    ...(locks && { alone: (/** @type {string} */ key, /** @type {() => any} */ run) => locks.request(`upload ${key}`, run) }),
  });
  const waiting = new Waiting(client, uploads);
  uploads.loaded.then(() => waiting.settle());
  return uploads;
}

/** Words in the outbox with their files: handed to the sender once all are up. */
export class Waiting {
  /** @type {Map<import("./outbox.js").Item, {status: string, reason?: string}>} as they were when they were looked at last */ #before = new Map();

  /** @param {import("./client.js").Client} client @param {Uploads} uploads */
  constructor(client, uploads) {
    this.client = client;
    this.outbox = client.outbox;
    this.uploads = uploads;
    client.addEventListener("session", () => uploads.wake());
    globalThis.addEventListener?.("online", () => uploads.wake());
    this.outbox.addEventListener("change", () => this.settle());
    uploads.addEventListener("change", (event) => {
      const upload = uploads.get(/** @type {CustomEvent} */ (event).detail);
      if (upload?.file && upload.width) keepLocal(upload.file.id, upload.blob);
      if (upload?.status === "done" || upload?.status === "refused") this.settle();
    });
  }

  async settle() {
    await this.uploads.loaded;
    const now = this.outbox.items.filter(({ files }) => files);
    for (const [item, { status }] of this.#before) if (!now.includes(item)) this.#gone(item, status);
    for (const item of now) {
      const before = this.#before.get(item);
      if (item.status === "uploading" && before?.status === "refused") this.#again(item, before.reason);
      this.#before.set(item, { status: item.status, reason: item.reason });
      if (item.status === "uploading" && (item.by ?? "") === this.outbox.owner) this.#look(item);
    }
  }

  /** @param {import("./outbox.js").Item} item @param {string} status how it was last */
  #gone(item, status) {
    this.#before.delete(item);
    for (const { key } of item.files ?? []) {
      if (status === "refused" || status === "uploading") this.uploads.remove(key);
      else this.uploads.forget(key);
    }
  }

  /** It was refused, and is tried again: so are its files. @param {import("./outbox.js").Item} item @param {string} [reason] */
  #again(item, reason) {
    for (const { key } of item.files ?? []) if (reason === "not_found" || this.uploads.get(key)?.status === "refused") this.uploads.retry(key);
  }

  /** @param {import("./outbox.js").Item} item */
  #look(item) {
    const files = (item.files ?? []).map(({ key }) => this.uploads.get(key));
    const refused = files.find((file) => !file || file.status === "refused");
    if (files.some((file) => !file)) this.outbox.set(item, { status: "refused", reason: "file_lost" });
    else if (refused) this.outbox.set(item, { status: "refused", reason: refused.reason });
    else if (files.every((file) => file?.file)) {
      this.outbox.set(item, { status: "waiting", attachments: files.map((file) => file?.file.id) });
      this.outbox.flush(this.client.wire.live && this.client.signedIn);
    } else for (const file of files) if (file) this.uploads.start(file.key);
  }
}
