/**
 * What a message's text means: links, **bold**, *italic*, `code`, quotes and fenced code. One pass over the text, each
 * character looked at a bounded number of times, so that no text of 4,000 characters can be slow.
 *
 * CommonMark decides by punctuation and spaces whether `**` opens or closes, which leaves `**重点。**后面` unbold:
 * Chinese has no spaces. Here a mark opens before anything but a space and closes behind anything but a space, save that
 * none opens inside a word of a script that does use spaces (`2*3*4`, `snake_case_name`).
 *
 * @typedef {{kind: "text", text: string} | {kind: "code", text: string} | {kind: "link", text: string, href: string}
 *   | {kind: "bold" | "italic", children: Inline[]}} Inline
 * @typedef {{kind: "lines", children: Inline[]} | {kind: "quote", children: Inline[]}
 *   | {kind: "block", text: string}} Block
 */

import { isCjk, readLink } from "./links.js";

const WORD = /[\p{L}\p{N}]/u;
const SPACE = /\s/;
/** Behind the ticks any words may stand that hold no other tick: `c#`, `js title="a"`, `代码`. */
const FENCE = /^ {0,3}(`{3,})[^`]*$/;
const FENCE_END = /^ {0,3}(`{3,})\s*$/;

/** @param {string} text @returns {Block[]} */
export function tokenize(text) {
  const lines = text.split("\n");
  /** @type {Block[]} */ const blocks = [];
  let at = 0;
  while (at < lines.length) {
    const end = blockEnd(lines, at);
    blocks.push(makeBlock(lines.slice(at, end)));
    at = end;
  }
  return blocks;
}

/** @param {string[]} lines @param {number} at @returns {number} the index behind the block that begins at `at` */
function blockEnd(lines, at) {
  const first = lines[at] ?? "";
  let end = at + 1;
  if (FENCE.test(first)) {
    while (end < lines.length && !closes(first, lines[end] ?? "")) end += 1;
    return Math.min(lines.length, end + 1);
  }
  const quoted = isQuote(first);
  while (end < lines.length && isQuote(lines[end] ?? "") === quoted && !FENCE.test(lines[end] ?? "")) end += 1;
  return end;
}

/** A fence is closed by as many ticks as opened it, or more. @param {string} fence @param {string} line */
function closes(fence, line) {
  const ticks = FENCE_END.exec(line)?.[1] ?? "";
  return ticks.length >= 3 && ticks.length >= (FENCE.exec(fence)?.[1] ?? "").length;
}

/** @param {string} line */
function isQuote(line) {
  return line.startsWith(">") || line.startsWith("》");
}

/** @param {string[]} lines @returns {Block} */
function makeBlock(lines) {
  const first = lines[0] ?? "";
  if (FENCE.test(first)) {
    const closed = lines.length > 1 && closes(first, lines[lines.length - 1] ?? "");
    return { kind: "block", text: lines.slice(1, closed ? -1 : undefined).join("\n") };
  }
  if (!isQuote(first)) return { kind: "lines", children: tokenizeInline(lines.join("\n")) };
  return { kind: "quote", children: tokenizeInline(lines.map((line) => line.replace(/^[>》] ?/, "")).join("\n")) };
}

/** @param {string} text @returns {Inline[]} */
export function tokenizeInline(text) {
  return new InlineReader(text).read();
}

/** @typedef {{mark: string, children: Inline[]}} Open  a mark that waits for its twin, and what came since */

class InlineReader {
  /** @type {Open[]} */ #open = [{ mark: "", children: [] }];
  #plainFrom = 0;
  #at = 0;
  /** @type {Map<number, number[]> | null} */ #ticks = null;

  /** @param {string} text */
  constructor(text) {
    this.text = text;
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
    else if (char === "*" || char === "_") this.#marks(char);
    else if ((char === "h" || char === "H") && !isWord(this.text, this.#at - 1)) this.#link();
    else this.#at += 1;
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
    if (length > 3 || (char === "_" && length > 1) || !(opens || closes)) return;
    this.#flush(start);
    let left = length;
    if (closes) left = this.#close(char, left);
    if (opens) left = this.#openAll(char, left);
    if (left) this.#text(char.repeat(left));
    this.#plainFrom = end;
  }

  /** Close what is open, innermost first. @param {string} char @param {number} left @returns {number} marks not used */
  #close(char, left) {
    let rest = left;
    const exact = this.#open.some((open) => open.mark === char.repeat(left));
    for (let deep = this.#open.length - 1; deep > 0 && rest > 0; deep -= 1) {
      const mark = this.#open[deep]?.mark ?? "";
      if (mark.charAt(0) !== char || mark.length > rest || (exact && mark.length !== left)) continue;
      while (this.#open.length - 1 > deep) this.#giveUp();
      const done = this.#open.pop();
      this.#top().push({ kind: mark.length === 2 ? "bold" : "italic", children: done?.children ?? [] });
      rest -= mark.length;
    }
    return rest;
  }

  /** @param {string} char @param {number} left @returns {number} marks not used */
  #openAll(char, left) {
    let rest = left;
    for (const length of [2, 1]) {
      const mark = char.repeat(length);
      if (rest < length || this.#open.some((open) => open.mark === mark)) continue;
      this.#open.push({ mark, children: [] });
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

/** @param {string} text @param {number} start @param {number} end */
function mayOpen(text, start, end) {
  if (end >= text.length || SPACE.test(text.charAt(end))) return false;
  return !(isWord(text, start - 1) && isWord(text, end));
}

/** @param {string} text @param {number} start @param {number} end */
function mayClose(text, start, end) {
  if (start === 0 || SPACE.test(text.charAt(start - 1))) return false;
  return text.charAt(start) === "*" || !(isWord(text, start - 1) && isWord(text, end));
}
