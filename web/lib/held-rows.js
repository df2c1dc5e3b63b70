/** Rows that come late: what has the keyboard's focus stays where it is, whatever else was found. */

/**
 * Lay these rows into a list. One that is there already stays the same element while it looks the same; the one with the
 * focus in any case, and where it was not found any more it stands first until the focus leaves it.
 *
 * @param {HTMLElement} list @param {{key: string, look: string, make: () => HTMLElement}[]} wanted
 */
export function layRows(list, wanted) {
  const before = /** @type {HTMLElement[]} */ ([...list.children]);
  const held = before.find((row) => row.contains(document.activeElement));
  const rows = wanted.map(({ key, look, make }) => {
    const known = before.find((row) => row.dataset.key === key);
    if (known && (known === held || known.dataset.look === look)) return known;
    const made = make();
    Object.assign(made.dataset, { key, look });
    return made;
  });
  if (!held) return list.replaceChildren(...rows);
  const isLost = !rows.includes(held);
  if (isLost) rows.unshift(held);
  for (const row of before) if (!rows.includes(row)) row.remove();
  const at = rows.indexOf(held);
  held.before(...rows.slice(0, at));
  held.after(...rows.slice(at + 1));
  if (isLost) held.addEventListener("focusout", ({ relatedTarget }) => held.contains(/** @type {any} */ (relatedTarget)) || held.remove());
  return undefined;
}
