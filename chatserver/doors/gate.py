"""The gate: limits the number and the waiting time of all HTTP connections, from their first byte to their last.

aiohttp waits without limit for a head, a body or a reader, so one address could use up all open files of the process.
Here each connection is an aiohttp handler that knows what it waits for and since when; ``Gate.tick`` ends those that
waited too long, once a second for all of them. Connections count against their address, WebSockets and HTTP alike;
behind a trusted proxy, requests in flight count instead. A WebSocket has left the gate: ``Heartbeat`` watches it.
"""

from __future__ import annotations

import asyncio
import collections
import logging
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

from chatserver.doors.authentication import Authentication, grouped

log = logging.getLogger(__name__)
KEPT_FILES: Final = 64
"""Reserved files: link and reader, starting a store, reading pages from the disk, and some spare."""
HURRIED: Final = 16
HURRIED_SECONDS: Final = 1.0
"""When files are used up, further connections are accepted only for this long, so that /readyz can say so."""
PROGRESS_BYTES: Final = 131_072
"""How much of a body must arrive within ``request_seconds``; what is smaller must arrive as a whole."""
PROXY_IDLE_SECONDS: Final = 3600.0
"""A proxy closes idle connections itself; if we closed one first, somebody would get a 502."""
_FULL: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\nConnection: close\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: 30\r\n\r\nToo many connections at once.\n"
)


def most_connections() -> int:
    """How many connections this process can have, besides files that are open now and those reserved."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(HURRIED, limit - sum(1 for _ in Path("/proc/self/fd").iterdir()) - KEPT_FILES - HURRIED)


class Addresses:
    """Counts the connections of each address. At most ``most``; 0 means no limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: collections.Counter[str] = collections.Counter()

    def __len__(self) -> int:
        return len(self._counts)

    def is_full(self, address: str) -> bool:
        return 0 < self._most <= self._counts[address]

    def enter(self, address: str) -> None:
        self._counts[address] += 1

    def leave(self, address: str) -> None:
        self._counts[address] -= 1
        if self._counts[address] <= 0:
            del self._counts[address]


class Gate:
    """Creates the HTTP protocol of each connection. ``sockets()`` is the number of open WebSockets, which count towards
    ``most`` connections. A head, or 128 KB of a body, may take ``request_seconds``, the wait for the next request
    ``idle_seconds``, and a client may read nothing for ``slow_seconds``; 0 means no limit."""

    def __init__(
        self, authentication: Authentication, addresses: Addresses, sockets: Callable[[], int],
        *, most: int, request_seconds: float, idle_seconds: float, slow_seconds: float,
    ) -> None:  # fmt: skip
        self.addresses = addresses
        self._asking = authentication
        self._sockets = sockets
        self.request_seconds = request_seconds
        self.idle_seconds = idle_seconds
        self.slow_seconds = slow_seconds
        self.most = most
        self._said = False
        self._visits: dict[Visit, None] = {}

    def __len__(self) -> int:
        return len(self._visits)

    @property
    def left(self) -> int:
        """How many more connections the limit of open files allows."""
        return max(0, self.most - len(self._visits) - self._sockets())

    @property
    def is_full(self) -> bool:
        """Whether no files are left for connections."""
        return not self.left

    def factory(self, server: web.Server) -> Callable[[], asyncio.Protocol]:
        """The factory of the protocol of an accepted connection."""
        options: dict[str, Any] = {"access_log": None, "keepalive_timeout": PROXY_IDLE_SECONDS}
        return lambda: Visit(self, server, **options)

    def tick(self, now: float) -> None:
        """End connections that have waited too long; ``now`` is the loop's time."""
        for visit in list(self._visits):
            visit.look(now)

    def close(self) -> None:
        """End all remaining connections."""
        for visit in list(self._visits):
            visit.abort()

    # --- called by connections ---------------------------------------------------------------------------------------

    def came(self, visit: Visit) -> bool:
        """Whether this connection is accepted. If its address is full, an idle one of the same address is closed for
        it."""
        if not self._has_file(visit):
            return False
        self._visits[visit] = None
        if self._asking.is_proxy(visit.peer):
            visit.idle_seconds = PROXY_IDLE_SECONDS if self.idle_seconds else 0
            return True
        visit.address = grouped(visit.peer)
        if self.addresses.is_full(visit.address) and not self._make_room(visit.address):
            visit.address = ""
            return False
        self.addresses.enter(visit.address)
        return True

    def _has_file(self, visit: Visit) -> bool:
        beyond = len(self._visits) + self._sockets() - self.most
        if beyond >= 0 and not self._said:  # log it once each time it becomes full
            log.error("gate: full, because this process may not open more files", extra={"connections": self.most})
        self._said = beyond >= 0
        if beyond >= HURRIED:
            visit.refuse()
            return False
        if beyond >= 0:
            asyncio.get_running_loop().call_later(HURRIED_SECONDS, visit.abort)
        return True

    def _make_room(self, address: str) -> bool:
        idle = next((visit for visit in self._visits if visit.address == address and visit.rests), None)
        if idle is None:
            return False
        idle.abort()
        self.went(idle)
        return True

    def went(self, visit: Visit) -> None:
        self._visits.pop(visit, None)
        if visit.address:
            self.addresses.leave(visit.address)
            visit.address = ""

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Behind a proxy, count the request, because the connection is the proxy's."""
        if not self._asking.is_proxy(request.remote):
            return await handler(request)
        address = self._asking.address(request)
        if self.addresses.is_full(address):
            return full()
        self.addresses.enter(address)
        try:
            return await handler(request)
        finally:
            self.addresses.leave(address)


