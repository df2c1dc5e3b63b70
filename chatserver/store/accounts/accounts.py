"""The store of accounts: finds users by id and handle, creates and closes accounts.

Built by app.py for the accounts service, and by the commands. Signing up is an intent over the tags of the handle, the
invitation, the user and the rooms that newcomers join; closing is an intent over the user, their rooms and the handle.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from chatserver import errors, ids
from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.rules.accounts import handles, names, tokens
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.accounts.logins import NewLogin, wrong_credentials
from chatserver.store.community.acts import ActLog
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intent, Intents, Step
from chatserver.store.engine.keys import Tag
from chatserver.store.engine.store import Store, flat, scored, status
from chatserver.store.rooms.rooms import JoinRoom, RoomStore

GHOST_MS: Final = 60_000  # a handle is free if it was taken longer ago than this for a user that was never created
MOST_BOTS: Final = 20
_LISTED_AT_ONCE: Final = 250
INVITE_DAYS: Final = 30


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """A user as stored. ``password`` is an argon2 hash, ``recovery`` a digest; "" if there is none. ``findable`` is ""
    for "interests"; ``listable`` is "no", or "" for yes."""

    id: str
    handle: str = ""
    name: str = ""
    bot: bool = False
    owner: str = ""
    headline: str = ""
    avatar: str = ""
    avatar_at: int = 0
    about: str = ""
    for_friends: str = ""
    interests: list[str] = []
    languages: list[str] = []
    home_town: str = ""
    time_zone: str = ""
    shown_rooms: list[str] = []
    presence: str = ""
    findable: str = ""
    listable: str = ""
    greets: bool = False
    created_at: int = 0
    admin: bool = False
    suspended: bool = False
    closed: bool = False
    named_at: int = 0
    password: str = ""
    recovery: str = ""


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """A user to create. A bot has an ``owner``; ``invite`` is the digest of an invitation's code, or "". ``trusted``:
    never a newcomer."""

    user: str
    handle: str
    name: str
    password: str = ""
    recovery: str = ""
    bot: bool = False
    owner: str = ""
    admin: bool = False
    trusted: bool = False
    invite: str = ""
    login: NewLogin | None = None


class CreateAccount(Step, frozen=True):
    """``login`` is its id and record; ``rooms`` are those that a new user begins in."""

    kind = "account.create"
    new: NewAccount
    login: tuple[str, bytes]
    rooms: list[str]
    now: int


class CloseAccount(Step, frozen=True):
    """``owner`` is a bot's."""

    kind = "account.close"
    user: str
    handle: str
    password: str
    now: int
    owner: str = ""


class SetStatus(Step, frozen=True):
    """``field`` is "admin" or "suspended"."""

    kind = "account.status"
    user: str
    field: str
    on: bool
    by: str = ""
    now: int = 0


_TEXTS: Final = (
    "handle", "name", "owner", "headline", "avatar", "about", "for_friends", "home_town", "time_zone", "presence",
    "findable", "listable", "password", "recovery",
)  # fmt: skip
_SEEN_BY_STRANGERS: Final = frozenset({"name", "headline", "interests", "findable"})
_LISTS: Final = ("interests", "languages", "shown_rooms")
_FLAGS: Final = ("bot", "admin", "suspended", "closed", "greets")
_NUMBERS: Final = ("created_at", "named_at", "avatar_at")
_unpack = msgspec.msgpack.Decoder(list[str]).decode


OnInvited = Callable[[str, str, str, str, int], Awaitable[None]]
"""A part of signing up by invitation, called with: the new user, the inviter, the room ("" for none), the intent's id
and the time (ms)."""


OnClosed = Callable[[str, str, int], Awaitable[None]]
"""A part of closing an account, called with the user, the intent's id and the time (ms)."""


