"""The log: appends in groups, changes, and reading both streams of a room.

``append`` puts a send into its room's queue before anything is awaited. One FCALL at a time per room carries all the
messages that came while the last was in the air, at most ``group_messages`` or ``group_bytes``: a command at a time
7 k/s, a hundred in one FCALL 238 k/s on one core. There is no task on this path; only a group that met a broken link or
a busy store becomes one, and is sent again, because append.lua recognises a repeat.
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

import hiredis

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.protocol.methods import MessageSendResult
from chatserver.protocol.shapes import Durability
from chatserver.rules.rooms import access as room_rules
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store, status
from chatserver.store.messages.records import Page, Record, pack_record, page_of
from chatserver.store.turns import Turns

Spawn = Callable[[Coroutine[Any, Any, None]], object]
MOST_WAITING: Final = 8192
READS_AT_ONCE: Final = 32

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


OnStored = Callable[[str, str, str, int, str], None]
"""Told user, room, epoch, seq and origin of each message of ours that is in the log."""


class _Send:
    __slots__ = ("answer", "origin", "size", "user", "words")

    def __init__(
        self,
        user: str,
        origin: str,
        words: tuple[str | bytes, ...],
        size: int,
        answer: asyncio.Future[MessageSendResult],
    ) -> None:
        self.user = user
        self.origin = origin
        self.words = words
        self.size = size
        self.answer = answer


class _RoomQueue:
    """The sends of one room on their way to the log."""

    __slots__ = ("committing", "head", "waiting")

    def __init__(self, head: tuple[str, ...]) -> None:
        self.head = head
        self.waiting: collections.deque[_Send] = collections.deque()
        self.committing = False


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
        self._reads = Turns(store, READS_AT_ONCE)
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
        answer: asyncio.Future[MessageSendResult] = asyncio.get_running_loop().create_future()
        queue = self._queues.get(room)
        if queue is None:
            function = self._store.library.functions["append"]
            queue = self._queues[room] = _RoomQueue(function.command(keys.room(room)))
        if len(queue.waiting) >= MOST_WAITING:
            answer.set_exception(errors.unavailable("Too many messages wait for this room"))
            return answer
        packed = pack_record(record)
        words = (record.user, record.client_id, digest, record.id, str(record.reply_to), names, packed)
        queue.waiting.append(_Send(record.user, origin, words, len(packed), answer))
        if not queue.committing:
            queue.committing = True
            # The rest of this turn's sends join the group.
            asyncio.get_running_loop().call_soon(self._commit, room, queue)
        return answer

    def _commit(self, room: str, queue: _RoomQueue) -> None:
        group = self._take(queue)
        words = self._words(queue, group)
        packed = hiredis.pack_command(words)  # type: ignore[arg-type]
        self._store.send_packed(packed, partial(self._committed, room, queue, group))

    def _take(self, queue: _RoomQueue) -> list[_Send]:
        group: list[_Send] = []
        size = 0
        while queue.waiting and len(group) < self._group_messages:
            size += queue.waiting[0].size
            if group and size > self._group_bytes:
                break
            group.append(queue.waiting.popleft())
        return group

    def _words(self, queue: _RoomQueue, group: list[_Send]) -> tuple[str | bytes, ...]:
        now = now_ms()
        words: list[str | bytes] = [*queue.head, str(now), str(self._today(now))]
        for send in group:
            words.extend(send.words)
        return tuple(words)

    def _committed(
        self, room: str, queue: _RoomQueue, group: list[_Send], reply: list[Any], error: Exception | None
    ) -> None:
        if error is not None:
            self._spawn(self._commit_again(room, queue, group))
            return
        self._settle(room, group, reply)
        self._next(room, queue)

    async def _commit_again(self, room: str, queue: _RoomQueue, group: list[_Send]) -> None:
        """Send the group until something definite comes back; append.lua knows what it has stored already."""
        arguments = self._words(queue, group)[len(queue.head) :]
        try:
            answer = await self._store.call("append", keys.room(room), *arguments)
        except Exception as error:
            refusal = error if isinstance(error, Refusal) else errors.unavailable()
            for send in group:
                if not send.answer.done():
                    send.answer.set_exception(refusal)
        else:
            self._settle(room, group, answer)
        finally:
            # The library may have been loaded under another name meanwhile.
            queue.head = self._store.library.functions["append"].command(keys.room(room))
            self._next(room, queue)

    def _next(self, room: str, queue: _RoomQueue) -> None:
        if queue.waiting:
            self._commit(room, queue)
            return
        queue.committing = False
        del self._queues[room]

    def _settle(self, room: str, group: list[_Send], answer: list[Any]) -> None:
        self.groups += 1
        if answer[0] != b"ok":
            for send in group:
                if not send.answer.done():
                    send.answer.set_exception(refusal_of(status(answer)))
            return
        self.messages += len(group)
        for send, outcome in zip(group, answer[2], strict=True):
            if not send.answer.done():
                self._answer(room, send, outcome)

    def _answer(self, room: str, send: _Send, outcome: list[Any]) -> None:
        word, answer = outcome[0], send.answer
        if word in {b"ok", b"duplicate"}:
            _, seq, id, at, packed_epoch = outcome
            epoch, duplicate = packed_epoch.decode(), word == b"duplicate"
            answer.set_result(MessageSendResult(epoch, seq, id.decode(), at, self._durability, duplicate))
            self.on_stored(send.user, room, epoch, seq, send.origin)
        else:
            answer.set_exception(refusal_of(word.decode(), *outcome[1:]))

    async def edit(self, room: str, seq: int, text: str, names: str, *, user: str, now: int) -> int:
        """Other words for one's own message, ``names`` behind an @ in them; gives the new rev. Raises ``Refusal``
        not_found, not_a_member, not_author,
        archived, resting."""
        answer = await self._store.call("change", keys.room(room), now, user, seq, "edit", text, 0, "", names)
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        rev: int = answer[1]
        return rev

    async def read(self, room: str, *, first: int, last: int, after_rev: int = 0, changes: int = 0) -> Page:
        """Messages first to last (-1: to the end, 0: none) and so many changes after a rev, at one moment."""
        async with self._reads.turn():
            answer = await self._store.call("read", keys.room(room), first, last, after_rev, changes)
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        return page_of(answer)


def _nobody_told(user: str, room: str, epoch: str, seq: int, origin: str) -> None:
    """Nobody keeps read markers."""
