/** Files that are pasted or dropped: for the room, where one may send them; else a line says why not. */

/** @typedef {import("./message-composer.js").MessageComposer} MessageComposer */

/** @param {MessageComposer} composer */
export function receiveFiles(composer) {
  composer.listen(composer.input, "paste", (event) => take(composer, event, event.clipboardData));
  // Wherever it falls: the browser would leave the page for a file that was meant for the room.
  for (const name of ["dragover", "drop"]) composer.listen(document, name, (event) => take(composer, event, event.dataTransfer));
  composer.listen(document, "dragleave", (event) => event.relatedTarget || composer.classList.remove("receives"));
}

/** @param {MessageComposer} composer @param {Event} event @param {DataTransfer | null} brought */
function take(composer, event, brought) {
  if (!brought?.types.includes("Files") || brought.types.includes("text/plain")) return;
  event.preventDefault();
  const why = composer.form.hidden ? "refused.muted" : whyNoFiles(composer);
  composer.classList.toggle("receives", event.type === "dragover" && !why);
  composer.form.dataset.receives = composer.say("composer.files_drop");
  if (why) composer.hint.textContent = composer.say(why);
  else if (event.type !== "dragover") composer.addFiles([...brought.files]);
}

/** Why one may not send files here; "" where one may, as far as the page knows. @param {MessageComposer} composer */
export function whyNoFiles({ client, room }) {
  if (!client.signedIn) return "composer.files_guest";
  return client.find(room)?.opensLinks ?? true ? "" : "composer.no_files_yet";
}
