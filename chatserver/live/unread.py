"""Counts what a user has not read in a room, exact at the moment in which it is told.

The store counts up to the last message that was delivered when it was asked; what was delivered since is added from the
feed's tail, without await. A change in between (a deletion, a move) may or may not be in the store's number, so then it
is asked again. Lines (topics and the main line) are passed only where they are counted otherwise than the room.
Nothing is asked where everything is read, except where no topics count but those in which the user wrote: what is
delivered since may be in one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Set
from typing import Final, NamedTuple

from chatserver.ids import now_ms
from chatserver.live.feed import Feed
from chatserver.rules.messages import levels as level_rules
from chatserver.rules.messages.reading import MAIN, Reading, written
from chatserver.store.accounts.users import Pointer
from chatserver.store.messages.unread import ALIKE, LinesAsked, Unread, UnreadStore

MOST_COUNTS: Final = 3
"""How often it is counted again because of changes."""
NOBODY: Final[frozenset[str]] = frozenset()


class Reader(NamedTuple):
    """A user with their pointer to a room and whom they blocked; ``user`` is "" for a visitor."""

    user: str
    pointer: Pointer
    blocks: Set[str] = NOBODY

    def lines(self, feed: Feed) -> Lines:
        now, pointer = now_ms(), self.pointer
        chosen = level_rules.chosen(pointer.levels, now) if pointer.levels else {}
        counts = {topic: level != "none" for topic, level in chosen.items()}
        return Lines(pointer.reading(feed.epoch, feed.head.shared), counts, others=pointer.level_at(now) != "none")


class Lines(NamedTuple):
    """What the user has read, and which topics count as unread: ``others`` are those for which nothing was chosen, and
    in which the user did not write."""

    reading: Reading
    counts: dict[str, bool]
    others: bool

    def differ(self, feed: Feed) -> bool:
        """Whether any line is counted otherwise than the room."""
        if feed.topical <= self.reading.read_seq and (self.others or not feed.topical):
            return False
        return bool(self.reading.markers) or not self.others or not all(self.counts.values())

    def unread_in(self, named: Set[str]) -> Callable[[str, int], bool]:
        """Whether a message of a line counts; ``named`` are the topics that do where others do not."""

        def is_unread(line: str, seq: int) -> bool:
            return seq > self.reading.marker(line) and (
                line == MAIN or self.counts.get(line, self.others or line in named)
            )

        return is_unread


class Counted(NamedTuple):
    """A count up to the message ``upto``, when ``changed_rev`` was the feed's last change. ``named``: the topics that
    count, where others do not."""

    unread: Unread
    upto: int
    changed_rev: int
    named: frozenset[str] = frozenset()


class UnreadCounter:
    """``count`` asks the store; ``now`` brings a count up to date."""

    def __init__(self, store: UnreadStore) -> None:
        self._store = store

    async def count(self, feed: Feed, reader: Reader) -> Counted:
        """Raises ``Refusal`` unavailable."""
        counted = await self._count(feed, reader)
        for _ in range(MOST_COUNTS - 1):
            if counted.changed_rev == feed.changed_rev:
                break
            counted = await self._count(feed, reader)
        return counted

    async def count_all(self, readers: dict[Feed, Reader]) -> dict[Feed, Counted]:
        """The same for many rooms, all of one moment."""
        counted: dict[Feed, Counted] = {}
        for _ in range(MOST_COUNTS):
            due = [feed for feed in readers if feed not in counted or counted[feed].changed_rev != feed.changed_rev]
            if not due:
                break
            counts = await asyncio.gather(*(self._count(feed, readers[feed]) for feed in due))
            counted.update(zip(due, counts, strict=True))
        return counted

    async def _count(self, feed: Feed, reader: Reader) -> Counted:
        upto, changed_rev, lines = feed.delivered.seq, feed.changed_rev, reader.lines(feed)
        differ = lines.differ(feed)
        read = lines.reading.read_seq if differ else max(lines.reading.read_seq, lines.reading.marker(MAIN))
        if not reader.user or (read >= upto and (lines.others or not differ)):
            return Counted(Unread(0, 0), upto, changed_rev)
        unread, named = await self._store.count(
            feed.room, reader.user, after=read, upto=upto, everyone=bool(reader.pointer.everyone),
            gone=feed.gone > read, lines=_as_stored(lines) if differ else ALIKE, without=reader.blocks,
        )  # fmt: skip
        return Counted(unread, upto, changed_rev, named)

    @staticmethod
    def now(feed: Feed, reader: Reader, counted: Counted) -> Unread:
        """The count, with what was delivered since; without await."""
        last = feed.delivered.seq
        if not reader.user or last == counted.upto:
            return counted.unread
        unread, mentions = feed.tail.unread_after(
            counted.upto, last, reader.lines(feed).unread_in(counted.named), reader.user, reader.blocks,
            everyone=bool(reader.pointer.everyone),
        )  # fmt: skip
        return Unread(counted.unread.unread + unread, counted.unread.mentions + mentions)


def _as_stored(lines: Lines) -> LinesAsked:
    """Where topics do not count, what was chosen decides also of those that the user wrote in."""
    chosen = ((topic, counts) for topic, counts in lines.counts.items() if not (counts and lines.others))
    levels = " ".join(f"{topic}:{int(counts)}" for topic, counts in chosen)
    return LinesAsked(True, written(lines.reading.markers), levels, lines.others)
