/**
 * What a message's text means: links, **bold**, *italic*, ~~struck~~, ||spoilers||, `code`, calls by @name, #rooms, quotes,
 * lists, headings and fenced code. One pass over the text, each character looked at a bounded number of times, so that no
 * text can be slow.
 *
 * CommonMark decides by punctuation and spaces whether `**` opens or closes, which leaves `**重点。**后面` unbold:
 * Chinese has no spaces. Here a mark opens before anything but a space and closes behind anything but a space, save that
 * none opens inside a word of a script that does use spaces (`2*3*4`, `snake_case_name`).
 *
 * @typedef {{kind: "text", text: string} | {kind: "code", text: string} | Link | {kind: "mention", text: string, handle: string}
 *   | {kind: "room", text: string, name: string} | {kind: "bold" | "italic" | "strike" | "spoiler", children: Inline[]}} Inline
 * @typedef {{kind: "link", text: string, href: string, host?: string}} Link `host` is to be shown beside words that look
 *   like another address
 * @typedef {{kind: "lines" | "quote" | "heading", children: Inline[]} | {kind: "block", text: string, language?: string}
 *   | List} Block
 * @typedef {{kind: "list", ordered: boolean, start: number, items: {children: Inline[], lists: List[]}[]}} List
 * @typedef {{mention?: (word: string) => number, room?: (words: string) => number}} Known how many characters behind an
 *   `@` or `#` are a name, of those given; where it cannot be asked, every word may be one
 */

import { isCjk, readLink, readTarget } from "./links.js";

const WORD = /[\p{L}\p{N}]/u;
const SPACE = /\s/;
/** Behind the ticks any words may stand that hold no other tick: `c#`, `js title="a"`, `代码`. */
const FENCE = /^ {0,3}(`{3,})\s*([^`\s]*)[^`]*$/;
const FENCE_END = /^ {0,3}(`{3,})\s*$/;
const HEADING = /^#{1,6} +(?=\S)/;
const ITEM = /^( {0,12})(?:[-*•]|(\d{1,9})[.)]) +(?=\S)/;
const GOES_ON = /^ {2,}\S/;
const DEEPEST = 2;
/** A handle has at most 30 characters, a room's title 60. */
const NAME = /[\p{L}\p{N}\p{M}_.-]{2,60}/uy;
const LONGEST_NAME = 60;
const MARK = "*_~|｜";
const MARKS = /** @type {Record<string, "bold" | "italic" | "strike" | "spoiler">} */ ({
  "**": "bold", "*": "italic", "_": "italic", "~~": "strike", "||": "spoiler",
});

/** @param {string} text @param {Known} [known] @returns {Block[]} */
export function tokenize(text, known = {}) {
  const lines = text.split("\n");
  /** @type {Block[]} */ const blocks = [];
  for (let at = 0; at < lines.length; ) {
    const kind = kindOf(lines[at] ?? "");
    const end = blockEnd(lines, at, kind);
    const block = makeBlock(kind, lines.slice(at, end), known, { first: at === 0, last: end === lines.length });
    if (block) blocks.push(block);
    at = end;
  }
  return blocks;
}

/** @param {string} line @returns {Block["kind"]} */
function kindOf(line) {
  if (FENCE.test(line)) return "block";
  if (line.startsWith(">") || line.startsWith("》")) return "quote";
  if (HEADING.test(line)) return "heading";
  return ITEM.test(line) ? "list" : "lines";
}

/** @param {string[]} lines @param {number} at @param {Block["kind"]} kind @returns {number} the index behind the block that begins at `at` */
function blockEnd(lines, at, kind) {
  let end = at + 1;
  if (kind === "heading") return end;
  if (kind === "block") {
    while (end < lines.length && !closes(lines[at] ?? "", lines[end] ?? "")) end += 1;
    return Math.min(lines.length, end + 1);
  }
  while (end < lines.length && belongs(lines[end] ?? "", kind) && !(kind === "list" && isOtherList(lines[at] ?? "", lines[end] ?? ""))) end += 1;
  return end;
}

/** Bullets after numbers, or numbers after bullets, are a list of their own unless they are set in. @param {string} first @param {string} line */
function isOtherList(first, line) {
  const [begun, next] = [itemOf(first), itemOf(line)];
  return next.from > 0 && next.deep <= begun.deep && (next.start === null) !== (begun.start === null);
}

/** @param {string} line @param {Block["kind"]} kind */
function belongs(line, kind) {
  const own = kindOf(line);
  return own === kind || (kind === "list" && own === "lines" && GOES_ON.test(line));
}

