/**
 * Which of the messages that are loaded have rows: a window around the reader, so that a room of ten thousand messages
 * scrolls like one of a hundred. Its ends are seqs, both included; how wide it is counts messages, for those of a topic stand
 * far apart in their room.
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
  place(timeline, { divider, atBottom, isShort = false }) {
    const { first, last } = timeline;
    let [from, to] = [this.from, this.to];
    if (divider !== undefined) [from, to] = [timeline.away(divider, -STEP), timeline.away(divider, this.#size - STEP)];
    else if (to < first || from > last || to < from) [from, to] = [timeline.away(last, 1 - this.#size), last];
    else if (atBottom) [from, to] = [isShort || timeline.count(from, last) <= this.#size + STEP ? from : timeline.away(last, 1 - this.#size), last];
    else if (to === this.#end && timeline.count(from, to) <= 2 * this.#size) to = last;
    [this.from, this.to, this.#end] = [Math.max(from, first), Math.min(to, last), last];
    // What stands at the ends of a stretch may not be held of it.
    if (timeline.count(first, this.from - 1) === 0) this.from = first;
    if (timeline.count(this.to + 1, last) === 0) this.to = last;
  }

  /**
   * More rows in the direction in which one reads, fewer behind.
   *
   * @param {Timeline} timeline @param {number} step negative is up @param {boolean} [isShort] nothing is let go behind
   * @returns {boolean} whether there were more to be had
   */
  move(timeline, step, isShort = false) {
    const { first, last } = timeline;
    if (step < 0 ? this.from <= first : this.to >= last) return false;
    if (step < 0) [this.from, this.to] = [timeline.away(this.from, step), this.to];
    else this.to = timeline.away(this.to, step);
    const wide = isShort ? 0 : Math.max(0, timeline.count(this.from, this.to) - this.#size);
    if (step < 0) this.to = wide ? timeline.away(this.to, -wide) : this.to;
    else this.from = timeline.away(this.from, wide);
    if (step < 0 && timeline.count(first, this.from - 1) === 0) this.from = first;
    if (step > 0 && timeline.count(this.to + 1, last) === 0) this.to = last;
    return true;
  }
}
