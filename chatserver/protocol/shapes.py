"""The values that methods return and events carry.

A member is left out if it has its default, so an absent member means the default. Times are integer milliseconds since
1970 UTC; ids are opaque strings.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

RoomId = Annotated[str, Meta(min_length=1, max_length=64, description="the room's id")]
UserId = Annotated[str, Meta(min_length=1, max_length=64, description="the user")]
ClientId = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r"^[^\x00-\x1f\x7f\x85\u2028\u2029]+(?![\s\S])",
        description="the sender's own name for the message",
    ),
]
FileId = Annotated[str, Meta(min_length=1, max_length=64, description="the file's id")]
Seq = Annotated[int, Meta(ge=0, le=2**53, description="the message's number in its room: 1, 2, 3 …")]
Rev = Annotated[int, Meta(ge=0, le=2**53, description="the change's number in its room: 1, 2, 3 …")]
RoomKind = Literal["open", "closed", "direct"]
Role = Literal["owner", "moderator", "member", "visitor"]
AuthorRole = Literal["owner", "moderator", "admin"]
Writers = Literal["everyone", "moderators"]
Level = Literal["all", "mentions", "none"]
Presence = Literal["shown", "hidden"]
Findable = Literal["interests", "name", "nothing"]
FindableBy = Annotated[
    Findable | UnsetType,
    Meta(
        description="what finds you in `user.search`: name, handle and `interests`; `name` and handle; or `nothing` "
        "but your whole handle"
    ),
]
Gesture = Literal["hi", "same_here", "talk"]
SayHiFrom = Literal["room", "answered", "nobody"]
Wish = Literal["", "yes", "not_yet"]
Rung = Literal["stranger", "poked", "curtain", "acquainted", "friend"]
NextStep = Literal["say_something", "poke", "sent", "return", "answer", "wait", "talk", "rests", "unblock", "you"]
Durability = Literal["primary", "replicated", "strict"]


class Shape(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A value on the wire. Members without a default are always present."""


class Author(Struct, frozen=True, gc=False, omit_defaults=True):
    """The author of a message, with the current name. A closed account has an empty handle and name.

    ``role`` is the role now, not when the message was written. After ``member.changed``, and after ``user.changed``
    with another ``admin``, change the authors that you hold."""

    id: Annotated[str, Meta(description="unique, never reused")]
    handle: Annotated[str, Meta(description="the name after an @; empty for a closed account")]
    name: Annotated[str, Meta(description="the display name: at most 40 characters, no links, no run of six digits")]
    bot: Annotated[bool, Meta(description="whether it is a program")]
    avatar: Annotated[str, Meta(description="the id of their picture; empty: the drawn seal")] = ""
    role: Annotated[
        AuthorRole | UnsetType,
        Meta(
            description="their role in the room that this is about: `owner`, `moderator`, else `admin` for an admin of "
            "the community; absent for everyone else, and where it is about no room"
        ),
    ] = UNSET


class User(Shape, frozen=True):
    """A user as others see them. ``owner`` is set for bots; ``closed``: the account was closed."""

    id: Annotated[str, Meta(description="unique, never reused")]
    handle: Annotated[str, Meta(description="the name after an @; empty for a closed account")]
    name: Annotated[str, Meta(description="the display name: at most 40 characters, no links, no run of six digits")]
    bot: Annotated[bool, Meta(description="whether it is a program")]
    owner: Annotated[str | UnsetType, Meta(description="the id of a bot's owner")] = UNSET
    headline: Annotated[
        str | UnsetType,
        Meta(description="a line under the name: at most 80 characters, no links, no run of six digits"),
    ] = UNSET
    admin: Annotated[bool, Meta(description="whether the user is an admin")] = False
    closed: Annotated[bool, Meta(description="whether the account was closed; handle and name are empty")] = False
    avatar: Annotated[str, Meta(description="the id of their picture; empty: the drawn seal")] = ""


class ListedUser(User, frozen=True, kw_only=True):
    """A user in the list for admins."""

    since: Annotated[int, Meta(description="when the account was created")]
    suspended: Annotated[bool, Meta(description="whether the account is suspended: it cannot sign in")] = False


