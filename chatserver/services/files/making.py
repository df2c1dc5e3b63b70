"""Makes a file of what was uploaded: finds what it is, and writes what is kept of it.

Pictures are written again in several sizes, and films are blanked, in a child process (``chatserver/workers/``). Of a
picture nothing that was sent is kept. The pictures of linked pages go the same way.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import PurePath
from typing import IO, Any, Final, NamedTuple

from msgspec import UNSET

from chatserver import errors
from chatserver.protocol.shapes import File
from chatserver.rules.files import kinds, names
from chatserver.rules.files.uploads import type_refused
from chatserver.store.blobs.blobs import Blobs
from chatserver.store.files.records import Held, Purpose, Upload
from chatserver.workers.pool import Busy, GaveUp, Pool

WHOLE: Final = "file"
"""The name of the object that ``GET /files/<id>`` answers without a size."""
SIZES: Final = (WHOLE, "large", "small")
PICTURE: Final = "image/webp"
_ENDING: Final = ".webp"
_MOST: Final[dict[Purpose, dict[str, int]]] = {
    "message": {"edge": 2560, "frames": 200},
    # A page of others gives it, nobody asked for it to move, and it is shown at most 360 pixels wide.
    "preview": {"edge": 960, "frames": 1},
}


class Made(NamedTuple):
    """What the room holds of the file, and the objects that were written, by name."""

    held: Held
    written: dict[str, IO[bytes]]


class Making:
    """``blobs`` lends files without names; ``pixels`` is the most that a picture may have."""

    def __init__(self, blobs: Blobs, pool: Pool, *, pixels: int) -> None:
        self._blobs = blobs
        self._pool = pool
        self._pixels = pixels

    @contextlib.asynccontextmanager
    async def made(self, file: str, upload: Upload, spool: IO[bytes]) -> AsyncIterator[Made]:
        """The file, made of what ``spool`` holds. Raises ``Refusal`` type_refused if it cannot be read, unless it is
        kept as it is; unavailable while too many wait."""
        kind = kinds.found(os.pread(spool.fileno(), kinds.HEAD_BYTES, 0))
        if upload.keep:
            yield Made(Held(upload.user, _told(file, upload, kind), kept=True), {WHOLE: spool})
        elif kind in kinds.PICTURES:
            with contextlib.ExitStack() as outputs:
                yield await self._picture(file, upload, spool, outputs)
        elif upload.purpose != "message":
            raise type_refused("Choose a picture: JPEG, PNG, WebP or GIF")
        elif kind in kinds.FILMS:
            blanked = await self._work({"what": "film"}, [spool])
            yield Made(Held(upload.user, _told(file, upload, blanked["type"])), {WHOLE: spool})
        elif kind in kinds.AS_THEY_ARE:
            yield Made(Held(upload.user, _told(file, upload, kind)), {WHOLE: spool})
        else:
            raise type_refused()

    async def _picture(self, file: str, upload: Upload, spool: IO[bytes], outputs: contextlib.ExitStack) -> Made:
        written = {name: outputs.enter_context(self._blobs.spool()) for name in SIZES}
        most = _MOST.get(upload.purpose, _MOST["message"])
        task = {"what": "picture", "names": list(SIZES), "pixels": self._pixels, **most}
        answer = await self._work(task, [spool, *written.values()])
        kept = {name: written[name] for name in answer["sizes"]}
        sizes = {name: os.fstat(size.fileno()).st_size for name, size in kept.items()}
        told = File(
            id=file, name=_as_webp(upload.name), size=sizes.pop(WHOLE), type=PICTURE, width=answer["width"],
            height=answer["height"], preview=answer["preview"],
        )  # fmt: skip
        return Made(Held(upload.user, told, sizes=sizes), kept)

    async def _work(self, task: dict[str, Any], files: list[IO[bytes]]) -> dict[str, Any]:
        try:
            answer = await self._pool.work(task, files)
        except Busy:
            raise errors.unavailable("Too many pictures are being read: try again") from None
        except GaveUp:
            raise type_refused() from None
        if "unreadable" in answer:
            raise type_refused()
        return answer


def _told(file: str, upload: Upload, kind: str) -> File:
    return File(
        id=file, name=upload.name, size=upload.size, type=kind, seconds=upload.seconds or UNSET, peaks=upload.peaks
    )  # fmt: skip


def _as_webp(name: str) -> str:
    """The name with the ending of what was written."""
    stem = PurePath(name).stem or name
    return stem[: names.LONGEST - len(_ENDING)] + _ENDING
