import assert from "node:assert/strict";
import { test } from "node:test";

import { Reactions } from "../../../web/state/reactions.js";
import { Timeline } from "../../../web/state/timeline.js";

const author = { id: "ann", handle: "ann", name: "Ann", bot: false };

/** Somebody who reads one message, and whose asking is answered when the test says. */
function reader(reactions = [{ emoji: "👍", count: 2, users: ["bob", "eve"] }]) {
  const timeline = new Timeline({ epoch: "e", last_seq: 0, last_id: "", rev: 0 });
  timeline.posted({ room: "tea", seq: 1, id: "m1", at: 1, author, text: "…", reactions });
  /** @type {any[]} */ const asked = [];
  const client = /** @type {any} */ ({
    me: "me", blocks: { has: (/** @type {string} */ user) => user === "eve" }, tell: () => undefined, find: () => ({ timeline }),
    ask: (/** @type {string} */ method) => new Promise((answer, refuse) => asked.push({ method, answer, refuse })),
  });
  const made = new Reactions(client);
  const message = () => /** @type {any} */ (timeline.at(1));
  return { made, timeline, asked, message, sees: () => made.shown(message()).map(({ emoji, count, mine }) => `${emoji}${count}${mine ? "!" : ""}`) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

test("one's own reaction shows at once and is counted once when it is heard", async () => {
  const { made, timeline, asked, message, sees } = reader();
  assert.deepEqual(sees(), ["👍1"], "what blocked people did is left out");
  const done = made.toggle(message(), "🍵");
  assert.deepEqual(sees(), ["👍1", "🍵1!"]);
  asked[0].answer({ rev: 1 });
  await done;
  assert.deepEqual(sees(), ["👍1", "🍵1!"], "the answer may overtake the event");
  timeline.reacted({ room: "tea", rev: 1, seq: 1, emoji: "🍵", user: "me", added: true, count: 1 }, "me");
  made.heard("tea");
  assert.deepEqual(sees(), ["👍1", "🍵1!"]);
  assert.equal(made.wanted("tea", 1), undefined);
});

test("a refusal takes it back", async () => {
  const { made, asked, message, sees } = reader();
  const done = made.toggle(message(), "👍");
  assert.deepEqual(sees(), ["👍2!"]);
  asked[0].refuse(new Error("muted"));
  await assert.rejects(done, /muted/);
  assert.deepEqual(sees(), ["👍1"]);
});

test("whoever changes their mind meanwhile is asked for what they want last", async () => {
  const { made, asked, message, sees } = reader();
  const done = made.toggle(message(), "👍");
  made.toggle(message(), "👍");
  assert.deepEqual(sees(), ["👍1"]);
  asked[0].answer({ rev: 1 });
  await settled();
  assert.deepEqual(asked.map(({ method }) => method), ["message.react", "message.unreact"]);
  asked[1].answer({ rev: 0 });
  await done;
  assert.deepEqual(sees(), ["👍1"]);
});
