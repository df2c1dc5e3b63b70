"""What is stored of uploads and files."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import Struct, field

from chatserver.protocol.shapes import File

Purpose = Literal["message", "preview", "avatar", "icon"]
IN_ROOMS: Final = frozenset[Purpose]({"message", "preview"})
"""The purposes of files that belong to a message, and lie under its room's tag."""


class Upload(Struct, frozen=True, kw_only=True):
    """What its sender said of a file when the upload began; ``at`` in ms. ``room`` is "" for a picture of the user or
    the community. The picture of a link's preview was fetched by the server: its ``user`` is ""."""

    user: str
    purpose: Purpose
    room: str = ""
    name: str = ""
    size: int = 0
    keep: bool = False
    seconds: float = 0.0
    peaks: list[int] = []
    at: int = 0


class UploadState(Struct, frozen=True):
    """An upload and how far it came: ``parts`` are the names of its parts, in order."""

    upload: Upload
    offset: int
    parts: list[str]
    done: bool


class Held(Struct, frozen=True, omit_defaults=True):
    """A finished file as its room holds it. ``sizes`` are the smaller sizes of a picture, in bytes by name; ``kept``:
    its bytes are as they were sent; ``seq`` is the message that uses it, 0 for none; ``only`` the only user who may see
    that message, "" for everyone."""

    user: str = field(name="u")
    file: File = field(name="f")
    sizes: dict[str, int] = field(name="z", default_factory=dict)
    kept: bool = field(name="k", default=False)
    seq: int = field(name="s", default=0)
    only: str = field(name="v", default="")


pack = msgspec.msgpack.Encoder().encode
unpack_upload = msgspec.msgpack.Decoder(Upload).decode
unpack_held = msgspec.msgpack.Decoder(Held).decode
