/** Light or dark, how close messages stand and how large text is, by the reader's word or the system's. */

/** @param {string} theme "light", "dark", or "" to follow the system */
export function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

/** How close messages stand. @param {string} density "compact", or "" for comfortable @param {(href: string) => Promise<void>} bringStyle */
export function applyDensity(density, bringStyle) {
  if (density) document.documentElement.dataset.density = density;
  else delete document.documentElement.dataset.density;
  if (density) bringStyle(new URL("../styles/compact.css", import.meta.url).href).catch(() => undefined);
}

/** @param {string} size "large", "larger", or "" for what the browser is set to */
export function applyTextSize(size) {
  document.documentElement.style.fontSize = { large: "112.5%", larger: "125%" }[size] ?? "";
}
