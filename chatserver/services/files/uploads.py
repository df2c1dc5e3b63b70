"""The uploads service: a file comes in parts, and any server takes the next one.

Each part is an object of its own in the storage. The last one, and an empty one after it, make the file: the parts are
joined, ``Making`` looks what it is and writes what is kept of it, and the room takes it in.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import IO, Final, NamedTuple

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import new_id, now_ms
from chatserver.protocol.shapes import File
from chatserver.protocol.uploads import UploadRequest
from chatserver.rules.files import kinds, names, uploads
from chatserver.rules.limits import Buckets
from chatserver.services.accounts.newcomers import Newcomers
from chatserver.services.caller import Caller
from chatserver.services.files.making import Making
from chatserver.services.pace import spend
from chatserver.store.blobs.blobs import folder_of, parts_of, write
from chatserver.store.files.files import FileStore
from chatserver.store.files.records import Upload, UploadState

_LEAST_KEPT: Final = 65_536
"""Of a part that was cut off, less than this is not kept; it would make too many parts."""


class Progress(NamedTuple):
    """How far an upload came: bytes so far, and of how many. ``file`` is there once it is a file."""

    offset: int
    size: int
    file: File | None = None


class WrongOffset(Exception):  # not a fault: the client goes on from ``offset``
    """The part does not begin where the upload ends."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


class Body:
    """A part as it arrives; ``was_cut`` once it ended before its end."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self.chunks = chunks
        self.was_cut = False


class Uploads:
    """``today`` gives the community's day. ``newcomers_may``: whether newcomers may send files."""

    def __init__(
        self, files: FileStore, making: Making, newcomers: Newcomers, rates: Buckets,
        *, today: Callable[[int], int], file_bytes: int, newcomers_may: bool,
    ) -> None:  # fmt: skip
        self._files = files
        self._making = making
        self._newcomers = newcomers
        self._rates = rates
        self._today = today
        self._file_bytes = file_bytes
        self._newcomers_may = newcomers_may

    async def begin(self, caller: Caller, asked: UploadRequest) -> File:
        """Begin an upload. Raises ``Refusal``: who may not send the file, or no such file, learns it before a byte
        is sent."""
        user, now = caller.require_user(), now_ms()
        uploads.checked_size(asked.size, self._file_bytes)
        uploads.checked_recording(asked.seconds, asked.peaks)
        upload = Upload(
            user=user, purpose=asked.purpose, room=asked.room, name=names.checked(asked.name), size=asked.size,
            keep=asked.keep and asked.purpose == "message", seconds=asked.seconds, peaks=asked.peaks, at=now,
        )  # fmt: skip
        await self._require_allowed(caller, upload)
        spend(self._rates, user)
        file = new_id()
        await self._files.begin(file, upload, day=self._today(now))
        return File(id=file, name=upload.name, size=upload.size, type=kinds.UNKNOWN)

    async def _require_allowed(self, caller: Caller, upload: Upload) -> None:
        if upload.purpose == "icon":
            caller.require_admin()
        if upload.purpose != "message":
            return
        if not upload.room:
            raise errors.invalid("room", "Name the room to which the file will be sent")
        if not self._newcomers_may and await self._newcomers.is_newcomer(upload.user):
            raise errors.not_allowed(
                "Newcomers cannot send files yet: write some messages first", "newcomer", path="attachments"
            )
        await self._files.require_allowed(upload.room, upload.user)

    async def progress(self, caller: Caller, file: str) -> Progress:
        """How far the caller's upload came. Raises ``Refusal`` not_found."""
        state = await self._own(caller, file)
        return Progress(state.offset, state.upload.size)

    async def _own(self, caller: Caller, file: str) -> UploadState:
        user, state = caller.require_user(), await self._files.upload(file)
        if state is None or state.upload.user != user:
            raise errors.not_found("file")
        return state

    async def append(self, caller: Caller, file: str, offset: int, body: Body) -> Progress:
        """Take the next part, and with the last one make the file.

        Raises ``Refusal``, and ``WrongOffset`` if another part came first. A part that was cut off counts as far as it
        came.
        """
        state = await self._own(caller, file)
        size = state.upload.size
        if offset != state.offset:
            raise WrongOffset(state.offset)
        if state.done:
            return Progress(size, size, await self._files.finished(file, state.upload))
        await self._require_allowed(caller, state.upload)
        if offset < size:
            state = await self._add_part(file, state, body)
        if state.offset < size:
            return Progress(state.offset, size)
        return Progress(size, size, await self._finish(file, state))

    async def _add_part(self, file: str, state: UploadState, body: Body) -> UploadState:
        offset, part = state.offset, new_id()
        with self._files.blobs.spool() as spool:
            length = await _received(body, spool, min(uploads.PART_BYTES, state.upload.size - offset))
            if not length or (body.was_cut and length < _LEAST_KEPT):
                return state
            path = f"{parts_of(file)}/{part}"
            await self._files.blobs.put(path, spool)
        try:
            is_next, now_at = await self._files.add_part(file, offset, offset + length, part)
        except Refusal:
            await self._files.blobs.erase_one(path)
            raise
        if not is_next:
            await self._files.blobs.erase_one(path)
            raise WrongOffset(now_at)
        return UploadState(state.upload, now_at, [*state.parts, part], done=False)

    async def _finish(self, file: str, state: UploadState) -> File:
        """Make the file of its parts. Raises ``Refusal``; after ``type_refused`` nothing of it is kept."""
        upload = state.upload
        with self._files.blobs.spool() as spool:
            for part in state.parts:
                await self._files.blobs.copy_to(f"{parts_of(file)}/{part}", spool)
            try:
                async with self._making.made(file, upload, spool) as made:
                    for name, written in made.written.items():
                        await self._files.blobs.put(f"{folder_of(file)}/{name}", written)
                    return await self._files.finish(made.held, upload)
            except Refusal as refusal:
                if refusal.reason == "type_refused":
                    await self._files.drop(file, upload)
                raise

    async def abandon(self, caller: Caller, file: str) -> None:
        """Give up an upload, or a file that no message uses. Raises ``Refusal`` not_found or file_used."""
        state = await self._own(caller, file)
        await self._files.drop(file, state.upload)


async def _received(body: Body, spool: IO[bytes], most: int) -> int:
    """Write the part to ``spool``; returns its length. Raises ``Refusal`` if it has more than ``most`` bytes."""
    length = 0
    async for chunk in body.chunks:
        length += len(chunk)
        if length > most:
            raise errors.too_large("This part is larger than what is left of the file, or than a part may be", most)
        write(spool, chunk)
    return length
