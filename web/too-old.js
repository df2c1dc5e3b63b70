/**
 * In an engine that is too old for the page, one plain sentence stands where nothing would. A classic script in the
 * oldest manner, so that such an engine can read it; it asks for what came latest of all that the page cannot do without.
 */
(function () {
  var able =
    "noModule" in document.createElement("script") &&
    "customElements" in window &&
    "HTMLDialogElement" in window &&
    "replaceChildren" in Element.prototype &&
    "at" in Array.prototype &&
    "structuredClone" in window;
  if (able) return;
  var sentences = [
    ["en", "This browser is too old for this page. Please update it, or come in with another one."],
    ["zh-Hans", "这个浏览器太旧了，打不开这个页面。请更新它，或换一个浏览器再来。"],
    ["zh-Hant", "這個瀏覽器太舊了，打不開這個頁面。請更新它，或換一個瀏覽器再來。"]
  ];
  var say = function () {
    for (var at = 0; at < sentences.length; at += 1) {
      var line = document.createElement("p");
      line.className = "too-old";
      line.setAttribute("lang", sentences[at][0]);
      line.appendChild(document.createTextNode(sentences[at][1]));
      document.body.appendChild(line);
    }
  };
  if (document.body) say();
  else document.addEventListener("DOMContentLoaded", say);
})();
