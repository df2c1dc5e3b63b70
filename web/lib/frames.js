/**
 * Shows what changed, once for each frame, for events come in bursts. The frame after a key shows that key and nothing
 * else: what others wrote can wait for the next one, a hand that types cannot. It waits for one frame at most, so a key
 * that is held down holds nothing up.
 */

/** @type {Set<() => void>} */ const due = new Set();
let isAsked = false;
let isPressed = false;
let hasWaited = false;

globalThis.addEventListener?.("keydown", () => (isPressed = true), { capture: true, passive: true });

/** In the next frame, or the one after it; once, however often it is asked for. @param {() => void} show */
export function inNextFrame(show) {
  due.add(show);
  ask();
}

function ask() {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(draw);
}

function draw() {
  isAsked = false;
  hasWaited = isPressed && !hasWaited;
  isPressed = false;
  if (hasWaited) return ask();
  const shows = [...due];
  due.clear();
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
