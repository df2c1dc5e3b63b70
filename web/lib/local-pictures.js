/** Pictures that were sent from this page, by file id: they are shown from here and not fetched again. */

const MOST = 40;
/** @type {Map<string, string>} */ const urls = new Map();

/** @param {string} id @param {Blob} blob */
export function keepLocal(id, blob) {
  if (urls.has(id)) return;
  urls.set(id, URL.createObjectURL(blob));
  for (const [oldest, url] of urls) {
    if (urls.size <= MOST) return;
    URL.revokeObjectURL(url);
    urls.delete(oldest);
  }
}

/** @param {string} id @returns {string | undefined} its address */
export function localPicture(id) {
  return urls.get(id);
}
