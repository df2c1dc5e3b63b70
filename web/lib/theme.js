/** Light or dark, by the reader's word or the system's. */

/** @param {string} theme "light", "dark", or "" to follow the system */
export function applyTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}
