"""The recent past of one room, encoded, from which many clients that reconnect at once are served.

An entry is a message or a change. A place is (seq, rev): all messages up to seq and all changes up to rev. A change
also updates the message it changes if that is still in the tail, so that a replay has current states and a deleted text
is gone at once. Reactions have a ring of their own, so that a thousand of them do not push out the messages.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterable, Set
from typing import ClassVar, Final, NamedTuple

import msgspec
from msgspec import UnsetType

from chatserver.ids import now_ms
from chatserver.live.wire import Wire
from chatserver.protocol.events import MessageChanged, MessageReacted, MessagesPurged
from chatserver.protocol.shapes import Author, AuthorRole, Message
from chatserver.store.accounts.author_cache import titled
from chatserver.store.messages.records import (
    FIRST_MS,
    Change,
    Changed,
    Posted,
    Purged,
    Reacted,
    change_of,
    message_of,
    purged_of,
    reacted_of,
    tombstone_of,
    unmarked,
)

VISITOR: Final = ""
_NOBODY: Final[frozenset[str]] = frozenset()


class Place(NamedTuple):
    """How far a reader has come: every message up to ``seq``, every change up to ``rev``."""

    seq: int
    rev: int

    def reaches(self, other: Place) -> bool:
        """Whether this place is at or after the other in both numbers."""
        return self.seq >= other.seq and self.rev >= other.rev


What = Message | MessageChanged | MessageReacted | MessagesPurged
_NAMES: Final[dict[type[What], str]] = {
    Message: "message.posted",
    MessageChanged: "message.changed",
    MessageReacted: "message.reacted",
    MessagesPurged: "messages.purged",
}


class Entry:
    """A numbered event and its frames, built when first needed. ``place`` is a reader's place after it. If ``only`` is
    set, ``what`` is what this one user sees, and everybody else sees ``others``. ``few`` are users who get another
    frame than all others."""

    __slots__ = ("_frames", "few", "only", "others", "place", "what")

    then: ClassVar[None] = None

    def __init__(self, what: What, place: Place, only: str = "", others: What | None = None) -> None:
        self.what = what
        self.place = place
        self.only = only
        self.others = others
        self.few = _few(what, only)
        self._frames: dict[Wire, bytes] = {}

    @property
    def size(self) -> int:
        if not isinstance(self.what, Message | MessageChanged):
            return 300
        return 300 + len(self.what.text) + 1024 * (len(self.what.attachments) + 2 * len(self.what.previews))

    def frame(self, wire: Wire) -> bytes:
        self._forget_first()
        made = self._frames.get(wire)
        if made is None:
            made = self._frames[wire] = wire.event(_NAMES[type(self.what)], self.what)
        return made

    def _forget_first(self) -> None:
        """A newcomer's first message is shown as that for a day."""
        if isinstance(self.what, Message) and self.what.first and now_ms() >= self.what.at + FIRST_MS:
            others = unmarked(self.others) if isinstance(self.others, Message) else self.others
            self.replace(unmarked(self.what), self.only, others)

    def frame_for(self, wire: Wire, viewer: str) -> bytes:
        """The frame that this user may see: the same for all who are not among the ``few``."""
        if viewer == VISITOR and isinstance(self.what, Message) and self.what.first:
            return wire.event("message.posted", unmarked(self.what))
        if not self.only or viewer == self.only:
            return self.frame(wire)
        return wire.event(_NAMES[type(self.what)], self.others)

    def seen_by(self, user: str) -> What:
        """What this user sees; "" for everybody but ``only``."""
        return self.what if self.others is None or user == self.only else self.others

    def write_by(self, author: Author) -> None:
        """Give the message another name or role of its author."""
        others = self.others and msgspec.structs.replace(self.others, author=author)
        self.replace(msgspec.structs.replace(self.what, author=author), self.only, others)

    def replace(self, what: What, only: str = "", others: What | None = None) -> None:
        self.what, self.only, self.others = what, only, others
        self.few = _few(what, only)
        self._frames.clear()


def _few(what: What, only: str) -> Set[str]:
    """The users who get another frame than all others: visitors do not see which message is a newcomer's first."""
    if isinstance(what, Message) and what.first:
        return {VISITOR, only} if only else {VISITOR}
    return {only} if only else _NOBODY


def posted_entry(room: str, posted: Posted, author: Author, place: Place) -> Entry:
    """A message as its readers receive it."""
    message, now, only = message_of(room, posted, author), posted.now, posted.only
    if only:
        return Entry(message, place, only, tombstone_of(message))
    if now is not None and now.pinned_for:
        return Entry(message, place, now.pinned_for, msgspec.structs.replace(message, pinned=False))
    return Entry(message, place)


