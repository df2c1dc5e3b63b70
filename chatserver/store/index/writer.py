"""The thread that writes to one engine of the index, and whether this process is the one that writes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, Generic, TypeVar

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.store.index.engine import Away, Engine

log = logging.getLogger(__name__)

LEAST_REST_SECONDS: Final = 0.5
MOST_REST_SECONDS: Final = 8.0
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
    """``name`` says what is in the engine. ``fault`` is why it is not brought up to date, "" if it is."""

    def __init__(self, engine: E, name: str) -> None:
        self.engine = engine
        self.is_writer = False
        self.health = Health()
        self.fault = ""
        self._name = name
        self._rest = 0.0
        self._rests_until = 0.0
        self._thread = ThreadPoolExecutor(1, f"index-{name}")
        self._closed = False

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Run this in the thread; it is finished also if the caller is cancelled. Raises ``Refusal`` unavailable."""
        if self._closed:
            raise errors.unavailable()
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *args))

    async def follow(self, begin: Callable[[], Awaitable[None]], *works: Callable[[], Awaitable[None]]) -> None:
        """Become the process that writes, or stay it, and do these, after which all is in the index; unless another
        process is. ``begin`` comes first when it has become it. An engine that is away is left alone for a while, which
        grows."""
        now = asyncio.get_running_loop().time()
        if now < self._rests_until:
            return
        try:
            await self._acquire(begin)
            if self.is_writer:
                await self.health.watch(*works, is_all=True)
        except Away as away:
            self._failed(away)
        else:
            self._succeeded()

    async def _acquire(self, begin: Callable[[], Awaitable[None]]) -> None:
        is_writer = await self.run(self.engine.acquire)
        if is_writer and not self.is_writer:
            await begin()
            self.health.begin()
        self.is_writer = is_writer

    def _failed(self, away: Away) -> None:
        if not self.fault:
            log.warning("index: it is not brought up to date now", extra={"index": self._name, "why": away.why})
        self.fault, self.health.failed_at = away.why, time.time()
        self._rest = min(MOST_REST_SECONDS, 2 * self._rest or LEAST_REST_SECONDS)
        self._rests_until = asyncio.get_running_loop().time() + self._rest

    def _succeeded(self) -> None:
        if self.fault:
            log.info("index: it is brought up to date again", extra={"index": self._name})
        self.fault, self._rest = "", 0.0

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
