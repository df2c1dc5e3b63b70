import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { chooseLanguage, LANGUAGES, Words } from "../../../web/state/words.js";

const WEB = fileURLToPath(new URL("../../../web/", import.meta.url));
const read = (name) => JSON.parse(readFileSync(join(WEB, "i18n", `${name}.json`), "utf8"));
const catalogues = Object.fromEntries(LANGUAGES.map((language) => [language, { ...read(`first/${language}`), ...read(language) }]));

function scripts(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return scripts(path);
    return path.endsWith(".js") ? [readFileSync(path, "utf8")] : [];
  });
}

test("all catalogues have the same keys and the same places to fill", () => {
  const places = (words) => (words.match(/\{\w+\}/g) ?? []).sort().join();
  for (const language of LANGUAGES) {
    assert.deepEqual(Object.keys(catalogues[language]).sort(), Object.keys(catalogues.en).sort(), language);
    for (const [key, words] of Object.entries(catalogues[language])) {
      assert.ok(words.trim(), `${language} ${key} is empty`);
      assert.equal(places(words), places(catalogues.en[key]), `${language} ${key}`);
    }
  }
});

test("the frame has words of its own in every language, each in one file only", () => {
  for (const language of LANGUAGES) {
    const first = Object.keys(read(`first/${language}`));
    assert.deepEqual(first, Object.keys(read("first/en")), language);
    assert.deepEqual(first.filter((key) => key in read(language)), [], language);
  }
});

test("every key that the page says is in the catalogues", () => {
  const said = scripts(WEB).join("\n").matchAll(/\bsay\("([a-z_.0-9]+)"/g);
  for (const [, key] of said) {
    assert.ok(key in catalogues.en || `${key}.other` in catalogues.en, key);
  }
});

test("a reader from Taiwan or Hong Kong is spoken to in traditional characters", () => {
  assert.equal(chooseLanguage(["zh-TW"], "en"), "zh-Hant");
  assert.equal(chooseLanguage(["zh-HK", "en"], "en"), "zh-Hant");
  assert.equal(chooseLanguage(["zh-CN"], "en"), "zh-Hans");
  assert.equal(chooseLanguage(["fr", "en-GB"], "zh-Hans"), "en");
  assert.equal(chooseLanguage(["fr"], "zh-Hans"), "zh-Hans");
});

test("numbers take the form their language asks for", async () => {
  const words = new Words(async (name) => read(name));
  await words.speak("en");
  assert.equal(words.say("rooms.unread", { count: 1 }), "1 unread message");
  assert.equal(words.say("rooms.unread", { count: 2 }), "2 unread messages");
  await words.speak("zh-Hans");
  assert.equal(words.say("rooms.unread", { count: 1 }), "1 条未读消息");
});

test("the frame speaks before all words are there, and asks again for those that did not come", async () => {
  const asked = [];
  const words = new Words(async (name) => {
    asked.push(name);
    if (asked.length === 2) throw new Error("the line is down");
    return read(name);
  });
  await words.begin("zh-Hant");
  assert.equal(words.say("rooms.all"), catalogues["zh-Hant"]["rooms.all"]);
  assert.equal(words.has("composer.send"), false);
  await assert.rejects(words.whole());
  await Promise.all([words.whole(), words.whole()]);
  assert.equal(words.say("composer.send"), catalogues["zh-Hant"]["composer.send"]);
  assert.equal(words.say("rooms.all"), catalogues["zh-Hant"]["rooms.all"]);
  assert.deepEqual(asked, ["first/zh-Hant", "zh-Hant", "zh-Hant"]);
});

test("words that come late for the language of before do not mix with another's", async () => {
  let late;
  const words = new Words((name) => (name === "en" ? new Promise((resolve) => (late = () => resolve(read(name)))) : Promise.resolve(read(name))));
  await words.begin("en");
  const whole = words.whole();
  await words.speak("zh-Hans");
  late();
  await whole;
  assert.equal(words.say("composer.send"), catalogues["zh-Hans"]["composer.send"]);
});