class Act(Shape, frozen=True):
    """An act of a moderator or admin. ``what`` is named after the method: `room.remove`, `room.ban`,
    `room.unban`, `room.set_role`, `message.delete` (of another's message), `room.archive`, `room.update` (by an admin
    who does not own the room), `room.window`, `account.suspend`, `community.update`, `community.claim`; on the command
    line also `account.create`, `account.set_password`, `account.make_admin`, `account.invite`, `token.create`."""

    id: Annotated[str, Meta(description="pass the last one's id as `before` for the next page")]
    at: Annotated[int, Meta(description="when it was done")]
    what: Annotated[str, Meta(description="what was done")]
    by: Annotated[
        User | UnsetType, Meta(description="the acting user; absent: the command line on the server's machine")
    ] = UNSET
    room: Annotated[str, Meta(description="the room, if any")] = ""
    user: Annotated[
        User | UnsetType,
        Meta(description="the user concerned; for a deleted message, its author; of a token, whose it is"),
    ] = UNSET
    detail: Annotated[
        str,
        Meta(
            description="the new role, the ban's end (0: never), the message's number, `on` or "
            "`off`, or the fields changed"
        ),
    ] = ""


class UserRoom(Shape, frozen=True):
    """A room on a user's profile: one that they share with the reader, or an open one that they chose to show."""

    room: Annotated[str, Meta(description="the room's id")]
    title: Annotated[str, Meta(description="the room's title")]
    shared: Annotated[bool, Meta(description="whether the reader is a member, too")]
    titles: Annotated[
        dict[str, str], Meta(description="a starter room's title by language (`en`, `zh-Hans`, `zh-Hant`)")
    ] = {}


class UserProfile(User, frozen=True, kw_only=True):
    """A user with their profile. ``for_friends`` is present for friends only; ``presence``, ``greets``,
    ``shown_rooms``, ``findable`` and ``listable`` for the user only."""

    since: Annotated[int, Meta(description="when the account was created")]
    rooms: Annotated[
        list[UserRoom],
        Meta(description="the rooms shared with the reader, of any kind, and open rooms that the user chose to show"),
    ]
    about: Annotated[str, Meta(description="a description: at most 500 characters, line breaks allowed")] = ""
    for_friends: Annotated[str, Meta(description="a description that only friends see; absent for others")] = ""
    interests: Annotated[list[str], Meta(description="at most 8 tags, folded like a room's")] = []
    languages: Annotated[
        list[str], Meta(description="languages they speak: at most 8 BCP 47 tags such as `zh-Hans` or `en`")
    ] = []
    home_town: Annotated[
        str, Meta(description="the home town: at most 40 characters, no links, no run of six digits")
    ] = ""
    time_zone: Annotated[str, Meta(description="an IANA zone such as `Asia/Shanghai`")] = ""
    presence: Annotated[Presence | UnsetType, Meta(description="`hidden`: others see neither presence nor typing")] = (
        UNSET
    )
    greets: Annotated[bool | UnsetType, Meta(description="whether you like to greet newcomers; only you see this")] = (
        UNSET
    )
    shown_rooms: Annotated[
        list[str] | UnsetType, Meta(description="ids of your open rooms that everyone may see on your profile")
    ] = UNSET
    findable: FindableBy = UNSET
    listable: Annotated[
        bool | UnsetType, Meta(description="whether a search for messages may ask for all that you wrote")
    ] = UNSET


class Reaction(Struct, frozen=True, gc=False):
    """One kind of reaction to a message. ``users`` helps to show names; `message.reactors` lists all."""

    emoji: Annotated[str, Meta(description="the emoji, fully qualified")]
    count: Annotated[int, Meta(description="how many reacted with it")]
    users: Annotated[list[str], Meta(description="ids of the first 100, in the order of reacting")]


class Preview(Struct, frozen=True, gc=False, omit_defaults=True):
    """What a page that a message links to says of itself. It was written by whoever made that page."""

    url: Annotated[str, Meta(description="the link, as it is in the message")]
    title: Annotated[str, Meta(description="the page's title: at most 200 characters on one line")]
    site: Annotated[str, Meta(description="the site's name, or its host: at most 60 characters on one line")]
    text: Annotated[str, Meta(description="the page's description: at most 300 characters on one line")] = ""
    picture: Annotated[
        File | UnsetType,
        Meta(description="the page's picture: a file of the message, at most 960 pixels wide and high, never animated"),
    ] = UNSET


