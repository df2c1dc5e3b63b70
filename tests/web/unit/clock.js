/**
 * A clock that stands still until it is moved, in the place of the timers and `Date.now` for as long as a test lasts.
 * Node's own (`mock.timers`) is younger than the oldest Node that runs these tests, and an experiment.
 */

export class Clock {
  /** @type {Map<object, {at: number, every: number, ring: () => void}>} */ #set = new Map();

  /** @param {import("node:test").TestContext} t @param {number} [now] */
  constructor(t, now = Date.UTC(2026, 10, 23, 12)) {
    this.now = now;
    const { setTimeout, setInterval, clearTimeout, clearInterval, Date: { now: dateNow } } = globalThis;
    globalThis.setTimeout = /** @type {any} */ ((ring, wait = 0, ...args) => this.#put(() => ring(...args), wait, 0));
    globalThis.setInterval = /** @type {any} */ ((ring, wait, ...args) => this.#put(() => ring(...args), wait, wait));
    globalThis.clearTimeout = globalThis.clearInterval = (timer) => void this.#set.delete(timer);
    Date.now = () => this.now;
    t.after(() => {
      Object.assign(globalThis, { setTimeout, setInterval, clearTimeout, clearInterval });
      Date.now = dateNow;
    });
  }

  /** @param {() => void} ring @param {number} wait @param {number} every */
  #put(ring, wait, every) {
    // What Node's own timers are asked for is never waited for here.
    const timer = { ref: () => timer, unref: () => timer, hasRef: () => false };
    this.#set.set(timer, { at: this.now + wait, every, ring });
    return timer;
  }

  /** Time goes on, and what is due rings in its turn. @param {number} milliseconds */
  pass(milliseconds) {
    const until = this.now + milliseconds;
    for (let due = this.#next(until); due; due = this.#next(until)) {
      const [timer, { at, every, ring }] = due;
      this.now = at;
      if (every) this.#set.set(timer, { at: at + every, every, ring });
      else this.#set.delete(timer);
      ring();
    }
    this.now = until;
  }

  /** @param {number} until */
  #next(until) {
    const due = [...this.#set].filter(([, { at }]) => at <= until);
    return due.sort(([, one], [, other]) => one.at - other.at)[0];
  }
}
