"""The log: appends in groups, changes, and reading both streams of a room.

``append`` puts a send into its room's queue before anything is awaited. One FCALL at a time per room carries all the
messages that came while the last was in the air, at most ``group_messages`` or ``group_bytes``: a command at a time
7 k/s, a hundred in one FCALL 238 k/s on one core. There is no task on this path; only a group that met a broken link or
a busy store becomes one, and is sent again, because append.lua recognises a repeat.

Each send is answered or refused within the store's ``resend_seconds`` of its own coming, however many wait before it
and whether the link broke or hangs: one timer for all rooms looks after those whose time is over. Refused so, a send
may still be stored; sent again under its ``client_id`` it is recognised.
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Callable, Coroutine, Iterable
from functools import partial
from itertools import islice
from typing import Any, Final

import hiredis
import msgspec

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.protocol.methods import MessageSendResult
from chatserver.protocol.shapes import Durability
from chatserver.rules.rooms import access as room_rules
from chatserver.store.engine import keys
from chatserver.store.engine.keys import Tag
from chatserver.store.engine.store import Store, status
from chatserver.store.messages.records import Page, Record, pack_record, page_of

Spawn = Callable[[Coroutine[Any, Any, None]], object]
MOST_WAITING: Final = 8192
REFUSED_EVERY_SECONDS: Final = 0.05

_REFUSALS: Final[dict[str, Callable[[], Refusal]]] = {
    "not_found": errors.not_found,
    "archived": room_rules.archived,
    "no_such_message": lambda: errors.not_found("message"),
    "not_a_member": errors.not_a_member,
    "no_such_target": lambda: Refusal(errors.NOT_FOUND, "No such message to reply to", path="reply_to"),
    "not_author": lambda: errors.not_allowed("Only its author may do that", "not_author"),
    "resting": lambda: errors.not_allowed("This conversation rests; a poke opens it again", "resting"),
    "client_id_used": lambda: errors.conflict("This client_id was used for another message", "client_id_used"),
}


def utc_day(now: int) -> int:
    return now // 86_400_000


def refusal_of(reason: str, wait: int = 0) -> Refusal:
    """The refusal that a function's reason stands for; ``wait`` in ms where it says when to come back."""
    if reason == "slow_mode":
        return errors.rate_limited(wait)
    if reason == "muted":
        return errors.not_allowed("You cannot write here for now", "muted", retry_after=wait / 1000)
    return _REFUSALS[reason]()


OnStored = Callable[[str, str, str, int, str, str], None]
"""Told user, room, epoch, seq, origin and the room's kind of each message of ours that is in the log."""


class Sent(msgspec.Struct, frozen=True):
    """What the room remembers of a send; ``at`` in ms."""

    seq: int
    at: int
    id: str


