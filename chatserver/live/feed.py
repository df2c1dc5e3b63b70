"""A feed: one room's followers in this process, and the only path by which they receive its events.

``Feeds.hold`` opens it for the first follower; it receives what the room's channel publishes. Everything received in
one turn of the event loop is sent as one byte string per wire, with one write for each follower. After a gap or a lost
link it reads the store (``Repairs``); until then, what it receives is parked.

A follower is *live* (no state at all) or *behind* (a place, kept in ``Feed.followers``). A connection that cannot
take more makes its followers behind; they catch up from the tail or the log, and become live only in a step without
await in which their place equals what was delivered. First join, reconnect and slow reader are this same code.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Iterator, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from chatserver.live.company import Company
from chatserver.live.connection import Connection
from chatserver.live.members import Members
from chatserver.live.outgoing import MOST, OWN_STATE_DUE, Behind, Outgoing, Unlogged
from chatserver.live.repairs import RepairPool, Repairs
from chatserver.live.slices import SLICE, Frames, slices
from chatserver.live.tail import VISITOR, Entry, Place, Tail, change_entry, posted_entry
from chatserver.live.wire import Wire
from chatserver.protocol.events import (
    MemberEvent,
    MembersChanged,
    PresenceChanged,
    RoomChanged,
    RoomReset,
    TopicChanged,
    TypingStarted,
)
from chatserver.protocol.shapes import Author, AuthorRole, Message, Role
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.messages.log import LogReader
from chatserver.store.messages.records import (
    Change,
    Changed,
    Difference,
    Now,
    Posted,
    Purged,
    Reacted,
    Record,
    ranges_of,
)
from chatserver.store.messages.topics import people_in, topic_of
from chatserver.store.rooms.records import LogHead, MemberRecord, Opened, RoomMeta

log = logging.getLogger(__name__)

CATCH_UP_BYTES: Final = 1 << 16
MEMBERS_SECONDS: Final = 1.0
ROLES_REMEMBERED: Final = 100

_messages = msgspec.msgpack.Decoder(tuple[str, str, int, int, int, list[Record]]).decode
_change = msgspec.msgpack.Decoder(tuple[str, str, int, int, int, Now]).decode
_reaction = msgspec.msgpack.Decoder(tuple[str, str, int, int, int, Difference]).decode
_purge = msgspec.msgpack.Decoder(tuple[str, str, int, int, int, list[int]]).decode
_CHANGES: Final[dict[bytes, Callable[[bytes], tuple[str, str, int, int, int, Any]]]] = {
    b"c": _change,
    b"r": _reaction,
    b"p": _purge,
}
_other = msgspec.msgpack.Decoder(list[Any]).decode

Jobs = deque[tuple[bytes, list[Connection]]]
"""Bytes to write and their connections, at most ``SLICE`` each."""


@dataclass(slots=True, frozen=True)
class Surroundings:
    """What all feeds of the process share."""

    log: LogReader
    authors: AuthorCache
    spawn: Callable[[Coroutine[Any, Any, Any]], object]
    reopen: Callable[[str, frozenset[str]], Coroutine[Any, Any, Opened]]
    read_member: Callable[[str, str], Coroutine[Any, Any, tuple[int, MemberRecord | None]]]
    user_left: Callable[[Feed, str], None]
    tell_state: Callable[[Feed, Connection], None]
    shut_out: Callable[[Feed], None]
    numbered_anew: Callable[[Feed], None]
    connections: Callable[[str], Iterable[Connection]]
    apart: Callable[[str], Set[str]]
    pool: RepairPool
    process: str
    tail_records: int = 512
    replay_reactions: int = 500
    large_room: int = 500
    tail_bytes: int = 1 << 20


class Feed:
    """One room in this process. ``place`` is how far it has received, ``delivered`` how far its live followers have.

    ``reactions`` counts those among the changes up to there; ``changed_rev`` is the last change that was none;
    ``gone`` is the highest number of a deleted message, ``topical`` of one in a topic.
    ``members`` are the room's members, ``company`` those connected."""

    def __init__(self, room: str, opened: Opened, around: Surroundings) -> None:
        self.room = room
        self.around = around
        self.holds = 0
        self.followers: dict[Connection, Behind | None] = {}
        self.live: dict[Wire, dict[Connection, None]] = {}
        self.watchers: dict[Connection, PresenceChanged] = {}
        self.visitors: dict[Connection, None] = {}
        self._count_due: asyncio.TimerHandle | None = None
        self._counted_at = -MEMBERS_SECONDS
        self._said_frames: Frames | None = None
        self._outgoing: deque[Outgoing] = deque()
        self._scheduled = False
        self.writing = False
        self.repairs = Repairs(self)
        self.numbering = 0
        self.told = 0
        self._roles_told: dict[str, int] = {}
        self._loop = asyncio.get_running_loop()
        self._receivers: dict[bytes, Callable[[bytes], None]] = {
            b"m": self._receive_messages, b"c": self._receive_change, b"r": self._receive_change,
            b"p": self._receive_change, b"j": self._receive_member, b"o": self._receive_topic,
            b"s": self._receive_settings, b"h": self._receive_here, b"t": self._hear_typing,
        }  # fmt: skip
        self.company = Company(around.process, opened.here)
        self.members = Members(opened, self.company.users.__contains__, partial(around.read_member, room))
        self._take(opened)

    def _take(self, opened: Opened) -> None:
        self.meta: RoomMeta = opened.meta
        self.head: LogHead = opened.head
        self.epoch = opened.head.epoch
        self.version = opened.meta.version
        self.place = self.delivered = Place(opened.head.seq, opened.head.rev)
        self.last_id = self.delivered_id = opened.head.last_id
        self.reactions = opened.head.reactions
        self.changed_rev = self.place.rev
        self.gone, self.topical = opened.head.gone, opened.head.topical
        self.topics_version = opened.head.topics_version
        self.tail = Tail(
            self.place, records=self.around.tail_records, size=self.around.tail_bytes,
            reactions=self.around.replay_reactions,
        )  # fmt: skip

    # --- authors ------------------------------------------------------------------------------------------------------

    def author(self, user: str) -> Author:
        """The author, if loaded before, with the role that they have in this room now."""
        return self.around.authors.with_role(user, self.members.role_of(user))

    async def authors(self, users: Iterable[str]) -> dict[str, Author]:
        """These authors by id, with the roles that they have in this room now."""
        wanted = list(users)
        await self.around.authors.load(wanted)
        return {user: self.author(user) for user in wanted}

    def _title_of(self, user: str) -> AuthorRole | UnsetType:
        return self.author(user).role

    # --- receiving ---------------------------------------------------------------------------------------------------

    def receive(self, payload: bytes) -> None:
        """Handle one record of the room's channel. If it cannot be decoded (another release may have written it), the
        log is read; only this room is affected."""
        try:
            self._receive(payload)
        except Exception:
            log.exception("room: a record cannot be decoded", extra={"room": self.room, "kind": str(payload[2:3])})
            self.repairs.repair()

    def _receive(self, payload: bytes) -> None:
        kind = payload[2:3]
        if self.repairs.holds_back and kind in b"mcrpjsot":
            if kind != b"t":
                self.repairs.park(payload)
        else:
            self._receivers[kind](payload)

    def _receive_settings(self, payload: bytes) -> None:
        if _other(payload)[1] > self.version:
            self.repairs.repair()

    def _receive_here(self, payload: bytes) -> None:
        _, process, value = _other(payload)
        self.company.receive(process, value)

    def _hear_typing(self, payload: bytes) -> None:
        self._receive_typing(*_other(payload)[1:])

    def _receive_messages(self, payload: bytes) -> None:
        _, epoch, first, rev, at, records = _messages(payload)
        if epoch == self.epoch and first + len(records) - 1 <= self.place.seq:
            return
        if epoch != self.epoch or first != self.place.seq + 1 or rev != self.place.rev:
            self.repairs.repair(payload)
            return
        known = self.around.authors.known
        unknown = [record.user for record in records if known(record.user) is None]
        if unknown:
            self.repairs.look_up(unknown, payload)
            return
        for seq, record in enumerate(records, first):
            self.apply_message(Posted(seq, at, record, None))

    def _receive_change(self, payload: bytes) -> None:
        """A change ("c") with the state that now holds, a reaction ("r") with the difference, or a purge ("p") with
        ranges of numbers."""
        _, epoch, rev, seq, after, what = _CHANGES[payload[2:3]](payload)
        if epoch == self.epoch and rev <= self.place.rev:
            return
        if epoch != self.epoch or rev != self.place.rev + 1 or after != self.place.seq:
            self.repairs.repair(payload)
            return
        if isinstance(what, Now):
            self.apply_change(Changed(rev, seq, after, what))
        elif isinstance(what, Difference):
            self.apply_change(Reacted(rev, seq, after, what))
        else:
            self.apply_change(Purged(rev, seq, after, ranges_of(what)))

    def apply_message(self, posted: Posted) -> None:
        author = self.author(posted.user)
        self.place = Place(posted.seq, self.place.rev)
        self.last_id = posted.id
        if posted.deleted:
            self.gone = posted.seq
        if posted.topic:
            self.topical = posted.seq
        self._numbered(posted_entry(self.room, posted, author, self.place))

    def apply_change(self, change: Change) -> None:
        self.place = Place(self.place.seq, change.rev)
        if isinstance(change, Reacted):
            self.reactions += 1
        else:
            self.changed_rev = change.rev
            self._note_change(change)
        self._numbered(change_entry(self.room, change, self.place))

    def _note_change(self, change: Changed | Purged) -> None:
        if isinstance(change, Purged):
            self.gone = max(self.gone, change.ranges[-1][1])
            return
        if change.now.deleted:
            self.gone = max(self.gone, change.seq)
        if change.now.topic:
            self.topical = max(self.topical, change.seq)

    def _receive_topic(self, payload: bytes) -> None:
        _, version, row = _other(payload)
        if version <= self.topics_version:
            return
        if version != self.topics_version + 1:
            self.repairs.repair(payload)
            return
        unknown = [user for user in people_in(row) if self.around.authors.known(user) is None]
        if unknown:
            self.repairs.look_up(unknown, payload)
            return
        self.topics_version = version
        self._send(Unlogged("topic.changed", TopicChanged(self.room, version, topic_of(self.room, row, self.author))))

    def _numbered(self, entry: Entry) -> None:
        self.tail.add(entry)
        self._send(entry)

    def _receive_member(self, payload: bytes) -> None:
        _, version, kind, user, role, joined_at, count, *_ = _other(payload)
        if version <= self.version:
            return
        if version != self.version + 1:
            self.repairs.repair(payload)
            return
        if self._names(kind, user, count) and self.around.authors.known(user) is None:
            self.repairs.look_up([user], payload)
            return
        self.version = version
        was = self.members.role_of(user)
        self.members.receive(version, kind, user, role, joined_at, count)
        if self.members.role_of(user) != was:
            self.tail.role_changed(user, self._title_of(user))
        self._tell_of_member(kind, user, role, count)

    def _is_quiet(self, kind: str, count: int) -> bool:
        """Whether only the user concerned receives this, and the others a count, because the room is large."""
        return count > self.around.large_room and kind != "changed"

    def _names(self, kind: str, user: str, count: int) -> bool:
        """Whether a follower here receives this user's name."""
        return not self._is_quiet(kind, count) or bool(self.around.connections(user))

    def _tell_of_member(self, kind: str, user: str, role: Role, count: int) -> None:
        large = self._is_quiet(kind, count)
        if self._names(kind, user, count):
            event = MemberEvent(self.room, self.author(user), role, count)
            then = partial(self.around.user_left, self, user) if kind == "left" else None
            self._send(Unlogged(f"member.{kind}", event, only=user if large else "", then=then))
        self._roles_told.pop(user, None)
        if kind == "changed":
            self._note_role(user)
            self._owe_state(user)
        if large:
            self._count_members()

    def _note_role(self, user: str) -> None:
        """Remember that this user's role was told, for followers that are behind by then. At most as many events as
        are queued are told before it."""
        if len(self._roles_told) == ROLES_REMEMBERED:
            del self._roles_told[next(iter(self._roles_told))]
        self._roles_told[user] = self.told + len(self._outgoing)

    def _count_members(self) -> None:
        """Send the number of members: now, or when a second has passed since the last time."""
        if self._count_due is None:
            wait = self._counted_at + MEMBERS_SECONDS - self._loop.time()
            self._count_due = self._loop.call_later(max(0.0, wait), self._tell_count)

    def _tell_count(self) -> None:
        self._count_due, self._counted_at = None, self._loop.time()
        self._send(Unlogged("members.changed", MembersChanged(self.room, self.members.count)))

    def _owe_state(self, user: str) -> None:
        """Something of this user's own in the room changed: send their connections the room's state."""
        for connection in self.around.connections(user):
            if connection in self.followers:
                self.around.tell_state(self, connection)

    def _receive_typing(self, user: str, line: str | None = None) -> None:
        if self.around.authors.known(user) is None:
            self.around.spawn(self._type_later(user, line))
        elif not self.repairs.holds_back:
            event = TypingStarted(room=self.room, user=self.author(user), topic=UNSET if line is None else line)
            # Not to visitors either: a blocked user may be looking in without a login.
            apart = (self.around.apart(user) & self.company.users.keys()) | {VISITOR}
            self._send(Unlogged("typing.started", event, ephemeral=True, apart=apart))

    async def _type_later(self, user: str, line: str | None) -> None:
        await self.around.authors.load([user])
        self._receive_typing(user, line)

    def face_changed(self, author: Author) -> Iterator[Connection]:
        """The connections that may show this author: recent writers, the other of a direct room, presence lists.
        Followers that are behind get the new name with what they missed, too."""
        if self.tail.face_changed(self.author(author.id)) or (
            self.meta.kind == "direct" and self.members.get(author.id) is not None
        ):
            yield from self.followers
        else:
            for connection, seen in self.watchers.items():
                if seen.users and author.id in seen.users:
                    yield connection

    async def receive_up_to(self, place: Place) -> None:
        """Read the log up to ``place`` if this feed has not received that yet: another process may have sent it to the
        client before. Does nothing if the log does not reach that far."""
        if not self.place.reaches(place):
            self.repairs.repair()
            await self.repairs.settled()
        while self.place.reaches(place) and not self.delivered.reaches(place):
            await asyncio.sleep(0)

    # --- reading again -----------------------------------------------------------------------------------------------

    async def expect(self, user: str) -> None:
        """Know this user's membership until ``Members.dismiss``."""
        while self.repairs.holds_back:  # a running read does not ask about them
            await self.repairs.settled()
        await self.members.expect(user)

    async def read_anew(self) -> Opened:
        """Read the room from the store with all users that the feed has to know, and the authors whose role changed."""
        asked = self.members.expected() | self.company.users.keys() | self.members.staff().keys()
        opened = await self.around.reopen(self.room, asked)
        await self.around.authors.load(self.members.other_roles(opened))
        return opened

    async def reset(self, opened: Opened) -> None:
        """Events cannot continue: reset all followers to the current end of the log."""
        while self.writing or self._outgoing:  # a departure that is still queued has to be sent first
            await asyncio.sleep(0)
        said, members = self.said(), self._members_here()
        self._take(opened)
        self._take_company(opened)
        self.numbering += 1
        numbered_anew = partial(self.around.numbered_anew, self)
        self._outgoing.append(Unlogged("room.reset", self._reset_event(), then=numbered_anew))
        self._deliver(missed_numbering=self.numbering - 1)
        self._announce(said, members)

    def reload(self, opened: Opened) -> None:
        """Replace what is in no log: members, settings, presence."""
        said, members = self.said(), self._members_here()
        roles = self.members.other_roles(opened)
        self._take_company(opened)
        self.meta = opened.meta
        self.version, self.head = opened.meta.version, opened.head
        self.topics_version = opened.head.topics_version
        self._announce(said, members)
        for user, role in roles.items():
            self.tail.role_changed(user, self._title_of(user))
            if role is not None:
                self._tell_of_member("changed", user, role, self.members.count)

    def _take_company(self, opened: Opened) -> None:
        self.members.take(opened)
        self.company.take(opened.here)

    def _members_here(self) -> dict[str, MemberRecord | None]:
        return {user: self.members.get(user) for user in self.company.users}

    def _announce(self, said: RoomChanged, members: dict[str, MemberRecord | None]) -> None:
        """Send what changed while the room was not received; nothing if nothing did."""
        for user in self.company.users:
            was, now = members.get(user), self.members.get(user)
            if was is not None and (now is None or now.joined_at != was.joined_at):  # left, or left and joined again
                self._tell_of_member("left", user, "member", self.members.count)
        if self.said() != said:
            then = None if self.meta.is_open_to_visitors else partial(self.around.shut_out, self)
            self._send(Unlogged("room.changed", self.said(), then=then))
        for user in self.company.users:
            was, now = members.get(user), self.members.get(user)
            if was and now and (was.role, was.muted_until) != (now.role, now.muted_until):
                self._owe_state(user)

    def said(self) -> RoomChanged:
        """The room's title, description and settings, the same for everyone."""
        meta = self.meta
        return RoomChanged(
            room=self.room, kind=meta.kind, title=meta.title, about=meta.about, tags=meta.tags, titles=meta.titles,
            abouts=meta.abouts, window=meta.window, bots=meta.bots, archived=meta.archived, slow_mode=meta.slow_mode,
            question=meta.question, members=self.members.count, writers=meta.writers, topics=meta.topics,
            never_window=meta.never_window, pokes=meta.told_pokes, forum=meta.forum,
            topics_version=self.topics_version,
        )  # fmt: skip

    def _said_frame(self, wire: Wire) -> bytes:
        """The ``room.changed`` frame, built once, however many followers get it."""
        said = self.said()
        if self._said_frames is None or self._said_frames.params != said:
            self._said_frames = Frames("room.changed", said)
        return self._said_frames.of(wire)

    # --- sending -----------------------------------------------------------------------------------------------------

    def _send(self, outgoing: Outgoing) -> None:
        self._outgoing.append(outgoing)
        self._deliver_soon()

    def _deliver_soon(self) -> None:
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon(self._deliver_scheduled)

    def _deliver_scheduled(self) -> None:
        self._scheduled = False
        if not self.writing and self._outgoing:
            self._deliver(missed_numbering=self.numbering)

    def _deliver(self, *, missed_numbering: int) -> None:
        """Send one turn's events with one write per live follower, up to an event that later ones must wait for.
        Followers that cannot take them fall behind, in this numbering."""
        chunk: list[Outgoing] = []
        while self._outgoing and not (chunk and chunk[-1].then):
            chunk.append(self._outgoing.popleft())
        before = Behind(self.delivered, missed_numbering, self.told)
        self._note_delivered(chunk)
        self.writing = True
        self._write_slice(self._jobs(chunk), before, chunk[-1].then)

    def _note_delivered(self, chunk: list[Outgoing]) -> None:
        for outgoing in chunk:
            if isinstance(outgoing, Entry):
                self.delivered = outgoing.place
                if isinstance(outgoing.what, Message):
                    self.delivered_id = outgoing.what.id
            elif not outgoing.ephemeral:
                self.told += 1

    def _jobs(self, chunk: list[Outgoing]) -> Jobs:
        """What to write to whom: the same bytes for all of a wire, except for the few who get something else."""
        few = self._few(chunk) if any(outgoing.few for outgoing in chunk) else {}
        jobs: Jobs = deque()
        for connection in few:
            _put(jobs, _joined(chunk, connection.wire, connection.user_id), [connection])
        for wire, followers in self.live.items():
            most = [connection for connection in followers if connection not in few] if few else list(followers)
            _put(jobs, _joined(chunk, wire, MOST), most)
        return jobs

    def _few(self, chunk: list[Outgoing]) -> dict[Connection, None]:
        """The live followers who get something else than most of their wire."""
        return dict.fromkeys(
            connection
            for user in set[str]().union(*(outgoing.few for outgoing in chunk))
            for connection in (self.around.connections(user) if user != VISITOR else self.visitors)
            if connection in self.live.get(connection.wire, ())
        )

    def _write_slice(self, jobs: Jobs, before: Behind, then: Callable[[], None] | None) -> None:
        """At most 500 writes per turn of the loop: 10,000 in one go blocked it for 46 ms."""
        left = SLICE
        while jobs and len(jobs[0][1]) <= left:
            blob, followers = jobs.popleft()
            left -= len(followers)
            self._write(followers, blob, before)
        if jobs:
            self._loop.call_soon(self._write_slice, jobs, before, then)
            return
        self.writing = False
        if then is not None:
            then()
        if self._outgoing:
            self._deliver_soon()

    def _write(self, followers: list[Connection], blob: bytes, before: Behind) -> None:
        for connection in followers:
            if connection.paused:
                self._fall_behind(connection, before)
            elif connection.out:
                connection.out.append(blob)
            else:
                connection.transport.write(blob)

    def reset_frame(self, wire: Wire) -> bytes:
        return wire.event("room.reset", self._reset_event())

    def _reset_event(self) -> RoomReset:
        return RoomReset(
            self.room, self.epoch, self.delivered.seq, self.delivered_id, self.delivered.rev, self.topics_version
        )

    def left_frame(self, wire: Wire, user: str) -> bytes:
        event = MemberEvent(self.room, self.author(user), "member", self.members.count)
        return wire.event("member.left", event)

    # --- followers ---------------------------------------------------------------------------------------------------

    def follow(self, connection: Connection, place: Place, *, hidden: bool = False) -> None:
        """Follow from a place; the follower is behind until it has caught up. ``hidden``: not shown as online."""
        user = connection.user_id
        if user:
            self.company.enter(user, hidden=hidden)
        else:
            self.visitors[connection] = None
        # A place that the feed has not reached is from before a reset.
        numbering = self.numbering if self.delivered.reaches(place) else -1
        self.followers[connection] = Behind(place, numbering, self.told)

    def unfollow(self, connection: Connection) -> None:
        if connection not in self.followers:
            return
        del self.followers[connection]
        self.watchers.pop(connection, None)
        self.visitors.pop(connection, None)
        followers = self.live.get(connection.wire)
        if followers is not None:
            followers.pop(connection, None)
        if self.company.leave(connection.user_id):
            self.members.forget(connection.user_id)

    def _fall_behind(self, connection: Connection, behind: Behind) -> None:
        self.live[connection.wire].pop(connection, None)
        if connection in self.followers:
            self.followers[connection] = behind

    def defer_state(self, connection: Connection) -> bool:
        """Whether a follower must catch up before it gets the room's state; it is then sent later."""
        behind = self.followers.get(connection)
        if behind is not None:
            self.followers[connection] = replace(behind, told=OWN_STATE_DUE)
        elif connection.paused and connection in self.followers:
            self._fall_behind(connection, Behind(self.delivered, self.numbering, OWN_STATE_DUE))
        else:
            return False
        return True

    def replay_from_tail(self, connection: Connection) -> bool:
        """Catch a follower up from the tail, without await. False if the log has to be read for it."""
        while (behind := self.followers.get(connection)) is not None and not connection.paused:
            if behind.numbering == self.numbering and behind.place == self.delivered:
                self._become_live(connection, behind)
            elif behind.numbering != self.numbering or behind.place.rev < self.tail.dropped_rev:
                connection.write(self.reset_frame(connection.wire))
                self.followers[connection] = Behind(self.delivered, self.numbering, OWN_STATE_DUE)
            else:
                entries = self.tail.after(behind.place, self.delivered)
                if entries is None:
                    return False
                self.write_entries(connection, behind, entries)
        return True

    def _become_live(self, connection: Connection, behind: Behind) -> None:
        self.followers[connection] = None
        self.live.setdefault(connection.wire, {})[connection] = None
        if behind.told != self.told:
            self._write_roles(connection, behind.told)
        if behind.told == OWN_STATE_DUE:
            self.around.tell_state(self, connection)
        elif behind.told != self.told:
            connection.write(self._said_frame(connection.wire))

    def _write_roles(self, connection: Connection, told: int) -> None:
        """Tell the roles that a follower missed, as they are now: it holds messages of these authors."""
        for user, number in self._roles_told.items():
            if number > told and self.around.authors.known(user) is not None:
                event = MemberEvent(self.room, self.author(user), self.members.role_of(user), self.members.count)
                connection.write(connection.wire.event("member.changed", event))

    def write_entries(self, connection: Connection, behind: Behind, entries: list[Entry]) -> None:
        """Write as many of these entries as a connection should get at once, and remember its place."""
        frames: list[bytes] = []
        size, place = 0, behind.place if entries else self.delivered
        for entry in entries:
            frames.append(entry.frame_for(connection.wire, connection.user_id))
            size += len(frames[-1])
            place = Place(max(place.seq, entry.place.seq), max(place.rev, entry.place.rev))
            if size > CATCH_UP_BYTES:
                break
        if frames:
            connection.write(b"".join(frames))
        self.followers[connection] = replace(behind, place=place)


def _joined(chunk: list[Outgoing], wire: Wire, viewer: str) -> bytes:
    return b"".join(outgoing.frame_for(wire, viewer) for outgoing in chunk)


def _put(jobs: Jobs, blob: bytes, followers: list[Connection]) -> None:
    if blob:
        jobs.extend((blob, some) for some in slices(followers))
