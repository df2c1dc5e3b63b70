"""Followers that need the room's state for their user. One task per feed sends it, however many there are.

The hub adds them: after a reset, after a gap, or when something of the user's own changed while nothing could be
written. Most states need no store call (only unread mentions are counted there), so one after the other is fast.
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
"""How many states are built per turn of the loop; each takes some 10 µs."""


class OwedStates:
    """``tell(feed, connection)`` builds and writes one state; it may raise ``Refusal``."""

    def __init__(self, tasks: Tasks, tell: Callable[[Feed, Connection], Awaitable[None]]) -> None:
        self._tasks = tasks
        self._tell = tell
        self._owed: dict[Feed, dict[Connection, None]] = {}

    def put(self, feed: Feed, connection: Connection) -> None:
        """Send this follower the state soon; once, however often this is called until then."""
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
            except Refusal as refusal:  # the store was away for the whole wait
                if refusal.kind is not UNAVAILABLE:
                    return None
        return None