/** A fence is closed by as many ticks as opened it, or more. @param {string} fence @param {string} line */
function closes(fence, line) {
  const ticks = FENCE_END.exec(line)?.[1] ?? "";
  return ticks.length >= 3 && ticks.length >= (FENCE.exec(fence)?.[1] ?? "").length;
}

/**
 * @param {Block["kind"]} kind @param {string[]} lines @param {Known} known @param {{first: boolean, last: boolean}} place
 * @returns {Block | undefined} none for blank lines that part two blocks: what parts them is their own margin
 */
function makeBlock(kind, lines, known, place) {
  const first = lines[0] ?? "";
  if (kind === "block") return fenced(lines);
  if (kind === "list") return makeList(lines.map((line) => ({ line, ...itemOf(line) })), known);
  if (kind === "heading") return { kind, children: tokenizeInline(first.replace(HEADING, ""), known) };
  if (kind === "quote") return { kind, children: tokenizeInline(lines.map((line) => line.replace(/^[>》] ?/, "")).join("\n"), known) };
  const from = place.first ? 0 : lines.findIndex((line) => line.trim());
  let to = lines.length;
  while (!place.last && to > 0 && !lines[to - 1]?.trim()) to -= 1;
  if (from < 0 || to <= from) return place.first && place.last ? { kind: "lines", children: [] } : undefined;
  return { kind: "lines", children: tokenizeInline(lines.slice(from, to).join("\n"), known) };
}

/** @param {string[]} lines @returns {Block} */
function fenced(lines) {
  const first = lines[0] ?? "";
  const closed = lines.length > 1 && closes(first, lines[lines.length - 1] ?? "");
  const language = (FENCE.exec(first)?.[2] ?? "").toLowerCase();
  return { kind: "block", text: lines.slice(1, closed ? -1 : undefined).join("\n"), ...(language && { language }) };
}

/** @typedef {{line: string, deep: number, start: number | null, from: number}} Row `start` is null where it has no number, `from` 0 where it goes on with the one before */

/** @param {string} line @returns {Omit<Row, "line">} */
function itemOf(line) {
  const item = ITEM.exec(line);
  if (!item) return { deep: 0, start: null, from: 0 };
  return { deep: Math.min(DEEPEST, (item[1] ?? "").length >> 1), start: item[2] ? Number(item[2]) : null, from: item[0].length };
}

/** @param {Row[]} rows @param {Known} known @returns {List} */
function makeList(rows, known) {
  const top = newList(rows[0]);
  /** @type {{deep: number, list: List}[]} */ const open = [{ deep: rows[0]?.deep ?? 0, list: top }];
  for (let at = 0; at < rows.length; ) {
    const row = /** @type {Row} */ (rows[at]);
    let end = at + 1;
    while (end < rows.length && !rows[end]?.from) end += 1;
    const words = [row.line.slice(row.from), ...rows.slice(at + 1, end).map(({ line }) => line.trim())].join("\n");
    listFor(open, row).items.push({ children: tokenizeInline(words, known), lists: [] });
    at = end;
  }
  return top;
}

/** @param {Row | undefined} row @returns {List} */
function newList(row) {
  return { kind: "list", ordered: row?.start !== null, start: row?.start ?? 1, items: [] };
}

/** The list that an item belongs to, as far as it is set in. @param {{deep: number, list: List}[]} open @param {Row} row */
function listFor(open, row) {
  while (open.length > 1 && row.deep < (open.at(-1)?.deep ?? 0)) open.pop();
  const inner = /** @type {{deep: number, list: List}} */ (open.at(-1));
  const isOther = open.length > 1 && row.deep <= inner.deep && inner.list.ordered !== (row.start !== null);
  if (isOther) open.pop();
  const over = /** @type {{list: List}} */ (open.at(-1)).list.items.at(-1);
  if (!over || (row.deep <= inner.deep && !isOther)) return inner.list;
  const list = newList(row);
  over.lists.push(list);
  open.push({ deep: row.deep, list });
  return list;
}

/** Whichever of the names the word begins with, the longest: `@wang你好` calls wang. @param {string} word @param {string[]} names @returns {number} its length, or 0 */
export function longestName(word, names) {
  const folded = word.toLowerCase();
  const fits = names.filter((name) => name && folded.startsWith(name.toLowerCase()) && mayEnd(word, name.length));
  return Math.max(0, ...fits.map((name) => name.length));
}

/** Not where a reader would see a longer word. @param {string} word @param {number} end */
function mayEnd(word, end) {
  return !(isWord(word, end - 1) && isWord(word, end));
}

