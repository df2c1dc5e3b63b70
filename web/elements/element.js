/**
 * What all elements of the page share: the community, the words, and an abort signal that ends their listeners with them.
 *
 * @typedef {{client: import("../state/client.js").Client, words: import("../state/words.js").Words,
 *   preferences: import("../state/preferences.js").Preferences, calls: import("../state/calls.js").Calls, go: (path: string, state?: object) => void,
 *   languageOf: (text: string, chinese: string) => string, aside: () => Promise<void>, sayHi: (about: {user: {id: string,
 *   handle: string, name: string}, room?: string, seq?: number}) => void}} Context `calls` is there once `aside` has
 *   brought aside.js, and `languageOf` knows nothing before; `sayHi` opens the panel to say hi to somebody, from a room,
 *   about a message
 */

import { inNextFrame, whenThereIsTime } from "../lib/frames.js";

/** Set once by main.js, before any element is made. @type {Context} */
export const context = /** @type {any} */ ({});

export class PageElement extends HTMLElement {
  #ending = new AbortController();
  #built = false;
  #draw = () => {
    if (this.isConnected) this.show();
  };

  get client() {
    return context.client;
  }

  get language() {
    return context.words.language;
  }

  /** @param {string} key @param {Record<string, string | number>} [values] */
  say(key, values) {
    return context.words.say(key, values);
  }

  /** @param {EventTarget} target @param {string} name @param {(event: any) => void} listener @param {object} [options] */
  listen(target, name, listener, options = {}) {
    target.addEventListener(name, listener, { ...options, signal: this.#ending.signal });
  }

  /**
   * What is done to something that is shown before the part that hears it: the last of it is done again once the part is
   * there, and nothing else comes of it meanwhile.
   *
   * @param {string[]} names of events @param {(event: any) => unknown} meant which of them are for the part
   * @returns {() => void} to be called when the part listens; from then on nothing is kept
   */
  keepEarly(names, meant) {
    /** @type {any} */ let last;
    const ending = new AbortController();
    const keep = (/** @type {any} */ event) => {
      if (!meant(event)) return;
      event.preventDefault();
      event.stopPropagation();
      last = event;
    };
    for (const name of names) this.addEventListener(name, keep, { capture: true, signal: ending.signal });
    return () => {
      ending.abort();
      last?.target.dispatchEvent(new last.constructor(last.type, last));
      last = undefined;
    };
  }

  connectedCallback() {
    this.#ending = new AbortController();
    if (!this.#built) this.build();
    this.#built = true;
    this.attach();
  }

  disconnectedCallback() {
    this.#ending.abort();
  }

  /** Make the DOM, once. */
  build() {}

  /** Listen and show what is now, each time the element comes onto the page. */
  attach() {}

  /** Show what is now. */
  show() {}

  /** Show once for each frame: events come in bursts. */
  later() {
    inNextFrame(this.#draw);
  }

  /** The same for what others did: that can wait a moment while somebody types. */
  inTime() {
    whenThereIsTime(this.#draw);
  }
}
