/**
 * The service worker's other half: it is registered, asked for news whenever a session begins (the community may be a newer
 * one), and when another worker has taken over the page is reloaded, once nobody is in the middle of anything.
 */

const WORKER = "/sw.js";
/** Nobody touched the page for so long. */
const IDLE = 30_000;

/** @typedef {Pick<import("../elements/element.js").Context, "client" | "go">} Parts */

/** @param {Parts} parts */
export async function keepInstalled({ client, go }) {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  const renewal = new Renewal(client);
  let controlled = Boolean(workers.controller);
  workers.addEventListener("controllerchange", () => {
    if (controlled) renewal.due();
    controlled = true;
  });
  workers.addEventListener("message", (event) => event.data?.go && go(event.data.go));
  const registration = await workers.register(trusted(WORKER), { scope: "/", updateViaCache: "none" }).catch(() => undefined);
  client.addEventListener("session", () => registration?.update().catch(() => undefined));
}

/** Waits for a moment in which reloading the page takes nothing from anybody. */
class Renewal {
  #touched = Date.now();
  /** @type {any} */ #timer = undefined;

  /** @param {Parts["client"]} client */
  constructor(client) {
    this.client = client;
    for (const name of ["keydown", "pointerdown", "input"]) addEventListener(name, () => (this.#touched = Date.now()), { passive: true, capture: true });
  }

  due() {
    if (this.#timer) return;
    const attempt = () => this.isIdle && location.reload();
    this.#timer = setInterval(attempt, IDLE / 10);
    document.addEventListener("visibilitychange", attempt);
    attempt();
  }

  get isIdle() {
    const away = document.hidden || Date.now() - this.#touched > IDLE;
    const sending = this.client.outbox.of().some(({ status }) => status === "sending");
    return away && !sending && !document.querySelector("dialog[open]") && !this.#holdsWords;
  }

  /** Drafts and edits are kept by state/drafts.js and are there again after loading; all else that somebody wrote is not. */
  get #holdsWords() {
    const fields = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("input, textarea"));
    return [...fields].some((field) => {
      const composer = /** @type {any} */ (field.closest("message-composer"));
      const before = composer ? composer.kept : field.defaultValue;
      return field.value !== before;
    });
  }
}

/** The one address of a script that this page ever makes up. @param {string} address @returns {any} */
function trusted(address) {
  const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy("worker", { createScriptURL: () => WORKER });
  return policy ? policy.createScriptURL(address) : address;
}
