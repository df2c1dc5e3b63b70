/**
 * Where a web address ends. Chinese writes on without a space, so an address ends at the first full-width sign or Han
 * character; Han inside a deeper path (`/wiki/茶`) still belongs to it, right after the host (`https://a.b/看这里`) not.
 */

const CJK = /[\u2e80-\u303f\u3040-\u30ff\u3100-\u312f\u31a0-\u31bf\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]/;
const HAN = /[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff\uac00-\ud7af]/;
const STOPS = /[\s<>"`*|\\^{}\u00ab\u00bb\u2018-\u201f\u2026]/;
const TRAILING = /[.,;:!?'_~]/;
const SCHEME = /https?:\/\//y;

/** @param {string} char */
export function isCjk(char) {
  return CJK.test(char);
}

/**
 * @param {string} text
 * @param {number} start
 * @returns {{end: number, linked: boolean}} how far was read, and whether that is an address. What was read and is none
 *   need not be looked at again, which keeps a text full of broken addresses linear.
 */
export function readLink(text, start) {
  SCHEME.lastIndex = start;
  const scheme = SCHEME.exec(text);
  if (!scheme) return { end: start + 1, linked: false };
  const read = scanEnd(text, start + scheme[0].length);
  const end = trimEnd(text, start, read);
  return isAddress(text.slice(start, end)) ? { end, linked: true } : { end: read, linked: false };
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

/** @param {string} address */
function isAddress(address) {
  const url = parsed(address);
  // A name before the host makes https://bank.example@evil.example look like the bank.
  return url !== undefined && url.hostname !== "" && url.username === "" && url.password === "";
}

/** `URL.canParse` is younger than the oldest engines that the page runs in. @param {string} address */
function parsed(address) {
  try {
    return new URL(address);
  } catch {
    return undefined;
  }
}
