"""The accounts service: signing up, in and out, passwords, tokens, bots, closing an account.

Passwords are hashed in threads (``hashing``); ``authority`` checks tokens. Attempts are counted by handle and by
address before anything is hashed. An unknown name gets the same response as a wrong password, in the same time.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import UNSET, UnsetType

from chatserver import errors, ids
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.protocol.methods.accounts import (
    AccountClose,
    AccountCreate,
    AccountCreateResult,
    AccountRecover,
    AccountRecoverResult,
    AccountRenewRecovery,
    AccountRenewRecoveryResult,
    AccountSetPassword,
    AccountSignIn,
    AccountSignInResult,
    BotCreate,
    BotCreateResult,
    LoginEnd,
    LoginListResult,
    TokenCreate,
    TokenCreateResult,
    TokenListResult,
    TokenRevoke,
)
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.shapes import Login, User
from chatserver.rules.accounts import handles, names, passwords, tokens
from chatserver.services.accounts.authority import Authority
from chatserver.services.accounts.hashing import Hashing
from chatserver.services.accounts.profiles import user_of
from chatserver.services.caller import Caller
from chatserver.settings import Accounts as Settings
from chatserver.store.accounts.accounts import AccountStore, NewAccount, Profile, handle_taken, no_invite
from chatserver.store.accounts.logins import Login as StoredLogin
from chatserver.store.accounts.logins import LoginStore, NewLogin, suspended, wrong_credentials
from chatserver.store.community.community import CommunityStore

log = logging.getLogger(__name__)
NOBODY: Final = Profile(id="")
MOST_GUESTS: Final = 50
"""How many people may sign up by one user's invitations within an hour."""


