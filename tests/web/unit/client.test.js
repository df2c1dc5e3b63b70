import assert from "node:assert/strict";
import { test } from "node:test";

import { Refusal } from "../../../web/lib/refusal.js";
import { Client } from "../../../web/state/client.js";
import { glimpse, listing } from "../../../web/state/glimpse.js";
import { recall } from "../../../web/state/keeper.js";
import { Line, STARTED, until } from "./line.js";
import { Drawer, logOf, MEI, message, moveIn, paramsOf, stateOf, TOM } from "./moving-in.js";

test("what is said reaches its room in order; what is said of rooms one is not in is nobody's", async (t) => {
  const { client, line, told } = await moveIn(t, [stateOf("tea"), stateOf("hall")]);
  line.tell("message.posted", message("cellar", 1));
  for (const seq of [1, 2]) line.tell("message.posted", message("tea", seq));
  line.tell("message.changed", { room: "tea", seq: 1, rev: 1, deleted: true });
  line.tell("message.posted", message("hall", 1, { mentions: ["mei"] }));
  await until(() => client.rooms.get("hall").timeline.lastSeq === 1, "the hall");
  const tea = client.rooms.get("tea");
  assert.deepEqual(tea.timeline.messages.map(({ text }) => text), ["", "word 2"]);
  assert.deepEqual([tea.unread, tea.number, client.calls, client.find("cellar")], [1, 1, 1, undefined], "what is deleted is not unread");
  assert.deepEqual(told.filter(([name]) => name === "erased"), [["erased", "tea"]]);
  assert.equal(client.people.get("tom").name, "Tom");
});

test("what was read in two rooms one after the other is marked in both", async (t) => {
  const { client, line, pass } = await moveIn(t, [stateOf("tea", { last_seq: 3 }), stateOf("hall", { last_seq: 5 })]);
  client.markers.seen("tea");
  pass(100);
  client.markers.seen("hall");
  assert.equal(client.calls, 0);
  pass(400);
  await until(() => line.asked("read.mark").length === 2, "two marks");
  assert.deepEqual(paramsOf(line, "read.mark"), [{ room: "tea", seq: 3 }, { room: "hall", seq: 5 }]);
});

test("a marker moves once for many messages, and never back", async (t) => {
  const { client, line, pass } = await moveIn(t, [stateOf("tea")]);
  for (const seq of [1, 2, 3]) {
    line.tell("message.posted", message("tea", seq));
    await until(() => client.rooms.get("tea").timeline.lastSeq === seq, "a message");
    client.markers.seen("tea");
  }
  pass(400);
  await until(() => line.asked("read.mark").length, "a mark");
  line.tell("read.moved", { room: "tea", read_seq: 1, room_read_seq: 1, unread: 2, mentions: 0 });
  line.tell("message.posted", message("tea", 4));
  await until(() => client.rooms.get("tea").timeline.lastSeq === 4, "the fourth");
  assert.equal(client.rooms.get("tea").unread, 1);
  assert.deepEqual(paramsOf(line, "read.mark"), [{ room: "tea", seq: 3 }]);
});

test("a marker moves every few seconds where messages never cease", async (t) => {
  const { client, line, pass } = await moveIn(t, [stateOf("tea")]);
  for (let seq = 1; seq <= 70; seq += 1) {
    line.tell("message.posted", message("tea", seq));
    await until(() => client.rooms.get("tea").timeline.lastSeq === seq, "a message");
    client.markers.seen("tea");
    pass(100);
  }
  await until(() => line.asked("read.mark").length, "a mark");
  assert.deepEqual(paramsOf(line, "read.mark"), [{ room: "tea", seq: 50 }]);
});

test("what was read while nobody heard is marked when the line is back", async (t) => {
  const { client, line, back, pass } = await moveIn(t, [stateOf("tea", { last_seq: 3, mentions: 1 })]);
  client.markers.seen("tea");
  await back();
  assert.deepEqual([client.rooms.get("tea").unread, client.rooms.get("tea").mentions], [0, 0]);
  pass(400);
  await until(() => line.asked("read.mark").length, "the mark");
  assert.deepEqual(paramsOf(line, "read.mark"), [{ room: "tea", seq: 3 }]);
});

