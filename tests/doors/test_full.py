"""A process that has used up its open files accepts no more connections, but keeps its store and /readyz."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

from chatserver.doors.gate import HURRIED
from chatserver.store.embedded.readiness import Answer, ping
from tests.chaos.fleet import ServerProcess, fleet
from tests.doors.visiting import ask
from tests.people import post, sign_up

FILES = 200


@contextlib.asynccontextmanager
async def silent(port: int, number: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections that say nothing, and stay open as long as they may."""
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(number)]
    try:
        yield [reader for reader, _ in opened]
    finally:
        for _, writer in opened:
            writer.transport.abort()


def store_of(server: ServerProcess) -> int:
    """The process of its embedded store."""
    (child,) = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    return int(child)


async def says(server: ServerProcess, words: str, at: str = "/readyz") -> None:
    """Wait until it says so there, for which a few places are kept."""
    async with asyncio.timeout(10):
        while True:
            with contextlib.suppress(OSError, EOFError):
                if words in (await ask(server.url, at)).body.decode():
                    return
            await asyncio.sleep(0.05)


async def test_a_process_without_free_files_says_so_and_keeps_its_store(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path, "--data", str(tmp_path / "data"), files=FILES)
    async with fleet(server):
        ann = await sign_up(server.url, "ann")
        async with silent(server.port, 3 * FILES) as readers:
            for reader in readers[-10:]:
                assert (await reader.readline()).startswith(b"HTTP/1.1 503")
            await says(server, "not open more files")
            await says(server, "chat_connections_left 0.0", "/metrics")
            assert FILES // 4 < len(list(Path(f"/proc/{server.pid}/fd").iterdir())) < FILES - HURRIED
            os.kill(store_of(server), signal.SIGKILL)
            async with asyncio.timeout(10):
                while await asyncio.to_thread(ping, str(tmp_path / "data" / "valkey.sock")) is not Answer.READY:
                    await asyncio.sleep(0.05)
            await says(server, "not open more files")
        await says(server, "ready")
        assert (await post(server.url, "message.history", ann.token, room="hall"))["messages"] == []
    assert "may not open more files" in server.errors
