/**
 * Which of the messages that are loaded have rows: a window around the reader, so that a room of ten thousand messages
 * scrolls like one of a hundred. Seqs throughout, both ends included.
 *
 * @typedef {import("./timeline.js").Timeline} Timeline
 */

/** So many messages have rows, and so many more as come while their end is in sight; the window moves by a step. */
const SHOWN = 200;
export const STEP = 25;

export class ShownWindow {
  from = 1;
  to = 0;
  /** The last message that was to be had when the window was placed. */
  #end = 0;

  clear() {
    [this.from, this.to, this.#end] = [1, 0, 0];
  }

  /**
   * Follow what was loaded or came since.
   *
   * @param {Timeline} timeline
   * @param {{divider?: number, atBottom: boolean}} reader `divider` is the seq after which all is new, where the room opens there
   */
  place({ first, last }, { divider, atBottom }) {
    let [from, to] = [this.from, this.to];
    if (divider !== undefined) [from, to] = [divider - STEP, divider + SHOWN - STEP];
    else if (to < first || from > last || to < from) [from, to] = [last - SHOWN + 1, last];
    else if (atBottom) [from, to] = [last - from < SHOWN + STEP ? from : last - SHOWN + 1, last];
    else if (to === this.#end && to - from < 2 * SHOWN) to = last;
    [this.from, this.to, this.#end] = [Math.max(from, first), Math.min(to, last), last];
  }

  /**
   * More rows in the direction in which one reads, fewer behind.
   *
   * @param {Timeline} timeline @param {number} step negative is up
   * @returns {boolean} whether there were more to be had
   */
  move({ first, last }, step) {
    if (step < 0 ? this.from <= first : this.to >= last) return false;
    const [low, high] = step < 0 ? [Math.max(this.from + step, first), this.to] : [this.from, Math.min(this.to + step, last)];
    const wide = Math.max(0, high - low + 1 - SHOWN);
    [this.from, this.to] = step < 0 ? [low, high - wide] : [low + wide, high];
    return true;
  }
}
