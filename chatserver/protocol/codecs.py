"""Encoding and decoding of JSON-RPC 2.0 messages, as JSON and as MessagePack. Decodes bytes to a ``Request`` or raises
a refusal; encodes results, refusals and events to bytes.

The WebSocket subprotocol selects the ``Codec``: ``chat.v1.json`` uses text frames, ``chat.v1.msgpack`` binary frames.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, ClassVar, Final, Union

import msgspec
from msgspec import NODEFAULT, UNSET, Raw, Struct, UnsetType

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.protocol.methods import METHODS
from chatserver.protocol.methods.base import Method, Params

RequestId = int | float | str | None


# gc=False: values that live for one message hold no cycles, so the garbage collector need not look at them.
class _Envelope(Struct, frozen=True, gc=False):
    method: str
    id: int | float | str | UnsetType | None = UNSET
    params: Raw = Raw(b"")


class _Id(Struct, frozen=True):
    """The id of a message that is otherwise not a valid request."""

    id: int | float | str | UnsetType | None = UNSET


class _Response(Struct, frozen=True, gc=False):
    id: RequestId
    result: Any
    jsonrpc: str = "2.0"


class _ErrorResponse(Struct, frozen=True):
    id: RequestId
    error: dict[str, Any]
    jsonrpc: str = "2.0"


class _Event(Struct, frozen=True, gc=False):
    method: str
    params: Any
    jsonrpc: str = "2.0"


class Request(Struct, frozen=True, gc=False):
    """A decoded request; each method has its own subclass. ``id`` is UNSET if no response is wanted."""

    params: Any
    id: int | float | str | UnsetType | None = UNSET

    method: ClassVar[Method]

    @property
    def wants_answer(self) -> bool:
        return self.id is not UNSET


def _class_of(row: Method) -> type[Request]:
    """The ``Request`` subclass of a method, selected by the member ``method`` when decoding."""
    optional = not any(field.required for field in msgspec.structs.fields(row.params))
    params = ("params", row.params, msgspec.field(default_factory=row.params) if optional else NODEFAULT)
    made: type[Any] = msgspec.defstruct(
        f"{row.params.__name__}Request", [params, ("id", int | float | str | UnsetType | None, UNSET)],
        bases=(Request,), namespace={"method": row}, tag_field="method", tag=row.name, frozen=True, gc=False,
        kw_only=True,
    )  # fmt: skip
    return made


_REQUESTS: Final = {row.name: _class_of(row) for row in METHODS.values()}


class Unreadable(Exception):
    """A message is not a valid request. Holds the refusal to answer, and the request's id if it could be read."""

    def __init__(self, refusal: Refusal, id: RequestId | UnsetType = None) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal
        self.id = id


_UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_SOME_KEY: Final = "[...]"
_PATH: Final = re.compile(r" - at `\$\.?(.*)`$")


def _invalid_params(text: str, key: str = "") -> Refusal:
    """msgspec's error about params as a refusal; ``key`` replaces the ``[...]`` in its path."""
    found = _PATH.search(text)
    missing = re.match(r"Object missing required field `(\w+)`", text)
    path = found.group(1).replace(_SOME_KEY, f".{key}") if found else ""
    if missing:
        path = f"{path}.{missing.group(1)}" if path else missing.group(1)
    return errors.invalid(path, _PATH.sub("", text))


def error_object(refusal: Refusal) -> dict[str, Any]:
    """The ``error`` member of a response, the same over WebSocket and HTTP."""
    return {"code": refusal.code, "message": refusal.message, "data": refusal.data}


class Codec:
    """One encoding of messages. ``text``: it uses text frames."""

    __slots__ = (
        "_decode", "_decode_envelope", "_decode_id", "_decode_map", "_decoders", "_encode", "_no_params", "name",
        "subprotocol", "text",
    )  # fmt: skip

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
        self._decode = decoder(Union[tuple(_REQUESTS.values())])  # type: ignore[arg-type]  # noqa: UP007  # made of a list
        self._decode_envelope = decoder(_Envelope)
        self._decode_map = decoder(dict[str, Raw])
        self._decode_id = decoder(_Id)
        self._no_params = {b"", encode(None)}
        self._decoders = {row.name: decoder(row.params) for row in METHODS.values()}

    def request(self, data: bytes) -> Request:
        """Decode one message. Raises ``Unreadable`` with the refusal to answer.

        Decodes in one go; if that fails, decodes in parts to find out what to name in the refusal.
        """
        try:
            request: Request = self._decode(data)
        except _UNDECODABLE:
            return self._request_in_parts(data)
        return request

    def _request_in_parts(self, data: bytes) -> Request:
        envelope = self._envelope(data)
        method = METHODS.get(envelope.method)
        if method is None:
            raise Unreadable(Refusal(errors.METHOD, f"No such method: {envelope.method[:64]}"), envelope.id)
        return _REQUESTS[method.name](params=self._params(envelope), id=envelope.id)

    def _envelope(self, data: bytes) -> _Envelope:
        try:
            envelope: _Envelope = self._decode_envelope(data)
        except msgspec.ValidationError as error:
            raise Unreadable(Refusal(errors.REQUEST, f"Not a valid request: {error}"), self._id(data)) from None
        except _UNDECODABLE as error:
            raise Unreadable(Refusal(errors.PARSE, f"Cannot be parsed: {error}")) from None
        return envelope

    def _id(self, data: bytes) -> RequestId:
        """The id of a message that is not a valid request, so that its sender gets the refusal; None if there is
        none."""
        try:
            found: _Id = self._decode_id(data)
        except _UNDECODABLE:
            return None
        return None if found.id is UNSET else found.id

    def _params(self, envelope: _Envelope) -> Params:
        given = bytes(envelope.params)
        try:
            params: Params = self._decoders[envelope.method](self._encode({}) if given in self._no_params else given)
        except msgspec.ValidationError as error:
            refusal = _invalid_params(str(error), self._key(envelope.method, given, str(error)))
            raise Unreadable(refusal, envelope.id) from None
        except _UNDECODABLE as error:
            raise Unreadable(Refusal(errors.PARSE, f"Cannot be parsed: {error}"), envelope.id) from None
        return params

    def _key(self, method: str, given: bytes, text: str) -> str:
        """The key of the invalid value in a map, which msgspec does not name: the one that fails alike on its own."""
        found = _PATH.search(text)
        if found is None or _SOME_KEY not in found.group(1):
            return ""
        member = found.group(1).partition(_SOME_KEY)[0]
        for key, held in self._map(bytes(self._map(given).get(member, b""))).items():
            try:
                self._decoders[method](self._encode({member: {key: held}}))
            except msgspec.ValidationError as error:
                if str(error) == text:
                    return key
        return ""

    def _map(self, data: bytes) -> dict[str, Raw]:
        try:
            members: dict[str, Raw] = self._decode_map(data)
        except _UNDECODABLE:
            return {}
        return members

    def params(self, method: Method, data: bytes) -> Params:
        """Decode the params of an HTTP call, which has no envelope. Raises ``Unreadable``."""
        return self._params(_Envelope(method.name, None, Raw(data)))

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
