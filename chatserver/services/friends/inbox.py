"""The inbox service: list items newest first, mark as read, replay, mentions.

An item holds ids only. Its content is looked up when it is read; items that are no longer true (a withdrawn poke, a
blocked user) are left out.
"""

from __future__ import annotations

import asyncio
import collections
import logging
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

import msgspec

from chatserver.errors import NOT_FOUND, UNAVAILABLE, Refusal
from chatserver.ids import now_ms
from chatserver.live.connection import Connection
from chatserver.live.hub import Hub
from chatserver.live.user import LiveUser
from chatserver.protocol.methods.friends import InboxList, InboxListResult, InboxMark
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.shapes import InboxItem, InboxState
from chatserver.rules.friends import ladder
from chatserver.services.caller import Caller
from chatserver.store.engine.intents import Begun, Intent, Intents, Step
from chatserver.store.friends.inbox import InboxStore, Item
from chatserver.store.friends.ties import TieStore
from chatserver.store.messages.log import LogReader
from chatserver.store.messages.reactions import Reaction, ReactionStore
from chatserver.store.messages.records import Posted, Record

log = logging.getLogger(__name__)

PAGE: Final = 100
MOST_REMEMBERED: Final = 10_000
T = TypeVar("T")


class Mention(Step, frozen=True):
    """A message that may call somebody, by name or by a reply: one being sent by ``user`` with ``client_id`` and
    ``id``, or an edited one with this ``seq``."""

    kind = "mention"
    room: str
    user: str = ""
    client_id: str = ""
    id: str = ""
    seq: int = 0
    now: int = 0


