"""Reads pages of other servers and their pictures, through the guard. Built in composition.py, closed with the server.

Each answer is bounded in bytes, time and redirects. The answer's encoding is undone here and not by aiohttp, so that a
small answer cannot become a large one.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterable
from typing import Final

import aiohttp
from msgspec import Struct

from chatserver.workers.guard import Guard

REDIRECTS: Final = 4
LONGEST_URL: Final = 2_000
_ENCODINGS: Final = {"": 0, "identity": 0, "gzip": 31, "x-gzip": 31, "deflate": 15}
"""By name, zlib's ``wbits``; 0: as it is."""


class Fetched(Struct, frozen=True):
    """An answer: its last address after redirects, its media type and charset as claimed, and its first bytes."""

    url: str
    type: str
    charset: str
    body: bytes


class Fetcher:
    """``seconds`` bounds each fetch from its first byte to its last; ``at_once`` is how many run, others wait."""

    def __init__(self, guard: Guard, *, agent: str, seconds: float = 8, at_once: int = 8) -> None:
        self._guard = guard
        self._agent = agent
        self._seconds = seconds
        self._places = asyncio.Semaphore(at_once)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def get(self, url: str, *, types: Iterable[str], most: int) -> Fetched | None:
        """The first ``most`` bytes of what is at this address, if it is of one of these media types. None for whatever
        goes wrong: an address that is refused, another status than 200, a time-out."""
        async with self._places:
            try:
                async with asyncio.timeout(self._seconds):
                    return await self._get(url, tuple(types), most)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError, zlib.error):
                return None

    async def _get(self, url: str, types: tuple[str, ...], most: int) -> Fetched | None:
        headers = {"Accept": ", ".join(types), "Accept-Encoding": "gzip, deflate"}
        async with self._opened().get(url, headers=headers, max_redirects=REDIRECTS) as answer:
            wbits = _ENCODINGS.get(answer.headers.get("Content-Encoding", "").strip().lower())
            if answer.status != 200 or answer.content_type not in types or wbits is None:
                return None
            body = await _read(answer.content, most, wbits)
            return Fetched(str(answer.url)[:LONGEST_URL], answer.content_type, answer.charset or "", body)

    def _opened(self) -> aiohttp.ClientSession:
        """A session without cookies, proxies of the environment or kept connections: who asks twice is not known."""
        if self._session is None:
            socket_factory = self._guard.socket
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(socket_factory=socket_factory, force_close=True, use_dns_cache=False),
                cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False, trust_env=False,
                headers={"User-Agent": self._agent}, timeout=aiohttp.ClientTimeout(total=self._seconds),
            )  # fmt: skip
        return self._session


async def _read(content: aiohttp.StreamReader, most: int, wbits: int) -> bytes:
    inflate = zlib.decompressobj(wbits) if wbits else None
    body = bytearray()
    async for chunk in content.iter_chunked(16_384):
        body += chunk if inflate is None else inflate.decompress(chunk, most - len(body))
        if len(body) >= most or (inflate is not None and inflate.eof):
            break
    del body[most:]
    return bytes(body)
