import assert from "node:assert/strict";
import { test } from "node:test";

import { isQuoteOnly, quoted } from "../../../web/elements/message-composer/written.js";
import { askedAt, meansEveryone, rankPeople, rankRooms } from "../../../web/state/completion.js";

const asked = (text) => askedAt(text.replace("|", ""), text.indexOf("|"));

test("a sign before the caret asks, with the word behind it", () => {
  assert.deepEqual(asked("hi @me|"), { kind: "person", from: 3, query: "me" });
  assert.deepEqual(asked("请@王小|看"), { kind: "person", from: 1, query: "王小" });
  assert.deepEqual(asked("＠|"), { kind: "person", from: 0, query: "" });
  assert.deepEqual(asked("来#前|"), { kind: "room", from: 1, query: "前" });
  assert.deepEqual(asked("yes :tad|a"), { kind: "emoji", from: 4, query: "tad" });
  assert.deepEqual(asked("(@a|)"), { kind: "person", from: 1, query: "a" });
});

test("nothing is asked in code, addresses, mail and words, nor by times and smileys", () => {
  for (const text of ["a@b|", "`@a|", "```\n@a|", "https://a.b/#x|", "C#|", "12:30|", ":)|", ":D|", ":a|", "注:ok|", "@a b|", "/@a|", "|@a"]) {
    assert.equal(asked(text), null, text);
  }
  assert.notEqual(asked("`code` @a|"), null);
  assert.notEqual(asked("```\ncode\n```\n@a|"), null);
});

const person = (handle, name, at = 0) => ({ id: handle, handle, name, at });
const PEOPLE = [person("mei", "王小梅", 5), person("meike", "Meike Vos", 9), person("tobias", "Tobias Wren", 1), person("ines", "Inês Carvalho", 3), person("wren", "Ana", 0)];
const ranked = (query, people = PEOPLE) => rankPeople(query, people, 8).map(({ handle }) => handle);

test("people are found by name and handle, in any case and without accents; those who spoke lately come first", () => {
  assert.deepEqual(ranked(""), ["meike", "mei", "ines", "tobias", "wren"]);
  assert.deepEqual(ranked("ME"), ["meike", "mei"]);
  assert.deepEqual(ranked("mei"), ["mei", "meike"], "the one it names comes before those it begins");
  assert.deepEqual(ranked("ine"), ["ines"]);
  assert.deepEqual(ranked("inés"), ["ines"]);
  assert.deepEqual(ranked("小梅"), ["mei"]);
  assert.deepEqual(ranked("wre"), ["tobias", "wren"]);
  assert.deepEqual(ranked("zzz"), []);
});

test("somebody is offered once, by when they last spoke, and nobody who has left", () => {
  assert.deepEqual(ranked("", [person("a", "A", 1), person("b", "B", 2), person("a", "A", 3), { id: "c", handle: "", name: "" }]), ["a", "b"]);
});

test("all are meant by the beginning of a word for all", () => {
  for (const query of ["e", "every", "EVERYONE", "所有", "大家", "suoyou"]) assert.ok(meansEveryone(query), query);
  for (const query of ["", "x", "everyones", "evan"]) assert.ok(!meansEveryone(query), query);
});

test("rooms are found by the title in any language, beginnings first", () => {
  const rooms = [{ id: "1", titles: ["The hall", "前厅"] }, { id: "2", titles: ["Halloween"] }, { id: "3", titles: ["Books"] }];
  const found = (query) => rankRooms(query, rooms, 8).map(({ id }) => id);
  assert.deepEqual(found("hall"), ["2", "1"]);
  assert.deepEqual(found("前"), ["1"]);
  assert.deepEqual(found(""), ["1", "2", "3"]);
});

test("quoted words say whose they are, stand behind their marks and call nobody again", () => {
  assert.equal(quoted("**周牧**:", "蒜苗我试过。\n\n@mei 呢? mail a@b.c"), "> **周牧**: 蒜苗我试过。\n>\n> mei 呢? mail a@b.c");
  assert.equal(quoted("**周牧**:", "> **Mei**: tea?\n> now?\nyes"), "> **周牧**: yes");
  assert.ok(isQuoteOnly("> a\n> b\n"));
  assert.ok(!isQuoteOnly("> a\nb"));
});
