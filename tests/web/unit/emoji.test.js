import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { EmojiBook } from "../../../web/state/emoji.js";

function open() {
  const asked = [];
  const preferences = { chosen: {}, set: (change) => Object.assign(preferences.chosen, change) };
  const load = async (language) => {
    asked.push(language);
    return JSON.parse(readFileSync(new URL(`../../../web/emoji/${language}.json`, import.meta.url), "utf8"));
  };
  return { book: new EmojiBook(load, preferences), asked, preferences };
}

const found = async (book, words, language, most = 12) => (await book.search(words, language, most)).map(([emoji]) => emoji);

test("an emoji is found by its name, by words for it and by what people type between colons", async () => {
  const { book, asked } = open();
  assert.equal((await found(book, "red heart", "en"))[0], "\u2764\ufe0f");
  for (const [words, emoji] of [["thumbs up", "👍"], ["+1", "👍"], ["tada", "🎉"], ["tea", "🍵"], ["joy", "😂"], ["TEACUP", "🍵"], ["face_with", "🤕"]]) {
    assert.ok((await found(book, words, "en", 60)).includes(emoji), words);
  }
  assert.deepEqual(asked, ["en"]);
  assert.deepEqual(await found(book, "qqqq", "en"), []);
  assert.deepEqual(await found(book, " ", "en"), []);
});

test("in Chinese by characters, pinyin, initials and English words", async () => {
  const { book } = open();
  for (const [words, emoji] of [["音乐", "🎵"], ["yinyue", "🎵"], ["hongxin", "\u2764\ufe0f"], ["woshou", "🤝"], ["heart", "\u2764\ufe0f"]]) {
    assert.ok((await found(book, words, "zh-Hans", 80)).includes(emoji), words);
  }
  assert.ok((await found(book, "音樂", "zh-Hant", 80)).includes("🎵"));
  assert.ok((await found(book, "ws", "zh-Hans", 80)).includes("🤝"), "握手 by its initials");
});

test("Chinese words find it on an English page, too, and it is named in English", async () => {
  const { book, asked } = open();
  const rows = await book.search("握手", "en", 5);
  assert.deepEqual(rows[0].slice(0, 2), ["🤝", "handshake"]);
  assert.deepEqual(asked.sort(), ["en", "zh-Hans", "zh-Hant"]);
});

test("what was used last comes first, each once", () => {
  const { book } = open();
  for (const emoji of ["🍵", "👍", "🍵"]) book.use(emoji);
  assert.deepEqual(book.recent, ["🍵", "👍"]);
  for (let at = 0; at < 40; at += 1) book.use(String(at));
  assert.equal(book.recent.length, 27);
});

test("the tone that was chosen holds for each emoji that takes one", async () => {
  const { book } = open();
  const rows = (await book.list("en")).groups.flatMap(({ emoji }) => emoji);
  const row = (emoji) => rows.find(([one]) => one === emoji);
  assert.equal(book.shown(row("👋")), "👋");
  book.choose(4);
  book.use("👍");
  assert.equal(book.shown(row("👋")), "👋🏾");
  assert.equal(book.shown(row("🧑‍🤝‍🧑")), "🧑🏾‍🤝‍🧑🏾");
  assert.equal(book.shown(row("☝️")), "☝🏾");
  assert.equal(book.shown(row("🍵")), "🍵");
});

test("a list that could not be loaded is asked for again", async () => {
  let times = 0;
  const book = new EmojiBook(async () => {
    if ((times += 1) === 1) throw new Error("away");
    return { tones: [], groups: [{ name: "a", emoji: [["🍵", "tea", ""]] }] };
  }, { chosen: {}, set: () => undefined });
  await assert.rejects(book.search("tea", "en", 1));
  assert.deepEqual(await found(book, "tea", "en"), ["🍵"]);
});