class AccountStore:
    """``newcomers`` are the rooms that every new user joins; the community's ``first_accounts`` are no newcomers.
    Methods raise ``Refusal``."""

    def __init__(
        self, store: Store, intents: Intents, authors: AuthorCache, rooms: RoomStore, *, newcomers: Sequence[str] = (),
        first_accounts: int = 0, on_invited: OnInvited | None = None, on_closed: OnClosed | None = None,
    ) -> None:  # fmt: skip
        self._store = store
        self._intents = intents
        self._rooms = rooms
        self._directory = authors
        self._newcomers = list(newcomers)
        self._first_accounts = first_accounts
        self._acts = ActLog(store)
        self._on_invited = on_invited
        self._on_closed = on_closed
        intents.register(CreateAccount, self._create)
        intents.register(CloseAccount, self._close, frees=True)
        intents.register(SetStatus, self._set_status, frees=True)

    # --- looking up --------------------------------------------------------------------------------------------------

    async def holder(self, handle: str) -> str:
        """The id of the user who holds this folded handle or one that looks like it; "" if it is free."""
        user: bytes | None = await self._store.command(
            keys.handle(handles.skeleton(handle)), "HGET", keys.handle(handles.skeleton(handle)), "user"
        )
        return user.decode() if user else ""

    async def profile(self, user: str) -> Profile | None:
        fields = flat(await self._store.command(keys.user(user), "HGETALL", keys.user(user)))
        return _profile(user, fields) if "handle" in fields else None

    async def profiles(self, users: Iterable[str]) -> list[Profile]:
        """The profiles of those users that exist, in the order asked, each once."""
        found = await asyncio.gather(*(self.profile(user) for user in dict.fromkeys(users)))
        return [profile for profile in found if profile is not None]

    async def bots_of(self, owner: str) -> list[Profile]:
        """The bots of this user that are not closed."""
        bots = await self._store.command(keys.user(owner), "HKEYS", keys.user(owner) + ":bots")
        return [bot for bot in await self.profiles(bot.decode() for bot in bots) if not bot.closed]

    async def find(self, handle: str) -> Profile | None:
        """The user with exactly this folded handle, or None.

        Makes the same number of store calls either way, so timing does not show whether the handle exists.
        """
        profile = await self.profile(await self.holder(handle) or "nobody")
        return profile if profile is not None and profile.handle == handle else None

    async def is_taken(self, handle: str) -> bool:
        """Whether somebody has this folded handle or one that looks like it. A hint only: ``create`` decides."""
        holder = await self.holder(handle)
        return bool(holder) and await self._lives(holder)

    async def everyone(self, *, after: tuple[int, str] | None = None) -> list[tuple[int, str]]:
        """One page of accounts as (created at in ms, user id), newest first, starting after ``after``."""
        highest = "+inf" if after is None else after[0]
        words = await self._store.command(
            keys.USERS, "ZREVRANGEBYSCORE", keys.EVERYONE, highest, "-inf", "WITHSCORES", "LIMIT", 0, _LISTED_AT_ONCE
        )
        places = [(int(score), user.decode()) for user, score in scored(words)]
        return [place for place in places if after is None or place < after]

    # --- creating ----------------------------------------------------------------------------------------------------

    async def create(self, new: NewAccount, *, now: int) -> None:
        """Create the account. Raises ``Refusal`` handle_taken, no_invite or too_many_bots."""
        login = (new.login.id, new.login.record) if new.login is not None else ("", b"")
        account, rooms = msgspec.structs.replace(new, login=None), [] if new.bot else self._newcomers
        await self._intents.carry_out(CreateAccount(new=account, login=login, rooms=rooms, now=now))

    async def _create(self, intent: Intent[CreateAccount]) -> None:
        new, login, rooms, now = intent.step.new, intent.step.login, intent.step.rooms, intent.step.now
        await self._take_handle(new, now)
        try:
            await self._let_in(new, now)
        except Refusal as refusal:
            if refusal.kind is not UNAVAILABLE:
                await self._free_handle(new.user, new.handle)
            raise
        await self._store.command(keys.USERS, "ZADD", keys.EVERYONE, now, new.user)
        trusted = new.trusted or await self._is_trusted(new)
        await self._store.call("account_open", keys.user(new.user), *login, *_first_fields(new, now, trusted))
        await self._require_owner(new, now)
        await self._directory.changed(new.user)
        if new.admin:
            await self._store.call("community_admin", keys.COMMUNITY, new.user, 1)
        for room in rooms:
            await past_refusals(self._rooms.join_parts(intent.id, JoinRoom(room=room, user=new.user, now=now)))
        if new.invite:
            await self._welcome(new, intent.id, now)

    async def _is_trusted(self, new: NewAccount) -> bool:
        """Whether the user came by a personal invitation, or is among the community's first."""
        place = await self._store.command(keys.USERS, "ZRANK", keys.EVERYONE, new.user)
        by = await self._store.command(invite_key(new.invite), "HGET", invite_key(new.invite), "by")
        return bool(by) or (place is not None and place < self._first_accounts)

    async def _require_owner(self, new: NewAccount, now: int) -> None:
        """Close the new bot again if its owner closed their account meanwhile: closing the owner's bots missed this
        one. Raises ``Refusal`` not_found."""
        if new.owner and not await self._lives(new.owner):
            await self.close(Profile(id=new.user, handle=new.handle, owner=new.owner), now=now)
            raise errors.not_found("user")

    async def _welcome(self, new: NewAccount, intent: str, now: int) -> None:
        """End the personal invitation, join its room, and let ``on_invited`` make the two acquainted."""
        held = await self._store.command(invite_key(new.invite), "HMGET", invite_key(new.invite), "by", "room")
        by, room = ((value or b"").decode() for value in held)
        if not by or not await self._lives(by):
            return
        await self._store.call("invitation_end", keys.user(by), new.invite, new.user)
        if room:
            step = JoinRoom(room=room, user=new.user, now=now, by=by, admin=True)
            await past_refusals(self._rooms.join_parts(intent, step))
        if self._on_invited is not None:
            await self._on_invited(new.user, by, room, intent, now)

    async def _take_handle(self, new: NewAccount, now: int) -> None:
        """Take the handle, also from a holder that was never created. Raises ``Refusal`` handle_taken."""
        tag, ghost = keys.handle(handles.skeleton(new.handle)), ""
        for _ in range(2):
            answer = await self._store.call("account_handle_take", tag, new.user, now, ghost)
            if status(answer) == "ok":
                return
            holder, taken_at = answer[1].decode(), answer[2]
            if now - taken_at < GHOST_MS or await self._lives(holder):
                break
            ghost = holder
        raise handle_taken()

    async def _lives(self, user: str) -> bool:
        profile = await self.profile(user)
        return profile is not None and not profile.closed

    async def _let_in(self, new: NewAccount, now: int) -> None:
        """Use the invitation, or add a bot to its owner's list. Raises ``Refusal``."""
        if new.invite:
            answer = await self._store.call("account_invite_use", invite_key(new.invite), new.user, now)
            if status(answer) != "ok":
                raise no_invite()
        if new.owner:
            answer = await self._store.call("account_bot_place", keys.user(new.owner), new.user, now, MOST_BOTS)
            if status(answer) == "too_many_bots":
                raise errors.conflict(f"You have {MOST_BOTS} bots already: close one first", "too_many_bots")
            if status(answer) != "ok":
                raise errors.not_found("user")

    async def inviter(self, invite: str, now: int) -> str:
        """Who made the personal invitation with this digest, if it can be used now; else ""."""
        key = invite_key(invite)
        by, ends_at, uses, used = await self._store.command(key, "HMGET", key, "by", "ends_at", "uses", "used")
        is_good = by is not None and int(ends_at) > now and int(used or 0) < int(uses)
        return by.decode() if is_good else ""

    async def invite(self, *, now: int, days: int = INVITE_DAYS) -> str:
        """Make an invitation and return its code, which works once within ``days``; 0 for no end. Only the code's
        digest is stored."""
        code = tokens.invite_code(ids.random_bytes(tokens.CODE_BYTES))
        ends_at = now + days * names.DAY_MS if days else 0
        await self._store.command(
            invite_key(tokens.digest(code)), "HSET", invite_key(tokens.digest(code)), "made_at", now, "ends_at", ends_at
        )
        return code

    # --- changing ----------------------------------------------------------------------------------------------------

    async def update(self, user: str, given: Mapping[str, str | list[str]], *, now: int) -> None:
        """Update these fields of the profile. Raises ``Refusal`` name_too_soon with ``retry_after`` in seconds."""
        words = [word for field, value in given.items() for word in (field, _packed(value))]
        answer = await self._store.call("account_profile", keys.user(user), now, names.STANDS_MS, *words)
        if status(answer) == "name_too_soon":
            names.may_change(answer[1], now)
        if status(answer) != "ok":
            raise errors.not_signed_in()
        if not _SEEN_BY_STRANGERS.isdisjoint(given):
            await self._directory.changed(user)

    async def set_password(
        self, user: str, password: str, *, must: tuple[str, str] = ("", ""), recovery: str = "", kind: str = "",
        staying: str = "",
    ) -> None:  # fmt: skip
        """Set the password's hash if the field ``must[0]`` still holds ``must[1]``, and end all logins of ``kind`` (""
        for every kind) except ``staying``. ``recovery`` is a new digest. Raises ``Refusal`` wrong_credentials."""
        answer = await self._store.call("account_password", keys.user(user), *must, password, recovery, kind, staying)
        if status(answer) != "ok":
            raise wrong_credentials()

    async def set_recovery(self, profile: Profile, recovery: str) -> None:
        """Replace the recovery digest, if password and recovery are still those of ``profile``.
        Raises ``Refusal`` changed_meanwhile or wrong_credentials."""
        must = profile.password, profile.recovery
        answer = await self._store.call("account_recovery", keys.user(profile.id), *must, recovery)
        if status(answer) == "code_changed":
            raise errors.conflict("Another recovery code was made meanwhile: ask for a new one", "changed_meanwhile")
        if status(answer) != "ok":
            raise wrong_credentials()

    async def renew_hash(self, user: str, before: str, after: str) -> None:
        """Store a new hash of the same password, unless the password was changed meanwhile. Ends no login."""
        await self._store.call("account_password", keys.user(user), "password", before, after, "", "-", "")

    async def set_status(self, user: str, field: str, *, on: bool, by: str = "", now: int = 0) -> None:
        """Set ``admin`` or ``suspended``. ``by`` is the acting admin; commands ("") record theirs.

        Raises ``Refusal`` not_found.
        """
        await self._intents.carry_out(SetStatus(user=user, field=field, on=on, by=by, now=now))

    async def _set_status(self, intent: Intent[SetStatus]) -> None:
        step = intent.step
        user, field, on = step.user, step.field, step.on
        answer = await self._store.call("account_status", keys.user(user), field, int(on))
        if status(answer) != "ok":
            raise errors.not_found("user")
        if field == "admin":
            await self._store.call("community_admin", keys.COMMUNITY, user, int(on))
            await self._directory.changed(user)
        if step.by:
            detail = "on" if on else "off"
            await self._acts.note(intent.id, "account.suspend", by=step.by, at=step.now, user=user, detail=detail)

    # --- closing -----------------------------------------------------------------------------------------------------

    async def close(self, profile: Profile, *, now: int) -> None:
        """Close the account: delete its profile, leave its rooms, release its handle, close its bots. Messages stay."""
        step = CloseAccount(
            user=profile.id, handle=profile.handle, password=profile.password, now=now, owner=profile.owner
        )
        await self._intents.carry_out(step)

    async def _close(self, intent: Intent[CloseAccount]) -> None:
        """Rooms and bots are looked up after the account is closed: anything added later sees that and undoes
        itself."""
        user, now = intent.step.user, intent.step.now
        answer = await self._store.call("account_close", keys.user(user), now, intent.step.password)
        if status(answer) != "ok":
            raise wrong_credentials()
        for bot in await self.bots_of(user):
            await self.close(bot, now=now)
        for room in sorted(await self._rooms.rooms_of(user)):
            await past_refusals(self._rooms.leave_parts(intent.id, room=room, user=user, now=now))
            await self._rooms.name_parts(room, user, "")  # nobody leaves a direct room
        await self._free_handle(user, intent.step.handle)
        if self._on_closed is not None:
            await self._on_closed(user, intent.id, now)
        await self._store.command(keys.USERS, "ZREM", keys.EVERYONE, user)
        await self._store.call("community_admin", keys.COMMUNITY, user, 0)
        if owner := intent.step.owner:
            await self._store.command(keys.user(owner), "HDEL", keys.user(owner) + ":bots", user)
        await self._store.call("account_forget", keys.user(user))
        await self._directory.changed(user)

    async def _free_handle(self, user: str, handle: str) -> None:
        if handle:
            await self._store.call("account_handle_free", keys.handle(handles.skeleton(handle)), user)


