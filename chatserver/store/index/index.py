"""The index as the server uses it: it proposes messages, people and open rooms, and followers keep its engines up to
date.

Nothing here waits in the event loop. One thread for each engine writes, if this process is the one that does; a few
threads read, each with a deadline. SQLite gives up the interpreter while it works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from chatserver.ids import now_ms
from chatserver.rules.rooms.finding import Liveliness, OpenRoom
from chatserver.store.accounts.findable import read_findable
from chatserver.store.backup.scrub import DAY_MS
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.index.changes_follower import ChangesFollower
from chatserver.store.index.dirty import DirtySets, note_changes
from chatserver.store.index.engine import (
    Found,
    MessageEngine,
    PeopleEngine,
    PeopleFound,
    PeopleWanted,
    RoomsEngine,
    RoomsFound,
    RoomsWanted,
    Wanted,
)
from chatserver.store.index.follower import Follower
from chatserver.store.index.people_source import PeopleSource
from chatserver.store.index.readers import Readers
from chatserver.store.index.rooms_source import RoomMoves, RoomsSource
from chatserver.store.index.writer import Health, Writer
from chatserver.store.messages.log import LogReader
from chatserver.store.rooms.open_rooms import read_open

MOST_LATE: Final = 500
"""People, or rooms, that changed since the index looked last, of which a search reads the words itself."""


class People(NamedTuple):
    """For each question the users proposed; who changed since the index looked last and is found by one of the words;
    and how much of the index is made: 1 for all."""

    users: list[list[str]]
    late: list[str]
    progress: float


class Rooms(NamedTuple):
    """The rooms proposed; those that changed since the index looked last and are meant; and as in ``People``."""

    rooms: list[Liveliness]
    late: list[OpenRoom]
    progress: float


class SearchIndex:
    """Housekeeping calls ``note``, the methods that follow and compare, and ``purge_daily``. ``seconds`` is how long
    one search may look, ``threads`` how many look at once, ``midnight()`` when today began (ms)."""

    def __init__(
        self, store: Store, reader: LogReader, messages: MessageEngine, people: PeopleEngine, rooms: RoomsEngine, *,
        threads: int, seconds: float, midnight: Callable[[], int],
    ) -> None:  # fmt: skip
        dirty = DirtySets(store)
        self._store = store
        self._seconds = seconds
        self._message_readers = Readers("messages", threads)
        self._people_readers = Readers("people", threads)
        self._room_readers = Readers("rooms", 1)
        self._rooms_asked: dict[tuple[RoomsWanted, int], asyncio.Future[RoomsFound]] = {}
        self.messages = Writer(messages, "messages")
        self.people = Writer(people, "people")
        self._follower = Follower(store, reader, messages, self.messages.run, dirty.reader())
        self.rooms = Writer(rooms, "rooms")
        self._people_follower = ChangesFollower(PeopleSource(store, people, self.people.run), people, self.people.run)
        self._moves = RoomMoves(store, rooms, self.rooms.run, midnight, dirty.reader())
        self._rooms_follower = ChangesFollower(
            RoomsSource(store, rooms, self.rooms.run, self._moves), rooms, self.rooms.run
        )
        self._closed = False

    @property
    def is_writer(self) -> bool:
        """Whether this process writes the messages."""
        return self.messages.is_writer

    @property
    def messages_read(self) -> int:
        """How many messages this process read into the index."""
        return self._follower.messages

    @property
    def health(self) -> dict[str, Health]:
        """How the parts that this process writes are doing."""
        parts = {
            "messages": (self.messages.is_writer, self.messages.health),
            "people": (self.people.is_writer, self.people.health),
            "rooms": (self.rooms.is_writer, self.rooms.health),
        }
        return {name: health for name, (is_writer, health) in parts.items() if is_writer}

    @property
    def rows(self) -> dict[str, int]:
        """How many people and open rooms the index holds, as far as this process writes it."""
        parts = {
            "people": (self.people.is_writer, self._people_follower.rows),
            "rooms": (self.rooms.is_writer, self._rooms_follower.rows),
        }
        return {name: rows for name, (is_writer, rows) in parts.items() if is_writer}

    @property
    def readers(self) -> tuple[Readers, ...]:
        return self._message_readers, self._people_readers, self._room_readers

    async def close(self) -> None:
        """May be repeated."""
        if not self._closed:
            self._closed = True
            await asyncio.gather(*(readers.close() for readers in self.readers))
            await asyncio.gather(*(writer.close() for writer in (self.messages, self.people, self.rooms)))

    # --- housekeeping ------------------------------------------------------------------------------------------------

    async def note(self) -> None:
        """Note which rooms this process changed."""
        await note_changes(self._store)

    async def follow(self) -> None:
        """Bring the messages up to the logs, unless another process does."""
        await self.messages.follow(self._follower.begin, self._follower.step)

    async def compare(self) -> None:
        """Look for what nobody noted, if that is due."""
        if self.messages.is_writer:
            await self.messages.health.watch(self._follower.compare, is_all=False)

    async def follow_people(self) -> None:
        """Bring the people up to the changes of users, unless another process of this machine does."""
        await self.people.follow(self._people_follower.begin, self._people_follower.step)

    async def compare_people(self) -> None:
        """Look for changes of users that nobody noted, if that is due."""
        if self.people.is_writer:
            await self.people.health.watch(self._people_follower.compare, is_all=False)

    async def follow_rooms(self) -> None:
        """Bring the open rooms up to their changes, unless another process of this machine does."""
        await self.rooms.follow(self._begin_rooms, self._rooms_follower.step, self._moves.step)

    async def _begin_rooms(self) -> None:
        await self._rooms_follower.begin()
        self._moves.begin()

    async def compare_rooms(self) -> None:
        """Look for changes of open rooms that nobody noted, if that is due."""
        if self.rooms.is_writer:
            await self.rooms.health.watch(self._rooms_follower.compare, is_all=False)

    async def purge_daily(self) -> None:
        """Erase the words of removed messages, people and rooms, at most once a day. Every process calls this often."""
        await self.purge(now_ms() - DAY_MS)

    async def purge(self, before: int) -> None:
        """Erase them where that was last done before this time (ms), as far as this process writes."""
        await asyncio.gather(*(writer.purge(before) for writer in (self.messages, self.people, self.rooms)))

    # --- searches ----------------------------------------------------------------------------------------------------

    async def find(self, wanted: Wanted, limit: int) -> Found:
        """At most ``limit`` proposals, newest first. Raises ``Refusal`` unavailable."""
        return await self._message_readers.run(partial(self.messages.engine.find, wanted, limit, self._seconds))

    async def find_people(self, asked: Sequence[tuple[PeopleWanted, int]]) -> People:
        """For each question at most so many proposals. Raises ``Refusal`` unavailable."""

        def find() -> list[PeopleFound]:
            return [self.people.engine.find(wanted, limit, self._seconds) for wanted, limit in asked]

        found = await self._people_readers.run(find)
        progress = min((one.progress for one in found), default=1.0)
        # While the index is made, those who changed last are all that is certain to be found.
        place = min((one.place for one in found), default="") if progress >= 1 else ""
        _, _, _, late = await self._store.call("users_changed", keys.USERS, place, MOST_LATE)
        changed = await read_findable(self._store, list({user.decode(): None for user in late[-MOST_LATE:]}))
        words = list({word: None for wanted, _ in asked for word in wanted.words})

        def meant() -> list[str]:
            return [one.user for one in changed.values() if one.count(words)]

        return People([one.users for one in found], await self._people_readers.run(meant) if changed else [], progress)

    async def find_rooms(self, wanted: RoomsWanted, limit: int) -> Rooms:
        """At most ``limit`` proposals. Raises ``Refusal`` unavailable."""

        def find() -> RoomsFound:
            return self.rooms.engine.find(wanted, limit, self._seconds)

        # Who asks the same at the same time has one answer; what changed since is read for each.
        asked = self._rooms_asked.get((wanted, limit))
        if asked is None:
            asked = asyncio.ensure_future(self._room_readers.run(find))
            self._rooms_asked[wanted, limit] = asked
            asked.add_done_callback(lambda _: self._rooms_asked.pop((wanted, limit)))
        found = await asyncio.shield(asked)
        place = found.place if found.progress >= 1 else ""
        _, _, _, late = await self._store.call("rooms_changed", keys.ROOMS, place, MOST_LATE)
        changed = await read_open(self._store, list({room.decode(): None for room in late[-MOST_LATE:]}))

        def meant() -> list[OpenRoom]:
            return [room for room in changed.values() if room.is_meant(wanted.words, wanted.tag)]

        late_ones = await self._room_readers.run(meant) if changed else []
        return Rooms(found.rooms, late_ones, found.progress)
