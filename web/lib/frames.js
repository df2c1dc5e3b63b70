/**
 * Shows what changed, once for each frame, for events come in bursts. A hand that types cannot wait, what others wrote
 * can: the frame after a key shows that key and nothing else, and while somebody types in a field, what can wait is shown
 * right behind a key's frame, when the next key is furthest, and otherwise a few times a second.
 */

const TYPING_MS = 1_000;
const WAITS_MS = 250;

/** @type {Set<() => void>} */ const due = new Set();
/** @type {Set<() => void>} what can wait */ const waiting = new Set();
let isAsked = false;
let isPressed = false;
let hasWaited = false;
let typedAt = -Infinity;
let shownAt = -Infinity;
/** @type {any} */ let timer;

globalThis.addEventListener?.("keydown", pressed, { capture: true, passive: true });

/** @param {any} event */
function pressed({ target }) {
  isPressed = true;
  if (target?.matches?.("textarea, input, [contenteditable]")) typedAt = performance.now();
  ask();
}

/** In the next frame, or the one after it; once, however often it is asked for. @param {() => void} show */
export function inNextFrame(show) {
  due.add(show);
  ask();
}

/** The same for what can wait while somebody types. @param {() => void} show */
export function whenThereIsTime(show) {
  waiting.add(show);
  askInTime();
}

/** For how long what can wait has to. */
function msToWait() {
  const now = performance.now();
  return now - typedAt > TYPING_MS ? 0 : shownAt + WAITS_MS - now;
}

function askInTime() {
  const left = msToWait();
  if (left <= 0) ask();
  else timer ??= setTimeout(ask, left);
}

function ask() {
  clearTimeout(timer);
  timer = undefined;
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(draw);
}

function draw() {
  isAsked = false;
  const isBehindKey = hasWaited;
  hasWaited = isPressed && !hasWaited;
  isPressed = false;
  if (hasWaited) return ask();
  const shows = new Set(due);
  due.clear();
  if (isBehindKey || msToWait() <= 0) {
    for (const show of waiting) shows.add(show);
    shownAt = performance.now();
  }
  for (const show of shows) waiting.delete(show);
  if (waiting.size > 0) askInTime();
  for (const show of shows) drawOne(show);
  return undefined;
}

/** What cannot be shown does not keep the others from it. @param {() => void} show */
function drawOne(show) {
  try {
    show();
  } catch (error) {
    reportError(error);
  }
}
