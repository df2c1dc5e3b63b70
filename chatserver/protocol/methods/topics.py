"""Methods: topics."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chatserver.protocol.methods.base import After, Method, Nothing, RoomParams
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.shapes import ClientId, FileId, Level, Seq, Shape, Topic, TopicId

TopicTitle = Annotated[str, Meta(max_length=400, description="1 to 100 characters on one line")]


class TopicParams(RoomParams, frozen=True):
    topic: TopicId


class TopicCreate(RoomParams, frozen=True):
    title: TopicTitle
    text: Annotated[str, Meta(description="its first message: at most 4,000 characters and 16 KB")]
    client_id: Annotated[ClientId, Meta(description="chosen by the sender; a repeat within an hour makes nothing")]
    attachments: Annotated[
        list[FileId], Meta(max_length=10, description="your finished uploads for this room, used by no other message")
    ] = field(default_factory=list)
    seqs: Annotated[
        list[Seq], Meta(max_length=100, description="numbers of messages to move there, for moderators")
    ] = field(name="from", default_factory=list)


class TopicCreateResult(Struct, frozen=True):
    topic: Annotated[Topic, Meta(description="the topic")]
    message: Annotated[MessageSendResult, Meta(description="of its first message, as in `message.send`")]


class TopicList(RoomParams, frozen=True):
    """With ``topics`` the others do not count."""

    sort: Annotated[
        Literal["active", "new"], Meta(description="by the last message, or by when they were started; latest first")
    ] = "active"
    mine: Annotated[bool, Meta(description="only those in which the caller wrote (of the latest 500)")] = False
    closed: Annotated[
        bool | UnsetType, Meta(description="only closed ones, or only those that are not; absent: all")
    ] = UNSET
    after: Annotated[After, Meta(description="where to continue: `next` of the previous page")] = ""
    topics: Annotated[
        Annotated[list[TopicId], Meta(max_length=100)] | UnsetType,
        Meta(description="these topics only, as far as they exist; at most 100"),
    ] = UNSET


class TopicListResult(Shape, frozen=True):
    topics: Annotated[
        list[Topic], Meta(description="at most 50, on the first page behind the pinned ones, the newest pin first")
    ]
    topics_version: Annotated[int, Meta(description="how often the room's topics have changed")]
    next: Annotated[str, Meta(description="pass it as `after` for the next page; absent: no more")] = ""


class TopicUpdate(TopicParams, frozen=True):
    title: Annotated[TopicTitle | UnsetType, Meta(description="1 to 100 characters on one line")] = UNSET
    closed: Annotated[bool | UnsetType, Meta(description="whether nobody can write in it")] = UNSET
    note: Annotated[
        Annotated[str, Meta(max_length=2000)] | UnsetType,
        Meta(description="a note of the moderators: at most 500 characters, line breaks allowed; empty: none"),
    ] = UNSET
    pinned: Annotated[
        bool | UnsetType, Meta(description="whether it stands before the others in the list; at most 20 do")
    ] = UNSET


class TopicNotify(TopicParams, frozen=True):
    """``until`` in ms since 1970; 0 means for good."""

    level: Annotated[Level, Meta(description="what notifies the user in this topic")]
    until: Annotated[
        int,
        Meta(
            ge=0,
            le=2**53,
            description="when this level ends (Unix ms), and what held before holds again; 0: for good",
        ),
    ] = 0


ROWS: Final = (
    Method(
        "topic.create", TopicCreate, TopicCreateResult, "Start a topic with its first message.", repeatable=True,
    ),
    Method(
        "topic.list", TopicList, TopicListResult, "List a room's topics, or get some of them.", who="anyone",
        repeatable=True,
    ),
    Method(
        "topic.update", TopicUpdate, Topic, "Rename, close, pin or annotate a topic, as a moderator.", repeatable=True,
    ),
    Method(
        "topic.delete", TopicParams, Nothing, "Delete a topic with its messages, as a moderator.", repeatable=True,
    ),
    Method("topic.notify", TopicNotify, Nothing, "Set what notifies you in a topic.", repeatable=True),
)  # fmt: skip
