"""The base of all methods: a struct of parameters, a struct of results, and a row in a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chatserver.protocol.shapes import (
    RoomId,
)

Handle = Annotated[str, Meta(max_length=64)]
Name = Annotated[str, Meta(max_length=200)]
Password = Annotated[str, Meta(max_length=4096)]
Title = Annotated[str, Meta(max_length=200)]
About = Annotated[str, Meta(max_length=2000)]
Tags = Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=32)]
Label = Annotated[str, Meta(max_length=100)]
After = Annotated[str, Meta(max_length=200)]


class Params(Struct, frozen=True, omit_defaults=True):
    """The params of a request; unknown members are ignored."""


class RoomParams(Params, frozen=True):
    """A request about one room; those of one connection run one after another."""

    room: RoomId


class Nothing(Params, frozen=True):
    """No parameters, or an empty result."""


@dataclass(slots=True, frozen=True)
class Method:
    """One row. ``who`` may call it: "anyone" or a signed-in "user". ``connection``: over a WebSocket only.
    ``repeatable``: a client may retry it if the response was lost; a repeat changes nothing."""

    name: str
    params: type[Params]
    result: type[Any]
    summary: str
    who: Literal["anyone", "user"] = "user"
    connection: bool = False
    repeatable: bool = False
