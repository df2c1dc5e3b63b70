"""The downloads service: who may see a file, and its bytes.

It is asked of the room at each request, with the rule by which the message is read. To whoever may not see a file it
looks as if it did not exist.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from chatserver import errors
from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.shapes import File
from chatserver.rules.rooms import access
from chatserver.services.caller import Caller
from chatserver.services.files.making import WHOLE
from chatserver.store.blobs.blobs import folder_of
from chatserver.store.files.files import FileStore, Where
from chatserver.store.files.records import IN_ROOMS, Held, Upload

SIZES = ("small", "large", WHOLE)


class Download(NamedTuple):
    """A file that may be read now. ``name`` is the size of it; ``inline``: a page may show it."""

    file: File
    name: str
    size: int
    inline: bool
    kept: bool


class Downloads:
    """Built in composition.py for the doors."""

    def __init__(self, hub: Hub, files: FileStore) -> None:
        self._hub = hub
        self._files = files

    async def open(self, caller: Caller, file: str, size: str) -> Download:
        """The file in this size (of ``SIZES``), or the next larger one that it has. Raises ``Refusal`` not_found."""
        try:
            held = await self._readable(caller.user_id, file)
        except Refusal as refusal:
            if refusal.kind is UNAVAILABLE:
                raise
            raise errors.not_found("file") from None
        return _in_size(held, size)

    async def _readable(self, viewer: str, file: str) -> Held:
        state = await self._files.upload(file)
        if state is None or not state.done:
            raise errors.not_found("file")
        if state.upload.purpose not in IN_ROOMS:
            return await self._own_picture(viewer, file, state.upload)
        where = await self._files.where(file, state.upload.room, viewer)
        held = where.held
        if not held.seq and held.user != viewer:
            raise errors.not_found("file")
        if held.only not in {"", viewer}:
            raise errors.not_found("file")
        await self._require_room(where, state.upload.room, viewer)
        return held

    async def _own_picture(self, viewer: str, file: str, upload: Upload) -> Held:
        """An avatar is for whoever may read profiles, the icon for everyone; before it is used for its uploader."""
        held = await self._files.held(file, upload)
        is_public = held.seq and (viewer or upload.purpose == "icon")
        if not is_public and viewer != held.user:
            raise errors.not_found("file")
        return held

    async def _require_room(self, where: Where, room: str, viewer: str) -> None:
        """Raise ``Refusal`` unless this viewer may read the room."""
        banned = access.is_banned(where.banned_until, now_ms())
        access.may_read(where, where.member, signed_in=bool(viewer), banned=banned)
        if where.kind == "direct" and not (await self._hub.pointer(viewer, room)).inside:
            raise errors.not_found("file")

    def read(self, download: Download, start: int, end: int) -> AsyncIterator[memoryview]:
        """The bytes from ``start`` to before ``end``."""
        return self._files.blobs.read(f"{folder_of(download.file.id)}/{download.name}", start, end)


def _in_size(held: Held, size: str) -> Download:
    file = held.file
    inline = not held.kept and (bool(file.width) or file.type.startswith("audio/"))
    for name in SIZES[SIZES.index(size) :]:
        if name in held.sizes:
            return Download(file, name, held.sizes[name], inline, held.kept)
    return Download(file, WHOLE, file.size, inline, held.kept)
