"""The service for two people who meet in person: one shows a code, the other enters it, both confirm."""

from __future__ import annotations

import unicodedata

import segno

from chatserver import errors, ids
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.friends import AboutUser, MetEnter, MetEnterResult, MetShowResult
from chatserver.protocol.shapes import TieState
from chatserver.rules.limits import Buckets
from chatserver.services.caller import Caller
from chatserver.services.friends.pairs import Pairs
from chatserver.services.pace import spend
from chatserver.store.friends.meetings import MeetingCodes
from chatserver.store.friends.ties import TieStore

DIGITS = 8


class Meeting:
    """``guesses`` limits how often one user enters a code: of a hundred million, few are valid for a minute. ``shows``
    limits how often one asks for a code, whose QR code takes the loop 2.5 ms. ``url`` is the public address of the
    page, which the QR code leads to if it is known."""

    def __init__(
        self, hub: Hub, codes: MeetingCodes, ties: TieStore, pairs: Pairs, *, guesses: Buckets, shows: Buckets,
        url: str,
    ) -> None:  # fmt: skip
        self._hub = hub
        self._codes = codes
        self._ties = ties
        self._pairs = pairs
        self._guesses = guesses
        self._shows = shows
        self._url = url.rstrip("/")

    async def show(self, caller: Caller, params: Nothing) -> MetShowResult:
        user, until = caller.require_user(), now_ms() + self._ties.numbers.code_ms
        if caller.bot:
            raise errors.not_allowed("Bots cannot meet people", "bots_do_not_meet")
        spend(self._shows, user)
        while True:
            code = f"{int.from_bytes(ids.random_bytes(8), 'big') % 10**DIGITS:0{DIGITS}}"
            if await self._codes.put(code, user, until):
                break
        drawn = segno.make(f"{self._url}/people#{code}" if self._url else code, micro=False)
        return MetShowResult(code, until, drawn.svg_inline(scale=8, dark="#000", light="#fff"))

    async def enter(self, caller: Caller, params: MetEnter) -> MetEnterResult:
        user, now = caller.require_user(), now_ms()
        spend(self._guesses, user)
        code = "".join(str(unicodedata.decimal(char)) for char in params.code if char.isdecimal())
        held = await self._codes.take(code)
        if held is None or caller.bot:
            raise errors.not_found("code")
        other, until = held
        if until <= now or other == user:
            raise errors.not_found("code")
        await self._ties.step("meet", user, other, now=now, until=until)
        faces = await self._hub.authors.authors([other])
        return MetEnterResult(faces[other], until)

    async def confirm(self, caller: Caller, params: AboutUser) -> TieState:
        user, now = caller.require_user(), now_ms()
        if params.user == user:
            raise errors.not_found("meeting")
        read = await self._ties.step("confirm", user, params.user, now=now)
        await self._hub.enter_now(user)
        return await self._pairs.state(user, read, now)
