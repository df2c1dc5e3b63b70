/**
 * The other end of a line: a WebSocket server on this machine that answers by hand and misbehaves on request. What the
 * page does with time is seen by moving a clock (clock.js), never by waiting.
 */

import { WebSocket, WebSocketServer } from "ws";

const PATIENCE_MS = 10_000;
const LIMITS = { text_characters: 4000, text_bytes: 16_000, frame_bytes: 64_000, history_page: 100, requests_in_flight: 8 };
export const STARTED = { rooms: [], inbox: { seq: 0, unread: 0 }, server: { version: "1", ping_s: 25, limits: LIMITS } };

/** @param {() => unknown} condition @param {string} what */
export async function until(condition, what) {
  const end = performance.now() + PATIENCE_MS;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`did not come about: ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export class Line {
  /** Connections in the order they came; those that ended stay. @type {WebSocket[]} */ connections = [];
  /** Every request heard, with the connection it came by. @type {{id: number, method: string, params: any, socket: WebSocket}[]} */ heard = [];
  /** Results by method; a function is asked, and what it throws is the error; a method that is not here stays unanswered. */
  answers = /** @type {Record<string, any>} */ ({ "session.start": STARTED, "session.ping": {} });

  /** @param {number} [port] any that is free unless told */
  static async open(port = 0) {
    const line = new Line();
    line.server = new WebSocketServer({ port, host: "127.0.0.1" });
    line.server.on("connection", (socket) => line.#welcome(socket));
    await new Promise((resolve) => line.server.once("listening", resolve));
    line.port = line.server.address().port;
    return line;
  }

  /** What a Wire opens. */
  connect = () => {
    const socket = new WebSocket(`ws://127.0.0.1:${this.port}`);
    // A browser keeps to itself that a socket was given up before it was open; this one would end the process.
    socket.on("error", () => undefined);
    return socket;
  };

  #welcome(socket) {
    this.connections.push(socket);
    socket.on("message", (data) => this.#take(socket, JSON.parse(String(data))));
  }

  #take(socket, { id, method, params }) {
    this.heard.push({ id, method, params, socket });
    const answer = this.answers[method];
    if (answer === undefined) return;
    try {
      this.send({ id, result: typeof answer === "function" ? answer(params) : answer }, socket);
    } catch (error) {
      this.send({ id, error }, socket);
    }
  }

  /** @param {object} frame @param {WebSocket} [socket] the newest unless told */
  send(frame, socket = this.connections.at(-1)) {
    socket.send(JSON.stringify({ jsonrpc: "2.0", ...frame }));
  }

  /** @param {string} method @param {object} params */
  tell(method, params) {
    this.send({ method, params });
  }

  /** The requests for one method so far. @param {string} method */
  asked(method) {
    return this.heard.filter((request) => request.method === method);
  }

  async close() {
    for (const socket of this.server.clients) socket.terminate();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