test("a marker of another numbering counts no more", async (t) => {
  const { client, line, back } = await moveIn(t, [stateOf("tea", { last_seq: 30 })]);
  client.markers.seen("tea");
  line.answers["session.start"] = { ...STARTED, user: MEI, rooms: [stateOf("tea", { epoch: "e2", last_seq: 2 })] };
  await back();
  line.tell("room.reset", { room: "tea", epoch: "e2", first_seq: 1, last_seq: 2, last_id: "x", rev: 0 });
  await until(() => client.rooms.get("tea").timeline.cursor.epoch === "e2", "the reset");
  assert.equal(client.rooms.get("tea").unread, 2);
});

test("a session goes on from what is held, and rooms one has left meanwhile are gone", async (t) => {
  const { client, line, back } = await moveIn(t, [stateOf("tea"), stateOf("hall")]);
  line.tell("message.posted", message("tea", 1));
  await until(() => client.rooms.get("tea").timeline.lastSeq === 1, "a message");
  line.answers["session.start"] = { ...STARTED, user: MEI, rooms: [stateOf("tea", { last_seq: 1, last_id: "tea-1" })] };
  const tea = client.rooms.get("tea");
  await back();
  assert.deepEqual(paramsOf(line, "session.start")[1].cursors.tea, { epoch: "e1", seq: 1, id: "tea-1", rev: 0 });
  assert.equal(client.rooms.get("tea"), tea);
  assert.deepEqual([...client.rooms.keys()], ["tea"]);
});

test("another user's session keeps nothing of the one before", async (t) => {
  const { client, line, back } = await moveIn(t, [stateOf("tea", { last_seq: 1 })]);
  const tea = client.rooms.get("tea");
  line.answers["session.start"] = { ...STARTED, user: TOM, rooms: [stateOf("tea", { last_seq: 1 })] };
  await back();
  assert.equal(client.me, "tom");
  assert.notEqual(client.rooms.get("tea"), tea);
});

test("a room opens on its newest page, and goes on in both directions until there is no more", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { last_seq: 120, last_id: "tea-120", read_seq: 120 })]);
  line.answers["message.history"] = logOf(120);
  await client.watch("tea");
  const { timeline } = client.rooms.get("tea");
  await until(() => !timeline.isEmpty, "a page");
  assert.deepEqual([timeline.first, timeline.last], [71, 120]);
  await client.history.newer("tea");
  for (let page = 0; page < 4; page += 1) await client.history.older("tea");
  assert.deepEqual([timeline.first, timeline.last, timeline.more], [1, 120, false]);
  assert.deepEqual(paramsOf(line, "message.history").map(({ before }) => before), [undefined, 71, 21]);
});

test("where much is unread a room opens where one had read to", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { last_seq: 200, last_id: "tea-200", read_seq: 99 })]);
  line.answers["message.history"] = logOf(200);
  await client.history.first("tea");
  const { timeline } = client.rooms.get("tea");
  assert.deepEqual([timeline.first, timeline.last, timeline.reachesEnd], [75, 124, false]);
  await client.history.newer("tea");
  assert.deepEqual([timeline.first, timeline.last], [75, 174]);
  await client.history.latest("tea");
  assert.deepEqual([timeline.first, timeline.last, timeline.reachesEnd], [75, 200, true]);
});

test("history that was refused is not asked for again at once, and is after a pause", async (t) => {
  const { client, line, told, pass } = await moveIn(t, [stateOf("tea", { last_seq: 9 })]);
  line.answers["message.history"] = () => {
    throw { code: -32050, message: "not now" };
  };
  await client.history.first("tea");
  await client.history.first("tea");
  assert.equal(line.asked("message.history").length, 1);
  line.answers["message.history"] = logOf(9);
  const before = told.filter(([name]) => name === "room").length;
  pass(2_000);
  assert.equal(told.filter(([name]) => name === "room").length, before + 1);
  await client.history.first("tea");
  assert.equal(client.rooms.get("tea").timeline.messages.length, 9);
});

test("a page that was asked for before the numbering changed is not shown", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { last_seq: 9 })]);
  delete line.answers["message.history"];
  const loading = client.history.first("tea");
  await until(() => line.asked("message.history").length, "the asking");
  line.tell("room.reset", { room: "tea", epoch: "e2", first_seq: 1, last_seq: 4, last_id: "n", rev: 0 });
  line.send({ id: line.asked("message.history")[0].id, result: logOf(9)({ room: "tea", limit: 50 }) });
  await loading;
  const { timeline } = client.rooms.get("tea");
  assert.deepEqual([timeline.isEmpty, timeline.cursor.epoch, timeline.lastSeq], [true, "e2", 4]);
});

