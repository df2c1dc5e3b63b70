"""Methods: messages, history and read markers."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chatserver.protocol.methods.base import After, Method, Params, RoomParams
from chatserver.protocol.shapes import (
    Author,
    ClientId,
    Durability,
    FileId,
    Message,
    ReadState,
    RoomId,
    Seq,
    Shape,
    UserId,
)

MOST_MS: Final = 1 << 42
"""Times beyond the year 2109 are a mistake."""

Emoji = Annotated[
    str,
    Meta(min_length=1, max_length=64, description="one emoji of Unicode's recommended list, with or without U+FE0F"),
]


Line = Annotated[str, Meta(max_length=64)]


class MessageSend(RoomParams, frozen=True, gc=False):
    text: Annotated[
        str,
        Meta(description="at most 4,000 characters and 16 KB; `\\n` for every line end; may be empty with attachments"),
    ]
    client_id: Annotated[ClientId, Meta(description="chosen by the sender; a repeat within an hour posts nothing")]
    reply_to: Annotated[Seq, Meta(description="the number of the message it replies to; 0: none")] = 0
    topic: Annotated[str, Meta(max_length=64, description="the topic's id; empty: the main line")] = ""
    attachments: Annotated[
        list[FileId], Meta(max_length=10, description="your finished uploads for this room, used by no other message")
    ] = field(default_factory=list)


class MessageSendResult(Shape, frozen=True, gc=False):
    epoch: Annotated[str, Meta(description="the name of the numbering; numbers of different epochs cannot be compared")]
    seq: Annotated[int, Meta(description="the message's number in its room: 1, 2, 3 …")]
    id: Annotated[str, Meta(description="unique, never reused")]
    at: Annotated[int, Meta(description="when it was posted; never decreases within a room")]
    durability: Annotated[
        Durability,
        Meta(
            description="what a response means: the message is in the store (`primary`), or also on its disk (`strict`)"
        ),
    ]
    duplicate: Annotated[bool, Meta(description="whether it was sent before, so nothing was posted now")] = False


class MessageEdit(RoomParams, frozen=True):
    seq: Seq
    text: Annotated[
        str,
        Meta(description="at most 4,000 characters and 16 KB; `\\n` for every line end; may be empty with attachments"),
    ]


class MessageDelete(RoomParams, frozen=True):
    seq: Seq


class RevResult(Struct, frozen=True):
    rev: Annotated[int, Meta(description="the change's number in its room: 1, 2, 3 …")]


class MessageHistory(RoomParams, frozen=True):
    before: Annotated[
        Seq | UnsetType, Meta(description="messages before this number; without before, after and around: the newest")
    ] = UNSET
    after: Annotated[Seq | UnsetType, Meta(description="messages after this number")] = UNSET
    around: Annotated[Seq | UnsetType, Meta(description="messages around this number, including it")] = UNSET
    topic: Annotated[
        Line | UnsetType,
        Meta(description="a topic's messages, without tombstones; empty: the main line's; absent: the whole room's"),
    ] = UNSET
    limit: Annotated[int, Meta(ge=1, le=100, description="most items of the page")] = 50


class MessageHistoryResult(Struct, frozen=True):
    """``messages`` oldest first, in their current state; ``more`` is about the direction asked for."""

    messages: Annotated[list[Message], Meta(description="oldest first, in their current state; tombstones count")]
    epoch: Annotated[str, Meta(description="the name of the numbering; numbers of different epochs cannot be compared")]
    first_seq: Annotated[int, Meta(description="the first message still in the log")]
    last_seq: Annotated[int, Meta(description="the number of the last message")]
    rev: Annotated[int, Meta(description="the messages are in their state as of this change")]
    more: Annotated[bool, Meta(description="whether there is more in the direction asked for")]


class MessageGet(RoomParams, frozen=True):
    seqs: Annotated[list[Seq], Meta(max_length=100, description="the messages' numbers")]


class MessagesResult(Struct, frozen=True):
    """Messages in their current state, with those of the caller's reactions."""

    messages: Annotated[list[Message], Meta(description="in their current state; tombstones count")]
    epoch: Annotated[str, Meta(description="the name of the numbering; numbers of different epochs cannot be compared")]
    rev: Annotated[int, Meta(description="the messages are in their state as of this change")]


class MessageSearch(Params, frozen=True):
    """At least a query, an author, a topic or what the messages have."""

    query: Annotated[
        str,
        Meta(
            max_length=1000,
            description='words that all must be in the message, the last one perhaps only begun; `"…"` literally',
        ),
    ]
    room: Annotated[RoomId | UnsetType, Meta(description="search this room; without it, all your rooms")] = UNSET
    author: Annotated[
        UserId | UnsetType, Meta(description="only messages of this user, in rooms to which both of you belong")
    ] = UNSET
    topic: Annotated[
        Annotated[str, Meta(max_length=200)] | UnsetType,
        Meta(description="only this topic; empty: only what is in no topic"),
    ] = UNSET
    has: Annotated[
        Literal["link", "image", "file"] | UnsetType,
        Meta(description="only messages with a link, an image or another file"),
    ] = UNSET
    since: Annotated[int, Meta(ge=0, le=MOST_MS, description="only messages from this time on")] = 0
    until: Annotated[int, Meta(ge=0, le=MOST_MS, description="only messages before this time; 0: no limit")] = 0
    after: Annotated[After, Meta(description="`next` of the previous page")] = ""
    limit: Annotated[int, Meta(ge=1, le=50, description="most items of the page")] = 50


