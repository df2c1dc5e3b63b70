/** Random ids of the page's own making. `crypto.randomUUID` is missing on plain http addresses other than localhost. */

/** A fresh client_id: 24 hexadecimal characters. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