test("an update that overtakes messages on their way leaves them to come", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea")]);
  line.tell("room.updated", stateOf("tea", { title: "Tea and cake", last_seq: 2, mentions: 2, role: "moderator" }));
  for (const seq of [1, 2]) line.tell("message.posted", message("tea", seq, { mentions: ["mei"] }));
  await until(() => client.rooms.get("tea").timeline.lastSeq === 2, "both");
  const tea = client.rooms.get("tea");
  assert.deepEqual([tea.title("en"), tea.moderates, tea.unread, tea.mentions], ["Tea and cake", true, 2, 2]);
});

test("calls that were looked for count on when their messages are let go of, until they are read", async (t) => {
  const { client } = await moveIn(t, [stateOf("tea", { last_seq: 400, mentions: 3 })]);
  const tea = client.rooms.get("tea");
  tea.keepCalls([90, 210], "mei");
  assert.deepEqual([tea.knownCalls(0, "mei"), tea.knownCalls(100, "mei"), tea.nextCall(90, "mei"), tea.unknownCalls("mei")], [[90, 210], [210], 210, 1]);
  tea.read(100);
  assert.deepEqual([tea.knownCalls(0, "mei"), tea.nextCall(0, "mei")], [[210], 210]);
});

test("a call that stands above what is held is not counted as one below", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { last_seq: 400, mentions: 3 })]);
  const tea = client.rooms.get("tea");
  const all = logOf(400, { 20: { mentions: ["mei"] }, 200: { mentions: ["mei"] }, 390: { everyone: true } });
  line.answers["message.history"] = all;
  await client.history.around("tea", 200);
  assert.deepEqual([tea.isBetweenUnread, tea.callsBelow(190, "mei"), tea.callsBelow(200, "mei")], [true, 1, 0]);
  tea.keepCalls([20, 200], "mei");
  assert.deepEqual([tea.callsBelow(10, "mei"), tea.callsBelow(190, "mei"), tea.unknownCalls("mei")], [2, 1, 1]);
  tea.timeline.reset({ epoch: "e1", last_seq: 400, last_id: "m400", rev: 0 });
  await client.history.around("tea", 10);
  assert.deepEqual([tea.isBetweenUnread, tea.callsBelow(10, "mei")], [false, 3]);
  await client.history.latest("tea");
  assert.deepEqual([tea.isBetweenUnread, tea.callsBelow(380, "mei"), tea.callsBelow(395, "mei")], [false, 1, 0]);
});

test("what one asks to see is loaded behind pages that are on their way one after another", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { last_seq: 400 })]);
  line.answers["message.history"] = logOf(400);
  const first = client.history.latest("tea");
  // As a list does that is not full yet: with each page it asks for the next.
  let pages = 0;
  const further = () => (pages += 1) < 3 && client.history.older("tea");
  client.addEventListener("room", further);
  assert.equal(await client.history.around("tea", 10), true);
  await first;
});

test("what a room says of itself takes the place of what it said, and leaves one's own", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { role: "moderator", archived: true, slow_mode: 5 })]);
  line.tell("room.changed", { room: "tea", kind: "open", title: "Cake", about: "", tags: ["sweet"], members: 9 });
  await until(() => client.rooms.get("tea").title("en") === "Cake", "the title");
  const { role, archived, slow_mode, members, tags } = client.rooms.get("tea").state;
  assert.deepEqual([role, archived, slow_mode, members, tags], ["moderator", false, 0, 9, ["sweet"]]);
});

test("who joins has the room, and who leaves or is removed has it no more", async (t) => {
  const { client, line } = await moveIn(t, []);
  line.tell("room.updated", stateOf("tea"));
  line.tell("member.joined", { room: "tea", user: TOM, role: "member", members: 3 });
  await until(() => client.rooms.get("tea")?.state.members === 3, "Tom");
  line.tell("member.left", { room: "tea", user: TOM, role: "member", members: 2 });
  await until(() => client.rooms.get("tea").state.members === 2, "Tom's leaving");
  line.tell("member.left", { room: "tea", user: MEI, role: "member", members: 1 });
  await until(() => !client.rooms.size, "no room");
});

