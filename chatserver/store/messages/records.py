"""What is stored of a message: its record in the log, and beside it the current state of a message that changed.

A record holds ids only; handles and names come from the ``AuthorCache`` when a frame is made. It is a MessagePack map
with one-letter keys. A release reads the records of the previous one, and passes raw records on unchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import Struct, field

from chatserver.ids import now_ms
from chatserver.protocol.events import MessageChanged, MessageReacted, MessagesPurged
from chatserver.protocol.shapes import Author, File, Message, Preview, Reaction

FIRST_MS: Final = 86_400_000
"""For how long a newcomer's first message is shown as that."""


class Record(Struct, frozen=True, omit_defaults=True, gc=False):
    """A message as appended. Its time is stored beside it, one per group; ``mentions`` are ids separated by spaces.
    ``reply_user`` is whom the reply calls. ``first``: the newcomer's first. ``only``: the author, if the other of a
    direct room has blocked them; everyone else sees a tombstone."""

    id: str = field(name="i")
    user: str = field(name="u")
    text: str = field(name="x")
    client_id: str = field(name="c", default="")
    reply_to: int = field(name="r", default=0)
    topic: str = field(name="o", default="")
    mentions: str = field(name="m", default="")
    everyone: bool = field(name="a", default=False)
    reply_user: str = field(name="y", default="")
    first: bool = field(name="f", default=False)
    only: str = field(name="v", default="")
    attachments: list[File] = field(name="b", default_factory=list)


class StoredPreview(Struct, frozen=True, omit_defaults=True, gc=False):
    """What one linked page says of itself. ``picture`` is a file of the message."""

    url: str = field(name="u")
    title: str = field(name="t")
    site: str = field(name="s", default="")
    text: str = field(name="x", default="")
    picture: File | msgspec.UnsetType = field(name="p", default=msgspec.UNSET)


class Now(Struct, frozen=True, omit_defaults=True):
    """The whole current state of a changed message. A tombstone also keeps author, time and id, never the text.
    ``pinned_for``: the only user who sees the pin, if the other of a direct room had blocked one of the two."""

    text: str | None = field(name="x", default=None)
    edited_at: int = field(name="e", default=0)
    deleted: bool = field(name="d", default=False)
    pinned: bool = field(name="p", default=False)
    pinned_for: str = field(name="q", default="")
    topic: str | None = field(name="o", default=None)
    everyone: bool | None = field(name="a", default=None)
    id: str = field(name="i", default="")
    user: str = field(name="u", default="")
    at: int = field(name="t", default=0)
    only: str = field(name="v", default="")
    mentions: str | None = field(name="m", default=None)
    previews: list[StoredPreview] = field(name="l", default_factory=list)
    attachments: list[File] = field(name="b", default_factory=list)


class Difference(Struct, frozen=True, omit_defaults=True, gc=False):
    """What one reaction changed. ``count`` is what all see; ``more`` is the one user of a direct room who sees one more
    (their own, hidden from the other); ``only`` the one user who may see this at all. ``cleared``: all were removed,
    or all with ``emoji``."""

    emoji: str = field(name="e", default="")
    user: str = field(name="u", default="")
    added: bool = field(name="a", default=False)
    count: int = field(name="n", default=0)
    cleared: bool = field(name="c", default=False)
    only: str = field(name="v", default="")
    more: str = field(name="w", default="")


_pack = msgspec.msgpack.Encoder().encode
_unpack_record = msgspec.msgpack.Decoder(Record).decode
UNREADABLE = Now(deleted=True)
"""The state of a message whose record cannot be decoded: it is shown as deleted, and the log around it stays
readable."""

_unpack_now = msgspec.msgpack.Decoder(Now).decode
_unpack_ranges = msgspec.msgpack.Decoder(list[int]).decode
_unpack_difference = msgspec.msgpack.Decoder(Difference).decode


def pack_record(record: Record) -> bytes:
    return _pack(record)


def unpack_now(packed: bytes) -> Now | None:
    return _unpack_now(packed) if packed else None


