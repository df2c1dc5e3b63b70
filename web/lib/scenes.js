/** Drawings that are not on the first screen; see drawings.js. */

import { sheet } from "./drawings.js";

/** Over a question. */
export const lantern = () => sheet("drawing lantern", [
  ["line", "M24 4v5"], ["cap", "M17 9h14v4H17z"], ["body", "M17 13c-10 5-10 19 0 24h14c10-5 10-19 0-24z"],
  ["line", "M24 13v24M19 14c-4 7-4 15 0 22m10-22c4 7 4 15 0 22"], ["cap", "M17 37h14v3H17z"], ["line", "M21 40v4m3-4v5m3-5v4"],
]);

/** At what is shut, or found nowhere. */
export const door = () => sheet("drawing door", [
  ["body", "M12 8h24v34H12z"], ["line", "M24 8v34M6 43h36M8 8h32"], ["line", "M21 25v3m6-3v3"],
  ["line", "M16 13h4v6h-4zm12 0h4v6h-4z"],
]);

/** Where there is somebody still to be met. */
export const path = () => sheet("drawing path", [["line", "M6 40c10-2 4-12 14-14s4-10 22-16"], ["body", "M34 8a5 5 0 1 1 10 0c0 4-5 8-5 8s-5-4-5-8z"], ["line", "M6 43h8"]]);

/** Beside the first words of somebody who is new. */
export const leaf = () => sheet("drawing leaf", [["body", "M10 38C6 20 18 9 40 8c0 20-10 32-26 28"], ["line", "M8 42c5-12 12-19 22-24"]]);