test("through the door one reads, without the room being one's own; joining takes its place", async (t) => {
  const { client, line } = await moveIn(t, []);
  line.answers["message.history"] = logOf(3);
  line.answers["room.discover"] = ({ room }) => ({
    rooms: room === "tea" ? [{ room, title: "Tea", about: "Leaves", tags: [], members: 4, online: 2, forum: true }] : [],
  });
  await glimpse(client, "tea");
  const seen = client.find("tea");
  assert.deepEqual([seen.title("en"), seen.isMember, seen.unread, seen.timeline.messages.length], ["Tea", false, 0, 3]);
  assert.equal(seen.state.forum, true);
  assert.equal(client.rooms.size, 0);
  line.tell("room.updated", stateOf("tea", { last_seq: 3 }));
  await until(() => client.rooms.has("tea"), "the room");
  assert.deepEqual([client.glimpses.size, client.find("tea").isMember], [0, true]);
  assert.equal(await listing(client, "nowhere"), undefined);
});

test("a room that is not in front of the reader holds about a page", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea"), stateOf("hall")]);
  await client.watch("hall");
  for (let seq = 1; seq <= 100; seq += 1) for (const room of ["tea", "hall"]) line.tell("message.posted", message(room, seq));
  await until(() => client.rooms.get("hall").timeline.lastSeq === 100, "a hundred");
  assert.equal(client.rooms.get("hall").timeline.messages.length, 100);
  const aside = client.rooms.get("tea").timeline;
  assert.ok(aside.messages.length <= 75 && aside.last === 100 && aside.more, String(aside.messages.length));
});

test("about a person is asked once, and by many at most a hundred at a time", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea")]);
  line.answers["user.get"] = ({ users }) => ({ users: users.map((id) => ({ id, handle: id, name: id, bot: false })) });
  await client.people.learn(["tom", "ann"]);
  await client.people.learn(["ann", "tom"]);
  await client.people.learn(Array.from({ length: 150 }, (_, number) => `person-${number}`));
  assert.deepEqual(paramsOf(line, "user.get").map(({ users }) => users.length), [2, 100]);
  assert.equal(client.people.get("ann").name, "ann");
});

test("who is called otherwise is so at the words that are held, and who has left is called nothing", async (t) => {
  const { client, line, told } = await moveIn(t, [stateOf("tea"), stateOf("hall")]);
  for (const seq of [1, 2]) line.tell("message.posted", message("tea", seq, seq === 2 ? { author: MEI } : {}));
  await until(() => client.rooms.get("tea").timeline.lastSeq === 2, "both");
  const names = () => client.rooms.get("tea").timeline.messages.map(({ author }) => author.name);
  told.length = 0;
  client.people.changed({ ...TOM, name: "Thomas" });
  assert.deepEqual([names(), told, client.people.get("tom").name], [["Thomas", "Mei"], [["room", "tea"], ["renamed", { ...TOM, name: "Thomas" }]], "Thomas"]);
  client.people.changed({ ...TOM, handle: "", name: "", closed: true });
  assert.deepEqual([names(), client.people.get("tom")], [["", "Mei"], undefined]);
});

test("a changed name is so at once in messages, conversations and one's own, and an admin is one from then on", async (t) => {
  const { client, line, told } = await moveIn(t, [stateOf("tea"), stateOf("two", { kind: "direct", title: "", other: TOM })]);
  line.tell("message.posted", message("tea", 1));
  line.tell("typing.started", { room: "tea", user: TOM });
  line.tell("user.changed", { user: { ...TOM, name: "Thomas" }, admin: false });
  line.tell("user.changed", { user: { ...MEI, name: "Mei Lin" }, admin: true });
  await until(() => client.user.name === "Mei Lin", "one's own");
  const { timeline } = client.rooms.get("tea");
  assert.deepEqual([timeline.at(1).author.name, client.rooms.get("two").title("en"), client.people.get("tom").name], ["Thomas", "Thomas", "Thomas"]);
  assert.deepEqual(client.rooms.get("tea").typing(client.now(), "mei").map(({ name }) => name), ["Thomas"]);
  assert.deepEqual([client.user.admin, told.filter(([name]) => name === "renamed").map(([, { id }]) => id)], [true, ["tom", "mei"]]);
  assert.ok(told.some(([name, room]) => name === "room" && room === "two"));
});

