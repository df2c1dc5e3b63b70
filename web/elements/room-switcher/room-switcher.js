/** Ctrl+K or ⌘K: go to a room by a few letters of its name. */

import { make } from "../../lib/dom.js";
import { roomPath } from "../../lib/paths.js";
import { context, PageElement } from "../element.js";
import { composes } from "../message-composer/composes.js";

export class RoomSwitcher extends PageElement {
  #chosen = 0;

  build() {
    this.input = make("input", { attributes: { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "switcher-rooms", autocomplete: "off" } });
    this.list = make("ul", { attributes: { id: "switcher-rooms", role: "listbox" } });
    this.dialog = make("dialog", {}, this.input, this.list);
    this.append(this.dialog);
  }

  attach() {
    this.listen(this.input, "input", () => this.present(0));
    this.listen(this.input, "keydown", (event) => this.key(event));
    this.listen(this.list, "click", (event) => this.go(event.target.closest("li")?.dataset.room));
    this.listen(this.dialog, "click", (event) => event.target === this.dialog && this.dialog.close());
  }

  /** @param {string[]} [early] the keys that were pressed before this could be opened */
  open(early = []) {
    if (this.dialog.open || early.includes("Escape")) return;
    this.input.value = early.filter((key) => key.length === 1).join("");
    this.input.placeholder = this.say("switcher.placeholder");
    this.input.setAttribute("aria-label", this.input.placeholder);
    this.list.setAttribute("aria-label", this.say("rooms.mine"));
    this.dialog.showModal();
    this.present(0);
    if (early.includes("Enter")) this.go(this.list.children[0]?.dataset.room);
  }

  /** @param {number} chosen */
  present(chosen) {
    const words = this.input.value.trim().toLocaleLowerCase();
    const rooms = [...this.client.rooms.values()].filter((room) =>
      [room.title(this.language), ...Object.values(room.state.titles ?? {})].some((title) => title.toLocaleLowerCase().includes(words)));
    this.#chosen = Math.max(0, Math.min(chosen, rooms.length - 1));
    this.list.replaceChildren(...rooms.map((room, index) => {
      const row = make("li", { text: room.title(this.language), attributes: { role: "option", id: `switch-${index}`, "aria-selected": String(index === this.#chosen) } });
      row.dataset.room = room.id;
      return row;
    }));
    this.input.setAttribute("aria-activedescendant", rooms.length ? `switch-${this.#chosen}` : "");
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (composes(event)) return;
    if (event.key === "ArrowDown") this.present(this.#chosen + 1);
    else if (event.key === "ArrowUp") this.present(this.#chosen - 1);
    else if (event.key === "Enter") this.go(this.list.children[this.#chosen]?.dataset.room);
    else return;
    event.preventDefault();
  }

  /** @param {string | undefined} room */
  go(room) {
    if (!room) return;
    this.dialog.close();
    context.go(roomPath(room));
  }
}
