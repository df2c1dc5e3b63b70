/**
 * The shapes of the wire, for the type checker only: no code is loaded from here. Times are milliseconds since 1970
 * UTC, ids opaque strings; an absent member holds its first value.
 *
 * @typedef {{id: string, handle: string, name: string, bot: boolean, owner?: string, headline?: string,
 *   admin?: boolean, closed?: boolean, avatar?: string, role?: "owner" | "moderator" | "admin"}} User
 * @typedef {"owner" | "moderator" | "member" | "visitor"} Role
 * @typedef {"all" | "mentions" | "none"} Level
 * @typedef {{room: string, seq: number, id: string, at: number, author: User, text: string, client_id?: string,
 *   reply_to?: number, reply_user?: string, topic?: string, mentions?: string[], everyone?: boolean, edited_at?: number,
 *   deleted?: boolean, reactions?: Reaction[], mine?: string[], pinned?: boolean, first?: boolean, attachments?: File[], previews?: Preview[]}} Message
 * @typedef {{id: string, name: string, size: number, type: string, width?: number, height?: number, preview?: string, seconds?: number, peaks?: number[]}} File
 * @typedef {{url: string, title: string, site: string, text?: string, picture?: File}} Preview
 * @typedef {{emoji: string, count: number, users: string[]}} Reaction
 * @typedef {{room: string, rev: number, seq: number, text: string, mentions?: string[], everyone?: boolean, edited_at?: number,
 *   deleted?: boolean, pinned?: boolean, topic?: string, attachments?: File[], previews?: Preview[]}} Change
 * @typedef {{room: string, rev: number, seq: number, emoji?: string, user?: string, added?: boolean, count?: number, cleared?: boolean}} Reacted
 * @typedef {{room: string, rev: number, seqs: [number, number][]}} Purged
 * @typedef {{room: string, epoch: string, last_seq: number, last_id: string, rev: number, topics_version?: number}} Reset
 * @typedef {{id: string, room: string, title: string, by?: User, at: number, first: string, messages: number, last_seq: number, last_at: number,
 *   last_by?: User, people: User[], closed?: boolean, note?: string, pinned?: boolean, deleted?: boolean, unread?: number, mentions?: number,
 *   level?: Level, level_until?: number, level_then?: Level, read_seq?: number}} Topic
 * @typedef {{room: string, topic?: string, read_seq: number, room_read_seq: number, unread: number, mentions: number}} ReadState
 * @typedef {{epoch: string, seq: number, id: string, rev: number}} Cursor
 * @typedef {{room: string, kind: "open" | "closed" | "direct", title: string, about: string, tags: string[],
 *   role: Role, notify: Level, epoch: string, first_seq: number, last_seq: number, last_id: string, rev: number,
 *   read_seq: number, unread: number, mentions: number, members: number, online: number, window?: boolean,
 *   bots?: boolean, archived?: boolean, question?: boolean, other?: User, slow_mode?: number, titles?: Record<string, string>, abouts?: Record<string, string>,
 *   pokes?: boolean, writers?: "everyone" | "moderators", topics?: "everyone" | "moderators", never_window?: boolean,
 *   question_of?: string, muted_until?: number, notify_until?: number, notify_then?: Level, everyone?: boolean,
 *   forum?: boolean, topics_version?: number, markers?: Record<string, number>}} RoomState
 * @typedef {{room: string, kind: "open" | "closed" | "direct", title: string, about: string, tags: string[],
 *   members: number, titles?: Record<string, string>, abouts?: Record<string, string>, window?: boolean, bots?: boolean,
 *   archived?: boolean, slow_mode?: number, question?: boolean, pokes?: boolean, forum?: boolean, topics_version?: number}} RoomWords
 * @typedef {{room: string, title: string, about: string, tags: string[], members: number, online: number,
 *   today: number, last_at: number, joined?: boolean, window?: boolean, bots?: boolean, forum?: boolean,
 *   titles?: Record<string, string>, abouts?: Record<string, string>,
 *   latest?: {author: User, text: string, at: number}, archived?: boolean}} RoomListing
 * @typedef {{messages: Message[], epoch: string, first_seq: number, last_seq: number, rev: number,
 *   more: boolean}} Page
 * @typedef {{user: User, role: Role, joined_at: number}} Member
 * @typedef {{room: string, user: User, role: Role, members: number}} MemberEvent
 * @typedef {{id: string, kind: "browser" | "token", label: string, created_at: number, used_at: number,
 *   address?: string, agent?: string, current?: boolean}} Login
 * @typedef {{text_characters: number, text_bytes: number, frame_bytes: number, history_page: number,
 *   requests_in_flight: number, file_bytes?: number, message_files?: number}} Limits
 * @typedef {{name: string, language: string, time_zone: string, sign_up: "open" | "invite", version: string,
 *   limits: Limits, host?: string, icon?: string}} CommunityCard
 * @typedef {{user?: User, rooms: RoomState[], inbox?: {seq: number, unread: number}, server: {version: string, ping_s: number, limits: Limits}}} Started
 */

export {};
