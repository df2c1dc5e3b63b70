"""Makes a file of what was uploaded: finds what it is, and writes what is kept of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from typing import IO, NamedTuple

from msgspec import UNSET

from chatserver.protocol.shapes import File
from chatserver.rules.files import kinds
from chatserver.rules.files.uploads import type_refused
from chatserver.store.files.records import Held, Upload

WHOLE = "file"
"""The name of the object that ``GET /files/<id>`` answers without a size."""


class Made(NamedTuple):
    """What the room holds of the file, and the objects that were written, by name."""

    held: Held
    written: dict[str, IO[bytes]]


class Making:
    """Built in composition.py for the uploads service."""

    @contextlib.asynccontextmanager
    async def made(self, file: str, upload: Upload, spool: IO[bytes]) -> AsyncIterator[Made]:
        """The file, made of what ``spool`` holds. Raises ``Refusal`` type_refused if it cannot be read, unless it is
        kept as it is."""
        kind = kinds.found(os.pread(spool.fileno(), kinds.HEAD_BYTES, 0))
        if not upload.keep and kind not in kinds.AS_THEY_ARE:
            raise type_refused()
        yield Made(Held(upload.user, _told(file, upload, kind), kept=upload.keep), {WHOLE: spool})


def _told(file: str, upload: Upload, kind: str) -> File:
    return File(
        id=file, name=upload.name, size=upload.size, type=kind, seconds=upload.seconds or UNSET, peaks=upload.peaks
    )  # fmt: skip
