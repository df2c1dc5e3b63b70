"""Every event: what the server tells without being asked. No event holds anything that differs by viewer, except
``room.updated``, which is the whole RoomState of the user who hears it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType, field

from chatserver.protocol.shapes import Author, InboxItem, Message, Role, RoomKind, RoomState, Shape


class MessageChanged(Shape, frozen=True):
    """The whole of what now holds for a message; an absent member has its first value."""

    room: str
    rev: int
    seq: int
    text: str
    edited_at: int = 0
    deleted: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)
    pinned: bool = False
    mentions: list[str] = field(default_factory=list)


class RoomChanged(Shape, frozen=True):
    """What a room says of itself, the same to everyone; an absent member has its first value."""

    room: str
    kind: RoomKind
    title: str
    about: str
    tags: list[str]
    members: int
    titles: dict[str, str] = field(default_factory=dict)
    abouts: dict[str, str] = field(default_factory=dict)
    window: bool = False
    bots: bool = False
    archived: bool = False
    slow_mode: int = 0
    question: bool = False


class RoomReset(Struct, frozen=True):
    """Drop what you hold of the room, read pages; events go on from (last_seq, rev)."""

    room: str
    epoch: str
    last_seq: int
    last_id: str
    rev: int


class MemberEvent(Struct, frozen=True):
    """Someone joined, left or changed role; ``members`` is how many there are now."""

    room: str
    user: Author
    role: Role
    members: int


class MembersChanged(Struct, frozen=True):
    """In a room of more than 500 members, at most once a second: how many there are now."""

    room: str
    members: int


class InboxChanged(Shape, frozen=True):
    """The inbox was read on another connection, or what an item was about is no longer there."""

    seq: int
    unread: int
    gone: str = ""


class ReadMoved(Struct, frozen=True):
    room: str
    read_seq: int


class TypingStarted(Struct, frozen=True):
    room: str
    user: Author


class PresenceChanged(Shape, frozen=True):
    """``users`` (ids) is absent where more than a hundred are here."""

    room: str
    online: int
    users: list[str] | UnsetType = UNSET


@dataclass(slots=True, frozen=True)
class EventKind:
    name: str
    params: type[Any]
    summary: str


_ROWS: Final = (
    EventKind("message.posted", Message, "A message was posted; seq is one more than the last."),
    EventKind("message.changed", MessageChanged, "A message already posted changed; rev is one more than the last."),
    EventKind("room.changed", RoomChanged, "What the room says of itself, after a change."),
    EventKind("room.updated", RoomState, "The room as this user has it: new, or something of their own changed."),
    EventKind("room.reset", RoomReset, "The numbering cannot be followed on: read pages anew."),
    EventKind("member.joined", MemberEvent, "Someone joined the room."),
    EventKind("member.left", MemberEvent, "Someone left; with one's own id, the last event of the room."),
    EventKind("member.changed", MemberEvent, "A member's role changed."),
    EventKind("members.changed", MembersChanged, "In a large room: how many belong to it now."),
    EventKind("read.moved", ReadMoved, "One's read marker moved on another connection."),
    EventKind("inbox.added", InboxItem, "Something came into one's inbox."),
    EventKind("inbox.changed", InboxChanged, "The inbox was read elsewhere, or an item is gone."),
    EventKind("typing.started", TypingStarted, "Someone is typing; shown for five seconds."),
    EventKind("presence.changed", PresenceChanged, "Who is here changed, for those who watch."),
)

EVENTS: Final[dict[str, EventKind]] = {row.name: row for row in _ROWS}
