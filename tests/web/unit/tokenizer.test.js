import assert from "node:assert/strict";
import { test } from "node:test";

import { longestName, tokenize, tokenizeInline } from "../../../web/lib/tokenizer.js";

const text = (words) => ({ kind: "text", text: words });

test("a link ends before the Chinese full stop", () => {
  assert.deepEqual(tokenizeInline("https://a.b/c。"), [{ kind: "link", text: "https://a.b/c", href: "https://a.b/c" }, text("。")]);
});

test("bold closes behind Chinese punctuation", () => {
  assert.deepEqual(tokenizeInline("**重点。**后面"), [{ kind: "bold", children: [text("重点。")] }, text("后面")]);
});

test("no mark opens inside a word of a script with spaces", () => {
  assert.deepEqual(tokenizeInline("2*3*4 snake_case_name"), [text("2*3*4 snake_case_name")]);
});

test("what stands in code is left as it is", () => {
  assert.deepEqual(tokenizeInline("`**a**`"), [{ kind: "code", text: "**a**" }]);
});

test("only http, https and mail become links", () => {
  for (const words of ["javascript:alert(1)", "data:text/html,x", "vbscript:x"]) {
    assert.ok(!JSON.stringify(tokenize(words)).includes('"link"'), words);
  }
});

test("quotes and fenced code are blocks of their own", () => {
  assert.deepEqual(tokenize("> said\nreply\n```\ncode\n```").map((block) => block.kind), ["quote", "lines", "block"]);
});

test("marks that never close stay text, however many there are", () => {
  for (const unit of ["*", "**", "`", "[", "**a", "*a_", "a*", "_**`"]) {
    const words = unit.repeat(4_000).slice(0, 4_000);
    const flat = JSON.stringify(tokenize(words)).replace(/[^a]/g, "").length;
    assert.ok(flat >= words.replace(/[^a]/g, "").length, JSON.stringify(unit));
  }
});

/** @returns {number} ms of this process alone, for the best of three */
function fastest(run) {
  return Math.min(...[1, 2, 3].map(() => {
    const began = process.cpuUsage();
    run();
    return process.cpuUsage(began).user / 1_000;
  }));
}

const kinds = (words) => tokenizeInline(words).map((token) => token.kind);

test("lists have bullets or numbers, go on in set-in lines, and lie within each other", () => {
  const [list, after] = tokenize("3. 买菜\n   和米\n4. cook\n  - rice\n  - beans\n    1. soak\n5. eat\n\nthen");
  assert.equal(list.ordered, true);
  assert.equal(list.start, 3);
  assert.deepEqual(list.items.map((item) => item.children[0].text), ["买菜\n和米", "cook", "eat"]);
  const [inner] = list.items[1].lists;
  assert.equal(inner.ordered, false);
  assert.deepEqual(inner.items.map((item) => item.children[0].text), ["rice", "beans"]);
  assert.equal(inner.items[1].lists[0].ordered, true);
  assert.deepEqual(after, { kind: "lines", children: [text("then")] });
});

test("bullets and numbers that follow each other are lists of their own, set in or not", () => {
  const lists = tokenize("- tea\n- rice\n1. wash\n2. soak\n  - hot\n  - cold\n  1. drain\n- eat");
  assert.deepEqual(lists.map(({ ordered, items }) => [ordered, items.map((item) => item.children[0].text)]), [[false, ["tea", "rice"]], [true, ["wash", "soak"]], [false, ["eat"]]]);
  assert.deepEqual(lists[1].items[1].lists.map(({ ordered, items }) => [ordered, items.length]), [[false, 2], [true, 1]]);
});

test("a dash without a space, a number in a sentence and a rule are no lists", () => {
  for (const words of ["-5 °C", "3.14 is pi", "---", "-", "1、买菜", "- "]) assert.equal(tokenize(words)[0].kind, "lines", words);
});

test("a heading is one line behind # and a space; a room's name is none", () => {
  assert.deepEqual(tokenize("## 周末 *plan*\nwords").map((block) => block.kind), ["heading", "lines"]);
  assert.equal(tokenize("#balcony is nice")[0].kind, "lines");
});

test("the first line of a fence names its language", () => {
  assert.deepEqual(tokenize("```Py title\nx\n```"), [{ kind: "block", text: "x", language: "py" }]);
});

