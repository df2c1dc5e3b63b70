"""Hashes passwords outside the loop: argon2id in a few threads, with a bounded queue.

One hash takes some 20 ms and 19 MB; without a bound, a burst of sign-ins would delay all responses for minutes. The
accounts service owns it; ``close`` ends the threads.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chatserver import errors
from chatserver.ids import random_bytes
from chatserver.settings import Accounts, or_unlimited

NICENESS: Final = 10
Result = TypeVar("Result")
_BUSY: Final = "Too many people are signing in: retry in a moment"


class Hashing:
    """The numbers come from the settings in [accounts]. Raises ``Refusal`` unavailable if the queue is full."""

    def __init__(self, settings: Accounts) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_passes, memory_cost=settings.argon2_memory, parallelism=settings.argon2_lanes
        )
        self._threads = ThreadPoolExecutor(settings.hash_threads, thread_name_prefix="hashing", initializer=_give_way)
        self._most = settings.hash_threads + or_unlimited(settings.hash_queue)
        self._under_way = 0
        # The hash to compare with for an unknown name, so that it takes as long as a wrong password.
        self._nobody = self._hasher.hash(random_bytes(16).hex())

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(_bytes(password)))

    async def verify(self, password: str, stored: str) -> bool:
        """Whether this is the password of the stored hash. An empty hash never matches, and takes as long."""
        right = await self._run(lambda: self._is_right(password, stored or self._nobody))
        return right and bool(stored)

    def is_outdated(self, stored: str) -> bool:
        """Whether the current settings would produce another kind of hash."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _is_right(self, password: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, _bytes(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], Result]) -> Result:
        if self._under_way >= self._most:
            raise errors.unavailable(_BUSY)
        self._under_way += 1
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        running.add_done_callback(self._done)
        return await asyncio.shield(running)  # a cancelled caller must not free the place of a running hash

    def _done(self, _running: asyncio.Future[Result]) -> None:
        self._under_way -= 1


def _give_way() -> None:
    """Lower the priority of this thread below the event loop's: with as many threads as cores the loop had to wait, and
    a flood of sign-ins raised everybody's ping to 77 ms."""
    if sys.platform == "linux":  # elsewhere nice() applies to the whole process
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(19, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS))


def _bytes(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
