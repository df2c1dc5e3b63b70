"""The values that methods return and events carry.

A member is left out if it has its default, so an absent member means the default. Times are integer milliseconds since
1970 UTC; ids are opaque strings.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

RoomId = Annotated[str, Meta(min_length=1, max_length=64)]
UserId = Annotated[str, Meta(min_length=1, max_length=64)]
ClientId = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f\x85\u2028\u2029]+(?![\s\S])")]
Seq = Annotated[int, Meta(ge=0, le=2**53)]
Rev = Annotated[int, Meta(ge=0, le=2**53)]
RoomKind = Literal["open", "closed", "direct"]
Role = Literal["owner", "moderator", "member", "visitor"]
Level = Literal["all", "mentions", "none"]
Presence = Literal["shown", "hidden"]
Gesture = Literal["liked", "same_here", "tea"]
Rung = Literal["stranger", "poked", "curtain", "acquainted", "friend"]
NextStep = Literal["say_something", "poke", "sent", "return", "answer", "wait", "talk", "rests", "unblock", "you"]
Durability = Literal["primary", "replicated", "strict"]


class Shape(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A value on the wire. Members without a default are always present."""


class Author(Struct, frozen=True, gc=False):
    """The author of a message, with the current name. A closed account has an empty handle and name."""

    id: str
    handle: str
    name: str
    bot: bool


class User(Shape, frozen=True):
    """A user as others see them. ``owner`` is set for bots; ``closed``: the account was closed."""

    id: str
    handle: str
    name: str
    bot: bool
    owner: str | UnsetType = UNSET
    headline: str | UnsetType = UNSET
    admin: bool = False
    closed: bool = False


class ListedUser(User, frozen=True, kw_only=True):
    """A user in the list for admins."""

    since: int
    suspended: bool = False


class Act(Shape, frozen=True):
    """An act of a moderator or admin. ``what`` is named after the method: `room.remove`, `room.ban`,
    `room.unban`, `room.set_role`, `message.delete` (of another's message), `room.archive`, `room.update` (by an admin
    who does not own the room), `room.window`, `account.suspend`, `community.update`, `community.claim`; on the command
    line also `account.create`, `account.set_password`, `account.make_admin`, `account.invite`, `token.create`."""

    id: str
    at: int
    what: str
    by: User | UnsetType = UNSET
    room: str = ""
    user: User | UnsetType = UNSET
    detail: str = ""


class UserRoom(Shape, frozen=True):
    """A room on a user's profile: one that they share with the reader, or an open one that they chose to show."""

    room: str
    title: str
    shared: bool
    titles: dict[str, str] = {}


class UserProfile(User, frozen=True, kw_only=True):
    """A user with their profile. ``for_friends`` is present for friends only, ``presence`` and ``shown_rooms`` for the
    user only."""

    since: int
    rooms: list[UserRoom]
    about: str = ""
    for_friends: str = ""
    interests: list[str] = []
    languages: list[str] = []
    home_town: str = ""
    time_zone: str = ""
    presence: Presence | UnsetType = UNSET
    shown_rooms: list[str] | UnsetType = UNSET


class Message(Shape, frozen=True):
    """A message in its current state. A tombstone has ``deleted`` and no text, and keeps seq and id."""

    room: str
    seq: int
    id: str
    at: int
    author: Author
    text: str
    client_id: str = ""
    reply_to: int = 0
    topic: str = ""
    mentions: list[str] = []
    attachments: list[str] = []
    edited_at: int = 0
    deleted: bool = False
    reactions: dict[str, list[str]] = {}
    pinned: bool = False


class RoomState(Shape, frozen=True):
    """A room as one user sees it: the room, the user's role and read marker, and the end of its log.

    ``unread`` is always last_seq − read_seq. ``titles`` and ``abouts`` are a starter room's title and description in
    each language. ``window`` rooms can be read without an account, ``bots`` rooms can be joined by any bot.
    """

    room: str
    kind: RoomKind
    title: str
    about: str
    tags: list[str]
    role: Role
    notify: Level
    epoch: str
    first_seq: int
    last_seq: int
    last_id: str
    rev: int
    read_seq: int
    unread: int
    mentions: int
    members: int
    online: int
    window: bool = False
    bots: bool = False
    archived: bool = False
    slow_mode: int = 0
    question: bool = False
    titles: dict[str, str] = {}
    abouts: dict[str, str] = {}
    other: Author | UnsetType = UNSET
    notify_until: int = 0
    notify_then: Level | UnsetType = UNSET
    everyone: bool | UnsetType = UNSET


class Latest(Struct, frozen=True):
    """The last message of a room in a list."""

    author: Author
    text: str
    at: int


