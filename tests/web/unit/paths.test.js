import assert from "node:assert/strict";
import { test } from "node:test";

import { allPath, invitePath, joinPath, readPath, readSearch, roomPath, searchPath, topicPath, topicsPath, userPath } from "../../../web/lib/paths.js";

const AWKWARD = ["hall", "茶馆", "a/b", "50%", "#1?x=y", "..", "a b", "%2F", "🍵"];

test("every address that is written is read again as it was meant", () => {
  for (const name of AWKWARD) {
    assert.deepEqual(readPath(roomPath(name)), { page: "room", room: name });
    assert.deepEqual(readPath(topicPath(name, name)), { page: "room", room: name, topic: name });
    assert.deepEqual(readPath(topicPath(name, name, 7)), { page: "room", room: name, topic: name, seq: 7 });
    assert.deepEqual(readPath(topicsPath(name)), { page: "room", room: name, part: "topics" });
    assert.deepEqual(readPath(allPath(name)), { page: "room", room: name, part: "all" });
    assert.deepEqual(readPath(userPath(name)), { page: "user", handle: name });
    assert.deepEqual(readPath(joinPath(name, name)), { page: "join", room: name, link: name });
    const [path = "", code = ""] = invitePath(name).split("#");
    assert.deepEqual(readPath(path, `#${code}`), { page: "sign-up", invite: name });
  }
});

test("the address of a search carries what it is narrowed to, and never its words", () => {
  for (const q of AWKWARD) {
    const search = { q, room: q, topic: "t1", from: "u1", has: "link", since: "2026-11-01", until: "", tab: "" };
    const [path = "", query = ""] = searchPath(search).split("?");
    assert.deepEqual(readPath(path), { page: "search" });
    assert.deepEqual(readSearch(query, q), search);
    assert.equal(searchPath({ q }), "/search");
  }
});

test("what stands behind the # is read from there alone", () => {
  assert.deepEqual(readPath("/setup", "#tea-leaf"), { page: "setup", code: "tea-leaf" });
  assert.deepEqual(readPath("/sign-in", "#recover"), { page: "recover" });
  assert.deepEqual(readPath("/people", "#123456"), { page: "people", code: "123456" });
  assert.deepEqual(readPath("/room/hall", "#recover"), { page: "room", room: "hall" });
});

test("plain pages are read, and what is none is said to be lost, broken letters and all", () => {
  for (const page of ["rooms", "sign-in", "sign-up", "settings", "community", "people"]) assert.deepEqual(readPath(`/${page}`), { page });
  assert.deepEqual(readPath("/"), { page: "home" });
  for (const path of ["/nowhere", "/room", "/room/", "/join/tea", "/user/", "/%E0%A4%A", "/__proto__", "/constructor"]) {
    assert.deepEqual(readPath(path), { page: "lost" }, path);
  }
  assert.deepEqual(readPath("/room/%E0%A4%A"), { page: "room", room: "%E0%A4%A" });
});
