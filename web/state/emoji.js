/**
 * The emoji, as the page offers them: by group, by word in three languages, by pinyin, and those used lately first. The
 * lists lie in web/emoji/ (tests/web/emoji.py says how they are made) and are loaded when they are first wanted.
 *
 * @typedef {[emoji: string, name: string, words: string, toned?: string]} Row `words` are parted by |, a `.` in `toned`
 *   stands where a tone of skin goes
 * @typedef {{tones: string[], groups: {name: string, emoji: Row[]}[], since?: Record<string, string[]>, sounds?: Record<string, string>, read?: Record<string, string>}} List
 * @typedef {{names: string[], words: string[], sounds: string[], row: Row}} Entry
 */

export const TONES = ["", "🏻", "🏼", "🏽", "🏾", "🏿"];
const MOST_RECENT = 27;
const HAN = /[\u3400-\u9fff]/;
/** How well a word fits what was typed; what fits no way is not shown. */
const NAME = 0;
const EXACT = 1;
const BEGINS = 2;
const WORD_BEGINS = 3;
const OTHER_WORD = 4;
const WITHIN = 5;
const NOT = 6;

export class EmojiBook {
  /** @type {Map<string, Promise<List>>} */ #lists = new Map();
  /** @type {Map<List, Entry[]>} */ #entries = new Map();

  /**
   * @param {(language: string) => Promise<List>} load
   * @param {{chosen: {emoji?: {recent?: string[], tone?: number}}, set: (change: any) => void}} preferences
   */
  constructor(load, preferences) {
    this.load = load;
    this.preferences = preferences;
  }

  /** @param {string} language @returns {Promise<List>} rejects where it could not be loaded; asking again tries again */
  list(language) {
    const coming = this.#lists.get(language) ?? this.load(language).catch((error) => {
      this.#lists.delete(language);
      throw error;
    });
    this.#lists.set(language, coming);
    return coming;
  }

  /**
   * In one's own language, and in whichever the words are written in.
   *
   * @param {string} words @param {string} language @param {number} most
   * @returns {Promise<Row[]>} best first, named in one's own language
   */
  async search(words, language, most) {
    const wanted = words.trim().toLowerCase().replaceAll("_", " ");
    if (!wanted) return [];
    const own = await this.list(language);
    const byEmoji = new Map(own.groups.flatMap(({ emoji }) => emoji).map((row) => [row[0], row]));
    /** @type {Map<string, number>} */ const found = new Map();
    for (const other of new Set([language, ...(HAN.test(wanted) ? ["zh-Hans", "zh-Hant"] : ["en"])])) {
      const list = other === language ? own : await this.list(other).catch(() => undefined);
      for (const { row, ...entry } of list ? this.#entriesOf(list) : []) {
        const fit = fitOf(entry, wanted);
        if (fit < (found.get(row[0]) ?? NOT)) found.set(row[0], fit);
      }
    }
    // Both lists are in one order, and sorting keeps it among equals.
    const order = [...byEmoji.keys()].filter((emoji) => found.has(emoji));
    order.sort((one, other) => (found.get(one) ?? NOT) - (found.get(other) ?? NOT));
    return order.slice(0, most).map((emoji) => /** @type {Row} */ (byEmoji.get(emoji)));
  }

  /** @param {List} list */
  #entriesOf(list) {
    const known = this.#entries.get(list);
    if (known) return known;
    const sounds = soundsOf(list);
    const entries = list.groups.flatMap(({ emoji }) => emoji).map((row) => {
      const [name, words] = [row[1].toLowerCase(), row[2].toLowerCase().split("|").map((word) => word.replaceAll("_", " "))];
      return { names: [name], words, sounds: list.sounds ? [row[1], ...row[2].split("|")].flatMap((word) => sounds(word)) : [], row };
    });
    this.#entries.set(list, entries);
    return entries;
  }

  /** @returns {string[]} those used last, newest first, as they were used */
  get recent() {
    return this.preferences.chosen.emoji?.recent ?? [];
  }

  /** The tone of skin that was chosen: 0 for none, else 1 (light) to 5 (dark). */
  get tone() {
    return this.preferences.chosen.emoji?.tone ?? 0;
  }

  /** @param {string} emoji */
  use(emoji) {
    const recent = [emoji, ...this.recent.filter((other) => other !== emoji)].slice(0, MOST_RECENT);
    this.preferences.set({ emoji: { ...this.preferences.chosen.emoji, recent } });
  }

  /** @param {number} tone */
  choose(tone) {
    this.preferences.set({ emoji: { ...this.preferences.chosen.emoji, tone } });
  }

  /** The emoji in the tone that was chosen. @param {Row} row @returns {string} */
  shown([emoji, , , toned]) {
    return toned && this.tone ? toned.replaceAll(".", TONES[this.tone] ?? "") : emoji;
  }
}

/** @param {Omit<Entry, "row">} entry @param {string} wanted */
function fitOf({ names, words, sounds }, wanted) {
  const [name = ""] = names;
  if (name === wanted) return NAME;
  if (words.includes(wanted) || sounds[0] === wanted) return EXACT;
  if (name.startsWith(wanted)) return BEGINS;
  if (name.includes(` ${wanted}`) || sounds[0]?.startsWith(wanted)) return WORD_BEGINS;
  if (words.some((word) => word.startsWith(wanted)) || sounds.some((sound) => sound.startsWith(wanted))) return OTHER_WORD;
  const isLong = wanted.length > 2 || HAN.test(wanted);
  return isLong && (name.includes(wanted) || words.some((word) => word.includes(wanted))) ? WITHIN : NOT;
}

/** How a word sounds, in full and by its initials: `weixiao`, `wx`. @param {List} list @returns {(word: string) => string[]} */
function soundsOf({ sounds = {}, read = {} }) {
  const syllables = new Map(Object.entries(sounds).flatMap(([syllable, chars]) => [...chars].map((char) => [char, syllable])));
  return (word) => {
    const said = read[word]?.split(" ") ?? [...word].filter((char) => HAN.test(char)).map((char) => syllables.get(char) ?? "");
    return said.length ? [said.join(""), said.map((syllable) => syllable.charAt(0)).join("")] : [];
  };
}

/** @param {string} language @returns {Promise<List>} */
async function fetchList(language) {
  const answer = await fetch(new URL(`../emoji/${language}.json`, import.meta.url));
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

/** @type {EmojiBook | undefined} */ let book;

/** The one book of the page. @param {ConstructorParameters<typeof EmojiBook>[1]} preferences */
export function emojiBook(preferences) {
  return (book ??= new EmojiBook(fetchList, preferences));
}
