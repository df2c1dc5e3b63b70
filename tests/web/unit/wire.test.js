import assert from "node:assert/strict";
import { test } from "node:test";

import { mayReturn, returnDelay, Wire } from "../../../web/lib/wire.js";
import { Clock } from "./clock.js";
import { Line, STARTED, until } from "./line.js";

/**
 * A wire and the line it speaks on; time stands still unless it is moved.
 *
 * @param {import("node:test").TestContext} t
 */
async function meet(t) {
  const line = await Line.open();
  const heard = [];
  const statuses = [];
  const wire = new Wire({
    open: line.connect,
    startParams: () => ({ cursors: { tea: heard.length } }),
    started: (result) => heard.push(["started", result]),
    heard: (method, params) => heard.push([method, params]),
    random: () => 1,
  });
  wire.addEventListener("status", () => statuses.push(wire.status));
  t.after(async () => {
    wire.rest();
    await line.close();
  });
  // It is given back last, so what a closing socket waits for is not waited for.
  const clock = new Clock(t);
  const live = () => until(() => wire.live, "live");
  const arrives = (count) => until(() => line.connections.length === count, `connection ${count}`);
  return { line, wire, heard, statuses, live, arrives, pass: (milliseconds) => clock.pass(milliseconds) };
}

/** @param {Promise<any>} asked */
const refusalOf = (asked) => asked.then(() => assert.fail("it was answered"), (refusal) => refusal);

test("who may come back without a person's doing", () => {
  for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4100, 4101, 4102, 4499]) assert.ok(mayReturn(code), String(code));
  for (const code of [1003, 1007, 1009, 4000, 4500, 4501, 4502, 4503, 4504, 4505, 4999]) assert.ok(!mayReturn(code), String(code));
});

test("the wait doubles from a second to thirty and is taken anywhere within", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 1e9].map((attempt) => returnDelay(attempt, () => 1)), [1e3, 2e3, 4e3, 8e3, 16e3, 3e4, 3e4, 3e4]);
  assert.equal(returnDelay(4, () => 0), 0);
  assert.equal(returnDelay(4, () => 0.25), 4e3);
});

test("session.start is the first request, and nothing is asked before it is answered", async (t) => {
  const { line, wire, live, statuses } = await meet(t);
  assert.equal((await refusalOf(wire.request("room.list"))).kind, "unanswered");
  wire.connect();
  assert.equal((await refusalOf(wire.request("room.list"))).kind, "unanswered");
  await live();
  assert.deepEqual(line.heard.map(({ method, params }) => [method, params]), [["session.start", { cursors: { tea: 0 } }]]);
  assert.deepEqual(statuses, ["connecting", "live"]);
});

test("events of the same turn stand behind the start, and those before it are nobody's", async (t) => {
  const { line, wire, heard } = await meet(t);
  line.answers["session.start"] = () => {
    line.tell("message.posted", { seq: 0 });
    setImmediate(() => [1, 2, 3].forEach((seq) => line.tell("message.posted", { seq })));
    return STARTED;
  };
  wire.connect();
  await until(() => heard.length === 4, "three events");
  assert.deepEqual(heard.map(([name, { seq }]) => [name, seq]), [
    ["started", undefined], ["message.posted", 1], ["message.posted", 2], ["message.posted", 3],
  ]);
});

test("answers find their requests by id, in whatever order they come, and a refusal is one", async (t) => {
  const { line, wire, live } = await meet(t);
  wire.connect();
  await live();
  const asked = ["first", "second", "third"].map((name) => wire.request(name).catch((refusal) => refusal));
  await until(() => line.asked("third").length, "the third request");
  const [first, second, third] = ["first", "second", "third"].map((name) => line.asked(name)[0].id);
  line.send({ id: third, result: "three" });
  line.send({ id: 4711, result: "nobody asked" });
  line.send({ id: null, error: { code: -32700, message: "not JSON" } });
  line.send({ id: second, error: { code: -32029, message: "slow down", data: { reason: "sends", retry_after: 1.2 } } });
  line.send({ id: first, result: "one" });
  const [one, two, three] = await Promise.all(asked);
  assert.deepEqual([one, three], ["one", "three"]);
  assert.deepEqual([two.kind, two.reason, two.retryAfter], ["rate_limited", "sends", 1200]);
});

test("a lost line leaves requests unanswered, and the way back goes on from the cursors of then", async (t) => {
  const { line, wire, heard, live, arrives, pass, statuses } = await meet(t);
  wire.connect();
  await live();
  const asked = refusalOf(wire.request("message.send"));
  await until(() => line.asked("message.send").length, "the request");
  line.connections[0].terminate();
  assert.equal((await asked).kind, "unanswered");
  await until(() => wire.status === "waiting", "waiting");
  pass(999);
  assert.equal(wire.status, "waiting");
  pass(1);
  await arrives(2);
  await live();
  assert.deepEqual(line.asked("session.start").map(({ params }) => params.cursors), [{ tea: 0 }, { tea: 1 }]);
  assert.deepEqual(statuses, ["connecting", "live", "waiting", "connecting", "live"]);
  assert.equal(heard.length, 2);
});

