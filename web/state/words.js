/**
 * The page's words in the reader's language, from the JSON catalogues of i18n/: those of the frame (i18n/first/) before the
 * first paint, all others beside the messages.
 */

export const LANGUAGES = ["en", "zh-Hans", "zh-Hant"];

/** The catalogue for what a browser or person asks for. @param {readonly string[]} wanted @param {string} fallback */
export function chooseLanguage(wanted, fallback) {
  for (const tag of wanted) {
    const lower = tag.toLowerCase();
    if (lower.startsWith("zh")) return /hant|tw|hk|mo/.test(lower) ? "zh-Hant" : "zh-Hans";
    if (lower.startsWith("en")) return "en";
  }
  return LANGUAGES.includes(fallback) ? fallback : "en";
}

export class Words extends EventTarget {
  /** @type {Record<string, string>} */ #catalogue = {};
  /** @type {Promise<void> | undefined} until all are there */ #whole;
  /** Made once for a language: that costs as much as fifty uses. @type {{language: string, plural: Intl.PluralRules} | undefined} */ #rules;
  language = "en";

  /** @param {(name: string) => Promise<Record<string, string>>} load a catalogue: "first/en" or "en" */
  constructor(load) {
    super();
    this.load = load;
  }

  /** Until the words of the frame are there. @param {string} language */
  async begin(language) {
    this.#catalogue = await this.load(`first/${language}`);
    this.language = language;
  }

  /** Until all words are there. Rejects where they could not be loaded; asking again tries again. @returns {Promise<void>} */
  whole() {
    this.#whole ??= this.#complete().catch((error) => {
      this.#whole = undefined;
      throw error;
    });
    return this.#whole;
  }

  async #complete() {
    const { language } = this;
    const others = await this.load(language);
    if (language === this.language) this.#catalogue = { ...this.#catalogue, ...others };
  }

  /** Another language. @param {string} language */
  async speak(language) {
    const [first, others] = await Promise.all([this.load(`first/${language}`), this.load(language)]);
    this.#catalogue = { ...first, ...others };
    this.#whole = Promise.resolve();
    this.language = language;
    this.dispatchEvent(new Event("change"));
  }

  /**
   * The words for a key. `{name}` is filled in; with a `count` the key's plural form is taken (`key.one`, `key.other`).
   *
   * @param {string} key @param {Record<string, string | number>} [values]
   */
  say(key, values = {}) {
    const text = this.#catalogue[this.#plural(key, values.count)] ?? this.#catalogue[key] ?? key;
    if (!text.includes("{")) return text;
    return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
  }

  /** @param {string} key */
  has(key) {
    return key in this.#catalogue;
  }

  /** @param {string} key @param {string | number | undefined} count */
  #plural(key, count) {
    if (typeof count !== "number") return key;
    if (this.#rules?.language !== this.language) this.#rules = { language: this.language, plural: new Intl.PluralRules(this.language) };
    return `${key}.${this.#rules.plural.select(count) === "one" ? "one" : "other"}`;
  }
}
