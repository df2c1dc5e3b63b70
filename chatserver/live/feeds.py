"""The feeds of this process: opened on first use, kept a little longer than they are used.

A room's channel is subscribed before the room is read, and records received meanwhile are handled afterwards, so that
nothing is missed in between.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable, Set
from typing import Final

from chatserver import errors
from chatserver.live.changed_names import ChangedNames
from chatserver.live.connection import Connection
from chatserver.live.feed import Feed, Surroundings
from chatserver.live.repairs import RepairPool
from chatserver.live.tasks import Tasks
from chatserver.protocol.shapes import Author
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.engine.store import Store
from chatserver.store.heads import Head, read_heads
from chatserver.store.messages.log import LogReader
from chatserver.store.rooms.reading import RoomReader
from chatserver.store.rooms.records import MemberRecord

LINGER_SECONDS: Final = 30.0


class Feeds:
    """``hold`` and ``release`` count the users of a feed; ``open`` does both around a block."""

    def __init__(
        self,
        store: Store,
        rooms: RoomReader,
        log: LogReader,
        authors: AuthorCache,
        tasks: Tasks,
        *,
        user_left: Callable[[Feed, str], None],
        tell_state: Callable[[Feed, Connection], None],
        shut_out: Callable[[Feed], None],
        numbered_anew: Callable[[Feed], None],
        connections: Callable[[str], Iterable[Connection]],
        apart: Callable[[str], Set[str]],
        tail_records: int,
        replay_reactions: int,
        large_room: int,
        tail_bytes: int,
    ) -> None:
        self._store = store
        self._rooms = rooms
        self._tasks = tasks
        self._feeds: dict[str, Feed] = {}
        self._opening: dict[str, asyncio.Task[Feed]] = {}
        self._parked: dict[str, list[bytes]] = {}
        self._idle: dict[Feed, float] = {}
        self._cuts = 0
        self.pool = RepairPool()
        self.names = ChangedNames(authors, tasks)
        self._around = Surroundings(
            log,
            authors,
            tasks.spawn,
            rooms.open,
            rooms.member,
            user_left,
            tell_state,
            shut_out,
            numbered_anew,
            connections,
            apart,
            self.pool,
            store.process_id,
            tail_records,
            replay_reactions,
            large_room,
            tail_bytes,
        )
        rooms.listen(self._heard, self._mend)
        store.on_cut(self._cut)
        authors.on_changed(self._face_changed)

    def __len__(self) -> int:
        return len(self._feeds)

    def all(self) -> list[Feed]:
        return list(self._feeds.values())

    def get(self, room: str) -> Feed | None:
        """The feed if it is open, else None."""
        return self._feeds.get(room)

    async def member(self, feed: Feed, user: str) -> MemberRecord | None:
        """The user's record in the room; None if they are not a member. Reads the store for users who are not connected
        here. Raises ``Refusal`` unavailable."""
        if not user or feed.members.knows(user):
            return feed.members.get(user)
        return (await self._rooms.member(feed.room, user))[1]

    @contextlib.asynccontextmanager
    async def knowing(self, room: str, user: str) -> AsyncIterator[Feed]:
        """The feed, knowing this user's membership for the duration of the block. Raises ``Refusal`` not_found or
        unavailable."""
        async with self.open(room) as feed:
            await self.expect(feed, user)
            try:
                yield feed
            finally:
                feed.members.dismiss(user)

    async def expect(self, feed: Feed, user: str) -> None:
        """Let the feed know this user's membership until ``Members.dismiss``.

        Raises ``Refusal`` not_found, or unavailable if the store stays away."""
        if not feed.repairs.holds_back:  # the store's own patience is enough, and a timer for each is dear
            await feed.expect(user)
            return
        try:
            async with asyncio.timeout(self._store.resend_seconds):
                await feed.expect(user)
        except TimeoutError:
            raise errors.unavailable() from None

    async def hold(self, room: str) -> Feed:
        """The room's feed, opened if needed; ``release`` it later. After a cut, waits until its head was compared.

        Raises ``Refusal`` not_found, or unavailable if the store stays away.
        """
        feed = self._feeds.get(room)
        if feed is None:
            under_way = self._opening.get(room)
            if under_way is None:
                under_way = self._opening[room] = self._tasks.start(self._open(room))
            feed = await asyncio.shield(under_way)
        self.keep(feed)
        if feed.repairs.doubtful:
            await self._certain(feed)
        return feed

    async def _certain(self, feed: Feed) -> None:
        try:
            async with asyncio.timeout(self._store.resend_seconds):
                await feed.repairs.certain()
        except BaseException as error:
            self.release(feed)
            raise errors.unavailable() if isinstance(error, TimeoutError) else error from None

    def keep(self, feed: Feed) -> None:
        """Count one more user of the feed."""
        feed.holds += 1
        self._idle.pop(feed, None)

    def release(self, feed: Feed) -> None:
        feed.holds -= 1
        if feed.holds == 0:
            self._idle[feed] = asyncio.get_running_loop().time()

    @contextlib.asynccontextmanager
    async def open(self, room: str) -> AsyncIterator[Feed]:
        feed = await self.hold(room)
        try:
            yield feed
        finally:
            self.release(feed)

    async def _open(self, room: str) -> Feed:
        self._parked[room] = []
        try:
            await self._rooms.subscribe(room)
            cuts = self._cuts
            read = await self._rooms.open(room)
            if read.meta.kind == "direct":  # its state has the other user's name
                await self._around.authors.load(read.members)
            feed = Feed(room, read, self._around)
            if cuts != self._cuts:
                feed.repairs.doubt()
        except BaseException:
            del self._parked[room]
            self._rooms.unsubscribe(room)
            raise
        finally:
            del self._opening[room]
        self._feeds[room] = feed
        self._idle[feed] = asyncio.get_running_loop().time()
        for payload in self._parked.pop(room):
            feed.receive(payload)
        return feed

    def close_idle(self) -> None:
        """Close feeds that were not used for a while."""
        before = asyncio.get_running_loop().time() - LINGER_SECONDS
        for feed in [feed for feed, since in self._idle.items() if since < before]:
            del self._idle[feed]
            del self._feeds[feed.room]
            self._rooms.unsubscribe(feed.room)

    def _heard(self, room: str, payload: bytes) -> None:
        feed = self._feeds.get(room)
        if feed is not None:
            feed.receive(payload)
        elif room in self._parked:
            self._parked[room].append(payload)

    def _mend(self, room: str) -> None:
        """Read the room again, because one of its records could not be handled."""
        feed = self._feeds.get(room)
        if feed is not None:
            feed.repairs.repair()

    def _cut(self) -> None:
        """The link is lost: feeds park what they receive until their heads were compared."""
        self._cuts += 1
        for feed in self._feeds.values():
            feed.repairs.doubt()

    def _face_changed(self, author: Author, admin: bool) -> None:
        seeing = (connection for feed in self.all() for connection in feed.face_changed(author))
        self.names.tell(author, seeing, admin=admin)

    async def compare_heads(self) -> None:
        """Compare each feed with its head in the store; feeds that differ read what they missed. Rooms that received
        something meanwhile come first, then those with the most followers. Raises ``Refusal`` unavailable."""
        feeds = sorted(self._feeds.values(), key=_activity, reverse=True)
        await read_heads(self._store, [feed.room for feed in feeds], self._compare)

    def _compare(self, room: str, head: Head | None) -> None:
        feed = self._feeds.get(room)
        if feed is not None:
            feed.repairs.compare(head)


def _activity(feed: Feed) -> tuple[int, int]:
    return feed.repairs.waiting, len(feed.company.users)
