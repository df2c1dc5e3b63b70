/** Why a request was not carried out: the server's own refusals and those that arise on the way to it. */


/** The request was not sent, or its answer was lost with the connection: it may or may not have been carried out. */
const UNANSWERED = 1;

const KINDS = new Map([
  [-32602, "params"], [-32001, "not_signed_in"], [-32002, "not_allowed"], [-32003, "not_a_member"],
  [-32004, "not_found"], [-32005, "conflict"], [-32006, "too_large"], [-32029, "rate_limited"],
  [-32050, "unavailable"], [UNANSWERED, "unanswered"],
]);

export class Refusal extends Error {
  /** @param {number} code @param {string} message @param {Record<string, any>} [data] */
  constructor(code, message, data = {}) {
    super(message);
    this.code = code;
    this.data = data;
  }

  /** The kind of refusal, one word for each code. */
  get kind() {
    return KINDS.get(this.code) ?? "internal";
  }

  /** The stable word of the very rule that stood against it. */
  get reason() {
    return String(this.data.reason ?? this.kind);
  }

  /** What of the request it is about. */
  get path() {
    return String(this.data.path ?? "");
  }

  /** Milliseconds to wait before asking again; 0 where the server named none. */
  get retryAfter() {
    return Math.ceil(Number(this.data.retry_after ?? 0) * 1000);
  }
}

/** @param {unknown} body an error object as it came over the wire */
export function refusalFrom(body) {
  const error = /** @type {{code?: number, message?: string, data?: Record<string, any>}} */ (body ?? {});
  return new Refusal(error.code ?? -32603, error.message ?? "", error.data ?? {});
}

export function unanswered() {
  return new Refusal(UNANSWERED, "no answer");
}

/**
 * Why something was refused, in the reader's words: for the very rule (`name_link`) and what it is about
 * (`newcomer_title`), else for the rule, else for rules of its sort (`any_link`), else for the kind of refusal.
 *
 * @param {{say: (key: string, values?: any) => string}} element
 * @param {any} refusal a Refusal, or words of the outbox with a `reason`
 */
export function refusalWords(element, { reason = "", kind = "", path = "", retryAfter = 0 }) {
  const sort = reason.slice(reason.lastIndexOf("_") + 1);
  for (const key of [`refused.${reason}_${path}`, `refused.${reason}`, `refused.any_${sort}`, `refused.${kind}`]) {
    const words = element.say(key, { seconds: Math.ceil(retryAfter / 1000) });
    if (words !== key) return words;
  }
  return element.say("refused.not_done");
}
