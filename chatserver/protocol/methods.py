"""All methods: parameters, results, who may call them, and over what.

The decoder, the services, both schemas and docs/protocol.md are made from the table ``METHODS``. A method is a struct
of parameters, a struct of results and a row in the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from chatserver.protocol.shapes import (
    Act,
    Author,
    Ban,
    Card,
    ClientId,
    Cursor,
    Durability,
    Gesture,
    InboxItem,
    InboxState,
    Invitation,
    Level,
    Limits,
    ListedUser,
    Login,
    Member,
    Message,
    OwnBot,
    PokeReceived,
    PokeSent,
    Presence,
    Question,
    RoomId,
    RoomListing,
    RoomState,
    Seq,
    ServerInfo,
    Shape,
    TieState,
    User,
    UserId,
    UserProfile,
)

Handle = Annotated[str, Meta(max_length=64)]
Name = Annotated[str, Meta(max_length=200)]
Password = Annotated[str, Meta(max_length=4096)]
Title = Annotated[str, Meta(max_length=200)]
About = Annotated[str, Meta(max_length=2000)]
Tags = Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=32)]
Label = Annotated[str, Meta(max_length=100)]
After = Annotated[str, Meta(max_length=200)]


class Params(Struct, frozen=True, omit_defaults=True):
    """The params of a request; unknown members are ignored."""


class RoomParams(Params, frozen=True):
    """A request about one room; those of one connection run one after another."""

    room: RoomId


class Nothing(Params, frozen=True):
    """No parameters, or an empty result."""


# --- the community ---------------------------------------------------------------------------------------------------


class Community(Struct, frozen=True):
    """``fixed`` is present for admins only."""

    name: str
    language: str
    time_zone: str
    sign_up: Literal["open", "invite"]
    version: str
    limits: Limits
    unclaimed: bool
    fixed: list[str] | UnsetType = UNSET
    host: str | UnsetType = UNSET


class CommunityUpdate(Params, frozen=True):
    name: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    language: Literal["en", "zh-Hans", "zh-Hant"] | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    sign_up: Literal["open", "invite"] | UnsetType = UNSET


class CommunityLog(Params, frozen=True):
    before: Annotated[str, Meta(max_length=64)] = ""


class CommunityLogResult(Struct, frozen=True):
    acts: list[Act]
    more: bool


class CommunityClaim(Params, frozen=True):
    code: Annotated[str, Meta(max_length=200)]


# --- accounts, logins, tokens, bots ----------------------------------------------------------------------------------


class AccountCreate(Params, frozen=True):
    handle: Handle
    name: Name
    password: Password
    invite: Annotated[str, Meta(max_length=200)] = ""
    want: Literal["", "token"] = ""


class AccountCreateResult(Shape, frozen=True):
    user: User
    recovery: str
    token: str | UnsetType = UNSET


class AccountSignIn(Params, frozen=True):
    handle: Handle
    password: Password
    want: Literal["", "token"] = ""


class AccountSignInResult(Shape, frozen=True):
    user: User
    token: str | UnsetType = UNSET


class AccountSetPassword(Params, frozen=True):
    old: Password
    new: Password


class AccountRecover(Params, frozen=True):
    handle: Handle
    code: Annotated[str, Meta(max_length=200)]
    password: Password


class AccountRecoverResult(Shape, frozen=True):
    user: User
    recovery: str


class AccountRenewRecovery(Params, frozen=True):
    password: Password


class AccountRenewRecoveryResult(Struct, frozen=True):
    recovery: str


class AccountClose(Params, frozen=True):
    password: Password


class LoginListResult(Struct, frozen=True):
    logins: list[Login]


class LoginEnd(Params, frozen=True):
    login: Annotated[str, Meta(max_length=128)]


class TokenCreate(Params, frozen=True):
    label: Label = ""


class TokenCreateResult(Struct, frozen=True):
    token: str
    id: str


class TokenListResult(Struct, frozen=True):
    tokens: list[Login]


class TokenRevoke(Params, frozen=True):
    token: Annotated[str, Meta(max_length=128)]


class BotCreate(Params, frozen=True):
    handle: Handle
    name: Name


class BotCreateResult(Struct, frozen=True):
    user: User
    token: str


class BotParams(Params, frozen=True):
    """A request about one of your own bots."""

    bot: UserId


class BotListResult(Struct, frozen=True):
    bots: list[OwnBot]


class BotRenewTokenResult(Struct, frozen=True):
    token: str


class HandleSuggest(Params, frozen=True):
    name: Name


class HandleSuggestResult(Struct, frozen=True):
    handle: str


class ProfileUpdate(Params, frozen=True):
    """A member that is not given stays; an empty one is removed, except the name."""

    name: Name | UnsetType = UNSET
    headline: Annotated[str, Meta(max_length=400)] | UnsetType = UNSET
    about: About | UnsetType = UNSET
    for_friends: About | UnsetType = UNSET
    interests: Tags | UnsetType = UNSET
    languages: Annotated[list[Annotated[str, Meta(max_length=35)]], Meta(max_length=8)] | UnsetType = UNSET
    home_town: Annotated[str, Meta(max_length=200)] | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | UnsetType = UNSET
    presence: Presence | UnsetType = UNSET
    shown_rooms: Annotated[list[RoomId], Meta(max_length=20)] | UnsetType = UNSET


class UserResult(Struct, frozen=True):
    user: UserProfile


class UserGet(Params, frozen=True):
    users: Annotated[list[UserId], Meta(max_length=200)] = []
    handle: Handle = ""


class UsersResult(Struct, frozen=True):
    users: list[UserProfile]


class AccountSuspend(Params, frozen=True):
    user: UserId
    suspended: bool


class UserList(Params, frozen=True):
    query: Annotated[str, Meta(max_length=200)] = ""
    after: After = ""


class UserListResult(Shape, frozen=True):
    users: list[ListedUser]
    next: str = ""


# --- a session -------------------------------------------------------------------------------------------------------


class SessionStart(Params, frozen=True):
    cursors: dict[str, Cursor] = {}
    inbox: Cursor | None = None
    token: Annotated[str, Meta(max_length=200)] = ""


class SessionStartResult(Shape, frozen=True):
    """``user`` is absent for a visitor without a login."""

    rooms: list[RoomState]
    inbox: InboxState
    server: ServerInfo
    user: User | UnsetType = UNSET


class PingResult(Struct, frozen=True):
    at: int


# --- rooms -----------------------------------------------------------------------------------------------------------


class RoomCreate(Params, frozen=True):
    title: Title
    about: About = ""
    kind: Literal["open", "closed"] = "open"
    tags: Tags = []
    client_id: ClientId | UnsetType = UNSET


class RoomCreateResult(RoomState, frozen=True):
    duplicate: bool = False


class RoomDiscover(Params, frozen=True):
    query: Annotated[str, Meta(max_length=200)] = ""
    tag: Annotated[str, Meta(max_length=64)] = ""
    after: After = ""


class RoomDiscoverResult(Shape, frozen=True):
    rooms: list[RoomListing]
    next: str = ""


class RoomJoin(RoomParams, frozen=True):
    link: Annotated[str, Meta(max_length=200)] = ""


class RoomUpdate(RoomParams, frozen=True):
    title: Title | UnsetType = UNSET
    about: About | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    slow_mode: Annotated[int, Meta(ge=0, le=21_600)] | UnsetType = UNSET
    pokes: bool | UnsetType = UNSET
    question: bool | UnsetType = UNSET
    window: bool | UnsetType = UNSET


class RoomArchive(RoomParams, frozen=True):
    archived: bool


class RoomMembers(RoomParams, frozen=True):
    after: After = ""


class RoomMembersResult(Shape, frozen=True):
    members: list[Member]
    next: str = ""


class RoomLink(RoomParams, frozen=True):
    """``withdraw`` ends the current link; the next room.link makes a new one."""

    withdraw: bool = False


class RoomLinkResult(Struct, frozen=True):
    link: str


class RoomUser(RoomParams, frozen=True):
    user: UserId


class RoomBan(RoomUser, frozen=True):
    """``until`` in ms since 1970; 0 means no end."""

    until: Annotated[int, Meta(ge=0, le=2**53)] = 0


class RoomBans(RoomParams, frozen=True):
    after: After = ""


class RoomBansResult(Shape, frozen=True):
    bans: list[Ban]
    next: str = ""


class RoomSetRole(RoomUser, frozen=True):
    role: Literal["owner", "moderator", "member"]


class RoomNotify(RoomParams, frozen=True):
    """``until`` in ms since 1970; 0 means for good."""

    level: Level
    until: Annotated[int, Meta(ge=0, le=2**53)] = 0
    everyone: bool | UnsetType = UNSET


class RoomNotifyResult(Shape, frozen=True):
    level: Level
    everyone: bool
    until: int = 0


# --- messages --------------------------------------------------------------------------------------------------------


class MessageSend(RoomParams, frozen=True, gc=False):
    text: str
    client_id: ClientId
    reply_to: Seq = 0
    topic: Annotated[str, Meta(max_length=200)] = ""


class MessageSendResult(Shape, frozen=True, gc=False):
    epoch: str
    seq: int
    id: str
    at: int
    durability: Durability
    duplicate: bool = False


class MessageEdit(RoomParams, frozen=True):
    seq: Seq
    text: str


class MessageDelete(RoomParams, frozen=True):
    seq: Seq


class RevResult(Struct, frozen=True):
    rev: int


class MessageHistory(RoomParams, frozen=True):
    before: Seq | UnsetType = UNSET
    after: Seq | UnsetType = UNSET
    around: Seq | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class MessageHistoryResult(Struct, frozen=True):
    """``messages`` oldest first, in their current state; ``more`` is about the direction asked for."""

    messages: list[Message]
    epoch: str
    first_seq: int
    last_seq: int
    rev: int
    more: bool


class ReadMark(RoomParams, frozen=True):
    seq: Seq


class ReadMarkResult(Struct, frozen=True):
    read_seq: int
    unread: int
    mentions: int


class PresenceWatchResult(Shape, frozen=True):
    """``users`` (ids) is absent if more than a hundred are online."""

    online: int
    users: list[str] | UnsetType = UNSET


# --- friends first ---------------------------------------------------------------------------------------------------


Text = Annotated[str, Meta(max_length=4000)]
PokeId = Annotated[str, Meta(min_length=1, max_length=64)]
Line = Annotated[str, Meta(max_length=400)]


class PokeSend(RoomParams, frozen=True):
    """A poke has no text."""

    to: UserId
    gesture: Gesture
    seq: Seq = 0


class PokeReturn(Params, frozen=True):
    poke: PokeId
    answer: Text = ""


class PokeOne(Params, frozen=True):
    poke: PokeId


class Switch(Params, frozen=True):
    on: bool


class PokeListResult(Struct, frozen=True):
    sent: list[PokeSent]
    received: list[PokeReceived]
    places: int
    rests: bool


class CurtainAnswer(Params, frozen=True):
    tie: RoomId
    card: Annotated[str, Meta(max_length=64)]
    text: Text


class CurtainDraw(Params, frozen=True):
    tie: RoomId


class AboutUser(Params, frozen=True):
    user: UserId


class SwitchUser(Params, frozen=True):
    user: UserId
    on: bool


class TieNote(Params, frozen=True):
    user: UserId
    note: Annotated[str, Meta(max_length=2000)]


class TieListResult(Struct, frozen=True):
    ties: list[TieState]


class DirectOpen(Params, frozen=True):
    bot: UserId


class CardGet(Params, frozen=True):
    user: Annotated[str, Meta(max_length=64)] = ""


class CardUpdate(Params, frozen=True):
    company: Line | UnsetType = UNSET
    title: Line | UnsetType = UNSET
    phone: Line | UnsetType = UNSET
    mail: Line | UnsetType = UNSET
    wechat: Line | UnsetType = UNSET
    looking_for: Line | UnsetType = UNSET
    can_offer: Line | UnsetType = UNSET


class BlockListResult(Struct, frozen=True):
    users: list[Author]


class MetShowResult(Struct, frozen=True):
    """``qr`` is a QR code of the code, as SVG."""

    code: str
    until: int
    qr: str


class MetEnter(Params, frozen=True):
    code: Annotated[str, Meta(max_length=40)]


class MetEnterResult(Struct, frozen=True):
    user: Author
    until: int


class InvitationCreate(Params, frozen=True):
    room: Annotated[str, Meta(max_length=64)] = ""


class InvitationCreateResult(Struct, frozen=True):
    id: str
    code: str
    ends_at: int


class InvitationListResult(Struct, frozen=True):
    invitations: list[Invitation]


class InvitationWithdraw(Params, frozen=True):
    id: Annotated[str, Meta(max_length=128)]


class QuestionGet(Params, frozen=True):
    room: RoomId = "hall"


class QuestionAnswer(Params, frozen=True):
    question: RoomId
    text: Text
    client_id: ClientId


class UserSearch(Params, frozen=True):
    query: Annotated[str, Meta(max_length=200)]


class UserSearchResult(Struct, frozen=True):
    users: list[Author]


class InboxList(Params, frozen=True):
    before: Seq = 0
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class InboxListResult(Struct, frozen=True):
    """``items`` newest first; items that are no longer true are left out."""

    items: list[InboxItem]
    inbox: InboxState
    next: int


class InboxMark(Params, frozen=True):
    seq: Seq


# --- the table -------------------------------------------------------------------------------------------------------


@dataclass(slots=True, frozen=True)
class Method:
    """One row. ``who`` may call it: "anyone" or a signed-in "user". ``connection``: over a WebSocket only."""

    name: str
    params: type[Params]
    result: type[Any]
    summary: str
    who: Literal["anyone", "user"] = "user"
    connection: bool = False


_ROWS: Final = (
    Method("community.get", Nothing, Community, "Get the community's name, language and limits.", who="anyone"),
    Method("community.update", CommunityUpdate, Community, "Update the community's profile (admins)."),
    Method("community.claim", CommunityClaim, Community, "Become the first admin of a community that has none."),
    Method("community.log", CommunityLog, CommunityLogResult, "What moderators and admins did, newest first (admins)."),
    Method("account.create", AccountCreate, AccountCreateResult, "Sign up; returns a recovery code.", who="anyone"),
    Method("account.sign_in", AccountSignIn, AccountSignInResult, "Sign in with handle and password.", who="anyone"),
    Method("account.sign_out", Nothing, Nothing, "End this login and close its sockets."),
    Method("account.set_password", AccountSetPassword, Nothing, "Change the password; ends all other browser logins."),
    Method(
        "account.recover", AccountRecover, AccountRecoverResult,
        "Set a new password with the recovery code; ends all logins and returns a new code.", who="anyone",
    ),
    Method(
        "account.renew_recovery", AccountRenewRecovery, AccountRenewRecoveryResult,
        "Replace the recovery code; the old one becomes invalid.",
    ),
    Method("account.close", AccountClose, Nothing, "Close the account: name and profile are deleted, messages stay."),
    Method("account.suspend", AccountSuspend, Nothing, "Suspend an account, or lift the suspension (admins)."),
    Method("login.list", Nothing, LoginListResult, "List where the user is signed in."),
    Method("login.end", LoginEnd, Nothing, "End one login and close its sockets."),
    Method("token.create", TokenCreate, TokenCreateResult, "Create a login token of the user, which is shown once."),
    Method("token.list", Nothing, TokenListResult, "List the login tokens of the user."),
    Method("token.revoke", TokenRevoke, Nothing, "Revoke a token; its sockets close within a second."),
    Method("bot.create", BotCreate, BotCreateResult, "Create a bot account owned by the user, with its first token."),
    Method("bot.list", Nothing, BotListResult, "List your bots and their tokens."),
    Method("bot.renew_token", BotParams, BotRenewTokenResult, "Replace all tokens of a bot by a new one."),
    Method("bot.close", BotParams, Nothing, "Close a bot's account: its name is deleted, its messages stay."),
    Method("handle.suggest", HandleSuggest, HandleSuggestResult, "Suggest a free handle for a name.", who="anyone"),
    Method("profile.update", ProfileUpdate, UserResult, "Update your name (at most once a week) and profile."),
    Method("user.get", UserGet, UsersResult, "Get users by id, or one by handle, with their profiles."),
    Method("user.list", UserList, UserListResult, "List all accounts, newest first (admins)."),
    Method(
        "session.start", SessionStart, SessionStartResult,
        "Start receiving events of your rooms, each from its cursor.", who="anyone", connection=True,
    ),
    Method("session.ping", Nothing, PingResult, "Check that the server still answers.", who="anyone", connection=True),
    Method("room.create", RoomCreate, RoomCreateResult, "Create a room and become its owner."),
    Method("room.discover", RoomDiscover, RoomDiscoverResult, "Find open rooms by words or tag.", who="anyone"),
    Method("room.join", RoomJoin, RoomState, "Join a room; a closed room requires its link."),
    Method("room.leave", RoomParams, Nothing, "Leave the room."),
    Method("room.update", RoomUpdate, RoomState, "Update the room's title, description and settings (moderators)."),
    Method("room.archive", RoomArchive, RoomState, "Archive a room, or undo it (owners)."),
    Method("room.members", RoomMembers, RoomMembersResult, "List the room's members (members only)."),
    Method("room.link", RoomLink, RoomLinkResult, "Get the invite link of a closed room (moderators)."),
    Method("room.invite", RoomUser, Nothing, "Add a bot (moderators), or invite a friend."),
    Method("room.remove", RoomUser, Nothing, "Remove a member (moderators)."),
    Method("room.ban", RoomBan, Nothing, "Remove and ban a user (moderators)."),
    Method("room.unban", RoomUser, Nothing, "Lift a ban (moderators)."),
    Method("room.bans", RoomBans, RoomBansResult, "List the room's bans (moderators)."),
    Method("room.set_role", RoomSetRole, Nothing, "Make a member owner, moderator or member (owners)."),
    Method("room.notify", RoomNotify, RoomNotifyResult, "Set what notifies you in this room."),
    Method("message.send", MessageSend, MessageSendResult, "Post a message; the response comes when it is stored."),
    Method("message.edit", MessageEdit, RevResult, "Change the text of your own message."),
    Method("message.delete", MessageDelete, RevResult, "Delete your own message, or as a moderator anyone's."),
    Method("message.history", MessageHistory, MessageHistoryResult, "Get a page of the room's messages.", who="anyone"),
    Method("read.mark", ReadMark, ReadMarkResult, "Move your read marker; it never moves back."),
    Method("poke.send", PokeSend, TieState, "Poke a user from a room in which both have written lately."),
    Method("poke.return", PokeReturn, TieState, "Return a poke, with or without your answer to the card."),
    Method("poke.withdraw", PokeOne, Nothing, "Withdraw a poke; its place is free again the next day."),
    Method("poke.dismiss", PokeOne, Nothing, "Dismiss a poke. Its sender does not see that."),
    Method("poke.rest", Switch, Nothing, "Pause receiving pokes, or resume."),
    Method("poke.list", Nothing, PokeListResult, "List your open pokes and those you received."),
    Method("curtain.answer", CurtainAnswer, TieState, "Answer the card; the second answer opens the conversation."),
    Method("curtain.draw", CurtainDraw, TieState, "Draw another card for both; each may once."),
    Method("tie.get", AboutUser, TieState, "Get your tie with a user, and the next possible step."),
    Method("tie.list", Nothing, TieListResult, "List all your ties."),
    Method("tie.keep", SwitchUser, Nothing, "Keep a tie as it is, unseen: no friendship by itself."),
    Method("tie.step_back", AboutUser, Nothing, "Go from friends back to acquainted, without a notification."),
    Method("tie.rest", SwitchUser, Nothing, "Pause the conversation, or resume one that you paused."),
    Method("tie.note", TieNote, Nothing, "Set your private note about a user."),
    Method("tie.show_seen", SwitchUser, Nothing, "Set whether a friend may see what you read; both must allow it."),
    Method("direct.open", DirectOpen, RoomState, "Open a conversation with a bot, or resume it."),
    Method("direct.close", DirectOpen, Nothing, "End a conversation with a bot."),
    Method("card.get", CardGet, Card, "Get your own card, or a friend's if both of you offer theirs."),
    Method("card.update", CardUpdate, Card, "Update your card."),
    Method("card.offer", AboutUser, Nothing, "Offer your card to a friend: both see the other's once both offer it."),
    Method("card.take_back", AboutUser, Nothing, "Hide your card, and your profile for friends, from a friend."),
    Method("block.add", AboutUser, Nothing, "Block a user everywhere; they cannot find out."),
    Method("block.remove", AboutUser, Nothing, "Unblock a user."),
    Method("block.list", Nothing, BlockListResult, "List the users you blocked."),
    Method("met.show", Nothing, MetShowResult, "Get a code to show to somebody you meet, valid for 60 seconds."),
    Method("met.enter", MetEnter, MetEnterResult, "Enter the code that somebody shows you; then both confirm."),
    Method("met.confirm", AboutUser, TieState, "Confirm that you met; once both did, you are friends."),
    Method("invitation.create", InvitationCreate, InvitationCreateResult, "Create an invitation for one person."),
    Method("invitation.list", Nothing, InvitationListResult, "List your invitations and who used them."),
    Method("invitation.withdraw", InvitationWithdraw, Nothing, "Withdraw an invitation that nobody has used."),
    Method("question.get", QuestionGet, Question, "Get the question of the day."),
    Method("question.answer", QuestionAnswer, RoomState, "Answer the question; then you can read the other answers."),
    Method("user.search", UserSearch, UserSearchResult, "Find people by name, interest, your notes, where you met."),
    Method("inbox.list", InboxList, InboxListResult, "Get a page of your inbox, newest first."),
    Method("inbox.mark", InboxMark, InboxState, "Move the read marker of your inbox; it never moves back."),
    Method("typing.start", RoomParams, Nothing, "Notify the room that you are typing.", connection=True),
    Method("presence.watch", RoomParams, PresenceWatchResult, "Subscribe to presence.", who="anyone", connection=True),
    Method("presence.unwatch", RoomParams, Nothing, "Unsubscribe from presence.", who="anyone", connection=True),
)  # fmt: skip

METHODS: Final[dict[str, Method]] = {row.name: row for row in _ROWS}
