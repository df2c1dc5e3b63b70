"""Turns: at most N large reads at once; the others wait in order.

When everybody opens a history or comes back after a restart, the store then gets the work in small parts, and sends and
the probe get through in between. Valkey closes a connection with 32 MB of unread replies: 400 pages at once were
enough.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from chatserver import errors
from chatserver.store.engine.store import Store


class Turns:
    """``async with turns.turn():``. Raises ``Refusal`` unavailable if the store is still away after the wait."""

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
