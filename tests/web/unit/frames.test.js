import assert from "node:assert/strict";
import { test } from "node:test";

/** @type {(() => void)[]} */ let asked = [];
/** @type {Record<string, () => void>} */ const heard = {};
/** @type {unknown[]} */ const reported = [];
Object.assign(globalThis, {
  requestAnimationFrame: (/** @type {() => void} */ draw) => asked.push(draw),
  addEventListener: (/** @type {string} */ name, /** @type {() => void} */ listener) => (heard[name] = listener),
  reportError: (/** @type {unknown} */ error) => reported.push(error),
});
const { inNextFrame } = await import("../../../web/lib/frames.js");

function frame() {
  const now = asked;
  asked = [];
  for (const draw of now) draw();
}

/** @type {string[]} */ let shown = [];
const show = () => void shown.push("it");

test("what is asked for several times is shown once, in the next frame", () => {
  shown = [];
  for (let time = 0; time < 3; time += 1) inNextFrame(show);
  assert.equal(asked.length, 1);
  frame();
  assert.deepEqual([shown.length, asked.length], [1, 0]);
});

test("the frame after a key leaves it out, and the next one has it although a key is held down", () => {
  shown = [];
  inNextFrame(show);
  heard.keydown?.();
  frame();
  assert.equal(shown.length, 0);
  heard.keydown?.();
  frame();
  assert.equal(shown.length, 1);
});

test("what is asked for while others are shown comes with the frame after, and a failure keeps nothing else back", () => {
  shown = [];
  const failure = new Error("cannot be shown");
  inNextFrame(() => {
    inNextFrame(show);
    throw failure;
  });
  const other = () => void shown.push("other");
  inNextFrame(other);
  frame();
  assert.deepEqual([shown, reported], [["other"], [failure]]);
  frame();
  assert.deepEqual(shown, ["other", "it"]);
});
