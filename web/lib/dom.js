/** Making elements without markup: text is always text, so nothing that people write can become an element. */

/**
 * @typedef {{class?: string, text?: string, on?: Record<string, (event: any) => void>, set?: Record<string, any>,
 *   attributes?: Record<string, string | boolean | undefined>}} Options
 */

/**
 * @param {string} tag
 * @param {Options} [options] `set` are properties, `attributes` with `true` are present and empty
 * @param {...(Node | string | null | undefined)} children
 * @returns {any} the element
 */
export function make(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  if (options.class) element.className = options.class;
  if (options.text !== undefined) element.textContent = options.text;
  for (const [name, value] of Object.entries(options.attributes ?? {})) setAttribute(element, name, value);
  Object.assign(element, options.set ?? {});
  for (const [name, listener] of Object.entries(options.on ?? {})) element.addEventListener(name, listener);
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

/** @param {Element} element @param {string} name @param {string | boolean | undefined} value */
export function setAttribute(element, name, value) {
  if (value === undefined || value === false) element.removeAttribute(name);
  else element.setAttribute(name, value === true ? "" : value);
}

/**
 * Only what is not so already: to write the same again costs a style and a layout.
 *
 * @param {any} node @param {Record<string, any>} properties
 */
export function change(node, properties) {
  for (const [name, value] of Object.entries(properties)) if (node[name] !== value) node[name] = value;
}

/** A person's name, kept from turning the line around; it says whose it is (see renaming.js). @param {{id?: string, name: string}} user */
export function nameOf({ id, name }) {
  return make("bdi", { class: "name", text: name, attributes: { "data-user": id || undefined } });
}

/** @param {string} text @param {() => void} click @param {string} [kind] the class */
export function button(text, click, kind = "action") {
  return make("button", { class: kind, text, attributes: { type: "button" }, on: { click } });
}
