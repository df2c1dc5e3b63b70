"""Follows the logs of all rooms and brings the index up to them, while this process is the one that writes.

It reads what is new from where the index stands in a room: new messages, and those that changed since. Dirty rooms tell
where to look; a sweep over the heads of all rooms finds what a crash forgot, rooms that are gone, and everything when
the index is new. Rooms take turns, a page each, and those with news come first: a new message is found at once also
while a million old ones are being read.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.protocol.shapes import File
from chatserver.rules.messages.text import has_link
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.heads import AT_ONCE, Head, read_heads
from chatserver.store.index.dirty import DirtyRooms
from chatserver.store.index.engine import FILE, IMAGE, LINK, Entry, MessageEngine, RoomPart, RoomState
from chatserver.store.index.writer import InWriter
from chatserver.store.messages.log import LogReader
from chatserver.store.messages.records import Changed, Page, Posted, Purged

PAGE: Final = 256
CHANGES: Final = 512
ROOMS_AT_ONCE: Final = 32
READS_AT_ONCE: Final = 4
"""Decoding four pages takes the loop 3 ms."""
COMPARED_EVERY_SECONDS: Final = 600.0
MANY: Final = 1_000
"""Who searches is told that the index is being made when more messages than these are missing."""


class _Read(NamedTuple):
    """What was read of a room; ``more``: it is not all."""

    part: RoomPart
    more: bool


class Follower:
    """Called while this process writes: ``step`` often, ``compare`` now and then beside it. ``begin`` before them, each
    time that it becomes the writer."""

    def __init__(
        self, store: Store, reader: LogReader, engine: MessageEngine, in_writer: InWriter, dirty: DirtyRooms
    ) -> None:
        self._store = store
        self._reader = reader
        self._engine = engine
        self._in_writer = in_writer
        self._dirty = dirty
        self._fresh: dict[str, None] = {}
        self._old: dict[str, None] = {}
        self._reads = asyncio.Semaphore(READS_AT_ONCE)
        self._building = False
        self._swept_at: float | None = None
        self._made = 0
        self._left = 0
        self.messages = 0
        """How many were read since the start."""

    async def begin(self) -> None:
        await self._dirty.start()
        self._building = await self._in_writer(self._engine.progress) < 1
        self._swept_at = None

    async def step(self) -> None:
        """Take in all that is waiting."""
        while True:
            if await self._in_writer(self._engine.check):
                self._made += 1
                self._swept_at = None
                self._building = self._building or await self._in_writer(self._engine.progress) < 1
            self._fresh |= dict.fromkeys((await self._dirty.read()).changed)
            if not self._fresh and not self._old:
                break
            await self._round()
        if self._building and self._swept_at is not None:
            await self._in_writer(self._engine.note_progress, 1.0)
            self._building = False

    # --- reading rooms -----------------------------------------------------------------------------------------------

    async def _round(self) -> None:
        """Read a page of some rooms, those with news first, and write them together."""
        rooms = list(itertools.islice(itertools.chain(self._fresh, self._old), ROOMS_AT_ONCE))
        states = await self._in_writer(self._engine.states, rooms)
        read = await asyncio.gather(*(self._read(room, states.get(room)) for room in rooms), return_exceptions=True)
        await self._in_writer(self._engine.write, [one.part for one in read if isinstance(one, _Read)])
        await self._forget([room for room, outcome in zip(rooms, read, strict=True) if outcome is None])
        for room, outcome in zip(rooms, read, strict=True):
            self._settle(room, outcome)
        if self._building:
            await self._in_writer(self._engine.note_progress, self._progress())

    def _settle(self, room: str, outcome: _Read | BaseException | None) -> None:
        """Take the room out of its queue, or put it behind the others if there is more of it. Raises ``Refusal``
        unavailable, with the room in its queue."""
        queue = self._fresh if room in self._fresh else self._old
        if isinstance(outcome, Refusal):
            raise outcome
        self._fresh.pop(room, None)
        self._old.pop(room, None)
        if isinstance(outcome, Exception):
            self._store.note_fault("index", room, outcome)
        if isinstance(outcome, _Read):
            read = len(outcome.part.entries)
            self.messages += read
            self._left = max(0, self._left - read)
            if outcome.more:
                queue[room] = None

    async def _read(self, room: str, state: RoomState | None) -> _Read | None:
        """The next page of a room; None if there is no such room. Raises ``Refusal`` unavailable."""
        async with self._reads:
            try:
                return await self._read_from(room, state)
            except Refusal as refusal:
                if refusal.kind is errors.NOT_FOUND:
                    return None
                raise

    async def _read_from(self, room: str, state: RoomState | None) -> _Read:
        if state is None:
            return self._first(room, await self._reader.read(room, first=1, last=PAGE))
        page = await self._reader.read(
            room, first=state.seq + 1, last=state.seq + PAGE, after_rev=state.rev, changes=CHANGES
        )
        if page.epoch != state.epoch or page.seq < state.seq or page.skips_changes(state.rev):
            return self._first(room, await self._reader.read(room, first=1, last=PAGE))
        changed, messages = _changed(page, state.seq), page.messages
        for start in range(0, len(changed), PAGE):
            some = changed[start : start + PAGE]
            messages = [*(await self._reader.get(some, room, viewer="")).messages, *messages]
        reached = RoomState(page.epoch, _end(page, state.seq), page.changes[-1].rev if page.changes else page.rev)
        return _Read(_part(room, messages, reached), more=reached.seq < page.seq or reached.rev < page.rev)

    @staticmethod
    def _first(room: str, page: Page) -> _Read:
        """The first page of a room that is read afresh."""
        reached = RoomState(page.epoch, _end(page, 0), page.rev)
        return _Read(_part(room, page.messages, reached, afresh=True), more=reached.seq < page.seq)

    async def _forget(self, rooms: Sequence[str]) -> None:
        if rooms:
            await self._in_writer(self._engine.forget, rooms)

    # --- comparing all rooms -----------------------------------------------------------------------------------------

    def _progress(self) -> float:
        read = self.messages
        return min(0.999, read / (read + self._left)) if self._swept_at is not None and read + self._left else 0.0

    async def compare(self) -> None:
        """Compare all rooms with the index, if that is due."""
        now = asyncio.get_running_loop().time()
        if self._swept_at is None or now > self._swept_at + COMPARED_EVERY_SECONDS:
            made = self._made
            await self._sweep()
            self._building = self._building or self._left > MANY
            # A file that was begun empty meanwhile may have been compared before.
            self._swept_at = now if made == self._made else None

    async def _sweep(self) -> None:
        """Queue the rooms whose heads differ from the index, and those that are in the index alone."""
        self._left = 0
        gone: set[str] = await self._in_writer(self._engine.rooms)
        some: list[str] = []
        async for key in self._store.scan("{r:*}"):
            room = keys.tagged_id(key)[1]
            gone.discard(room)
            some.append(room)
            if len(some) == AT_ONCE:
                await self._compare(some)
                some = []
        await self._compare(some)
        self._old |= dict.fromkeys(gone)

    async def _compare(self, rooms: list[str]) -> None:
        states: dict[str, RoomState] = await self._in_writer(self._engine.states, rooms)

        def took(room: str, head: Head | None) -> None:
            if head is None or (head.seq == 0 and room not in states):
                return
            state = states.get(room, RoomState("", 0, 0))
            if (head.epoch, head.seq, head.rev) != state:
                self._left += max(0, head.seq - (state.seq if state.epoch == head.epoch else 0))
                self._old[room] = None

        await read_heads(self._store, rooms, took)


def _changed(page: Page, upto: int) -> list[int]:
    """The messages up to this number that the page's changes are about, without reactions."""
    seqs = {change.seq for change in page.changes if isinstance(change, Changed)}
    for change in page.changes:
        if isinstance(change, Purged):
            seqs.update(seq for first, last in change.ranges for seq in range(first, last + 1))
    return sorted(seq for seq in seqs if seq <= upto)