test("words are struck and hidden, in Chinese without spaces and between full-width bars, too", () => {
  assert.deepEqual(tokenizeInline("~~old~~ new"), [{ kind: "strike", children: [text("old")] }, text(" new")]);
  assert.deepEqual(kinds("结局是||他死了||，别看"), ["text", "spoiler", "text"]);
  assert.deepEqual(kinds("结局是｜｜他死了｜｜，别看"), ["text", "spoiler", "text"]);
  assert.deepEqual(kinds("这个~~错的~~对的"), ["text", "strike", "text"]);
  for (const words of ["a || b || c", "来啦~~等我一下~~", "好的~~", "~/a and ~/b", "x||y||z", "| a | b |"]) assert.deepEqual(kinds(words), ["text"], words);
});

test("words lead to the address in brackets behind them, and to nothing else", () => {
  const link = (words, href, more) => ({ kind: "link", text: words, href, ...more });
  assert.deepEqual(tokenizeInline("see [the map](https://a.b/c_(d)?e=1)."), [text("see "), link("the map", "https://a.b/c_(d)?e=1"), text(".")]);
  assert.deepEqual(tokenizeInline("[地图]（https://a.b）看"), [link("地图", "https://a.b"), text("看")]);
  assert.deepEqual(tokenizeInline("[write](mailto:a@b.c)"), [link("write", "mailto:a@b.c")]);
  assert.deepEqual(tokenizeInline("[[x](https://a.b)]"), [text("["), link("x", "https://a.b"), text("]")]);
  for (const words of ["[x](javascript:alert(1))", "[x](data:text/html,a)", "[x](/room/a)", "[x](https://me@a.b)", "[x] (https)"]) {
    assert.equal(links(words), 0, words);
  }
});

test("words that look like another address say where they lead", () => {
  const host = (words) => linkIn(words)?.host;
  assert.equal(host("[https://bank.example](https://evil.example)"), "evil.example");
  assert.equal(host("[bank.example/login](https://evil.example)"), "evil.example");
  assert.equal(host("[me@bank.example](mailto:you@evil.example)"), "you@evil.example");
  assert.equal(host("[www.bank.example](https://bank.example/x)"), undefined);
  assert.equal(host("[the bank](https://evil.example)"), undefined);
  assert.equal(host("[bаnk.example](https://bank.example)"), "bank.example");
});

test("an @ names whoever of those known it begins with, and nobody in code, addresses and words", () => {
  const known = { mention: (word) => longestName(word, ["wang", "wang.min", "everyone"]) };
  const named = (words) => JSON.stringify(tokenize(words, known)).match(/"handle":"[^"]*/g)?.map((one) => one.slice(10)) ?? [];
  assert.deepEqual(named("@wang你好，@Wang.Min! ＠wang"), ["wang", "Wang.Min", "wang"]);
  assert.deepEqual(named("**@wang** _@wang_ (@wang) 请@wang看"), ["wang", "wang", "wang", "wang"]);
  for (const words of ["@wanger", "a@wang", "`@wang`", "```\n@wang\n```", "https://a.b/@wang", "/@wang", "@ wang"]) assert.deepEqual(named(words), [], words);
  // As the server reads them (tests/rules/messages/test_text.py).
  for (const [words, found] of [["- ` x\n- `@wang`", []], ["1. `\n2. @wang `", ["wang"]], ["# `\n@wang `", ["wang"]], ["- `a\n  @wang`", []], ["- `a\n@wang`", ["wang"]]]) {
    assert.deepEqual(named(words), found, words);
  }
  assert.deepEqual(tokenizeInline("@ma-jun. hi"), [{ kind: "mention", text: "@ma-jun", handle: "ma-jun" }, text(". hi")]);
});

test("a # names a room by its whole title, blanks and all", () => {
  const known = { room: (words) => longestName(words, ["前厅 The hall", "前厅"]) };
  assert.deepEqual(tokenizeInline("来#前厅 The hall吧", known), [text("来"), { kind: "room", text: "#前厅 The hall", name: "前厅 The hall" }, text("吧")]);
  assert.deepEqual(kinds("C# and a#b https://a.b/#x"), ["text", "link"]);
});

const links = (words) => JSON.stringify(tokenize(words)).match(/"kind":"link"/g)?.length ?? 0;
const linkIn = (words) => tokenizeInline(words).find(({ kind }) => kind === "link");

