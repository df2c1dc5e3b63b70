"""The service for a user's own bots: list them, renew a token, close one. Other users' bots are not_found."""

from __future__ import annotations

import asyncio

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.protocol.methods.accounts import BotListResult, BotParams, BotRenewTokenResult
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.shapes import OwnBot
from chatserver.services.accounts.accounts import shown_login
from chatserver.services.accounts.profiles import user_of
from chatserver.services.caller import Caller
from chatserver.store.accounts.accounts import AccountStore, Profile
from chatserver.store.accounts.logins import LoginStore


class Bots:
    """``store`` holds the users, ``logins`` their tokens."""

    def __init__(self, accounts: AccountStore, logins: LoginStore) -> None:
        self._accounts = accounts
        self._logins = logins

    async def list(self, caller: Caller, params: Nothing) -> BotListResult:
        """List the caller's bots, in order of creation."""
        bots = sorted(await self._accounts.bots_of(caller.require_user()), key=lambda bot: (bot.created_at, bot.id))
        return BotListResult(await asyncio.gather(*map(self._own_bot, bots)))

    async def _own_bot(self, bot: Profile) -> OwnBot:
        logins = await self._logins.of(bot.id, now_ms())
        tokens = [shown_login(id, login) for id, login in logins.items() if login.kind == "token"]
        return OwnBot(user_of(bot), tokens)

    async def renew_token(self, caller: Caller, params: BotParams) -> BotRenewTokenResult:
        """Replace all tokens of a bot by a new one; its sockets are closed."""
        bot = await self._own(caller, params.bot)
        fresh = self._logins.new(bot.id, "token", now_ms(), label="renewed", address=caller.address, agent=caller.agent)
        await self._logins.renew(bot.id, caller.user_id, fresh)
        return BotRenewTokenResult(fresh.token)

    async def close(self, caller: Caller, params: BotParams) -> Nothing:
        """Close a bot: its name is deleted at once, its messages stay; it no longer counts for the limit."""
        await self._accounts.close(await self._own(caller, params.bot), now=now_ms())
        return Nothing()

    async def _own(self, caller: Caller, bot: str) -> Profile:
        profile = await self._accounts.profile(bot)
        if profile is None or profile.closed or profile.owner != caller.require_user():
            raise errors.not_found("bot")
        return profile
