import assert from "node:assert/strict";
import { test } from "node:test";

import { scriptLanguage } from "../../../web/lib/script-language.js";
import { Outbox } from "../../../web/state/outbox.js";
import { Timeline } from "../../../web/state/timeline.js";

class Drawer {
  /** @type {Map<string, string>} */ kept = new Map();
  getItem(key) {
    return this.kept.get(key) ?? null;
  }
  setItem(key, value) {
    this.kept.set(key, value);
  }
}

function tab(storage, { sent = [], isHeard = () => false } = {}) {
  const send = async ({ text, clientId }) => {
    sent.push([text, clientId]);
    return { id: `id of ${text}`, seq: 7 };
  };
  return new Outbox({ storage, send, isHeard });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("nobody sends the words that another wrote at this browser", async () => {
  const sent = [];
  const outbox = tab(new Drawer(), { sent });
  outbox.belongTo("ann");
  outbox.add("tea", "Ann's");
  outbox.belongTo("");
  outbox.belongTo("bob");
  await outbox.flush(true);
  await turn();
  assert.deepEqual(sent, []);
  assert.deepEqual(outbox.of("tea"), []);
  outbox.belongTo("ann");
  await outbox.flush(true);
  await turn();
  assert.deepEqual(sent.map(([text]) => text), ["Ann's"]);
});

test("a visitor's words are those of the account that is made next, and take it into the room", async () => {
  const sent = [];
  const outbox = tab(new Drawer(), { sent });
  outbox.add("hall", "May I sit down?");
  outbox.belongTo("wei");
  await outbox.flush(true);
  assert.equal(outbox.items[0].joins, true);
  await turn();
  assert.equal(sent.length, 1);
});

test("two tabs keep each other's words, and send the same ones under the same client_id", async () => {
  const storage = new Drawer();
  const [one, other] = [tab(storage), tab(storage)];
  one.add("tea", "from one");
  other.add("tea", "from the other");
  const sent = [];
  const third = tab(storage, { sent });
  assert.deepEqual(third.of("tea").map((item) => item.text), ["from one", "from the other"]);
  await third.flush(true);
  await turn();
  await turn();
  assert.deepEqual(sent.map(([, clientId]) => clientId), [...one.items, ...other.items].map((item) => item.clientId));
  assert.deepEqual(tab(storage).items, []);
});

test("words that another tab has sent are not shown a second time when their answer comes", async () => {
  const outbox = tab(new Drawer(), { isHeard: (room, seq) => room === "tea" && seq <= 7 });
  outbox.add("tea", "once");
  await outbox.flush(true);
  await turn();
  assert.deepEqual(outbox.items, []);
});

test("a long room lets go of its oldest messages and can read them again", () => {
  const room = new Timeline({ epoch: "e", last_seq: 0, last_id: "", rev: 0 });
  for (let seq = 1; seq <= 151; seq += 1) room.posted({ room: "tea", seq, id: `m${seq}`, at: seq, author: {}, text: `${seq}` });
  room.trim(100);
  assert.equal(room.messages.length, 100);
  assert.equal(room.messages[0].seq, 52);
  assert.equal(room.more, true);
  const messages = [{ room: "tea", seq: 51, id: "m51", at: 51, author: {}, text: "51" }];
  room.take({ messages, epoch: "e", first_seq: 1, last_seq: 151, rev: 0, more: true });
  assert.equal(room.messages[0].seq, 51);
  assert.equal(room.messages.length, 101);
});

test("a text is in the language of most of it", () => {
  assert.equal(scriptLanguage("Welcome, 王小明! Take a seat."), "en");
  assert.equal(scriptLanguage("欢迎 Tom，请坐"), "zh-Hans");
  assert.equal(scriptLanguage("歡迎 Tom，請坐"), "zh-Hant");
  assert.equal(scriptLanguage("お茶をどうぞ"), "ja");
  assert.equal(scriptLanguage("Чай готов, Ann"), "ru");
  assert.equal(scriptLanguage("123 🙂"), "");
});
