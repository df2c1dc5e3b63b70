"""A line between a bot and its server that is cut on request, as a phone's in a tunnel."""

import asyncio
import contextlib
from urllib.parse import urlsplit


class Line:
    """``cuts`` are taken one after another, each by the next request whose head holds the word: ``("PATCH", 1000, 0)``
    is cut after 1,000 bytes towards the server, ``("PATCH", 0, 1)`` before the first byte of the answer has passed.
    While it ``is_down``, nothing passes."""

    def __init__(self, url):
        self.cuts = []
        self.taken = []
        self.is_down = False
        self.url = ""
        self._server = urlsplit(url)

    @contextlib.asynccontextmanager
    async def open(self):
        async with await asyncio.start_server(self._carry, "127.0.0.1", 0) as listening:
            self.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
            yield self

    async def _carry(self, reader, writer):
        if self.is_down:
            writer.transport.abort()
            return
        to_server = await asyncio.open_connection(self._server.hostname, self._server.port)
        ends = writer, to_server[1]
        limits = {"up": 0, "down": 0}

        async def pump(source, target, way):
            passed = 0
            while (data := await source.read(1 << 16)) and not self.is_down:
                if way == "up" and self.cuts and self.cuts[0][0].encode() in data:
                    word, limits["up"], limits["down"] = self.cuts.pop(0)
                    self.taken.append(word)
                    passed = 0
                passed += len(data)
                if limits[way] and passed >= limits[way]:
                    return
                target.write(data)
                await target.drain()

        ways = [asyncio.create_task(pump(reader, to_server[1], "up")),
                asyncio.create_task(pump(to_server[0], writer, "down"))]  # fmt: skip
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in ends:
                end.transport.abort()