def change_entry(room: str, change: Change, place: Place) -> Entry:
    """A change as its readers receive it."""
    if isinstance(change, Changed):
        return _changed_entry(room, change, place)
    if isinstance(change, Purged):
        return Entry(purged_of(room, change), place)
    return _reacted_entry(room, change, place)


def _changed_entry(room: str, changed: Changed, place: Place) -> Entry:
    what, now = change_of(room, changed), changed.now
    if now.only:
        return Entry(what, place, now.only, _deleted(what))
    if now.pinned_for:
        return Entry(what, place, now.pinned_for, msgspec.structs.replace(what, pinned=False))
    return Entry(what, place)


def _deleted(change: MessageChanged) -> MessageChanged:
    return MessageChanged(room=change.room, rev=change.rev, seq=change.seq, text="", deleted=True, topic=change.topic)


def _reacted_entry(room: str, reacted: Reacted, place: Place) -> Entry:
    what, difference = reacted_of(room, reacted), reacted.difference
    if difference is not None and difference.only:
        return Entry(what, place, difference.only, _bare(what))
    if difference is not None and difference.more:
        return Entry(msgspec.structs.replace(what, count=difference.count + 1), place, difference.more, what)
    return Entry(what, place)


def _bare(event: MessageReacted) -> MessageReacted:
    return MessageReacted(room=event.room, rev=event.rev, seq=event.seq)


def is_after(entry: Entry, place: Place) -> bool:
    """Whether a reader at this place has not seen the entry yet."""
    if isinstance(entry.what, Message):
        return entry.place.seq > place.seq
    return entry.place.rev > place.rev


class Tail:
    """A limited number of entries and bytes, newest last. ``start`` is the place before the first of them.

    ``dropped_rev`` is the last reaction that was dropped because there were more than ``reactions`` of them."""

    def __init__(self, start: Place, *, records: int, size: int, reactions: int) -> None:
        self.start = start
        self.dropped_rev = 0
        self._entries: collections.deque[Entry] = collections.deque()
        self._reactions: collections.deque[Entry] = collections.deque()
        self._messages: dict[int, Entry] = {}
        self._size = 0
        self._most_records = records
        self._most_size = size
        self._most_reactions = reactions

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, entry: Entry) -> None:
        what = entry.what
        if isinstance(what, MessageReacted):
            self._reactions.append(entry)
            if len(self._reactions) > self._most_reactions:
                self.dropped_rev = self._reactions.popleft().place.rev
            return
        if isinstance(what, Message):
            self._messages[what.seq] = entry
        elif isinstance(what, MessagesPurged):
            self._bury(what)
        else:
            self._rewrite(what, entry)
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
        while self._reactions and self._reactions[0].place < self.start:
            self._reactions.popleft()

    def _rewrite(self, change: MessageChanged, by: Entry) -> None:
        entry = self._messages.get(change.seq)
        if entry is not None and isinstance(entry.what, Message):
            self._replace(entry, *_as_both_see_it(entry, by))
        if change.deleted:
            self._forget_changes({change.seq})

    def _bury(self, purge: MessagesPurged) -> None:
        """Many messages were deleted."""
        seqs = {seq for first, last in purge.seqs for seq in range(first, last + 1)}
        for seq in seqs & self._messages.keys():
            message = self._messages[seq].what
            assert isinstance(message, Message)
            self._replace(self._messages[seq], tombstone_of(message))
        self._forget_changes(seqs)

    def _forget_changes(self, seqs: Set[int]) -> None:
        """Of messages that were deleted, earlier changes and reactions say only that."""
        for older in self._entries:
            if isinstance(older.what, MessageChanged) and older.what.seq in seqs:
                self._replace(older, _deleted(older.what))
        for older in self._reactions:
            if isinstance(older.what, MessageReacted) and older.what.seq in seqs:
                older.replace(_bare(older.what))

    def _replace(self, entry: Entry, what: What, only: str = "", others: What | None = None) -> None:
        """Replace an entry's content, and count its bytes again: otherwise bytes of deleted texts would fill the
        tail."""
        self._size -= entry.size
        entry.replace(what, only, others)
        self._size += entry.size

    def put_before(self, entries: list[Entry], start: Place) -> None:
        """Extend the tail backwards with entries from the log, if all of them fit."""
        reactions = [entry for entry in entries if isinstance(entry.what, MessageReacted)]
        rest = [entry for entry in entries if not isinstance(entry.what, MessageReacted)]
        size = sum(entry.size for entry in rest)
        if len(rest) + len(self._entries) > self._most_records or size + self._size > self._most_size:
            return
        if self.dropped_rev > start.rev or len(reactions) + len(self._reactions) > self._most_reactions:
            return
        self._entries.extendleft(reversed(rest))
        self._reactions.extendleft(reversed(reactions))
        self._size += size
        self.start = start
        for entry in rest:
            if isinstance(entry.what, Message):
                self._messages[entry.what.seq] = entry

    def reaches(self, place: Place) -> bool:
        """Whether everything after this place is here."""
        return place.reaches(self.start) and place.rev >= self.dropped_rev

    def after(self, place: Place, upto: Place) -> list[Entry] | None:
        """The entries after ``place`` up to ``upto``; None if the tail does not reach back that far."""
        if not self.reaches(place):
            return None
        messages, reactions = _after(self._entries, place, upto), _after(self._reactions, place, upto)
        if not reactions:
            return messages
        return sorted([*messages, *reactions], key=_place_of)

    def reactions_after(self, rev: int) -> int:
        """How many reactions came after this change; only if the tail reaches back to it."""
        count = 0
        for entry in reversed(self._reactions):
            if entry.place.rev <= rev:
                break
            count += 1
        return count

    def id_at(self, seq: int) -> str | None:
        entry = self._messages.get(seq)
        return entry.what.id if entry is not None and isinstance(entry.what, Message) else None

    def unread_after(
        self, seq: int, upto: int, unread_in: Callable[[str, int], bool], user: str, blocks: Set[str] = frozenset(),
        *, everyone: bool = True,
    ) -> tuple[int, int]:  # fmt: skip
        """How many messages after this one and up to ``upto`` are unread, and how many of those call the user, except
        by users they blocked. ``unread_in(line, number)`` tells of an undeleted message, ``everyone`` whether @everyone
        calls them."""
        unread, mentions = upto - seq, 0
        for number, entry in self._messages.items():
            if not seq < number <= upto:
                continue
            what = entry.seen_by(user)
            assert isinstance(what, Message)
            if what.deleted or not unread_in(what.topic, number):
                unread -= 1
            elif what.author.id not in blocks and calls(what, user, everyone=everyone):
                mentions += 1
        return unread, mentions

    def face_changed(self, author: Author) -> bool:
        """Replace an author whose name changed; returns whether any message here is by them."""
        wrote = False
        for entry in self._messages.values():
            if isinstance(entry.what, Message) and entry.what.author.id == author.id:
                entry.write_by(author)
                wrote = True
        return wrote

    def role_changed(self, user: str, role: AuthorRole | UnsetType) -> None:
        """Give the author of these messages another role."""
        for entry in self._messages.values():
            if isinstance(entry.what, Message) and entry.what.author.id == user:
                entry.write_by(titled(entry.what.author, role))


