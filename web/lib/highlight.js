/** Colours for code, made from tokens and never from markup. The highlighter and each language are loaded when first wanted. */

import { make } from "./dom.js";

const VENDOR = "../vendor/speed-highlight";
/** By the words that people write behind the ticks. */
const LANGUAGES = /** @type {Record<string, string>} */ ({
  ...Object.fromEntries(["bash", "c", "css", "diff", "go", "html", "ini", "java", "js", "json", "lua", "make", "md", "py", "rs", "sql", "toml", "ts", "xml", "yaml"].map((name) => [name, name])),
  docker: "docker", dockerfile: "docker", sh: "bash", shell: "bash", zsh: "bash", "c++": "c", cpp: "c", h: "c", "c#": "java", cs: "java", kotlin: "java", kt: "java",
  patch: "diff", golang: "go", htm: "html", svg: "xml", vue: "html", conf: "ini", javascript: "js", jsx: "js", mjs: "js", makefile: "make",
  markdown: "md", python: "py", python3: "py", rust: "rs", typescript: "ts", tsx: "ts", yml: "yaml", json5: "json", jsonc: "json", scss: "css", less: "css", postgres: "sql", mysql: "sql",
});
/** Of which languages code in these may hold pieces. */
const WITHIN = ["jsdoc", "regex", "todo", "uri"];
/** The patterns take time by the square of a long line or a long blank: 1.1 s for 8,000 blanks in JavaScript. */
const LONGEST = 8_000;
const SLOW = /\S.{600}|\s{120}/;

/** @typedef {{sub: any[]} | any[]} Grammar */
/** @type {Map<string, Promise<Grammar>>} each once */ const grammars = new Map();

/** @param {string} language as it is written behind the ticks @returns {boolean} whether there are colours for it */
export function knows(language) {
  return Object.hasOwn(LANGUAGES, language.toLowerCase());
}

/**
 * The code in spans whose class says what they are: kwd, str, num, cmnt, func, class, type, oper, var, bool, section,
 * insert, deleted, esc, err.
 *
 * @param {string} code @param {string} language
 * @returns {Promise<DocumentFragment>} plain text where the language is not known; rejects where a file could not be loaded
 */
export async function highlight(code, language) {
  const made = document.createDocumentFragment();
  if (!knows(language) || !isOrdinary(code)) {
    made.append(code);
    return made;
  }
  addColours();
  const { tokenizer } = await load("tokenize.js");
  const steps = tokenizer(code, LANGUAGES[language.toLowerCase()], (/** @type {string} */ text, /** @type {string | undefined} */ kind) => {
    if (text) made.append(kind ? make("span", { class: kind, text }) : text);
  });
  for (let step = steps.next(); !step.done;) step = steps.next(await grammar(step.value));
  return made;
}

/** Whether it is code as people write it, and not made to be slow. @param {string} code */
export function isOrdinary(code) {
  return code.length <= LONGEST && !SLOW.test(code);
}

let coloured = false;

function addColours() {
  if (coloured) return;
  coloured = true;
  document.head.append(make("link", { attributes: { rel: "stylesheet", href: new URL("../styles/code.css", import.meta.url).href } }));
}

/** @param {string} name @returns {Promise<Grammar | undefined>} nothing where there are no colours for it */
async function grammar(name) {
  if (!Object.hasOwn(LANGUAGES, name) && !WITHIN.includes(name)) return undefined;
  const coming = grammars.get(name) ?? load(`languages/${name}.js`).then((module) => module.default).catch((error) => {
    grammars.delete(name);
    throw error;
  });
  grammars.set(name, coming);
  return coming;
}

/** @param {string} path @returns {Promise<any>} */
function load(path) {
  return import(new URL(`${VENDOR}/${path}`, import.meta.url).href);
}
