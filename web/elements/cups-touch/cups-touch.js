/**
 * Two who met: their cups touch, on both screens at the same moment, then their names and since when; to keep as a picture.
 * Properties: `one` and `other` (users), `at` (the moment, by the server's clock), `offset` (how far that clock is ahead of
 * this one), `were` (they were friends before). Who wants no motion sees the cups together at once.
 */

import { button, make } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";
import { tintOf } from "../../lib/seal.js";
import { PageElement } from "../element.js";

/** How long a cup is on its way. */
const WAY_MS = 420;
/** How far the cups lean towards each other, in degrees; cups-touch.css has it, too. */
const TILT = -10;
/** How long it takes to be still again. */
const SETTLE_MS = 500;
const PICTURE = { width: 1080, height: 1080 };

export class CupsTouch extends PageElement {
  /** @type {any} */ one = null;
  /** @type {any} */ other = null;
  at = 0;
  offset = 0;
  were = false;

  build() {
    const cup = (/** @type {any} */ user, /** @type {string} */ side) => {
      const drawn = drawing("cup", side);
      drawn.setAttribute("data-tint", String(tintOf(user)));
      return drawn;
    };
    this.cups = make("div", { class: "cups", attributes: { "aria-hidden": "true" } }, cup(this.one, "left"), cup(this.other, "right"));
    this.words = make("p", { class: "who", attributes: { role: "status", tabindex: "-1" } });
    this.save = button(this.say("met.keep"), () => this.#keep());
    this.save.hidden = true;
    this.append(this.cups, this.words, this.save);
  }

  attach() {
    const wait = this.at - (Date.now() + this.offset);
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!still) this.#move(Math.max(0, wait));
    this.timer = setTimeout(() => this.#touch(), Math.max(0, wait));
  }

  disconnectedCallback() {
    super.disconnectedCallback();
    clearTimeout(this.timer);
  }

  /** The cups set out so that they arrive at the moment; who learns of it late sees them go at once. @param {number} wait */
  #move(wait) {
    const way = Math.min(WAY_MS, Math.max(120, wait));
    const frames = [
      { transform: "translateX(90%)", opacity: 0.4 },
      { transform: `translateX(-4%) rotate(${TILT - 6}deg)`, opacity: 1, offset: way / (way + SETTLE_MS) },
      { transform: `rotate(${TILT}deg)`, opacity: 1 },
    ];
    const pace = { duration: way + SETTLE_MS, delay: Math.max(0, wait - way), fill: /** @type {const} */ ("both"), easing: "ease-in-out" };
    // The left one is mirrored by its style.
    for (const cup of this.cups.children) cup.animate(frames, pace);
  }

  #touch() {
    this.dataset.touched = String(Math.round(Date.now() + this.offset));
    this.words.textContent = this.#said;
    this.save.hidden = false;
    this.words.focus({ preventScroll: true });
    if ("vibrate" in navigator && !matchMedia("(prefers-reduced-motion: reduce)").matches) navigator.vibrate?.(20);
    this.dispatchEvent(new Event("touched"));
  }

  /** "Mei and Chen, friends since tonight, 21:14" */
  get #said() {
    const hour = new Date(this.at).getHours();
    const part = [[5, "tonight"], [12, "morning"], [18, "afternoon"], [24, "tonight"]].find(([until]) => hour < Number(until))?.[1];
    const when = this.say(`met.${part}`, { time: new Intl.DateTimeFormat(this.language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(this.at) });
    return this.say(this.were ? "met.again" : "met.since", { one: this.one.name, other: this.other.name, when });
  }

  // --- a picture to keep -------------------------------------------------------------------------------------------

  async #keep() {
    const canvas = Object.assign(document.createElement("canvas"), PICTURE);
    this.#paint(/** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")));
    const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const href = URL.createObjectURL(blob);
    make("a", { attributes: { href, download: `${this.one.name} · ${this.other.name}.png` } }).click();
    setTimeout(() => URL.revokeObjectURL(href), 10_000);
  }

  /** @param {CanvasRenderingContext2D} sheet */
  #paint(sheet) {
    const { width, height } = PICTURE;
    const colour = (/** @type {string} */ name) => getComputedStyle(this).getPropertyValue(name).trim();
    sheet.fillStyle = colour("--paper");
    sheet.fillRect(0, 0, width, height);
    sheet.strokeStyle = colour("--ink");
    [...this.cups.children].forEach((cup, at) => this.#paintCup(sheet, cup, at, colour("--celadon-soft")));
    sheet.fillStyle = colour("--ink");
    sheet.textAlign = "center";
    this.#paintWords(sheet, `600 54px ${colour("--serif") || "serif"}`);
    sheet.font = `30px ${colour("--sans") || "sans-serif"}`;
    sheet.fillStyle = colour("--ink-soft");
    sheet.fillText(`${this.client.card?.name ?? ""} · ${new Intl.DateTimeFormat(this.language, { dateStyle: "long" }).format(this.at)}`, width / 2, height - 90, width - 120);
  }

  /** @param {CanvasRenderingContext2D} sheet @param {Element} cup @param {number} at @param {string} plain its colour without a glaze */
  #paintCup(sheet, cup, at, plain) {
    sheet.save();
    // The left one is mirrored, so that handles are outside and rims meet.
    sheet.translate(PICTURE.width / 2 + (at ? 1 : -1) * 138, 400);
    sheet.scale(at ? 9.5 : -9.5, 9.5);
    sheet.rotate((TILT * Math.PI) / 180);
    sheet.translate(-22.5, -30);
    sheet.lineWidth = 1.8;
    sheet.lineCap = sheet.lineJoin = "round";
    sheet.fillStyle = getComputedStyle(cup).getPropertyValue("--glaze").trim() || plain;
    // Without the saucer, which comes last: the cups are lifted.
    for (const path of [...cup.querySelectorAll("path")].slice(0, -1)) {
      const line = new Path2D(path.getAttribute("d") ?? "");
      if (path.classList.contains("body")) sheet.fill(line);
      sheet.stroke(line);
    }
    sheet.restore();
  }

  /** In as many lines as it takes. @param {CanvasRenderingContext2D} sheet @param {string} font */
  #paintWords(sheet, font) {
    sheet.font = font;
    const parts = this.#said.match(/[^\s,，]+[\s,，]*/g) ?? [];
    /** @type {string[]} */ const lines = [""];
    for (const part of parts) {
      if (sheet.measureText(lines.at(-1) + part).width > PICTURE.width - 160) lines.push("");
      lines[lines.length - 1] += part;
    }
    lines.forEach((line, at) => sheet.fillText(line.trim(), PICTURE.width / 2, 690 + at * 74, PICTURE.width - 100));
  }
}
