/**
 * The service worker: the page opens without a line, and is never of two versions at once. The community fills in the
 * version and the files of the page when it serves this; any change of a file is another worker, with a cache of its
 * own. A page comes from the network where that answers in time, and says of which version it is; its files come from
 * the cache only if that is this worker's. Nothing that people wrote is ever kept here.
 */

const VERSION = "__VERSION__";
const FILES = "__FILES__".split(" ");
const CACHE = `page-${VERSION}`;
const SHELL = "/";
const PATIENCE = 3_000;

/** The service worker's own scope, which the types of a page do not know. */
const scope = /** @type {any} */ (globalThis);

/** Pages that came from a newer community than this worker: their files are asked of the community. @type {Set<string>} */
const strangers = new Set();

scope.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
scope.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));

async function install() {
  const cache = await caches.open(CACHE);
  await cache.addAll([SHELL, ...FILES].map((path) => new Request(path, { cache: "no-cache" })));
  const shell = await cache.match(SHELL);
  // The community was renewed just now: these files may be of either version. The browser tries again.
  if (shell?.headers.get("Page-Version") !== VERSION) {
    await caches.delete(CACHE);
    throw new Error("the page changed while it was kept");
  }
  await scope.skipWaiting();
}

async function activate() {
  for (const name of await caches.keys()) if (name.startsWith("page-") && name !== CACHE) await caches.delete(name);
  await scope.clients.claim();
}

scope.addEventListener("fetch", (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(page(request, event.resultingClientId));
  else if (pathname.startsWith("/web/")) event.respondWith(file(request, pathname, event.clientId));
});

/** @param {Request} request @param {string} client */
async function page(request, client) {
  const asked = fetch(request);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const answer = await Promise.race([asked, late]).catch(() => undefined);
  if (answer && answer.status < 500) {
    if (answer.headers.get("Page-Version") !== VERSION) strangers.add(client);
    return answer;
  }
  return (await kept(SHELL)) ?? answer ?? asked;
}

/** @param {Request} request @param {string} pathname @param {string} client */
async function file(request, pathname, client) {
  return (strangers.has(client) ? undefined : await kept(pathname)) ?? fetch(request);
}

/** @param {string} path */
async function kept(path) {
  return (await caches.open(CACHE)).match(path);
}

scope.addEventListener("notificationclick", (/** @type {any} */ event) => {
  event.notification.close();
  event.waitUntil(comeForward(event.notification.data?.path ?? SHELL));
});

/** The page that called comes forward, or one is opened. @param {string} path */
async function comeForward(path) {
  const [client] = await scope.clients.matchAll({ type: "window" });
  if (!client) return scope.clients.openWindow(path);
  client.postMessage({ go: path });
  return client.focus();
}
