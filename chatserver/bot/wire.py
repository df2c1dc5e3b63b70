"""The client's encoding: requests out, responses and events in. No socket, no loop.

``chatserver.protocol.codecs`` is the server's side; both use the same structs.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Raw, Struct

from chatserver import errors
from chatserver.bot.backoff import LONGEST_S
from chatserver.errors import ErrorKind, Refusal
from chatserver.protocol.codecs import JSON, MSGPACK, Codec
from chatserver.protocol.events import EVENTS
from chatserver.protocol.methods import METHODS

_KINDS: Final = {kind.code: kind for kind in errors.TABLE}


class _Request(Struct, frozen=True):
    id: int
    method: str
    params: Any
    jsonrpc: str = "2.0"


class _Error(Struct, frozen=True):
    code: int
    message: str = ""
    data: dict[str, Any] = {}


class _Incoming(Struct, frozen=True):
    id: int | float | str | None = None
    method: str = ""
    params: Raw = Raw(b"")
    result: Raw = Raw(b"")
    error: _Error | None = None


@dataclass(slots=True, frozen=True)
class Answer:
    """The response to the request ``id``: the encoded result, or the refusal."""

    id: int
    result: bytes
    refusal: Refusal | None


@dataclass(slots=True, frozen=True)
class Heard:
    """An event: its wire name and decoded params."""

    name: str
    params: Any


class _Refused(Struct, frozen=True):
    error: _Error


def refusal_of_body(body: bytes) -> Refusal:
    """What an answer over HTTP refuses. Raises ``msgspec.MsgspecError`` if it is not the server's."""
    return _refusal(msgspec.json.decode(body, type=_Refused).error)


def wait_for(refusal: Refusal) -> float | None:
    """Seconds to wait before a retry; None if a retry is useless."""
    if refusal.kind is errors.RATE_LIMITED:
        wait = float(refusal.data.get("retry_after", 1.0))
        return wait if wait <= 2 * LONGEST_S else None
    return 0.0 if refusal.kind is errors.UNAVAILABLE else None


def _refusal(error: _Error) -> Refusal:
    kind = _KINDS.get(error.code) or ErrorKind(error.code, "unknown", 500, "")
    refusal = Refusal(kind, error.message, str(error.data.get("reason", "")))
    refusal.data.update(error.data)
    return refusal


class Wire:
    """One encoding, from the client's side."""

    __slots__ = ("_decode", "codec", "subprotocol")

    def __init__(self, codec: Codec = MSGPACK) -> None:
        self.codec = codec
        self.subprotocol = codec.subprotocol
        self._decode: Callable[..., Any] = msgspec.json.decode if codec is JSON else msgspec.msgpack.decode

    def request(self, id: int, method: str, params: Any) -> bytes | str:
        """Encode a request for the socket: str for JSON, bytes for MessagePack."""
        data = self.codec.encode(_Request(id, method, params))
        return data.decode() if self.codec.text else data

    def read(self, data: bytes | str) -> Answer | Heard | None:
        """Decode a message of the server. None for an unknown event. Raises ``msgspec.DecodeError``."""
        incoming = self._decode(data, type=_Incoming)
        if incoming.method:
            kind = EVENTS.get(incoming.method)
            return Heard(kind.name, self._decode(incoming.params, type=kind.params)) if kind else None
        if not isinstance(incoming.id, int):
            return None
        refusal = _refusal(incoming.error) if incoming.error else None
        return Answer(incoming.id, bytes(incoming.result), refusal)

    def result(self, method: str, data: bytes) -> Any:
        """Decode a result to the protocol's struct; to plain values for an unknown method."""
        row = METHODS.get(method)
        return self._decode(data, type=row.result if row else Any)


def params(method: str, given: dict[str, Any]) -> Any:
    """Check parameters against the protocol's struct. Raises ``msgspec.ValidationError``."""
    row = METHODS.get(method)
    return msgspec.convert(given, type=row.params) if row else given


def socket_url(url: str) -> str:
    """The URL of the WebSocket for the address people use: ``https://chat.example`` → ``wss://chat.example/ws``."""
    parts = urlsplit(url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    if scheme not in {"ws", "wss"} or not parts.netloc:
        raise errors.StartError(f"CHATSERVER_URL must look like https://chat.example.org, not {url!r}")
    path = parts.path if parts.path.endswith("/ws") else parts.path.rstrip("/") + "/ws"
    return urlunsplit((scheme, parts.netloc, path, "", ""))


def http_url(url: str) -> str:
    """The address before every path, for the address people use or the URL of the WebSocket."""
    parts = urlsplit(socket_url(url))
    return urlunsplit(({"ws": "http", "wss": "https"}[parts.scheme], parts.netloc, parts.path[: -len("/ws")], "", ""))