test("a fence is opened with any words and closed by as many ticks or more, with blanks around them", () => {
  for (const info of ["", "c#", 'js title="a"', ".env", "text/html", "代码", " sh ", "`".repeat(2)]) {
    for (const end of ["```", "``` ", "  ```", "`````", "```\t"]) {
      const ticks = info.startsWith("`") ? "`````" : "```";
      const close = end.replace(/`+/, (run) => (run.length < ticks.length ? ticks : run));
      const language = info.replaceAll("`", "").trim().split(" ")[0];
      assert.deepEqual(tokenize(`${ticks}${info.replaceAll("`", "")}\ncode\n${close}\nafter`),
        [{ kind: "block", text: "code", ...(language && { language }) }, { kind: "lines", children: [text("after")] }], JSON.stringify([info, end]));
    }
  }
});

test("fewer ticks than opened it, or words behind them, do not close a fence", () => {
  const inner = "```js\na\n```";
  assert.deepEqual(tokenize(`\`\`\`\`\n${inner}\n\`\`\`\`\nafter`), [{ kind: "block", text: inner }, { kind: "lines", children: [text("after")] }]);
  assert.deepEqual(tokenize("```\na\n``` b\n```"), [{ kind: "block", text: "a\n``` b" }]);
});

test("code between three ticks on one line is no fence", () => {
  assert.deepEqual(tokenize("```code``` after\n下一行"), [{ kind: "lines", children: [{ kind: "code", text: "code" }, text(" after\n下一行")] }]);
});

test("a scheme is read in capitals, too", () => {
  for (const address of ["Https://example.com/A", "HTTP://example.com", "hTTps://example.com"]) {
    assert.deepEqual(linkIn(`see ${address}, then`), { kind: "link", text: address, href: address });
  }
  assert.equal(links("Hello Httpx://a.b"), 0);
});

test("a host whose letters could pass for others is shown as the browser calls it", () => {
  for (const [address, shown] of [
    ["https://аpple.com/id?a=1#b", "https://xn--pple-43d.com/id?a=1#b"], ["https://gοοgle.com", "https://xn--ggle-0nda.com"],
    ["https://аррӏе.com", "https://xn--80ak6aa92e.com"], ["https://ɑpple.com", `https://${new URL("https://ɑpple.com").hostname}`],
  ]) {
    assert.deepEqual(linkIn(address), { kind: "link", text: shown, href: address });
  }
  for (const address of ["https://bücher.example/ä", "https://пример.рф", "https://example.com:8080/wiki/茶?q=é", "https://EXAMPLE.com"]) {
    assert.equal(linkIn(address)?.text, address);
  }
});

test("an unseen sign that turns the direction of writing ends an address", () => {
  for (const sign of ["\u202e", "\u202d", "\u2066", "\u2067", "\u200f", "\u200e", "\u061c", "\u200b"]) {
    assert.equal(linkIn(`https://good.example/${sign}gpj.exe`)?.text, "https://good.example/");
  }
});

test("texts made to be slow are read in no time", () => {
  const units = ["[", "[a](", "[a](https://", "[a](https://b", "[ ", "*", "_", "|", "||", "｜｜a", "~~", "~~a", "~~a~~", "> > > ", "> a\n", "- ", "- a\n",
    "  - a\n- b\n", "1. - ", "# ", "#", "# a\n", "@", "@a", "_@", "#茶", "<", "](", "a](https://b)", "[[a](mailto:", "||a~~b**c_", "`","```a", "```\n", "````\n```\n", "h", "http://", "HTTP://a", "https://а.b ", "https://a/", "(", "[", ")", "**_`h", "> ```\n", "茶*", "https://а"];
  const known = { mention: (word) => longestName(word, ["wang", "ma"]), room: () => 0 };
  // By the square of the length the longer one would take sixteen times as long, and seconds of this process's own time.
  for (const unit of units) {
    const small = fastest(() => tokenize(unit.repeat(16_000).slice(0, 4_000), known));
    const large = fastest(() => tokenize(unit.repeat(16_000).slice(0, 16_000), known));
    assert.ok(large < 12 * small + 40, `${JSON.stringify(unit)}: ${small} ms, then ${large} ms for four times as much`);
  }
});
