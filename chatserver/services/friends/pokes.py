"""The service for pokes, and for the card that both answer after a poke was returned.

A poke has no text, and no response depends on what the other does with it: whether they ignore it, dismiss it, paused
pokes or blocked the sender, the sender gets the same bytes.
"""

from __future__ import annotations

import contextlib
from typing import Final

from chatserver import errors, ids
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.friends import (
    CurtainAnswer,
    CurtainDraw,
    PokeAllow,
    PokeListResult,
    PokeOne,
    PokeReturn,
    PokeSend,
)
from chatserver.protocol.shapes import TieState
from chatserver.rules.days import Days
from chatserver.rules.friends import ladder
from chatserver.rules.friends.tie import DAY_MS, Poke
from chatserver.rules.limits import Buckets
from chatserver.rules.rooms import access as room_rules
from chatserver.services.accounts.newcomers import Newcomers
from chatserver.services.caller import Caller
from chatserver.services.friends.icebreakers import Icebreakers
from chatserver.services.friends.pairs import Pairs
from chatserver.services.pace import spend
from chatserver.store.accounts.accounts import AccountStore, Profile
from chatserver.store.friends.ties import Read, TieStore
from chatserver.store.messages.log import LogReader, refusal_of

PAIR: Final = 24  # a poke's id begins with the id of the pair, of this length

HOST_SAYS: Final = {
    "en": "I'm a program, so I have no answer of my own. With a person, theirs would be here.",
    "zh-Hans": "我是个程序，自己没有答案。换成真人，这里就是对方的回答。",
    "zh-Hant": "我是個程式，自己沒有答案。換成真人，這裡就是對方的回答。",
}
"""The host's answer to every card of a rehearsal."""


