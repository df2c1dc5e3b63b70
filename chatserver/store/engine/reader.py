"""The reader: a second connection to a node for large answers, and the window that limits their bytes in flight.

A link with subscriptions is a pub/sub client, which Valkey closes at 32 MB of unread replies: 400 people who opened a
history at once cut it for everybody. So functions whose file says ``-- large`` use this connection, which has no
subscriptions; sends, small calls and records never wait behind them. ``Node`` opens and closes it together with the
link.
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

from chatserver.store.engine.link import Link

WINDOW_BYTES: Final = 8 << 20
LEAST_EXPECTED: Final = WINDOW_BYTES // 32
"""At most 32 small answers are in flight: those that arrive in one read are handled in one turn of the loop."""


class Window:
    """Limits the bytes of answers in flight; further calls wait, in order.

    The size of an answer is unknown until it arrives, so it is assumed to be as large as the largest of late.
    """

    def __init__(self, most: int = WINDOW_BYTES) -> None:
        self.expected = 1 << 20
        self._most = most
        self._used = 0
        self._waiting: collections.deque[asyncio.Future[int]] = collections.deque()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Reserve the bytes of one answer. One answer is always allowed, however large."""
        size = await self._enter()
        try:
            yield
        finally:
            self._give_back(size)

    def measured(self, size: int) -> None:
        """Note the size of an answer that arrived."""
        self.expected = max(LEAST_EXPECTED, size, self.expected * 9 // 10)

    async def _enter(self) -> int:
        if not self._waiting and self._fits():
            return self._take()
        turn: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._give_back(turn.result())
            raise

    def _fits(self) -> bool:
        return not self._used or self._used + self.expected <= self._most

    def _take(self) -> int:
        self._used += self.expected
        return self.expected

    def _give_back(self, size: int) -> None:
        self._used -= size
        while self._waiting and self._fits():
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(self._take())


class Reader(Link):
    """A link without subscriptions that reports the size of its answers to its window."""

    def __init__(self, window: Window, on_refused: Callable[[str], None], on_lost: Callable[[Link, int], None]) -> None:
        super().__init__(_hears_nothing, _hears_nothing, on_refused, on_lost)
        self._window = window
        self._bytes = 0
        self.heard_at = self._loop.time()

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop.time()
        waiting = self.in_flight
        self._bytes += len(data)
        super().data_received(data)
        if answered := waiting - self.in_flight:
            self._window.measured(self._bytes // answered)
            self._bytes = 0


def _hears_nothing(*_push: bytes) -> None:
    """The callback for pushes that never come: it subscribes to nothing."""
