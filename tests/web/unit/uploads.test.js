import assert from "node:assert/strict";
import { test } from "node:test";

import { Outbox } from "../../../web/state/outbox.js";
import { Waiting } from "../../../web/state/page-uploads.js";
import { Uploads } from "../../../web/state/uploads.js";
import { PageDrawer } from "../../../web/lib/storage.js";

const MB = 1024 * 1024;

/** @param {() => unknown} done */
async function until(done) {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

/** `/files` as docs/protocol.md describes it, with a line that can be cut. */
class Files {
  /** @type {Map<string, {size: number, bytes: number[], name: string}>} */ held = new Map();
  asked = [];
  /** Answers to give before any other. @type {((request: any) => Response | undefined | Promise<Response>)[]} */ odd = [];

  fetch = async (path, { method, headers = {}, body, signal } = {}) => {
    this.asked.push(`${method} ${path}`);
    const odd = this.odd.shift()?.({ path, method });
    if (odd) return odd;
    if (signal?.aborted) throw new Error("aborted");
    const id = path.split("/")[2];
    const file = this.held.get(id);
    if (method === "POST") {
      const made = `f${this.held.size + 1}`;
      this.held.set(made, { ...JSON.parse(body), bytes: 0 });
      return Response.json({ file: { id: made } }, { status: 201 });
    }
    if (!file) return Response.json({ error: { code: -32004, message: "no", data: { reason: "not_found" } } }, { status: 404 });
    const offset = () => ({ "Upload-Offset": String(file.bytes) });
    if (method === "DELETE") return this.held.delete(id) && new Response(null, { status: 204 });
    if (method === "HEAD") return new Response(null, { headers: offset() });
    if (Number(headers["Upload-Offset"]) !== file.bytes) return new Response(null, { status: 409, headers: offset() });
    file.bytes += body.size;
    if (file.bytes < file.size) return new Response(null, { status: 204, headers: offset() });
    return Response.json({ file: { id, name: file.name } }, { status: 200, headers: offset() });
  };
}

class Store {
  /** @type {Map<string, any>} */ kept = new Map();
  all = async () => [...this.kept.values()].map((one) => ({ ...one }));
  get = async (key) => this.kept.get(key);
  put = async (upload) => void this.kept.set(upload.key, { ...upload });
  delete = async (key) => void this.kept.delete(key);
}

/** @param {any} [more] */
function made({ files = new Files(), store = new Store(), ...more } = {}) {
  const uploads = new Uploads({ store, fetch: files.fetch, prepare: async () => ({}), pause: () => new Promise(() => undefined), ...more });
  return { files, store, uploads };
}

const blob = (size) => new Blob([new Uint8Array(size)], { type: "image/webp" });

test("a file goes up in parts that follow the line, and its progress is told", async () => {
  const { files, store, uploads } = made();
  const { key } = uploads.add({ blob: blob(3 * MB), name: "a.webp", room: "tea" });
  const sent = [];
  uploads.addEventListener("change", () => sent.push(uploads.get(key).sent / MB));
  await until(() => uploads.get(key).status === "done");
  assert.deepEqual([...new Set(sent)], [0, 0.5, 1.5, 3]);
  assert.deepEqual(files.asked, ["POST /files", "PATCH /files/f1", "PATCH /files/f1", "PATCH /files/f1"]);
  assert.equal(store.kept.get(key).file.id, "f1");
});

test("after a lost line it asks how far it came and goes on from there", async () => {
  const { files, uploads } = made();
  files.odd = [() => undefined, () => undefined, () => Promise.reject(new Error("cut"))];
  const { key } = uploads.add({ blob: blob(MB), name: "a.webp" });
  await until(() => uploads.get(key).status === "waiting" && files.asked.length === 3);
  uploads.wake();
  await until(() => uploads.get(key).status === "done");
  assert.deepEqual(files.asked.slice(3), ["HEAD /files/f1", "PATCH /files/f1"]);
  assert.equal(files.held.get("f1").bytes, MB);
});

test("after a reload it goes on, and begins again where the server let go of it", async () => {
  const { files, store, uploads } = made();
  files.odd = [() => undefined, () => Promise.reject(new Error("cut"))];
  const { key } = uploads.add({ blob: blob(MB), name: "a.webp" });
  await until(() => uploads.get(key).status === "waiting" && uploads.get(key).id);
  const again = made({ files, store }).uploads;
  await again.loaded;
  assert.equal(again.get(key).status, "waiting");
  files.held.clear();
  again.start(key);
  await until(() => again.get(key).status === "done");
  assert.deepEqual(files.asked.slice(2), ["HEAD /files/f1", "POST /files", "PATCH /files/f1", "PATCH /files/f1"]);
  assert.equal((await made({ files, store }).uploads.store.all())[0].file.id, "f1", "what is up is kept as that");
});

test("what the server refuses says why, and is tried again or let go of", async () => {
  const { files, store, uploads } = made();
  const refusal = (reason) => () => Response.json({ error: { code: -32002, message: "no", data: { reason } } }, { status: 403 });
  files.odd = [refusal("newcomer")];
  const { key } = uploads.add({ blob: blob(9), name: "a.pdf" });
  await until(() => uploads.get(key).status === "refused");
  assert.equal(uploads.get(key).reason, "newcomer");
  await new Promise(setImmediate);
  uploads.retry(key, true);
  await until(() => uploads.get(key).status === "done");
  assert.equal(files.held.get("f1").keep, true);
  uploads.remove(key);
  await until(() => !files.held.size);
  assert.equal(store.kept.size, 0);
});

test("what is sent as a file is what was given, not the smaller picture that was made of it", async () => {
  const prepare = async ({ keep }) => (keep ? {} : { blob: blob(9), type: "image/webp", size: 9, width: 3, height: 3 });
  const { files, store, uploads } = made({ prepare });
  files.odd = [() => Response.json({ error: { code: -32002, message: "no", data: { reason: "type_refused" } } }, { status: 403 })];
  const { key } = uploads.add({ blob: new Blob([new Uint8Array(50)], { type: "image/tiff" }), name: "a.tif" });
  await until(() => uploads.get(key).status === "refused");
  const kept = made({ files, store, prepare }).uploads;
  await kept.loaded;
  kept.retry(key, true);
  await until(() => kept.get(key).status === "done");
  const { keep, size, type, bytes } = files.held.get("f1");
  assert.deepEqual([keep, size, type, bytes], [true, 50, "image/tiff", 50]);
  assert.deepEqual([kept.get(key).width, kept.get(key).original, store.kept.get(key).original], [undefined, undefined, undefined]);
});

test("where something between lets only small parts through, parts become small", async () => {
  const { files, uploads } = made();
  const asked = files.fetch;
  const most = 200 * 1024;
  uploads.line.fetch = (path, given) => (given.method === "PATCH" && given.body.size > most ? Promise.resolve(new Response("nginx", { status: 413 })) : asked(path, given));
  const { key } = uploads.add({ blob: blob(MB), name: "a.webp" });
  await until(() => uploads.get(key).status === "done");
  assert.equal(files.held.get("f1").bytes, MB);
});

test("two go up at once, others wait for their turn", async () => {
  const { files, uploads } = made();
  for (let number = 0; number < 5; number += 1) uploads.add({ blob: blob(10), name: `${number}` });
  await until(() => files.held.size === 5 && [...files.held.values()].every(({ bytes }) => bytes === 10));
  assert.deepEqual(files.asked.slice(0, 2), ["POST /files", "POST /files"]);
});

/** A client with an outbox whose messages are kept in `sent`. */
function client(uploads, storage = new PageDrawer()) {
  const sent = [];
  const page = Object.assign(new EventTarget(), { wire: { live: true }, signedIn: true, sent });
  const outbox = new Outbox({ storage, send: async (item) => (sent.push(item.text || item.attachments), { id: `m${sent.length}`, seq: sent.length }) });
  outbox.belongTo("ann");
  Object.assign(page, { outbox });
  return Object.assign(page, { waiting: new Waiting(page, uploads) });
}

test("words with files are sent when these are up, and others do not wait for them", async () => {
  const { files, store, uploads } = made();
  files.odd = [() => undefined, () => Promise.reject(new Error("cut"))];
  const { outbox, sent } = client(uploads);
  const { key, name, type, size } = uploads.add({ blob: blob(10), name: "a.webp", owner: "ann" });
  const item = outbox.add("tea", "", undefined, [{ key, name, type, size }]);
  outbox.add("tea", "next");
  outbox.flush(true);
  await until(() => sent.length === 1);
  assert.deepEqual([item.status, sent], ["uploading", ["next"]]);
  uploads.wake();
  await until(() => sent.length === 2);
  assert.deepEqual(sent[1], ["f1"]);
  outbox.heard({ id: "m2" });
  await until(() => !store.kept.size);
  assert.equal(files.held.size, 1, "the message has it");
});

test("words whose file is refused say so; tried again they go; let go of, so does the file", async () => {
  const { files, uploads } = made();
  files.odd = [() => Response.json({ error: { code: -32005, message: "no", data: { reason: "quota" } } }, { status: 409 })];
  const { outbox, sent } = client(uploads);
  const given = () => {
    const { key, name, type, size } = uploads.add({ blob: blob(10), name: "a.webp", owner: "ann" });
    return [{ key, name, type, size }];
  };
  const item = outbox.add("tea", "look", undefined, given());
  await until(() => item.status === "refused");
  assert.equal(item.reason, "quota");
  await new Promise(setImmediate);
  outbox.retry(item);
  await until(() => sent.length === 1);
  files.odd = [() => undefined, () => Promise.reject(new Error("cut"))];
  const other = outbox.add("tea", "", undefined, given());
  await until(() => uploads.get(other.files[0].key).id && uploads.get(other.files[0].key).status === "waiting");
  outbox.drop(other);
  await until(() => files.asked.includes("DELETE /files/f2"));
});
