"""The recent past of one room, encoded, from which many clients that reconnect at once are served.

An entry is a message or a change. A place is (seq, rev): all messages up to seq and all changes up to rev. A change
also updates the message it changes if that is still in the tail, so that a replay has current states and a deleted text
is gone at once.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable, Set
from typing import ClassVar, NamedTuple

import msgspec
from msgspec import UnsetType

from chatserver.live.wire import Wire
from chatserver.protocol.events import MessageChanged
from chatserver.protocol.shapes import Author, AuthorRole, Message
from chatserver.store.accounts.author_cache import titled
from chatserver.store.messages.records import tombstone_of


class Place(NamedTuple):
    """How far a reader has come: every message up to ``seq``, every change up to ``rev``."""

    seq: int
    rev: int

    def reaches(self, other: Place) -> bool:
        """Whether this place is at or after the other in both numbers."""
        return self.seq >= other.seq and self.rev >= other.rev


class Entry:
    """A numbered event and its frames, built when first needed. ``place`` is a reader's place after it; ``only`` is the
    only user who may see it, if not everyone may. ``few`` are users who get another frame than all others."""

    __slots__ = ("_frames", "few", "only", "place", "what")

    then: ClassVar[None] = None

    def __init__(self, what: Message | MessageChanged, place: Place, only: str = "") -> None:
        self.what = what
        self.place = place
        self.only = only
        self.few: Set[str] = frozenset([only]) if only else frozenset()
        self._frames: dict[Wire, bytes] = {}

    @property
    def is_message(self) -> bool:
        return isinstance(self.what, Message)

    @property
    def size(self) -> int:
        return 300 + len(self.what.text)

    def frame(self, wire: Wire) -> bytes:
        made = self._frames.get(wire)
        if made is None:
            name = "message.posted" if self.is_message else "message.changed"
            made = self._frames[wire] = wire.event(name, self.what)
        return made

    def frame_for(self, wire: Wire, viewer: str) -> bytes:
        """The frame that this user may see: the same for all who are not among the ``few``."""
        if not self.only or viewer == self.only:
            return self.frame(wire)
        name = "message.posted" if self.is_message else "message.changed"
        return wire.event(name, veiled(self.what))

    def replace(self, what: Message | MessageChanged) -> None:
        self.what = what
        self._frames.clear()


def is_after(entry: Entry, place: Place) -> bool:
    """Whether a reader at this place has not seen the entry yet."""
    if entry.is_message:
        return entry.place.seq > place.seq
    return entry.place.rev > place.rev


class Tail:
    """A limited number of entries and bytes, newest last. ``start`` is the place before the first of them."""

    def __init__(self, start: Place, *, records: int, size: int) -> None:
        self.start = start
        self._entries: collections.deque[Entry] = collections.deque()
        self._messages: dict[int, Entry] = {}
        self._size = 0
        self._most_records = records
        self._most_size = size

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        if isinstance(entry.what, Message):
            self._messages[entry.what.seq] = entry
        else:
            self._rewrite(entry.what)
        self._entries.append(entry)
        self._size += entry.size
        while len(self._entries) > self._most_records or self._size > self._most_size:
            self._drop_first()

    def _drop_first(self) -> None:
        first = self._entries.popleft()
        self._size -= first.size
        self.start = first.place
        if isinstance(first.what, Message):
            self._messages.pop(first.what.seq, None)

    def _rewrite(self, change: MessageChanged) -> None:
        entry = self._messages.get(change.seq)
        if entry is not None and isinstance(entry.what, Message):
            self._replace(entry, as_it_holds(entry.what, change))
        if change.deleted:
            for older in self._entries:
                if isinstance(older.what, MessageChanged) and older.what.seq == change.seq:
                    self._replace(older, msgspec.structs.replace(change, rev=older.what.rev))

    def _replace(self, entry: Entry, what: Message | MessageChanged) -> None:
        """Replace an entry's content, and count its bytes again: otherwise bytes of deleted texts would fill the
        tail."""
        self._size -= entry.size
        entry.replace(what)
        self._size += entry.size

    def put_before(self, entries: list[Entry], start: Place) -> None:
        """Extend the tail backwards with entries from the log, if all of them fit."""
        size = sum(entry.size for entry in entries)
        if len(entries) + len(self._entries) > self._most_records or size + self._size > self._most_size:
            return
        self._entries.extendleft(reversed(entries))
        self._size += size
        self.start = start
        for entry in entries:
            if isinstance(entry.what, Message):
                self._messages[entry.what.seq] = entry

    def after(self, place: Place, upto: Place) -> list[Entry] | None:
        """The entries after ``place`` up to ``upto``; None if the tail does not reach back that far."""
        if place.seq < self.start.seq or place.rev < self.start.rev:
            return None
        found: list[Entry] = []
        for entry in reversed(self._entries):
            if entry.place.seq <= place.seq and entry.place.rev <= place.rev:
                break
            if entry.place.seq <= upto.seq and entry.place.rev <= upto.rev and is_after(entry, place):
                found.append(entry)
        found.reverse()
        return found

    def id_at(self, seq: int) -> str | None:
        entry = self._messages.get(seq)
        return entry.what.id if entry is not None and isinstance(entry.what, Message) else None

    def mentions_after(self, seq: int, user: str, blocks: Set[str] = frozenset()) -> int:
        """The user's mentions after a message, except by users they blocked."""
        later = (entry for number, entry in self._messages.items() if number > seq and not entry.only)
        return sum(
            1
            for entry in later
            if isinstance(entry.what, Message) and user in entry.what.mentions and entry.what.author.id not in blocks
        )

    def face_changed(self, author: Author) -> bool:
        """Replace an author whose name changed; returns whether any message here is by them."""
        wrote = False
        for entry in self._messages.values():
            if isinstance(entry.what, Message) and entry.what.author.id == author.id:
                entry.replace(msgspec.structs.replace(entry.what, author=author))
                wrote = True
        return wrote

    def role_changed(self, user: str, role: AuthorRole | UnsetType) -> None:
        """Give the author of these messages another role."""
        for entry in self._messages.values():
            if isinstance(entry.what, Message) and entry.what.author.id == user:
                entry.replace(msgspec.structs.replace(entry.what, author=titled(entry.what.author, role)))


