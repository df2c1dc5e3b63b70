"""Turns: so many do something large at once, the others wait in the order in which they came.

A herd (everybody opens a history, or comes back after a restart) then takes the store in small parts, between which
sends and the probe pass. Valkey ends a connection that has 32 MB of answers waiting: 400 pages asked for at once were
enough.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from chatserver import errors
from chatserver.store.engine.store import Store


class Turns:
    """``async with turns.turn():``. Raises ``Refusal`` unavailable where the store was away for all of the waiting."""

    def __init__(self, store: Store, at_once: int) -> None:
        self._store = store
        self._places = asyncio.Semaphore(at_once)

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        clock = asyncio.get_running_loop().time
        began = clock()
        async with self._places:
            if not self._store.up and clock() - began >= self._store.resend_seconds:
                raise errors.unavailable()
            yield
