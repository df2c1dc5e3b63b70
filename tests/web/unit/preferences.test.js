import assert from "node:assert/strict";
import { test } from "node:test";

import { openStorage, PageDrawer } from "../../../web/lib/storage.js";
import { Preferences } from "../../../web/state/preferences.js";

test("a change in one tab leaves alone what another tab changed", () => {
  const storage = new PageDrawer();
  const [one, other] = [new Preferences(storage), new Preferences(storage)];
  one.set({ theme: "dark" });
  other.set({ emoji: { tone: 2 } });
  one.set({ notify: { on: true, night: { from: "22:00", to: "08:00" } } });
  other.set({ public: ["hall"] });
  const again = new Preferences(storage);
  assert.deepEqual([again.chosen.theme, again.chosen.emoji, again.notify.on, again.chosen.public], ["dark", { tone: 2 }, true, ["hall"]]);
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
    preferences.set({ public: ["hall"] });
    assert.deepEqual([preferences.chosen.language, preferences.chosen.public], ["zh-Hans", ["hall"]]);
  }
  assert.equal(openStorage(() => new PageDrawer()).getItem("nothing"), null);
});