class Posted(Struct, frozen=True, gc=False):
    """A message with its number and current state. ``record`` is None for a tombstone."""

    seq: int
    at: int
    record: Record | None
    now: Now | None

    @property
    def id(self) -> str:
        return self.record.id if self.record else (self.now.id if self.now else "")

    @property
    def user(self) -> str:
        return self.record.user if self.record else (self.now.user if self.now else "")

    @property
    def deleted(self) -> bool:
        return self.record is None or (self.now is not None and self.now.deleted)

    @property
    def only(self) -> str:
        """The only user who may see this message; "" for everyone."""
        return (self.record.only if self.record else "") or (self.now.only if self.now else "")

    @property
    def topic(self) -> str:
        """The topic that the message is in now, also of a tombstone; "" for the main line."""
        if self.now is not None and self.now.topic is not None:
            return self.now.topic
        return self.record.topic if self.record else ""

    @property
    def pinned_for(self) -> str:
        """The only user who sees that the message is pinned; "" for everyone."""
        return self.now.pinned_for if self.now else ""

    @property
    def mentions(self) -> list[str]:
        """Ids of the users that the message mentions now."""
        if self.record is None or self.deleted:
            return []
        edited = self.now.mentions if self.now is not None else None
        return (self.record.mentions if edited is None else edited).split()

    @property
    def everyone(self) -> bool:
        """Whether the message calls everyone now."""
        if self.record is None or self.deleted:
            return False
        edited = self.now.everyone if self.now is not None else None
        return self.record.everyone if edited is None else edited

    @property
    def reply_user(self) -> str:
        """The user whom the message calls by replying to them; "" for nobody."""
        if self.record is None or self.deleted:
            return ""
        return self.record.reply_user

    @property
    def first(self) -> bool:
        """Whether this is still shown as a newcomer's first message."""
        return self.record is not None and self.record.first and now_ms() < self.at + FIRST_MS

    @property
    def explained(self) -> bool:
        """False if the message is missing from the log without having been deleted."""
        return self.record is not None or self.now is not None


@dataclass(slots=True, frozen=True)
class Changed:
    """A change; it happened after message ``after`` and before the next one."""

    rev: int
    seq: int
    after: int
    now: Now


@dataclass(slots=True, frozen=True)
class Reacted:
    """A change of a message's reactions; without ``difference`` if the message was deleted since."""

    rev: int
    seq: int
    after: int
    difference: Difference | None


@dataclass(slots=True, frozen=True)
class Purged:
    """A change by which many messages were deleted at once: ``ranges`` are pairs of first and last numbers."""

    rev: int
    seq: int
    after: int
    ranges: list[tuple[int, int]]


Change = Changed | Reacted | Purged


def ranges_of(flat: list[int]) -> list[tuple[int, int]]:
    """Ranges from how they are stored: ``[4, 6, 9, 9]``."""
    return list(zip(flat[::2], flat[1::2], strict=True))


@dataclass(slots=True, frozen=True)
class Reactions:
    """The reactions to one message as the viewer of a page sees them; ``mine``: those of the viewer."""

    kinds: list[Reaction]
    mine: list[str]


@dataclass(slots=True, frozen=True)
class Page:
    """Messages and changes read in one step; ``version`` is that of the members and settings at that moment.
    ``reactions`` by seq, if they were asked for; ``more`` only of a page of one line."""

    epoch: str
    seq: int
    rev: int
    last_id: str
    first_seq: int
    messages: list[Posted]
    changes: list[Change]
    version: int
    reactions: dict[int, Reactions]
    topics_version: int
    more: bool

    def skips_changes(self, after_rev: int) -> bool:
        """Whether the first changes after this rev are kept no longer; for a page that was read from there."""
        return self.rev > after_rev and (not self.changes or self.changes[0].rev != after_rev + 1)

    @property
    def unreadable(self) -> list[int]:
        """Numbers of the messages whose records cannot be decoded."""
        return [posted.seq for posted in self.messages if posted.now is not None and not posted.user]


def page_of(answer: list[Any]) -> Page:
    """Decode the answer of read.lua, message_get.lua or read_line.lua."""
    _, epoch, seq, rev, last_id, first_seq, rows, changes, version, reactions, topics_version, *more = answer
    posted = [posted_of(*row) for row in rows]
    if posted and posted[-1].seq == seq and posted[-1].now is UNREADABLE:  # the id of the last one is known
        posted[-1] = Posted(seq, posted[-1].at, None, Now(deleted=True, id=last_id.decode()))
    return Page(
        epoch.decode(), seq, rev, last_id.decode(), first_seq, posted,
        [_change_of(*row) for row in changes], version, _reactions_of(reactions), topics_version,
        bool(more and more[0]),
    )  # fmt: skip


def _change_of(rev: int, seq: int, after: int, kind: bytes, packed: bytes) -> Change:
    if kind == b"react":
        return Reacted(rev, seq, after, _unpack_difference(packed) if packed else None)
    if kind == b"purge":
        return Purged(rev, seq, after, ranges_of(_unpack_ranges(packed)))
    return Changed(rev, seq, after, unpack_now(packed) or Now())


def _reactions_of(rows: list[Any]) -> dict[int, Reactions]:
    found: dict[int, Reactions] = {}
    for seq, emoji, count, mine, users in rows:
        reactions = found.setdefault(seq, Reactions([], []))
        kind = emoji.decode()
        reactions.kinds.append(Reaction(kind, count, [user.decode() for user in users]))
        if mine:
            reactions.mine.append(kind)
    return found