class File(Struct, frozen=True, gc=False, omit_defaults=True):
    """A file of a message. `GET /files/<id>` returns it to whoever may read the message. A picture that the server
    wrote itself has ``width``, ``height`` and usually ``preview``, and comes in smaller sizes, too."""

    id: Annotated[str, Meta(description="unique, never reused")]
    name: Annotated[str, Meta(description="its name: at most 120 characters, without slashes and control characters")]
    size: Annotated[int, Meta(description="how many bytes it has, in its largest size")]
    type: Annotated[str, Meta(description="its media type, as the server found it")]
    width: Annotated[int, Meta(description="of a picture, in pixels")] = 0
    height: Annotated[int, Meta(description="of a picture, in pixels")] = 0
    preview: Annotated[str, Meta(description="a tiny picture to show until the file is loaded: a `data:` URI")] = ""
    seconds: Annotated[float | UnsetType, Meta(description="how long a recording lasts, as its sender said")] = UNSET
    peaks: Annotated[
        list[int], Meta(description="64 loudnesses of a recording, 0 to 100, as its sender said; empty: none")
    ] = []


class Message(Shape, frozen=True):
    """A message in its current state. A tombstone has ``deleted`` and no text, and keeps seq and id. Events carry
    neither ``reactions`` nor ``mine``: reactions to a message follow it as events of their own."""

    room: Annotated[str, Meta(description="the room's id")]
    seq: Annotated[int, Meta(description="the message's number in its room: 1, 2, 3 …")]
    id: Annotated[str, Meta(description="unique, never reused")]
    at: Annotated[int, Meta(description="when it was posted; never decreases within a room")]
    author: Annotated[Author, Meta(description="the author, with their current name")]
    text: Annotated[str, Meta(description="empty for a tombstone")]
    client_id: Annotated[str, Meta(description="the sender's own name for the message")] = ""
    reply_to: Annotated[int, Meta(description="the number of the message it replies to; 0: none")] = 0
    topic: Annotated[str, Meta(description="the topic; empty: none")] = ""
    reply_user: Annotated[
        str,
        Meta(
            description="the user whom this reply calls: the author of the message it replies to; empty if that is the "
            "sender, was no member, or had deleted it"
        ),
    ] = ""
    mentions: Annotated[list[str], Meta(description="ids of the members mentioned with an @")] = []
    everyone: Annotated[bool, Meta(description="whether it calls everyone in the room, with @everyone")] = False
    first: Annotated[
        bool, Meta(description="whether it is a newcomer's first message; for members, and for a day after `at`")
    ] = False
    attachments: Annotated[
        list[File], Meta(description="the files it carries, in the order in which they were sent")
    ] = []
    previews: Annotated[
        list[Preview],
        Meta(description="of its first two links; they come by `message.changed` some time after the message"),
    ] = []
    edited_at: Annotated[int, Meta(description="when the text was last changed; 0: never")] = 0
    deleted: Annotated[bool, Meta(description="whether it is a tombstone: number and id stay, the text is gone")] = (
        False
    )
    pinned: Annotated[bool, Meta(description="whether it is pinned in the room")] = False
    reactions: Annotated[list[Reaction], Meta(description="by kind, in the order in which each first came")] = []
    mine: Annotated[list[str], Meta(description="the emoji with which the reader reacted")] = []


