"""Servers as they really run: ``python -m chatserver serve`` in processes of their own, ended by their own pid."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import signal
import socket
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

PATIENCE = 30.0
# Hashing is slow by design and the host talks to newcomers; limits make a crowd wait. None of that is meant here.
QUICK = {
    "CHATSERVER_ACCOUNTS__ARGON2_MEMORY": "8",
    "CHATSERVER_ACCOUNTS__ARGON2_PASSES": "1",
    "CHATSERVER_ACCOUNTS__SIGN_IN_NAME_BURST": "0",
    "CHATSERVER_ACCOUNTS__SIGN_IN_ADDRESS_BURST": "0",
    "CHATSERVER_ACCOUNTS__SIGN_UP_PER_ADDRESS_HOUR": "0",
    "CHATSERVER_SERVER__DRAIN_SECONDS": "0.2",
    "CHATSERVER_LIMITS__USER_SENDS_BURST": "0",
    "CHATSERVER_LIMITS__ROOM_SENDS_BURST": "0",
    "CHATSERVER_LIMITS__ADDRESS_SENDS_BURST": "0",
    "CHATSERVER_LIMITS__REQUESTS_BURST": "0",
    "CHATSERVER_LIMITS__JOINS_BURST": "0",
    "CHATSERVER_LIMITS__CREATES_BURST": "0",
    "CHATSERVER_LIMITS__CONNECTIONS_PER_USER": "0",
    "CHATSERVER_LIMITS__CONNECTIONS_PER_ADDRESS": "0",
    "CHATSERVER_HOST__ENABLED": "false",
    # Everyone talks as fast as they can: who is away for a second has missed more than people could say.
    "CHATSERVER_LIMITS__REPLAY_MESSAGES": "0",
    "CHATSERVER_LIMITS__REPLAY_EVENTS": "0",
}


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


class ServerProcess:
    """One process; the same port each time it starts. ``errors`` is what it wrote to standard error so far."""

    def __init__(self, folder: Path, *words: str, files: int = 0, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.up = False
        self._files = files
        self._words = words
        self._settings = settings
        self._errors = folder / f"server-{self.port}.log"
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    async def start(self) -> ServerProcess:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("CHATSERVER_")}
        with self._errors.open("a") as errors:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "chatserver", "serve", "--port", str(self.port), *self._words,
                stdout=asyncio.subprocess.PIPE, stderr=errors, env={**ours, **QUICK, **self._settings},
                preexec_fn=partial(_limit_files, self._files) if self._files else None,
            )  # fmt: skip
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE):
            while line := await self._process.stdout.readline():
                if re.search(rb"http://127\.0\.0\.1:\d+", line):
                    self.up = True
                    return self
        raise AssertionError(f"the server did not open:\n{self.errors}")

    async def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal to this process and wait until it has ended."""
        self.up = False
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            async with asyncio.timeout(PATIENCE):
                await self._process.wait()


def _limit_files(most: int) -> None:
    """In the new process: it and its store may open so many files."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.asynccontextmanager
async def fleet(*servers: ServerProcess) -> AsyncIterator[tuple[ServerProcess, ...]]:
    """All of them up; none is left afterwards."""
    try:
        await asyncio.gather(*(server.start() for server in servers))
        yield servers
    finally:
        await asyncio.gather(*(server.kill() for server in servers), return_exceptions=True)


def is_running(pid: int) -> bool:
    """Whether a process is there and no mere record of one that ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False
