/** Tells when another day begins, so that "Today" is never yesterday: at midnight, and when the page wakes after it. */

import { dayKey } from "../lib/times.js";

/** A machine that slept has timers that are late; it notices within this. */
const PATIENCE = 60_000;

export class Days extends EventTarget {
  #day = dayKey(Date.now());

  begin() {
    this.#wait();
  }

  /** Look whether it is another day; a `day` event says so. */
  look() {
    const day = dayKey(Date.now());
    if (day === this.#day) return;
    this.#day = day;
    this.dispatchEvent(new Event("day"));
  }

  #wait() {
    const now = Date.now();
    const midnight = new Date(now).setHours(24, 0, 0, 0);
    setTimeout(() => {
      this.look();
      this.#wait();
    }, Math.min(PATIENCE, midnight - now));
  }
}