/** @param {string} text @param {Known} [known] @returns {Inline[]} */
export function tokenizeInline(text, known = {}) {
  return new InlineReader(text, known).read();
}

/** @typedef {{mark: string, children: Inline[], tight?: boolean}} Open a mark that waits for its twin, and what came since; `tight` behind a letter */

class InlineReader {
  /** @type {Open[]} */ #open = [{ mark: "", children: [] }];
  #plainFrom = 0;
  #at = 0;
  /** @type {Map<number, number[]> | null} */ #ticks = null;
  /** The next `](`, and the bracket it belongs to. */
  #bracket = { close: -1, open: -1 };

  /** @param {string} text @param {Known} known */
  constructor(text, known) {
    this.text = text;
    this.known = known;
  }

  read() {
    while (this.#at < this.text.length) this.#step(this.text.charAt(this.#at));
    this.#flush(this.#at);
    while (this.#open.length > 1) this.#giveUp();
    return this.#open[0]?.children ?? [];
  }

  /** @param {string} char */
  #step(char) {
    if (char === "`") this.#code();
    else if (MARK.includes(char)) this.#marks(char);
    else if (char === "[") this.#words();
    else if (char === "@" || char === "＠") this.#name("mention");
    else if (char === "#" || char === "＃") this.#name("room");
    else if ((char === "h" || char === "H") && !isWord(this.text, this.#at - 1)) this.#link();
    else this.#at += 1;
  }

  /** `[words](https://…)`: the words lead where the brackets say. */
  #words() {
    const start = this.#at;
    this.#at += 1;
    if (this.#bracket.close < start) {
      const close = this.text.slice(start).search(/\][(（]/);
      this.#bracket.close = close < 0 ? Infinity : start + close;
      this.#bracket.open = close < 0 ? -1 : this.text.lastIndexOf("[", this.#bracket.close);
    }
    if (this.#bracket.open !== start) return;
    const words = this.text.slice(start + 1, this.#bracket.close).trim();
    const target = words && !words.includes("\n") ? readTarget(this.text, this.#bracket.close + 2, words) : undefined;
    if (target) this.#put({ kind: "link", text: words, href: target.href, ...(target.host && { host: target.host }) }, start, target.end);
  }

  /** Whom or what an @ or # names, unless it stands within a word, an address or a path. @param {"mention" | "room"} kind */
  #name(kind) {
    const start = this.#at;
    this.#at += 1;
    if (isWord(this.text, this.#before(start)) || "/\\=&#".includes(this.text.charAt(this.#before(start)) || " ")) return;
    const length = this.#nameLength(kind, start + 1);
    if (!length) return;
    const name = this.text.slice(start + 1, start + 1 + length);
    const text = this.text.charAt(start) + name;
    this.#put(kind === "mention" ? { kind, text, handle: name } : { kind, text, name }, start, start + 1 + length);
  }

  /** The `_` of italics is no part of a word. @param {number} start */
  #before(start) {
    let before = start - 1;
    while (before >= 0 && this.text.charAt(before) === "_") before -= 1;
    return before;
  }

  /** @param {"mention" | "room"} kind @param {number} from */
  #nameLength(kind, from) {
    const ask = this.known[kind];
    if (ask) return ask(this.text.slice(from, from + LONGEST_NAME));
    NAME.lastIndex = from;
    return (NAME.exec(this.text)?.[0] ?? "").replace(/[_.-]+$/, "").length;
  }

  #link() {
    const start = this.#at;
    const { end, shown } = readLink(this.text, start);
    if (!shown) {
      this.#at = end;
      return;
    }
    this.#put({ kind: "link", text: shown, href: this.text.slice(start, end) }, start, end);
  }

  #code() {
    const start = this.#at;
    const length = runLength(this.text, start);
    const close = this.#nextTicks(length, start + length);
    if (close < 0) this.#at = start + length;
    else this.#put({ kind: "code", text: trimCode(this.text.slice(start + length, close)) }, start, close + length);
  }

  /** Runs of backticks are listed once, by length, so that many unclosed ones stay linear. @param {number} length @param {number} from */
  #nextTicks(length, from) {
    this.#ticks ??= tickRuns(this.text);
    const places = this.#ticks.get(length) ?? [];
    while (places.length && (places.at(-1) ?? 0) < from) places.pop();
    return places.at(-1) ?? -1;
  }

  /** @param {string} char */
  #marks(char) {
    const start = this.#at;
    const length = runLength(this.text, start);
    const end = start + length;
    const opens = mayOpen(this.text, start, end);
    const closes = mayClose(this.text, start, end);
    this.#at = end;
    if (!isMark(char, length) || !(opens || closes)) return;
    this.#flush(start);
    let left = length;
    if (closes) left = this.#close(char, left, end);
    if (opens) left = this.#openAll(char, left, isLetter(this.text, start - 1));
    if (left) this.#text(char.repeat(left));
    this.#plainFrom = end;
  }

