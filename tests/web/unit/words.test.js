import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { chooseLanguage, LANGUAGES, Words } from "../../../web/state/words.js";

const WEB = fileURLToPath(new URL("../../../web/", import.meta.url));
const catalogues = Object.fromEntries(
  LANGUAGES.map((language) => [language, JSON.parse(readFileSync(join(WEB, "i18n", `${language}.json`), "utf8"))]),
);

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
  const words = new Words(async (language) => catalogues[language]);
  await words.speak("en");
  assert.equal(words.say("rooms.unread", { count: 1 }), "1 unread message");
  assert.equal(words.say("rooms.unread", { count: 2 }), "2 unread messages");
  await words.speak("zh-Hans");
  assert.equal(words.say("rooms.unread", { count: 1 }), "1 条未读消息");
});
