/** A QR code as the server draws it. */

const SVG = "http://www.w3.org/2000/svg";

/** The server's picture, drawn again: only its lines are taken from it. @param {string} qr @param {string} label */
export function drawnCode(qr, label) {
  const [, width = "", scale = "1"] = /width="(\d+)".*?scale\((\d+)\)/s.exec(qr) ?? [];
  const size = Number(width) / Number(scale);
  const svg = document.createElementNS(SVG, "svg");
  for (const [name, value] of [["viewBox", `0 0 ${size} ${size}`], ["role", "img"], ["aria-label", label], ["class", "qr"]]) svg.setAttribute(name ?? "", value ?? "");
  for (const [, lines = ""] of qr.matchAll(/<path[^>]*stroke[^>]*\sd="([^"]+)"/g)) {
    const path = svg.appendChild(document.createElementNS(SVG, "path"));
    path.setAttribute("d", lines);
  }
  return svg;
}
