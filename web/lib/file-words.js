/** What is said of a file in a few letters. */

const UNITS = /** @type {const} */ (["kilobyte", "megabyte", "gigabyte"]);

/** Its size, as files are measured: in thousands, at least one. @param {string} language @param {number} bytes */
export function sizeWords(language, bytes) {
  const power = Math.min(UNITS.length, Math.max(1, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const value = Math.max(1, bytes / 1000 ** power);
  const options = { style: "unit", unit: UNITS[power - 1], unitDisplay: "short", maximumFractionDigits: value < 10 && power > 1 ? 1 : 0 };
  return new Intl.NumberFormat(language, /** @type {any} */ (options)).format(value);
}

/** The ending of its name, which most people know it by. @param {string} name @param {string} type */
export function kindWords(name, type) {
  const ending = /\.([\p{L}\p{N}]{1,6})$/u.exec(name)?.[1] ?? type.split("/")[1]?.replace(/^x-|[+;].*$/g, "") ?? "";
  return ending.toUpperCase().slice(0, 8);
}

/** How long a recording lasts, as on a clock. @param {number} seconds */
export function lengthWords(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
