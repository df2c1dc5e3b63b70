"""A line between one browser and the community that can be cut: what was open ends, and nothing new comes through."""

from __future__ import annotations

import asyncio
import contextlib

from tests.web.people import Served


class Line:
    """``served`` is the community as it is reached by this line."""

    def __init__(self, served: Served) -> None:
        self._port = int(served.url.rpartition(":")[2])
        self.served = Served(served.data)
        self._open: set[asyncio.StreamWriter] = set()
        self._carried: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Line:
        await self.mend()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.cut()
        await asyncio.gather(*self._carried, return_exceptions=True)

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.served.port)

    async def cut(self) -> None:
        assert self._server
        self._server.close()
        for end in self._open:
            end.transport.abort()
        await self._server.wait_closed()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            self._carried.add(task)
        there, back = await asyncio.open_connection("127.0.0.1", self._port)
        self._open |= {writer, back}
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
        self._open -= {writer, back}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
