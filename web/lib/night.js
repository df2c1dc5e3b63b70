/** Whether it is night for a reader: nobody is called then. */

/**
 * @param {Date} now read in the zone of the browser
 * @param {{from: string, to: string}} night as "22:00"; the same twice is no night
 */
export function isNight(now, { from, to }) {
  const minute = now.getHours() * 60 + now.getMinutes();
  const [begins, ends] = [minuteOf(from), minuteOf(to)];
  return begins <= ends ? minute >= begins && minute < ends : minute >= begins || minute < ends;
}

/** @param {string} time */
function minuteOf(time) {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}