  /** Close what is open, innermost first. @param {string} char @param {number} left @param {number} end @returns {number} marks not used */
  #close(char, left, end) {
    let rest = left;
    const exact = this.#open.some((open) => open.mark === markOf(char, left));
    for (let deep = this.#open.length - 1; deep > 0 && rest > 0; deep -= 1) {
      const { mark = "", tight } = this.#open[deep] ?? {};
      if (mark.charAt(0) !== markOf(char, 1) || mark.length > rest || (exact && mark.length !== left)) continue;
      // 来啦~~等我~~ is said in a drawl, and nothing in it is struck.
      if (mark === "~~" && tight && !isLetter(this.text, end)) continue;
      while (this.#open.length - 1 > deep) this.#giveUp();
      const done = this.#open.pop();
      this.#top().push({ kind: MARKS[mark] ?? "bold", children: done?.children ?? [] });
      rest -= mark.length;
    }
    return rest;
  }

  /** @param {string} char @param {number} left @param {boolean} tight @returns {number} marks not used */
  #openAll(char, left, tight) {
    let rest = left;
    for (const length of [2, 1]) {
      const mark = markOf(char, length);
      if (rest < length || !MARKS[mark] || this.#open.some((open) => open.mark === mark)) continue;
      this.#open.push({ mark, children: [], tight });
      rest -= length;
    }
    return rest;
  }

  /** The innermost open mark found no twin: it was text. */
  #giveUp() {
    const lost = this.#open.pop();
    if (!lost) return;
    this.#text(lost.mark);
    for (const child of lost.children) {
      if (child.kind === "text") this.#text(child.text);
      else this.#top().push(child);
    }
  }

  #top() {
    return /** @type {Open} */ (this.#open[this.#open.length - 1]).children;
  }

  /** @param {Inline} token @param {number} start @param {number} end */
  #put(token, start, end) {
    this.#flush(start);
    this.#top().push(token);
    this.#at = end;
    this.#plainFrom = end;
  }

  /** @param {number} until */
  #flush(until) {
    if (until > this.#plainFrom) this.#text(this.text.slice(this.#plainFrom, until));
    this.#plainFrom = until;
  }

  /** @param {string} text */
  #text(text) {
    const top = this.#top();
    const last = top[top.length - 1];
    if (last?.kind === "text") last.text += text;
    else top.push({ kind: "text", text });
  }
}

/** Full-width bars are what a Chinese keyboard has. @param {string} char @param {number} length */
function markOf(char, length) {
  return (char === "｜" ? "|" : char).repeat(length);
}

/** @param {string} char @param {number} length */
function isMark(char, length) {
  return Boolean(MARKS[markOf(char, length)]) || (char === "*" && length === 3);
}

/** @param {string} text @param {number} start */
function runLength(text, start) {
  let end = start + 1;
  while (end < text.length && text.charAt(end) === text.charAt(start)) end += 1;
  return end - start;
}

/** @param {string} text @returns {Map<number, number[]>} where each length of backtick run begins, last first */
function tickRuns(text) {
  const runs = new Map();
  for (let at = text.indexOf("`"); at >= 0; ) {
    const length = runLength(text, at);
    if (!runs.has(length)) runs.set(length, []);
    runs.get(length).push(at);
    at = text.indexOf("`", at + length);
  }
  for (const places of runs.values()) places.reverse();
  return runs;
}

/** @param {string} code */
function trimCode(code) {
  return /^ .*\S.* $/s.test(code) ? code.slice(1, -1) : code;
}

/** A letter or digit of a script that puts spaces between words. @param {string} text @param {number} at */
function isWord(text, at) {
  const char = text.charAt(at);
  return char !== "" && !isCjk(char) && WORD.test(char);
}

/** @param {string} text @param {number} at */
function isLetter(text, at) {
  return WORD.test(text.charAt(at));
}

/** @param {string} text @param {number} start @param {number} end */
function mayOpen(text, start, end) {
  if (end >= text.length || SPACE.test(text.charAt(end))) return false;
  return !(isWord(text, start - 1) && isWord(text, end));
}

/** @param {string} text @param {number} start @param {number} end */
function mayClose(text, start, end) {
  if (start === 0 || SPACE.test(text.charAt(start - 1))) return false;
  return text.charAt(start) !== "_" || !(isWord(text, start - 1) && isWord(text, end));
}
