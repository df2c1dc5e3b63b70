"""The body of ``POST /files``, which begins an upload, and its answer."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from chatserver.protocol.shapes import File


class UploadRequest(Struct, frozen=True):
    """What a client says of a file that it is going to upload; unknown members are ignored."""

    purpose: Annotated[Literal["message", "avatar", "icon"], Meta(description="what it is for")] = field(name="for")
    size: Annotated[int, Meta(ge=0, le=2**53, description="how many bytes it has")]
    name: Annotated[str, Meta(max_length=1000, description="its name")] = ""
    type: Annotated[str, Meta(max_length=200, description="its media type; the server looks for itself")] = ""
    room: Annotated[str, Meta(max_length=64, description="the room to which it will be sent; for a message alone")] = ""
    keep: Annotated[bool, Meta(description="keep its bytes as they are, and only let it be saved")] = False
    seconds: Annotated[float, Meta(description="how long a recording lasts")] = 0.0
    peaks: Annotated[list[int], Meta(max_length=64, description="64 loudnesses of a recording, 0 to 100")] = []


class UploadAnswer(Struct, frozen=True):
    file: Annotated[File, Meta(description="the file; its type is known once all of it has come")]
