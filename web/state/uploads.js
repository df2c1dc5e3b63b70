/**
 * Files on their way to the server: made smaller, kept in this browser until they are used, sent in parts, gone on with
 * from where the server has them after every loss. Made by page-uploads.js with the first file. A `change` event (detail:
 * key) says that one got on.
 *
 * A draft or words in the outbox name their files by `key`. Words whose files are not all up have the status "uploading":
 * `settle` starts their files, and hands them to the sender once it knows the ids.
 *
 * @typedef {"waiting" | "sending" | "done" | "refused"} Status
 * @typedef {{key: string, owner: string, room: string, name: string, type: string, size: number, at: number, status: Status,
 *   sent: number, blob: Blob, purpose: "message" | "avatar" | "icon", keep: boolean, ready: boolean, original?: {blob: Blob, type: string, size: number}, reason?: string, id?: string,
 *   file?: any, width?: number, height?: number, seconds?: number, peaks?: number[]}} Upload `ready` once it is made smaller,
 *   `original` what was given then, until the server has it, `id` and `file` the server's
 * @typedef {{all(): Promise<Upload[]>, get(key: string): Promise<Upload | undefined>, put(upload: Upload): Promise<any>, delete(key: string): Promise<any>}} Store
 * @typedef {Partial<Upload> & {blob: Blob, name: string}} Given
 */

import { newId } from "../lib/ids.js";
import { unanswered } from "../lib/refusal.js";
import { UploadLine } from "./upload-line.js";

const AT_ONCE = 2;
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
/** What nobody used for so long is let go of. */
const KEPT_FOR = 7 * 86_400_000;
/** The line or the server failed; it is asked again. */
const PASSING = ["unanswered", "unavailable", "internal", "not_signed_in"];

export class Uploads extends EventTarget {
  /** @type {Map<string, Upload>} */ #uploads = new Map();
  /** @type {Map<string, AbortController>} uploads under way */ #running = new Map();
  /** @type {Set<() => void>} what waits to ask again */ #waits = new Set();
  /** @type {(() => void)[]} what waits for its turn */ #queue = [];
  #busy = 0;

  /**
   * @param {object} parts
   * @param {Store} parts.store
   * @param {typeof fetch} parts.fetch
   * @param {(upload: Upload) => Promise<Partial<Upload>>} parts.prepare makes it smaller; never rejects
   * @param {(milliseconds: number) => Promise<void>} [parts.pause]
   * @param {(key: string, run: () => Promise<any>) => Promise<any>} [parts.alone] runs in one tab at a time
   * @param {() => number} [parts.now]
   */
  constructor({ store, fetch, prepare, pause = sleep, alone = (_, run) => run(), now = Date.now }) {
    super();
    this.store = store;
    this.line = new UploadLine(fetch, now);
    this.prepare = prepare;
    this.pause = pause;
    this.alone = alone;
    this.now = now;
    /** Until what this browser kept is known. */
    this.loaded = this.#load();
  }

  async #load() {
    for (const upload of await this.store.all()) {
      if (this.now() - upload.at > KEPT_FOR) this.store.delete(upload.key);
      else if (!this.#uploads.has(upload.key)) this.#uploads.set(upload.key, { ...upload, status: upload.file ? "done" : "waiting" });
    }
  }

  /** @param {string} key */
  get(key) {
    return this.#uploads.get(key);
  }

  /** Take a file and begin. @param {Given} given @returns {Upload} */
  add(given) {
    /** @type {Upload} */ const upload = {
      key: newId(), owner: "", room: "", type: given.blob.type, size: given.blob.size, at: this.now(), status: "waiting", sent: 0,
      purpose: "message", keep: false, ready: false, ...given,
    };
    this.#uploads.set(upload.key, upload);
    this.store.put(upload);
    this.start(upload.key);
    return upload;
  }

