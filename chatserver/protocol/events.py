"""All events: what the server sends without a request. An event is the same for everyone, except ``room.updated``,
which is the RoomState of the user who receives it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chatserver.protocol.methods.community import Community
from chatserver.protocol.shapes import (
    Author,
    File,
    InboxItem,
    Message,
    Preview,
    ReadState,
    Role,
    RoomState,
    RoomWords,
    Shape,
    Topic,
)


class MessageChanged(Shape, frozen=True):
    """The current state of a message; an absent member has its default. Reactions stay as they are, save that a
    deletion drops them."""

    room: Annotated[str, Meta(description="the room's id")]
    rev: Annotated[int, Meta(description="the change's number in its room: 1, 2, 3 …")]
    seq: Annotated[int, Meta(description="the message's number in its room: 1, 2, 3 …")]
    text: Annotated[str, Meta(description="the current text; empty for a tombstone")]
    edited_at: Annotated[int, Meta(description="when the text was last changed; 0: never")] = 0
    deleted: Annotated[bool, Meta(description="whether it is a tombstone: number and id stay, the text is gone")] = (
        False
    )
    pinned: Annotated[bool, Meta(description="whether it is pinned in the room")] = False
    topic: Annotated[str, Meta(description="the topic; empty: none")] = ""
    attachments: Annotated[list[File], Meta(description="the files it carries")] = field(default_factory=list)
    mentions: Annotated[list[str], Meta(description="ids of the members mentioned with an @")] = field(
        default_factory=list
    )
    everyone: Annotated[bool, Meta(description="whether it calls everyone in the room, with @everyone")] = False
    previews: Annotated[list[Preview], Meta(description="of its first two links")] = field(default_factory=list)


class MessageReacted(Shape, frozen=True, gc=False):
    """The difference that one reaction makes. Bare (room, rev, seq alone): it is not for this reader, or its message
    was deleted since; only the cursor moves. ``cleared``: all reactions are gone, or all with ``emoji`` if present."""

    room: Annotated[str, Meta(description="the room's id")]
    rev: Annotated[int, Meta(description="the change's number in its room: 1, 2, 3 …")]
    seq: Annotated[int, Meta(description="the message's number in its room: 1, 2, 3 …")]
    emoji: Annotated[str | UnsetType, Meta(description="the emoji, fully qualified")] = UNSET
    user: Annotated[str | UnsetType, Meta(description="the id of the user whose reaction it is")] = UNSET
    added: Annotated[bool | UnsetType, Meta(description="whether it was added; false: it was removed")] = UNSET
    count: Annotated[int | UnsetType, Meta(description="how many have reacted with this emoji afterwards")] = UNSET
    cleared: Annotated[bool | UnsetType, Meta(description="true if a moderator removed them all")] = UNSET


class MessagesPurged(Struct, frozen=True, gc=False):
    """Many messages were deleted at once: each is a tombstone now, without reactions and pins."""

    room: Annotated[str, Meta(description="the room's id")]
    rev: Annotated[int, Meta(description="the change's number in its room: 1, 2, 3 …")]
    seqs: Annotated[
        list[tuple[int, int]], Meta(description="their numbers, as pairs of the first and the last of a run")
    ]


class TopicChanged(Struct, frozen=True):
    """A topic was made, renamed, closed, pinned or deleted; of a deleted one ``topic`` holds only `id`, `room` and
    `deleted`. Whoever holds another version than the one before asks `topic.list`."""

    room: Annotated[str, Meta(description="the room's id")]
    topics_version: Annotated[int, Meta(description="how often the room's topics have changed")]
    topic: Annotated[Topic, Meta(description="the topic as it is now")]


class RoomChanged(RoomWords, frozen=True, kw_only=True):
    """A room's title, description and settings, the same for everyone; an absent member has its default."""


class RoomReset(Struct, frozen=True):
    """Drop what you have of the room and read pages; events continue after (last_seq, rev)."""

    room: Annotated[str, Meta(description="the room's id")]
    epoch: Annotated[str, Meta(description="the name of the numbering; numbers of different epochs cannot be compared")]
    last_seq: Annotated[int, Meta(description="messages continue after this one")]
    last_id: Annotated[str, Meta(description="the id of the last message; empty if there is none")]
    rev: Annotated[int, Meta(description="changes continue after this one")]
    topics_version: Annotated[int, Meta(description="how often the room's topics have changed")]


