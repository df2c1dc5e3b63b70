/** What is hidden in a text is opened by a click or a key. @param {any} event */
export function openSpoiler(event) {
  const spoiler = event.target.closest?.(".spoiler");
  if (!spoiler || spoiler.getAttribute("aria-expanded") === "true") return;
  event.preventDefault();
  spoiler.setAttribute("aria-expanded", "true");
  spoiler.removeAttribute("role");
}
