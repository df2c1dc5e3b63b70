"""The store of logins: checks tokens, and limits how often anyone may try.

Built by app.py for the accounts service. A login's id is the start of its token's digest, so one read finds the login
of a token. The token itself is never stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec

from chatserver import errors, ids
from chatserver.errors import Refusal
from chatserver.rules.accounts import tokens
from chatserver.rules.accounts.newcomers import Arrival, arrival_of
from chatserver.store.engine import keys
from chatserver.store.engine.keys import Tag
from chatserver.store.engine.store import Store, flat, status

Kind = Literal["browser", "token"]
DAY_MS: Final = 86_400_000
NOTE_USE_EVERY_MS: Final = 3_600_000
MOST_LOGINS: Final = 100


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A login as stored. ``browser`` is a sign-in, ``token`` was made by token.create; ``ends_at`` 0 means never."""

    kind: Kind = msgspec.field(name="k")
    digest: str = msgspec.field(name="h")
    label: str = msgspec.field(name="l", default="")
    created_at: int = msgspec.field(name="c")
    used_at: int = msgspec.field(name="u")
    address: str = msgspec.field(name="a", default="")
    agent: str = msgspec.field(name="g", default="")
    ends_at: int = msgspec.field(name="e", default=0)


class NewLogin(msgspec.Struct, frozen=True):
    """A login to be stored: its id and record, and the token, which is shown once."""

    id: str
    token: str
    record: bytes


class Proven(msgspec.Struct, frozen=True):
    """A valid token's user and login, and the user's ``auth`` number at that moment."""

    user: str
    login: str
    kind: Kind
    ends_at: int
    bot: bool
    admin: bool
    auth: int
    arrival: Arrival


class AccountStatus(msgspec.Struct, frozen=True):
    """What decides whether a user's open sockets may stay open. A user who does not exist counts as closed."""

    auth: int
    closed: bool
    suspended: bool
    admin: bool
    logins: dict[str, Login]


_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Login).decode