test("how many belong to a room is so at once, in a large one, too", async (t) => {
  const { client, line, told } = await moveIn(t, [stateOf("tea", { members: 600 })]);
  const after = async (method, params, members) => {
    told.length = 0;
    line.tell(method, { room: "tea", ...params, members });
    await until(() => client.rooms.get("tea").state.members === members, `${members} members`);
    assert.deepEqual(told, [["room", "tea"]]);
  };
  await after("members.changed", {}, 612);
  await after("member.joined", { user: TOM, role: "member" }, 613);
  await after("member.left", { user: TOM, role: "member" }, 612);
});

test("what waits in the bell is counted, and looked at once", async (t) => {
  const { client, line } = await moveIn(t, [], { user: MEI, inbox: { seq: 4, unread: 1 } });
  line.answers["inbox.mark"] = {};
  line.tell("inbox.added", { number: 5, kind: "poke", user: "tom" });
  await until(() => client.inbox.unread === 2, "two");
  line.tell("inbox.added", { number: 6, kind: "reacted", user: "tom", room: "tea", seq: 1, read: true });
  await until(() => client.inbox.seq === 6, "the reaction");
  assert.equal(client.inbox.unread, 2, "reactions make no number");
  client.readInbox();
  client.readInbox();
  await until(() => line.asked("inbox.mark").length, "the mark");
  assert.deepEqual(paramsOf(line, "inbox.mark"), [{ seq: 6 }]);
  line.tell("inbox.changed", { seq: 7, unread: 3 });
  await until(() => client.inbox.unread === 3, "the other page's");
});

test("words wait for the line, and a visitor's words take them into the room", async (t) => {
  const { client, line, back } = await moveIn(t, [], {});
  client.outbox.add("hall", "May I sit down?", true);
  assert.equal(line.asked("message.send").length, 0);
  line.answers["session.start"] = { ...STARTED, user: MEI, rooms: [] };
  line.answers["room.join"] = () => {
    line.tell("room.updated", stateOf("hall"));
    return stateOf("hall");
  };
  line.answers["message.send"] = ({ room, client_id }) => ({ id: `id ${client_id}`, room, seq: 1, at: 1 });
  await back();
  await until(() => line.asked("message.send").length, "the words");
  assert.deepEqual(line.heard.map(({ method }) => method).filter((method) => /join|send/.test(method)), ["room.join", "message.send"]);
  assert.equal(paramsOf(line, "message.send")[0].text, "May I sit down?");
});

test("who signs out is gone at once and for good; where it fails the session goes on", async (t) => {
  const { client, line, told } = await moveIn(t, [stateOf("tea")]);
  line.answers["account.sign_out"] = () => {
    throw new Refusal(-32050, "not now");
  };
  await assert.rejects(client.depart("account.sign_out"));
  await until(() => client.wire.live, "live again");
  assert.equal(client.me, "mei");
  line.answers["account.sign_out"] = {};
  line.answers["session.start"] = { ...STARTED, rooms: [] };
  await client.depart("account.sign_out");
  assert.deepEqual([client.signedIn, client.rooms.size, client.people.get("mei")], [false, 0, undefined]);
  await client.settled();
  assert.ok(told.some(([name]) => name === "restart"));
  assert.equal(client.signedIn, false);
});

test("what this browser kept is shown before the line is live, and gone on from", async (t) => {
  const line = await Line.open();
  t.after(() => line.close());
  line.answers["session.start"] = { ...STARTED, user: MEI, rooms: [stateOf("tea", { last_seq: 2, last_id: "tea-2" })] };
  line.answers["community.get"] = { name: "Teahouse" };
  const client = new Client({
    open: line.connect, storage: /** @type {any} */ (new Drawer()), api: async (method) => line.answers[method],
  });
  const state = stateOf("tea", { last_seq: 1, last_id: "tea-1" });
  recall(client, { user: MEI, card: { name: "Teahouse" } }, [{ state, messages: [message("tea", 1)] }]);
  assert.deepEqual(client.rooms.get("tea").timeline.messages.map(({ text }) => text), ["word 1"]);
  await client.enter();
  await client.settled();
  assert.deepEqual(paramsOf(line, "session.start")[0].cursors.tea, { epoch: "e1", seq: 1, id: "tea-1", rev: 0 });
  line.tell("message.posted", message("tea", 2));
  await until(() => client.rooms.get("tea").timeline.messages.length === 2, "the second");
  client.wire.rest();
});

