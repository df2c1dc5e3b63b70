/** Which square of a chosen picture is kept: it is shown as it will be, moved by a finger, the mouse or the arrows, and brought nearer. */

import { createCanvas } from "../../lib/canvas.js";
import { button, make } from "../../lib/dom.js";
import { decoded, packed } from "../../lib/smaller.js";
import { NEAREST, squareOf, within } from "../../lib/square.js";

/** Of what is sent; the largest face on the page has 96 of a screen's points. */
const EDGE = 384;
/** As it is shown, in points. */
const SHOWN = 240;
const STEP = 0.04;
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

export class Cropping {
  /** @type {import("../../lib/square.js").Look} */ #look = { x: 0.5, y: 0.5, zoom: 1 };
  /** @type {any} */ #picture = null;

  /** @param {import("./own-picture.js").OwnPicture} element */
  constructor(element) {
    this.element = element;
    const say = (/** @type {string} */ key) => element.say(key);
    this.canvas = make("canvas", { class: element.purpose, attributes: { tabindex: "0", role: "img", "aria-label": say("picture.shown"), "aria-describedby": "crop-hint" }, set: { width: 2 * SHOWN, height: 2 * SHOWN } });
    this.zoom = make("input", { attributes: { type: "range", min: "1", max: String(NEAREST), step: "0.05", value: "1" } });
    this.dialog = make("dialog", { class: "crop", attributes: { "aria-label": say(`picture.crop_${element.purpose}`) } },
      make("h2", { text: say(`picture.crop_${element.purpose}`) }), this.canvas, make("small", { text: say("picture.crop_hint"), attributes: { id: "crop-hint" } }),
      make("label", { class: "field", text: say("picture.nearer") }, this.zoom),
      make("div", { class: "choices" }, button(say("composer.cancel"), () => this.dialog.close("")), button(say("picture.use"), () => this.dialog.close("yes"), "button")));
  }

  /** Asks for the square. @param {Blob} file @returns {Promise<Blob | undefined>} undefined where it is not wanted; rejects where it is no picture */
  async crop(file) {
    this.#picture = await decoded(file);
    try {
      this.#listen();
      document.body.append(this.dialog);
      this.dialog.showModal();
      this.#draw();
      await new Promise((resolve) => this.dialog.addEventListener("close", resolve, { once: true }));
      this.dialog.remove();
      return this.dialog.returnValue === "yes" ? await this.#square(file.type) : undefined;
    } finally {
      this.#picture.close();
    }
  }

  #listen() {
    const { canvas, zoom } = this;
    zoom.addEventListener("input", () => this.#move(0, 0));
    canvas.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      const step = ARROWS[event.key];
      if (event.key === "+" || event.key === "-") zoom.value = String(Number(zoom.value) + (event.key === "+" ? 0.25 : -0.25));
      else if (!step) return;
      event.preventDefault();
      this.#move(...(step ?? [0, 0]));
    });
    canvas.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => canvas.setPointerCapture(event.pointerId));
    canvas.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.#move(-event.movementX / SHOWN, -event.movementY / SHOWN);
    });
    canvas.addEventListener("wheel", (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      zoom.value = String(Number(zoom.value) - event.deltaY / 400);
      this.#move(0, 0);
    }, { passive: false });
  }

  /** @param {number} right of what is shown @param {number} down */
  #move(right, down) {
    const { edge } = squareOf(this.#picture, this.#look);
    const { x, y } = this.#look;
    this.#look = within(this.#picture, { x: x + (right * edge) / this.#picture.width, y: y + (down * edge) / this.#picture.height, zoom: Number(this.zoom.value) });
    this.#draw();
  }

  #draw() {
    this.#drawOn(this.canvas.getContext("2d"), this.canvas.width);
  }

  /** @param {any} context @param {number} size */
  #drawOn(context, size) {
    const { left, top, edge } = squareOf(this.#picture, this.#look);
    context.imageSmoothingQuality = "high";
    context.clearRect(0, 0, size, size);
    context.drawImage(this.#picture, left, top, edge, edge, 0, 0, size, size);
  }

  /** @param {string} type of what was chosen */
  async #square(type) {
    const canvas = createCanvas(EDGE, EDGE);
    this.#drawOn(canvas.context, EDGE);
    return packed(canvas, type);
  }
}