class RoomWords(Shape, frozen=True, kw_only=True):
    """What ``RoomState`` and ``room.changed`` share: a room's title, description and settings."""

    room: Annotated[str, Meta(description="the room's id")]
    kind: Annotated[
        RoomKind,
        Meta(
            description="`open` is listed and can be joined, `closed` requires its link, "
            "`direct` is a conversation of two"
        ),
    ]
    title: Annotated[str, Meta(description="1 to 60 characters on one line")]
    about: Annotated[str, Meta(description="the room's description: at most 500 characters, line breaks allowed")]
    tags: Annotated[
        list[str], Meta(description="at most 8 tags of at most 24 characters, folded (lower case, `-` for spaces)")
    ]
    members: Annotated[int, Meta(description="the number of members")]
    window: Annotated[bool, Meta(description="whether it can be read without an account")] = False
    bots: Annotated[bool, Meta(description="whether any bot may join")] = False
    archived: Annotated[bool, Meta(description="archived: members can read it, nothing new can be posted")] = False
    slow_mode: Annotated[int, Meta(description="seconds between two messages of a member; moderators are exempt")] = 0
    question: Annotated[bool, Meta(description="whether the question of the day is posted here")] = False
    titles: Annotated[
        dict[str, str], Meta(description="a starter room's title by language (`en`, `zh-Hans`, `zh-Hant`)")
    ] = {}
    abouts: Annotated[dict[str, str], Meta(description="a starter room's description by language")] = {}
    writers: Annotated[
        Writers | UnsetType,
        Meta(
            description="who may write: `everyone` who is a member, or only `moderators` and owners; absent in a "
            "direct room"
        ),
    ] = UNSET
    topics: Annotated[
        Writers | UnsetType,
        Meta(
            description="who may start a topic: `everyone` who is a member, or only `moderators` and owners; absent in "
            "a direct room"
        ),
    ] = UNSET
    never_window: Annotated[
        bool,
        Meta(description="whether the room can never be made readable without an account; cannot be undone"),
    ] = False
    pokes: Annotated[
        bool | UnsetType,
        Meta(description="false if people cannot be poked from this room; absent if they can, and in a direct room"),
    ] = UNSET
    forum: Annotated[bool, Meta(description="whether messages are posted in topics only")] = False
    topics_version: Annotated[
        int, Meta(description="how often the room's topics have changed; a client that holds another one asks for them")
    ] = 0


class RoomState(RoomWords, frozen=True, kw_only=True):
    """A room as one user sees it: the room, the user's role and read marker, and the end of its log.

    ``titles`` and ``abouts`` are a starter room's title and description in
    each language.
    """

    role: Annotated[Role, Meta(description="the user's role in the room; a `visitor` is not a member")]
    notify: Annotated[Level, Meta(description="what notifies the user in this room")]
    epoch: Annotated[str, Meta(description="the name of the numbering; numbers of different epochs cannot be compared")]
    first_seq: Annotated[int, Meta(description="the first message still in the log")]
    last_seq: Annotated[int, Meta(description="the number of the last message")]
    last_id: Annotated[str, Meta(description="the id of the last message; empty if there is none")]
    rev: Annotated[int, Meta(description="the number of the last change")]
    read_seq: Annotated[int, Meta(description="the last message that was read, of the whole room")]
    unread: Annotated[
        int, Meta(description="how many messages are neither read, nor deleted, nor in a topic at level `none`")
    ]
    mentions: Annotated[int, Meta(description="how many of those call the user")]
    online: Annotated[int, Meta(description="how many members are connected; rounded if the reader is not a member")]
    other: Annotated[Author | UnsetType, Meta(description="the other user of a direct room")] = UNSET
    markers: Annotated[
        dict[str, int],
        Meta(description="what is read beyond `read_seq`: the last message read, by topic (empty: the main line)"),
    ] = {}
    notify_until: Annotated[int, Meta(description="when `notify` ends (Unix ms) and `notify_then` holds; 0: never")] = 0
    notify_then: Annotated[
        Level | UnsetType, Meta(description="what notifies the user after `notify_until`; absent if there is none")
    ] = UNSET
    everyone: Annotated[
        bool | UnsetType, Meta(description="false if @everyone does not notify the user; absent if it does")
    ] = UNSET
    muted_until: Annotated[
        int, Meta(description="until when the user may not write here (Unix ms); 0: they are not muted")
    ] = 0
    question_of: Annotated[
        str,
        Meta(
            description="for the room of a question of the day, the room in which it lies (leave such a room out of "
            "lists); empty for all other rooms"
        ),
    ] = ""


TopicId = Annotated[str, Meta(min_length=1, max_length=64, description="the topic's id")]