class RoomListing(Shape, frozen=True):
    """An open room in the result of ``room.discover``, with its activity and, if the reader may see it, its last
    message."""

    room: str
    title: str
    about: str
    tags: list[str]
    members: int
    online: int
    today: int
    last_at: int
    joined: bool = False
    window: bool = False
    bots: bool = False
    titles: dict[str, str] = {}
    abouts: dict[str, str] = {}
    latest: Latest | UnsetType = UNSET


class Member(Shape, frozen=True):
    """A member of a room."""

    user: Author
    role: Role
    joined_at: int


class Ban(Shape, frozen=True):
    """A user who is banned from a room."""

    user: Author
    until: int = 0


class InboxItem(Shape, frozen=True):
    """An item of the inbox; ids only. ``about`` is the id of a poke or card, ``seq`` a message's number, if any."""

    number: int
    kind: Literal["poke", "curtain", "answered", "redrawn", "opened", "friend", "card", "met", "invitation", "mention"]
    at: int
    user: str
    room: str = ""
    seq: int = 0
    about: str = ""


class PokeSent(Shape, frozen=True):
    """A poke that you sent. Its state depends on time only, not on what the other does."""

    poke: str
    to: str
    room: str
    gesture: Gesture
    at: int
    state: Literal["sent", "faded"]
    seq: int = 0


class PokeReceived(Shape, frozen=True):
    """A poke that you received: the sender, the room, and the sender's last lines there."""

    poke: str
    user: Author
    room: str
    gesture: Gesture
    at: int
    ends_at: int
    lines: list[Message]
    card: str
    texts: dict[str, str]
    seq: int = 0


class CurtainState(Shape, frozen=True):
    """A card that two people answer. Neither sees the other's answer before both have answered. ``draft`` is your
    answer that was returned when another card was drawn."""

    tie: str
    room: str
    card: str
    texts: dict[str, str]
    ends_at: int
    answered: bool = False
    other_answered: bool = False
    may_draw: bool = False
    draft: str = ""
    rehearsal: bool = False


class TieOrigin(Shape, frozen=True):
    """How two people came to know each other."""

    how: Literal["poke", "invitation", "met", "bot"]
    at: int
    room: str = ""
    seq: int = 0
    texts: dict[str, str] = {}


class TieState(Shape, frozen=True):
    """What two people are to each other, as one of them sees it. ``next`` is the next possible step."""

    user: Author
    rung: Rung
    next: NextStep
    next_room: str = ""
    tie: str = ""
    room: str = ""
    since: int = 0
    met_at: int = 0
    origin: TieOrigin | UnsetType = UNSET
    note: str = ""
    rests: bool = False
    keeps: bool = False
    blocked: bool = False
    card: Literal["", "offered", "open", "asked"] = ""
    hides_seen: bool = False
    seen_seq: int = 0
    sent: PokeSent | UnsetType = UNSET
    received: PokeReceived | UnsetType = UNSET
    curtain: CurtainState | UnsetType = UNSET


class Card(Shape, frozen=True):
    """A name card (名片), which friends exchange."""

    company: str = ""
    title: str = ""
    phone: str = ""
    mail: str = ""
    wechat: str = ""
    looking_for: str = ""
    can_offer: str = ""


class Invitation(Shape, frozen=True):
    """A personal invitation for one person. ``user`` is who used it."""

    id: str
    at: int
    ends_at: int
    room: str = ""
    user: str = ""
    withdrawn: bool = False


class Question(Shape, frozen=True):
    """A question of the day. It is a room of its own (``id``), which you enter by answering."""

    id: str
    room: str
    at: int
    texts: dict[str, str]
    answers: int
    answered: bool = False


class Cursor(Struct, frozen=True, omit_defaults=True):
    """What a client has seen of a room: the place (seq, rev) and the id of the last message."""

    epoch: str
    seq: Seq
    id: str = ""
    rev: Rev = 0


class InboxState(Struct, frozen=True):
    """The state of the user's inbox: its last number and how many items are unread."""

    seq: int
    unread: int


class Limits(Struct, frozen=True):
    """The server's limits, in bytes or characters as named."""

    text_characters: int
    text_bytes: int
    frame_bytes: int
    history_page: int
    requests_in_flight: int


class ServerInfo(Struct, frozen=True):
    """Facts about the server; ``ping_s`` is the interval (s) at which the page calls session.ping."""

    version: str
    ping_s: int
    limits: Limits
    durability: Durability


class OwnBot(Struct, frozen=True):
    """A bot as its owner sees it."""

    user: User
    tokens: list[Login]


class Login(Shape, frozen=True):
    """One way a user is signed in: a browser's cookie or a token."""

    id: str
    kind: Literal["browser", "token"]
    label: str
    created_at: int
    used_at: int
    address: str = ""
    agent: str = ""
    current: bool = False
