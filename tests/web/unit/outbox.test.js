import assert from "node:assert/strict";
import { test } from "node:test";

import { Refusal, unanswered } from "../../../web/lib/refusal.js";
import { Outbox } from "../../../web/state/outbox.js";

class Drawer {
  /** @type {Map<string, string>} */ kept = new Map();
  getItem(key) {
    return this.kept.get(key) ?? null;
  }
  setItem(key, value) {
    this.kept.set(key, value);
  }
}

/** @param {() => boolean} done */
async function until(done) {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

test("words of one room leave one after another, in the order they were written", async () => {
  const sent = [];
  const outbox = new Outbox({
    storage: new Drawer(),
    send: async ({ text }) => {
      sent.push(text);
      return { id: `id ${text}`, seq: sent.length };
    },
  });
  for (const text of ["one", "two", "three"]) outbox.add("tea", text);
  outbox.flush(true);
  await until(() => outbox.items.every((item) => item.status === "sent"));
  assert.deepEqual(sent, ["one", "two", "three"]);
  for (const item of [...outbox.items]) outbox.heard({ id: item.id });
  assert.deepEqual(outbox.items, []);
});

test("unanswered words survive a reload and are sent again under the same client_id, as the same reply", async () => {
  const storage = new Drawer();
  const ids = [];
  const never = () => new Promise(() => undefined);
  const lost = new Outbox({ storage, pause: never, send: async ({ clientId }) => (ids.push(clientId), Promise.reject(unanswered())) });
  lost.add("tea", "hello", 7);
  lost.flush(true);
  await until(() => ids.length === 1 && lost.items[0].status === "waiting");
  const again = new Outbox({ storage, send: async ({ clientId }) => (ids.push(clientId), { id: "a", seq: 1 }) });
  again.flush(true);
  await until(() => again.items[0].status === "sent");
  assert.equal(ids[0], ids[1]);
  assert.equal(again.items[0].reply_to, 7, "and still answer what they answered");
});

test("a refusal is kept with its reason, and the next words still leave", async () => {
  const outbox = new Outbox({
    storage: new Drawer(),
    send: async ({ text }) => {
      if (text === "bad") throw new Refusal(-32002, "no", { reason: "muted" });
      return { id: text, seq: 1 };
    },
  });
  outbox.add("tea", "bad");
  outbox.add("tea", "good");
  outbox.flush(true);
  await until(() => outbox.items[1].status === "sent");
  assert.deepEqual([outbox.items[0].status, outbox.items[0].reason], ["refused", "muted"]);
  outbox.drop(outbox.items[0]);
  assert.equal(outbox.items.length, 1);
});

test("who is asked to slow down waits so long and goes on by itself", async () => {
  const waits = [];
  let asked = 0;
  const outbox = new Outbox({
    storage: new Drawer(),
    pause: async (milliseconds) => void waits.push(milliseconds),
    send: async () => {
      asked += 1;
      if (asked === 1) throw new Refusal(-32029, "slow", { retry_after: 1.5 });
      return { id: "a", seq: 1 };
    },
  });
  outbox.add("tea", "hello");
  outbox.flush(true);
  await until(() => outbox.items[0].status === "sent");
  assert.deepEqual(waits, [1500]);
});

test("nothing is sent without a session", () => {
  const outbox = new Outbox({ storage: new Drawer(), send: () => assert.fail("sent") });
  outbox.add("tea", "hello");
  outbox.flush(false);
  assert.equal(outbox.items[0].status, "waiting");
});

test("what the server could not take is asked again after a while, or when the next session begins", async () => {
  const waits = [];
  let asked = 0;
  const outbox = new Outbox({
    storage: new Drawer(),
    pause: (milliseconds) => new Promise((resolve) => waits.push({ milliseconds, resolve })),
    send: async () => {
      asked += 1;
      if (asked < 3) throw new Refusal(-32050, "unavailable", {});
      return { id: "a", seq: 1 };
    },
  });
  outbox.add("tea", "hello");
  outbox.flush(true);
  await until(() => waits.length === 1);
  assert.equal(asked, 1);
  waits[0].resolve();
  await until(() => waits.length === 2);
  assert.equal(asked, 2);
  outbox.flush(true);
  await until(() => outbox.items[0].status === "sent");
  assert.equal(asked, 3);
});
