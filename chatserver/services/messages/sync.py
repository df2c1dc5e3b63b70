"""The service that starts a session: every room from its cursor, without gaps or duplicates.

It reads the user's pointers and counts what is unread in each room. Then, in one step without await, it builds the
states, queues the response and starts the followers, each behind at its place. Catching up is the feeds' work.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

import msgspec

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.live.connection import Connection
from chatserver.live.feed import Feed
from chatserver.live.hub import Hub
from chatserver.live.tail import Place
from chatserver.live.unread import NOBODY, Counted, Reader
from chatserver.live.user import LiveUser
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.sessions import PingResult, SessionStart, SessionStartResult
from chatserver.protocol.shapes import Cursor, InboxState, RoomState, ServerInfo, User
from chatserver.services.caller import Caller
from chatserver.store.accounts.users import Pointer
from chatserver.store.engine.store import Store
from chatserver.store.friends.inbox import state_of
from chatserver.store.turns import Turns

SignIn = Callable[[Caller, str], Awaitable[None]]
Settle = Callable[[str], Awaitable[None]]
Windows = Callable[[], list[str]]
ReplayInbox = Callable[[LiveUser, Connection, int], None]
ROOMS_AT_ONCE: Final = 32
STARTS_AT_ONCE: Final = 64


class Seen(NamedTuple):
    """A cursor that agrees with the log, and how many reactions there were among the changes up to it."""

    cursor: Cursor
    reactions: int


class Sync:
    """``sign_in(caller, token)`` checks a token passed to session.start; ``settle(user)`` stores pending read markers;
    ``windows()`` lists the window rooms; ``replay_inbox(user, connection, seq)`` sends the inbox items since that
    number, ``settle_inbox(user, now)`` first adds the pokes whose day has come."""

    def __init__(
        self,
        store: Store,
        hub: Hub,
        sign_in: SignIn,
        settle: Settle,
        windows: Windows,
        server: ServerInfo,
        replay_inbox: ReplayInbox,
        settle_inbox: Callable[[str, int], Awaitable[None]],
        *,
        replay_messages: int,
        replay_events: int,
        replay_reactions: int,
    ) -> None:
        self._hub = hub
        self._turns = Turns(store, STARTS_AT_ONCE)
        self._sign_in = sign_in
        self._settle = settle
        self._windows = windows
        self._server = server
        self._replay_inbox = replay_inbox
        self._settle_inbox = settle_inbox
        self._replay_messages = replay_messages
        self._replay_events = replay_events
        self._replay_reactions = replay_reactions

    async def ping(self, caller: Caller, params: Nothing) -> PingResult:
        return PingResult(now_ms())

    async def start(self, caller: Caller, params: SessionStart) -> SessionStartResult:
        connection = caller.require_connection()
        async with self._turns.turn():
            return await self._start(caller, connection, params)

    async def _start(self, caller: Caller, connection: Connection, params: SessionStart) -> SessionStartResult:
        if connection.started:
            raise errors.conflict("The session was started already on this connection", "session_begun")
        if params.token:
            await self._sign_in(caller, params.token)
        user = await self._enter(connection, caller.user_id) if caller.user_id else None
        if user is not None and user.has_due(now_ms()):
            await self._settle_inbox(user.id, now_ms())
        connection.login_id = caller.login_id
        if user is not None and user.auth != caller.auth:  # a login may have ended since the handshake
            await self._hub.on_auth(user)
        rooms = contextlib.ExitStack()
        # Callbacks of a task run in order: the response was queued and the rooms are followed before this one.
        task = asyncio.current_task()
        assert task is not None
        task.add_done_callback(lambda _: rooms.close())
        feeds = await self._hold(user, rooms)
        return await self._begin(caller, connection, user, feeds, params)

    async def _enter(self, connection: Connection, user_id: str) -> LiveUser:
        await self._settle(user_id)
        return await self._hub.enter(connection, user_id)

    def _rooms_of(self, user: LiveUser | None) -> list[str]:
        return list(user.pointers) if user is not None else self._windows()

    async def _hold(self, user: LiveUser | None, stack: contextlib.ExitStack) -> list[Feed]:
        """The feeds of the user's rooms, or of the window rooms, held until the stack closes. They know the user's
        membership; rooms that no longer exist are left out."""

        async def hold(room: str) -> Feed:
            feed = await self._hub.feeds.hold(room)
            stack.callback(self._hub.feeds.release, feed)
            if user is not None:
                await self._hub.feeds.expect(feed, user.id)
                stack.callback(feed.members.dismiss, user.id)
            return feed

        rooms, held = self._rooms_of(user), list[Feed]()
        for start in range(0, len(rooms), ROOMS_AT_ONCE):
            results = await asyncio.gather(*map(hold, rooms[start : start + ROOMS_AT_ONCE]), return_exceptions=True)
            held += [result for result in results if isinstance(result, Feed)]
            for failure in results:
                if isinstance(failure, Refusal) and failure.kind is errors.NOT_FOUND:
                    continue
                if isinstance(failure, BaseException):
                    raise failure
        return held

    async def _begin(
        self, caller: Caller, connection: Connection, user: LiveUser | None, feeds: list[Feed], params: SessionStart
    ) -> SessionStartResult:
        mine = [feed for feed in feeds if user is None or (user.id in feed.members and feed.room in user.pointers)]
        agreeing = await self._agreeing(mine, params.cursors)
        reactions = await self._reactions_before(mine, {room: params.cursors[room].rev for room in agreeing})
        readers = {feed: self._reader(user, feed) for feed in mine if user is None or feed.room in user.pointers}
        counts = await self._hub.unread.count_all(readers)
        # No await from here on: states, response and places are of one moment.
        states: list[RoomState] = []
        for feed, reader in readers.items():
            if user is not None and (user.id not in feed.members or feed.room not in user.pointers):
                continue
            if user is None and not feed.meta.is_open_to_visitors:
                continue
            states.append(self._state(user, feed, reader, counts[feed]))
        seen = {room: Seen(params.cursors[room], before) for room, before in reactions.items()}
        caller.then(lambda: self._follow(connection, user, states, params.cursors, seen))
        if user is not None and params.inbox is not None:
            read = params.inbox.seq
            caller.then(lambda: self._replay_inbox(user, connection, read))
        inbox = self._inbox(user)
        return SessionStartResult(states, inbox, self._server, self._self(user) if user is not None else msgspec.UNSET)

    def _reader(self, user: LiveUser | None, feed: Feed) -> Reader:
        if user is None:
            return Reader("", self._no_pointer(feed))
        return Reader(user.id, user.pointers[feed.room], user.blocks)

    def _state(self, user: LiveUser | None, feed: Feed, reader: Reader, counted: Counted) -> RoomState:
        member = feed.members.get(user.id) if user is not None else None
        unread = self._hub.unread.now(feed, reader, counted)
        return self._hub.state_now(feed, member, reader, unread, user.blocked_by if user is not None else NOBODY)

    # --- cursors -----------------------------------------------------------------------------------------------------

    async def _agreeing(self, feeds: list[Feed], cursors: dict[str, Cursor]) -> set[str]:
        """The rooms whose log has, at the cursor's seq, the message with the cursor's id."""
        checked = [(feed, cursors[feed.room]) for feed in feeds if feed.room in cursors]
        answers = await asyncio.gather(*(self._agrees(feed, cursor) for feed, cursor in checked))
        return {feed.room for (feed, _), agrees in zip(checked, answers, strict=True) if agrees}

    async def _agrees(self, feed: Feed, cursor: Cursor) -> bool:
        if cursor.epoch == feed.epoch:
            await feed.receive_up_to(Place(cursor.seq, cursor.rev))
        place = feed.delivered
        if cursor.epoch != feed.epoch or not place.reaches(Place(cursor.seq, cursor.rev)):
            return False
        if place.seq - cursor.seq > self._replay_messages or cursor.seq == 0:
            return cursor.seq == 0 and place.seq <= self._replay_messages
        known = feed.delivered_id if cursor.seq == place.seq else feed.tail.id_at(cursor.seq)
        if known is None:
            page = await feed.around.log.read(feed.room, first=cursor.seq, last=cursor.seq)
            known = page.messages[0].id if page.messages else ""
        return known == cursor.id

    async def _reactions_before(self, feeds: list[Feed], revs: dict[str, int]) -> dict[str, int]:
        """For each room how many reactions there were up to this change; without the rooms that cannot tell, because
        they do not have the next change any more."""
        asked = [feed for feed in feeds if feed.room in revs]
        counts = await asyncio.gather(*(self._counted_up_to(feed, revs[feed.room]) for feed in asked))
        return {feed.room: count for feed, count in zip(asked, counts, strict=True) if count is not None}

    @staticmethod
    async def _counted_up_to(feed: Feed, rev: int) -> int | None:
        if rev >= feed.tail.start.rev and rev >= feed.tail.dropped_rev:
            return feed.reactions - feed.tail.reactions_after(rev)
        return await feed.around.log.reactions_up_to(feed.room, rev)

    def _follow(
        self,
        connection: Connection,
        user: LiveUser | None,
        states: list[RoomState],
        asked: dict[str, Cursor],
        good: dict[str, Seen],
    ) -> None:
        """The response is queued: begin to follow. Rooms entered or left since the states were made are made good."""
        connection.begun()
        events_left = self._replay_events
        for state in states:
            feed = self._hub.feeds.get(state.room)
            if feed is None or connection.closing is not None:
                continue
            if user is not None and user.id not in feed.members:
                connection.write(feed.left_frame(connection.wire, user.id))
                continue
            place, events = self._resumed(feed, state, good.get(state.room), events_left)
            if place is not None:
                events_left -= events
            elif state.room in asked:
                connection.write(feed.reset_frame(connection.wire))
                place = feed.delivered
            self._hub.follow(feed, connection, place or Place(state.last_seq, state.rev))
        if user is not None and len(user.pointers) != len(self._hub.connections[connection]):
            self._hub.tasks.spawn(self._hub.enter_now(user.id))

    def _resumed(self, feed: Feed, state: RoomState, seen: Seen | None, events_left: int) -> tuple[Place | None, int]:
        """The place from which a client can be replayed, or None if it cannot; and how many events, reactions not
        counted. Missed reactions count against their room alone."""
        if seen is None:
            return None, 0
        cursor, reactions = seen.cursor, feed.reactions - seen.reactions
        missing, changes = state.last_seq - cursor.seq, state.rev - cursor.rev
        events = missing + max(0, changes - reactions)
        if missing < 0 or changes < 0 or missing > self._replay_messages or events > events_left:
            return None, 0
        if reactions > self._replay_reactions:
            return None, 0
        return Place(cursor.seq, cursor.rev), events

    # --- the rest of the answer --------------------------------------------------------------------------------------

    @staticmethod
    def _inbox(user: LiveUser | None) -> InboxState:
        if user is None:
            return InboxState(0, 0)
        return state_of(user.profile)

    @staticmethod
    def _self(user: LiveUser) -> User:
        profile = user.profile
        owner, headline = profile.get("owner", b"").decode(), profile.get("headline", b"").decode()
        return User(
            id=user.id, handle=profile["handle"].decode(), name=profile["name"].decode(),
            bot=profile.get("bot") == b"1", owner=owner or msgspec.UNSET, headline=headline or msgspec.UNSET,
            admin=profile.get("admin") == b"1", avatar=profile.get("avatar", b"").decode(),
        )  # fmt: skip

    @staticmethod
    def _no_pointer(feed: Feed) -> Pointer:
        return Pointer(0, 0, feed.place.seq, feed.epoch)