test("a mention that is deleted, edited away or added in a room that is not open counts at once", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea"), stateOf("hall")]);
  const tea = client.rooms.get("tea");
  const after = async (method, params, mentions) => {
    line.tell(method, params);
    await until(() => tea.mentions === mentions, `${mentions} mentions`);
  };
  tea.state.notify = "mentions";
  await after("message.posted", message("tea", 1, { mentions: ["mei"] }), 1);
  await after("message.changed", { room: "tea", seq: 1, rev: 1, text: "to nobody", edited_at: 9 }, 0);
  await after("message.changed", { room: "tea", seq: 1, rev: 2, text: "@mei", mentions: ["mei"], edited_at: 9 }, 1);
  line.tell("message.posted", message("tea", 2));
  await after("message.changed", { room: "tea", seq: 2, rev: 3, text: "@mei", mentions: ["mei"], edited_at: 9 }, 2);
  await after("message.changed", { room: "tea", seq: 1, rev: 4, deleted: true }, 1);
  line.tell("message.changed", { room: "tea", seq: 1, rev: 4, deleted: true });
  await after("message.changed", { room: "tea", seq: 2, rev: 5, deleted: true }, 0);
  assert.equal(client.calls, 0);
  assert.equal(line.asked("read.mark").length, 0);
});

test("a reply to me and @everyone count as mentions, but not of whom I blocked, nor where @everyone is off", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea"), stateOf("hall")]);
  const tea = client.rooms.get("tea");
  const after = async (method, params, mentions) => {
    line.tell(method, params);
    await until(() => tea.mentions === mentions, `${mentions} mentions`);
  };
  await after("message.posted", message("tea", 1, { reply_to: 9, reply_user: "mei" }), 1);
  await after("message.changed", { room: "tea", seq: 1, rev: 1, text: "edited", edited_at: 9 }, 1);
  await after("message.posted", message("tea", 2, { everyone: true }), 2);
  await after("message.changed", { room: "tea", seq: 2, rev: 2, text: "to nobody", edited_at: 9 }, 1);
  line.tell("message.posted", message("tea", 3, { reply_to: 1, reply_user: "other" }));
  tea.state.everyone = false;
  line.tell("message.posted", message("tea", 4, { everyone: true }));
  await until(() => tea.timeline.lastSeq === 4, "the fourth");
  client.blocks.set(TOM.id, true);
  line.tell("message.posted", message("tea", 5, { mentions: ["mei"] }));
  line.tell("message.changed", { room: "tea", seq: 5, rev: 3, text: "@mei", mentions: ["mei"], edited_at: 9 });
  await until(() => tea.timeline.rev === 3, "the change");
  client.blocks.set(TOM.id, false);
  await after("message.posted", message("tea", 6, { mentions: ["mei"] }), 2);
});

test("where only the server knows what a message was, it is asked how many mentions are left", async (t) => {
  const { client, line } = await moveIn(t, [stateOf("tea", { last_seq: 9, mentions: 2, notify: "mentions" })]);
  const tea = client.rooms.get("tea");
  line.answers["read.mark"] = ({ seq }) => ({ room_read_seq: seq, unread: 9 - seq, mentions: 1 });
  line.tell("message.changed", { room: "tea", seq: 4, rev: 1, deleted: true });
  await until(() => tea.mentions === 1, "one mention left");
  assert.deepEqual(paramsOf(line, "read.mark"), [{ room: "tea", seq: 0 }]);
  line.tell("read.moved", { room: "tea", read_seq: 7, room_read_seq: 7, unread: 2, mentions: 0 });
  await until(() => tea.mentions === 0, "none left");
  assert.equal(tea.unread, 2);
  assert.equal(client.calls, 0);
});

test("people are asked about once, and again where no answer came", async (t) => {
  const { client, line } = await moveIn(t, []);
  line.answers["user.get"] = () => {
    throw { code: -32050, message: "Not now", data: { reason: "unavailable" } };
  };
  await client.people.learn(["tom"]);
  line.answers["user.get"] = { users: [TOM] };
  await Promise.all([client.people.learn(["tom"]), client.people.learn(["tom"])]);
  await client.people.learn(["tom"]);
  assert.equal(line.asked("user.get").length, 2);
  assert.equal(client.people.get("tom").name, "Tom");
});
