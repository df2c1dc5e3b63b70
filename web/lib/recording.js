/** The microphone, from its permission to a file: how long and how loud it is is measured while it runs. */

import { levelOf, peaksOf } from "./peaks.js";

/** Seconds. */
export const LONGEST = 60;
/** What most browsers play comes first. */
const KINDS = ["audio/mp4;codecs=mp4a.40.2", "audio/mp4", "audio/webm;codecs=opus", "audio/webm", "audio/ogg;codecs=opus"];
const BITS = 32_000;
/** A stretch of sound that is looked at, in milliseconds and in samples. */
const EVERY = 40;
const SAMPLES = 2048;

/** @typedef {{blob: Blob, type: string, seconds: number, peaks: number[]}} Recorded */

/** Whether this browser can record at all; a page without encryption gets no microphone. */
export function canRecord() {
  return Boolean(navigator.mediaDevices && globalThis.MediaRecorder && globalThis.AudioContext);
}

export class Recording {
  /** @type {number[]} */ levels = [];
  /** @type {Blob[]} */ #parts = [];
  #began = performance.now();
  #ended = 0;

  /** Asks for the microphone. Rejects with what the browser says: NotAllowedError, NotFoundError … @returns {Promise<Recording>} */
  static async begin() {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    try {
      return new Recording(stream);
    } catch (error) {
      release(stream);
      throw error;
    }
  }

  /** @param {MediaStream} stream */
  constructor(stream) {
    this.stream = stream;
    const mimeType = KINDS.find((kind) => MediaRecorder.isTypeSupported(kind));
    this.recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS });
    this.recorder.addEventListener("dataavailable", ({ data }) => this.#parts.push(data));
    /** Once it has ended, also where the microphone was taken away. @type {Promise<void>} */
    this.ended = new Promise((resolve) => this.recorder.addEventListener("stop", () => resolve(), { once: true }));
    this.sound = new AudioContext();
    const analyser = Object.assign(this.sound.createAnalyser(), { fftSize: SAMPLES });
    this.sound.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(SAMPLES);
    this.timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      this.levels.push(levelOf(samples));
    }, EVERY);
    this.recorder.start();
    this.ended.then(() => this.#release());
  }

  get seconds() {
    return ((this.#ended || performance.now()) - this.#began) / 1000;
  }

  #release() {
    this.#ended ||= performance.now();
    clearInterval(this.timer);
    this.sound.close().catch(() => undefined);
    release(this.stream);
  }

  /** @returns {Promise<Recorded>} */
  async stop() {
    if (this.recorder.state !== "inactive") this.recorder.stop();
    await this.ended;
    const type = this.recorder.mimeType.replace(/;.*/, "");
    return { blob: new Blob(this.#parts, { type }), type, seconds: Math.round(10 * this.seconds) / 10, peaks: peaksOf(this.levels) };
  }
}

/** The light of the microphone goes out. @param {MediaStream} stream */
function release(stream) {
  for (const track of stream.getTracks()) track.stop();
}
