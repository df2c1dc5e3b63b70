"""The index as the server uses it: it proposes messages and people, and followers keep its engines up to date.

Nothing here waits in the event loop. One thread for each engine writes, if this process is the one that does; a few
threads read, each with a deadline. SQLite gives up the interpreter while it works.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, TypeVar

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.store.accounts.findable import read_findable
from chatserver.store.backup.scrub import DAY_MS
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.index.dirty import note_changes
from chatserver.store.index.engine import Found, MessageEngine, PeopleEngine, PeopleFound, PeopleWanted, Wanted
from chatserver.store.index.follower import Follower
from chatserver.store.index.people_follower import PeopleFollower
from chatserver.store.index.writer import Writer
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

    def __init__(
        self, store: Store, reader: LogReader, messages: MessageEngine, people: PeopleEngine, *,
        threads: int, seconds: float,
    ) -> None:  # fmt: skip
        self._store = store
        self._seconds = seconds
        self._readers = ThreadPoolExecutor(threads, "index-reader")
        self._most = threads + MOST_WAITING
        self._looking = 0
        self.messages = Writer(messages, "index-messages")
        self.people = Writer(people, "index-people")
        self._follower = Follower(store, reader, messages, self.messages.run)
        self._people_follower = PeopleFollower(store, people, self.people.run)
        self._closed = False
        self.searches = 0
        self.timeouts = 0

    @property
    def is_writer(self) -> bool:
        """Whether this process writes the messages."""
        return self.messages.is_writer

    @property
    def messages_read(self) -> int:
        """How many messages this process read into the index."""
        return self._follower.messages

    async def close(self) -> None:
        """May be repeated."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(None, self._readers.shutdown)
            await asyncio.gather(self.messages.close(), self.people.close())

    # --- housekeeping ------------------------------------------------------------------------------------------------

    async def note(self) -> None:
        """Note which rooms this process changed."""
        await note_changes(self._store)

    async def follow(self) -> None:
        """Bring the messages up to the logs, unless another process does."""
        if await self.messages.acquire(self._follower.begin):
            await self._follower.step()

    async def compare(self) -> None:
        """Look for what nobody noted, if that is due."""
        if self.messages.is_writer:
            await self._follower.compare()

    async def follow_people(self) -> None:
        """Bring the people up to the changes of users, unless another process of this machine does."""
        if await self.people.acquire(self._people_follower.begin):
            await self._people_follower.step()

    async def compare_people(self) -> None:
        """Look for changes of users that nobody noted, if that is due."""
        if self.people.is_writer:
            await self._people_follower.compare()

    async def purge_daily(self) -> None:
        """Erase the words of removed messages and people, at most once a day. Every process calls this often."""
        await self.purge(now_ms() - DAY_MS)

    async def purge(self, before: int) -> None:
        """Erase them where that was last done before this time (ms), as far as this process writes."""
        await asyncio.gather(*(writer.purge(before) for writer in (self.messages, self.people)))

    # --- searches ----------------------------------------------------------------------------------------------------

    async def find(self, wanted: Wanted, limit: int) -> Found:
        """At most ``limit`` proposals, newest first. Raises ``Refusal`` unavailable."""
        engine = self.messages.engine

        def find() -> Found:
            return Found(engine.find(wanted, limit, self._seconds), engine.progress())

        return await self._in_reader(find)

    async def find_people(self, asked: Sequence[tuple[PeopleWanted, int]]) -> People:
        """For each question at most so many proposals. Raises ``Refusal`` unavailable."""

        def find() -> list[PeopleFound]:
            return [self.people.engine.find_people(wanted, limit, self._seconds) for wanted, limit in asked]

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
