import assert from "node:assert/strict";
import { mock, test } from "node:test";

/** @type {(() => void)[]} */ let asked = [];
/** @type {Record<string, (event?: any) => void>} */ const heard = {};
/** @type {unknown[]} */ const reported = [];
Object.assign(globalThis, {
  requestAnimationFrame: (/** @type {() => void} */ draw) => asked.push(draw),
  addEventListener: (/** @type {string} */ name, /** @type {() => void} */ listener) => (heard[name] = listener),
  reportError: (/** @type {unknown} */ error) => reported.push(error),
});
let now = 10_000;
mock.timers.enable({ apis: ["setTimeout"] });
mock.method(performance, "now", () => now);
const { inNextFrame, whenThereIsTime } = await import("../../../web/lib/frames.js");

function frame() {
  const now = asked;
  asked = [];
  for (const draw of now) draw();
}

/** @param {number} ms */
function pass(ms) {
  now += ms;
  mock.timers.tick(ms);
}

function type() {
  heard.keydown?.({ target: { matches: () => true } });
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
  heard.keydown?.({});
  frame();
  assert.equal(shown.length, 0);
  heard.keydown?.({});
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

test("while somebody types in a field, what can wait comes behind a key's frame", () => {
  shown = [];
  type();
  frame();
  frame();
  whenThereIsTime(show);
  assert.equal(asked.length, 0);
  type();
  frame();
  assert.equal(shown.length, 0);
  frame();
  assert.equal(shown.length, 1);
});

test("without a key it comes after a quarter of a second, and at once when nobody types any more", () => {
  shown = [];
  type();
  frame();
  frame();
  whenThereIsTime(show);
  whenThereIsTime(show);
  pass(249);
  assert.equal(asked.length, 0);
  pass(1);
  frame();
  assert.equal(shown.length, 1);
  pass(1_000);
  whenThereIsTime(show);
  frame();
  assert.equal(shown.length, 2);
});

test("a key that types nothing holds nothing up, and what is asked for in both ways is shown once", () => {
  shown = [];
  pass(2_000);
  heard.keydown?.({ target: { matches: () => false } });
  frame();
  frame();
  whenThereIsTime(show);
  inNextFrame(show);
  frame();
  assert.equal(shown.length, 1);
  frame();
  assert.equal(shown.length, 1);
});
