"""A Unix socket between the community and its store that can lose live records, cut connections and hold them up.

It reads just enough RESP to know where one answer ends and the next begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

_NAME = re.compile(rb"SETNAME\r\n\$\d+\r\n(\S+)\r\n")
_PUSH = b">3\r\n$8\r\nsmessage\r\n"
_AGGREGATES = {b"*"[0]: 1, b">"[0]: 1, b"~"[0]: 1, b"%"[0]: 2, b"|"[0]: 2}
_BLOBS = {b"$"[0], b"!"[0], b"="[0]}


def end_of_item(data: bytes | bytearray, start: int) -> int:
    """Where the RESP item that begins at ``start`` ends; -1 where not all of it is there."""
    due = 1
    while due:
        line = data.find(b"\r\n", start)
        if line < 0:
            return -1
        kind = data[start]
        due -= 1
        if kind in _BLOBS:
            length = int(data[start + 1 : line])
            start = line + 2 + (length + 2 if length >= 0 else 0)
            if start > len(data):
                return -1
        else:
            if kind in _AGGREGATES:
                due += max(0, int(data[start + 1 : line])) * _AGGREGATES[kind]
            start = line + 2
    return start


class _Connection:
    """One connection of a server, and its twin to the store."""

    def __init__(self, proxy: Proxy, to_server: asyncio.StreamWriter, to_store: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._to_server = to_server
        self._to_store = to_store
        self._rest = bytearray()
        self.name = b""

    async def carry(self, from_server: asyncio.StreamReader, from_store: asyncio.StreamReader) -> None:
        ways = [
            asyncio.create_task(self._up(from_server)),
            asyncio.create_task(self._down(from_store)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self.cut()

    def cut(self) -> None:
        for writer in (self._to_server, self._to_store):
            writer.transport.abort()

    async def _up(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(1 << 16):
            if not self.name and (found := _NAME.search(data)):
                self.name = found[1]
            self._to_store.write(data)
            await self._to_store.drain()

    async def _down(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(1 << 16):
            if self._proxy.holding in self.name:
                await self._proxy.flowing.wait()
            self._rest += data
            passed = self._whole_items()
            if self.name in self._proxy.slowed:
                await self._trickle(passed)
            elif passed:
                self._to_server.write(passed)
                await self._to_server.drain()

    async def _trickle(self, passed: bytes) -> None:
        """A hundredth of it every ten milliseconds."""
        size = max(1, len(passed) // 100)
        for start in range(0, len(passed), size):
            self._to_server.write(passed[start : start + size])
            await asyncio.sleep(0.01)

    def _whole_items(self) -> bytes:
        out, start = bytearray(), 0
        while start < len(self._rest) and (end := end_of_item(self._rest, start)) > 0:
            if not (self._rest.startswith(_PUSH, start) and self._proxy.loses(bytes(self._rest[start:end]))):
                out += self._rest[start:end]
            start = end
        del self._rest[:start]
        return bytes(out)


class Proxy:
    """``lose(n)`` swallows the next n live records, ``cut()`` ends all connections, ``held()`` stops answers."""

    def __init__(self, path: Path, store: str) -> None:
        self.path = path
        self.lost = 0
        self.flowing = asyncio.Event()
        self.flowing.set()
        self.holding = b""
        self.slowed: set[bytes] = set()
        self._store = store
        self._losing = 0
        self._open: set[_Connection] = set()

    @property
    def url(self) -> str:
        return f"unix://{self.path}"

    def lose(self, number: int) -> None:
        self._losing += number

    def loses(self, push: bytes) -> bool:
        if self._losing and b"{r:" in push:
            self._losing -= 1
            self.lost += 1
            return True
        return False

    def cut(self) -> None:
        for connection in list(self._open):
            connection.cut()

    @contextlib.asynccontextmanager
    async def held(self, name: bytes = b"") -> AsyncIterator[None]:
        """Nothing of what the store answers arrives meanwhile, on connections whose name has this in it."""
        self.holding = name
        self.flowing.clear()
        try:
            yield
        finally:
            self.flowing.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[Proxy]:
        under_way: set[asyncio.Task[None]] = set()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            under_way.add(task)
            try:
                await self._connected(reader, writer)
            except (OSError, asyncio.CancelledError):
                writer.transport.abort()
            finally:
                under_way.discard(task)

        server = await asyncio.start_unix_server(serve, self.path)
        try:
            yield self
        finally:
            server.close()
            self.flowing.set()
            self.cut()
            if under_way:
                await asyncio.wait(under_way)
            self.path.unlink(missing_ok=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_store, to_store = await asyncio.open_unix_connection(self._store)
        connection = _Connection(self, writer, to_store)
        self._open.add(connection)
        try:
            await connection.carry(reader, from_store)
        finally:
            self._open.discard(connection)
