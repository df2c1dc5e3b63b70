import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import vm from "node:vm";

const SOURCE = readFileSync(new URL("../../../web/sw.js", import.meta.url), "utf8");

/** The browser's caches, as far as a worker needs them for an install: what was put in stays until it is deleted. */
class Caches {
  /** @type {Map<string, Map<string, Response>>} */ all = new Map();

  constructor(url) {
    this.url = url;
  }

  async open(name) {
    const kept = this.all.get(name) ?? new Map();
    this.all.set(name, kept);
    const put = async (path, response) => void kept.set(path, response);
    const addAll = async (paths) => {
      for (const path of paths) {
        const response = await fetch(this.url + path);
        if (!response.ok) throw new TypeError(`${path}: ${response.status}`);
        kept.set(path, response);
      }
    };
    return { put, addAll, match: async (path) => kept.get(path) };
  }

  delete = async (name) => this.all.delete(name);
  keys = async () => [...this.all.keys()];
}

/**
 * The worker of release "a" at a server whose shell is of `version` and which has these files.
 *
 * @param {import("node:test").TestContext} t
 */
async function workerAt(t, { version = "a", has = ["/web/a/main.js", "/web/a/main.css"] }) {
  const server = createServer((request, response) => {
    const found = request.url === "/" || has.includes(request.url ?? "");
    response.writeHead(found ? 200 : 404, { "Page-Version": version }).end("words");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${/** @type {any} */ (server.address()).port}`;
  const caches = new Caches(url);
  caches.all.set("page-old", new Map());
  const listeners = new Map();
  let skipped = false;
  const scope = {
    caches, location: { origin: url }, URL, Promise, Error, setTimeout, fetch: (path) => fetch(url + path),
    addEventListener: (name, listener) => listeners.set(name, listener),
    skipWaiting: async () => (skipped = true), clients: { claim: async () => undefined },
  };
  vm.runInNewContext(SOURCE.replace("__VERSION__", "a").replace("__FILES__", "/web/a/main.js /web/a/main.css"), scope);
  const fire = (name) => new Promise((resolve, reject) => listeners.get(name)({ waitUntil: (done) => done.then(resolve, reject) }));
  return { caches, fire, skipped: () => skipped };
}

test("a worker whose files are all there keeps them, and lets go of what was before", async (t) => {
  const { caches, fire, skipped } = await workerAt(t, {});
  await fire("install");
  await fire("activate");
  assert.deepEqual([skipped(), [...caches.all.keys()], caches.all.get("page-a")?.size], [true, ["page-a"], 3]);
});

test("an install is refused where the page, or one file, is of another version, and leaves what was before", async (t) => {
  for (const server of [{ version: "b" }, { has: ["/web/a/main.js"] }]) {
    const { caches, fire, skipped } = await workerAt(t, server);
    await assert.rejects(fire("install"));
    assert.deepEqual([skipped(), [...caches.all.keys()]], [false, ["page-old"]]);
  }
});
