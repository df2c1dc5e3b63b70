/** What is hidden in a text is opened by a click or a key. @param {any} event */
export function openSpoiler(event) {
  const spoiler = event.target.closest?.(".spoiler");
  if (!spoiler || spoiler.classList.contains("open")) return;
  event.preventDefault();
  for (const name of ["role", "aria-label", "aria-expanded"]) spoiler.removeAttribute(name);
  spoiler.classList.add("open");
}
