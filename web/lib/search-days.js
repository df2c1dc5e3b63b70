/** Days of a search, written 2026-11-22, in the reader's own zone. */

import { dayKey, shortDate } from "./times.js";

const DAY = /^(\d{4})-(\d\d)-(\d\d)$/;

/** The moment at which a day begins; 0 where none is given. @param {string} day @param {number} [later] days after it */
export function dayStart(day, later = 0) {
  const [, year = "", month = "", date = ""] = DAY.exec(day) ?? [];
  return year ? Math.max(0, new Date(Number(year), Number(month) - 1, Number(date) + later).getTime()) : 0;
}

/** @param {number} now @param {number} days before it */
export function dayBefore(now, days) {
  const date = new Date(now);
  date.setDate(date.getDate() - days);
  return dayKey(date.getTime());
}

/**
 * The days of a search in words; "" for no days.
 *
 * @param {{say: (key: string, values?: any) => string, language: string}} element @param {{since: string, until: string}} days
 */
export function daysWords({ say, language }, { since, until }) {
  const [first, last] = [since, until].map((day) => (dayStart(day) ? shortDate(language, dayStart(day)) : ""));
  if (first && first === last) return first;
  if (first && last) return `${first} – ${last}`;
  if (first) return say("search.since", { day: first });
  return last ? say("search.until", { day: last }) : "";
}
