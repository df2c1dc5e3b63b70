"""All events: what the server sends without a request. An event is the same for everyone, except ``room.updated``,
which is the RoomState of the user who receives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from msgspec import UNSET, Struct, UnsetType, field

from chatserver.protocol.shapes import Author, InboxItem, Message, Role, RoomKind, RoomState, Shape


class MessageChanged(Shape, frozen=True):
    """The current state of a message; an absent member has its default."""

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
    """A room's title, description and settings, the same for everyone; an absent member has its default."""

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
    """Drop what you have of the room and read pages; events continue after (last_seq, rev)."""

    room: str
    epoch: str
    last_seq: int
    last_id: str
    rev: int


class MemberEvent(Struct, frozen=True):
    """Someone joined, left or changed role; ``members`` is the number of members now."""

    room: str
    user: Author
    role: Role
    members: int


class MembersChanged(Struct, frozen=True):
    """The number of members of a large room (more than 500), at most once a second."""

    room: str
    members: int


class InboxChanged(Shape, frozen=True):
    """The inbox was read on another connection, or the subject of an item no longer exists."""

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
    """``users`` (ids) is absent if more than a hundred are online."""

    room: str
    online: int
    users: list[str] | UnsetType = UNSET


class UserChanged(Shape, frozen=True):
    """``admin``: whether they run the community."""

    user: Author
    admin: bool = False


@dataclass(slots=True, frozen=True)
class EventKind:
    name: str
    params: type[Any]
    summary: str


_ROWS: Final = (
    EventKind("message.posted", Message, "A message was posted; seq is one more than the last."),
    EventKind("message.changed", MessageChanged, "A message was edited or deleted; rev is one more than the last."),
    EventKind("room.changed", RoomChanged, "The room's title, description or settings changed."),
    EventKind("room.updated", RoomState, "The user joined the room, or their own role or setting in it changed."),
    EventKind("room.reset", RoomReset, "Events cannot continue from the cursor: read pages again."),
    EventKind("member.joined", MemberEvent, "Someone joined the room."),
    EventKind("member.left", MemberEvent, "Someone left; with your own id, this is the room's last event."),
    EventKind("member.changed", MemberEvent, "A member's role changed."),
    EventKind("members.changed", MembersChanged, "The number of members of a large room changed."),
    EventKind("user.changed", UserChanged, "A user on your screen changed their name, left or became an admin."),
    EventKind("read.moved", ReadMoved, "Your read marker moved on another connection."),
    EventKind("inbox.added", InboxItem, "Your inbox has a new item."),
    EventKind("inbox.changed", InboxChanged, "Your inbox was read elsewhere, or an item is gone."),
    EventKind("typing.started", TypingStarted, "Someone is typing; show it for five seconds."),
    EventKind("presence.changed", PresenceChanged, "Who is online in a watched room changed."),
)

EVENTS: Final[dict[str, EventKind]] = {row.name: row for row in _ROWS}
