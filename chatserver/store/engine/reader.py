"""The reader: a second connection to a node, for answers that are large, and the window of bytes that may be on it.

A link with a subscription counts as a pub/sub client, which Valkey ends at 32 MB of waiting answers: 400 people who
opened a history at once ended it for everybody. So functions whose file says ``-- large`` go over this connection,
which hears no channel, and sends, small calls and records never wait behind them. Comes to life in ``Node``, together
with the link, and goes with it.
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
"""Of small answers no more than 32 are on their way: those that come in one read are taken in one turn of the loop."""


class Window:
    """So many bytes of answers may be on their way; who asks for more waits, in the order in which they came.

    How large an answer will be is not known before it is there. It is taken to be as large as the largest of late.
    """

    def __init__(self, most: int = WINDOW_BYTES) -> None:
        self.expected = 1 << 20
        self._most = most
        self._used = 0
        self._waiting: collections.deque[asyncio.Future[int]] = collections.deque()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold the bytes of one answer; one is always let through, however large."""
        size = await self._enter()
        try:
            yield
        finally:
            self._give_back(size)

    def measured(self, size: int) -> None:
        """An answer had so many bytes."""
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
    """A link without channels that tells its window how large the answers are."""

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
    """It subscribes to nothing."""