class Inbox:
    """Also adds mentions to inboxes: a step over two tags, which begins with the message. At most ``most`` items are
    replayed."""

    def __init__(
        self,
        hub: Hub,
        log: LogReader,
        inbox: InboxStore,
        ties: TieStore,
        reactions: ReactionStore,
        intents: Intents,
        *,
        most: int,
    ) -> None:
        self._hub = hub
        self._log = log
        self._inbox = inbox
        self._ties = ties
        self._reactions = reactions
        self._reactors: dict[str, collections.deque[str]] = {}
        self._answered: dict[tuple[str, str], None] = {}
        self._intents = intents
        self._most = most
        intents.register(Mention, self._tell_stored)

    async def listed(self, caller: Caller, params: InboxList) -> InboxListResult:
        user = caller.require_user()
        await self.settle(user, now_ms())
        items = await self._inbox.page(user, before=params.before, limit=params.limit)
        good = await self._as_they_are(user, items)
        state = await self._inbox.state(user)
        after = items[-1].number if len(items) == params.limit else 0
        return InboxListResult(good, state, after)

    async def _as_they_are(self, user: str, items: list[InboxItem]) -> list[InboxItem]:
        """The items that are still true, as they are now."""
        blocked, now = set(await self._ties.blocked(user)), now_ms()
        seen = await asyncio.gather(*(self._as_it_is(user, item, blocked, now) for item in items))
        return [item for item in seen if item is not None]

    async def _as_it_is(self, user: str, item: InboxItem, blocked: set[str], now: int) -> InboxItem | None:
        if item.kind == "reacted":
            count, users = await self._reactions.sum(item.room, item.seq, user, blocked)
            return msgspec.structs.replace(item, count=count, users=users, user=users[0]) if count else None
        return item if await self._stands(user, item, blocked, now) else None

    async def settle(self, user: str, now: int) -> None:
        """Move the pokes whose day has come into the user's inbox; those that no longer stand are dropped."""
        due = await self._inbox.due(user, now)
        if due:
            blocked = set(await self._ties.blocked(user))
            stands = await asyncio.gather(*(self._poke_stands(user, item, blocked, now) for item in due))
            await self._inbox.add_due(user, now, [item.about for item, good in zip(due, stands, strict=True) if good])

    async def come_up(self) -> None:
        """Housekeeping: the same for everybody who is connected here."""
        now = now_ms()
        for user in [user for user in self._hub.users.values() if user.has_due(now)]:
            await self.settle(user.id, now)

    async def _poke_stands(self, user: str, item: Item | InboxItem, blocked: set[str], now: int) -> bool:
        tie = (await self._ties.read(user, item.user)).tie
        poke = ladder.seen_poke(tie, user, now, self._ties.numbers)
        return item.user not in blocked and poke is not None and poke.id == item.about

    async def mark(self, caller: Caller, params: InboxMark) -> InboxState:
        return await self._inbox.mark(caller.require_user(), params.seq)

    async def _stands(self, user: str, item: InboxItem, blocked: set[str], now: int) -> bool:
        if item.user in blocked:
            return False
        if item.kind in {"mention", "reply"}:
            posted, _ = await self._message(item.room, item.seq)
            return posted is not None and user in {*posted.mentions, posted.reply_user}
        if item.kind == "poke":
            return await self._poke_stands(user, item, blocked, now)
        if item.kind == "invited":
            tie = (await self._ties.read(user, item.user)).tie
            return ladder.seen_invited(tie, user, now, self._ties.numbers) is not None
        if item.kind == "met" and item.until:
            return (await self._ties.read(user, item.user)).tie.meeting == item.until > now
        if item.kind in {"curtain", "answered", "redrawn"}:
            tie = (await self._ties.read(user, item.user)).tie
            curtain = ladder.seen_curtain(tie, user, now, self._ties.numbers)
            return curtain is not None and curtain.id == item.about
        return True

    # --- from a cursor -----------------------------------------------------------------------------------------------

    def replay(self, user: LiveUser, connection: Connection, seq: int) -> None:
        """After the response to session.start, send the items since this number, then new ones. Sends nothing if there
        are too many: the response has the inbox's state, and the client reads pages."""
        if 0 <= user.inbox_seq - seq <= self._most:
            self._hub.inbox_behind.add(connection)
            self._hub.tasks.spawn(self._replay(user, connection, seq))

    async def _replay(self, user: LiveUser, connection: Connection, place: int) -> None:
        """Items that arrive meanwhile are read here, too, so that each is sent once and in order."""
        try:
            while place < user.inbox_seq:
                items = await self._inbox.after(user.id, place, PAGE)
                good = await self._as_they_are(user.id, items)
                place = items[-1].number if items else user.inbox_seq
                for item in good:
                    connection.write(connection.wire.event("inbox.added", item))
        finally:
            self._hub.inbox_behind.discard(connection)

    # --- reactions ---------------------------------------------------------------------------------------------------

    def reacted(self, room: str, seq: int, reaction: Reaction, user: str) -> None:
        """Tell a message's author that people react to it: one quiet item a message, whoever comes first. Called for
        every reaction until it is noted with the message; those of the same moment wait here for the first."""
        waiting = self._reactors.get(reaction.id)
        if waiting is not None:
            waiting.append(user)
            return
        self._reactors[reaction.id] = collections.deque([user])
        self._hub.tasks.spawn(self._tell_reacted(room, seq, reaction))

    async def _tell_reacted(self, room: str, seq: int, reaction: Reaction) -> None:
        waiting = self._reactors[reaction.id]
        try:
            while waiting:
                user = waiting.popleft()
                if await self._ties.has_blocked(reaction.author, user):
                    continue
                item = Item("reacted", user, room, seq)
                await self._inbox.add(reaction.author, f"reacted {reaction.id}", item, now=now_ms())
                await self._reactions.note_told(room, seq)
                break
        except Refusal as refusal:  # the store is away: the next reaction does it
            log.info("inbox: an author could not be told of a reaction", extra={"why": refusal.reason})
        finally:
            del self._reactors[reaction.id]

    def answered(self, user: str, author: str) -> None:
        """The user reacted to a message of ``author``, who from now on may say hi to them in any case. What was noted
        lately is not noted again."""
        pair = user, author
        if user == author or pair in self._answered:
            return
        if len(self._answered) >= MOST_REMEMBERED:
            self._answered.clear()
        self._answered[pair] = None
        self._hub.tasks.spawn(self._note_answered(user, author))

    async def _note_answered(self, user: str, author: str) -> None:
        try:
            await self._ties.note_answered(user, author, now_ms())
        except Refusal:
            self._answered.pop((user, author), None)

    # --- mentions ----------------------------------------------------------------------------------------------------

    def mentioned(self, room: str, record: Record) -> Callable[[asyncio.Future[MessageSendResult]], None]:
        """Begin the intent for the inboxes of those whom a message calls, before it is sent; returns a callback for the
        outcome of the send."""
        begun = self._intents.begin(Mention(room=room, user=record.user, client_id=record.client_id, id=record.id))

        def answered(done: asyncio.Future[MessageSendResult]) -> None:
            error = done.exception() if not done.cancelled() else None
            if not isinstance(error, Refusal) or error.kind is not UNAVAILABLE:
                self._hub.tasks.spawn(self._finish(begun, None if error or done.cancelled() else done.result()))

        return answered

    async def _finish(self, begun: Begun, posted: MessageSendResult | None) -> None:
        if posted is None or posted.duplicate:
            await self._intents.drop(begun)
        else:
            await self._intents.finish(begun, lambda of: self._tell(of.step.room, posted.seq, posted.at, sent=True))

    async def _tell_stored(self, intent: Intent[Mention]) -> None:
        """The intent's parts, for a process that takes over: if the message was stored, add the mentions."""
        step = intent.step
        if step.seq:
            await self._tell(step.room, step.seq, step.now, sent=False)
            return
        sent = await self._log.sent(step.room, step.user, step.client_id)
        if sent is not None and sent.id == step.id:
            await self._tell(step.room, sent.seq, sent.at, sent=True)

    async def edited(self, room: str, seq: int, edit: Coroutine[Any, Any, T]) -> T:
        """Carry out an edit with an @ in it; newly mentioned users get an inbox item."""
        begun = self._intents.begin(Mention(room=room, seq=seq, now=now_ms()))
        try:
            edited = await edit
        except Refusal as refusal:
            if refusal.kind is not UNAVAILABLE:
                await self._intents.drop(begun)
            raise
        await self._intents.finish(begun, self._tell_stored)
        return edited

    async def _message(self, room: str, seq: int) -> tuple[Posted | None, str]:
        """A message, if there is one, and its room's epoch."""
        try:
            page = await self._log.read(room, first=seq, last=seq)
        except Refusal as refusal:
            if refusal.kind is not NOT_FOUND:
                raise
            return None, ""
        return page.messages[0] if page.messages else None, page.epoch

    async def _tell(self, room: str, seq: int, at: int, *, sent: bool) -> None:
        """Add a message that was sent or edited to the inbox of each user whom it calls now, once, however it calls
        them; repeats add nothing. Whose message it answers may say hi to its author."""
        posted, epoch = await self._message(room, seq)
        if posted is None or posted.only:
            return
        for user in dict.fromkeys([*posted.mentions, *filter(None, [posted.reply_user])]):
            if not await self._ties.has_blocked(user, posted.user):
                item = Item("reply" if user == posted.reply_user else "mention", posted.user, room, seq)
                name = f"mention {posted.id}"
                await self._inbox.add(user, name, item, now=at, epoch=epoch if sent else "")
        if posted.reply_user:
            await self._ties.note_answered(posted.user, posted.reply_user, at)
