"""The tasks of this process: each is owned by a group that the app closes, and exceptions are logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from chatserver.errors import Refusal

log = logging.getLogger(__name__)


class Tasks:
    """``async with Tasks() as tasks`` … ``tasks.spawn(coroutine)``; leaving cancels tasks that still run."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def __len__(self) -> int:
        return len(self._running)

    async def __aenter__(self) -> Tasks:
        return self

    async def __aexit__(self, *exc: object) -> None:
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def start(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Start a task whose outcome the caller handles."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[None]:
        """Start a task that nobody awaits: a refusal is logged, an exception with its traceback."""
        return self.start(self._watched(coroutine))

    @staticmethod
    async def _watched(coroutine: Coroutine[Any, Any, Any]) -> None:
        try:
            await coroutine
        except Refusal as refusal:
            log.warning("task: refused", extra={"reason": refusal.reason, "task": repr(coroutine)})
        except Exception:
            log.exception("task: failed", extra={"task": repr(coroutine)})
