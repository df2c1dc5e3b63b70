/** The press that is down has done what it should: the click it ends with is none for what lies there. Only that one. */
export function swallowClick() {
  const ending = new AbortController();
  const options = { signal: ending.signal, capture: true };
  document.addEventListener("click", (event) => {
    ending.abort();
    event.preventDefault();
    event.stopPropagation();
  }, options);
  // It became no click: a drag, or it is long over.
  for (const name of ["pointercancel", "pointerdown", "keydown"]) document.addEventListener(name, () => ending.abort(), options);
}
