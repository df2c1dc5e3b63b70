/**
 * The service worker: the page opens offline, and is never of two versions at once. The server fills in the version and
 * the addresses of the page's files when it serves this; any change of a file is another worker with its own cache. The
 * addresses carry the version, so a page of another version never gets a file of this one. A page comes from the network
 * where that answers in time, else from the cache. Nothing that people wrote is ever kept here.
 */

const VERSION = "__VERSION__";
const FILES = "__FILES__".split(" ");
const CACHE = `page-${VERSION}`;
const SHELL = "/";
const PATIENCE = 3_000;

/** The service worker's own scope, which the types of a page do not know. */
const scope = /** @type {any} */ (globalThis);

scope.addEventListener("install", (/** @type {any} */ event) => event.waitUntil(install()));
scope.addEventListener("activate", (/** @type {any} */ event) => event.waitUntil(activate()));

async function install() {
  const cache = await caches.open(CACHE);
  try {
    const shell = await fetch(SHELL, { cache: "no-cache" });
    if (shell.headers.get("Page-Version") !== VERSION) throw new Error("the page is of another version");
    await cache.put(SHELL, shell);
    await cache.addAll(FILES);
  } catch (error) {
    // Two releases are running, or one just ended. The browser tries again at the next session.
    await caches.delete(CACHE);
    throw error;
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
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (pathname.startsWith("/web/")) event.respondWith(file(request, pathname));
});

/** @param {Request} request */
async function page(request) {
  const asked = fetch(request);
  const late = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const answer = await Promise.race([asked, late]).catch(() => undefined);
  if (answer && answer.status < 500) return answer;
  return (await kept(SHELL)) ?? answer ?? asked;
}

/** @param {Request} request @param {string} pathname */
async function file(request, pathname) {
  return (await kept(pathname)) ?? fetch(request);
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
