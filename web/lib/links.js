/**
 * Where a web address ends. Chinese writes on without a space, so an address ends at the first full-width sign or Han
 * character; Han inside a deeper path (`/wiki/茶`) still belongs to it, right after the host (`https://a.b/看这里`) not.
 */

const CJK = /[\u2e80-\u303f\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]/;
const HAN = /[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]/;
/** Among them all that is unseen: a sign that turns the direction of writing could show an address backwards. */
const STOPS = /[\s<>"`*|\\^{}\u00ab\u00bb\u061c\u200b\u200e\u200f\u2018-\u201f\u2026\u202a-\u202e\u2060-\u206f]/;
const TRAILING = /[.,;:!?'_~]/;
const SCHEME = /https?:\/\//iy;
const TARGET = /((?:https?:\/\/|mailto:)(?:[^\s()（）<>"]|\([^\s()（）<>"]*\))+)[)）]/iy;

/** @param {string} char */
export function isCjk(char) {
  return CJK.test(char);
}

/**
 * @param {string} text
 * @param {number} start
 * @returns {{end: number, shown: string}} how far was read, and how the address is shown; "" where it is none. What was
 *   read and is none need not be looked at again, which keeps a text full of broken addresses linear.
 */
export function readLink(text, start) {
  SCHEME.lastIndex = start;
  const scheme = SCHEME.exec(text);
  if (!scheme) return { end: start + 1, shown: "" };
  const read = scanEnd(text, start + scheme[0].length);
  const end = trimEnd(text, start, read);
  const shown = asShown(text.slice(start, end));
  return shown ? { end, shown } : { end: read, shown: "" };
}

/**
 * The address behind `[words](`, up to its closing bracket. Brackets within it may be one deep, which keeps a text full
 * of them linear.
 *
 * @param {string} text @param {number} from @param {string} words
 * @returns {{end: number, href: string, host: string} | undefined} `host` where the words look like another address
 */
export function readTarget(text, from, words) {
  TARGET.lastIndex = from;
  const [all = "", href = ""] = TARGET.exec(text) ?? [];
  const url = href && parsed(href);
  if (!url || url.username || url.password || (url.protocol !== "mailto:" && !url.hostname)) return undefined;
  const host = url.hostname || url.pathname;
  return { end: from + all.length, href, host: looksLikeAddress(words) && !leadsTo(words, host) ? host : "" };
}

/** @param {string} words */
function looksLikeAddress(words) {
  return /:\/\/|^www\.|[\p{L}\p{N}-]\.\p{L}{2,}|@/iu.test(words);
}

/** Whether words that look like an address are of that host. @param {string} words @param {string} host */
function leadsTo(words, host) {
  const said = parsed(/^[a-z]+:/i.test(words) ? words : `https://${words}`);
  return Boolean(said && !said.username && [host, `www.${host}`, host.replace(/^www\./, "")].includes(said.hostname || said.pathname));
}

/** @param {string} text @param {number} from just behind the scheme */
function scanEnd(text, from) {
  let slashes = 0;
  let inHan = false;
  let at = from;
  for (; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (STOPS.test(char)) break;
    if (char === "/") slashes += 1;
    if (!CJK.test(char)) {
      inHan = false;
      continue;
    }
    inHan = HAN.test(char) && (inHan || (slashes > 1 && "/=-_".includes(text.charAt(at - 1))));
    if (!inHan) break;
  }
  return at;
}

/** Full stops and closing brackets that belong to the sentence. @param {string} text @param {number} start @param {number} end */
function trimEnd(text, start, end) {
  let depth = 0;
  for (let at = start; at < end; at += 1) depth += "([".includes(text.charAt(at)) ? 1 : ")]".includes(text.charAt(at)) ? -1 : 0;
  let last = end;
  while (last > start) {
    const char = text.charAt(last - 1);
    if (")]".includes(char) && depth < 0) depth += 1;
    else if (!TRAILING.test(char)) break;
    last -= 1;
  }
  return last;
}

/**
 * The address as it is written, but with the host as the browser calls it where its letters could pass for others: the
 * first letter of `https://аpple.com` is Cyrillic. "" where it is no address.
 *
 * @param {string} address
 */
function asShown(address) {
  const url = parsed(address);
  // A name before the host makes https://bank.example@evil.example look like the bank.
  if (!url?.hostname || url.username || url.password) return "";
  const [, scheme = "", host = "", rest = ""] = /^(https?:\/\/)([^/?#:]*)(.*)$/is.exec(address) ?? [];
  return host.toLowerCase() === url.hostname || isOneWriting(host) ? address : scheme + url.hostname + rest;
}

/** Scripts that are written together; any other letters stand alone. Of Latin those that no language spells with, as ɑ, and ı are left out. */
const WRITINGS = [
  /^[a-z\u00c0-\u0130\u0132-\u024f\u1e00-\u1eff\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Hangul}\d.-]+$/iu,
  ...["Cyrillic", "Greek", "Armenian", "Georgian", "Hebrew", "Arabic", "Devanagari", "Bengali", "Tamil", "Thai"].map(
    (script) => new RegExp(`^[\\p{Script=${script}}\\d.-]+$`, "u")),
];

/** @param {string} host */
function isOneWriting(host) {
  return WRITINGS.some((writing) => writing.test(host));
}

/** `URL.canParse` is younger than the oldest engines that the page runs in. @param {string} address */
function parsed(address) {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}
