/**
 * The WebSocket: requests matched with their responses by id, session.start first on every connection, events handed
 * on in the order they came, and the way back after a loss. Made once by the Community; `connect` opens it, `wake` is
 * called whenever the page may have slept. A connection that does not answer a ping is dropped, because after sleep a
 * browser may call a dead socket open for minutes.
 */

import { Refusal, refusalFrom, unanswered } from "./refusal.js";

const FIRST_DELAY = 1_000;
const LAST_DELAY = 30_000;
const START_LIMIT = 10_000;
const REQUEST_LIMIT = 20_000;
const PING_LIMIT = 3_000;
const WAKE_LIMIT = 2_000;
/** A connection that lived this long was a good one: the next wait begins small again. */
const SETTLED = 5_000;

/** @typedef {"idle" | "connecting" | "live" | "waiting" | "away"} Status */
/** @typedef {{resolve: (value: any) => void, reject: (error: Refusal) => void, timer: any}} Waiting */

/** @param {number} code a close code @returns whether to come back without a person's doing */
export function mayReturn(code) {
  if (code < 4000) return ![1003, 1007, 1009].includes(code);
  return code >= 4100 && code < 4500;
}

/** Full jitter. @param {number} attempt counted from 0 @param {() => number} random @returns {number} milliseconds */
export function returnDelay(attempt, random) {
  return random() * Math.min(LAST_DELAY, FIRST_DELAY * 2 ** Math.min(attempt, 16));
}

export class Wire extends EventTarget {
  /** @type {Status} */ status = "idle";
  /** Why the server asked us to stay away; 0 if it did not. */
  closeCode = 0;
  pingEvery = 25_000;
  /** @type {WebSocket | null} */ #socket = null;
  /** @type {Map<number, Waiting>} */ #waiting = new Map();
  #next = 1;
  #attempt = 0;
  #liveSince = 0;
  #startId = 0;
  /** @type {any} */ #timer = undefined;
  /** @type {any} */ #pinger = undefined;

  /**
   * @param {object} parts
   * @param {() => WebSocket} parts.open
   * @param {() => object} parts.startParams what session.start is asked with
   * @param {(result: any) => void} parts.started called before any event is handed on
   * @param {(method: string, params: any) => void} parts.heard
   * @param {() => number} [parts.random]
   */
  constructor({ open, startParams, started, heard, random = Math.random }) {
    super();
    this.open = open;
    this.startParams = startParams;
    this.started = started;
    this.heard = heard;
    this.random = random;
  }

  get live() {
    return this.status === "live";
  }

  connect() {
    clearTimeout(this.#timer);
    if (this.#socket) return;
    this.#set("connecting");
    const socket = this.open();
    this.#socket = socket;
    this.#timer = setTimeout(() => this.#drop(), START_LIMIT);
    socket.onopen = () => this.#begin();
    socket.onmessage = (event) => this.#take(event.data);
    socket.onclose = (event) => this.#closed(event.code);
  }

  /** Close and open again at once, as after signing in: the new handshake carries the new cookie. */
  restart() {
    this.#letGo();
    this.#attempt = 0;
    this.connect();
  }

  /** Close and stay closed until `connect` or `restart`: the login is about to end, by our own doing. */
  rest() {
    this.#letGo();
    this.#set("idle");
  }

  /** The page woke up, or the network came back. */
  wake() {
    if (this.live) this.#ping(WAKE_LIMIT);
    else if (this.status === "waiting") this.connect();
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @param {number} [limit] milliseconds to wait for the response
   * @returns {Promise<any>} the result; rejects with a Refusal
   */
  request(method, params = {}, limit = REQUEST_LIMIT) {
    if (!this.live) return Promise.reject(unanswered());
    return this.#ask(method, params, limit);
  }

  /** @param {string} method @param {object} params @param {number} limit @returns {Promise<any>} */
  #ask(method, params, limit) {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(id)?.reject(unanswered()), limit);
      this.#waiting.set(id, { resolve, reject, timer });
      this.#socket?.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  }

  /** @param {number} id */
  #settle(id) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.timer);
    return waiting;
  }

  #begin() {
    const socket = this.#socket;
    this.#ask("session.start", this.startParams(), START_LIMIT).catch((refusal) => {
      if (this.#socket === socket) this.#notStarted(refusal);
    });
    // The answer is taken in #take, not in a then(): events of the same turn must not overtake it.
    this.#startId = this.#next - 1;
  }

  /** @param {Refusal} refusal */
  #notStarted(refusal) {
    this.#letGo();
    if (refusal.kind === "not_signed_in") this.#stayAway(4500);
    else this.#comeBack();
  }

  /** @param {string} data */
  #take(data) {
    const frame = JSON.parse(data);
    if (frame.id === undefined || frame.id === null) {
      if (frame.method && this.live) this.heard(frame.method, frame.params ?? {});
      return;
    }
    if (frame.id === this.#startId && !frame.error) this.#goLive(frame.result);
    const waiting = this.#settle(frame.id);
    if (frame.error) waiting?.reject(refusalFrom(frame.error));
    else waiting?.resolve(frame.result);
  }

  /** @param {any} result */
  #goLive(result) {
    clearTimeout(this.#timer);
    this.#liveSince = Date.now();
    this.closeCode = 0;
    this.pingEvery = (result.server?.ping_s ?? 25) * 1000;
    this.status = "live";
    this.started(result);
    this.#pinger = setInterval(() => this.#ping(PING_LIMIT), this.pingEvery);
    this.#set("live");
  }

  /** @param {number} limit */
  #ping(limit) {
    const socket = this.#socket;
    this.request("session.ping", {}, limit).catch((refusal) => {
      if (refusal.kind === "unanswered" && this.#socket === socket && socket) this.#drop();
    });
  }

  /** Give the socket up without waiting for it. */
  #drop() {
    this.#letGo();
    this.#comeBack();
  }

  #letGo() {
    const socket = this.#socket;
    this.#socket = null;
    clearTimeout(this.#timer);
    clearInterval(this.#pinger);
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    if (this.live) this.status = "connecting";
    if (Date.now() - this.#liveSince > SETTLED && this.#liveSince) this.#attempt = 0;
    this.#liveSince = 0;
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(unanswered());
  }

  /** @param {number} code */
  #closed(code) {
    this.#letGo();
    if (mayReturn(code)) this.#comeBack();
    else this.#stayAway(code);
  }

  #comeBack() {
    this.#timer = setTimeout(() => this.connect(), returnDelay(this.#attempt, this.random));
    this.#attempt += 1;
    this.#set("waiting");
  }

  /** @param {number} code */
  #stayAway(code) {
    this.closeCode = code;
    this.#set("away");
  }

  /** @param {Status} status */
  #set(status) {
    this.status = status;
    this.dispatchEvent(new Event("status"));
  }
}