def posted_of(seq: int, at: int, record: bytes, packed_now: bytes) -> Posted:
    """Decode a message as returned by the Lua functions that read logs."""
    try:
        now = unpack_now(packed_now)
        if not record:
            return Posted(seq, now.at if now else at, None, now)
        return Posted(seq, at, _unpack_record(record), now)
    except msgspec.MsgspecError:
        return Posted(seq, at, None, UNREADABLE)


def message_of(room: str, posted: Posted, author: Author) -> Message:
    """The message in its current state, as clients receive it."""
    record, now = posted.record, posted.now
    if record is None or (now is not None and now.deleted):
        return _tombstone(room, posted, author)
    if now is None:
        return Message(
            room=room, seq=posted.seq, id=record.id, at=posted.at, author=author, text=record.text,
            client_id=record.client_id, reply_to=record.reply_to, topic=record.topic,
            mentions=record.mentions.split(), everyone=record.everyone, reply_user=record.reply_user,
            first=posted.first, attachments=record.attachments,
        )  # fmt: skip
    return Message(
        room=room, seq=posted.seq, id=record.id, at=posted.at, author=author,
        text=record.text if now.text is None else now.text, client_id=record.client_id, reply_to=record.reply_to,
        topic=record.topic if now.topic is None else now.topic, mentions=posted.mentions, everyone=posted.everyone,
        reply_user=record.reply_user, first=posted.first, edited_at=now.edited_at, pinned=now.pinned,
        previews=_previews_of(now), attachments=record.attachments,
    )  # fmt: skip


def seen_by(viewer: str, room: str, posted: Posted, author: Author, reactions: Reactions | None = None) -> Message:
    """The message as this user may see it, with its reactions: a tombstone if only another user may see it."""
    if posted.only not in {"", viewer}:
        return _tombstone(room, posted, author)
    message = message_of(room, posted, author)
    if posted.pinned_for not in {"", viewer}:
        message = msgspec.structs.replace(message, pinned=False)
    if reactions is not None and not message.deleted:
        message = msgspec.structs.replace(message, reactions=reactions.kinds, mine=reactions.mine)
    return message


def _tombstone(room: str, posted: Posted, author: Author) -> Message:
    return Message(
        room=room, seq=posted.seq, id=posted.id, at=posted.at, author=author, text="", topic=posted.topic, deleted=True
    )


def unmarked(message: Message) -> Message:
    """The message as users who are not members see it: not as a newcomer's first."""
    return msgspec.structs.replace(message, first=False) if message.first else message


def tombstone_of(message: Message) -> Message:
    """The tombstone of a message that was deleted, or that somebody may not see."""
    return Message(
        room=message.room,
        seq=message.seq,
        id=message.id,
        at=message.at,
        author=message.author,
        text="",
        topic=message.topic,
        deleted=True,
    )


def change_of(room: str, changed: Changed) -> MessageChanged:
    """The change as clients receive it: the whole current state."""
    now = changed.now
    if now.deleted:
        return MessageChanged(room=room, rev=changed.rev, seq=changed.seq, text="", deleted=True, topic=now.topic or "")
    return MessageChanged(
        room=room, rev=changed.rev, seq=changed.seq, text=now.text or "", edited_at=now.edited_at, pinned=now.pinned,
        topic=now.topic or "", mentions=(now.mentions or "").split(), everyone=bool(now.everyone),
        previews=_previews_of(now), attachments=now.attachments,
    )  # fmt: skip


def _previews_of(now: Now) -> list[Preview]:
    return [
        Preview(preview.url, preview.title, preview.site, preview.text, preview.picture) for preview in now.previews
    ]


def purged_of(room: str, purged: Purged) -> MessagesPurged:
    """The change as clients receive it."""
    return MessagesPurged(room=room, rev=purged.rev, seqs=purged.ranges)


def reacted_of(room: str, reacted: Reacted) -> MessageReacted:
    """The change as clients receive it: the difference; bare if the message was deleted since."""
    difference = reacted.difference
    if difference is None:
        return MessageReacted(room=room, rev=reacted.rev, seq=reacted.seq)
    if difference.cleared:
        emoji = difference.emoji or msgspec.UNSET
        return MessageReacted(room=room, rev=reacted.rev, seq=reacted.seq, cleared=True, emoji=emoji)
    return MessageReacted(
        room=room, rev=reacted.rev, seq=reacted.seq, emoji=difference.emoji, user=difference.user,
        added=difference.added, count=difference.count,
    )  # fmt: skip


def digest(secret: bytes, text: str, reply_to: int, topic: str, files: Sequence[str] = ()) -> str:
    """A keyed digest of a send, so that the store can recognise a repeat without keeping a text that may be deleted."""
    said = hashlib.blake2b(key=secret, digest_size=8)
    said.update(f"{reply_to}\0{topic}\0{text}".encode())
    if files:
        said.update(("\0" + "\0".join(files)).encode())
    return said.hexdigest()
