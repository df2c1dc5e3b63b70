/** One sound at a time: what begins to play stops what plays. Whatever is played is on the page, so all of it is heard here. */

/** @type {HTMLMediaElement | undefined} */ let playing;

document.addEventListener("play", ({ target }) => {
  if (playing !== target) playing?.pause();
  playing = /** @type {HTMLMediaElement} */ (target);
}, { capture: true });

/** Silence, as while somebody records. */
export function hush() {
  playing?.pause();
}