class LoginStore:
    """``days`` is the lifetime of an unused sign-in; 0 means no end."""

    def __init__(self, store: Store, *, days: int) -> None:
        self._store = store
        self._lasts = days * DAY_MS

    def new(self, user: str, kind: Kind, now: int, *, label: str = "", address: str = "", agent: str = "") -> NewLogin:
        """Make a login with a new token. Does not store it."""
        token = tokens.new_token(user, ids.random_bytes(tokens.SECRET_BYTES))
        digest = tokens.digest(token)
        ends_at = now + self._lasts if kind == "browser" and self._lasts else 0
        login = Login(
            kind=kind, digest=digest, label=label, created_at=now, used_at=now, address=address, agent=agent,
            ends_at=ends_at,
        )  # fmt: skip
        return NewLogin(tokens.login_id(digest), token, _pack(login))

    async def add(self, user: str, login: NewLogin, *, now: int, password: str = "") -> None:
        """Store the login, if ``password`` (a hash; "" skips the check) is still the user's.

        Raises ``Refusal`` not_signed_in (no such user, or another password), suspended, too_many_logins.
        """
        answer = await self._store.call(
            "login_add", keys.user(user), now, login.id, login.record, password, MOST_LOGINS
        )
        reason = status(answer)
        if reason == "suspended":
            raise suspended()
        if reason == "too_many":
            raise errors.conflict(f"You have {MOST_LOGINS} tokens already: revoke one first", "too_many_logins")
        if reason != "ok":
            raise wrong_credentials()

    async def prove(self, token: str, now: int) -> Proven:
        """Find the login of a token. Raises ``Refusal`` not_signed_in, or suspended."""
        user, digest = tokens.user_of(token), tokens.digest(token)
        login = tokens.login_id(digest)
        answer = await self._store.call("login_prove", keys.user(user), now, login, digest)
        if status(answer) == "suspended":
            raise suspended()
        if status(answer) != "ok":
            raise tokens.bad_token()
        kind, ends_at, bot, admin, auth, used_at, *arrival = answer[1:]
        if now >= used_at + NOTE_USE_EVERY_MS:
            ends_at = await self._note_use(user, login, ends_at, now)
        return Proven(
            user, login, "token" if kind == b"token" else "browser", ends_at, bot == 1, admin == 1, auth,
            arrival_of({"bot": b"%d" % bot, **dict(zip(("created_at", "trusted", "wrote"), arrival, strict=True))}),
        )  # fmt: skip

    async def _note_use(self, user: str, login: str, ends_at: int, now: int) -> int:
        """Extend a login and return its new end (ms). If the store takes no writes, the end stays and the token still
        counts."""
        try:
            await self._store.call("login_use", keys.user(user), now, login, self._lasts)
        except Refusal:
            return ends_at
        return max(ends_at, now + self._lasts) if ends_at and self._lasts else ends_at

    async def of(self, user: str, now: int) -> dict[str, Login]:
        """The user's unexpired logins by id, most recently used first."""
        logins = (await self.status(user)).logins
        alive = {id: login for id, login in logins.items() if not login.ends_at or login.ends_at > now}
        return dict(sorted(alive.items(), key=lambda item: -item[1].used_at))

    async def end(self, user: str, login: str, *, kind: Kind | Literal[""] = "") -> None:
        """End a login; with ``kind`` only if it is of that kind. Raises ``Refusal`` not_found."""
        answer = await self._store.call("login_end", keys.user(user), login, kind)
        if status(answer) != "ok":
            raise errors.not_found("token" if kind == "token" else "login")

    async def renew(self, bot: str, owner: str, login: NewLogin) -> None:
        """Replace all logins of this owner's bot by this one. Raises ``Refusal`` not_found, suspended."""
        answer = await self._store.call("login_renew", keys.user(bot), owner, login.id, login.record)
        if status(answer) == "suspended":
            raise suspended()
        if status(answer) != "ok":
            raise errors.not_found("bot")

    async def status(self, user: str) -> AccountStatus:
        answer: list[Any] = await self._store.call("login_status", keys.user(user))
        if status(answer) != "ok":
            return AccountStatus(-1, True, False, False, {})
        auth, closed, is_suspended, admin, logins = answer[1:]
        records = {id: _unpack(packed) for id, packed in flat(logins).items()}
        return AccountStatus(auth, closed == 1, is_suspended == 1, admin == 1, records)

    # --- known addresses and devices ---------------------------------------------------------------------------------

    async def known(self, user: str, places: Sequence[str]) -> str:
        """The digest of the first of these places from which the user has signed in before; "" if there is none."""
        digests, key = _digests(user, places), keys.user(user) + ":known"
        scores = await self._store.command(keys.user(user), "ZMSCORE", key, *digests) if digests else ()
        return next((digest for digest, score in zip(digests, scores, strict=True) if score is not None), "")

    async def remember(self, user: str, places: Sequence[str], *, now: int) -> None:
        """The user has just signed in from there."""
        await self._store.call("login_known", keys.user(user), now, *_digests(user, places))

    # --- how often anyone may try ------------------------------------------------------------------------------------

    async def attempt(self, what: str, *, now: int, burst: int, per_minute: float) -> None:
        """Count an attempt at ``what`` over all processes. Raises ``Refusal`` rate_limited. A burst of 0 means no
        limit."""
        if not burst:
            return
        tag = Tag("{a:" + hashlib.sha256(what.encode("utf-8", "surrogatepass")).hexdigest()[:32] + "}")
        answer = await self._store.call("login_attempt", tag, now, burst, repr(per_minute))
        if status(answer) != "ok":
            raise errors.rate_limited(answer[1])


def _digests(user: str, places: Sequence[str]) -> list[str]:
    return [hashlib.sha256(f"{user} {place}".encode("utf-8", "surrogatepass")).hexdigest()[:24] for place in places]


def wrong_credentials() -> Refusal:
    """The same refusal for an unknown name and for a wrong password."""
    return Refusal(errors.NOT_SIGNED_IN, "Wrong username or password", "wrong_credentials")


def suspended() -> Refusal:
    return errors.not_allowed("This account is suspended: ask an admin", "suspended")
