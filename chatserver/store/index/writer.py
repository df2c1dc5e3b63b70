"""The thread that writes to one engine of the index, and whether this process is the one that writes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Generic, TypeVar

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.store.index.engine import Engine

T = TypeVar("T")
E = TypeVar("E", bound=Engine)
InWriter = Callable[..., Awaitable[Any]]
"""Runs a function in the writer's thread."""


class Health:
    """How an engine is doing: when all that is in the store was in it last, or this process began to write (a time of
    the loop), and when something last went wrong (seconds since 1970; 0 for never)."""

    def __init__(self) -> None:
        self._caught_up_at = 0.0
        self.failed_at = 0.0

    def begin(self) -> None:
        self._caught_up_at = asyncio.get_running_loop().time()

    async def watch(self, *works: Callable[[], Awaitable[None]], is_all: bool) -> None:
        """Do these in order; ``is_all``: afterwards all is in the index."""
        try:
            for work in works:
                await work()
        except Refusal:  # the store is away, which shows in the time
            raise
        except Exception:
            self.failed_at = time.time()
            raise
        if is_all:
            self.begin()

    @property
    def lag(self) -> float:
        """For how many seconds something may have been missing."""
        return asyncio.get_running_loop().time() - self._caught_up_at


class Writer(Generic[E]):
    """``name`` is the thread's."""

    def __init__(self, engine: E, name: str) -> None:
        self.engine = engine
        self.is_writer = False
        self.health = Health()
        self._thread = ThreadPoolExecutor(1, name)
        self._closed = False

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Run this in the thread; it is finished also if the caller is cancelled. Raises ``Refusal`` unavailable."""
        if self._closed:
            raise errors.unavailable()
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args))

    async def acquire(self, begin: Callable[[], Awaitable[None]]) -> bool:
        """Become the process that writes, or stay it; ``begin`` is awaited when it has become it. False if another
        process is."""
        is_writer = await self.run(self.engine.acquire)
        if is_writer and not self.is_writer:
            await begin()
            self.health.begin()
        self.is_writer = is_writer
        return is_writer

    async def purge(self, before: int) -> None:
        """Erase removed words where that was last done before this time (ms), if this process writes."""
        if self.is_writer:
            await self.run(self.engine.purge, now_ms(), before)

    async def close(self) -> None:
        """Finish what is being written, and let another process write. May be repeated."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self.engine.close)
            self._thread.shutdown()
