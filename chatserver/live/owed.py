"""Followers that are to hear a room as their user has it. However many they are, one task for each feed tells them.

The hub puts them here: after a reset, after a gap, when something of the user's own changed while nothing could be
written. Most states cost no store call (only unread mentions are counted there), so one after the other is quick.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.live.connection import Connection
from chatserver.live.feed import Feed
from chatserver.live.tasks import Tasks

AT_ONCE: Final = 100
"""States made before others have a turn: some 10 µs each."""


class OwedStates:
    """``tell(feed, connection)`` makes and writes one state; it may raise ``Refusal``."""

    def __init__(self, tasks: Tasks, tell: Callable[[Feed, Connection], Awaitable[None]]) -> None:
        self._tasks = tasks
        self._tell = tell
        self._owed: dict[Feed, dict[Connection, None]] = {}

    def put(self, feed: Feed, connection: Connection) -> None:
        """Tell this follower soon, once, however often it is put here until then."""
        owed = self._owed.get(feed)
        if owed is None:
            owed = self._owed[feed] = {}
            self._tasks.spawn(self._tell_all(feed, owed))
        owed[connection] = None

    async def _tell_all(self, feed: Feed, owed: dict[Connection, None]) -> None:
        told = 0
        try:
            while owed:
                connection = next(iter(owed))
                del owed[connection]
                await self._tell_one(feed, connection)
                told += 1
                if told % AT_ONCE == 0:
                    await asyncio.sleep(0)
        finally:
            del self._owed[feed]

    async def _tell_one(self, feed: Feed, connection: Connection) -> None:
        while connection in feed.followers:
            try:
                return await self._tell(feed, connection)
            except Refusal as refusal:  # the store waited as long as it does before it gave up
                if refusal.kind is not UNAVAILABLE:
                    return None
        return None
