/**
 * What the server says by itself, carried over to what this page knows: rooms, messages, people, the inbox. Made by the
 * Client, which hands each event on in the order it came; what is said of rooms one is not in is nobody's.
 *
 * @typedef {import("../lib/shapes.js").User} User
 * @typedef {import("../lib/shapes.js").RoomState} RoomState
 */

import { Room } from "./room.js";

/** A room that is not in front of the reader holds about one page. */
const HELD_ASIDE = 50;

export class Events {
  /** What is said of one room. @type {Record<string, (room: Room, params: any) => void>} */ #ofRooms = {
    "message.posted": (room, message) => this.#posted(room, message),
    "message.changed": (room, change) => this.#changed(room, change),
    "messages.purged": (room, purged) => this.#purged(room, purged),
    "message.reacted": (room, reacted) => this.#reacted(room, reacted),
    "room.changed": (room, words) => this.#roomChanged(room, words),
    "room.reset": (room, reset) => this.#reset(room, reset),
    "member.joined": (room, { members }) => room.counted(members),
    "member.changed": (room, member) => this.#ranked(room, member),
    "member.left": (room, { user, members }) => this.#left(room, user, members),
    "members.changed": (room, { members }) => room.counted(members),
    "read.moved": (room, said) => this.client.markers.moved(room, said),
    "topic.changed": (room, said) => this.#topicChanged(room, said),
    "typing.started": (room, { user, topic }) => this.#typed(room, user, topic),
    "presence.changed": (room, presence) => room.present(presence),
  };

  /** What is said of the reader, their list of rooms, or people. @type {Record<string, (params: any) => void>} */ #ofAll = {
    "room.updated": (state) => this.#roomUpdated(state),
    "inbox.added": (item) => this.#inboxAdded(item),
    "inbox.changed": (inbox) => this.#inboxChanged(inbox),
    "community.changed": (card) => this.#communityChanged(card),
    "user.changed": ({ user, admin = false }) => this.client.people.changed({ ...user, admin }),
  };

  /** @param {import("./client.js").Client} client */
  constructor(client) {
    this.client = client;
  }

  /** A room as the session tells it, which goes on from what was known of it. @param {Room | undefined} known @param {RoomState} state */
  roomFrom(known, state) {
    if (!known) return new Room(state);
    known.resumed(state);
    return known;
  }

  /** @param {string} method @param {any} params */
  heard(method, params) {
    const ofAll = this.#ofAll[method];
    if (ofAll) return ofAll(params);
    const room = this.client.rooms.get(params.room);
    if (!room) return undefined;
    this.#ofRooms[method]?.(room, params);
    return this.client.tell("room", room.id);
  }

  // --- of the reader ------------------------------------------------------------------------------------------------

  /** @param {{number: number, kind: string, user: string, room?: string, seq?: number, until?: number, read?: boolean}} item */
  #inboxAdded(item) {
    this.client.inbox = { seq: item.number, unread: this.client.inbox.unread + Number(!item.read) };
    this.client.tell("inbox", item.user);
    if (item.kind === "met") this.client.tell("met", item);
  }

  /** @param {import("./client.js").CommunityCard} card what only admins are told stays as it was */
  #communityChanged(card) {
    this.client.card = { ...this.client.card, ...card };
    if (!card.icon) delete this.client.card.icon;
    this.client.tell("community");
  }

  /** @param {{seq: number, unread: number}} inbox */
  #inboxChanged({ seq, unread }) {
    this.client.inbox = { seq, unread };
    this.client.tell("inbox");
  }

  /** @param {RoomState} state */
  #roomUpdated(state) {
    const known = this.client.rooms.get(state.room);
    if (known) {
      // The numbers of the log are the timeline's own affair: an update may overtake events that are on their way.
      known.state = { ...state, last_seq: known.state.last_seq, rev: known.state.rev };
      this.client.markers.told(known, state);
    } else {
      this.client.rooms.set(state.room, new Room(state));
      this.client.glimpses.delete(state.room);
      // Whoever joins the room that is open sees who is here from now on.
      if (state.room === this.client.openRoom) this.client.watch(state.room);
    }
    this.client.tell("rooms");
    this.client.tell("room", state.room);
  }

  // --- of a room ----------------------------------------------------------------------------------------------------

  /** What a room says of itself to everyone. @param {Room} room @param {import("../lib/shapes.js").RoomWords} words */
  #roomChanged(room, words) {
    room.changed(words);
    this.client.tell("rooms");
  }

  /** @param {Room} room @param {import("../lib/shapes.js").Message} message */
  #posted(room, message) {
    const { client } = this;
    client.people.know(message.author);
    client.outbox.heard(message);
    if (!client.blocks.has(message.author.id)) room.countMention(message, client.me);
    room.posted(message, client.me);
    // One's own words move the marker of their line; how many are left in others only the server knows.
    if (message.author.id === client.me && room.unread) client.markers.give(room);
    if (room.id !== client.openRoom) room.timeline.trim(HELD_ASIDE);
    client.tell("posted", { room: room.id, message });
  }

  /** @param {Room} room @param {import("../lib/shapes.js").Change} change */
  #changed(room, change) {
    const held = room.timelines.map((timeline) => timeline.at(change.seq)).find((message) => message !== undefined);
    const author = held?.author.id ?? "";
    const counts = room.changeUnread(change);
    const exact = (this.client.blocks.has(author) || room.changeMention(change, this.client.me)) && counts;
    for (const timeline of room.timelines) timeline.changed(change);
    this.client.targets.changed(room.id, change);
    this.client.reactions.heard(room.id);
    if (!exact) this.client.markers.give(room);
    this.client.tell("changed", { room: room.id, change, before: held });
    if (change.deleted) this.client.tell("erased", room.id);
  }

  /** @param {Room} room @param {import("../lib/shapes.js").Reacted} reacted */
  #reacted(room, reacted) {
    for (const timeline of room.timelines) timeline.reacted(reacted, this.client.me);
    this.client.reactions.heard(room.id);
  }

  /** @param {Room} room @param {{topics_version: number}} said */
  #topicChanged(room, said) {
    room.state = { ...room.state, topics_version: said.topics_version };
    this.client.tell("topic", said);
  }

  /** Many messages went at once. @param {Room} room @param {import("../lib/shapes.js").Purged} purged */
  #purged(room, purged) {
    for (const timeline of room.timelines) timeline.purged(purged);
    this.client.targets.clear(room.id);
    this.client.reactions.heard(room.id);
    if (room.unread || room.mentions) this.client.markers.give(room);
    this.client.tell("purged", purged);
    this.client.tell("erased", room.id);
  }

  /** @param {Room} room @param {import("../lib/shapes.js").MemberEvent} member */
  #ranked(room, { user, role, members }) {
    room.counted(members);
    for (const timeline of room.timelines) timeline.ranked(user.id, role);
  }

  /** @param {Room} room @param {User} user @param {string} [topic] */
  #typed(room, user, topic) {
    this.client.people.know(user);
    room.typed(user, this.client.now(), topic);
  }

  /** @param {Room} room @param {User} user @param {number} members */
  #left(room, user, members) {
    if (user.id === this.client.me) this.client.rooms.delete(room.id);
    else room.counted(members);
  }

  /** @param {Room} room @param {any} reset */
  #reset(room, reset) {
    room.reset(reset);
    this.client.targets.clear(room.id);
    if (room.mentions || room.unread) this.client.markers.give(room);
    this.client.tell("reset", room.id);
    if (room.id === this.client.openRoom) this.client.history.first(room.id);
  }
}
