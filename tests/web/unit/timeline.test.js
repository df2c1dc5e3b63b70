import assert from "node:assert/strict";
import { test } from "node:test";

import { asItHolds, Timeline, withReaction } from "../../../web/state/timeline.js";

/** A small deterministic generator (mulberry32), so that a failure names its seed. @param {number} seed */
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const author = { id: "ann", handle: "ann", name: "Ann", bot: false };

/** The room as the server holds it. */
class Log {
  /** @type {any[]} */ messages = [];
  rev = 0;

  post() {
    const seq = this.messages.length + 1;
    const message = { room: "tea", seq, id: `id${seq}`, at: seq, author, text: `text ${seq}` };
    this.messages.push(message);
    return { ...message };
  }

  change(seq, kind) {
    this.rev += 1;
    const base = { room: "tea", rev: this.rev, seq };
    const change = kind === "delete" ? { ...base, text: "", deleted: true } : { ...base, text: `edit ${this.rev}`, edited_at: this.rev };
    this.messages[seq - 1] = asItHolds(this.messages[seq - 1], change);
    return change;
  }

  /** Somebody reacts or takes it back; one in ten is not for this reader, and one in twenty clears. */
  react(seq, random) {
    this.rev += 1;
    const message = this.messages[seq - 1];
    const [user, emoji] = [["ann", "bob", "me"][Math.floor(random() * 3)], ["👍", "🍵", "🎉"][Math.floor(random() * 3)]];
    const base = { room: "tea", rev: this.rev, seq };
    if (message.deleted || random() < 0.1) return base;
    const dice = random();
    let reacted = { ...base, cleared: true };
    if (dice < 0.05) reacted = { ...reacted, emoji };
    else if (dice > 0.1) {
      const users = message.reactions?.find((one) => one.emoji === emoji)?.users ?? [];
      const added = !users.includes(user);
      reacted = { ...base, emoji, user, added, count: users.length + (added ? 1 : -1) };
    }
    this.messages[seq - 1] = withReaction(message, reacted, "me");
    return reacted;
  }

  page(first, last) {
    const messages = this.messages.slice(first - 1, last).map((message) => ({ ...message }));
    return { messages, epoch: "e", first_seq: 1, last_seq: this.messages.length, rev: this.rev, more: first > 1 };
  }

  head() {
    const last = this.messages[this.messages.length - 1];
    return { epoch: "e", last_seq: this.messages.length, last_id: last?.id ?? "", rev: this.rev };
  }
}

/** What a reader sees of a message. */
function said({ seq, text, deleted, reactions = [], mine = [] }) {
  return { seq, text, deleted, reactions, mine: [...mine].sort() };
}

test("state and events are the state after, whatever order pages come in", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = chance(seed);
    const log = new Log();
    for (let count = Math.floor(random() * 30); count > 0; count -= 1) log.post();
    const timeline = new Timeline(log.head());
    const pages = [log.page(Math.max(1, log.messages.length - 9), log.messages.length)];
    for (let step = 0; step < 80; step += 1) {
      const dice = random();
      const alive = log.messages.filter((message) => !message.deleted);
      if (dice < 0.5 || !alive.length) timeline.posted(log.post());
      else if (dice < 0.8) {
        const { seq } = alive[Math.floor(random() * alive.length)];
        if (random() < 0.5) timeline.reacted(log.react(seq, random), "me");
        else timeline.changed(log.change(seq, random() < 0.3 ? "delete" : "edit"));
      } else if (dice < 0.9 && !timeline.isEmpty && timeline.first > 1) {
        pages.push(log.page(Math.max(1, timeline.first - 10), timeline.first - 1));
      } else if (pages.length) timeline.take(pages.shift());
    }
    for (const page of pages) timeline.take(page);
    const held = timeline.messages.map(said);
    const wanted = log.messages.slice(timeline.first - 1, timeline.last).map(said);
    assert.deepEqual(held, wanted, `seed ${seed}`);
    assert.deepEqual(timeline.cursor, { epoch: "e", seq: log.messages.length, id: log.head().last_id, rev: log.rev }, `seed ${seed}`);
    const gone = log.messages.filter((message) => message.deleted).map((message) => `text ${message.seq}"`);
    assert.ok(gone.every((text) => !JSON.stringify(timeline.messages).includes(text)), `seed ${seed}: a deleted text is held`);
  }
});