class Accounts:
    """``community`` says who may make an account. The commands and the host use ``store`` and
    ``login_store`` themselves."""

    def __init__(
        self, accounts: AccountStore, logins: LoginStore, authority: Authority, hashing: Hashing, settings: Settings,
        community: CommunityStore,
    ) -> None:  # fmt: skip
        self.store = accounts
        self.login_store = logins
        self._authority = authority
        self._hashing = hashing
        self._settings = settings
        self._community = community
        self.prove: Callable[[Caller, str], Awaitable[None]] = authority.prove

    # --- coming ------------------------------------------------------------------------------------------------------

    async def create(self, caller: Caller, params: AccountCreate) -> AccountCreateResult:
        """Sign up. The recovery code is shown only here."""
        _check_want(caller, params.want)
        handle, name = handles.checked(params.handle), names.checked(params.name)
        password = self._checked_password(params.password, handle)
        now = now_ms()
        invite = _code_digest(params.invite) if params.invite.strip() else ""
        await self._count_sign_up(caller, invite, now)
        by_invitation = self._community.profile.sign_up == "invite"
        if by_invitation and not invite:
            raise no_invite()
        if await self.store.is_taken(handle):
            raise handle_taken()
        recovery = tokens.recovery_code(ids.random_bytes(tokens.CODE_BYTES))
        user = ids.new_id()
        login = self._login(caller, user, now)
        account = NewAccount(
            user=user, handle=handle, name=name, password=await self._hashing.hash(password),
            recovery=_code_digest(recovery), login=login, invite=invite,
        )  # fmt: skip
        await self.store.create(account, now=now)
        token = await self._hand_out(caller, login, params.want, user, now)
        return AccountCreateResult(
            user=User(id=user, handle=handle, name=name, bot=False), recovery=recovery, token=token
        )

    async def sign_in(self, caller: Caller, params: AccountSignIn) -> AccountSignInResult:
        _check_want(caller, params.want)
        now, handle = now_ms(), handles.fold(params.handle)
        profile = await self._attempted(caller, handle, now)
        if not await self._is_right(profile, params.password):
            raise wrong_credentials()
        login = self._login(caller, profile.id, now)
        await self.login_store.add(profile.id, login, now=now, password=profile.password)
        if self._hashing.is_outdated(profile.password):
            await self._renew_hash(profile, params.password)
        token = await self._hand_out(caller, login, params.want, profile.id, now)
        return AccountSignInResult(user=user_of(profile), token=token)

    async def sign_out(self, caller: Caller, params: Nothing) -> Nothing:
        user = caller.require_user()
        with self._authority.goodbye(caller):
            try:
                await self.login_store.end(user, caller.login_id)
            except Refusal as refusal:
                if refusal.kind is not errors.NOT_FOUND:  # ended meanwhile from elsewhere, which is fine
                    raise
        caller.drop_login()
        return Nothing()

    # --- passwords ---------------------------------------------------------------------------------------------------

    async def set_password(self, caller: Caller, params: AccountSetPassword) -> Nothing:
        """Change the password. Ends all other sign-ins; tokens stay."""
        profile = await self._proven_again(caller, params.old)
        password = self._checked_password(params.new, profile.handle, path="new")
        await self.store.set_password(
            profile.id, await self._hashing.hash(password), must=("password", profile.password), kind="browser",
            staying=caller.login_id,
        )  # fmt: skip
        return Nothing()

    async def recover(self, caller: Caller, params: AccountRecover) -> AccountRecoverResult:
        """Set a new password with the recovery code. Ends all logins and replaces the code."""
        now, handle = now_ms(), handles.fold(params.handle)
        password = self._checked_password(params.password, handle)
        profile = await self._attempted(caller, handle, now)
        if not hmac.compare_digest(profile.recovery or "-", _code_digest(params.code)):
            raise Refusal(errors.NOT_SIGNED_IN, "Wrong username or recovery code", "wrong_credentials")
        if profile.suspended:
            raise suspended()
        recovery = tokens.recovery_code(ids.random_bytes(tokens.CODE_BYTES))
        await self.store.set_password(
            profile.id, await self._hashing.hash(password), must=("recovery", profile.recovery),
            recovery=_code_digest(recovery),
        )  # fmt: skip
        await self.login_store.remember(profile.id, caller.places, now=now)
        return AccountRecoverResult(user=user_of(profile), recovery=recovery)

    async def renew_recovery(self, caller: Caller, params: AccountRenewRecovery) -> AccountRenewRecoveryResult:
        """Replace the recovery code, if it was lost or seen by somebody: the old one becomes invalid."""
        profile = await self._proven_again(caller, params.password)
        recovery = tokens.recovery_code(ids.random_bytes(tokens.CODE_BYTES))
        await self.store.set_recovery(profile, _code_digest(recovery))
        return AccountRenewRecoveryResult(recovery)

    async def close_account(self, caller: Caller, params: AccountClose) -> Nothing:
        """Close the account: name and profile are deleted at once; messages stay, without a name."""
        profile = await self._proven_again(caller, params.password)
        with self._authority.goodbye(caller):
            await self.store.close(profile, now=now_ms())
        caller.drop_login()
        return Nothing()

    # --- logins and tokens -------------------------------------------------------------------------------------------

    async def logins(self, caller: Caller, params: Nothing) -> LoginListResult:
        return LoginListResult(await self._listed(caller, tokens_only=False))

    async def end_login(self, caller: Caller, params: LoginEnd) -> Nothing:
        await self.login_store.end(caller.require_user(), params.login)
        return Nothing()

    async def create_token(self, caller: Caller, params: TokenCreate) -> TokenCreateResult:
        user, now = caller.require_user(), now_ms()
        label = " ".join(params.label.split())
        if not label.isprintable():
            raise errors.invalid("label", "A label may have only visible characters")
        login = self.login_store.new(user, "token", now, label=label, address=caller.address, agent=caller.agent)
        await self.login_store.add(user, login, now=now)
        return TokenCreateResult(login.token, login.id)

    async def tokens(self, caller: Caller, params: Nothing) -> TokenListResult:
        return TokenListResult(await self._listed(caller, tokens_only=True))

    async def revoke_token(self, caller: Caller, params: TokenRevoke) -> Nothing:
        await self.login_store.end(caller.require_user(), params.token, kind="token")
        return Nothing()

    # --- bots --------------------------------------------------------------------------------------------------------

    async def create_bot(self, caller: Caller, params: BotCreate) -> BotCreateResult:
        """Create a bot owned by the caller, with its first token."""
        owner, now = caller.require_user(), now_ms()
        if caller.bot:
            raise errors.not_allowed("Bots cannot own bots: sign in as a person", "bots_own_no_bots")
        handle, name = handles.checked(params.handle), names.checked(params.name)
        login = await self._make_bot(handle, name, owner, now)
        user = User(id=tokens.user_of(login.token), handle=handle, name=name, bot=True, owner=owner)
        return BotCreateResult(user, login.token)

    async def community_bot(self, handle: str, name: str, *, label: str = "community") -> str:
        """A new token of the community's own bot, which is created if needed and may have a reserved handle.

        Earlier tokens with the same label end. Raises ``Refusal`` handle_taken if a person has the handle.
        """
        handle, now = handles.checked(handle, may_be_reserved=True), now_ms()
        profile = await self.store.find(handle)
        if profile is None:
            return (await self._make_bot(handle, name, "", now, label=label)).token
        if not profile.bot or profile.owner:
            raise handle_taken()
        for id, login in (await self.login_store.of(profile.id, now)).items():
            if login.label == label:
                await self.login_store.end(profile.id, id)
        fresh = self.login_store.new(profile.id, "token", now, label=label)
        await self.login_store.add(profile.id, fresh, now=now)
        return fresh.token

    async def _make_bot(self, handle: str, name: str, owner: str, now: int, *, label: str = "first token") -> NewLogin:
        user = ids.new_id()
        login = self.login_store.new(user, "token", now, label=label)
        account = NewAccount(user=user, handle=handle, name=name, bot=True, owner=owner, login=login)
        await self.store.create(account, now=now)
        return login

    # --- shared ------------------------------------------------------------------------------------------------------

    async def _hand_out(self, caller: Caller, login: NewLogin, want: str, user: str, now: int) -> str | UnsetType:
        """The token if asked for; else it becomes the cookie, and the browser a known device."""
        if want != "token":
            caller.give_login(login.token)
            if not caller.device:
                caller.name_device(ids.new_id())
        await self.login_store.remember(user, caller.places, now=now)
        return login.token if want == "token" else UNSET

    def _login(self, caller: Caller, user: str, now: int) -> NewLogin:
        return self.login_store.new(user, "browser", now, address=caller.address, agent=caller.agent)

    def _checked_password(self, password: str, handle: str, *, path: str = "password") -> str:
        settings = self._settings
        return passwords.checked(
            password, handle, shortest=settings.password_min, longest_bytes=settings.password_max, path=path
        )

    async def _attempted(self, caller: Caller, handle: str, now: int) -> Profile:
        """Count the attempt, and return the user with this handle, or nobody. Raises ``Refusal`` rate_limited.

        Guesses at a name share one count, whether or not it exists. Devices and addresses from which the owner has
        signed in before have their own: otherwise ten guesses from elsewhere locked the owner out.
        """
        await self._count_address(caller, now)
        profile = await self.store.find(handle) or NOBODY
        known = await self.login_store.known(profile.id or "nobody", caller.places)
        await self._count_name(f"known {known}" if known else f"handle {handle}", now)
        return profile

    async def _count_address(self, caller: Caller, now: int) -> None:
        settings = self._settings
        if caller.address:
            await self.login_store.attempt(
                f"address {caller.address}", now=now, burst=settings.sign_in_address_burst,
                per_minute=settings.sign_in_address_per_minute,
            )  # fmt: skip

    async def _count_name(self, what: str, now: int) -> None:
        settings = self._settings
        await self.login_store.attempt(
            what, now=now, burst=settings.sign_in_name_burst, per_minute=settings.sign_in_name_per_minute
        )

    async def _count_sign_up(self, caller: Caller, invite: str, now: int) -> None:
        """A table or a class signs up from one address: guests count for the one who invites them."""
        most = self._settings.sign_up_per_address_hour
        by = await self.store.inviter(invite, now) if invite and most else ""
        if by:
            await self.login_store.attempt(f"guests {by}", now=now, burst=MOST_GUESTS, per_minute=MOST_GUESTS / 60)
        elif caller.address:
            await self.login_store.attempt(f"sign-up {caller.address}", now=now, burst=most, per_minute=most / 60)

    async def _is_right(self, profile: Profile, password: str) -> bool:
        return await self._hashing.verify(passwords.normal(password), profile.password)

    async def _proven_again(self, caller: Caller, password: str) -> Profile:
        """The caller's profile, if this is their password; checked before actions that cannot be undone."""
        profile = await self.store.profile(caller.require_user()) or NOBODY
        if not profile.password:
            raise errors.not_allowed("This account has no password: use a token", "no_password")
        await self._count_address(caller, now_ms())
        await self._count_name(f"password {profile.id}", now_ms())
        if not await self._is_right(profile, password):
            raise errors.not_allowed("Wrong password", "wrong_password")
        return profile

    async def _renew_hash(self, profile: Profile, password: str) -> None:
        """Hash the password again with the current settings. Ends no login."""
        try:
            fresh = await self._hashing.hash(passwords.normal(password))
            await self.store.renew_hash(profile.id, profile.password, fresh)
        except Refusal:
            log.info("sign-in: a hash could not be renewed now", extra={"user": profile.id})

    async def _listed(self, caller: Caller, *, tokens_only: bool) -> list[Login]:
        stored = await self.login_store.of(caller.require_user(), now_ms())
        return [
            shown_login(id, login, current=id == caller.login_id)
            for id, login in stored.items()
            if login.kind == "token" or not tokens_only
        ]


def shown_login(id: str, login: StoredLogin, *, current: bool = False) -> Login:
    """A login as its owner sees it; the token itself is not stored."""
    return Login(
        id=id, kind=login.kind, label=login.label, created_at=login.created_at, used_at=login.used_at,
        address=login.address, agent=login.agent, current=current,
    )  # fmt: skip


def _code_digest(code: str) -> str:
    return tokens.digest(tokens.normal_code(code))


def _check_want(caller: Caller, want: str) -> None:
    if caller.connection is not None and want != "token":
        raise errors.invalid("want", 'A WebSocket cannot set a cookie: ask for "want": "token"')
