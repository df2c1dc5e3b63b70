import assert from "node:assert/strict";
import { test } from "node:test";

import { scriptLanguage } from "../../../web/lib/script-language.js";

test("Chinese is told by the characters that only one way of writing has", () => {
  assert.equal(scriptLanguage("我们说说话"), "zh-Hans");
  assert.equal(scriptLanguage("我們說說話"), "zh-Hant");
  assert.equal(scriptLanguage("后天见，谢谢"), "zh-Hans");
  assert.equal(scriptLanguage("這裡的「时」是一個錯字"), "zh-Hant");
});

test("where both write the same, it is taken for the reader's own", () => {
  for (const chinese of ["zh-Hans", "zh-Hant", "zh-Hant-TW", "zh-HK"]) assert.equal(scriptLanguage("你好", chinese), chinese);
  assert.equal(scriptLanguage("你好", "en"), "zh-Hans");
});

test("a text is in the language that most of it is in", () => {
  assert.equal(scriptLanguage("Welcome to the community, 王小明!"), "en");
  assert.equal(scriptLanguage("这个 API 很好用"), "zh-Hans");
  assert.equal(scriptLanguage("お茶を飲みましょう"), "ja");
  assert.equal(scriptLanguage("차 한 잔 할까요"), "ko");
  assert.equal(scriptLanguage("Выпьем чаю"), "ru");
});

test("plain letters count as English and accents as nothing that can be said", () => {
  assert.equal(scriptLanguage("tea at five? 🍵 “yes” … ok"), "en");
  assert.equal(scriptLanguage("Übermorgen gibt’s Kuchen"), "");
  for (const text of ["", "123", "🍵🍵", "???"]) assert.equal(scriptLanguage(text), "", text);
});