def _end(page: Page, before: int) -> int:
    """The number up to which the index has come with this page."""
    return page.messages[-1].seq if page.messages else max(before, min(page.seq, page.first_seq - 1))


def _part(room: str, messages: Iterable[Posted], state: RoomState, *, afresh: bool = False) -> RoomPart:
    entries: list[Entry] = []
    gone: list[int] = []
    for posted in messages:
        entry = entry_of(posted)
        if entry is None:
            gone.append(posted.seq)
        else:
            entries.append(entry)
    return RoomPart(room, state, entries, gone, afresh)


def entry_of(posted: Posted) -> Entry | None:
    """A message as the index knows it; None for a tombstone. Words that only their author may see are in it, too: who
    may see what is not the index's matter."""
    record, now = posted.record, posted.now
    if record is None or (now is not None and now.deleted):
        return None
    text = record.text if now is None or now.text is None else now.text
    topic = record.topic if now is None or now.topic is None else now.topic
    words = "\n".join([text, *(file.name for file in record.attachments)])
    return Entry(posted.seq, posted.at, record.user, words, topic, _has(text, record.attachments))


def _has(text: str, files: Iterable[File]) -> int:
    found = {IMAGE if file.type.startswith("image/") else FILE for file in files}
    return sum(found) + (LINK if has_link(text) else 0)
