/** The small line icons of the working parts: 24 by 24, drawn in the colour of the text around them. */

const SVG = "http://www.w3.org/2000/svg";

/** Those of the first screen; more-icons.js adds the rest. @type {Record<string, string>} */
export const ICONS = {
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16.2 16.2 20 20",
  bell: "M6 17h12c-1.5-1.5-1.5-3-1.5-6a4.5 4.5 0 0 0-9 0c0 3 0 4.5-1.5 6zM10.5 20h3",
  people: "M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11zM3.5 19c.3-3.5 2.5-5.3 5.5-5.3s5.2 1.8 5.5 5.3M15.5 5.2a3 3 0 0 1 0 5.6M17.5 14c1.8.7 2.9 2.3 3 5",
  person: "M12 11.5a3.6 3.6 0 1 0 0-7.2 3.6 3.6 0 0 0 0 7.2zM5 20c.4-4 3-6 7-6s6.6 2 7 6",
  hash: "M9 4 7 20M17 4l-2 16M4 9h16M3.5 15h16",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  forum: "M5 5h14v9H11l-4 4v-4H5zM8.5 8.5h7M8.5 11h4",
  star: "m12 4 2.4 5 5.6.7-4.1 3.8 1.1 5.5L12 16.3 7 19l1.1-5.5L4 9.7 9.6 9z",
  mute: "M6 17h12c-1.5-1.5-1.5-3-1.5-6a4.5 4.5 0 0 0-7-3.7M7.5 10.5c0 3.5 0 5-1.5 6.5M10.5 20h3M4 4l16 16",
  plus: "M12 5v14M5 12h14",
  gear: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM12 3.5v2.3M12 18.2v2.3M3.5 12h2.3M18.2 12h2.3M6 6l1.6 1.6M16.4 16.4 18 18M18 6l-1.6 1.6M7.6 16.4 6 18",
  down: "m6 9.5 6 6 6-6",
  right: "m9.5 6 6 6-6 6",
  left: "m14.5 6-6 6 6 6",
  pin: "M9 4h6l-.8 6 3 3.5H6.8l3-3.5zM12 13.5V20",
  more: "M5.5 12h.01M12 12h.01M18.5 12h.01",
  smile: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM8.8 14c.8 1.3 1.9 2 3.2 2s2.4-.7 3.2-2M9.3 9.8v.4M14.7 9.8v.4",
  reply: "M9.5 7 4.5 12l5 5M5 12h8.5c3.5 0 6 2.2 6 6",
  at: "M15.5 12a3.5 3.5 0 1 1-7 0 3.5 3.5 0 0 1 7 0zm0 0v1.3c0 2.9 4 2.5 4-1.3a7.5 7.5 0 1 0-3.3 6.2",
  send: "M12 19V5.5M6 11l6-6 6 6",
  close: "M6 6l12 12M18 6 6 18",
};

/** @param {string} name @param {string} [kind] a further class */
export function icon(name, kind = "") {
  const drawn = document.createElementNS(SVG, "svg");
  drawn.setAttribute("class", `icon ${kind}`.trim());
  drawn.setAttribute("viewBox", "0 0 24 24");
  drawn.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name] ?? "");
  drawn.append(path);
  return drawn;
}

/**
 * A button that shows an icon only; its name is read aloud and shown on hover.
 *
 * @param {string} name the icon
 * @param {string} label
 * @param {(event: MouseEvent) => void} click
 * @param {string} [kind] a further class
 */
export function iconButton(name, label, click, kind = "") {
  const made = document.createElement("button");
  made.type = "button";
  made.className = `icon-button ${kind}`.trim();
  made.title = label;
  made.setAttribute("aria-label", label);
  made.append(icon(name));
  made.addEventListener("click", click);
  return made;
}
