"""Stores that replicate, each a process of its own with a TCP port, and a forwarder that stands before them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import redis.asyncio
from redis.exceptions import RedisError

from chatserver.store.embedded.programs import find_program
from tests.chaos.fleet import free_port

PATIENCE = 20.0


class StoreProcess:
    """One Valkey or Redis with an append-only file. ``redis`` asks it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.port = port
        self.redis = redis.asyncio.Redis(port=port)
        self._process = process

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, folder: Path, program: str = "") -> AsyncIterator[StoreProcess]:
        folder.mkdir()
        async with asyncio.timeout(PATIENCE):
            while (store := await cls._started(folder, find_program(program))) is None:
                pass  # another program had taken the port meanwhile
        try:
            yield store
        finally:
            await store.end()

    @classmethod
    async def _started(cls, folder: Path, program: str) -> StoreProcess | None:
        """A store that answers; None where it could not begin."""
        port = free_port()
        settings = {
            "port": str(port), "dir": str(folder), "appendonly": "yes", "save": "", "aof-use-rdb-preamble": "no",
            "repl-diskless-sync-delay": "0", "repl-ping-replica-period": "1", "logfile": "log",
        }  # fmt: skip
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        store = cls(await asyncio.create_subprocess_exec(program, *words), port)
        try:
            while not await store._answers():
                if store._process.returncode is not None:
                    await store.end()
                    return None
                await asyncio.sleep(0.01)
        except BaseException:
            await store.end()
            raise
        return store

    async def end(self) -> None:
        await self.redis.aclose()
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        await self._process.wait()

    async def _answers(self) -> bool:
        """Whether it is this one that answers, and not somebody else on its port."""
        with contextlib.suppress(RedisError, OSError):
            return (await self.redis.info("server"))["process_id"] == self._process.pid
        return False

    async def follow(self, primary: StoreProcess) -> None:
        """Replicate another, and wait until this one has what it had."""
        await self.redis.execute_command("REPLICAOF", "127.0.0.1", str(primary.port))
        async with asyncio.timeout(PATIENCE):
            while (await self.redis.info("replication")).get("master_link_status") != "up":
                await asyncio.sleep(0.01)
        await self.catch_up_with(primary)

    async def catch_up_with(self, primary: StoreProcess) -> None:
        """Wait until this replica has all that its primary has now."""
        goal = (await primary.redis.info("replication"))["master_repl_offset"]
        async with asyncio.timeout(PATIENCE):
            while (await self.redis.info("replication"))["slave_repl_offset"] < goal:
                await asyncio.sleep(0.01)

    async def lead(self) -> None:
        """Replicate nobody any more."""
        await self.redis.execute_command("REPLICAOF", "NO", "ONE")

    async def hand_over(self, replica: StoreProcess) -> None:
        """Make the replica the primary in one step, without a write lost, and wait until it is."""
        async with asyncio.timeout(PATIENCE):
            while not await self._began_to_hand_over(replica):
                await asyncio.sleep(0.01)
            while (await replica.redis.execute_command("ROLE"))[0] != b"master":
                await asyncio.sleep(0.005)

    async def _began_to_hand_over(self, replica: StoreProcess) -> bool:
        with contextlib.suppress(RedisError):  # a replica that has just come is not in step yet
            await self.redis.execute_command("FAILOVER", "TO", "127.0.0.1", str(replica.port))
            return True
        return False


class Forwarder:
    """A TCP port behind which is whichever store it points at. What is connected stays with the store it has."""

    def __init__(self, target: StoreProcess) -> None:
        self.port = 0
        self.target = target

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Forwarder]:
        under_way: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            under_way.add(task)
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._carry(reader, writer)
            writer.transport.abort()
            under_way.discard(task)

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(under_way):
                task.cancel()
            if under_way:
                await asyncio.wait(under_way)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_store, to_store = await asyncio.open_connection("127.0.0.1", self.target.port)
        try:
            ways = [asyncio.create_task(_pass_on(reader, to_store)), asyncio.create_task(_pass_on(from_store, writer))]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            to_store.transport.abort()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1 << 16):
        writer.write(data)
        await writer.drain()
