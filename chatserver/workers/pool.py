"""A few child processes that read pictures and films, so that a fault in a decoder ends one of them and nothing else.

A child is started when it is first needed and ended when nobody has needed it for a minute. It gets the files as open
descriptors and an environment without credentials. A task that takes too long, or that makes its child end, is tried
once more with a new child and then given up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Final

log = logging.getLogger(__name__)
ANSWER_BYTES: Final = 4096
IDLE_SECONDS: Final = 60.0
ATTEMPTS: Final = 2
CLOCK: Final = 3
MOST_WAITING: Final = 64
_ROOT: Final = Path(__file__).parents[2]


class Busy(Exception):  # not a fault: the caller refuses, and the client comes again
    """Too many tasks are waiting."""


class GaveUp(Exception):  # not a fault of ours
    """The file made two children end, or took them too long."""


class _Ended(Exception):
    """The child ended, or was ended because it took too long."""


class Pool:
    """At most ``processes`` children, each with so much ``memory`` (bytes of address space), writing files of at most
    ``file_bytes``; a task may take ``seconds`` of CPU time, and three times as long by the clock."""

    def __init__(self, *, processes: int, memory: int, file_bytes: int, seconds: float) -> None:
        self._limits = (memory, file_bytes)
        self._seconds = seconds
        self._places = asyncio.Semaphore(processes)
        self._idle: list[_Child] = []
        self._children: set[_Child] = set()
        self.waiting = 0
        self.done = 0
        self.ended = 0

    @property
    def processes(self) -> list[int]:
        """The process ids of the children that are running."""
        return [child.process.pid for child in self._children]

    async def work(self, task: dict[str, Any], files: Sequence[IO[bytes]]) -> dict[str, Any]:
        """Let a child do a task; returns its answer. Raises ``Busy`` or ``GaveUp``."""
        if self.waiting >= MOST_WAITING:
            raise Busy
        self.waiting += 1
        try:
            async with self._places:
                return await self._attempt(task, files)
        finally:
            self.waiting -= 1

    async def _attempt(self, task: dict[str, Any], files: Sequence[IO[bytes]]) -> dict[str, Any]:
        for _ in range(ATTEMPTS):
            for file in files[1:]:
                file.seek(0)
                file.truncate()
            files[0].seek(0)
            child = self._idle.pop() if self._idle else self._start()
            try:
                answer = await child.work(task, files, self._seconds)
            except _Ended:
                self.ended += 1
                log.warning("files: a child process ended", extra={"task": task["what"]})
            else:
                self.done += 1
                self._idle.append(child)
                return answer
            finally:
                if child not in self._idle:
                    self._end(child)
        raise GaveUp

    def _start(self) -> _Child:
        child = _Child(*self._limits)
        self._children.add(child)
        return child

    def _end(self, child: _Child) -> None:
        child.end()
        self._children.discard(child)

    def end_idle(self, now: float) -> None:
        """End the children that nobody has needed for a minute; ``now`` is the loop's time."""
        for child in [child for child in self._idle if now - child.used > IDLE_SECONDS]:
            self._idle.remove(child)
            self._end(child)

    def close(self) -> None:
        self._idle.clear()
        for child in list(self._children):
            self._end(child)


class _Child:
    """One process and the socket to it. ``used`` is the loop's time of its last task."""

    def __init__(self, memory: int, file_bytes: int) -> None:
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "chatserver.workers.child", str(theirs.fileno()), str(memory), str(file_bytes)],
                pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, cwd="/", start_new_session=True,
                env={"PYTHONPATH": str(_ROOT), "PATH": os.environ.get("PATH", os.defpath)},
            )  # fmt: skip
        self.used = asyncio.get_running_loop().time()

    async def work(self, task: dict[str, Any], files: Sequence[IO[bytes]], seconds: float) -> dict[str, Any]:
        """Raises ``_Ended``."""
        words = json.dumps({**task, "seconds": max(1, round(seconds))}).encode()
        try:
            socket.send_fds(self._socket, [words], [file.fileno() for file in files])
            async with asyncio.timeout(CLOCK * seconds):
                answer = await self._answer()
        except (OSError, TimeoutError) as error:
            raise _Ended from error
        self.used = asyncio.get_running_loop().time()
        return answer

    async def _answer(self) -> dict[str, Any]:
        loop, line = asyncio.get_running_loop(), b""
        while not line.endswith(b"\n"):
            chunk = await loop.sock_recv(self._socket, ANSWER_BYTES)
            if not chunk:
                raise ConnectionResetError
            line += chunk
        answer: dict[str, Any] = json.loads(line)
        return answer

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.close()
        self.process.kill()
        self.process.wait()
