"""The WebSocket endpoint /ws: checks the handshake, then takes the socket over from aiohttp.

aiohttp's WebSocket costs a task and 14 KB per connection. Here the transport gets a new protocol, aiohttp's handler is
notified that its transport is gone and ends with ConnectionResetError, and the serialized request is fed to
``websockets``' ``ServerProtocol``, so that its parser and extensions are in the right state: 6 KB per connection, no
task, no queue.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from websockets.datastructures import Headers
from websockets.exceptions import NegotiationError
from websockets.extensions import Extension
from websockets.extensions.permessage_deflate import PerMessageDeflate, ServerPerMessageDeflateFactory
from websockets.http11 import Request as Handshake
from websockets.http11 import Response
from websockets.server import ServerProtocol
from websockets.typing import ExtensionParameter, Subprotocol

from chatserver.doors.authentication import Authentication
from chatserver.doors.gate import Addresses, full
from chatserver.doors.requests import Lanes, Requests
from chatserver.errors import Refusal
from chatserver.live.connection import Connection, OnClosed
from chatserver.live.hub import Hub
from chatserver.live.wire import WIRES
from chatserver.protocol.codecs import CODECS, JSON
from chatserver.services.caller import Caller

log = logging.getLogger(__name__)
_HANDSHAKE: Final = {
    "host", "upgrade", "connection", "sec-websocket-key", "sec-websocket-version", "sec-websocket-protocol",
    "sec-websocket-extensions",
}  # fmt: skip
START_BYTES: Final = 1 << 19
"""The largest session.start of a user: the cursors of a thousand rooms are 100 KB, all in one message."""
_SUBPROTOCOLS: Final = [Subprotocol(name) for name in CODECS]


class Sockets:
    """Opens connections. Limits are numbers of sockets; 0 means no limit."""

    def __init__(
        self, hub: Hub, requests: Requests, authentication: Authentication, on_closed: OnClosed,
        *, addresses: Addresses, most: int, frame_bytes: int, compression: bool,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._asking = authentication
        self._addresses = addresses
        self._most = most
        self._frame_bytes = frame_bytes
        self._compression = compression
        self.draining = False
        self._requests = requests
        self._on_closed = on_closed

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """GET /ws. Answers 400, 401, 403, 426 or 503 if no WebSocket is opened."""
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(
                status=426, text="This endpoint only accepts WebSocket upgrades.\n", headers={"Upgrade": "websocket"}
            )
        if self._is_full():  # before checking a token, which costs a call of the store
            return full()
        try:
            caller = await self._asking.who(request, writes=True)
        except Refusal as refusal:
            return web.Response(status=refusal.kind.status, text=refusal.message + "\n")
        if self._is_full() or self._hub.is_full(caller.user_id):
            return full()
        protocol, response = self._negotiate(request)
        if response is None or response.status_code != 101:
            return _refused(response)
        return _TakeOver(self, caller, protocol, _early_frames(request))

    def _is_full(self) -> bool:
        """Whether this process has too many sockets. The gate has checked the limit of the address."""
        return self.draining or 0 < self._most <= len(self._hub.connections)

    def _negotiate(self, request: web.Request) -> tuple[ServerProtocol, Response | None]:
        """Let ``ServerProtocol`` accept the request; the response is None if it is not a valid request."""
        protocol = ServerProtocol(
            subprotocols=_SUBPROTOCOLS, max_size=self._frame_bytes or None,
            select_subprotocol=_choose, extensions=[_deflate()] if self._compression else None,
        )  # fmt: skip
        # Only headers of the handshake: others may contain something that ServerProtocol refuses.
        about = Headers(
            (name, value.encode("ascii", "replace").decode())
            for name, value in request.headers.items()
            if name.lower() in _HANDSHAKE
        )
        protocol.receive_data(Handshake("/ws", about).serialize())
        events = protocol.events_received()
        if not events or not isinstance(events[0], Handshake):
            return protocol, None
        response = protocol.accept(events[0])
        protocol.send_response(response)
        return protocol, response

    def take_over(self, request: web.BaseRequest, caller: Caller, protocol: ServerProtocol, early: bytes) -> None:
        """Turn the request's transport into a ``Connection``; ``early`` are bytes received after the request."""
        http, transport = request.protocol, request.transport
        if transport is None or transport.is_closing():
            return
        wire = WIRES[protocol.subprotocol or JSON.subprotocol, bool(protocol.extensions)]
        now = asyncio.get_running_loop().time()
        connection = Connection(
            self._hub, protocol, wire, now, frame_bytes=self._frame_bytes, on_message=self._requests.message,
            on_closed=self._closed,
        )  # fmt: skip
        if caller.user_id and self._frame_bytes:
            connection.begin_with(START_BYTES)
        transport.set_protocol(connection)
        http.transport = None
        http.connection_lost(None)
        connection.take_over(transport)
        connection.address, connection.agent = caller.address, caller.agent
        for data in protocol.data_to_send():
            if data:
                transport.write(data)
        caller.connection = connection
        self._requests.welcome(connection, caller)
        self._addresses.enter(caller.address)
        self._hub.opened(connection)
        if not transport.is_reading():
            transport.resume_reading()
        if early:
            connection.data_received(early)

    def _closed(self, connection: Connection) -> None:
        if isinstance(connection.data, Lanes):
            self._addresses.leave(connection.address)
            connection.data.backlog.clear()
        self._on_closed(connection)


def _early_frames(request: web.Request) -> bytes:
    """Frames that a client sent before it got its 101: aiohttp buffers them, and would parse them as HTTP."""
    early, request.protocol._message_tail = request.protocol._message_tail, b""
    return early


def _refused(response: Response | None) -> web.Response:
    """``ServerProtocol``'s response to an invalid handshake, as an aiohttp response."""
    if response is None:
        return web.Response(status=400, text="This is not a valid WebSocket handshake.\n")
    kept = {name: value for name, value in response.headers.raw_items() if name in {"Upgrade", "Sec-WebSocket-Version"}}
    return web.Response(status=response.status_code, body=response.body or b"", headers=kept)


def _choose(_: ServerProtocol, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """The first subprotocol that we support; None, which means JSON, if none is requested."""
    for name in offered:
        if name in CODECS:
            return name
    if offered:
        raise NegotiationError("request chat.v1.json or chat.v1.msgpack, or no subprotocol")
    return None


class _Deflate(ServerPerMessageDeflateFactory):
    """Frames are compressed once for all connections, so a client that requests another window size gets plain
    frames."""

    def process_request_params(
        self, params: Sequence[ExtensionParameter], accepted_extensions: Sequence[Extension]
    ) -> tuple[list[ExtensionParameter], PerMessageDeflate]:
        if any(name == "server_max_window_bits" and bits != "15" for name, bits in params):
            raise NegotiationError("frames are compressed for the full window")
        return super().process_request_params(params, accepted_extensions)


def _deflate() -> ServerPerMessageDeflateFactory:
    """Without context takeover, so that a frame compressed once serves every connection."""
    return _Deflate(server_no_context_takeover=True, client_no_context_takeover=True, compress_settings={"memLevel": 5})


class _TakeOver(web.Response):
    """A response that, when prepared, takes the transport from aiohttp and ends its handler."""

    def __init__(self, sockets: Sockets, caller: Caller, protocol: ServerProtocol, early: bytes) -> None:
        super().__init__()
        self._early = early
        self._sockets = sockets
        self._caller = caller
        self._protocol = protocol

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        self._sockets.take_over(request, self._caller, self._protocol, self._early)
        raise ConnectionResetError