class _Send:
    """A message on its way; ``due`` is the loop's time by which its sender gets an answer or a refusal."""

    __slots__ = ("answer", "due", "origin", "size", "user", "words")

    def __init__(
        self,
        user: str,
        origin: str,
        words: tuple[str | bytes, ...],
        size: int,
        answer: asyncio.Future[MessageSendResult],
        due: float,
    ) -> None:
        self.user = user
        self.origin = origin
        self.words = words
        self.size = size
        self.answer = answer
        self.due = due

    @property
    def is_refused(self) -> bool:
        return self.answer.done() and not self.answer.cancelled()

    def refuse(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class _RoomQueue:
    """The sends of one room on their way to the log: ``group`` is in the air, the others wait for it to come back."""

    __slots__ = ("committing", "group", "head", "tag", "waiting")

    def __init__(self, tag: Tag, head: tuple[str, ...]) -> None:
        self.tag = tag
        self.head = head
        self.group: list[_Send] = []
        self.waiting: collections.deque[_Send] = collections.deque()
        self.committing = False

    def refuse_due(self, now: float) -> float | None:
        """Refuse those whose time is over, and give when the next one's is. What has not left yet never leaves."""
        refusal = errors.unavailable()
        for send in self.group:
            if send.due <= now:
                send.refuse(refusal)
        while self.waiting and self.waiting[0].due <= now:
            self.waiting.popleft().refuse(refusal)
        return next((send.due for send in (*self.group, *islice(self.waiting, 1)) if send.due > now), None)


def _outcomes(answer: list[Any], number: int) -> tuple[str, list[list[Any]]]:
    """The room's kind and an outcome for each message of a group. Raises ``Refusal`` where the whole is refused."""
    if answer[0] != b"ok":
        raise refusal_of(status(answer))
    _, _, outcomes, kind = answer
    if len(outcomes) != number:
        raise ValueError(f"{len(outcomes)} outcomes for {number} messages")
    return kind.decode(), outcomes


class MessageLog:
    """All rooms' logs, as this process writes and reads them. ``today`` gives the number of the community's day."""

    def __init__(
        self,
        store: Store,
        spawn: Spawn,
        *,
        durability: Durability,
        today: Callable[[int], int] = utc_day,
        group_messages: int = 512,
        group_bytes: int = 1 << 20,
    ) -> None:
        self._store = store
        self._spawn = spawn
        self._durability = durability
        self._today = today
        self._group_messages = group_messages or 512
        self._group_bytes = group_bytes or 1 << 20
        self._queues: dict[str, _RoomQueue] = {}
        self._watched = False
        self.on_stored: OnStored = _nobody_told
        self.groups = 0
        self.messages = 0

    def append(
        self, room: str, record: Record, digest: str, origin: str = "", names: str = ""
    ) -> asyncio.Future[MessageSendResult]:
        """Queue a message; the future gives the answer to the send, or fails with the ``Refusal``.

        ``origin`` names the connection it came by, for ``on_stored``; ``names`` is what stands behind an @, as
        ``rules.text.names_called`` gives it: the room knows whom they call.
        """
        self._store.require_safe()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[MessageSendResult] = loop.create_future()
        queue = self._queues.get(room)
        if queue is None:
            queue = self._queues[room] = _RoomQueue(keys.room(room), self._head(room))
        if len(queue.waiting) >= MOST_WAITING:
            answer.set_exception(errors.unavailable("Too many messages wait for this room"))
            return answer
        packed = pack_record(record)
        words = (record.user, record.client_id, digest, record.id, str(record.reply_to), names, packed)
        due = loop.time() + self._store.resend_seconds
        queue.waiting.append(_Send(record.user, origin, words, len(packed), answer, due))
        if not self._watched:
            self._watched = True
            loop.call_at(due, self._refuse_due)
        if not queue.committing:
            queue.committing = True
            # The rest of this turn's sends join the group.
            loop.call_soon(self._commit, room, queue)
        return answer

    def _refuse_due(self) -> None:
        """Refuse what has waited for its whole time, and come again when the next may have: under load once in
        ``resend_seconds``, without any never."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        dues = [due for queue in self._queues.values() if (due := queue.refuse_due(now)) is not None]
        self._watched = bool(dues)
        if dues:
            loop.call_at(max(min(dues), now + REFUSED_EVERY_SECONDS), self._refuse_due)

    def _commit(self, room: str, queue: _RoomQueue) -> None:
        queue.group = self._take(queue)
        words = self._words(queue)
        packed = hiredis.pack_command(words)  # type: ignore[arg-type]
        self._store.send_packed(queue.tag, packed, partial(self._committed, room, queue))

    def _take(self, queue: _RoomQueue) -> list[_Send]:
        group: list[_Send] = []
        size = 0
        while queue.waiting and len(group) < self._group_messages:
            size += queue.waiting[0].size
            if group and size > self._group_bytes:
                break
            group.append(queue.waiting.popleft())
        return group

    def _words(self, queue: _RoomQueue) -> tuple[str | bytes, ...]:
        now = now_ms()
        words: list[str | bytes] = [*queue.head, str(now), str(self._today(now))]
        for send in queue.group:
            words.extend(send.words)
        return tuple(words)

    def _committed(self, room: str, queue: _RoomQueue, reply: list[Any], error: Exception | None) -> None:
        if error is not None:
            self._spawn(self._commit_again(room, queue))
            return
        self._settle(room, queue.group, reply)
        self._next(room, queue)

    async def _commit_again(self, room: str, queue: _RoomQueue) -> None:
        """Send the group until something definite comes back, at most until the time of its last one is over;
        append.lua knows what it has stored already."""
        last = queue.group[-1].due
        try:
            await self._store.patiently(partial(self._send_again, room, queue), "append", until=last)
        except Exception as error:
            refusal = error if isinstance(error, Refusal) else errors.unavailable()
            for send in queue.group:
                send.refuse(refusal)
        finally:
            # The library may have been loaded under another name meanwhile.
            queue.head = self._head(room)
            self._next(room, queue)

    async def _send_again(self, room: str, queue: _RoomQueue) -> None:
        """Once more, without those that were refused meanwhile."""
        queue.head = self._head(room)
        queue.group = [send for send in queue.group if not send.is_refused]
        if queue.group:
            self._settle(room, queue.group, await self._store.ask(queue.tag, *self._words(queue)))

    def _head(self, room: str) -> tuple[str, ...]:
        return self._store.library.functions["append"].command(keys.room(room))

    def _next(self, room: str, queue: _RoomQueue) -> None:
        queue.group = []
        if queue.waiting:
            self._commit(room, queue)
            return
        queue.committing = False
        del self._queues[room]

    def _settle(self, room: str, group: list[_Send], answer: list[Any]) -> None:
        """Give each send its outcome. What goes wrong with one is that one's answer; it costs the others nothing."""
        self.groups += 1
        try:
            kind, outcomes = _outcomes(answer, len(group))
        except Exception as error:
            self._failed(room, group, error)
            return
        self.messages += len(group)
        for send, outcome in zip(group, outcomes, strict=True):
            try:
                self._answer(room, kind, send, outcome)
            except Exception as error:
                self._failed(room, [send], error)

    def _failed(self, room: str, sends: Iterable[_Send], error: Exception) -> None:
        if not isinstance(error, Refusal):
            self._store.note_fault("append", room, error)
        for send in sends:
            send.refuse(error)

    def _answer(self, room: str, kind: str, send: _Send, outcome: list[Any]) -> None:
        """``on_stored`` hears of every message that is in the log, its sender still waiting or not."""
        word, answer = outcome[0], send.answer
        if word in {b"ok", b"duplicate"}:
            _, seq, id, at, packed_epoch = outcome
            epoch, duplicate = packed_epoch.decode(), word == b"duplicate"
            if not answer.done():
                answer.set_result(MessageSendResult(epoch, seq, id.decode(), at, self._durability, duplicate))
            self.on_stored(send.user, room, epoch, seq, send.origin, kind)
        else:
            send.refuse(refusal_of(word.decode(), *outcome[1:]))

    async def edit(self, room: str, seq: int, text: str, names: str, *, user: str, now: int) -> int:
        """Other words for one's own message, ``names`` behind an @ in them; gives the new rev. Raises ``Refusal``
        not_found, not_a_member, not_author,
        archived, resting."""
        answer = await self._store.call("message_edit", keys.room(room), now, user, seq, text, names)
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        rev: int = answer[1]
        return rev

    async def sent(self, room: str, user: str, client_id: str) -> Sent | None:
        """What a send of the last hour was answered with; None where it did not reach the log."""
        known: bytes | None = await self._store.command(
            keys.room(room), "HGET", keys.room(room) + ":sent", f"{user}:{client_id}"
        )
        if known is None:
            return None
        seq, at, id = known.decode().split(" ")[:3]
        return Sent(int(seq), int(at), id)

    async def read(self, room: str, *, first: int, last: int, after_rev: int = 0, changes: int = 0) -> Page:
        """Messages first to last (-1: to the end, 0: none) and so many changes after a rev, at one moment."""
        answer = await self._store.call("read", keys.room(room), first, last, after_rev, changes)
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        page = page_of(answer)
        for seq in page.unreadable:
            self._store.note_fault("log", f"{room}/{seq}", ValueError("the record cannot be decoded"))
        return page


def _nobody_told(*_of: object) -> None:
    """Nobody keeps read markers."""
