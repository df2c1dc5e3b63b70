"""Newcomers: who is one, and counting their first messages.

A newcomer's message is counted on the user's tag after it was stored on the room's, so the step is an intent: a process
that takes over asks the room whether the message was stored. The response waits until it was counted, so that the next
request already knows. Nobody else's messages are looked at.
"""

from __future__ import annotations

import asyncio
import contextlib

from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.ids import now_ms
from chatserver.live.hub import Hub
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.rules.accounts import newcomers as rules
from chatserver.rules.accounts.newcomers import Arrival, Numbers
from chatserver.services.caller import Caller
from chatserver.store.accounts.newcomers import NewcomerStore
from chatserver.store.engine.intents import Begun, Intent, Intents, Step
from chatserver.store.messages.log import LogReader
from chatserver.store.messages.records import Record


class CountMessage(Step, frozen=True):
    """A newcomer's message that is being sent; ``id`` is the message's."""

    kind = "newcomer.message"
    room: str
    user: str
    client_id: str
    id: str


class Newcomers:
    """``numbers`` say until when somebody is a newcomer."""

    def __init__(self, hub: Hub, log: LogReader, store: NewcomerStore, intents: Intents, numbers: Numbers) -> None:
        self._hub = hub
        self._log = log
        self._store = store
        self._intents = intents
        self._numbers = numbers
        intents.register(CountMessage, self._count_stored)

    async def is_newcomer(self, user_id: str) -> bool:
        """Whether this user is a newcomer now. Raises ``Refusal`` unavailable."""
        user = self._hub.users.get(user_id)
        arrival = user.arrival if user is not None else await self._store.arrival(user_id)
        return rules.is_newcomer(arrival, now_ms(), self._numbers)

    def _arrival(self, caller: Caller) -> Arrival:
        """Of a connected user as told since, else as their login was checked."""
        user = self._hub.users.get(caller.user_id)
        return user.arrival if user is not None else caller.arrival

    def must_count(self, caller: Caller) -> bool:
        """Whether the caller's next message has to be counted; without await."""
        return rules.must_count(self._arrival(caller), self._numbers)

    def begin(self, room: str, record: Record) -> Begun:
        """Write the intent to count this message, before it is sent."""
        return self._intents.begin(CountMessage(room=room, user=record.user, client_id=record.client_id, id=record.id))

    async def counted(self, begun: Begun, sent: asyncio.Future[MessageSendResult]) -> MessageSendResult:
        """The outcome of the send, once the message was counted. What the store refuses to count now, whoever takes
        the intent over counts."""
        step: CountMessage = begun.intent.step
        try:
            result = await sent
        except Refusal as refusal:
            if refusal.kind is not UNAVAILABLE:
                self._hub.tasks.spawn(self._intents.drop(begun))
            raise
        if result.duplicate:
            self._hub.tasks.spawn(self._intents.drop(begun))
            return result
        with contextlib.suppress(Refusal):
            await self._store.count(step.user, step.room, result.seq, stands=True)
            self._hub.tasks.spawn(self._intents.finish(begun, lambda of: self._check(of.step, result.seq)))
        return result

    async def _count_stored(self, intent: Intent[CountMessage]) -> None:
        step = intent.step
        sent = await self._log.sent(step.room, step.user, step.client_id)
        if sent is not None and sent.id == step.id:
            await self._store.count(step.user, step.room, sent.seq, stands=True)
            await self._check(step, sent.seq)

    async def _check(self, step: CountMessage, seq: int) -> None:
        """A deletion may have come before the message was counted: it found nothing to take away."""
        page = await self._log.read(step.room, first=seq, last=seq)
        if not page.messages or page.messages[0].record is None:
            await self._store.count(step.user, step.room, seq, stands=False)