  /** Go on with one, wherever it stands. @param {string} key */
  async start(key) {
    const upload = this.#uploads.get(key);
    if (!upload || upload.status === "done" || upload.status === "refused" || this.#running.has(key)) return;
    const ending = new AbortController();
    this.#running.set(key, ending);
    try {
      await this.#turn(() => this.alone(key, () => this.#bring(upload, ending.signal)));
    } finally {
      this.#running.delete(key);
    }
  }

  /** It was refused: try again, or as a file, which is what was given and not what was made of it. @param {string} key @param {boolean} [asFile] */
  retry(key, asFile = false) {
    const upload = this.#uploads.get(key);
    if (!upload) return;
    this.#set(upload, { status: "waiting", reason: undefined, id: undefined, file: undefined, sent: 0, ...(asFile && { ...upload.original, keep: true, width: undefined, height: undefined }) });
    this.start(key);
  }

  /** It is not wanted any more. @param {string} key */
  remove(key) {
    const id = this.#uploads.get(key)?.id;
    this.forget(key);
    if (id) this.line.give(id);
  }

  /** A message has it now. @param {string} key */
  forget(key) {
    this.#running.get(key)?.abort();
    this.#uploads.delete(key);
    this.store.delete(key);
    this.dispatchEvent(new CustomEvent("change", { detail: key }));
  }

  /** The line may be there again. */
  wake() {
    for (const end of this.#waits) end();
  }

  // --- one upload -----------------------------------------------------------------------------------------------------

  /** @param {() => Promise<void>} run */
  async #turn(run) {
    if (this.#busy >= AT_ONCE) await new Promise((resolve) => this.#queue.push(() => resolve(undefined)));
    this.#busy += 1;
    try {
      await run();
    } finally {
      this.#busy -= 1;
      this.#queue.shift()?.();
    }
  }

  /** @param {Upload} upload @param {AbortSignal} signal */
  async #bring(upload, signal) {
    // Another tab may have brought it meanwhile, or a reader have taken it back there.
    const kept = upload.ready ? await this.store.get(upload.key) : undefined;
    if (kept?.file) return this.#set(upload, { ...kept, status: "done" });
    if (!upload.ready) {
      const { blob, type, size } = upload;
      this.#set(upload, { ...(await this.prepare(upload)), original: { blob, type, size }, ready: true });
    }
    let renewed = false;
    for (let wait = FIRST_PAUSE; !signal.aborted; wait = Math.min(2 * wait, LONGEST_PAUSE)) {
      try {
        return this.#set(upload, { status: "done", original: undefined, file: await this.#send(upload, signal), sent: upload.size });
      } catch (error) {
        const { kind, reason, retryAfter } = /** @type {any} */ (error);
        if (signal.aborted) return undefined;
        if (kind === "not_found" && upload.id && !renewed) {
          renewed = true;
          this.#set(upload, { id: undefined, sent: 0 });
        } else if (PASSING.includes(kind) || kind === "rate_limited") {
          this.#set(upload, { status: "waiting" });
          await this.#wait(retryAfter || wait);
        } else return this.#set(upload, { status: "refused", reason });
      }
    }
    return undefined;
  }

  /** From where the server has it to its end. @param {Upload} upload @param {AbortSignal} signal */
  async #send(upload, signal) {
    if (upload.id) this.#set(upload, { sent: await this.line.offset(upload.id, signal) });
    else this.#set(upload, { id: await this.line.begin(upload, signal), sent: 0 });
    await this.store.put(upload);
    for (;;) {
      this.#set(upload, { status: "sending" }, false);
      const { file, offset } = await this.line.part(upload, signal);
      if (file) return file;
      if (!(offset >= 0)) throw unanswered();
      this.#set(upload, { sent: offset }, false);
    }
  }

  /** @param {Upload} upload @param {Partial<Upload>} change @param {boolean} [keep] */
  #set(upload, change, keep = true) {
    Object.assign(upload, change);
    if (keep && this.#uploads.get(upload.key) === upload) this.store.put(upload);
    this.dispatchEvent(new CustomEvent("change", { detail: upload.key }));
  }

  /** @param {number} milliseconds @returns {Promise<void>} */
  #wait(milliseconds) {
    return new Promise((resolve) => {
      const end = () => {
        this.#waits.delete(end);
        resolve();
      };
      this.#waits.add(end);
      this.pause(milliseconds).then(end);
    });
  }
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
