"""The store of files: uploads, quotas, and what each room holds of its files.

A file's record lies under its room's tag, so that the message that carries it and its deletion change it in the same
step (append.lua, message_delete.lua). ``{f:ID}`` says which room that is. The bytes are in ``blobs``.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Mapping
from typing import Final, NamedTuple, cast

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.protocol.shapes import File
from chatserver.rules.files.uploads import UNUSED_MS
from chatserver.rules.rooms.access import Kind
from chatserver.store.blobs.blobs import Blobs, file_of, folder_of
from chatserver.store.engine import keys
from chatserver.store.engine.keys import Tag
from chatserver.store.engine.store import Store, flat, status
from chatserver.store.files.erasing import Erasing
from chatserver.store.files.records import (
    IN_ROOMS,
    Held,
    Upload,
    UploadState,
    pack,
    unpack_held,
    unpack_upload,
)
from chatserver.store.messages.log import refusal_of
from chatserver.store.rooms.records import MemberRecord, member_record

log = logging.getLogger(__name__)
BEGUN: Final = keys.FILES + ":begun"
SCRUB: Final = keys.FILES + ":scrub"
SCRUB_MS: Final = 23 * 3_600_000
_QUOTAS: Final = {
    "quota": "Your files take all the room that you have: delete some messages with files",
    "day": "You have sent as much as is allowed on a day: try again tomorrow",
}


class Quota(NamedTuple):
    """Most bytes of all files of a user, and of those sent on a day; 0 means no limit."""

    user_bytes: int
    day_bytes: int


class Where(NamedTuple):
    """A file of a room, and what decides who may see it."""

    held: Held
    kind: Kind
    window: bool
    archived: bool
    member: MemberRecord | None
    banned_until: int | None
    bots: bool = False


class FileStore:
    """``erasing`` removes what is not needed any more."""

    def __init__(self, store: Store, blobs: Blobs, erasing: Erasing, quota: Quota) -> None:
        self._store = store
        self.blobs = blobs
        self.erasing = erasing
        self._quota = quota

    # --- uploads -----------------------------------------------------------------------------------------------------

    async def begin(self, file: str, upload: Upload, *, day: int) -> None:
        """Begin an upload, and reserve room for it. Raises ``Refusal`` quota.

        The file is listed before anything else is stored of it, so that whatever is left over by a crash is found.
        """
        await self._store.command(keys.FILES, "ZADD", BEGUN, upload.at, f"{file} {upload.user}")
        quota = self._quota
        answer = await self._store.call(
            "quota_take", keys.user(upload.user), file, upload.size, day, quota.user_bytes, quota.day_bytes
        )
        if status(answer) != "ok":
            await self._store.command(keys.FILES, "ZREM", BEGUN, f"{file} {upload.user}")
            raise errors.conflict(_QUOTAS[status(answer)], "quota")
        tag = keys.file(file)
        await self._store.command(tag, "HSET", tag, "upload", pack(upload), "offset", 0, "parts", "")

    async def upload(self, file: str) -> UploadState | None:
        """An upload, or the file that it became; None if there is none."""
        fields = flat(await self._store.command(keys.file(file), "HGETALL", keys.file(file)))
        if "upload" not in fields:
            return None
        parts = fields.get("parts", b"").decode().split()
        return UploadState(unpack_upload(fields["upload"]), int(fields["offset"]), parts, "done" in fields)

    async def add_part(self, file: str, offset: int, upto: int, part: str) -> tuple[bool, int]:
        """Whether the part was added, and where the upload ends now. Raises ``Refusal`` not_found."""
        answer = await self._store.call("upload_part", keys.file(file), offset, upto, part)
        if status(answer) == "not_found":
            raise errors.not_found("file")
        return status(answer) == "ok", int(answer[1])

    async def add_fetched(self, held: Held, upload: Upload, objects: Mapping[str, bytes]) -> None:
        """Write a finished file that the server fetched; it takes no room of anybody's. Like an upload it is listed
        first, and is gone after a day unless a message uses it. Raises ``Refusal`` unavailable."""
        file = held.file.id
        tag = keys.file(file)
        await self._store.command(keys.FILES, "ZADD", BEGUN, upload.at, f"{file} {upload.user}")
        await self._store.command(
            tag, "HSET", tag, "upload", pack(upload), "offset", upload.size, "parts", "", "done", 1
        )
        for name, content in objects.items():
            await self.blobs.put(f"{folder_of(file)}/{name}", io.BytesIO(content))

    # --- files of a room ---------------------------------------------------------------------------------------------

    async def require_allowed(self, room: str, user: str) -> None:
        """Raise ``Refusal`` unless the user may send files to the room now."""
        answer = await self._store.call("file_allowed", keys.room(room), user, now_ms())
        if status(answer) != "ok":
            raise refusal_of(status(answer), *answer[1:])

    async def finish(self, held: Held, upload: Upload) -> File:
        """Make the upload a file of its room, which one message may use. Returns what messages carry of it.
        Raises ``Refusal`` if its user may not send files there any more, or gave it up meanwhile."""
        file = held.file.id
        packed = await self._add(file, upload, pack(held))
        done = await self._store.call("upload_done", keys.file(file))
        if status(done) != "ok":
            await self._store.call("file_drop", _tag_of(upload), file, upload.user)
            raise errors.not_found("file")
        await self.erasing.erase_parts(file)
        return unpack_held(packed).file

    async def _add(self, file: str, upload: Upload, packed: bytes) -> bytes:
        """Add the file to the tag where it lies; returns what that holds of it, perhaps from an earlier time."""
        tag = _tag_of(upload)
        if upload.purpose != "message":
            await self._store.command(tag, "HSETNX", tag + ":files", file, packed)
            return packed
        answer = await self._store.call("file_add", tag, upload.user, now_ms(), file, packed)
        if status(answer) != "ok":
            raise refusal_of(status(answer), *answer[1:])
        return cast("bytes", answer[1])

    async def finished(self, file: str, upload: Upload) -> File:
        """What messages carry of a finished file. Raises ``Refusal`` not_found."""
        return (await self.held(file, upload)).file

    async def held(self, file: str, upload: Upload) -> Held:
        """What is held of a finished file, wherever it lies. Raises ``Refusal`` not_found."""
        tag = _tag_of(upload)
        packed: bytes | None = await self._store.command(tag, "HGET", tag + ":files", file)
        if packed is None:
            raise errors.not_found("file")
        return unpack_held(packed)

    async def where(self, file: str, room: str, viewer: str) -> Where:
        """A file of this room as a user ("" for a visitor) meets it. Raises ``Refusal`` not_found."""
        answer = await self._store.call("file_read", keys.room(room), viewer, file)
        if status(answer) != "ok":
            raise errors.not_found("file")
        _, packed, kind, window, archived, member, until = answer
        return Where(
            unpack_held(packed), kind.decode(), bool(window), bool(archived),
            member_record(member) if member else None, int(until) if until else None,
        )  # fmt: skip

    async def drop(self, file: str, upload: Upload) -> None:
        """Remove a file that no message uses, and its bytes. Raises ``Refusal`` file_used."""
        tag = _tag_of(upload)
        answer = await self._store.call("file_drop", tag, file, upload.user)
        if status(answer) == "used":
            raise errors.conflict("This file is used: delete the message, or choose another picture", "file_used")
        await self.erasing.discard({file: upload.user}, tag=tag)

    # --- what nobody uses --------------------------------------------------------------------------------------------

    async def drop_unused(self, before: int) -> int:
        """Remove uploads and files that were begun before this time (ms) and that nothing uses; returns how many."""
        dropped = 0
        while found := await self._store.command(keys.FILES, "ZRANGEBYSCORE", BEGUN, "-inf", before, "LIMIT", 0, 100):
            for entry in found:
                file, user = entry.decode().split(" ")
                dropped += await self._drop_unused(file, user)
                await self._store.command(keys.FILES, "ZREM", BEGUN, entry)
        return dropped

    async def _drop_unused(self, file: str, user: str) -> bool:
        state = await self.upload(file)
        tag = _tag_of(state.upload) if state is not None else None
        if tag is not None:
            answer = await self._store.call("file_drop", tag, file, user)
            if status(answer) == "used":
                await self.erasing.erase_parts(file)
                return False
        await self.erasing.discard({file: user}, tag=tag)
        return True

    # --- bytes that nothing names ------------------------------------------------------------------------------------

    async def scrub_daily(self) -> None:
        """``scrub``, at most once a day over all processes. Every process calls this often."""
        if await self._store.command(keys.FILES, "SET", SCRUB, "1", "NX", "PX", SCRUB_MS) is not None:
            await self.scrub(now_ms() - UNUSED_MS)

    async def scrub(self, before: int) -> int:
        """Erase what was written before this time (ms) and belongs to no file: after a backup was restored, or if a
        step was lost. Returns how many folders were erased."""
        erased, seen = 0, ""
        async for blob in self.blobs.all():
            file = file_of(blob.path)
            if file == seen or blob.at > before:
                continue
            seen = file
            if not await self._is_named(file):
                erased += 1
                log.warning("files: bytes that nothing names are erased", extra={"file": file})
                await self.blobs.erase(folder_of(file) if file else blob.path)
        return erased

    async def _is_named(self, file: str) -> bool:
        """Whether it is an upload, or a file that its room holds."""
        state = await self.upload(file)
        if state is None or not state.done:
            return state is not None
        tag = _tag_of(state.upload)
        return bool(await self._store.command(tag, "HEXISTS", tag + ":files", file))


def _tag_of(upload: Upload) -> Tag:
    """The tag under which the file lies: its room's, for an avatar its user's, for the icon the community's."""
    if upload.purpose in IN_ROOMS:
        return keys.room(upload.room)
    return keys.user(upload.user) if upload.purpose == "avatar" else keys.COMMUNITY
