/** How loud a recording is over its length, as a message carries it: as many numbers as the server takes, from 0 to 100. */

export const PEAKS = 64;
const LOUDEST = 100;
/** What is softer than that at its loudest is silence, and stays flat. */
const SILENCE = 0.02;

/** @param {number[]} levels in the order of time, from 0 to 1 @returns {number[]} the loudest of each part, against the loudest of all */
export function peaksOf(levels) {
  if (!levels.length) return Array(PEAKS).fill(0);
  const most = Math.max(SILENCE, ...levels);
  return Array.from({ length: PEAKS }, (_, part) => {
    const from = Math.floor((part * levels.length) / PEAKS);
    const to = Math.max(from + 1, Math.floor(((part + 1) * levels.length) / PEAKS));
    return Math.round((LOUDEST * Math.max(...levels.slice(from, to))) / most);
  });
}

/** The loudest moment of a stretch of sound. @param {Float32Array} samples from -1 to 1 @returns {number} from 0 to 1 */
export function levelOf(samples) {
  return Math.min(1, samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0));
}
