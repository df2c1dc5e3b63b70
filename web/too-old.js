/**
 * A browser too old for the page gets one plain sentence instead of nothing. A classic script in old JavaScript, so that
 * such a browser can read it; it checks for the newest things that the page cannot do without. It also reloads a page
 * whose files are gone, as after an update of the server; so it is the one file that is taken from any version.
 */
(function () {
  var KEY = "chatserver.reloads";
  var MOST = 5;
  var reload = function () {
    try {
      var times = Number(sessionStorage.getItem(KEY)) || 0;
      if (times >= MOST) return;
      sessionStorage.setItem(KEY, String(times + 1));
      setTimeout(function () { location.reload(); }, 500 * (times + 1));
    } catch (error) {
      // Without storage nothing is counted, and a page must not reload without end.
    }
  };
  addEventListener("error", function (event) {
    var lost = /** @type {any} */ (event.target);
    if (lost && lost.tagName === "SCRIPT" && lost.src) reload();
  }, true);
  addEventListener("load", function () {
    try {
      if (document.querySelector("app-shell")) sessionStorage.removeItem(KEY);
    } catch (error) {
      // Nothing was counted.
    }
  });
})();
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
    ["en", "This browser is too old for this page. Please update it, or use another one."],
    ["zh-Hans", "这个浏览器太旧了，打不开这个页面。请更新它，或换一个浏览器。"],
    ["zh-Hant", "這個瀏覽器太舊了，打不開這個頁面。請更新它，或換一個瀏覽器。"]
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
