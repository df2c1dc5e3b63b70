/**
 * Which of the messages that are loaded have rows: a window around the reader, so that a room of ten thousand messages
 * scrolls like one of a hundred. Seqs throughout, both ends included.
 *
 * @typedef {import("./timeline.js").Timeline} Timeline
 */

/** The window moves by so many messages. */
export const STEP = 25;
/** A row is not lower than this, in CSS pixels. */
const LOWEST = 20;

export class ShownWindow {
  /** So many messages have rows, and so many more as come while their end is in sight. Each costs something with every message that comes. */
  #size = 200;
  from = 1;
  to = 0;
  /** The last message that was to be had when the window was placed. */
  #end = 0;

  clear() {
    [this.from, this.to, this.#end] = [1, 0, 0];
  }

  /** As many rows as fill a height, wherever in the window one reads. @param {number} height in CSS pixels @param {number} ahead how far from an end it moves on */
  fit(height, ahead) {
    this.#size = Math.ceil((height + 2 * ahead) / LOWEST) + STEP;
  }

  /**
   * Follow what was loaded or came since.
   *
   * @param {Timeline} timeline
   * @param {{divider?: number, atBottom: boolean, isShort?: boolean}} reader `divider` is the seq after which all is new, where the
   *   room opens there; `isShort`: the rows are lower than those of so many messages should be, for many are folded into one
   */
  place({ first, last }, { divider, atBottom, isShort = false }) {
    let [from, to] = [this.from, this.to];
    if (divider !== undefined) [from, to] = [divider - STEP, divider + this.#size - STEP];
    else if (to < first || from > last || to < from) [from, to] = [last - this.#size + 1, last];
    else if (atBottom) [from, to] = [isShort || last - from < this.#size + STEP ? from : last - this.#size + 1, last];
    else if (to === this.#end && to - from < 2 * this.#size) to = last;
    [this.from, this.to, this.#end] = [Math.max(from, first), Math.min(to, last), last];
  }

  /**
   * More rows in the direction in which one reads, fewer behind.
   *
   * @param {Timeline} timeline @param {number} step negative is up @param {boolean} [isShort] nothing is let go behind
   * @returns {boolean} whether there were more to be had
   */
  move({ first, last }, step, isShort = false) {
    if (step < 0 ? this.from <= first : this.to >= last) return false;
    const [low, high] = step < 0 ? [Math.max(this.from + step, first), this.to] : [this.from, Math.min(this.to + step, last)];
    const wide = isShort ? 0 : Math.max(0, high - low + 1 - this.#size);
    [this.from, this.to] = step < 0 ? [low, high - wide] : [low + wide, high];
    return true;
  }
}
