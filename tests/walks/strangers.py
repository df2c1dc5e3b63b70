"""Misbehaving clients, and checks that they disturb nobody."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import msgpack
import pytest
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from chatserver.app import Server
from tests.people import PATIENCE, Person, gathering

HANDSHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)
_NO_FAULT = (HttpProcessingError, ConnectionError, web.RequestPayloadError)


class Bare:
    """A TCP client without manners."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    async def handshake(self, token: str = "", subprotocol: str = "") -> Bare:
        more = f"Authorization: Bearer {token}\r\n" if token else ""
        more += f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        self.writer.write(HANDSHAKE + more.encode() + b"\r\n")
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101"), head
        return self

    async def frame(self) -> tuple[int, bytes]:
        """The next frame: its first byte and payload. The end of the stream reads as no byte."""
        try:
            async with asyncio.timeout(PATIENCE):
                first, size = await self._reader.readexactly(2)
                if size > 125:
                    size = int.from_bytes(await self._reader.readexactly(2 if size == 126 else 8), "big")
                return first, await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0, b""

    async def code(self) -> int:
        """How it ends: the code of the close frame, 1006 without one."""
        while (frame := await self.frame())[0] not in {0, 0x88}:
            pass
        return int.from_bytes(frame[1][:2], "big") if frame[0] else 1006

    async def answers(self) -> AsyncIterator[dict[str, Any]]:
        while (frame := await self.frame())[0] in {0x81, 0x82}:
            yield json.loads(frame[1]) if frame[0] == 0x81 else msgpack.unpackb(frame[1], strict_map_key=False)

    async def all_of_it(self) -> bytes:
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                return await self._reader.read()
        return b""


@contextlib.asynccontextmanager
async def bare(server: Server) -> AsyncIterator[Bare]:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    try:
        yield Bare(reader, writer)
    finally:
        writer.transport.abort()


class Calm:
    """What must be the same after the storm as before it."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def now(self) -> tuple[int, ...]:
        hub = self.server.hub
        return len(hub.connections), len(hub.users), len(self.server.tasks)

    async def again(self, before: tuple[int, ...]) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while any(now > then for now, then in zip(self.now(), before, strict=True)):
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"connections, users and tasks were {before} and are {self.now()}") from None


@contextlib.asynccontextmanager
async def undisturbed(server: Server, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Person]:
    """Two people talk while others do their worst; gives one of them. Afterwards all is as it was."""
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        calm, said = Calm(server), 0
        async with asyncio.timeout(PATIENCE):
            while server.hub.feeds.get("hall") is None:
                await asyncio.sleep(0.01)
        before, quiet = calm.now(), asyncio.Event()

        async def talk() -> int:
            number = 0
            while not quiet.is_set():
                await ann.say("hall", f"calm {number}")
                number += 1
                await asyncio.sleep(0.005)
            return number

        talking = asyncio.create_task(talk())
        try:
            yield ann
        finally:
            quiet.set()
            said = await talking
        await bob.hears("message.posted", text=f"calm {said - 1}")
        numbers = [message["seq"] for message in bob.heard("message.posted", room="hall")]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert [text for message in bob.heard("message.posted") if (text := message["text"]).startswith("calm")] == [
            f"calm {number}" for number in range(said)
        ]
        await calm.again(before)
    assert_no_fault(caplog)


def assert_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing was logged as a fault of ours. aiohttp notes requests that are none as errors, with their trace."""
    faults = [record for record in caplog.records if record.levelname in {"ERROR", "CRITICAL"}]
    assert not [record for record in faults if not (record.exc_info and isinstance(record.exc_info[1], _NO_FAULT))]