class MemberEvent(Struct, frozen=True):
    """Someone joined, left or changed role; ``members`` is the number of members now."""

    room: Annotated[str, Meta(description="the room's id")]
    user: Annotated[Author, Meta(description="the user concerned")]
    role: Annotated[Role, Meta(description="the user's role in the room; a `visitor` is not a member")]
    members: Annotated[int, Meta(description="the number of members afterwards")]


class MembersChanged(Struct, frozen=True):
    """The number of members of a large room (more than 500), at most once a second."""

    room: Annotated[str, Meta(description="the room's id")]
    members: Annotated[int, Meta(description="the number of members")]


class InboxChanged(Shape, frozen=True):
    """Items of the inbox were read, here, on another connection or in their room; or the subject of one no longer
    exists."""

    seq: Annotated[int, Meta(description="the number of the last item")]
    unread: Annotated[int, Meta(description="how many are unread")]
    gone: Annotated[str, Meta(description="the poke that no longer exists; empty: none")] = ""


class ReadMoved(ReadState, frozen=True, kw_only=True):
    """Take its numbers as they are."""


class TypingStarted(Shape, frozen=True):
    room: Annotated[str, Meta(description="the room's id")]
    user: Annotated[Author, Meta(description="the user who is typing")]
    topic: Annotated[
        str | UnsetType, Meta(description="the topic, or the main line (empty); absent: somewhere in the room")
    ] = UNSET


class PresenceChanged(Shape, frozen=True):
    """``users`` (ids) is absent if more than a hundred are online."""

    room: Annotated[str, Meta(description="the room's id")]
    online: Annotated[int, Meta(description="how many members are connected; rounded if the reader is not a member")]
    users: Annotated[
        list[str] | UnsetType,
        Meta(description="ids of the members online; absent above 100, and for readers who are not members"),
    ] = UNSET


class UserChanged(Shape, frozen=True):
    """``admin``: whether they run the community."""

    user: Annotated[Author, Meta(description="the user as they are now; a closed account has an empty handle and name")]
    admin: Annotated[bool, Meta(description="whether the user is an admin of the community")] = False


class CommunityChanged(Community, frozen=True):
    """What `community.get` answers, without what is for admins only."""


@dataclass(slots=True, frozen=True)
class EventKind:
    name: str
    params: type[Any]
    summary: str


_ROWS: Final = (
    EventKind("message.posted", Message, "A message was posted; seq is one more than the last."),
    EventKind(
        "message.changed",
        MessageChanged,
        "A message was edited, moved, pinned or deleted; rev is one more than the last.",
    ),
    EventKind("message.reacted", MessageReacted, "Somebody reacted to a message; rev is one more than the last."),
    EventKind("messages.purged", MessagesPurged, "Many messages were deleted; rev is one more than the last."),
    EventKind("topic.changed", TopicChanged, "A topic was made, renamed, closed, pinned or deleted."),
    EventKind("room.changed", RoomChanged, "The room's title, description or settings changed."),
    EventKind("room.updated", RoomState, "The user joined the room, or their own role or setting in it changed."),
    EventKind("room.reset", RoomReset, "Events cannot continue from the cursor: read pages again."),
    EventKind("member.joined", MemberEvent, "Someone joined the room."),
    EventKind("member.left", MemberEvent, "Someone left; with your own id, this is the room's last event."),
    EventKind("member.changed", MemberEvent, "A member's role changed."),
    EventKind("members.changed", MembersChanged, "The number of members of a large room changed."),
    EventKind("user.changed", UserChanged, "A user on your screen changed their name, left or became an admin."),
    EventKind("community.changed", CommunityChanged, "The community's name, icon or another setting changed."),
    EventKind("read.moved", ReadMoved, "Your read marker moved on another connection."),
    EventKind("inbox.added", InboxItem, "Your inbox has a new item."),
    EventKind("inbox.changed", InboxChanged, "Items of your inbox were read, or one is gone."),
    EventKind("typing.started", TypingStarted, "Someone is typing; show it for five seconds."),
    EventKind("presence.changed", PresenceChanged, "Who is online in a watched room changed."),
)

EVENTS: Final[dict[str, EventKind]] = {row.name: row for row in _ROWS}
