/**
 * Signing up, signing in, and coming back by recovery code. Properties: `kind` (sign-up, sign-in or recover), `invite`
 * (the code of a personal link), `inRoom` where it is asked of somebody who has just written: then it says `done` instead
 * of leading anywhere.
 */

import { LONGEST } from "../../lib/limits.js";
import { copyText } from "../../lib/copy.js";
import { button, make } from "../../lib/dom.js";
import { drawing } from "../../lib/drawings.js";
import { door } from "../../lib/scenes.js";
import { emblem } from "../../lib/seal.js";
import { roomPath } from "../../lib/paths.js";
import { refusalWords } from "../../lib/refusal.js";
import { context, PageElement } from "../element.js";
import { field } from "../forms.js";
import { acceptance, invitation } from "../invited.js";

const SUGGEST_PAUSE = 400;
const METHODS = { "sign-up": "account.create", "sign-in": "account.sign_in", recover: "account.recover" };

export class AccountForm extends PageElement {
  /** @type {"sign-up" | "sign-in" | "recover"} */ kind = "sign-up";
  inRoom = false;
  invite = "";
  /** @type {any} */ #suggesting = undefined;
  /** What was suggested last: what somebody chose themselves is left alone. */
  #suggested = "";

  build() {
    const words = this.kind.replace("-", "_");
    this.heading = make("h1", { text: this.say(`account.${words}`), attributes: { tabindex: "-1" } });
    this.error = make("p", { class: "error", attributes: { role: "alert" } });
    this.button = make("button", { class: "button", text: this.say(`account.${words}`), attributes: { type: "submit" } });
    this.form = make("form", { class: "card" }, ...this.#fields(), this.error, this.button);
    this.lead = make("p", { class: "lead", text: this.#lead(words) });
    const back = make("a", { class: "back", text: this.say("rooms.all"), attributes: { href: "/" } });
    this.append(...(this.inRoom ? [] : [back]), emblem(this.client.card?.icon, this.kind === "sign-up" ? drawing("cup") : door()), this.heading, this.lead, this.form, this.#others());
  }

  /** @param {string} words */
  #lead(words) {
    if (this.invite) return "";
    const waiting = this.kind === "sign-up" && this.client.outbox.of().length > 0;
    return this.say(waiting ? "account.words_wait" : `account.${words}_lead`);
  }

  #fields() {
    const say = (/** @type {string} */ key) => this.say(key);
    const password = this.kind === "sign-in" ? "current-password" : "new-password";
    const fields = {
      name: field(say("account.name"), "name", { autocomplete: "name", "data-most": LONGEST.name }, say("account.name_hint")),
      handle: field(say("account.handle"), "handle", { autocomplete: "username", "data-most": LONGEST.handle, autocapitalize: "none", spellcheck: "false" },
        this.kind === "sign-up" ? say("account.handle_hint") : ""),
      code: field(say("account.code"), "code", { autocomplete: "one-time-code", spellcheck: "false" }),
      password: field(say(this.kind === "recover" ? "account.new_password" : "account.password"), "password", { type: "password", autocomplete: password, minlength: this.kind === "sign-in" ? undefined : "8" },
        this.kind === "sign-up" ? say("account.password_hint") : ""),
      invite: field(say("account.invite"), "invite", { autocomplete: "off" }),
    };
    if (this.kind === "sign-in") return [fields.handle, fields.password];
    if (this.kind === "recover") return [fields.handle, fields.code, fields.password];
    const hidden = make("input", { attributes: { type: "hidden", name: "invite", value: this.invite } });
    const invite = this.invite ? [hidden] : this.client.card?.sign_up === "invite" ? [fields.invite] : [];
    return [fields.name, fields.handle, fields.password, ...invite];
  }

  #others() {
    const links = {
      "sign-up": [["/sign-in", "account.have_account"]],
      "sign-in": [["/sign-up", "account.no_account"], ["/sign-in#recover", "account.forgot"]],
      recover: [["/sign-in", "account.sign_in"]],
    }[this.kind];
    return make("p", { class: "others" }, ...links.map(([href, key]) =>
      make("a", { class: "action", text: this.say(/** @type {string} */ (key)), attributes: { href } })));
  }

  attach() {
    this.listen(this.form, "submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    const name = this.kind === "sign-up" && this.form.elements.namedItem("name");
    if (name) {
      this.listen(name, "input", () => {
        clearTimeout(this.#suggesting);
        this.#suggesting = setTimeout(() => this.suggest(name.value), SUGGEST_PAUSE);
      });
    }
    if (this.invite) {
      this.listen(this.client, "session", () => this.#toMember());
      this.#greet();
      this.#toMember();
    }
    this.form.querySelector("input")?.focus();
  }

  /** A handle that is free, from the name as it is spoken. @param {string} name */
  async suggest(name) {
    const handle = this.form.elements.namedItem("handle");
    if (!name.trim() || handle.value !== this.#suggested) return;
    const answer = await this.client.api("handle.suggest", { name }).catch(() => ({ handle: "" }));
    if (handle.value !== this.#suggested || !answer.handle) return;
    this.#suggested = handle.value = answer.handle;
  }

  /** Who invites, and where to. */
  async #greet() {
    const greeting = await invitation(this, this.invite);
    if (!greeting || !this.isConnected) return;
    this.querySelector(":scope > .drawing")?.replaceWith(greeting);
  }

  /** Who has an account already says yes with it. */
  #toMember() {
    if (!this.client.signedIn || !this.form.isConnected) return;
    Object.assign(this.heading, { textContent: this.say("invite.heading_for_you"), className: "unseen" });
    this.form.replaceWith(acceptance(this, this.invite));
    this.lastElementChild?.remove();
  }

  async submit() {
    this.button.disabled = true;
    this.error.textContent = "";
    const params = Object.fromEntries(new FormData(this.form));
    try {
      this.done(await this.client.api(METHODS[this.kind], params));
    } catch (refusal) {
      this.error.textContent = refusalWords(this, refusal);
      this.#goWithout(refusal);
      this.form.elements.namedItem(/** @type {any} */ (refusal).data?.path ?? "")?.focus?.();
    } finally {
      this.button.disabled = false;
    }
  }

  /** A link that is no good any more keeps nobody out of a community that is open. @param {any} refusal */
  #goWithout({ reason }) {
    if (reason !== "no_invite" || !this.invite || this.client.card?.sign_up === "invite") return;
    this.invite = "";
    this.form.elements.namedItem("invite").remove();
    this.error.textContent += ` ${this.say("invite.without")}`;
  }

  /** @param {{recovery?: string}} result */
  done(result) {
    if (this.kind !== "recover") this.client.restart();
    if (result.recovery) this.#showRecovery(result.recovery);
    else this.#leave();
  }

  /** The recovery code is shown once: nothing goes on before the reader has seen it. @param {string} code */
  #showRecovery(code) {
    const go = make("button", { class: "button", text: this.say("account.kept"), attributes: { type: "button" }, on: { click: () => this.#leave() } });
    const shown = make("code", { class: "recovery", text: code });
    const copy = button(this.say("account.copy"), async () => {
      if (await copyText(shown, code)) copy.textContent = this.say("account.copied");
    });
    this.dataset.made = "";
    const heading = make("h1", { text: this.say("account.recovery"), attributes: { tabindex: "-1" } });
    this.replaceChildren(heading, make("p", { class: "lead", text: this.say("account.recovery_words") }),
      make("div", { class: "card" }, shown, copy, go));
    heading.focus();
  }

  #leave() {
    if (this.inRoom) return this.dispatchEvent(new Event("done"));
    if (this.kind === "recover") return context.go("/sign-in");
    if (this.invite) return this.#toInviter();
    const { after, room } = context.preferences.chosen;
    context.preferences.set({ after: undefined });
    const waiting = this.client.outbox.items[0]?.room;
    return context.go(waiting ? roomPath(waiting) : after ?? roomPath(room ?? "hall"));
  }

  /** Who came by somebody's link begins in the conversation with them. */
  async #toInviter() {
    await this.client.settled();
    const conversation = [...this.client.rooms.values()].find(({ state }) => state.kind === "direct");
    context.go(roomPath(conversation?.id ?? "hall"));
  }
}
