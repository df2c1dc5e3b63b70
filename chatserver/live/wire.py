"""A wire: an encoding, compressed or not. Connections with the same wire share every frame of a room."""

from __future__ import annotations

from typing import Any, Final

from chatserver.errors import Refusal
from chatserver.protocol.codecs import JSON, MSGPACK, Codec, RequestId
from chatserver.protocol.frames import deflate, frame


class Wire:
    """One encoding and compression; builds complete WebSocket frames."""

    __slots__ = ("codec", "compressed")

    def __init__(self, codec: Codec, *, compressed: bool) -> None:
        self.codec = codec
        self.compressed = compressed

    def event(self, name: str, params: Any) -> bytes:
        return self._frame(self.codec.event(name, params))

    def response(self, id: RequestId, result: Any) -> bytes:
        return self._frame(self.codec.response(id, result))

    def refusal(self, id: RequestId, refusal: Refusal) -> bytes:
        return self._frame(self.codec.refusal(id, refusal))

    def _frame(self, payload: bytes) -> bytes:
        if self.compressed:
            payload = deflate(payload)
        return frame(payload, text=self.codec.text, compressed=self.compressed)


WIRES: Final = {
    (codec.subprotocol, compressed): Wire(codec, compressed=compressed)
    for codec in (JSON, MSGPACK)
    for compressed in (False, True)
}