class Pokes:
    """``host`` is the handle of the community's own bot, with which people can rehearse; ``days`` are the community's;
    ``tries`` limits how often one user pokes, returns or answers; of a newcomer ``newcomer_places`` pokes may be
    open."""

    def __init__(
        self, hub: Hub, log: LogReader, ties: TieStore, pairs: Pairs, icebreakers: Icebreakers, accounts: AccountStore,
        newcomers: Newcomers, *, host: str, language: str, days: Days, tries: Buckets, newcomer_places: int,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._log = log
        self._ties = ties
        self._pairs = pairs
        self._icebreakers = icebreakers
        self._accounts = accounts
        self._host = host
        self._language = language
        self._days = days
        self._tries = tries
        self._newcomers = newcomers
        self._newcomer_places = newcomer_places

    # --- sending -----------------------------------------------------------------------------------------------------

    async def send(self, caller: Caller, params: PokeSend) -> TieState:
        user, now = self._admitted(caller)
        other = await self._person(caller, params.to)
        rehearsal = other.bot
        if not rehearsal:
            await self._check_name(user, now)
        last = await self._check_room(user, params, now, rehearsal=rehearsal)
        card = self._icebreakers.draw(params.room)
        poke = Poke(
            self._ties.room_of(user, other.id) + ids.random_bytes(4).hex(), user, params.room, params.gesture, now,
            params.seq, card, hidden=await self._ties.hides_poke(other.id, user), last=last,
        )  # fmt: skip
        bots = [other.id] if rehearsal else []
        read = await self._ties.step(
            "poke", user, other.id, now=now, poke=_plain(poke), card=card, rehearsal=rehearsal, bots=bots,
            places=await self._places(user), today=self._days.number(now), midnight=self._days.next_midnight(now),
        )  # fmt: skip
        read = await self._rehearsed(user, read, now)
        await self._hub.enter_now(user)
        return await self._pairs.state(user, read, now)

    async def _rehearsed(self, user: str, read: Read, now: int) -> Read:
        """In a rehearsal, let the host answer the open card if it has not yet."""
        host, curtain = read.tie.other(user), ladder.open_curtain(read.tie, now, self._ties.numbers)
        if curtain is None or not curtain.rehearsal or read.tie.side(host).answer:
            return read
        given = {"card": curtain.card, "text": HOST_SAYS[self._language]}
        with contextlib.suppress(Refusal):  # another request of the user was faster
            return await self._ties.step("answer", host, user, now=now, bots=[host], **given)
        return await self._ties.read(user, host)

    async def _places(self, user: str) -> int:
        """How many pokes of this user may be open."""
        most = self._ties.numbers.places
        return min(most, self._newcomer_places) if await self._newcomers.is_newcomer(user) else most

    def _admitted(self, caller: Caller) -> tuple[str, int]:
        user, now = caller.require_user(), now_ms()
        spend(self._tries, user)
        return user, now

    async def _person(self, caller: Caller, to: str) -> Profile:
        """The user to poke, who must be a person or the community's host."""
        other = await self._accounts.profile(to)
        if other is None or to == caller.user_id:
            raise errors.not_found("user")
        is_host = other.bot and not other.owner and other.handle == self._host
        if caller.bot or (other.bot and not is_host):
            raise errors.not_allowed("Bots cannot poke or be poked", "bots_not_poked")
        return other

    async def _check_name(self, user: str, now: int) -> None:
        """A name or picture may not be changed into words for the one who is poked. Signing up is no change."""
        profile = await self._accounts.profile(user)
        changed_at = max(profile.named_at, profile.avatar_at) if profile is not None else 0
        wait = changed_at + DAY_MS - now if changed_at else 0
        if wait > 0:
            raise errors.not_allowed(
                "You changed your name or picture lately: wait a day", "changed_lately", retry_after=-(-wait // 1000)
            )

    async def _check_room(self, user: str, params: PokeSend, now: int, *, rehearsal: bool) -> int:
        """Check that the two may meet here. Returns the number of the room's last message."""
        async with self._hub.feeds.open(params.room) as feed:
            member = await self._hub.feeds.member(feed, user)
            if feed.meta.kind == "direct" or member is None:
                raise room_rules.outside(feed.meta.kind)
            if member.muted_until > now:
                raise refusal_of("muted", member.muted_until - now)
            if not feed.meta.pokes:
                raise errors.not_allowed("Pokes are off in this room", "no_pokes_here")
            if await self._hub.feeds.member(feed, params.to) is None:
                raise errors.not_allowed("They are not a member of this room", "not_in_room")
            if params.seq:
                await self._check_message(params)
            last = feed.place.seq
        if rehearsal:
            return last
        spoken = await self._pairs.spoken(params.room, user, params.to, now=now)
        if user not in spoken:
            raise errors.not_allowed("Write something in this room first", "say_something_first")
        if params.to not in spoken:
            raise errors.not_allowed("They have not written here lately", "they_were_quiet")
        return last

    async def _check_message(self, params: PokeSend) -> None:
        """Check that the poke's message is one of theirs in this room."""
        page = await self._log.read(params.room, first=params.seq, last=params.seq)
        if not page.messages or page.messages[0].user != params.to or page.messages[0].record is None:
            raise errors.not_found("message")

    # --- returning, withdrawing, dismissing --------------------------------------------------------------------------

    async def return_poke(self, caller: Caller, params: PokeReturn) -> TieState:
        user, now = self._admitted(caller)
        answer = ladder.checked_answer(params.answer, self._ties.numbers) if params.answer.strip() else ""
        other = await self._other(user, params.poke[:PAIR], "poke")
        card = self._icebreakers.draw("")
        read = await self._ties.step("return", user, other, now=now, poke=params.poke, card=card)
        if answer and read.tie.curtain is not None:
            read = await self._ties.step("answer", user, other, now=now, card=read.tie.curtain.card, text=answer)
        await self._hub.enter_now(user)
        return await self._pairs.state(user, read, now)

    async def withdraw(self, caller: Caller, params: PokeOne) -> Nothing:
        user, now = self._admitted(caller)
        other = await self._other(user, params.poke[:PAIR], "poke")
        until = self._days.next_midnight(now)
        await self._ties.step("withdraw", user, other, now=now, poke=params.poke, until=until)
        return Nothing()

    async def dismiss(self, caller: Caller, params: PokeOne) -> Nothing:
        user, now = self._admitted(caller)
        other = await self._other(user, params.poke[:PAIR], "poke")
        await self._ties.step("dismiss", user, other, now=now, poke=params.poke)
        return Nothing()

    async def allow(self, caller: Caller, params: PokeAllow) -> Nothing:
        await self._ties.let_pokes_from(caller.require_user(), params.sender)
        return Nothing()

    async def listed(self, caller: Caller, params: Nothing) -> PokeListResult:
        user, now = caller.require_user(), now_ms()
        reads = await self._ties.read_all(user)
        sent = [poke for read in reads if (poke := self._pairs.sent(user, read, now)) is not None]
        waiting = await self._pairs.waiting(user, now)
        came = [await self._pairs.received(user, read, now) for read in reads]
        received = [poke for poke in came if poke is not None and poke.poke not in waiting]
        taken = len(await self._ties.open_places(user, now))
        return PokeListResult(
            sorted(sent, key=lambda poke: -poke.at), sorted(received, key=lambda poke: -poke.at),
            max(0, await self._places(user) - taken), await self._ties.pokes_from(user),
        )  # fmt: skip

    async def _other(self, user: str, pair: str, what: str) -> str:
        try:
            return (await self._ties.find(pair, user)).other(user)
        except errors.Refusal:
            raise errors.not_found(what) from None

    # --- the curtain -------------------------------------------------------------------------------------------------

    async def answer(self, caller: Caller, params: CurtainAnswer) -> TieState:
        user, now = self._admitted(caller)
        text = ladder.checked_answer(params.text, self._ties.numbers)
        other = await self._other(user, params.tie, "card")
        bots = [other] if (await self._hub.authors.authors([other]))[other].bot else []
        read = await self._ties.step("answer", user, other, now=now, card=params.card, text=text, bots=bots)
        read = await self._rehearsed(user, read, now)
        await self._hub.enter_now(user)
        return await self._pairs.state(user, read, now)

    async def draw(self, caller: Caller, params: CurtainDraw) -> TieState:
        user, now = self._admitted(caller)
        tie = await self._ties.find(params.tie, user)
        if tie.curtain is None:
            raise errors.not_found("card")
        card = self._icebreakers.draw(tie.curtain.room, but=tie.curtain.card)
        read = await self._ties.step("draw", user, tie.other(user), now=now, card=card)
        read = await self._rehearsed(user, read, now)
        return await self._pairs.state(user, read, now)


def _plain(poke: Poke) -> dict[str, object]:
    return {name: getattr(poke, name) for name in poke.__struct_fields__}