def handle_taken() -> Refusal:
    return errors.conflict("This handle, or one that looks like it, is taken: choose another", "handle_taken")


def no_invite() -> Refusal:
    return errors.not_allowed("Signing up here needs a valid invitation", "no_invite")


def invite_key(digest: str) -> Tag:
    return Tag("{i:" + digest + "}")


def _first_fields(new: NewAccount, now: int, trusted: bool) -> list[str | int]:
    fields: dict[str, Any] = {
        "handle": new.handle, "name": new.name, "bot": int(new.bot), "owner": new.owner, "created_at": now, "auth": 1,
        "admin": int(new.admin), "trusted": int(trusted), "password": new.password, "recovery": new.recovery,
    }  # fmt: skip
    return [word for field, value in fields.items() if value != "" for word in (field, value)]


def _packed(value: str | list[str]) -> str | bytes:
    return msgspec.msgpack.encode(value) if isinstance(value, list) else value


def _profile(user: str, fields: dict[str, bytes]) -> Profile:
    given: dict[str, Any] = {name: fields[name].decode() for name in _TEXTS if name in fields}
    given |= {name: _unpack(fields[name]) for name in _LISTS if name in fields}
    given |= {name: fields.get(name) == b"1" for name in _FLAGS}
    given |= {name: int(fields.get(name) or 0) for name in _NUMBERS}
    return Profile(id=user, **given)


async def past_refusals(part: Any) -> None:
    """Await ``part`` and ignore refusals other than unavailable: one room that refuses (deleted, banned, direct) must
    not stop a step over many rooms."""
    try:
        await part
    except Refusal as refusal:
        if refusal.kind is UNAVAILABLE:
            raise
