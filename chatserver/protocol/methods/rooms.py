"""Methods: rooms, memberships, presence."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chatserver.protocol.methods.base import About, After, Method, Nothing, Params, RoomParams, Tags, Title
from chatserver.protocol.methods.messages import Line, PresenceWatchResult
from chatserver.protocol.shapes import (
    Ban,
    ClientId,
    Level,
    Member,
    RoomListing,
    RoomState,
    Shape,
    UserId,
    Writers,
)


class RoomCreate(Params, frozen=True):
    title: Annotated[Title, Meta(description="1 to 60 characters on one line")]
    about: Annotated[About, Meta(description="the room's description: at most 500 characters, line breaks allowed")] = (
        ""
    )
    kind: Annotated[
        Literal["open", "closed"], Meta(description="`open` is listed and can be joined, `closed` requires its link")
    ] = "open"
    tags: Annotated[
        Tags, Meta(description="at most 8 tags of at most 24 characters, folded (lower case, `-` for spaces)")
    ] = field(default_factory=list)
    client_id: Annotated[
        ClientId | UnsetType,
        Meta(description="your own name for this request: a repeat within an hour gives the same room"),
    ] = UNSET
    writers: Annotated[Writers, Meta(description="who may write: `everyone` who is a member, or only `moderators`")] = (
        "everyone"
    )
    topics: Annotated[
        Writers, Meta(description="who may start a topic: `everyone` who is a member, or only `moderators`")
    ] = "everyone"
    never_window: Annotated[
        bool, Meta(description="whether the room can never be made readable without an account; cannot be undone")
    ] = False
    forum: Annotated[bool, Meta(description="whether messages are posted in topics only")] = False


class RoomCreateResult(RoomState, frozen=True, kw_only=True):
    duplicate: Annotated[bool, Meta(description="whether it was asked for before, so nothing was created now")] = False


class RoomDiscover(Params, frozen=True):
    query: Annotated[
        str,
        Meta(
            max_length=200,
            description="words that must all occur in title, description or tags, in any language, simplified or "
            "traditional, or be the pinyin or initials of a title",
        ),
    ] = ""
    tag: Annotated[str, Meta(max_length=64, description="a tag that the room must have")] = ""
    room: Annotated[str, Meta(max_length=64, description="the id of the only room to list, if it is open")] = ""
    after: Annotated[After, Meta(description="where to continue: `next` of the previous page")] = ""


class RoomDiscoverResult(Shape, frozen=True):
    rooms: Annotated[
        list[RoomListing], Meta(description="at most 50, ordered by people online, then messages today, then members")
    ]
    mine: Annotated[
        list[str] | UnsetType,
        Meta(description="ids of closed rooms that you are in and whose titles `query` means; absent if none"),
    ] = UNSET
    next: Annotated[str, Meta(description="pass it as `after` for the next page; empty: this was the last")] = ""
    indexing: Annotated[
        float | UnsetType, Meta(description="how much of the index is made, from 0 to 1; absent: all of it")
    ] = UNSET


class RoomJoin(RoomParams, frozen=True):
    link: Annotated[str, Meta(max_length=200, description="needed for a closed room")] = ""


class RoomUpdate(RoomParams, frozen=True):
    title: Annotated[Title | UnsetType, Meta(description="1 to 60 characters on one line")] = UNSET
    about: Annotated[
        About | UnsetType, Meta(description="the room's description: at most 500 characters, line breaks allowed")
    ] = UNSET
    tags: Annotated[
        Tags | UnsetType,
        Meta(description="at most 8 tags of at most 24 characters, folded (lower case, `-` for spaces)"),
    ] = UNSET
    slow_mode: Annotated[
        Annotated[int, Meta(ge=0, le=21_600)] | UnsetType,
        Meta(description="seconds between two messages of a member; moderators are exempt"),
    ] = UNSET
    pokes: Annotated[bool | UnsetType, Meta(description="whether people can be poked from this room")] = UNSET
    question: Annotated[bool | UnsetType, Meta(description="whether the question of the day is posted here")] = UNSET
    window: Annotated[
        bool | UnsetType,
        Meta(description="whether it can be read without an account; only admins set this, and only for open rooms"),
    ] = UNSET
    writers: Annotated[
        Writers | UnsetType, Meta(description="who may write: `everyone` who is a member, or only `moderators`")
    ] = UNSET
    topics: Annotated[
        Writers | UnsetType, Meta(description="who may start a topic: `everyone` who is a member, or only `moderators`")
    ] = UNSET
    never_window: Annotated[
        bool | UnsetType,
        Meta(
            description="true: the room can never be made readable without an account; only owners set this, and it "
            "cannot be undone"
        ),
    ] = UNSET
    forum: Annotated[bool | UnsetType, Meta(description="whether messages are posted in topics only")] = UNSET


class TypingStart(RoomParams, frozen=True):
    topic: Annotated[
        Line | UnsetType, Meta(description="where: a topic, or the main line (empty); absent: somewhere in the room")
    ] = UNSET


class RoomArchive(RoomParams, frozen=True):
    archived: Annotated[bool, Meta(description="true to archive, false to undo it")]


class RoomMembers(RoomParams, frozen=True):
    after: Annotated[After, Meta(description="where to continue: `next` of the previous page")] = ""
    query: Annotated[
        str,
        Meta(
            max_length=100,
            description="what was typed after an @: name, handle, pinyin or initials; empty: list all members",
        ),
    ] = ""


class RoomMembersResult(Shape, frozen=True):
    members: Annotated[
        list[Member],
        Meta(
            description="at most 100: owners, then moderators, members and bots, each in order of joining; with "
            "`query` at most 50, those who wrote last first"
        ),
    ]
    next: Annotated[str, Meta(description="pass it as `after` for the next page; empty: this was the last")] = ""


class RoomLink(RoomParams, frozen=True):
    """``withdraw`` ends the current link; the next room.link makes a new one."""

    withdraw: Annotated[bool, Meta(description="whether to end the current link")] = False


class RoomLinkResult(Struct, frozen=True):
    link: Annotated[str, Meta(description="32 characters with which people can join; empty after withdrawing it")]


class RoomUser(RoomParams, frozen=True):
    user: Annotated[UserId, Meta(description="the user concerned")]


class RoomBan(RoomUser, frozen=True):
    """``until`` in ms since 1970; 0 means no end."""

    until: Annotated[int, Meta(ge=0, le=2**53, description="when the ban ends; 0: never")] = 0


class RoomBans(RoomParams, frozen=True):
    after: Annotated[After, Meta(description="where to continue: `next` of the previous page")] = ""


class RoomBansResult(Shape, frozen=True):
    bans: Annotated[list[Ban], Meta(description="at most 100, ordered by user id; expired bans are left out")]
    next: Annotated[str, Meta(description="pass it as `after` for the next page; empty: this was the last")] = ""


class RoomSetRole(RoomUser, frozen=True):
    role: Annotated[Literal["owner", "moderator", "member"], Meta(description="the member's new role")]


class RoomNotify(RoomParams, frozen=True):
    """``until`` in ms since 1970; 0 means for good."""

    level: Annotated[Level, Meta(description="what notifies the user in this room")]
    until: Annotated[
        int,
        Meta(
            ge=0,
            le=2**53,
            description="when this level ends (Unix ms), and the one set for good holds again; 0: for good",
        ),
    ] = 0
    everyone: Annotated[bool | UnsetType, Meta(description="whether @everyone notifies the user")] = UNSET


class RoomNotifyResult(Shape, frozen=True):
    level: Annotated[Level, Meta(description="what notifies the user in this room")]
    everyone: Annotated[bool, Meta(description="whether @everyone notifies the user")]
    until: Annotated[int, Meta(description="when this level ends (Unix ms); 0: never")] = 0


ROWS: Final = (
    Method("room.create", RoomCreate, RoomCreateResult, "Create a room and become its owner."),
    Method(
        "room.discover", RoomDiscover, RoomDiscoverResult, "Find open rooms by words or tag.", who="anyone",
        repeatable=True,
    ),
    Method("room.join", RoomJoin, RoomState, "Join a room; a closed room requires its link.", repeatable=True),
    Method("room.leave", RoomParams, Nothing, "Leave the room.", repeatable=True),
    Method(
        "room.update", RoomUpdate, RoomState, "Update the room's title, description and settings (moderators).",
        repeatable=True,
    ),
    Method("room.archive", RoomArchive, RoomState, "Archive a room, or undo it (owners)."),
    Method(
        "room.members", RoomMembers, RoomMembersResult, "List the room's members, or find some of them (members only).",
        repeatable=True,
    ),
    Method(
        "room.link", RoomLink, RoomLinkResult, "Get the invite link of a closed room (moderators)."
    ),
    Method("room.invite", RoomUser, Nothing, "Add a bot (moderators), or invite a friend.", repeatable=True),
    Method("room.remove", RoomUser, Nothing, "Remove a member (moderators).", repeatable=True),
    Method("room.ban", RoomBan, Nothing, "Remove and ban a user (moderators).", repeatable=True),
    Method("room.unban", RoomUser, Nothing, "Lift a ban (moderators).", repeatable=True),
    Method("room.bans", RoomBans, RoomBansResult, "List the room's bans (moderators).", repeatable=True),
    Method(
        "room.set_role", RoomSetRole, Nothing, "Make a member owner, moderator or member (owners).", repeatable=True,
    ),
    Method("room.notify", RoomNotify, RoomNotifyResult, "Set what notifies you in this room.", repeatable=True),
    Method(
        "typing.start", TypingStart, Nothing, "Notify the room that you are typing.", connection=True, repeatable=True,
    ),
    Method(
        "presence.watch", RoomParams, PresenceWatchResult, "Subscribe to presence.", who="anyone", connection=True,
        repeatable=True,
    ),
    Method(
        "presence.unwatch", RoomParams, Nothing, "Unsubscribe from presence.", who="anyone", connection=True,
        repeatable=True,
    ),
)  # fmt: skip