class MessageSearchResult(Shape, frozen=True):
    messages: Annotated[
        list[Message], Meta(description="newest first, in their current state; may be few, even none, with `next`")
    ]
    next: Annotated[str, Meta(description="pass it as `after` for the next page; absent: no more")] = ""
    indexing: Annotated[
        float | UnsetType,
        Meta(description="while the index is being made: how much of it is there, from 0 to 1; some is not found yet"),
    ] = UNSET


class MessageReact(RoomParams, frozen=True):
    seq: Seq
    emoji: Emoji


class MessageUnreact(RoomParams, frozen=True):
    """Without ``user`` and ``all``: your own reaction."""

    seq: Seq
    emoji: Annotated[Emoji | UnsetType, Meta(description="the emoji; may be absent with `all`: every one")] = UNSET
    user: Annotated[UserId | UnsetType, Meta(description="whose reaction, for moderators")] = UNSET
    all: Annotated[bool, Meta(description="everybody's reactions, for moderators")] = False


class MessageReactors(RoomParams, frozen=True):
    seq: Seq
    emoji: Emoji
    after: Annotated[After, Meta(description="`next` of the previous page")] = ""


class MessageReactorsResult(Shape, frozen=True):
    users: Annotated[list[Author], Meta(description="at most 100 who reacted, in the order of reacting")]
    rev: Annotated[int, Meta(description="the list is as of this change")]
    next: Annotated[str, Meta(description="pass it as `after` for the next page; absent: no more")] = ""


class MessageMove(RoomParams, frozen=True):
    seqs: Annotated[list[Seq], Meta(max_length=100, description="the messages' numbers")]
    topic: Annotated[Line, Meta(description="the topic's id; empty: the main line")] = ""


class MessageMoveResult(Struct, frozen=True):
    revs: Annotated[
        list[int], Meta(description="the change of each message, as in `seqs`; of one that was there already, the last")
    ]


class MessagePin(RoomParams, frozen=True):
    seq: Seq
    pinned: Annotated[bool, Meta(description="false takes the pin away")]


class MessageHidePreviews(RoomParams, frozen=True):
    seq: Annotated[Seq, Meta(description="the message whose previews go")]


class RoomPins(RoomParams, frozen=True):
    pass


class ReadMark(RoomParams, frozen=True):
    seq: Annotated[Seq, Meta(description="the last message that was read")]
    topic: Annotated[
        Line | UnsetType,
        Meta(description="move this topic's marker only; empty: the main line's; absent: all of the room is read"),
    ] = UNSET


class ReadMarkResult(ReadState, frozen=True, kw_only=True):
    pass


class PresenceWatchResult(Shape, frozen=True):
    """``users`` (ids) is absent if more than a hundred are online."""

    online: Annotated[int, Meta(description="how many members are connected; rounded if the reader is not a member")]
    users: Annotated[
        list[str] | UnsetType,
        Meta(description="ids of the members online; absent above 100, and for readers who are not members"),
    ] = UNSET


ROWS: Final = (
    Method(
        "message.send", MessageSend, MessageSendResult, "Post a message; the response comes when it is stored.",
        repeatable=True,
    ),
    Method("message.edit", MessageEdit, RevResult, "Change the text of your own message.", repeatable=True),
    Method(
        "message.delete", MessageDelete, RevResult, "Delete your own message, or as a moderator anyone's.",
        repeatable=True,
    ),
    Method(
        "message.history", MessageHistory, MessageHistoryResult, "Get a page of the room's messages.", who="anyone",
        repeatable=True,
    ),
    Method(
        "message.get", MessageGet, MessagesResult, "Get some messages by their numbers.", who="anyone", repeatable=True
    ),
    Method(
        "message.search", MessageSearch, MessageSearchResult, "Find messages in your rooms, or in one open room.",
        who="anyone", repeatable=True,
    ),
    Method("message.react", MessageReact, RevResult, "React to a message with an emoji.", repeatable=True),
    Method(
        "message.unreact", MessageUnreact, RevResult, "Remove your reaction, or as a moderator anyone's.",
        repeatable=True,
    ),
    Method(
        "message.reactors", MessageReactors, MessageReactorsResult, "List who reacted to a message with an emoji.",
        who="anyone", repeatable=True,
    ),
    Method(
        "message.move", MessageMove, MessageMoveResult, "Move messages into a topic or the main line (moderators).",
        repeatable=True,
    ),
    Method(
        "message.pin", MessagePin, RevResult, "Pin a message or take its pin away, as a moderator.", repeatable=True
    ),
    Method(
        "room.pins", RoomPins, MessagesResult, "List the pinned messages, newest pin first.", who="anyone",
        repeatable=True,
    ),
    Method(
        "message.hide_previews", MessageHidePreviews, RevResult,
        "Take the previews of a message's links away, as its author or a moderator; none come again.", repeatable=True,
    ),
    Method("read.mark", ReadMark, ReadMarkResult, "Move your read marker; it never moves back.", repeatable=True),
)  # fmt: skip
