"""Newcomers: who is one, counting their first messages, and marking the very first.

A newcomer's message is counted on the user's tag after it was stored on the room's, so the step is an intent: a process
that takes over asks the room whether the message was stored. The response waits until it was counted, so that the next
request already knows. Nobody else's messages are looked at.

Before a user's first message is stored, it claims the mark of that. Messages that the user sends meanwhile wait behind
it, so that the order of requests stays the order of the log.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

from msgspec.structs import replace

from chatserver import errors
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

MOST_CALLED: Final = 10
Append = Callable[[Record], asyncio.Future[MessageSendResult]]


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
        self._turns: dict[str, _Turns] = {}
        intents.register(CountMessage, self._count_stored)

    # --- who is one --------------------------------------------------------------------------------------------------

    async def is_newcomer(self, user_id: str) -> bool:
        """Whether this user is a newcomer now. Raises ``Refusal`` unavailable."""
        user = self._hub.users.get(user_id)
        arrival = user.arrival if user is not None else await self._store.arrival(user_id)
        return rules.is_newcomer(arrival, now_ms(), self._numbers)

    def most_called(self, caller: Caller) -> int:
        """How many others a message of the caller calls by name at most; without await."""
        return self._numbers.mentions if self.is_new(caller) else MOST_CALLED

    def is_new(self, caller: Caller) -> bool:
        """Whether the caller is a newcomer now; without await."""
        return rules.is_newcomer(self._arrival(caller), now_ms(), self._numbers)

    def must_count(self, caller: Caller) -> bool:
        """Whether the caller's next message has to be counted; without await."""
        return rules.must_count(self._arrival(caller), self._numbers) or caller.user_id in self._turns

    def _arrival(self, caller: Caller) -> Arrival:
        """Of a connected user as told since, else as their login was checked."""
        user = self._hub.users.get(caller.user_id)
        return user.arrival if user is not None else caller.arrival

    @contextlib.asynccontextmanager
    async def starting_topic(self, user: str, room: str, client_id: str) -> AsyncIterator[None]:
        """Around a request that starts a topic. Raises ``Refusal`` newcomer where it is one too many."""
        if not await self.is_newcomer(user):
            yield
            return
        name = f"{room}:{client_id}"
        if not await self._store.start_topic(user, name, self._numbers.topics, now_ms()):
            raise errors.not_allowed(
                "Newcomers start few topics: write in one that is there, or wait a day", "newcomer", path="title"
            )
        try:
            yield
        except Refusal as refusal:
            if refusal.kind is not UNAVAILABLE:
                await self._store.forget_topic(user, name)
            raise

    # --- their messages ----------------------------------------------------------------------------------------------

    def send(self, caller: Caller, room: str, record: Record, append: Append) -> asyncio.Future[MessageSendResult]:
        """Send a message that must be counted: ``append`` queues its record. The future resolves to the response."""
        user, arrival = record.user, self._arrival(caller)
        begun = self._intents.begin(CountMessage(room=room, user=user, client_id=record.client_id, id=record.id))
        if arrival.messages and user not in self._turns:
            return self._hub.tasks.start(self._counted(begun, append(record)))
        may_be_first = rules.is_newcomer(arrival, now_ms(), self._numbers) and not arrival.messages
        turns = self._turns.setdefault(user, _Turns())
        turns.taken += 1
        return self._hub.tasks.start(self._send_in_turn(turns, begun, record, append, may_be_first=may_be_first))

    async def _send_in_turn(
        self, turns: _Turns, begun: Begun, record: Record, append: Append, *, may_be_first: bool
    ) -> MessageSendResult:
        try:
            async with turns.lock:
                first = may_be_first and await self._store.claim_first(record.user, record.id)
                sent = append(replace(record, first=True) if first else record)
        except Refusal:
            self._hub.tasks.spawn(self._drop(begun))
            raise
        finally:
            turns.taken -= 1
            if not turns.taken:
                del self._turns[record.user]
        return await self._counted(begun, sent)

    async def _counted(self, begun: Begun, sent: asyncio.Future[MessageSendResult]) -> MessageSendResult:
        """The outcome of the send, once the message was counted. What the store refuses to count now, whoever takes
        the intent over counts."""
        step: CountMessage = begun.intent.step
        try:
            result = await sent
        except Refusal as refusal:
            if refusal.kind is not UNAVAILABLE:
                self._hub.tasks.spawn(self._drop(begun))
            raise
        if result.duplicate:
            self._hub.tasks.spawn(self._drop(begun))
            return result
        with contextlib.suppress(Refusal):
            await self._store.count(step.user, step.room, result.seq, stands=True, id=step.id)
            self._hub.tasks.spawn(self._intents.finish(begun, lambda of: self._check(of.step, result.seq)))
        return result

    async def _drop(self, begun: Begun) -> None:
        """The message was not stored, or is another one's repeat."""
        await self._store.unclaim_first(begun.intent.step.user, begun.intent.step.id)
        await self._intents.drop(begun)

    async def _count_stored(self, intent: Intent[CountMessage]) -> None:
        step = intent.step
        sent = await self._log.sent(step.room, step.user, step.client_id)
        if sent is not None and sent.id == step.id:
            await self._store.count(step.user, step.room, sent.seq, stands=True, id=step.id)
            await self._check(step, sent.seq)
        else:
            await self._store.unclaim_first(step.user, step.id)

    async def _check(self, step: CountMessage, seq: int) -> None:
        """A deletion may have come before the message was counted: it found nothing to take away."""
        page = await self._log.read(step.room, first=seq, last=seq)
        if not page.messages or page.messages[0].record is None:
            await self._store.count(step.user, step.room, seq, stands=False)


class _Turns:
    """A user's messages that go one after the other, in the order in which they came here; ``taken`` counts those that
    wait or have their turn."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.taken = 0
