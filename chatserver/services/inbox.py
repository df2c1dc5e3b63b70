"""The desk for the inbox: what came for one, newest first, and how far one has read it.

An item holds ids only. What it tells of is looked up when it is read; what the truth does not confirm any more (a poke
taken back, somebody blocked since) is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods import InboxList, InboxListResult, InboxMark, MessageSendResult
from chatserver.protocol.shapes import InboxItem, InboxState
from chatserver.rules import ladder
from chatserver.services.caller import Caller
from chatserver.store.inbox import Inbox, Item
from chatserver.store.ties import Ties


class InboxDesk:
    """Also puts mentions into the inboxes of those whom a message calls."""

    def __init__(self, hub: Hub, inbox: Inbox, ties: Ties) -> None:
        self._hub = hub
        self._inbox = inbox
        self._ties = ties

    async def listed(self, caller: Caller, params: InboxList) -> InboxListResult:
        user, now = caller.require_user(), now_ms()
        items = await self._inbox.page(user, before=params.before, limit=params.limit)
        blocked = set(await self._ties.blocked(user))
        stands = await asyncio.gather(*(self._stands(user, item, blocked, now) for item in items))
        state = await self._inbox.mark(user, 0)
        after = items[-1].number if len(items) == params.limit else 0
        return InboxListResult([item for item, good in zip(items, stands, strict=True) if good], state, after)

    async def mark(self, caller: Caller, params: InboxMark) -> InboxState:
        return await self._inbox.mark(caller.require_user(), params.seq)

    async def _stands(self, user: str, item: InboxItem, blocked: set[str], now: int) -> bool:
        if item.user in blocked:
            return False
        if item.kind == "poke":
            tie = (await self._ties.read(user, item.user)).tie
            poke = ladder.seen_poke(tie, user, now, self._ties.numbers)
            return poke is not None and poke.id == item.about
        if item.kind in {"curtain", "answered", "redrawn"}:
            tie = (await self._ties.read(user, item.user)).tie
            curtain = ladder.seen_curtain(tie, user, now, self._ties.numbers)
            return curtain is not None and curtain.id == item.about
        return True

    def mentioned(
        self, author: str, room: str, users: Sequence[str], answer: asyncio.Future[MessageSendResult]
    ) -> None:
        """Tell these users once the message is stored."""

        def stored(done: asyncio.Future[MessageSendResult]) -> None:
            if not done.cancelled() and done.exception() is None and not done.result().duplicate:
                self._hub.tasks.spawn(self._tell(author, room, users, done.result()))

        answer.add_done_callback(stored)

    async def _tell(self, author: str, room: str, users: Sequence[str], posted: MessageSendResult) -> None:
        for user in users:
            if not await self._ties.has_blocked(user, author):
                item = Item("mention", author, room, posted.seq)
                await self._inbox.add(user, f"mention {posted.id}", item, now=posted.at)