test("the timeline of a topic is what stands in it, whatever is moved, deleted or paged", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = chance(seed);
    const log = new Log();
    const any = () => 1 + Math.floor(random() * log.messages.length);
    const post = () => {
      log.post();
      const message = log.messages[log.messages.length - 1];
      if (random() < 0.4) message.topic = "soil";
      return { ...message };
    };
    for (let count = Math.floor(random() * 60); count > 0; count -= 1) post();
    const topic = new Timeline(log.head(), "soil");
    const inTopic = () => log.messages.filter((one) => one.topic === "soil" && !one.deleted);
    const page = (asked) => {
      const all = inTopic().filter(({ seq }) => seq < (asked.before ?? Infinity) && seq > (asked.after ?? 0));
      const messages = (asked.after === undefined ? all.slice(-5) : all.slice(0, 5)).map((one) => ({ ...one }));
      return { messages, epoch: "e", first_seq: 1, last_seq: log.messages.length, rev: log.rev, more: all.length > 5 };
    };
    const pages = [[page({}), {}]];
    for (let step = 0; step < 80; step += 1) {
      const dice = random();
      if (dice < 0.4 || !log.messages.length) topic.posted(post());
      else if (dice < 0.6) {
        log.rev += 1;
        const message = log.messages[any() - 1];
        const change = { room: "tea", rev: log.rev, seq: message.seq, text: message.text, topic: random() < 0.5 ? "soil" : undefined, deleted: message.deleted };
        log.messages[message.seq - 1] = asItHolds(message, change);
        topic.changed(change);
      } else if (dice < 0.65) {
        log.rev += 1;
        const from = any();
        const to = Math.min(log.messages.length, from + 2);
        for (let seq = from; seq <= to; seq += 1) log.messages[seq - 1] = asItHolds(log.messages[seq - 1], { room: "tea", rev: log.rev, seq, text: "", deleted: true, topic: log.messages[seq - 1].topic });
        topic.purged({ room: "tea", rev: log.rev, seqs: [[from, to]] });
      } else if (dice < 0.8) {
        const asked = topic.isEmpty ? {} : random() < 0.5 ? { before: topic.first } : { after: topic.last };
        pages.push([page(asked), asked]);
      } else if (pages.length) topic.take(...pages.shift());
      const missing = [...topic.missing];
      if (random() < 0.5) topic.put(missing, missing.map((seq) => ({ ...log.messages[seq - 1] })), log.rev);
    }
    for (const [page, asked] of pages) topic.take(page, asked);
    const missing = [...topic.missing];
    topic.put(missing, missing.map((seq) => ({ ...log.messages[seq - 1] })), log.rev);
    const wanted = inTopic().filter(({ seq }) => topic.first <= seq && seq <= topic.last).map(({ seq }) => seq);
    assert.deepEqual(topic.messages.map(({ seq }) => seq), wanted, `seed ${seed}`);
  }
});

test("what was heard before is not heard twice", () => {
  const log = new Log();
  const timeline = new Timeline(log.head());
  const message = log.post();
  assert.equal(timeline.posted(message), true);
  assert.equal(timeline.posted(message), false);
  const change = log.change(1, "edit");
  assert.equal(timeline.changed(change), true);
  assert.equal(timeline.changed(change), false);
  assert.equal(timeline.messages.length, 1);
});

test("a reset drops all that was held", () => {
  const log = new Log();
  const timeline = new Timeline(log.head());
  timeline.posted(log.post());
  timeline.reset({ epoch: "f", last_seq: 7, last_id: "id7", rev: 2 });
  assert.deepEqual(timeline.messages, []);
  assert.deepEqual(timeline.cursor, { epoch: "f", seq: 7, id: "id7", rev: 2 });
  timeline.take({ ...log.page(1, 1), epoch: "e" });
  assert.deepEqual(timeline.messages, [], "a page of the old numbering is not taken");
});

test("a reaction carries only the difference", () => {
  const message = { ...new Log().post(), reactions: [{ emoji: "👍", count: 2, users: ["ann", "me"] }], mine: ["👍"] };
  const base = { room: "tea", rev: 1, seq: 1 };
  const came = withReaction(message, { ...base, emoji: "🍵", user: "me", added: true, count: 1 }, "me");
  assert.deepEqual(came.reactions?.[1], { emoji: "🍵", count: 1, users: ["me"] });
  assert.deepEqual(came.mine, ["👍", "🍵"]);
  const went = withReaction(came, { ...base, emoji: "👍", user: "me", added: false, count: 1 }, "me");
  assert.deepEqual([went.reactions?.[0], went.mine], [{ emoji: "👍", count: 1, users: ["ann"] }, ["🍵"]]);
  assert.deepEqual(withReaction(went, { ...base, emoji: "👍", user: "ann", added: false, count: 0 }, "me").reactions, [{ emoji: "🍵", count: 1, users: ["me"] }]);
  assert.equal(withReaction(went, base, "me"), went, "one that is not for this reader changes nothing");
  assert.deepEqual(withReaction(went, { ...base, cleared: true, emoji: "🍵" }, "me").mine, []);
  assert.deepEqual(withReaction(went, { ...base, cleared: true }, "me").reactions, []);
});

test("a change leaves the reactions, a deletion drops them", () => {
  const message = { ...new Log().post(), reactions: [{ emoji: "👍", count: 1, users: ["me"] }], mine: ["👍"] };
  const edited = asItHolds(message, { room: "tea", rev: 1, seq: 1, text: "other", edited_at: 5 });
  assert.deepEqual([edited.text, edited.reactions, edited.mine], ["other", message.reactions, ["👍"]]);
  const gone = asItHolds(edited, { room: "tea", rev: 2, seq: 1, text: "", deleted: true });
  assert.equal("reactions" in gone || "mine" in gone, false);
});

test("a role that changed stands at all that somebody wrote", () => {
  const log = new Log();
  const timeline = new Timeline(log.head());
  for (let count = 2; count; count -= 1) timeline.posted(log.post());
  assert.equal(timeline.ranked("ann", "moderator"), true);
  assert.deepEqual(timeline.messages.map((message) => message.author.role), ["moderator", "moderator"]);
  timeline.renamed({ ...author, name: "Ann Lin" });
  assert.equal(timeline.messages[0]?.author.role, "moderator", "a new name leaves the role");
  timeline.ranked("ann", "member");
  assert.equal(timeline.messages[0]?.author.role, undefined);
});