test("a community that ends every connection at once is asked ever more rarely, until one has lasted", async (t) => {
  const { line, wire, live, pass } = await meet(t);
  const waits = [];
  const shut = async () => {
    line.connections.at(-1).close(4100);
    await until(() => wire.status === "waiting", "waiting");
    for (let waited = 0; wire.status === "waiting"; pass(500)) waits.push((waited += 500));
    await live();
  };
  wire.connect();
  await live();
  for (let round = 0; round < 4; round += 1) await shut();
  pass(5_001);
  await shut();
  assert.deepEqual(waits.filter((wait, at) => waits[at + 1] !== wait + 500), [1_000, 2_000, 4_000, 8_000, 1_000]);
});

test("a community that is shut is asked again, and found when it opens", async (t) => {
  const { line, wire, live, pass } = await meet(t);
  await line.close();
  wire.connect();
  for (const wait of [1_000, 2_000]) {
    await until(() => wire.status === "waiting", "waiting");
    pass(wait);
  }
  await until(() => wire.status === "waiting", "waiting");
  const again = await Line.open(line.port);
  t.after(() => again.close());
  pass(4_000);
  await live();
  assert.equal(again.asked("session.start").length, 1);
});

test("who was signed out or suspended stays away and knows why", async (t) => {
  for (const code of [4500, 4502]) {
    await t.test(String(code), async (t) => {
      const { line, wire, live, pass, arrives } = await meet(t);
      wire.connect();
      await live();
      line.connections[0].close(code);
      await until(() => wire.status === "away", "away");
      assert.equal(wire.closeCode, code);
      pass(3_600_000);
      wire.wake();
      assert.deepEqual([wire.status, line.connections.length], ["away", 1]);
      wire.restart();
      await arrives(2);
      await live();
      assert.equal(wire.closeCode, 0);
    });
  }
});

test("a session that is refused for want of a login stays away; for any other reason it is asked again", async (t) => {
  const { line, wire, arrives, pass } = await meet(t);
  const refuse = (code) => () => {
    throw { code, message: "no" };
  };
  line.answers["session.start"] = refuse(-32050);
  wire.connect();
  await until(() => wire.status === "waiting", "waiting");
  line.answers["session.start"] = refuse(-32001);
  pass(1_000);
  await arrives(2);
  await until(() => wire.status === "away", "away");
  assert.equal(wire.closeCode, 4500);
});

test("a start that nobody answers is given up after ten seconds", async (t) => {
  const { line, wire, live, pass } = await meet(t);
  delete line.answers["session.start"];
  wire.connect();
  await until(() => line.heard.length, "the start");
  pass(9_999);
  assert.equal(wire.status, "connecting");
  line.answers["session.start"] = STARTED;
  pass(1);
  assert.equal(wire.status, "waiting");
  pass(1_000);
  await live();
  assert.equal(line.connections.length, 2);
});

test("a line that is dead without knowing it is found by a ping, and by waking sooner", async (t) => {
  const { line, wire, live, pass } = await meet(t);
  wire.connect();
  await live();
  pass(25_000);
  await until(() => line.asked("session.ping").length === 1, "a ping");
  await wire.request("session.ping");
  assert.ok(wire.live);
  delete line.answers["session.ping"];
  wire.wake();
  pass(1_999);
  assert.ok(wire.live);
  pass(1);
  await until(() => wire.status === "waiting", "waiting");
  wire.wake();
  await live();
  pass(25_000);
  pass(3_000);
  await until(() => wire.status === "waiting", "waiting");
  assert.equal(line.connections.length, 2);
});

test("a request has its time, and an answer that comes later disturbs nobody", async (t) => {
  const { line, wire, live, pass } = await meet(t);
  wire.connect();
  await live();
  const asked = refusalOf(wire.request("message.history", {}, 5_000));
  await until(() => line.asked("message.history").length, "the request");
  pass(5_000);
  assert.equal((await asked).kind, "unanswered");
  line.send({ id: line.asked("message.history")[0].id, result: {} });
  line.answers["room.list"] = { rooms: [] };
  assert.deepEqual(await wire.request("room.list"), { rooms: [] });
  assert.ok(wire.live);
});

test("who rests is not brought back by waking or by time, and comes when asked", async (t) => {
  const { line, wire, live, pass, arrives } = await meet(t);
  wire.connect();
  await live();
  wire.rest();
  wire.wake();
  pass(3_600_000);
  assert.deepEqual([wire.status, line.connections.length], ["idle", 1]);
  wire.connect();
  await arrives(2);
  await live();
});

test("after a restart only the new connection speaks", async (t) => {
  const { line, wire, heard, live, arrives } = await meet(t);
  wire.connect();
  await live();
  wire.restart();
  await arrives(2);
  line.send({ method: "message.posted", params: { seq: 1 } }, line.connections[0]);
  await live();
  line.tell("message.posted", { seq: 2 });
  await until(() => heard.at(-1)[0] === "message.posted", "an event");
  assert.deepEqual(heard.filter(([name]) => name === "message.posted"), [["message.posted", { seq: 2 }]]);
});
