import assert from "node:assert/strict";
import { test } from "node:test";

import { openStorage, PageDrawer } from "../../../web/lib/storage.js";
import { Preferences } from "../../../web/state/preferences.js";

test("a change in one tab leaves alone what another tab changed", () => {
  const storage = new PageDrawer();
  const [one, other] = [new Preferences(storage), new Preferences(storage)];
  one.keepDraft("tea", "in tab A");
  other.keepDraft("hall", "in tab B");
  one.set({ theme: "dark" });
  other.keepDraft("hall", "in tab B, longer");
  other.keepEdit("hall", { seq: 3, before: "a", text: "b" });
  one.keepEdit("tea", { seq: 4, before: "c", text: "d" });
  one.set({ notify: { on: true, night: { from: "22:00", to: "08:00" } } });
  const again = new Preferences(storage);
  assert.deepEqual([again.draft("tea"), again.draft("hall"), again.chosen.theme], ["in tab A", "in tab B, longer", "dark"]);
  assert.deepEqual([again.edit("hall")?.text, again.edit("tea")?.text, again.notify.on], ["b", "d", true]);
  other.keepDraft("hall", "");
  other.keepEdit("hall", undefined);
  assert.deepEqual(Object.keys(other.chosen.drafts ?? {}), ["tea"]);
  assert.deepEqual(Object.keys(other.chosen.edits ?? {}), ["tea"]);
});

test("a tab hears of what another tab chose", () => {
  const storage = new PageDrawer();
  const [one, other] = [new Preferences(storage), new Preferences(storage)];
  const page = new EventTarget();
  let heard = 0;
  one.addEventListener("change", () => (heard += 1));
  one.follow(page);
  other.set({ theme: "light" });
  page.dispatchEvent(Object.assign(new Event("storage"), { key: "chatserver.outbox" }));
  assert.equal(heard, 0);
  page.dispatchEvent(Object.assign(new Event("storage"), { key: "chatserver.preferences" }));
  assert.deepEqual([heard, one.chosen.theme], [1, "light"]);
});

test("where storage is forbidden or full, what was chosen lasts as long as the page", () => {
  const forbidden = openStorage(() => {
    throw new Error("The operation is insecure");
  });
  const full = { getItem: () => '{"theme":"dark"}', setItem: () => {
    throw new Error("The quota has been exceeded");
  } };
  for (const storage of [forbidden, full]) {
    const preferences = new Preferences(storage);
    preferences.set({ language: "zh-Hans" });
    preferences.keepDraft("tea", "words");
    assert.deepEqual([preferences.chosen.language, preferences.draft("tea")], ["zh-Hans", "words"]);
  }
  assert.equal(openStorage(() => new PageDrawer()).getItem("nothing"), null);
});
