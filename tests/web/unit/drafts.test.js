import assert from "node:assert/strict";
import { test } from "node:test";

import { PageDrawer } from "../../../web/lib/storage.js";
import { Drafts } from "../../../web/state/drafts.js";

/** A device whose tabs hear of what the others write, as browsers tell them. */
class Device {
  tabs = [];
  store = new PageDrawer();

  tab(kept = new PageDrawer()) {
    const page = new EventTarget();
    const device = {
      getItem: (key) => this.store.getItem(key),
      setItem: (key, value) => {
        const oldValue = this.store.getItem(key);
        this.store.setItem(key, value);
        for (const other of this.tabs) if (other.page !== page && oldValue !== value) other.page.dispatchEvent(Object.assign(new Event("storage"), { key, oldValue, newValue: value }));
      },
    };
    const drafts = new Drafts({ device, tab: kept });
    drafts.follow(page);
    const changes = [];
    drafts.addEventListener("change", ({ detail }) => changes.push(detail));
    const made = { drafts, page, kept, changes };
    this.tabs.push(made);
    return made;
  }
}

const reply = { seq: 3, id: "m3", user: "u1", name: "周牧", words: "蒜苗我试过。" };

test("a draft is kept by room, with the message it answers", () => {
  const device = new Device();
  const one = device.tab();
  one.drafts.keepDraft("tea", { text: "in tea", reply });
  one.drafts.keepDraft("hall", { text: "in the hall" });
  const again = device.tab(one.kept);
  assert.deepEqual(again.drafts.draft("tea"), { text: "in tea", reply });
  assert.deepEqual(again.drafts.draft("hall"), { text: "in the hall" });
  assert.deepEqual(again.drafts.draft("nowhere"), { text: "" });
  again.drafts.keepDraft("hall", { text: "", reply });
  assert.deepEqual(again.drafts.draft("hall").reply, reply, "an answer without words yet");
});

test("each tab has its own; a new one begins with what the device had last", () => {
  const device = new Device();
  const [one, other] = [device.tab(), device.tab()];
  one.drafts.keepDraft("tea", { text: "hello" });
  other.drafts.keepDraft("tea", { text: "hello world" });
  assert.equal(one.drafts.draft("tea").text, "hello");
  assert.equal(device.tab(one.kept).drafts.draft("tea").text, "hello", "after a reload, too");
  assert.equal(device.tab().drafts.draft("tea").text, "hello world");
});

test("a draft sent in one tab goes from the others, unless it was changed there", () => {
  const device = new Device();
  const [one, same, changed] = [device.tab(), device.tab(), device.tab()];
  changed.drafts.keepDraft("tea", { text: "hello, but longer" });
  same.drafts.keepDraft("tea", { text: "hello" });
  one.drafts.keepDraft("tea", { text: "" });
  one.drafts.keepDraft("tea", { text: "hello" });
  one.drafts.keepDraft("tea", { text: "" });
  assert.equal(same.drafts.draft("tea").text, "");
  assert.equal(same.changes.at(-1), "tea");
  assert.equal(changed.drafts.draft("tea").text, "hello, but longer");
});

test("what one tab clears is not another's words", () => {
  const device = new Device();
  const [one, other] = [device.tab(), device.tab()];
  one.drafts.keepDraft("tea", { text: "mine" });
  other.drafts.keepDraft("tea", { text: "theirs" });
  one.drafts.keepDraft("tea", { text: "" });
  assert.equal(device.tab().drafts.draft("tea").text, "theirs");
});

test("an edit is kept beside the draft, and goes from the other tab when it is saved", () => {
  const device = new Device();
  const [one, other] = [device.tab(), device.tab()];
  const edit = { id: "m1", seq: 1, before: "a", text: "b" };
  one.drafts.keepDraft("tea", { text: "words" });
  one.drafts.keepEdit("tea", edit);
  assert.deepEqual(other.drafts.edit("tea"), edit);
  assert.equal(other.drafts.draft("tea").text, "words");
  one.drafts.keepEdit("tea", undefined);
  assert.equal(other.drafts.edit("tea"), undefined);
  assert.equal(one.drafts.draft("tea").text, "words");
});

test("nobody else who signs in at this browser sees them, and a visitor's words go with their writer", () => {
  const device = new Device();
  const { drafts, kept } = device.tab();
  drafts.keepDraft("hall", { text: "hello from outside" });
  assert.ok(drafts.belongTo("ann"));
  assert.equal(drafts.draft("hall").text, "hello from outside");
  drafts.keepDraft("tea", { text: "ann's" });
  assert.ok(!drafts.belongTo("ann"));
  drafts.belongTo("");
  assert.deepEqual([drafts.draft("hall").text, drafts.draft("tea").text], ["", ""]);
  drafts.keepDraft("hall", { text: "again" });
  drafts.belongTo("ann");
  assert.equal(drafts.draft("hall").text, "hello from outside\nagain", "neither is lost");
  drafts.belongTo("bob");
  assert.deepEqual([drafts.draft("hall").text, drafts.draft("tea").text], ["", ""]);
  drafts.belongTo("ann");
  assert.equal(device.tab(kept).drafts.draft("tea").text, "ann's");
});

test("where storage is full or spoiled, what is written lasts as long as the page", () => {
  const full = { getItem: () => "{", setItem: () => {
    throw new Error("The quota has been exceeded");
  }, removeItem: () => undefined };
  const drafts = new Drafts({ device: full, tab: full });
  drafts.keepDraft("tea", { text: "words" });
  assert.equal(drafts.draft("tea").text, "words");
});
