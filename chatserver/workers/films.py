"""Films and recordings in MP4, MOV and M4A: what they say of place and device is overwritten where it stands.

The file keeps its length and everything that is played keeps its place, so no table of offsets has to change. A box
that may hold such words (``udta``, ``meta``, ``uuid``) becomes a ``free`` one full of zeros, which players skip; so
does whatever was free before. Tracks of timed notes, in which some cameras write where they were twice a second,
lose their samples and their track. Format: ISO/IEC 14496-12.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO, Final, NamedTuple

MOST_BOXES: Final = 20_000
MOST_DEPTH: Final = 8
MOST_TABLE: Final = 4_000_000
"""Most bytes of a table of samples that is read."""
_CONTAINERS: Final = frozenset(
    {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"mvex", b"moof", b"traf", b"dinf"}
)
_SPEAKING: Final = frozenset({b"udta", b"meta", b"uuid", b"free", b"skip", b"wide"})
_PLAYED: Final = frozenset({b"vide", b"soun", b"text", b"sbtl", b"subt", b"clcp", b"hint"})
_ZEROS: Final = bytes(65_536)


class Unreadable(Exception):  # not a fault of ours
    """It is no film that is taken."""


class Box(NamedTuple):
    """A box: its kind, where it begins, where its content begins, and where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


class _Film:
    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.size = os.fstat(file.fileno()).st_size
        self.boxes = 0
        self.handlers: set[bytes] = set()
        self.in_fragments = False
        self.has_notes = False

    # --- reading -----------------------------------------------------------------------------------------------------

    def read(self, start: int, length: int) -> bytes:
        if length > MOST_TABLE:
            raise Unreadable("a table is too large")
        data = os.pread(self.file.fileno(), length, start)
        if len(data) != length:
            raise Unreadable("it ends too early")
        return data

    def within(self, start: int, end: int) -> Iterator[Box]:
        """The boxes between two places, which they must fill. The place is fixed while they are blanked."""
        while start < end:
            box = self._box(start, end)
            yield box
            start = box.end

    def _box(self, start: int, end: int) -> Box:
        self.boxes += 1
        if self.boxes > MOST_BOXES or end - start < 8:
            raise Unreadable("its boxes make no sense")
        length, kind = struct.unpack(">I4s", self.read(start, 8))
        body = start + 8
        if length == 1:
            (length,) = struct.unpack(">Q", self.read(body, 8))
            body += 8
        elif length == 0:
            length = end - start
        if length < body - start or start + length > end:
            raise Unreadable("a box is longer than what holds it")
        return Box(kind, start, body, start + length)

    # --- blanking ----------------------------------------------------------------------------------------------------

    def blank(self, box: Box) -> None:
        """Turn a box into a free one full of zeros."""
        self.zero(box.body, box.end)
        os.pwrite(self.file.fileno(), b"free", box.start + 4)

    def zero(self, start: int, end: int) -> None:
        if not 0 <= start <= end <= self.size:
            raise Unreadable("a table points outside of the file")
        while start < end:
            start += os.pwrite(self.file.fileno(), _ZEROS[: end - start], start)

    def walk(self, start: int, end: int, depth: int = 0) -> None:
        if depth > MOST_DEPTH:
            raise Unreadable("its boxes are too deep")
        for box in self.within(start, end):
            if box.kind in _SPEAKING:
                self.blank(box)
            elif box.kind == b"trak" and self._handler(box) not in _PLAYED:
                self.has_notes = True
                self._blank_samples(box)
                self.blank(box)
            elif box.kind in _CONTAINERS:
                self.in_fragments = self.in_fragments or box.kind == b"moof"
                self.walk(box.body, box.end, depth + 1)

    def _handler(self, track: Box) -> bytes:
        """What plays the track: ``vide``, ``soun`` …"""
        handler = self._find(track, b"mdia", b"hdlr")
        if handler is None:
            raise Unreadable("a track says nothing of itself")
        kind = self.read(handler.body + 8, 4)
        self.handlers.add(kind)
        return kind

    def _find(self, box: Box, *path: bytes) -> Box | None:
        for kind in path:
            found = next((child for child in self.within(box.body, box.end) if child.kind == kind), None)
            if found is None:
                return None
            box = found
        return box

    def _blank_samples(self, track: Box) -> None:
        table = self._find(track, b"mdia", b"minf", b"stbl")
        if table is None:
            return
        held = {box.kind: box for box in self.within(table.body, table.end)}
        sizes, chunks = self._sizes(held.get(b"stsz")), self._chunks(held)
        number = 0
        for place, samples in zip(chunks, self._samples_of(held.get(b"stsc"), len(chunks)), strict=True):
            for size in sizes[number : number + samples]:
                self.zero(place, place + size)
                place += size
            number += samples

    def _sizes(self, box: Box | None) -> list[int]:
        if box is None:
            return []
        same, count = struct.unpack(">II", self.read(box.body + 4, 8))
        if count > MOST_TABLE // 4:
            raise Unreadable("a table is too large")
        return [same] * count if same else list(struct.unpack(f">{count}I", self.read(box.body + 12, 4 * count)))

    def _chunks(self, held: dict[bytes, Box]) -> tuple[int, ...]:
        for kind, letter, width in ((b"stco", "I", 4), (b"co64", "Q", 8)):
            if kind in held:
                (count,) = struct.unpack(">I", self.read(held[kind].body + 4, 4))
                return struct.unpack(f">{count}{letter}", self.read(held[kind].body + 8, width * count))
        return ()

    def _samples_of(self, box: Box | None, chunks: int) -> list[int]:
        """How many samples each chunk has."""
        counts = [0] * chunks
        if box is not None:
            (count,) = struct.unpack(">I", self.read(box.body + 4, 4))
            words = struct.unpack(f">{3 * count}I", self.read(box.body + 8, 12 * count))
            for first, samples in zip(words[::3], words[1::3], strict=True):
                counts[max(0, first - 1) :] = [samples] * max(0, chunks - max(0, first - 1))
        return counts


def blank(file: IO[bytes]) -> str:
    """Blank a film in place and return its media type. Raises ``Unreadable``."""
    try:
        film = _Film(file)
        first = film._box(0, film.size)
        if first.kind != b"ftyp":
            raise Unreadable("it is no film")
        brand = film.read(first.body, 4)
        film.walk(first.end, film.size)
    except (struct.error, OSError, ValueError) as error:
        raise Unreadable(str(error)) from error
    if film.has_notes and film.in_fragments:
        raise Unreadable("its timed notes are spread over it")
    if not film.handlers & {b"vide", b"soun"}:
        raise Unreadable("there is nothing to play")
    if b"vide" not in film.handlers:
        return "audio/mp4"
    return "video/quicktime" if brand == b"qt  " else "video/mp4"