class Topic(Shape, frozen=True, kw_only=True):
    """A titled part of a room's conversation. `unread`, `mentions`, `level` (with `level_until` and `level_then`)
    and `read_seq` are the caller's own: present in answers to members, absent in `topic.changed`. A deleted one has
    only `id`, `room`, `deleted`."""

    id: Annotated[str, Meta(description="unique, never reused: the id of the message with which it was started")]
    room: Annotated[str, Meta(description="the room's id")]
    title: Annotated[str, Meta(description="1 to 100 characters on one line")] = ""
    by: Annotated[Author | UnsetType, Meta(description="who started it")] = UNSET
    at: Annotated[int, Meta(description="when it was started")] = 0
    first: Annotated[str, Meta(description="the beginning of its first message: at most 140 characters")] = ""
    messages: Annotated[int, Meta(description="how many messages stand in it")] = 0
    last_seq: Annotated[int, Meta(description="the number of its last message")] = 0
    last_at: Annotated[int, Meta(description="when that was posted")] = 0
    last_by: Annotated[Author | UnsetType, Meta(description="who wrote that")] = UNSET
    people: Annotated[list[Author], Meta(description="the last three who wrote in it, the latest first")] = []
    closed: Annotated[bool, Meta(description="whether nobody can write in it")] = False
    note: Annotated[str, Meta(description="a note of the moderators: at most 500 characters, line breaks allowed")] = ""
    pinned: Annotated[bool, Meta(description="whether it stands before the others in the list")] = False
    deleted: Annotated[bool, Meta(description="whether it was deleted, or has no message any more")] = False
    unread: Annotated[int | UnsetType, Meta(description="how many of its messages the caller has not read")] = UNSET
    mentions: Annotated[int | UnsetType, Meta(description="how many of those call the caller")] = UNSET
    level: Annotated[Level | UnsetType, Meta(description="what notifies the caller in this topic")] = UNSET
    level_until: Annotated[int, Meta(description="when `level` ends (Unix ms) and `level_then` holds; 0: never")] = 0
    level_then: Annotated[
        Level | UnsetType, Meta(description="what notifies the caller after `level_until`; absent if there is none")
    ] = UNSET
    read_seq: Annotated[int | UnsetType, Meta(description="up to where the caller has read it")] = UNSET


class ReadState(Shape, frozen=True, kw_only=True):
    """A read marker that moved, and what is unread in the room then."""

    room: Annotated[str, Meta(description="the room's id")]
    topic: Annotated[
        str | UnsetType,
        Meta(description="whose marker moved: a topic's, the main line's (empty), or if absent the whole room's"),
    ] = UNSET
    read_seq: Annotated[int, Meta(description="that marker: the last message that was read")]
    room_read_seq: Annotated[int, Meta(description="the marker of the whole room")]
    unread: Annotated[int, Meta(description="how many messages of the room are not read")]
    mentions: Annotated[int, Meta(description="how many of those call the user")]


class Latest(Struct, frozen=True):
    """The last message of a room in a list."""

    author: Annotated[Author, Meta(description="the author, with their current name")]
    text: Annotated[str, Meta(description="the first 140 characters; empty for a tombstone")]
    at: Annotated[int, Meta(description="when it was posted; never decreases within a room")]


class RoomListing(Shape, frozen=True):
    """An open room in the result of ``room.discover``, with its activity and, if the reader may see it, its last
    message."""

    room: Annotated[str, Meta(description="the room's id")]
    title: Annotated[str, Meta(description="1 to 60 characters on one line")]
    about: Annotated[str, Meta(description="the room's description: at most 500 characters, line breaks allowed")]
    tags: Annotated[
        list[str], Meta(description="at most 8 tags of at most 24 characters, folded (lower case, `-` for spaces)")
    ]
    members: Annotated[int, Meta(description="the number of members")]
    online: Annotated[int, Meta(description="how many members are connected; rounded if the reader is not a member")]
    today: Annotated[int, Meta(description="messages since midnight in the community's time zone")]
    last_at: Annotated[int, Meta(description="when the last message was posted; 0: never")]
    joined: Annotated[bool, Meta(description="whether the caller is a member")] = False
    window: Annotated[bool, Meta(description="whether it can be read without an account")] = False
    bots: Annotated[bool, Meta(description="whether any bot may join")] = False
    forum: Annotated[bool, Meta(description="whether messages are posted in topics only")] = False
    titles: Annotated[
        dict[str, str], Meta(description="a starter room's title by language (`en`, `zh-Hans`, `zh-Hant`)")
    ] = {}
    abouts: Annotated[dict[str, str], Meta(description="a starter room's description by language")] = {}
    latest: Annotated[
        Latest | UnsetType, Meta(description="absent if there is no message, or the reader may not read the room")
    ] = UNSET


class Member(Shape, frozen=True):
    """A member of a room."""

    user: Annotated[Author, Meta(description="the user")]
    role: Annotated[Role, Meta(description="the user's role in the room; a `visitor` is not a member")]
    joined_at: Annotated[int, Meta(description="when the user joined")]


