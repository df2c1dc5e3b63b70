/** The HTTP door: `POST /api/<method>`. Used for what touches the login cookie, and before there is a connection. */

import { refusalFrom, unanswered } from "./refusal.js";

/**
 * @param {string} method
 * @param {object} [params]
 * @returns {Promise<any>} the result; rejects with a Refusal
 */
export async function callApi(method, params = {}) {
  const response = await fetch(`/api/${method}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(params),
  }).catch(() => Promise.reject(unanswered()));
  const text = await response.text().catch(() => Promise.reject(unanswered()));
  const body = readJson(text);
  if (response.ok && body !== undefined) return body;
  throw refusalFrom(body?.error);
}

/** @param {string} text @returns {any} undefined where it is no JSON, as from a proxy in the way */
function readJson(text) {
  try {
    return text ? JSON.parse(text) : {};
  } catch {
    return undefined;
  }
}
