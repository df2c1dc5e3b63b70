import assert from "node:assert/strict";
import { test } from "node:test";

import { fileSearchOf } from "../../../web/state/file-search.js";

const SEARCH = { q: "tea", room: "", topic: "", from: "", has: "", since: "", until: "", tab: "files" };

/** A client whose server has these answers for each kind. @param {Record<string, any[]>} answers */
function clientOf(answers) {
  const asked = /** @type {string[]} */ ([]);
  const ask = async (/** @type {string} */ _, /** @type {any} */ { has }) => {
    asked.push(has);
    return answers[has]?.shift() ?? { messages: [] };
  };
  return /** @type {any} */ (Object.assign(new EventTarget(), { me: "u1", people: { know: () => undefined }, ask, asked }));
}

/** @param {number} at @param {string[]} files their types */
function message(at, ...files) {
  return { room: "hall", seq: at, at, text: "", author: { id: "u2" }, attachments: files.map((type, place) => ({ id: `${at}${place}`, type })) };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("pictures and other files come in one order, only as far down as both searches have come", async () => {
  const both = message(9, "image/webp", "text/plain");
  const client = clientOf({
    image: [{ messages: [both, message(8, "image/webp")], next: "1" }, { messages: [message(2, "image/webp")] }],
    file: [{ messages: [both, message(5, "audio/mp4"), message(1, "text/plain")], next: "" }],
  });
  const search = fileSearchOf(client, SEARCH);
  search.begin();
  await settled();
  assert.deepEqual(search.hits.map(({ file }) => file.id), ["90", "91", "80"], "5 and 1 wait for pictures that may be newer");
  assert.deepEqual([search.status, search.more], ["done", true]);
  search.go();
  await settled();
  assert.deepEqual(search.hits.map(({ file }) => file.id), ["90", "91", "80", "50", "20", "10"]);
  assert.deepEqual([client.asked, search.more], [["image", "file", "image"], false]);
  assert.equal(fileSearchOf(client, SEARCH), search, "who comes back finds it again");
});

test("a kind of files is asked by itself, and of a message with several only that kind is shown", async () => {
  const client = clientOf({ file: [{ messages: [message(9, "image/webp", "text/plain")] }] });
  const search = fileSearchOf(client, { ...SEARCH, has: "file" });
  search.begin();
  await settled();
  assert.deepEqual([search.hits.map(({ file }) => file.id), client.asked], [["91"], ["file"]]);
});

test("pages of messages without a file are passed over, and in the end the reader is asked", async () => {
  const page = { messages: [message(9)], next: "1" };
  const client = clientOf({ link: [page, page, page, page, page, page, { messages: [message(3, "text/plain")] }] });
  const search = fileSearchOf(client, { ...SEARCH, has: "link" });
  search.begin();
  for (let round = 0; round < 9; round += 1) await settled();
  assert.deepEqual([search.hits.length, search.isBarren], [0, true]);
  for (let round = 0; round < 4 && !search.hits.length; round += 1) {
    search.further();
    for (let turn = 0; turn < 9; turn += 1) await settled();
  }
  assert.deepEqual([search.hits.length, search.more], [1, false]);
});