class Ban(Shape, frozen=True):
    """A user who is banned from a room."""

    user: Annotated[Author, Meta(description="the user")]
    until: Annotated[int, Meta(description="when the ban ends; 0: never")] = 0


class InboxItem(Shape, frozen=True):
    """An item of the inbox; ids only. Of kind `met` there are two: while it has ``until`` a code was entered and both
    are to confirm; without it both have, and ``at`` is when their cups touch, half a second ahead of the server's
    clock."""

    number: Annotated[int, Meta(description="1, 2, 3 …")]
    kind: Annotated[
        Literal[
            "poke", "curtain", "answered", "redrawn", "opened", "friend", "card", "met", "invitation", "invited",
            "mention", "reply", "reacted", "removed", "muted", "banned", "reported",
        ],
        Meta(description="the kind of item; `reacted` is never counted as unread"),
    ]  # fmt: skip
    at: Annotated[int, Meta(description="when it was added; of `met`, when their cups touch")]
    user: Annotated[str, Meta(description="the other user")]
    room: Annotated[str, Meta(description="the room, or the id of the pair")] = ""
    seq: Annotated[int, Meta(description="the message; 0: none")] = 0
    about: Annotated[str, Meta(description="the poke's or card's id")] = ""
    reason: Annotated[str, Meta(description="why, in the words of whoever did it; empty: not said")] = ""
    until: Annotated[int, Meta(description="when it ends, or until when to confirm; 0: never")] = 0
    count: Annotated[int, Meta(description="of `reacted`: how many people reacted, at the time of reading")] = 0
    users: Annotated[list[str], Meta(description="of `reacted`: ids of the first three who did")] = []
    read: Annotated[
        bool,
        Meta(description="it is not counted as unread: it or its message was read, or it is of a kind never counted"),
    ] = False


class PokeSent(Shape, frozen=True):
    """A poke that you sent. Its state depends on time only, not on what the other does."""

    poke: Annotated[str, Meta(description="the poke's id")]
    to: Annotated[str, Meta(description="the other user")]
    room: Annotated[str, Meta(description="the room it came from")]
    gesture: Annotated[Gesture, Meta(description="the reason: `hi`, `same_here` or `talk` (let's talk)")]
    at: Annotated[int, Meta(description="when it was sent")]
    state: Annotated[Literal["sent", "faded"], Meta(description="`sent`, and `faded` after seven days")]
    seq: Annotated[int, Meta(description="the message it is about; 0: none")] = 0


class PokeReceived(Shape, frozen=True):
    """A poke that you received: the sender, the room, and the sender's last lines there, as they were said. It can be
    returned for 30 days, also after it has faded for its sender. ``user`` and ``lines`` carry no avatar."""

    poke: Annotated[str, Meta(description="the poke's id")]
    user: Annotated[Author, Meta(description="the sender")]
    room: Annotated[str, Meta(description="the room it came from")]
    gesture: Annotated[Gesture, Meta(description="the reason: `hi`, `same_here` or `talk` (let's talk)")]
    at: Annotated[int, Meta(description="when it was sent")]
    ends_at: Annotated[int, Meta(description="until when you can return it: 30 days after it was sent")]
    lines: Annotated[
        list[Message],
        Meta(description="their last three lines there, said at least ten minutes before the poke and never edited"),
    ]
    card: Annotated[str, Meta(description="the card that both get once it is returned")]
    texts: Annotated[dict[str, str], Meta(description="the text by language")]
    seq: Annotated[int, Meta(description="your message that it is about; 0: none")] = 0
    message: Annotated[Message | UnsetType, Meta(description="that message as it is now; absent if it was deleted")] = (
        UNSET
    )


class CurtainState(Shape, frozen=True):
    """A card that two people answer. Neither sees the other's answer before both have answered. ``draft`` is your
    answer that was returned when another card was drawn."""

    tie: Annotated[str, Meta(description="the id of the pair")]
    room: Annotated[str, Meta(description="the room whose cards it is from")]
    card: Annotated[str, Meta(description="the card's id")]
    texts: Annotated[dict[str, str], Meta(description="the text by language")]
    ends_at: Annotated[int, Meta(description="when it expires")]
    answered: Annotated[bool, Meta(description="whether you have answered")] = False
    other_answered: Annotated[
        bool, Meta(description="whether they have answered; you see their answer once both have")
    ] = False
    may_draw: Annotated[bool, Meta(description="whether you may draw another card")] = False
    draft: Annotated[str, Meta(description="your answer that was returned when another card was drawn")] = ""
    rehearsal: Annotated[bool, Meta(description="whether it is a rehearsal with the community's host")] = False


