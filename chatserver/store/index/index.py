"""The index as the server uses it: ``find`` proposes messages, and a follower keeps it up to date.

Nothing here waits in the event loop. One thread writes, if this process is the one of its machine that does; a few
threads read, each with a deadline. SQLite gives up the interpreter while it works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.store.accounts.findable import read_findable
from chatserver.store.backup.scrub import DAY_MS
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.index.dirty import note_changes
from chatserver.store.index.engine import Engine, Found, PeopleFound, PeopleWanted, Wanted
from chatserver.store.index.follower import Follower
from chatserver.store.index.people_follower import PeopleFollower
from chatserver.store.messages.log import LogReader

T = TypeVar("T")
MOST_WAITING: Final = 64
"""Searches that wait for a thread; more are refused."""


MOST_LATE: Final = 500
"""People who changed since the index looked last, of whom a search reads the words itself."""


class People(NamedTuple):
    """For each question the users proposed; who changed since the index looked last and is found by one of the words;
    and how much of the index is made: 1 for all."""

    users: list[list[str]]
    late: list[str]
    progress: float


class SearchIndex:
    """Housekeeping calls ``note``, the methods that follow and compare, and ``purge_daily``. ``seconds`` is how long
    one search may look, ``threads`` how many look at once."""

    def __init__(self, store: Store, reader: LogReader, engine: Engine, *, threads: int, seconds: float) -> None:
        self._store = store
        self.engine = engine
        self._seconds = seconds
        self._writer = ThreadPoolExecutor(1, "index-writer")
        self._readers = ThreadPoolExecutor(threads, "index-reader")
        self._most = threads + MOST_WAITING
        self._looking = 0
        self._follower = Follower(store, reader, engine, self._in_writer)
        self._people = PeopleFollower(store, engine, self._in_writer)
        self._closed = False
        self.is_writer = False
        self.searches = 0
        self.timeouts = 0

    @property
    def messages(self) -> int:
        """How many messages this process read into the index."""
        return self._follower.messages

    async def close(self) -> None:
        """May be repeated."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._writer, self._readers.shutdown)
            await asyncio.get_running_loop().run_in_executor(self._writer, self.engine.close)
            self._writer.shutdown()

    async def _in_writer(self, work: Callable[..., T], *args: Any) -> T:
        """Run this in the writer's thread; it is finished also if the caller is cancelled."""
        if self._closed:
            raise errors.unavailable()
        return await asyncio.get_running_loop().run_in_executor(self._writer, partial(work, *args))

    # --- housekeeping ------------------------------------------------------------------------------------------------

    async def note(self) -> None:
        """Note which rooms this process changed."""
        await note_changes(self._store)

    async def follow(self) -> None:
        """Bring the index up to the logs, unless another process of this machine does."""
        is_writer = await self._in_writer(self.engine.acquire)
        if is_writer and not self.is_writer:
            await self._follower.begin()
            self._people.begin()
        self.is_writer = is_writer
        if is_writer:
            await self._follower.step()

    async def compare(self) -> None:
        """Look for what nobody noted, if that is due."""
        if self.is_writer:
            await self._follower.compare()

    async def follow_people(self) -> None:
        """Bring the index up to the changes of users, if this process writes."""
        if self.is_writer:
            await self._people.step()

    async def compare_people(self) -> None:
        """Look for changes of users that nobody noted, if that is due."""
        if self.is_writer:
            await self._people.compare()

    async def purge_daily(self) -> None:
        """Erase the words of removed messages, at most once a day. Every process calls this often."""
        await self.purge(now_ms() - DAY_MS)

    async def purge(self, before: int) -> None:
        """Erase them where that was last done before this time (ms), if this process writes."""
        if self.is_writer:
            await self._in_writer(self.engine.purge, now_ms(), before)

    # --- searches ----------------------------------------------------------------------------------------------------

    async def find(self, wanted: Wanted, limit: int) -> Found:
        """At most ``limit`` proposals, newest first. Raises ``Refusal`` unavailable."""

        def find() -> Found:
            return Found(self.engine.find(wanted, limit, self._seconds), self.engine.progress())

        return await self._in_reader(find)

    async def find_people(self, asked: Sequence[tuple[PeopleWanted, int]]) -> People:
        """For each question at most so many proposals. Raises ``Refusal`` unavailable."""

        def find() -> list[PeopleFound]:
            return [self.engine.find_people(wanted, limit, self._seconds) for wanted, limit in asked]

        found = await self._in_reader(find)
        progress = min((one.progress for one in found), default=1.0)
        # While the index is made, those who changed last are all that is certain to be found.
        place = min((one.place for one in found), default="") if progress >= 1 else ""
        _, _, _, late = await self._store.call("users_changed", keys.USERS, place, MOST_LATE)
        changed = await read_findable(self._store, list({user.decode(): None for user in late[-MOST_LATE:]}))
        words = list({word: None for wanted, _ in asked for word in wanted.words})

        def meant() -> list[str]:
            return [one.user for one in changed.values() if one.count(words)]

        return People([one.users for one in found], await self._in_reader(meant) if changed else [], progress)

    async def _in_reader(self, work: Callable[[], T]) -> T:
        if self._closed or self._looking >= self._most:
            raise errors.unavailable("Too many searches are waiting: retry")
        self._looking += 1
        self.searches += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._readers, work)
        except TimeoutError:
            self.timeouts += 1
            raise errors.unavailable("The search took too long: add a word, or search one room") from None
        finally:
            self._looking -= 1