class Visit(RequestHandler):
    """One HTTP connection. ``peer`` is the remote address, ``address`` what it counts against ("" for a proxy's)."""

    __slots__ = ("_gate", "_ours", "_refused", "_since", "_waits_for", "address", "idle_seconds", "peer")

    def __init__(self, gate: Gate, server: web.Server, **options: Any) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._gate = gate
        self.peer = ""
        self.address = ""
        self.idle_seconds = gate.idle_seconds
        self._ours: asyncio.Transport | None = None
        self._refused = False
        self._since = self._loop.time()
        self._waits_for: object = "head"

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._ours = cast("asyncio.Transport", transport)  # uvloop's class does not derive from it
        peer = transport.get_extra_info("peername")
        self.peer = str(peer[0]) if peer else ""
        self._refused = not self._gate.came(self)
        if not self._refused:
            super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self.refuse()
            return
        now, heads = self._loop.time(), self._request_count
        if self._is_idle and self._waits_for == "next":
            self._wait_for("head", now)
        super().data_received(data)
        if self._request_count > heads:
            self._wait_for("next", now)

    def refuse(self) -> None:
        """Answer that the server is full, and close. If a file is free, wait for the request first: a client that is
        still sending when the connection ends may never see the answer."""
        if self._ours is not None and not self._ours.is_closing():
            self._ours.write(_FULL)
            self._ours.close()

    def eof_received(self) -> None:
        if not self._refused:
            super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._gate.went(self)
        self._ours = None
        if not self._refused:
            super().connection_lost(exc)

    # --- waiting -----------------------------------------------------------------------------------------------------

    @property
    def _is_idle(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    @property
    def rests(self) -> bool:
        """Whether the connection is idle: answered, and without a further request."""
        return self._is_idle and self._waits_for != "head"

    def abort(self) -> None:
        if self._ours is not None:
            self._ours.abort()

    def look(self, now: float) -> None:
        """End the connection if what it waits for takes too long."""
        if self._ours is None:
            return
        most = self._patience(now)
        if most and now - self._since > most:
            self.abort()

    def _patience(self, now: float) -> float:
        """How many seconds it may wait for what it waits for now; 0 means no limit."""
        left = self._ours.get_write_buffer_size() if self._ours is not None else 0
        if left:
            self._wait_for(("reader", left), now)
            return self._gate.slow_seconds
        request = self._current_request
        if self._refused:
            return self._gate.request_seconds
        if request is not None:
            reading = not request.content.is_eof()
            # A part of a file may take as long as it wants, as long as it comes on.
            self._wait_for((request, reading, request.content.total_bytes // PROGRESS_BYTES), now)
            return self._gate.request_seconds if reading else 0
        if self._waits_for not in ("head", "next"):
            self._wait_for("next", now)
        return self._gate.request_seconds if self._waits_for == "head" else self.idle_seconds

    def _wait_for(self, what: object, now: float) -> None:
        if what != self._waits_for:
            self._waits_for, self._since = what, now


def full() -> web.Response:
    return web.Response(status=503, text="The server is full: retry later.\n", headers={"Retry-After": "10"})