class TieOrigin(Shape, frozen=True):
    """How two people came to know each other."""

    how: Annotated[Literal["poke", "invitation", "met", "bot"], Meta(description="how it began")]
    at: Annotated[int, Meta(description="when")]
    room: Annotated[str, Meta(description="the room; empty: none")] = ""
    seq: Annotated[int, Meta(description="the message; 0: none")] = 0
    texts: Annotated[dict[str, str], Meta(description="the card that both answered, by language")] = {}
    title: Annotated[str, Meta(description="the room's title, if you can read it; only in `tie.get`")] = ""
    titles: Annotated[dict[str, str], Meta(description="a starter room's title by language")] = {}
    message: Annotated[
        Message | UnsetType,
        Meta(description="the message as it is now; only in `tie.get`; absent if it was deleted or you cannot read it"),
    ] = UNSET
    answers: Annotated[
        list[Message], Meta(description="both answers as they are now, without deleted ones; only in `tie.get`")
    ] = []


class TieState(Shape, frozen=True):
    """What two people are to each other, as one of them sees it. ``next`` is the next possible step."""

    user: Annotated[Author, Meta(description="the other")]
    rung: Annotated[Rung, Meta(description="`stranger`, `poked`, `curtain`, `acquainted` or `friend`")]
    next: Annotated[NextStep, Meta(description="the next possible step: a stable identifier")]
    next_room: Annotated[str, Meta(description="the room for that step, if any")] = ""
    tie: Annotated[str, Meta(description="the id of the pair")] = ""
    room: Annotated[str, Meta(description="the direct room; empty if there is none")] = ""
    since: Annotated[int, Meta(description="when their conversation began")] = 0
    met_at: Annotated[int, Meta(description="when they confirmed that they met; 0: never")] = 0
    origin: Annotated[TieOrigin | UnsetType, Meta(description="how they came to know each other")] = UNSET
    note: Annotated[str, Meta(description="your private note, at most 500 characters")] = ""
    rests: Annotated[bool, Meta(description="whether the conversation is paused")] = False
    paused: Annotated[bool, Meta(description="whether you paused it yourself, and so can resume it")] = False
    days: Annotated[
        int,
        Meta(description="on how many days both wrote, 0 to 2 until you are friends, whatever was answered"),
    ] = 0
    asked: Annotated[
        bool, Meta(description="whether you are both asked to become friends; answer, or answer again, by `tie.want`")
    ] = False
    wants: Annotated[Wish, Meta(description="your own answer to that; the other does not see it")] = ""
    invited: Annotated[
        bool, Meta(description="whether they accepted your invitation and wait for `invitation.confirm`")
    ] = False
    blocked: Annotated[bool, Meta(description="whether you blocked them")] = False
    card: Annotated[
        Literal["", "offered", "open", "asked"],
        Meta(description="`offered` by you, `asked` for by them, `open` to each other, or empty"),
    ] = ""
    shows_seen: Annotated[bool, Meta(description="whether you show this friend what you have read")] = False
    seen_seq: Annotated[
        int, Meta(description="the last message the other has read, between friends who both show it; 0: not shown")
    ] = 0
    sent: Annotated[PokeSent | UnsetType, Meta(description="your poke; absent once it was returned")] = UNSET
    received: Annotated[
        PokeReceived | UnsetType, Meta(description="their poke, unless it was dismissed or has expired")
    ] = UNSET
    curtain: Annotated[CurtainState | UnsetType, Meta(description="the card that both answer")] = UNSET


class Card(Shape, frozen=True):
    """A name card (名片), which friends exchange."""

    company: Annotated[str, Meta(description="the company")] = ""
    title: Annotated[str, Meta(description="the job title")] = ""
    phone: Annotated[str, Meta(description="a telephone number")] = ""
    mail: Annotated[str, Meta(description="a mail address")] = ""
    wechat: Annotated[str, Meta(description="a WeChat id")] = ""
    line: Annotated[str, Meta(description="a LINE id")] = ""
    whatsapp: Annotated[str, Meta(description="a WhatsApp number")] = ""
    looking_for: Annotated[str, Meta(description="what you are looking for, at most 280 characters")] = ""
    can_offer: Annotated[str, Meta(description="what you can offer, at most 280 characters")] = ""


