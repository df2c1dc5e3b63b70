/**
 * A picture as it is sent: at most 2,560 pixels wide and high, upright, without what a camera noted. What moves, what is
 * small already and what this browser cannot read stays as it is.
 */

import { createCanvas } from "./canvas.js";

const EDGE = 2560;
const QUALITY = 0.85;
/** Bytes that are not worth the work. */
const SMALL = 400_000;
/** What the server reads by itself; all else goes as a file. */
export const READ = /^(?:image\/(?:jpeg|png|webp|gif)|video\/(?:mp4|quicktime|webm|ogg)|audio\/(?:mp4|x-m4a|webm|ogg))$/;

/** @param {import("../state/uploads.js").Upload} upload @returns {Promise<Partial<import("../state/uploads.js").Upload>>} what changes */
export async function smaller({ blob, type, keep }) {
  if (keep) return {};
  try {
    /** @type {{type?: string}} */ const made = type.startsWith("image/") && type !== "image/svg+xml" ? await picture(blob) : {};
    return READ.test(made.type ?? type) ? made : { keep: true };
  } catch {
    return READ.test(type) ? {} : { keep: true };
  }
}

/** @param {Blob} blob @returns {Promise<{blob?: Blob, type?: string, size?: number, width: number, height: number}>} */
async function picture(blob) {
  const drawn = await decoded(blob);
  try {
    const { width, height } = drawn;
    const scale = Math.min(1, EDGE / Math.max(width, height));
    const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
    if (await isMoving(blob)) return { width, height };
    const stays = scale === 1 && READ.test(blob.type) && (blob.size <= SMALL && blob.type !== "image/jpeg");
    if (stays) return size;
    const written = await write(drawn, size, blob.type);
    if (scale === 1 && READ.test(blob.type) && written.size >= blob.size) return size;
    return { blob: written, type: written.type, size: written.size, ...size };
  } finally {
    drawn.close();
  }
}

/** Upright, whatever the camera noted. @param {Blob} blob @returns {Promise<ImageBitmap>} */
export async function decoded(blob) {
  try {
    return await createImageBitmap(blob, { imageOrientation: "from-image" });
  } catch (error) {
    // Engines that do not know the word turn a picture by themselves.
    if (error instanceof TypeError) return createImageBitmap(blob);
    throw error;
  }
}

/** @param {ImageBitmap} drawn @param {{width: number, height: number}} size @param {string} type of what was given @returns {Promise<Blob>} */
function write(drawn, { width, height }, type) {
  const canvas = createCanvas(width, height);
  canvas.context.imageSmoothingQuality = "high";
  canvas.context.drawImage(drawn, 0, 0, width, height);
  return packed(canvas, type);
}

/** What is drawn, as it is sent. @param {ReturnType<typeof createCanvas>} canvas @param {string} type of what was given @returns {Promise<Blob>} */
export async function packed(canvas, type) {
  const webp = await canvas.blob("image/webp", QUALITY);
  // Safari writes PNG in its place.
  if (webp.type === "image/webp" || type === "image/png" || type === "image/webp") return webp;
  return canvas.blob("image/jpeg", QUALITY);
}

/** Whether it is an animation: these stay as they are. @param {Blob} blob */
async function isMoving(blob) {
  if (blob.type === "image/gif") return true;
  const head = new Uint8Array(await blob.slice(0, 4096).arrayBuffer());
  const text = String.fromCharCode(...head);
  if (blob.type === "image/webp") return text.startsWith("VP8X", 12) && Boolean((head[20] ?? 0) & 2);
  return blob.type === "image/png" && text.includes("acTL");
}
