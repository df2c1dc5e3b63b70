"""The service for ties, conversations with bots, cards and blocks."""

from __future__ import annotations

import asyncio

from msgspec import UNSET

from chatserver import errors
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.friends import (
    AboutUser,
    BlockListResult,
    CardGet,
    CardUpdate,
    DirectOpen,
    SwitchUser,
    TieListResult,
    TieNote,
    TieWant,
)
from chatserver.protocol.shapes import Card, RoomState, TieState
from chatserver.rules.days import Days
from chatserver.rules.friends import cards as card_rules
from chatserver.rules.friends import ladder
from chatserver.services.caller import Caller
from chatserver.services.friends.pairs import Pairs
from chatserver.store.accounts.accounts import AccountStore
from chatserver.store.friends.cards import CardStore
from chatserver.store.friends.ties import TieStore


class Ties:
    """``days`` are the community's: after stepping back, days of writing are counted again from that day."""

    def __init__(
        self, hub: Hub, ties: TieStore, cards: CardStore, pairs: Pairs, accounts: AccountStore, days: Days
    ) -> None:
        self._hub = hub
        self._ties = ties
        self._cards = cards
        self._pairs = pairs
        self._accounts = accounts
        self._days = days
        self._day = 0
        self._settled: set[tuple[str, str]] = set()

    # --- looking -----------------------------------------------------------------------------------------------------

    async def get(self, caller: Caller, params: AboutUser) -> TieState:
        user = caller.require_user()
        await self._check_other(user, params.user)
        read = await self._ties.read(user, params.user)
        return await self._pairs.state(user, read, now_ms(), beginning=True)

    async def listed(self, caller: Caller, params: Nothing) -> TieListResult:
        """List all ties other than strangers, blocked users, who waits for an answer, and users with a note; newest
        first."""
        user, now = caller.require_user(), now_ms()
        reads = await self._ties.read_all(user)
        waiting = await self._pairs.waiting(user, now)
        states = await asyncio.gather(
            *(self._pairs.state(user, read, now, listed=True, waiting=waiting) for read in reads)
        )
        shown = [state for state in states if state.rung != "stranger" or state.blocked or state.note or state.invited]
        return TieListResult(sorted(shown, key=lambda state: (-state.since, state.user.id)))

    async def _check_other(self, user: str, other: str) -> None:
        if other == user or await self._accounts.profile(other) is None:
            raise errors.not_found("user")

    # --- steps of one user -------------------------------------------------------------------------------------------

    async def want(self, caller: Caller, params: TieWant) -> TieState:
        """Answer "become friends?". The answer is the caller's own view: nothing in it depends on the other's."""
        user, now = caller.require_user(), now_ms()
        await self._check_other(user, params.user)
        if caller.bot or (await self._hub.authors.authors([params.user]))[params.user].bot:
            raise errors.not_allowed("Bots have no friends: write with them as you like", "bots_not_friends")
        today = self._days.number(now)
        read = await self._ties.step("want", user, params.user, now=now, today=today, yes=params.yes)
        return await self._pairs.state(user, read, now)

    async def step_back(self, caller: Caller, params: AboutUser) -> Nothing:
        return await self._take("step_back", caller, params.user, today=self._days.number(now_ms()))

    async def rest(self, caller: Caller, params: SwitchUser) -> Nothing:
        return await self._take("rest", caller, params.user, on=params.on)

    async def show_seen(self, caller: Caller, params: SwitchUser) -> Nothing:
        return await self._take("show_seen", caller, params.user, on=params.on)

    async def note(self, caller: Caller, params: TieNote) -> Nothing:
        return await self._take("note", caller, params.user, text=card_rules.checked_note(params.note))

    async def _take(self, kind: str, caller: Caller, other: str, **given: object) -> Nothing:
        user = caller.require_user()
        await self._check_other(user, other)
        await self._ties.step(kind, user, other, now=now_ms(), **given)
        await self._hub.enter_now(user)
        return Nothing()

    # --- friends -----------------------------------------------------------------------------------------------------

    def wrote(self, user: str, room: str) -> None:
        """Called for each message in a direct room: the first of a day may make the two friends."""
        day = self._days.number(now_ms())
        if day != self._day:
            self._day, self._settled = day, set()
        if (room, user) not in self._settled:
            self._settled.add((room, user))
            self._hub.tasks.spawn(self._befriend(user, room))

    async def _befriend(self, user: str, room: str) -> None:
        try:
            tie = await self._ties.find(room, user)
            if tie.relation == "acquainted":
                await self._ties.step("befriend", user, tie.other(user), now=now_ms())
        except errors.Refusal:
            self._settled.discard((room, user))  # retried with the next message

    # --- bots --------------------------------------------------------------------------------------------------------

    async def open_direct(self, caller: Caller, params: DirectOpen) -> RoomState:
        """Open a conversation with a bot; a person must do this."""
        user, now = caller.require_user(), now_ms()
        await self._check_bot(caller, params.bot)
        read = await self._ties.step(
            "begin", user, params.bot, now=now, origin={"how": "bot", "at": now}, bots=[params.bot]
        )
        await self._hub.enter_now(user)
        return await self._hub.room_state(read.room, user)

    async def close_direct(self, caller: Caller, params: DirectOpen) -> Nothing:
        await self._check_bot(caller, params.bot)
        return await self._take("rest", caller, params.bot, on=True)

    async def _check_bot(self, caller: Caller, bot: str) -> None:
        profile = await self._accounts.profile(bot)
        if profile is None or profile.closed or not profile.bot:
            raise errors.not_found("bot")
        if caller.bot:
            raise errors.not_allowed("Bots cannot open a conversation: the person must", "bots_do_not_begin")

    # --- cards -------------------------------------------------------------------------------------------------------

    async def card(self, caller: Caller, params: CardGet) -> Card:
        user = caller.require_user()
        if params.user and params.user != user:
            read = await self._ties.read(user, params.user)
            if not ladder.opens_card(read.tie):
                raise errors.not_found("card")
        return await self._cards.card(params.user or user)

    async def update_card(self, caller: Caller, params: CardUpdate) -> Card:
        user = caller.require_user()
        given = {name: getattr(params, name) for name in params.__struct_fields__}
        checked = {name: card_rules.checked(name, text) for name, text in given.items() if text is not UNSET}
        return await self._cards.update(user, checked)

    async def offer_card(self, caller: Caller, params: AboutUser) -> Nothing:
        return await self._take("offer_card", caller, params.user)

    async def take_card_back(self, caller: Caller, params: AboutUser) -> Nothing:
        return await self._take("take_card_back", caller, params.user)

    # --- blocks ------------------------------------------------------------------------------------------------------

    async def block(self, caller: Caller, params: AboutUser) -> Nothing:
        return await self._take("block", caller, params.user, on=True)

    async def unblock(self, caller: Caller, params: AboutUser) -> Nothing:
        return await self._take("block", caller, params.user, on=False)

    async def blocked(self, caller: Caller, params: Nothing) -> BlockListResult:
        users = await self._ties.blocked(caller.require_user())
        faces = await self._hub.authors.authors(users)
        return BlockListResult([faces[user] for user in users])
