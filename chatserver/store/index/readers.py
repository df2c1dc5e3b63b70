"""The threads that look into one engine of the index, each for at most a deadline."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from chatserver import errors
from chatserver.store.index.engine import Away

log = logging.getLogger(__name__)

T = TypeVar("T")
MOST_WAITING: Final = 64
"""Searches that wait for a thread; more are refused."""


class Readers:
    """Each engine has its own, so that one that is slow or away holds up no other."""

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._threads = ThreadPoolExecutor(threads, f"index-{name}-reader")
        self._most = threads + MOST_WAITING
        self._looking = 0
        self._is_failing = False
        self._closed = False
        self.searches = 0
        self.timeouts = 0
        self.failures = 0

    async def run(self, work: Callable[[], T]) -> T:
        """Raises ``Refusal`` unavailable."""
        if self._closed or self._looking >= self._most:
            raise errors.unavailable("Too many searches are waiting: retry")
        self._looking += 1
        self.searches += 1
        try:
            found = await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except TimeoutError:
            self.timeouts += 1
            raise errors.unavailable("The search took too long: add a word, or search one room") from None
        except Away as away:
            self._failed(away)
            raise
        else:
            self._is_failing = False
            return found
        finally:
            self._looking -= 1

    def _failed(self, away: Away) -> None:
        self.failures += 1
        if not self._is_failing:
            log.warning("index: searches fail", extra={"index": self._name, "why": away.why})
        self._is_failing = True

    async def close(self) -> None:
        self._closed = True
        await asyncio.to_thread(self._threads.shutdown)