class Invitation(Shape, frozen=True):
    """A personal invitation, for one person or for several. ``users`` are those who used it."""

    id: Annotated[str, Meta(description="the id for `invitation.withdraw`")]
    at: Annotated[int, Meta(description="when it was created")]
    ends_at: Annotated[int, Meta(description="when it expires")]
    uses: Annotated[int, Meta(description="how many people may use it")]
    room: Annotated[str, Meta(description="the room that the guests join")] = ""
    used: Annotated[int, Meta(description="how many have")] = 0
    users: Annotated[list[str], Meta(description="ids of those who have")] = []
    withdrawn: Annotated[bool, Meta(description="whether it was withdrawn")] = False


class Question(Shape, frozen=True):
    """A question of the day. It is a room of its own (``id``), which you enter by answering."""

    id: Annotated[str, Meta(description="the id of the question's own room")]
    room: Annotated[str, Meta(description="the room it is posted in")]
    at: Annotated[int, Meta(description="when it was posted")]
    texts: Annotated[dict[str, str], Meta(description="the text by language")]
    answers: Annotated[int, Meta(description="the number of answers; 0 below three")]
    answered: Annotated[bool, Meta(description="whether you have answered, and so can read the others")] = False


class Cursor(Struct, frozen=True, omit_defaults=True):
    """What a client has seen of a room: the place (seq, rev) and the id of the last message."""

    epoch: Annotated[str, Meta(description="the name of the numbering; numbers of different epochs cannot be compared")]
    seq: Annotated[Seq, Meta(description="the last message seen; 0: none")]
    id: Annotated[str, Meta(description="the id of the message at `seq`")] = ""
    rev: Annotated[Rev, Meta(description="the last change seen")] = 0


class InboxState(Struct, frozen=True):
    """The state of the user's inbox: its last number and how many items are unread."""

    seq: Annotated[int, Meta(description="the number of the inbox's last item")]
    unread: Annotated[int, Meta(description="how many of its items are unread")]


class Limits(Struct, frozen=True, omit_defaults=True):
    """The server's limits, in bytes or characters as named."""

    text_characters: Annotated[int, Meta(description="most characters of a message")]
    text_bytes: Annotated[int, Meta(description="most bytes of a message in UTF-8")]
    frame_bytes: Annotated[int, Meta(description="most bytes of an incoming WebSocket message or HTTP body")]
    history_page: Annotated[int, Meta(description="the largest `limit` of message.history")]
    requests_in_flight: Annotated[
        int, Meta(description="requests of a socket in flight above which the server stops reading")
    ]
    file_bytes: Annotated[int, Meta(description="most bytes of a file; 0 from a server that takes none")] = 0
    message_files: Annotated[int, Meta(description="most files of a message; 0 from a server that takes none")] = 0


class ServerInfo(Struct, frozen=True):
    """Facts about the server; ``ping_s`` is the interval (s) at which the page calls session.ping."""

    version: Annotated[str, Meta(description="the server's version")]
    ping_s: Annotated[int, Meta(description="the interval (s) at which the page calls `session.ping`")]
    limits: Annotated[Limits, Meta(description="the server's limits")]
    durability: Annotated[
        Durability,
        Meta(
            description="what a response means: the message is in the store (`primary`), or also on its disk (`strict`)"
        ),
    ]


class OwnBot(Struct, frozen=True):
    """A bot as its owner sees it."""

    user: Annotated[User, Meta(description="the bot")]
    tokens: Annotated[list[Login], Meta(description="its tokens, most recently used first")]


class Login(Shape, frozen=True):
    """One way a user is signed in: a browser's cookie or a token."""

    id: Annotated[str, Meta(description="the id for `login.end` and `token.revoke`")]
    kind: Annotated[Literal["browser", "token"], Meta(description="a sign-in, or a token made for a bot or script")]
    label: Annotated[str, Meta(description="a label, shown in lists")]
    created_at: Annotated[int, Meta(description="when it was created")]
    used_at: Annotated[int, Meta(description="when it was last used, to the hour")]
    address: Annotated[str, Meta(description="the IP address (IPv6: the /64)")] = ""
    agent: Annotated[str, Meta(description="the User-Agent")] = ""
    current: Annotated[bool, Meta(description="whether this is the login of the request")] = False
