/**
 * What stands in one topic of a room, as a room's own log stands in the room: its timeline, how far it is read, and
 * whether more is being asked for. Made by Topics when the topic is opened.
 */

import { Timeline } from "./timeline.js";

export class TopicLine {
  loading = false;
  failed = false;
  notBefore = 0;
  #read = 0;

  /** @param {import("./room.js").Room} room @param {string} topic */
  constructor(room, topic) {
    this.room = room;
    this.topic = topic;
    const { epoch, seq, id, rev } = room.timeline.cursor;
    this.timeline = new Timeline({ epoch, last_seq: seq, last_id: id, rev }, topic);
  }

  get id() {
    return this.room.id;
  }

  get state() {
    return this.room.state;
  }

  get isMember() {
    return this.room.isMember;
  }

  /** What is known of the topic besides its messages. */
  get card() {
    return this.room.topics?.get(this.topic);
  }

  get readSeq() {
    return Math.max(this.#read, this.room.readIn(this.topic), this.card?.read_seq ?? 0);
  }

  get unread() {
    return this.card?.unread ?? 0;
  }

  /** @param {number} seq */
  read(seq) {
    this.#read = Math.max(this.#read, seq);
    this.room.topics?.read(this.topic, seq);
  }

  /** @param {import("../lib/shapes.js").Message} message @param {string} me */
  callsMe(message, me) {
    return this.room.callsMe(message, me);
  }

  /** How many unread messages below a seq call me, of those that are held. @param {number} seq @param {string} me */
  callsBelow(seq, me) {
    return this.knownCalls(seq, me).length;
  }

  /** @param {number} seq @param {string} me */
  nextCall(seq, me) {
    return this.knownCalls(seq, me)[0];
  }

  /** @param {number} seq @param {string} me @returns {number[]} */
  knownCalls(seq, me) {
    const from = Math.max(seq, this.readSeq) + 1;
    return this.timeline.between(from, Infinity).filter((message) => this.callsMe(message, me)).map((message) => message.seq);
  }
}
