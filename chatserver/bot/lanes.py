"""Runs the steps of each room in order, at most sixteen rooms at the same time.

A room whose handlers cannot keep up does not fill the memory: beyond a thousand waiting steps, further events are
dropped and replaced by one ``CatchUp``, which reads them from the log later.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from chatserver.bot.state import CatchUp, Handle, Step

_log = logging.getLogger("chatserver.bot")

AT_ONCE: Final = 16
ROOM_FOR: Final = 1000


class Lane:
    """The waiting steps of one room."""

    __slots__ = ("room_for", "steps")

    def __init__(self, room_for: int = ROOM_FOR) -> None:
        self.steps: deque[Step] = deque()
        self.room_for = room_for

    def push(self, step: Step) -> None:
        if len(self.steps) < self.room_for or not isinstance(step, Handle):
            self.steps.append(step)
            return
        if step.after is None:
            return
        last = self.steps[-1]
        if isinstance(last, CatchUp):
            last.target = step.after
        else:
            self.steps.append(CatchUp(step.room, step.after))


class Lanes:
    """Runs ``perform`` for every step. Its workers live in the session's task group, one per busy room."""

    def __init__(
        self,
        perform: Callable[[Step], Awaitable[None]],
        group: asyncio.TaskGroup,
        *,
        at_once: int = AT_ONCE,
        room_for: int = ROOM_FOR,
    ) -> None:
        self._perform = perform
        self._group = group
        self._places = asyncio.Semaphore(at_once)
        self._room_for = room_for
        self._lanes: dict[str, Lane] = {}
        self.workers: set[asyncio.Task[None]] = set()
        self._stopped = False
        self._idle = asyncio.Event()
        self._idle.set()

    def push(self, step: Step) -> None:
        if self._stopped:
            return
        lane = self._lanes.get(step.room)
        if lane is None:
            lane = self._lanes[step.room] = Lane(self._room_for)
            self._idle.clear()
            worker = self._group.create_task(self._work(step.room, lane))
            self.workers.add(worker)
            worker.add_done_callback(self.workers.discard)
        lane.push(step)

    async def _work(self, room: str, lane: Lane) -> None:
        try:
            while lane.steps and not self._stopped:
                async with self._places:
                    await self._perform(lane.steps.popleft())
        except Exception:
            self._stopped = True
            _log.exception("bot: cannot continue with room %s", room)
        finally:
            del self._lanes[room]
            if not self._lanes:
                self._idle.set()

    async def drain(self) -> None:
        """Start no further steps and wait for running ones. Steps not started come again at the next start."""
        self._stopped = True
        await self._idle.wait()
