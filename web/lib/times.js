/** Days and times in the reader's own zone and language. Formatters are kept: making one costs as much as 50 uses. */

/** @type {Map<string, Intl.DateTimeFormat>} */ const formats = new Map();
const DAY = 86_400_000;

/** @param {string} locale @param {Intl.DateTimeFormatOptions} options */
function format(locale, options) {
  const key = locale + JSON.stringify(options);
  const kept = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, kept);
  return kept;
}

const QUARTER = 15 * 60_000;
let kept = { quarter: NaN, zone: /** @type {string | undefined} */ (undefined), day: "" };

/**
 * The day a moment falls on, as "2026-11-22". The day before is kept, for a list of messages asks for the same again and
 * again; in every zone days begin at a quarter of an hour.
 *
 * @param {number} at @param {string} [zone] the reader's own where absent
 */
export function dayKey(at, zone) {
  const quarter = Math.floor(at / QUARTER);
  if (kept.quarter !== quarter || kept.zone !== zone) {
    const day = format("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(at);
    kept = { quarter, zone, day };
  }
  return kept.day;
}

/** As the reader's country writes it, if the browser says which: "19:24" or "7:24 PM". @param {string} locale @param {number} at @param {string} [zone] */
export function clockTime(locale, at, zone) {
  const own = globalThis.navigator?.languages?.find((language) => language.startsWith(locale)) ?? locale;
  return format(own, { timeZone: zone, hour: "numeric", minute: "2-digit" }).format(at);
}

/** The whole of a moment, for titles. @param {string} locale @param {number} at @param {string} [zone] */
export function fullTime(locale, at, zone) {
  return format(locale, { timeZone: zone, dateStyle: "full", timeStyle: "short" }).format(at);
}

/** A date, with the year where it is another. @param {string} locale @param {number} at @param {number} [now] */
export function shortDate(locale, at, now = Date.now()) {
  const sameYear = dayKey(at).slice(0, 4) === dayKey(now).slice(0, 4);
  return format(locale, sameYear ? { month: "short", day: "numeric" } : { dateStyle: "medium" }).format(at);
}

/**
 * The heading of a day: "today", "yesterday", the weekday within a week, else the date.
 *
 * @param {string} locale
 * @param {number} at
 * @param {number} now
 * @param {string} [zone]
 */
export function dayName(locale, at, now, zone) {
  const days = daysAgo(at, now, zone);
  if (days === 0 || days === 1) {
    const word = new Intl.RelativeTimeFormat(locale, { numeric: "auto" }).format(-days, "day");
    return word.charAt(0).toLocaleUpperCase(locale) + word.slice(1);
  }
  return dayWithin(locale, at, now, zone);
}

/** @param {number} at @param {number} now @param {string} [zone] */
function daysAgo(at, now, zone) {
  return Math.round((Date.parse(dayKey(now, zone)) - Date.parse(dayKey(at, zone))) / DAY);
}

/** A day for use in a sentence: the weekday within a week, else the date. @param {string} locale @param {number} at @param {number} now @param {string} [zone] */
export function dayWithin(locale, at, now, zone) {
  const days = daysAgo(at, now, zone);
  if (days >= 0 && days < 7) return format(locale, { timeZone: zone, weekday: "long" }).format(at);
  const sameYear = dayKey(at, zone).slice(0, 4) === dayKey(now, zone).slice(0, 4);
  return format(locale, { timeZone: zone, month: "long", day: "numeric", ...(sameYear ? {} : { year: "numeric" }) }).format(at);
}

/** How long ago, in the largest unit that fits. @param {string} locale @param {number} at @param {number} now @param {string} justNow words for less than a minute */
export function ago(locale, at, now, justNow) {
  const minutes = Math.round((at - now) / 60_000);
  if (minutes >= 0) return justNow;
  const words = new Intl.RelativeTimeFormat(locale, { numeric: "auto", style: "short" });
  if (minutes > -60) return words.format(minutes, "minute");
  if (minutes > -60 * 24) return words.format(Math.round(minutes / 60), "hour");
  return words.format(Math.round(minutes / 60 / 24), "day");
}
