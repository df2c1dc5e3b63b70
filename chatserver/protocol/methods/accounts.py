"""Methods: accounts, logins, tokens, bots and profiles."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from chatserver.protocol.methods.base import About, After, Handle, Label, Method, Name, Nothing, Params, Password, Tags
from chatserver.protocol.shapes import (
    FindableBy,
    ListedUser,
    Login,
    OwnBot,
    Presence,
    RoomId,
    Shape,
    User,
    UserId,
    UserProfile,
)


class AccountCreate(Params, frozen=True):
    handle: Annotated[
        Handle,
        Meta(description="the name after an @: 2 to 30 letters and digits of any script, single `_ . -` between them"),
    ]
    name: Annotated[Name, Meta(description="the display name: at most 40 characters, no links, no run of six digits")]
    password: Annotated[Password, Meta(description="8 characters or more, at most 1,024 bytes")]
    invite: Annotated[str, Meta(max_length=200, description="an invitation's code, if the community requires one")] = ""
    want: Annotated[
        Literal["", "token"],
        Meta(description="`token`: return the login as a token instead of a cookie; required over a WebSocket"),
    ] = ""


class AccountCreateResult(Shape, frozen=True):
    user: Annotated[User, Meta(description="the user")]
    recovery: Annotated[str, Meta(description="a code to set a new password with; not shown again")]
    token: Annotated[str | UnsetType, Meta(description="the login as a token, if asked for")] = UNSET


class AccountSignIn(Params, frozen=True):
    handle: Annotated[Handle, Meta(description="in any case, with or without the @")]
    password: Annotated[Password, Meta(description="the password")]
    want: Annotated[
        Literal["", "token"],
        Meta(description="`token`: return the login as a token instead of a cookie; required over a WebSocket"),
    ] = ""


class AccountSignInResult(Shape, frozen=True):
    user: Annotated[User, Meta(description="the user")]
    token: Annotated[str | UnsetType, Meta(description="the login as a token, if asked for")] = UNSET


class AccountSetPassword(Params, frozen=True):
    old: Annotated[Password, Meta(description="the current password")]
    new: Annotated[Password, Meta(description="8 characters or more, at most 1,024 bytes")]


class AccountRecover(Params, frozen=True):
    handle: Annotated[Handle, Meta(description="in any case, with or without the @")]
    code: Annotated[str, Meta(max_length=200, description="the recovery code, in any case and spacing")]
    password: Annotated[Password, Meta(description="8 characters or more, at most 1,024 bytes")]


class AccountRecoverResult(Shape, frozen=True):
    user: Annotated[User, Meta(description="the user")]
    recovery: Annotated[str, Meta(description="a code to set a new password with; not shown again")]


class AccountRenewRecovery(Params, frozen=True):
    password: Annotated[Password, Meta(description="the current password")]


class AccountRenewRecoveryResult(Struct, frozen=True):
    recovery: Annotated[str, Meta(description="a code to set a new password with; not shown again")]


class AccountClose(Params, frozen=True):
    password: Annotated[Password, Meta(description="the current password")]


class LoginListResult(Struct, frozen=True):
    logins: Annotated[list[Login], Meta(description="all sign-ins and tokens, most recently used first")]


class LoginEnd(Params, frozen=True):
    login: Annotated[str, Meta(max_length=128, description="the login's id")]


class TokenCreate(Params, frozen=True):
    label: Annotated[Label, Meta(description="a label, shown in lists")] = ""


class TokenCreateResult(Struct, frozen=True):
    token: Annotated[str, Meta(description="the token; not shown again")]
    id: Annotated[str, Meta(description="the id for `token.revoke`")]


class TokenListResult(Struct, frozen=True):
    tokens: Annotated[list[Login], Meta(description="the tokens, most recently used first")]


class TokenRevoke(Params, frozen=True):
    token: Annotated[str, Meta(max_length=128, description="the token's id")]


class BotCreate(Params, frozen=True):
    handle: Annotated[
        Handle,
        Meta(description="the name after an @: 2 to 30 letters and digits of any script, single `_ . -` between them"),
    ]
    name: Annotated[Name, Meta(description="the display name: at most 40 characters, no links, no run of six digits")]


class BotCreateResult(Struct, frozen=True):
    user: Annotated[User, Meta(description="the user")]
    token: Annotated[str, Meta(description="the bot's first token; not shown again")]


class BotParams(Params, frozen=True):
    """A request about one of your own bots."""

    bot: Annotated[UserId, Meta(description="the bot's id")]


class BotListResult(Struct, frozen=True):
    bots: Annotated[list[OwnBot], Meta(description="at most 20, in order of creation")]


class BotRenewTokenResult(Struct, frozen=True):
    token: Annotated[str, Meta(description="the bot's only valid token; not shown again")]


class HandleSuggest(Params, frozen=True):
    name: Annotated[Name, Meta(description="the name as typed so far")]


class HandleSuggestResult(Struct, frozen=True):
    handle: Annotated[str, Meta(description="a handle that is free now")]


class ProfileUpdate(Params, frozen=True):
    """A member that is not given stays; an empty one is removed, except the name."""

    name: Annotated[
        Name | UnsetType, Meta(description="the display name: at most 40 characters, no links, no run of six digits")
    ] = UNSET
    headline: Annotated[
        Annotated[str, Meta(max_length=400)] | UnsetType,
        Meta(description="a line under the name: at most 80 characters, no links, no run of six digits"),
    ] = UNSET
    avatar: Annotated[
        Annotated[str, Meta(max_length=64)] | UnsetType,
        Meta(description="your finished upload for `avatar`; empty: the drawn seal; at most 3 changes within a day"),
    ] = UNSET
    about: Annotated[
        About | UnsetType,
        Meta(description="a description: at most 500 characters, line breaks allowed, no links, no telephone numbers"),
    ] = UNSET
    for_friends: Annotated[
        About | UnsetType,
        Meta(description="a description that only friends see: at most 500 characters, links allowed"),
    ] = UNSET
    interests: Annotated[Tags | UnsetType, Meta(description="at most 8 tags, folded like a room's")] = UNSET
    languages: Annotated[
        Annotated[list[Annotated[str, Meta(max_length=35)]], Meta(max_length=8)] | UnsetType,
        Meta(description="languages they speak: at most 8 BCP 47 tags such as `zh-Hans` or `en`"),
    ] = UNSET
    home_town: Annotated[
        Annotated[str, Meta(max_length=200)] | UnsetType,
        Meta(description="the home town: at most 40 characters, no links, no run of six digits"),
    ] = UNSET
    time_zone: Annotated[
        Annotated[str, Meta(max_length=64)] | UnsetType, Meta(description="an IANA zone such as `Asia/Shanghai`")
    ] = UNSET
    presence: Annotated[Presence | UnsetType, Meta(description="`hidden`: others see neither presence nor typing")] = (
        UNSET
    )
    greets: Annotated[bool | UnsetType, Meta(description="whether you like to greet newcomers")] = UNSET
    shown_rooms: Annotated[
        Annotated[list[RoomId], Meta(max_length=20)] | UnsetType,
        Meta(description="ids of your open rooms that everyone may see on your profile"),
    ] = UNSET
    findable: FindableBy = UNSET
    listable: Annotated[
        bool | UnsetType, Meta(description="whether a search for messages may ask for all that you wrote")
    ] = UNSET


class UserResult(Struct, frozen=True):
    user: Annotated[UserProfile, Meta(description="the user")]


class UserGet(Params, frozen=True):
    users: Annotated[list[UserId], Meta(max_length=200, description="ids")] = field(default_factory=list)
    handle: Annotated[Handle, Meta(description="instead of `users`: exactly this one")] = ""


class UsersResult(Struct, frozen=True):
    users: Annotated[list[UserProfile], Meta(description="those that exist, in the order asked for")]


class AccountSuspend(Params, frozen=True):
    user: Annotated[UserId, Meta(description="the user concerned")]
    suspended: Annotated[bool, Meta(description="whether the account is suspended: it cannot sign in")]


class UserList(Params, frozen=True):
    query: Annotated[str, Meta(max_length=200, description="words that must all occur in the handle or name")] = ""
    after: Annotated[After, Meta(description="where to continue: `next` of the previous page")] = ""


class UserListResult(Shape, frozen=True):
    users: Annotated[
        list[ListedUser],
        Meta(description="at most 50, newest first; with a `next` there may be more, even after a shorter page"),
    ]
    next: Annotated[str, Meta(description="pass it as `after` for the next page; empty: this was the last")] = ""


ROWS: Final = (
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
    Method(
        "account.close", AccountClose, Nothing, "Close the account: name and profile are deleted, messages stay."
    ),
    Method(
        "account.suspend", AccountSuspend, Nothing, "Suspend an account, or lift the suspension (admins)."
    ),
    Method("login.list", Nothing, LoginListResult, "List where the user is signed in.", repeatable=True),
    Method("login.end", LoginEnd, Nothing, "End one login and close its sockets."),
    Method("token.create", TokenCreate, TokenCreateResult, "Create a login token of the user, which is shown once."),
    Method("token.list", Nothing, TokenListResult, "List the login tokens of the user.", repeatable=True),
    Method("token.revoke", TokenRevoke, Nothing, "Revoke a token; its sockets close within a second."),
    Method("bot.create", BotCreate, BotCreateResult, "Create a bot account owned by the user, with its first token."),
    Method("bot.list", Nothing, BotListResult, "List your bots and their tokens.", repeatable=True),
    Method("bot.renew_token", BotParams, BotRenewTokenResult, "Replace all tokens of a bot by a new one."),
    Method("bot.close", BotParams, Nothing, "Close a bot's account: its name is deleted, its messages stay."),
    Method(
        "handle.suggest", HandleSuggest, HandleSuggestResult, "Suggest a free handle for a name.", who="anyone",
        repeatable=True,
    ),
    Method(
        "profile.update", ProfileUpdate, UserResult, "Update your name (at most once a week) and profile."
    ),
    Method(
        "user.get", UserGet, UsersResult, "Get users by id, or one by handle, with their profiles.", repeatable=True,
    ),
    Method("user.list", UserList, UserListResult, "List all accounts, newest first (admins).", repeatable=True),
)  # fmt: skip
