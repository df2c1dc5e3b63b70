/**
 * What is being written, by room: a draft with the message it answers, and an edit under way. Each tab has its own, which
 * outlives a reload; a new tab begins with what this device had last. What is sent or cleared in one tab goes from the
 * others, too, unless it was changed there. A `change` event (detail: room) says that it did. Nobody else who signs in at
 * this browser sees them; a visitor's are taken over by the account that comes next.
 *
 * @typedef {{seq: number, id: string, user: string, name: string, words: string}} Target the message that is answered
 * @typedef {{text: string, title?: string, reply?: Target, files?: import("./outbox.js").Attached[]}} Draft its files are kept
 *   by state/uploads.js; `title` is a new topic's, whose place is "<room> new"
 * @typedef {{id: string, seq: number, before: string, text: string, left?: boolean, files?: boolean}} Edit its message's id,
 *   seq and text, and the text as it is being changed; `left` where its writer went back to the draft, `files` where it carries some
 * @typedef {{drafts: Record<string, Draft>, edits: Record<string, Edit>}} Kept
 * @typedef {import("../lib/storage.js").Drawer} Drawer
 */

import { openStorage, PageDrawer } from "../lib/storage.js";

const KEY = "chatserver.drafts";
const KINDS = /** @type {const} */ (["drafts", "edits"]);

export class Drafts extends EventTarget {
  /** @param {{device: Drawer, tab: Drawer}} drawers */
  constructor({ device, tab }) {
    super();
    this.device = device;
    this.tab = tab;
    /** Whose they are; "" for a visitor. At first whoever wrote here last. */
    this.owner = device.getItem(KEY) ?? "";
  }

  get #key() {
    return `${KEY}.${this.owner}`;
  }

  /** Somebody signed in or out. @param {string} owner @returns {boolean} whether it is somebody else than before */
  belongTo(owner) {
    if (owner === this.owner) return false;
    const visitors = this.owner ? undefined : { tab: this.#read("tab"), device: this.#read("device") };
    if (visitors) for (const where of /** @type {const} */ (["tab", "device"])) this.#write(where, (kept) => Object.assign(kept, { drafts: {}, edits: {} }));
    this.owner = owner;
    this.#put("device", KEY, owner);
    for (const [room, draft] of Object.entries({ ...visitors?.device.drafts, ...visitors?.tab.drafts })) {
      const own = this.draft(room);
      const text = own.text && own.text !== draft.text ? `${own.text}\n${draft.text}` : draft.text;
      this.keepDraft(room, { ...own, ...draft, text });
    }
    return true;
  }

  /** @param {string} room @returns {Draft} */
  draft(room) {
    return this.#find("drafts", room) ?? { text: "" };
  }

  /** @param {string} room @param {Draft} draft */
  keepDraft(room, draft) {
    this.#keep("drafts", room, draft.text || draft.title || draft.reply || draft.files?.length ? draft : undefined);
  }

  /** The edit under way, or the one that was left. @param {string} room @returns {Edit | undefined} */
  edit(room) {
    return this.#find("edits", room);
  }

  /** @param {string} room @param {Edit | undefined} edit */
  keepEdit(room, edit) {
    this.#keep("edits", room, edit);
  }

  /** Hear of what other tabs send and clear. @param {EventTarget} page the window */
  follow(page) {
    page.addEventListener("storage", (event) => {
      const { key, oldValue, newValue } = /** @type {StorageEvent} */ (event);
      if (key === this.#key) this.#heard(parse(oldValue), parse(newValue));
    });
  }

  /** @param {Kept} before @param {Kept} after */
  #heard(before, after) {
    const own = this.#read("tab");
    for (const kind of KINDS) {
      for (const room of new Set([...Object.keys(before[kind]), ...Object.keys(after[kind])])) {
        if (isSame(before[kind][room], after[kind][room])) continue;
        const mine = own[kind][room];
        if (mine && (after[kind][room] || !isSame(mine, before[kind][room]))) continue;
        if (mine) this.#write("tab", (kept) => delete kept[kind][room]);
        this.dispatchEvent(new CustomEvent("change", { detail: room }));
      }
    }
  }

  /** @param {keyof Kept} kind @param {string} room @returns {any} */
  #find(kind, room) {
    return this.#read("tab")[kind][room] ?? this.#read("device")[kind][room];
  }

  /** @param {keyof Kept} kind @param {string} room @param {any} value */
  #keep(kind, room, value) {
    const before = this.#find(kind, room);
    if (isSame(before, value)) return;
    this.#write("tab", (kept) => put(kept[kind], room, value));
    // Another tab's own words stay for whoever opens the next one.
    if (value || isSame(this.#read("device")[kind][room], before)) this.#write("device", (kept) => put(kept[kind], room, value));
  }

  /** @param {"tab" | "device"} where */
  #read(where) {
    return parse(this[where].getItem(this.#key));
  }

  /** @param {"tab" | "device"} where @param {(kept: Kept) => void} change */
  #write(where, change) {
    const kept = this.#read(where);
    change(kept);
    this.#put(where, this.#key, JSON.stringify(kept));
  }

  /** @param {"tab" | "device"} where @param {string} key @param {string} written */
  #put(where, key, written) {
    try {
      this[where].setItem(key, written);
    } catch {
      // The storage is full: from now on they last as long as the page.
      this[where] = new PageDrawer();
      this[where].setItem(key, written);
    }
  }
}

/** @param {Record<string, any>} entries @param {string} room @param {any} value */
function put(entries, room, value) {
  if (value) entries[room] = value;
  else delete entries[room];
}

/** @param {unknown} one @param {unknown} other */
function isSame(one, other) {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null);
}

/** @param {string | null} written @returns {Kept} */
function parse(written) {
  try {
    return { drafts: {}, edits: {}, ...JSON.parse(written ?? "{}") };
  } catch {
    return { drafts: {}, edits: {} };
  }
}

/** @type {Drafts | undefined} */ let drafts;

/** The drafts of this page. @returns {Drafts} */
export function pageDrafts() {
  if (!drafts) {
    drafts = new Drafts({ device: openStorage(), tab: openStorage(() => sessionStorage) });
    drafts.follow(window);
  }
  return drafts;
}