def as_it_holds(message: Message, change: MessageChanged) -> Message:
    """The message after the change."""
    if change.deleted:
        return tombstone_of(message)
    return msgspec.structs.replace(
        message,
        text=change.text,
        edited_at=change.edited_at,
        reactions=change.reactions,
        pinned=change.pinned,
        mentions=change.mentions,
    )


def veiled(what: Message | MessageChanged) -> Message | MessageChanged:
    """The tombstone of something that only another user may see."""
    if isinstance(what, Message):
        return tombstone_of(what)
    return MessageChanged(room=what.room, rev=what.rev, seq=what.seq, text="", deleted=True)


def merged(messages: Iterable[Entry], changes: Iterable[tuple[int, Entry]], start: Place) -> list[Entry]:
    """Merge messages and changes in order; a change (after, entry) comes after message ``after``.

    Sets each entry's place.
    """
    out: list[Entry] = []
    seq, rev = start
    waiting = collections.deque(changes)
    for message in messages:
        assert isinstance(message.what, Message)
        while waiting and waiting[0][0] < message.what.seq:
            rev = _put(out, waiting.popleft()[1], seq)
        seq = message.what.seq
        message.place = Place(seq, rev)
        out.append(message)
    while waiting and waiting[0][0] <= seq:
        rev = _put(out, waiting.popleft()[1], seq)
    return out


def _put(out: list[Entry], change: Entry, seq: int) -> int:
    assert isinstance(change.what, MessageChanged)
    change.place = Place(seq, change.what.rev)
    out.append(change)
    return change.what.rev
