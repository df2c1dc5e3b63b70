/**
 * A sentence with a person in it, wherever the language puts them.
 *
 * @param {string} words with `{name}` where the person goes
 * @param {Node} person
 */
export function around(words, person) {
  const [before = "", after = ""] = words.split("{name}");
  return [before, person, after];
}
