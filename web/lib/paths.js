/** The addresses of the page: one function reads them, one writes them. */

/**
 * @typedef {{page: "home"} | {page: "room", room: string, seq?: number, topic?: string, part?: "topics" | "all"} | {page: "join", room: string, link: string}
 *   | {page: "rooms", create?: boolean} | {page: "sign-in"} | {page: "sign-up", invite?: string} | {page: "recover"} | {page: "settings", part?: string} | {page: "notifications"}
 *   | {page: "user", handle: string} | {page: "community"} | {page: "search"} | {page: "people", code?: string} | {page: "setup", code: string} | {page: "lost"}} Place
 */

const PLAIN = new Set(["rooms", "sign-in", "sign-up", "settings", "community", "people", "notifications", "search"]);

const SEQ = /^[1-9]\d{0,14}$/;

/** @param {string} path such as "/room/hall" @param {string} [hash] @returns {Place} */
export function readPath(path, hash = "") {
  const [first = "", second = "", third = "", fourth = "", fifth = ""] = path.split("/").slice(1).map(decode);
  if (first === "room" && second) return { page: "room", room: second, ...readWithin(third, fourth, fifth) };
  if (first === "join" && second && third) return { page: "join", room: second, link: third };
  if (first === "user" && second) return { page: "user", handle: second };
  if (first === "setup") return { page: "setup", code: hash.slice(1) };
  if (first === "sign-in" && hash === "#recover") return { page: "recover" };
  if (first === "sign-up" && hash) return { page: "sign-up", invite: decode(hash.slice(1)) };
  if (first === "people" && hash) return { page: "people", code: hash.slice(1) };
  if (first === "rooms" && hash) return { page: "rooms", create: hash === "#new" };
  if (first === "settings" && second) return { page: "settings", part: second };
  if (PLAIN.has(first)) return /** @type {Place} */ ({ page: first });
  return { page: first ? "lost" : "home" };
}

/** What of a room: a message, a topic with a message of it, the list of its topics, or all messages of a forum. @param {string} part @param {string} topic @param {string} seq */
function readWithin(part, topic, seq) {
  if (part === "topics" || part === "all") return { part: /** @type {"topics" | "all"} */ (part) };
  if (part === "topic" && topic) return { topic, ...(SEQ.test(seq) && { seq: Number(seq) }) };
  return SEQ.test(part) ? { seq: Number(part) } : {};
}

/** @param {string} room */
export function roomPath(room) {
  return `/room/${encodeURIComponent(room)}`;
}

/** A link to one message, around which the room opens. @param {string} room @param {number} seq */
export function messagePath(room, seq) {
  return `${roomPath(room)}/${seq}`;
}

/** A topic, at one of its messages where a seq is given. @param {string} room @param {string} topic @param {number} [seq] */
export function topicPath(room, topic, seq) {
  return `${roomPath(room)}/topic/${encodeURIComponent(topic)}${seq ? `/${seq}` : ""}`;
}

/** @param {string} room */
export function topicsPath(room) {
  return `${roomPath(room)}/topics`;
}

/** All messages of a forum, in one line. @param {string} room */
export function allPath(room) {
  return `${roomPath(room)}/all`;
}

/** @param {string} handle */
export function userPath(handle) {
  return `/user/${encodeURIComponent(handle)}`;
}

/** @param {string} room @param {string} link */
export function joinPath(room, link) {
  return `/join/${encodeURIComponent(room)}/${encodeURIComponent(link)}`;
}

/**
 * What one searches for: words, and what they are narrowed to. The words do not stand in the address, which browsers keep
 * and others see: `history.state.q` holds them.
 *
 * @typedef {{q: string, room: string, topic: string, from: string, has: string, since: string, until: string, tab: string}} Search `from` is the
 *   id of a person; days are written 2026-11-22
 */

/** @param {Partial<Search>} search */
export function searchPath({ q: _, ...search }) {
  const query = String(new URLSearchParams(Object.entries(search).filter(([, value]) => value)));
  return query ? `/search?${query}` : "/search";
}

/** @param {string} query of the address @param {string} [q] the words @returns {Search} */
export function readSearch(query, q = "") {
  const given = new URLSearchParams(query);
  const [room, topic, from, has, since, until, tab] = ["room", "topic", "from", "has", "since", "until", "tab"].map((name) => given.get(name) ?? "");
  return /** @type {Search} */ ({ q, room, topic, from, has, since, until, tab });
}

/** What stands behind the # never reaches a server or its logs. @param {string} code */
export function invitePath(code) {
  return `/sign-up#${encodeURIComponent(code)}`;
}

/** @param {string} part */
function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
