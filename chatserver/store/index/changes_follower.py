"""Follows a stream of changes, of people or of open rooms, and brings their part of the index up to it, while this
process is the one that writes.

Each change that others may see is in the stream, which is kept for some thousands of changes; the index remembers its
place in it. A comparison of all versions, page by page, finds what a crash forgot, what is gone, and everything when
the index is new. Nothing of it stays in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, NamedTuple, Protocol

from chatserver.store.heads import AT_ONCE
from chatserver.store.index.engine import PartEngine
from chatserver.store.index.follower import COMPARED_EVERY_SECONDS
from chatserver.store.index.writer import InWriter

PAGE: Final = AT_ONCE
COUNTED_EVERY_SECONDS: Final = 10.0


class Changes(NamedTuple):
    """What changed since a place, and the place then. ``any``: it may be anything."""

    place: str
    any: bool
    ids: list[str]


class Source(Protocol):
    """What the store says of them."""

    async def changed(self, place: str) -> Changes:
        """What changed after this place, "" at first."""

    async def count(self) -> int:
        """How many there are."""

    def pages(self) -> AsyncIterator[list[str]]:
        """The ids of all, some perhaps twice."""

    async def versions(self, ids: Sequence[str]) -> dict[str, int]:
        """Their versions now."""

    async def absent(self, ids: Sequence[str]) -> list[str]:
        """Those of these that are in no page."""

    async def read(self, ids: Sequence[str]) -> None:
        """Read these and write them to the index, or remove them from it."""


class ChangesFollower:
    """Called while this process writes: ``step`` often, ``compare`` now and then beside it. ``rows`` is how many the
    index holds, counted now and then."""

    def __init__(self, source: Source, part: PartEngine, in_writer: InWriter) -> None:
        self._source = source
        self._part = part
        self._in_writer = in_writer
        self._compared_at: float | None = None
        self._counted_at: float | None = None
        self._building = False
        # What was read first must not be written last.
        self._reading = asyncio.Lock()
        self.rows = 0

    async def begin(self) -> None:
        """Compare everything, whatever another process did before."""
        self._compared_at = None

    async def step(self) -> None:
        """Take in what changed since the last step."""
        await self._in_writer(self._part.check)
        place = await self._in_writer(self._part.place)
        changes = await self._source.changed(place or "")
        if place is None or changes.any:
            await self._in_writer(self._part.note_place, changes.place, 0.0 if place is None else None)
            self._compared_at = None
            self._building = self._building or place is None
        elif changes.place != place:
            await self._read(list(dict.fromkeys(changes.ids)))
            await self._in_writer(self._part.note_place, changes.place, None)
        await self._count()

    async def _read(self, ids: list[str]) -> None:
        for start in range(0, len(ids), PAGE):
            async with self._reading:
                await self._source.read(ids[start : start + PAGE])

    async def _count(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._counted_at is None or now > self._counted_at + COUNTED_EVERY_SECONDS:
            self._counted_at = now
            self.rows = await self._in_writer(self._part.count)

    # --- comparing everything ----------------------------------------------------------------------------------------

    async def compare(self) -> None:
        """Compare everything with the index, if that is due and ``step`` has begun."""
        now = asyncio.get_running_loop().time()
        is_due = self._compared_at is None or now > self._compared_at + COMPARED_EVERY_SECONDS
        if not is_due or await self._in_writer(self._part.place) is None:
            return
        self._compared_at = now
        try:
            await self._find_missing()
            await self._find_gone()
        except BaseException:
            self._compared_at = None
            raise
        if self._compared_at is not None:  # else it was begun empty meanwhile
            self._building = False
            self._counted_at = None
            await self._in_writer(self._part.note_place, None, 1.0)

    async def _find_missing(self) -> None:
        """Read those whose versions are others than in the index."""
        looked, count = 0, await self._source.count()
        async for ids in self._source.pages():
            ids = list(dict.fromkeys(ids))
            held: dict[str, int] = await self._in_writer(self._part.versions, ids)
            versions = await self._source.versions(ids)
            await self._read([id for id in ids if versions.get(id) != held.get(id)])
            looked += len(ids)
            if self._building:
                await self._in_writer(self._part.note_place, None, min(0.999, looked / (count or 1)))

    async def _find_gone(self) -> None:
        """Remove from the index what is no more."""
        last = ""
        while ids := await self._in_writer(self._part.after, last, PAGE):
            last = ids[-1]
            await self._read(await self._source.absent(ids))
