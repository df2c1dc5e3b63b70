"""The entrance: how many connections may be open, so that files are left for the store and for /readyz.

Each connection is an open file. With all files used, the link to the store could not be made again, the embedded store
could not be started again, and nobody could ask how the server is. Constructed in app.py around aiohttp's server, and
given to the event loop in its place.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Final, cast

from aiohttp import web

log = logging.getLogger(__name__)

KEPT_FILES: Final = 64
"""Link and reader, the start of a store, pages that are read from the disk, and some that nobody thought of."""

HURRIED: Final = 16
HURRIED_SECONDS: Final = 1.0
_FULL: Final = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def most_connections() -> int:
    """How many connections this process can have beside the files that are open now and those that are kept."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(HURRIED, limit - sum(1 for _ in Path("/proc/self/fd").iterdir()) - KEPT_FILES - HURRIED)


class Entrance:
    """Makes the protocol of each connection that comes. ``sockets()`` is how many WebSockets are open.

    Beyond ``most`` a few more are taken for a second each, so that /readyz can say so; all others are sent away.
    """

    def __init__(self, http: web.Server, sockets: Callable[[], int], *, most: int) -> None:
        self.most = most
        self._http = http
        self._sockets = sockets
        self._arriving = 0
        self._said = False

    @property
    def open(self) -> int:
        return self._sockets() + len(self._http.connections) + self._arriving

    @property
    def is_full(self) -> bool:
        return self.open >= self.most

    def __call__(self) -> asyncio.Protocol:
        now_open = self.open
        self._note(full=now_open >= self.most)
        if now_open >= self.most + HURRIED:
            return _Away()
        loop = asyncio.get_running_loop()
        if not self._arriving:  # a burst is accepted in one turn, before any of it is among the connections
            loop.call_soon(self._arrived)
        self._arriving += 1
        protocol = self._http()
        if now_open >= self.most:
            loop.call_later(HURRIED_SECONDS, protocol.force_close)
        return cast("asyncio.Protocol", protocol)

    def _arrived(self) -> None:
        self._arriving = 0

    def _note(self, *, full: bool) -> None:
        """Once each time it becomes full."""
        if full and not self._said:
            log.error("entrance: full, because this process may open no more files", extra={"connections": self.most})
        self._said = full


class _Away(asyncio.Protocol):
    """Says that there is no place and hangs up."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        open_ = cast("asyncio.Transport", transport)
        open_.write(_FULL)
        open_.close()
