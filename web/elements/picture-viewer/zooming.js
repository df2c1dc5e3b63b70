/**
 * What fingers, a mouse and a wheel do to the picture of a viewer: zoom where they are, move it about while it is larger
 * than the screen, go on to the next by a swipe, and close by drawing it down.
 */

const MOST = 8;
const DOUBLE = 2.5;
const SWIPE = 60;
/** Two presses within so many milliseconds and pixels are one double press. */
const TWICE = 300;
const NEAR = 30;
const WHEEL = 0.0025;

export class Zooming {
  #scale = 1;
  #x = 0;
  #y = 0;
  /** @type {Map<number, {x: number, y: number}>} where each finger is */ #fingers = new Map();
  /** @type {{x: number, y: number} | null} where the only finger came down */ #from = null;
  #tap = { at: 0, x: 0, y: 0 };

  /** @param {import("./picture-viewer.js").PictureViewer} viewer @param {{swipe: (by: number) => void, leave: () => void}} told */
  constructor(viewer, told) {
    this.stage = viewer.stage;
    this.picture = viewer.picture;
    this.told = told;
    const { stage } = this;
    stage.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => this.#down(event));
    stage.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => this.#move(event));
    stage.addEventListener("pointerup", (/** @type {PointerEvent} */ event) => this.#up(event, true));
    stage.addEventListener("pointercancel", (/** @type {PointerEvent} */ event) => this.#up(event, false));
    stage.addEventListener("wheel", (/** @type {WheelEvent} */ event) => {
      event.preventDefault();
      this.by(Math.exp(-event.deltaY * WHEEL), event.clientX, event.clientY);
    }, { passive: false });
  }

  reset() {
    this.#scale = 1;
    this.#x = this.#y = 0;
    this.#draw();
  }

  /** Larger or smaller by a factor; what is at that point stays there. @param {number} factor @param {number} [x] @param {number} [y] */
  by(factor, x = innerWidth / 2, y = innerHeight / 2) {
    const scale = Math.min(MOST, Math.max(1, this.#scale * factor));
    const box = this.stage.getBoundingClientRect();
    const [cx, cy] = [x - box.left - box.width / 2, y - box.top - box.height / 2];
    this.#x = cx - ((cx - this.#x) * scale) / this.#scale;
    this.#y = cy - ((cy - this.#y) * scale) / this.#scale;
    this.#scale = scale;
    this.#draw();
  }

  /** It never leaves the screen. */
  #draw() {
    const { offsetWidth: width, offsetHeight: height } = this.picture;
    const [mx, my] = [Math.max(0, (width * this.#scale - this.stage.clientWidth) / 2), Math.max(0, (height * this.#scale - this.stage.clientHeight) / 2)];
    this.#x = Math.min(mx, Math.max(-mx, this.#x));
    this.#y = Math.min(my, Math.max(-my, this.#y));
    this.picture.style.transform = this.#scale === 1 ? "" : `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
    this.stage.classList.toggle("zoomed", this.#scale > 1);
  }

  /** @param {PointerEvent} event */
  #down({ pointerId, clientX: x, clientY: y }) {
    this.stage.setPointerCapture(pointerId);
    this.#fingers.set(pointerId, { x, y });
    this.#from = this.#fingers.size === 1 ? { x, y } : null;
  }

  /** @param {PointerEvent} event */
  #move({ pointerId, clientX: x, clientY: y }) {
    const before = this.#fingers.get(pointerId);
    if (!before) return;
    const other = [...this.#fingers].find(([id]) => id !== pointerId)?.[1];
    this.#fingers.set(pointerId, { x, y });
    if (other) {
      const [was, is] = [Math.hypot(before.x - other.x, before.y - other.y), Math.hypot(x - other.x, y - other.y)];
      if (was > 0) this.by(is / was, (x + other.x) / 2, (y + other.y) / 2);
    } else if (this.#scale > 1) {
      this.#x += x - before.x;
      this.#y += y - before.y;
      this.#draw();
    }
  }

  /** @param {PointerEvent} event @param {boolean} counts */
  #up({ pointerId, clientX: x, clientY: y, pointerType, target }, counts) {
    this.#fingers.delete(pointerId);
    const from = this.#from;
    if (!counts || !from) return;
    this.#from = null;
    const [dx, dy] = [x - from.x, y - from.y];
    if (Math.hypot(dx, dy) < 8) return this.#tapped(x, y, target);
    if (this.#scale > 1 || pointerType === "mouse") return;
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > 1.5 * Math.abs(dy)) this.told.swipe(dx < 0 ? 1 : -1);
    else if (dy > 2 * SWIPE && dy > 2 * Math.abs(dx)) this.told.leave();
  }

  /** Twice zooms in and out; once beside the picture closes. @param {number} x @param {number} y @param {EventTarget | null} target */
  #tapped(x, y, target) {
    const now = performance.now();
    const again = now - this.#tap.at < TWICE && Math.hypot(x - this.#tap.x, y - this.#tap.y) < NEAR;
    this.#tap = { at: again ? 0 : now, x, y };
    const box = this.picture.getBoundingClientRect();
    const beside = x < box.left || x > box.right || y < box.top || y > box.bottom;
    if (beside && target) this.told.leave();
    else if (again && this.#scale > 1) this.reset();
    else if (again) this.by(DOUBLE, x, y);
  }
}
