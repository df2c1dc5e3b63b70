/**
 * Which language a text is in, as far as its script tells: good enough for `lang`, by which browsers choose glyphs,
 * line breaking and the voice of a screen reader. The wrong `lang` shows Chinese in Japanese or the other region's forms.
 */

/** Common characters that only one of the two ways of writing Chinese has, in pairs: simplified, traditional. */
const PAIRS =
  "们們这這说說时時会會对對来來学學国國发發为為个個样樣现現过過还還没沒动動开開关關问問间間让讓给給谁誰吗嗎听聽见見觉覺爱愛" +
  "欢歡乐樂书書读讀写寫话話语語请請谢謝认認识識应應该該当當点點头頭车車东東西西长長门門马馬鱼魚鸟鳥龙龍龟龜风風飞飛饭飯馆館" +
  "钱錢银銀铁鐵钟鐘错錯难難雨雨电電脑腦网網络絡线線级級经經结結续續红紅绿綠练習习習买買卖賣贵貴费費资資质質业業专專两兩严嚴" +
  "丽麗举舉义義乌烏乡鄉亲親亿億仅僅从從众眾优優传傳伤傷价價体體侧側儿兒党黨兰蘭兴興养養兽獸冲衝决決况況净淨减減几幾凤鳳击擊" +
  "创創别別刚剛剧劇办辦务務劳勞势勢区區医醫华華协協单單卫衛厂廠历歷压壓厅廳县縣参參双雙变變叶葉号號叹嘆吃吃员員响響哑啞团團" +
  "园園围圍图圖圆圓圣聖场場块塊坏壞坚堅声聲处處备備够夠夹夾奋奮奖獎妈媽孙孫宝寶实實宁寧审審宽寬将將层層岁歲岛島师師带帶帮幫" +
  "广廣庆慶库庫异異弃棄张張弯彎归歸录錄忆憶忧憂怀懷态態总總恋戀恶惡悬懸惊驚惯慣愿願戏戲战戰户戶执執扫掃扬揚护護报報担擔择擇" +
  "换換据據损損挥揮捡撿摆擺数數断斷无無旧舊显顯晓曉暂暫术術机機杀殺杂雜权權条條极極构構标標树樹桥橋梦夢检檢楼樓欧歐歌歌毕畢";

const SIMPLIFIED = new Set();
const TRADITIONAL = new Set();
for (let at = 0; at + 1 < PAIRS.length; at += 2) {
  const [simple, full] = [PAIRS.charAt(at), PAIRS.charAt(at + 1)];
  if (simple === full) continue;
  SIMPLIFIED.add(simple);
  TRADITIONAL.add(full);
}
for (const both of [...SIMPLIFIED].filter((char) => TRADITIONAL.has(char))) {
  SIMPLIFIED.delete(both);
  TRADITIONAL.delete(both);
}

/** Scripts that stand for one language more often than not. Latin is not among them: only plain ASCII counts as English. */
const SCRIPTS = /** @type {[RegExp, string][]} */ ([
  [/\p{Script=Hangul}/gu, "ko"], [/\p{Script=Cyrillic}/gu, "ru"], [/\p{Script=Arabic}/gu, "ar"],
  [/\p{Script=Hebrew}/gu, "he"], [/\p{Script=Thai}/gu, "th"], [/\p{Script=Greek}/gu, "el"], [/\p{Script=Devanagari}/gu, "hi"],
]);
const KANA = /[\p{Script=Hiragana}\p{Script=Katakana}]/gu;
const HAN = /\p{Script=Han}/gu;
const LATIN = /\p{Script=Latin}/gu;
/** One Han character says about as much as three letters of an alphabet. */
const HAN_WEIGHT = 3;
const BEYOND_ASCII = /[^\u0000-\u007f\u2010-\u2027\u{1f000}-\u{1faff}\u2600-\u27bf\ufe0f]/u;

/**
 * The language of most of a text: "Welcome, 王小明!" is English with a name in it.
 *
 * @param {string} text
 * @param {string} [chinese] what Chinese is taken for where its characters are the same in both: "zh-Hans" or a zh-Hant tag
 * @returns {string} a BCP 47 tag, or "" where nothing can be said
 */
export function scriptLanguage(text, chinese = "zh-Hans") {
  const han = text.match(HAN) ?? [];
  const kana = count(text, KANA);
  /** @type {[number, string][]} */ const weights = [
    [(han.length + kana) * HAN_WEIGHT, kana ? "ja" : chineseOf(han, chinese)],
    ...SCRIPTS.map(([pattern, language]) => /** @type {[number, string]} */ ([count(text, pattern), language])),
    [count(text, LATIN), BEYOND_ASCII.test(text.replace(HAN, "")) ? "" : "en"],
  ];
  const [most, language] = weights.reduce((best, one) => (one[0] > best[0] ? one : best));
  return most ? language : "";
}

/** @param {string} text @param {RegExp} pattern global */
function count(text, pattern) {
  return text.match(pattern)?.length ?? 0;
}

/** @param {string[]} characters @param {string} fallback */
function chineseOf(characters, fallback) {
  let lean = 0;
  for (const char of characters) lean += SIMPLIFIED.has(char) ? 1 : TRADITIONAL.has(char) ? -1 : 0;
  if (lean > 0) return "zh-Hans";
  if (lean < 0) return fallback.startsWith("zh-Han") || !fallback.startsWith("zh") ? "zh-Hant" : fallback;
  return fallback.startsWith("zh") ? fallback : "zh-Hans";
}
