import assert from "node:assert/strict";
import { test } from "node:test";

import { topicsOf } from "../../../web/state/topics.js";
import { until } from "./line.js";
import { MEI, message, moveIn, paramsOf, stateOf, TOM } from "./moving-in.js";

/** @param {string} id @param {object} [more] */
function topic(id, more = {}) {
  return { id, room: "tea", title: id, by: TOM, at: 1, first: "first", messages: 1, last_seq: 1, last_at: 1, last_by: TOM, people: [TOM], unread: 0, mentions: 0, level: "mentions", read_seq: 1, ...more };
}

/** @param {import("./line.js").Line} line @param {any[]} topics */
function answer(line, topics, version = 1) {
  line.answers["topic.list"] = ({ topics: ids }) => ({ topics: ids ? topics.filter(({ id }) => ids.includes(id)) : topics, topics_version: version });
}

test("a list is asked for once, and a new message lifts its topic and counts in it", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { topics_version: 1, last_seq: 2, read_seq: 2 })]);
  answer(line, [topic("pinned", { pinned: true }), topic("rain", { last_seq: 2 }), topic("soil")]);
  const topics = topicsOf(client, "tea");
  topics.list({});
  await until(() => topics.list({}).topics.length === 3, "the list");
  assert.equal(line.asked("topic.list").length, 1);
  line.tell("message.posted", message("tea", 3, { topic: "soil", mentions: ["mei"] }));
  await until(() => topics.get("soil").messages === 2, "the message");
  assert.deepEqual(topics.list({}).topics.map(({ id }) => id), ["pinned", "soil", "rain"]);
  const { unread, mentions, last_by: by } = topics.get("soil");
  assert.deepEqual([unread, mentions, by.id, client.rooms.get("tea").unread], [1, 1, "tom", 1]);
});

test("a title is looked for page after page, as far as there are enough or the last page", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { topics_version: 1, last_seq: 2, read_seq: 2 })]);
  const pages = [["rain", "snow"], ["red soil"], ["soil"], ["sand"]];
  line.answers["topic.list"] = ({ after = "0" }) => ({ topics: pages[Number(after)]?.map((id) => topic(id)) ?? [], topics_version: 1, ...(Number(after) < 3 && { next: String(Number(after) + 1) }) });
  const topics = topicsOf(client, "tea");
  const found = async (/** @type {string} */ letters, /** @type {number} */ enough) => (await topics.find({}, letters, enough)).map(({ id }) => id);
  assert.deepEqual(await found("Soil ", 2), ["red soil", "soil"]);
  assert.equal(line.asked("topic.list").length, 3);
  assert.deepEqual(await Promise.all([found("moss", 1), found("sand", 1)]), [[], ["sand"]]);
  assert.equal(line.asked("topic.list").length, 4);
});

test("reading a topic moves its own marker, and the room's numbers are the server's", async (t) => {
  const { client, line, pass } = await moveIn(t, [stateOf("tea", { topics_version: 1, last_seq: 9, unread: 5, mentions: 1 })]);
  answer(line, [topic("soil", { last_seq: 8, unread: 3, mentions: 1 })]);
  line.answers["message.history"] = () => ({ messages: [7, 8].map((seq) => message("tea", seq, { topic: "soil" })), epoch: "e1", first_seq: 1, last_seq: 9, rev: 0, more: false });
  line.answers["read.mark"] = ({ room, topic: one, seq }) => ({ room, topic: one, read_seq: seq, room_read_seq: 0, unread: 2, mentions: 0 });
  const topics = topicsOf(client, "tea");
  const soil = topics.open("soil");
  await client.history.first("tea", "soil");
  await until(() => topics.get("soil"), "the card");
  assert.deepEqual([soil.timeline.messages.length, soil.timeline.reachesEnd, soil.unread], [2, true, 3]);
  client.markers.seen("tea", "soil");
  assert.equal(soil.unread, 0);
  pass(400);
  await until(() => client.rooms.get("tea").unread === 2, "the room's number");
  assert.deepEqual(paramsOf(line, "read.mark"), [{ room: "tea", seq: 9, topic: "soil" }]);
  assert.deepEqual([client.rooms.get("tea").mentions, client.rooms.get("tea").state.markers], [0, { soil: 9 }]);
  line.answers["read.mark"] = ({ room, seq }) => ({ room, read_seq: seq, room_read_seq: seq, unread: 0, mentions: 0 });
  line.tell("read.moved", { room: "tea", read_seq: 9, room_read_seq: 9, unread: 0, mentions: 0 });
  await until(() => client.rooms.get("tea").unread === 0, "all is read");
});

test("what is moved into an open topic comes, what is moved away or purged goes, and a reset empties it", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { topics_version: 1, last_seq: 3, read_seq: 3 })]);
  answer(line, [topic("soil")]);
  line.answers["message.history"] = () => ({ messages: [message("tea", 1, { topic: "soil" })], epoch: "e1", first_seq: 1, last_seq: 3, rev: 0, more: false });
  line.answers["message.get"] = ({ seqs }) => ({ messages: seqs.map((seq) => message("tea", seq, { topic: "soil" })), epoch: "e1", rev: 1 });
  const { timeline } = topicsOf(client, "tea").open("soil");
  await client.history.first("tea", "soil");
  line.tell("message.changed", { room: "tea", seq: 2, rev: 1, text: "word 2", topic: "soil" });
  await until(() => timeline.count(1, 3) === 2, "the message that was moved");
  line.tell("message.changed", { room: "tea", seq: 1, rev: 2, text: "word 1" });
  await until(() => timeline.count(1, 3) === 1, "the one that was moved away");
  line.tell("messages.purged", { room: "tea", rev: 3, seqs: [[2, 2]] });
  await until(() => timeline.count(1, 3) === 0, "the one that is gone");
  line.tell("message.posted", message("tea", 4));
  line.tell("message.posted", message("tea", 5, { topic: "soil" }));
  await until(() => timeline.count(1, 5) === 1, "the next");
  line.tell("room.reset", { room: "tea", epoch: "e2", last_seq: 1, last_id: "x", rev: 0, topics_version: 7 });
  await until(() => timeline.isEmpty, "the reset");
  assert.equal(client.rooms.get("tea").state.topics_version, 7);
});

test("a topic that was made, renamed or deleted is so in the lists", async (t) => {
  const { client, line, back } = await moveIn(t, [stateOf("tea", { topics_version: 1 })], { user: MEI });
  answer(line, [topic("soil")]);
  const topics = topicsOf(client, "tea");
  topics.list({});
  await until(() => topics.list({}).topics.length, "the list");
  const { unread, mentions, level, read_seq: _, ...told } = topic("soil", { title: "Sand" });
  line.tell("topic.changed", { room: "tea", topics_version: 2, topic: told });
  await until(() => topics.get("soil").title === "Sand", "the new title");
  assert.deepEqual([topics.get("soil").level, unread, mentions, level], ["mentions", 0, 0, "mentions"]);
  line.tell("topic.changed", { room: "tea", topics_version: 3, topic: { id: "soil", room: "tea", deleted: true } });
  await until(() => topics.want("soil") === null, "that it is gone");
  assert.deepEqual(topics.list({}).topics, []);
  answer(line, [topic("rain")], 9);
  line.answers["session.start"] = { ...line.answers["session.start"], rooms: [stateOf("tea", { topics_version: 9 })] };
  await back();
  topics.list({});
  await until(() => topics.list({}).topics[0]?.id === "rain", "the list of now");
});