def calls(message: Message, user: str, *, everyone: bool) -> bool:
    """Whether a message calls this user; ``everyone``: whether @everyone does."""
    if message.author.id == user:
        return False
    return user in message.mentions or message.reply_user == user or (everyone and message.everyone)


def _place_of(entry: Entry) -> Place:
    return entry.place


def _after(entries: collections.deque[Entry], place: Place, upto: Place) -> list[Entry]:
    found: list[Entry] = []
    for entry in reversed(entries):
        if entry.place.seq <= place.seq and entry.place.rev <= place.rev:
            break
        if entry.place.seq <= upto.seq and entry.place.rev <= upto.rev and is_after(entry, place):
            found.append(entry)
    found.reverse()
    return found


def _as_both_see_it(entry: Entry, change: Entry) -> tuple[What, str, What | None]:
    """A message after a change, as each of the two of a direct room sees it; elsewhere all see the same."""
    only = entry.only or change.only
    if not only:
        return _as_it_holds(entry.what, change.what), "", None
    others = change.what if change.only not in {"", only} else change.seen_by("")
    return (
        _as_it_holds(entry.seen_by(only), change.seen_by(only)), only, _as_it_holds(entry.seen_by(""), others),
    )  # fmt: skip


def _as_it_holds(message: What, change: What) -> What:
    assert isinstance(message, Message)
    assert isinstance(change, MessageChanged)
    return as_it_holds(message, change)


def as_it_holds(message: Message, change: MessageChanged) -> Message:
    """The message after the change."""
    if change.deleted or message.deleted:
        return msgspec.structs.replace(tombstone_of(message), topic=change.topic)
    return msgspec.structs.replace(
        message,
        text=change.text,
        edited_at=change.edited_at,
        pinned=change.pinned,
        topic=change.topic,
        mentions=change.mentions,
        everyone=change.everyone,
        attachments=change.attachments,
        previews=change.previews,
    )


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
    assert not isinstance(change.what, Message)
    change.place = Place(seq, change.what.rev)
    out.append(change)
    return change.what.rev
