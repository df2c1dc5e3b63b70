/** What is said to `/files` for an upload: begin it, ask how far it came, send the next part, give it up. */

import { Refusal, refusalFrom, unanswered } from "../lib/refusal.js";

const SMALLEST_PART = 64 * 1024;
const FIRST_PART = 512 * 1024;
const LARGEST_PART = 4 * 1024 * 1024;
/** A part that took less than this (ms) may be followed by a larger one. */
const QUICK = 700;
/** For answers without a body. @type {Record<number, number>} */
const CODES = { 401: -32001, 403: -32002, 404: -32004, 429: -32029, 503: -32050 };

/** @typedef {import("./uploads.js").Upload} Upload */

export class UploadLine {
  #part = FIRST_PART;
  #most = LARGEST_PART;

  /** @param {typeof fetch} fetch @param {() => number} now */
  constructor(fetch, now) {
    this.fetch = fetch;
    this.now = now;
  }

  /** @param {Upload} upload @param {AbortSignal} signal @returns {Promise<string>} its id */
  async begin(upload, signal) {
    const { purpose, room, name, size, type, keep, seconds, peaks } = upload;
    const body = JSON.stringify({ for: purpose, name, size, type, ...(room && { room }), ...(keep && { keep }), ...(seconds && { seconds }), ...(peaks && { peaks }) });
    const answer = await this.#ask("POST", "/files", { body, signal, headers: { "Content-Type": "application/json" } });
    return (await bodyOf(answer)).file.id;
  }

  /** @param {string} id @param {AbortSignal} signal @returns {Promise<number>} how many bytes the server has */
  async offset(id, signal) {
    return offsetOf(await this.#ask("HEAD", `/files/${id}`, { signal }));
  }

  /**
   * Send what comes next. A part follows the line: larger where it is quick, smaller where something between here and the
   * server lets no more through.
   *
   * @param {Upload} upload @param {AbortSignal} signal @returns {Promise<{offset: number, file?: any}>}
   */
  async part({ id, blob, sent, size }, signal) {
    const began = this.now();
    const body = blob.slice(sent, Math.min(size, sent + this.#part));
    const headers = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(sent) };
    const answer = await this.#ask("PATCH", `/files/${id}`, { body, headers, signal });
    if (answer.status === 413) return { offset: this.#shrink(sent) };
    if (this.now() - began < QUICK) this.#part = Math.min(2 * this.#part, this.#most);
    if (answer.status === 200) return { offset: size, file: (await bodyOf(answer)).file };
    return { offset: offsetOf(answer) };
  }

  /** @param {number} sent */
  #shrink(sent) {
    if (this.#part <= SMALLEST_PART) throw new Refusal(-32006, "too large", { reason: "file_too_large" });
    this.#most = this.#part = Math.max(SMALLEST_PART, this.#part / 2);
    return sent;
  }

  /** Nobody waits for that. @param {string} id */
  give(id) {
    this.fetch(`/files/${id}`, { method: "DELETE" }).catch(() => undefined);
  }

  /** @param {string} method @param {string} path @param {RequestInit} options */
  async #ask(method, path, options) {
    const answer = await this.fetch(path, { method, ...options }).catch(() => Promise.reject(unanswered()));
    if (answer.ok || answer.headers.has("Upload-Offset")) return answer;
    const error = (await bodyOf(answer).catch(() => undefined))?.error;
    if (error) throw refusalFrom(error);
    // From something in between, which takes no bodies so large.
    if (answer.status === 413 && method === "PATCH") return answer;
    const code = CODES[answer.status];
    throw code ? new Refusal(code, "") : unanswered();
  }
}

/** @param {Response} answer */
function offsetOf(answer) {
  return Number(answer.headers.get("Upload-Offset") ?? NaN);
}

/** @param {Response} answer @returns {Promise<any>} rejects where the answer broke off */
function bodyOf(answer) {
  return answer.json().catch(() => Promise.reject(unanswered()));
}
