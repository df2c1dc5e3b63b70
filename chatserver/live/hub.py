"""The hub: all connections of this process, their users, and the rooms they follow.

Built by composition.py. A user's channel notifies it when the user joined or left a room anywhere, when a read marker
moved, and when logins changed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Coroutine
from typing import Any

import msgspec
from msgspec import UNSET

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.live.announcements import Announcements
from chatserver.live.block_index import BlockIndex
from chatserver.live.catching_up import Readers
from chatserver.live.connection import Connection
from chatserver.live.feed import Feed
from chatserver.live.feeds import Feeds
from chatserver.live.owed import OwedStates
from chatserver.live.presence import Presence
from chatserver.live.read_moves import ReadMoves
from chatserver.live.slices import Frames, slices
from chatserver.live.tail import Place
from chatserver.live.tasks import Tasks
from chatserver.live.unread import Reader, UnreadCounter
from chatserver.live.user import LiveUser
from chatserver.protocol.events import InboxChanged
from chatserver.protocol.shapes import RoomState
from chatserver.rules.crowds import roughly
from chatserver.rules.messages import reading as reading_rules
from chatserver.rules.messages.reading import WHOLE, Reading
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.accounts.users import NO_POINTER, Pointer, UserStore
from chatserver.store.engine.store import Store
from chatserver.store.friends.inbox import item_of, state_of
from chatserver.store.messages.log import LogReader, Stored
from chatserver.store.messages.unread import Unread, UnreadStore
from chatserver.store.rooms.reading import RoomReader
from chatserver.store.rooms.records import MemberRecord

OnAuth = Callable[[LiveUser], Coroutine[Any, Any, None]]

_told = msgspec.msgpack.Decoder(list[Any]).decode


class Hub:
    """``on_auth(user)`` is called when a user's logins changed. One user may have ``most_per_user`` sockets here; 0
    means no limit."""

    def __init__(
        self,
        store: Store,
        log: LogReader,
        authors: AuthorCache,
        tasks: Tasks,
        *,
        on_auth: OnAuth,
        tail_records: int,
        replay_reactions: int,
        tail_bytes: int,
        large_room: int,
        most_per_user: int = 0,
    ) -> None:
        self.store = store
        self.rooms = RoomReader(store)
        self._users = UserStore(store)
        self.unread = UnreadCounter(UnreadStore(store))
        self._most_per_user = most_per_user
        self.tasks = tasks
        self.authors = authors
        self.apart = BlockIndex()
        self.feeds = Feeds(
            store, self.rooms, log, authors, tasks, user_left=self._user_left, tell_state=self._tell_state,
            shut_out=self._shut_out, numbered_anew=self._numbered_anew, connections=self.connections_of,
            apart=self.apart.of,
            tail_records=tail_records, replay_reactions=replay_reactions, tail_bytes=tail_bytes, large_room=large_room,
        )  # fmt: skip
        self.users: dict[str, LiveUser] = {}
        self.connections: dict[Connection, dict[Feed, None]] = {}
        self.announcements = Announcements(self.connections, tasks)
        self.on_auth = on_auth
        self.presence = Presence(self.rooms, self.feeds, self.unseen_here)
        self._readers = Readers()
        self._owed = OwedStates(tasks, self._tell_state_now)
        self._moves = ReadMoves(self.feeds, self.unread, tasks, self.origin)
        self.inbox_behind: set[Connection] = set()
        self._to_flush: list[Connection] = []
        self._users.listen(self._heard_user, self._mend_user)

    # --- called by connections ---------------------------------------------------------------------------------------

    def opened(self, connection: Connection) -> None:
        self.connections[connection] = {}

    def flush_soon(self, connection: Connection) -> None:
        if not self._to_flush:
            asyncio.get_running_loop().call_soon(self._flush)
        self._to_flush.append(connection)

    def _flush(self) -> None:
        waiting, self._to_flush = self._to_flush, []
        for connection in waiting:
            connection.flush()

    def resumed(self, connection: Connection) -> None:
        self.feeds.names.resumed(connection)
        self.announcements.resumed(connection)
        for feed in list(self.connections.get(connection, ())):
            if feed.followers.get(connection) is not None:
                self.replay(feed, connection)

    def closed(self, connection: Connection) -> None:
        for feed in list(self.connections.get(connection, ())):
            self.unfollow(feed, connection)
        self.connections.pop(connection, None)
        self.feeds.names.closed(connection)
        self.announcements.closed(connection)
        self._leave(connection)

    # --- users -------------------------------------------------------------------------------------------------------

    def is_full(self, user_id: str) -> bool:
        """Whether the user has the most connections allowed."""
        return 0 < self._most_per_user <= len(self.connections_of(user_id))

    def _leave(self, connection: Connection) -> None:
        user = self.users.get(connection.user_id)
        connection.user_id = ""
        if user is not None:
            user.connections.pop(connection, None)
            self._forget_if_gone(user)

    async def enter(self, connection: Connection, user_id: str) -> LiveUser:
        """Assign this connection to the user, and to no other: an earlier session.start that failed may have been
        another user's. Raises ``Refusal`` not_signed_in, or too_many_connections."""
        if connection not in self.connections:  # it was closed while its token was checked
            raise errors.unavailable("The connection has ended")
        self._leave(connection)
        if self.is_full(user_id):
            raise Refusal(
                errors.RATE_LIMITED, f"You have {self._most_per_user} connections already: close one first",
                "too_many_connections", retry_after=10,
            )  # fmt: skip
        user = self.users.get(user_id)
        if user is None:
            user = self.users[user_id] = LiveUser(user_id)
            subscribed = self._users.subscribe(user_id)
        else:
            subscribed = None
        connection.user_id = user_id
        user.connections[connection] = None
        try:
            if subscribed is not None:
                await subscribed
            await self._load(user)
        except BaseException:
            self._leave(connection)
            raise
        return user

    def connections_of(self, user_id: str) -> Collection[Connection]:
        """The user's sockets to this process."""
        user = self.users.get(user_id)
        return user.connections if user is not None else ()

    def _forget_if_gone(self, user: LiveUser) -> None:
        if not user.connections and self.users.get(user.id) is user:
            del self.users[user.id]
            self.apart.put(user.id, frozenset())
            self._users.unsubscribe(user.id)

    async def _load(self, user: LiveUser) -> None:
        opened = await self._users.open(user.id)
        if self.users.get(user.id) is not user:  # the last connection was closed meanwhile
            return
        hidden, blocked_by = user.hidden, user.blocked_by
        user.take(opened)
        self.apart.put(user.id, user.blocked_by | user.blocks)
        if user.hidden != hidden:
            self._presence_changed(user)
        if user.blocked_by != blocked_by:
            self._company_changed(user)

    def _company_changed(self, user: LiveUser) -> None:
        """Blocks changed, so this user sees others' presence differently."""
        for connection in user.connections:
            for feed in self.connections[connection]:
                feed.company.is_due = True

    def _presence_changed(self, user: LiveUser) -> None:
        """Hide or show the user's presence on all their connections here."""
        feeds = dict.fromkeys(feed for connection in user.connections for feed in self.connections[connection])
        for feed in feeds:
            feed.company.hide(user.id, hidden=user.hidden)
            self.tasks.spawn(self.presence.say_now(feed, now_ms()))

    def _heard_user(self, user_id: str, payload: bytes) -> None:
        user = self.users.get(user_id)
        if user is None:
            return
        kind, *rest = _told(payload)
        if kind in {"room", "profile"}:
            if rest[0] > user.version:
                self.tasks.spawn(self.refresh(user))
        elif kind == "item":
            self._item_added(user, *rest)
        elif kind == "later":
            user.profile["later_at"] = str(rest[0]).encode()
        elif kind in {"inbox", "gone"}:
            self._inbox_changed(user, kind, *rest)
        elif kind == "read":
            self._receive_read(user, *rest)
        elif kind == "wrote":
            user.wrote(*rest)
        elif kind == "auth":
            self.tasks.spawn(self.on_auth(user))

    def _mend_user(self, user_id: str) -> None:
        """Read the user again, because one of their records could not be handled."""
        user = self.users.get(user_id)
        if user is not None:
            self.tasks.spawn(self.refresh(user))

    def _item_added(self, user: LiveUser, seq: int, at: int, packed: str, quiet: int = 0) -> None:
        item = item_of(seq, at, packed, read=bool(quiet))
        user.profile["inbox_seq"] = str(seq).encode()
        user.profile["inbox_quiet"] = str(int(user.profile.get("inbox_quiet") or 0) + quiet).encode()
        for connection in user.connections:
            if connection.started and connection not in self.inbox_behind:
                connection.write(connection.wire.event("inbox.added", item))

    def _inbox_changed(self, user: LiveUser, kind: str, *rest: Any) -> None:
        """Items of the inbox were read, there or in their room, or one is gone (``rest``: its poke or card)."""
        if kind == "inbox":
            last, read, quiet = (str(number).encode() for number in rest)
            user.profile |= {"inbox_seq": last, "inbox_read": read, "inbox_quiet": quiet}
        state = state_of(user.profile)
        event = InboxChanged(seq=state.seq, unread=state.unread, gone=rest[0] if kind == "gone" else "")
        for connection in user.connections:
            if connection.started:
                connection.write(connection.wire.event("inbox.changed", event))

    def _receive_read(
        self, user: LiveUser, version: int, room: str, epoch: str, seq: int, markers: str, lines: list[str], origin: str
    ) -> None:
        if version <= user.version:
            return  # a refresh has read and sent it
        if version == user.version + 1:
            user.version = version
        else:
            self.tasks.spawn(self.refresh(user))
        user.read_up(room, Reading(seq, reading_rules.read(markers)), epoch)
        for line in dict.fromkeys(lines):
            self._moves.put(user, room, line, origin)

    def note_own_message(self, stored: Stored) -> None:
        """Move the author's read marker here at once: states built from now on have it, though it is stored later."""
        user = self.users.get(stored.user)
        if user is not None:
            user.read_own(stored.room, stored.epoch, stored.line, stored.seq, stored.topical)

    def origin(self, connection: Connection) -> str:
        """A name of the connection that is unique over all processes."""
        if not connection.origin:
            connection.origin = f"{self.store.process_id}:{connection.number}"
        return connection.origin

    async def refresh_own(self, user_id: str) -> None:
        """After a change of a user's own that this process made: what they ask next finds it, if they are connected
        here."""
        user = self.users.get(user_id)
        if user is not None:
            await self.refresh(user)

    async def refresh(self, user: LiveUser) -> None:
        """Read a user's pointers again and follow new rooms on all their connections; returns when a read that started
        after this call is done."""
        user.refresh_again = True
        if user.refreshing is None:
            user.refreshing = self.tasks.start(self._refresh(user))
        await asyncio.shield(user.refreshing)

    async def _refresh(self, user: LiveUser) -> None:
        try:
            while user.refresh_again:
                user.refresh_again = False
                before = user.pointers
                await self._load(user)
                await self._follow_changes(user, before)
        finally:
            user.refreshing = None

    async def _follow_changes(self, user: LiveUser, before: dict[str, Pointer]) -> None:
        for room, pointer in list(user.pointers.items()):
            known = before.get(room)
            if known is not None and (known.reads, known.epoch) != (pointer.reads, pointer.epoch):
                self._moves.put(user, room, WHOLE, "")
            if known is None or known.notifies != pointer.notifies or self._someone_misses(user, room):
                await self.entered(user, room)

        for room in before.keys() - user.pointers.keys():
            self._hide(user, room)

    def _hide(self, user: LiveUser, room: str) -> None:
        """Hide a direct room from one of its two members, who stays a member."""
        feed = self.feeds.get(room)
        if feed is None or feed.meta.kind != "direct":
            return
        for connection in user.connections:
            if connection in feed.followers:
                connection.write(feed.left_frame(connection.wire, user.id))
                self.unfollow(feed, connection)

    async def require_here(self, feed: Feed, user_id: str) -> None:
        """Raise ``Refusal`` not_found if a direct room is hidden from this user."""
        if feed.meta.kind == "direct" and not (await self.pointer(user_id, feed.room)).inside:
            raise errors.not_found()

    def _someone_misses(self, user: LiveUser, room: str) -> bool:
        feed = self.feeds.get(room)
        return any(
            connection.started and (feed is None or connection not in feed.followers) for connection in user.connections
        )

    async def entered(self, user: LiveUser, room: str) -> None:
        """Send all the user's connections the room's state; those that do not follow it yet start to."""
        async with contextlib.AsyncExitStack() as stack:
            try:
                feed = await stack.enter_async_context(self.feeds.knowing(room, user.id))
            except Refusal:
                return
            state = await self._state_between_writes(feed, user.id)
            for connection in list(user.connections):
                if connection.started and connection.closing is None and user.id in feed.members:
                    self._write_state(feed, connection, state)
                    if connection not in feed.followers:
                        self.follow(feed, connection, Place(state.last_seq, state.rev))

    async def enter_now(self, user_id: str) -> None:
        """After a step that changed a user's rooms: follow before the request is answered."""
        user = self.users.get(user_id)
        if user is not None:
            await self.refresh(user)

    # --- following ---------------------------------------------------------------------------------------------------

    def follow(self, feed: Feed, connection: Connection, place: Place) -> None:
        if connection in feed.followers or connection.closing is not None:
            return
        self.feeds.keep(feed)
        user = self.users.get(connection.user_id)
        self.connections[connection][feed] = None
        feed.follow(connection, place, hidden=user is not None and user.hidden)
        self.replay(feed, connection)

    def unfollow(self, feed: Feed, connection: Connection) -> None:
        if connection in feed.followers:
            self.connections[connection].pop(feed, None)
            feed.unfollow(connection)
            self.feeds.release(feed)

    def replay(self, feed: Feed, connection: Connection) -> None:
        if not feed.replay_from_tail(connection):
            self.tasks.spawn(self._readers.replay_from_log(feed, connection))

    def _user_left(self, feed: Feed, user_id: str) -> None:
        """The room's last event was sent: end this user's followers."""
        user = self.users.get(user_id)
        if user is None:
            return
        user.pointers.pop(feed.room, None)
        for connection in user.connections:
            if feed.followers.get(connection) is not None:
                connection.write(feed.left_frame(connection.wire, user_id))
            self.unfollow(feed, connection)
        if user_id in feed.members:  # joined again already: for the user's connections that is a new room
            self.tasks.spawn(self.refresh(user))

    # --- visitors ----------------------------------------------------------------------------------------------------

    def _shut_out(self, feed: Feed) -> None:
        """The room is no longer a window: send visitors its state as their last event of it."""
        visitors = list(feed.visitors)
        for connection in visitors:
            self.unfollow(feed, connection)
        if visitors:
            self.tasks.spawn(self._tell_visitors(visitors, self._as_visitor(feed)))

    async def show_windows(self, rooms: list[str]) -> None:
        """The set of window rooms changed: connected visitors follow the new ones."""
        for room in rooms:
            try:
                async with self.feeds.open(room) as feed:
                    await feed.repairs.settled()
                    while feed.writing:
                        await asyncio.sleep(0)
                    if feed.meta.is_open_to_visitors:
                        await self._show_window(feed)
            except Refusal:
                continue

    async def _show_window(self, feed: Feed) -> None:
        state = self._as_visitor(feed)
        waiting = [
            connection
            for connection in self.connections
            if connection.started and not connection.user_id and connection not in feed.followers
        ]
        for some in slices(waiting):
            if not feed.meta.is_open_to_visitors:
                return
            await self._tell_visitors(some, state)
            for connection in some:
                self.follow(feed, connection, Place(state.last_seq, state.rev))

    async def _tell_visitors(self, visitors: list[Connection], state: RoomState) -> None:
        frames = Frames("room.updated", state)
        for some in slices(visitors):
            for connection in some:
                connection.write(frames.of(connection.wire))
            await asyncio.sleep(0)

    def _as_visitor(self, feed: Feed) -> RoomState:
        return self.state_now(feed, None, Reader("", NO_POINTER), Unread(0, 0))

    # --- states ------------------------------------------------------------------------------------------------------

    async def pointer(self, user_id: str, room: str) -> Pointer:
        user = self.users.get(user_id)
        if user is not None and room in user.pointers:
            return user.pointers[room]
        if not user_id:
            return NO_POINTER
        return await self._users.pointer(user_id, room)

    async def room_state(self, room: str, user_id: str) -> RoomState:
        """The room's state for this user. Raises ``Refusal`` not_found."""
        async with self.feeds.open(room) as feed:
            return await self.state(feed, user_id)

    async def state(self, feed: Feed, user_id: str) -> RoomState:
        reader = Reader(user_id, await self.pointer(user_id, feed.room), await self.blocks(user_id))
        blocked_by = await self.blocked_by(user_id)
        member = await self.feeds.member(feed, user_id)
        counted = await self.unread.count(feed, reader)
        # No await from here on: what this process knows may have changed while the store was asked.
        member = feed.members.get(user_id) if feed.members.knows(user_id) else member
        return self.state_now(feed, member, reader, self.unread.now(feed, reader, counted), blocked_by)

    def state_now(
        self, feed: Feed, member: MemberRecord | None, reader: Reader, unread: Unread,
        blocked_by: frozenset[str] = frozenset(),
    ) -> RoomState:  # fmt: skip
        """The room's state at this moment, without await. It is as of what was delivered, from where events continue.
        Users who blocked this user do not count as online."""
        user_id, pointer, online = reader.user, reader.pointer, feed.company.count()
        online = online - len(blocked_by & feed.company.named()) if member else roughly(online)
        other = next((one for one in feed.members if one != user_id), "") if feed.meta.kind == "direct" else ""
        meta, last_seq, now = feed.meta, feed.delivered.seq, now_ms()
        until = pointer.until if pointer.until > now else 0
        reading = pointer.reading(feed.epoch, feed.head.shared)
        return RoomState(
            room=feed.room, kind=meta.kind, title=meta.title, about=meta.about, tags=meta.tags,
            role=member.role if member else "visitor", notify=pointer.level_at(now), epoch=feed.epoch,
            first_seq=feed.head.first_seq, last_seq=last_seq, last_id=feed.delivered_id, rev=feed.delivered.rev,
            read_seq=min(reading.read_seq, last_seq) if member else last_seq,
            markers=dict(reading.markers) if member else {},
            unread=unread.unread if member else 0, mentions=unread.mentions if member else 0,
            members=feed.members.count, online=online, window=meta.window, bots=meta.bots, question=meta.question,
            slow_mode=meta.slow_mode, archived=meta.archived, titles=meta.titles, abouts=meta.abouts,
            writers=meta.writers, topics=meta.topics, never_window=meta.never_window, forum=meta.forum,
            topics_version=feed.topics_version, question_of=meta.question_of,
            pokes=meta.told_pokes,
            muted_until=member.muted_until if member and member.muted_until > now else 0,
            other=feed.author(other) if other else UNSET,
            notify_until=until, notify_then=pointer.notify if until else UNSET,
            everyone=UNSET if pointer.everyone else False,
        )  # fmt: skip

    def unseen_here(self, feed: Feed, viewer: str) -> frozenset[str]:
        """Connected users here who blocked this user."""
        user = self.users.get(viewer)
        if user is None or not user.blocked_by:
            return frozenset()
        return user.blocked_by & feed.company.named()

    async def blocked_by(self, user_id: str) -> frozenset[str]:
        """The users who blocked this user."""
        user = self.users.get(user_id)
        return user.blocked_by if user is not None else await self._users.blocked_by(user_id)

    async def blocks(self, user_id: str) -> frozenset[str]:
        """The users this user blocked."""
        user = self.users.get(user_id)
        return user.blocks if user is not None else await self._users.blocks(user_id)

    def _tell_state(self, feed: Feed, connection: Connection) -> None:
        self._owed.put(feed, connection)

    def _numbered_anew(self, feed: Feed) -> None:
        """After a reset, send the state to users whose own numbers (read marker, unread) changed with it."""
        for connection in [connection for followers in feed.live.values() for connection in followers]:
            user = self.users.get(connection.user_id)
            pointer = user.pointers.get(feed.room, NO_POINTER) if user is not None else NO_POINTER
            last = feed.delivered.seq
            read = pointer.reading(feed.epoch, feed.head.shared).read_seq
            if user is not None and (pointer.read_seq, read) != (last, last):
                self._owed.put(feed, connection)

    async def _tell_state_now(self, feed: Feed, connection: Connection) -> None:
        state = await self._state_between_writes(feed, connection.user_id)
        if connection in feed.followers:
            self._write_state(feed, connection, state)

    async def _state_between_writes(self, feed: Feed, user_id: str) -> RoomState:
        """The room's state when no live follower is waiting for its slice of what was delivered."""
        while True:
            await feed.repairs.certain()
            state = await self.state(feed, user_id)
            if not feed.writing and not feed.repairs.doubtful:
                return state
            await asyncio.sleep(0)

    def _write_state(self, feed: Feed, connection: Connection, state: RoomState) -> None:
        """Write a state; a follower that is behind gets it later, because it refers to messages not sent to it yet."""
        if not feed.defer_state(connection):
            connection.write(connection.wire.event("room.updated", state))
