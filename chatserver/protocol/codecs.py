"""The envelope, JSON-RPC 2.0, in its two encodings. Bytes in, a ``Request`` or a ``Refusal`` out; results, refusals
and events in, bytes out.

A ``Codec`` is chosen by WebSocket subprotocol: ``chat.v1.json`` travels in text frames, ``chat.v1.msgpack`` in binary.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.protocol.methods import METHODS, Method, Params

RequestId = int | float | str | None


class _Envelope(Struct, frozen=True):
    method: str
    id: int | float | str | UnsetType | None = UNSET
    params: Raw = Raw(b"")


class _Response(Struct, frozen=True):
    id: RequestId
    result: Any
    jsonrpc: str = "2.0"


class _ErrorResponse(Struct, frozen=True):
    id: RequestId
    error: dict[str, Any]
    jsonrpc: str = "2.0"


class _Event(Struct, frozen=True):
    method: str
    params: Any
    jsonrpc: str = "2.0"


class Request(Struct, frozen=True):
    """One decoded request; ``id`` is UNSET when no answer is wanted."""

    method: Method
    params: Params
    id: RequestId | UnsetType

    @property
    def wants_answer(self) -> bool:
        return self.id is not UNSET


class Unreadable(Exception):
    """A message that is no request: the refusal to answer with, and the request's id where it could be read."""

    def __init__(self, refusal: Refusal, id: RequestId | UnsetType = None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.id = id


_PATH: Final = re.compile(r" - at `\$\.?(.*)`$")


def _invalid_params(error: msgspec.ValidationError) -> Refusal:
    text = str(error)
    found = _PATH.search(text)
    missing = re.match(r"Object missing required field `(\w+)`", text)
    path = found.group(1) if found else ""
    if missing:
        path = f"{path}.{missing.group(1)}" if path else missing.group(1)
    return errors.invalid(path, _PATH.sub("", text))


def error_object(refusal: Refusal) -> dict[str, Any]:
    """The ``error`` member, the same over WebSocket and HTTP."""
    return {"code": refusal.code, "message": refusal.message, "data": refusal.data}


class Codec:
    """One encoding of the envelope. ``text`` says whether it travels in text frames."""

    __slots__ = ("_decode", "_decoders", "_encode", "name", "subprotocol", "text")

    def __init__(
        self,
        name: str,
        *,
        text: bool,
        encode: Callable[[Any], bytes],
        decoder: Callable[[type[Any]], Callable[[bytes], Any]],
    ) -> None:
        self.name = name
        self.subprotocol = f"chat.v1.{name}"
        self.text = text
        self._encode = encode
        self._decode = decoder(_Envelope)
        self._decoders = {row.name: decoder(row.params) for row in METHODS.values()}

    def request(self, data: bytes) -> Request:
        """Decode one message. Raises ``Unreadable`` with the refusal to answer."""
        envelope = self._envelope(data)
        method = METHODS.get(envelope.method)
        if method is None:
            raise Unreadable(Refusal(errors.METHOD, f"No such method: {envelope.method[:64]}"), envelope.id)
        return Request(method, self._params(envelope), envelope.id)

    def _envelope(self, data: bytes) -> _Envelope:
        try:
            envelope: _Envelope = self._decode(data)
        except msgspec.ValidationError as error:
            raise Unreadable(Refusal(errors.REQUEST, f"Not a request: {error}")) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unreadable(Refusal(errors.PARSE, f"Cannot be read: {error}")) from None
        return envelope

    def _params(self, envelope: _Envelope) -> Params:
        try:
            params: Params = self._decoders[envelope.method](bytes(envelope.params) or self._encode({}))
        except msgspec.ValidationError as error:
            raise Unreadable(_invalid_params(error), envelope.id) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Unreadable(Refusal(errors.PARSE, f"Cannot be read: {error}"), envelope.id) from None
        return params

    def params(self, method: Method, data: bytes) -> Params:
        """Decode the bare parameters of an HTTP call. Raises ``Unreadable``."""
        return self._params(_Envelope(method.name, None, Raw(data or self._encode({}))))

    def response(self, id: RequestId, result: Any) -> bytes:
        return self._encode(_Response(id, result))

    def refusal(self, id: RequestId, refusal: Refusal) -> bytes:
        return self._encode(_ErrorResponse(id, error_object(refusal)))

    def event(self, name: str, params: Any) -> bytes:
        return self._encode(_Event(name, params))

    def encode(self, value: Any) -> bytes:
        return self._encode(value)


JSON: Final = Codec(
    "json", text=True, encode=msgspec.json.Encoder().encode, decoder=lambda type_: msgspec.json.Decoder(type_).decode
)
MSGPACK: Final = Codec(
    "msgpack",
    text=False,
    encode=msgspec.msgpack.Encoder().encode,
    decoder=lambda type_: msgspec.msgpack.Decoder(type_).decode,
)
CODECS: Final = {codec.subprotocol: codec for codec in (JSON, MSGPACK)}
