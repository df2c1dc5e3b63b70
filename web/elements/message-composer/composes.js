/** @param {KeyboardEvent} event whether the key belongs to an input method (Safari ends composition before it) */
export function composes(event) {
  return event.isComposing || event.keyCode === 229;
}
