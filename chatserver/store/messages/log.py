"""The log of messages: group appends, edits, and reading a room's messages and changes.

``append`` queues a send for its room without awaiting. At most one FCALL per room is in flight; it carries all messages
that arrived during the previous one, at most ``group_messages`` or ``group_bytes``. One command per message reached
7,000 a second on one core, a hundred per FCALL 238,000. No task runs on this path, except for a group that met a lost
link or a busy store: it is sent again, because append.lua recognises a repeat.

Each send is answered or refused within the store's ``resend_seconds`` of its arrival, however many wait before it and
whether the link is lost or hangs. One timer for all rooms refuses those that are overdue. Such a send may still have
been stored; a retry with the same ``client_id`` is recognised.
"""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Callable, Coroutine, Iterable, Sequence
from functools import partial
from itertools import islice
from typing import Any, Final, NamedTuple

import hiredis
import msgspec

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import now_ms
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.shapes import Durability
from chatserver.rules.rooms import access as room_rules
from chatserver.store.engine import keys
from chatserver.store.engine.keys import Tag
from chatserver.store.engine.store import Store, flat, status
from chatserver.store.messages.records import Page, Record, pack_record, page_of

Spawn = Callable[[Coroutine[Any, Any, None]], object]
MOST_WAITING: Final = 8192
REFUSED_EVERY_SECONDS: Final = 0.05
_FILE_BYTES: Final = 1024  # what a record holds of a file, at most

_REFUSALS: Final[dict[str, Callable[[], Refusal]]] = {
    "not_found": errors.not_found,
    "archived": room_rules.archived,
    "no_such_message": lambda: errors.not_found("message"),
    "not_a_member": errors.not_a_member,
    "no_such_topic": lambda: Refusal(errors.NOT_FOUND, "No such topic", path="topic"),
    "topic_closed": lambda: errors.not_allowed("This topic is closed: nothing new can be posted in it", "topic_closed"),
    "topic_required": lambda: errors.not_allowed(
        "In this room messages are posted in topics: name one, or start one", "topic_required"
    ),
    "no_such_target": lambda: Refusal(errors.NOT_FOUND, "No such message to reply to", path="reply_to"),
    "not_author": lambda: errors.not_allowed("Only the author of the message may do this", "not_author"),
    "resting": lambda: errors.not_allowed("This conversation is paused: a new poke opens it again", "resting"),
    "not_a_moderator": lambda: errors.not_allowed("Only a moderator of this room may do this", "not_a_moderator"),
    "direct_room": lambda: errors.not_allowed("This is not possible in a direct room", "direct_room"),
    "too_many_reactions": lambda: errors.conflict(
        "A message takes at most 20 kinds of reactions: use one that is there", "too_many_reactions"
    ),
    "too_many_pins": lambda: errors.conflict(
        "A room has at most 100 pinned messages: take a pin away first", "too_many_pins"
    ),
    "empty": lambda: Refusal(errors.PARAMS, "The message is empty: write something", "text_empty", path="text"),
    "not_friends": lambda: errors.not_allowed("Files are for friends: here only words can be sent", "not_friends"),
    "client_id_used": lambda: errors.conflict("This client_id was used before: choose a new one", "client_id_used"),
}


def utc_day(now: int) -> int:
    return now // 86_400_000


def refusal_of(reason: str, wait: int = 0) -> Refusal:
    """The refusal for a Lua function's reason; ``wait`` in ms, if the client may retry later; of a file its place in
    the message."""
    if reason == "slow_mode":
        return errors.rate_limited(wait)
    if reason == "muted":
        return errors.not_allowed("You are muted in this room: wait, then retry", "muted", retry_after=wait / 1000)
    if reason == "no_such_file":
        return Refusal(errors.NOT_FOUND, "No such file of yours for this room", path=f"attachments.{wait}")
    return _REFUSALS[reason]()


class Stored(NamedTuple):
    """A message of this process that was stored. ``kind`` is the room's, ``line`` its topic or ""; no message after
    ``topical`` is in a topic. ``origin`` is as it was given to ``append``."""

    user: str
    room: str
    epoch: str
    seq: int
    origin: str
    kind: str
    line: str
    topical: int


OnStored = Callable[[Stored], None]


class Calls(NamedTuple):
    """Whom a text may call: the ``names`` behind an @, as ``names_called`` (rules/messages/text.py) returns them, at
    most ``most`` of them, and whether it may call ``everyone``. The room looks up whose names they are."""

    names: str = ""
    most: int = 10
    everyone: bool = False

    @property
    def words(self) -> str:
        """The argument of append.lua."""
        return f"{self.most} {int(self.everyone)}\n{self.names}" if self.names else ""


NO_CALLS: Final = Calls()


class Edited(NamedTuple):
    """An edit that was stored. ``lacking`` are the links that have no preview yet; ``removed``, if pictures went, all
    files of the room whose bytes must be erased, by id with who sent them."""

    rev: int
    lacking: list[str]
    removed: dict[str, bytes]


class Sent(msgspec.Struct, frozen=True):
    """What the room remembers of a send for an hour; ``at`` in ms."""

    seq: int
    at: int
    id: str


class _Send:
    """A message not yet stored; ``due`` is the loop time by which it is answered or refused."""

    __slots__ = ("answer", "due", "line", "origin", "size", "user", "words")

    def __init__(
        self,
        user: str,
        origin: str,
        line: str,
        words: tuple[str | bytes, ...],
        size: int,
        answer: asyncio.Future[MessageSendResult],
        due: float,
    ) -> None:
        self.user = user
        self.origin = origin
        self.line = line
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
    """The sends of one room: ``group`` is in flight, ``waiting`` goes next."""

    __slots__ = ("committing", "group", "head", "tag", "waiting")

    def __init__(self, tag: Tag, head: tuple[str, ...]) -> None:
        self.tag = tag
        self.head = head
        self.group: list[_Send] = []
        self.waiting: collections.deque[_Send] = collections.deque()
        self.committing = False

    def refuse_due(self, now: float) -> float | None:
        """Refuse overdue sends, and return when the next is due (loop time). A send still waiting is never sent
        then."""
        refusal = errors.unavailable()
        for send in self.group:
            if send.due <= now:
                send.refuse(refusal)
        while self.waiting and self.waiting[0].due <= now:
            self.waiting.popleft().refuse(refusal)
        return next((send.due for send in (*self.group, *islice(self.waiting, 1)) if send.due > now), None)


def _outcomes(answer: list[Any], number: int) -> tuple[str, int, list[list[Any]]]:
    """The room's kind, its last message in a topic, and an outcome for each message of a group. Raises ``Refusal`` if
    the whole group is refused."""
    if answer[0] != b"ok":
        raise refusal_of(status(answer))
    _, _, outcomes, kind, topical = answer
    if len(outcomes) != number:
        raise ValueError(f"{len(outcomes)} outcomes for {number} messages")
    return kind.decode(), topical, outcomes


class LogReader:
    """Reads the logs of rooms."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def sent(self, room: str, user: str, client_id: str) -> Sent | None:
        """How a send of the last hour was stored; None if it was not."""
        known: bytes | None = await self._store.command(
            keys.room(room), "HGET", keys.room(room) + ":sent", f"{user}:{client_id}"
        )
        if known is None:
            return None
        seq, at, id = known.decode().split(" ")[:3]
        return Sent(int(seq), int(at), id)

    async def read(
        self, room: str, *, first: int, last: int, after_rev: int = 0, changes: int = 0, viewer: str | None = None
    ) -> Page:
        """Read, in one step, messages ``first`` to ``last`` (-1: to the end, 0: none) and at most ``changes`` changes
        after ``after_rev``. A negative ``first`` counts from ``last``. With a ``viewer`` ("" for a visitor) the page
        has reactions. Raises ``Refusal`` not_found."""
        whose = () if viewer is None else (viewer,)
        return self._page(
            room, await self._store.call("read", keys.room(room), first, last, after_rev, changes, *whose)
        )

    async def reactions_up_to(self, room: str, rev: int) -> int | None:
        """How many reactions are among the changes up to this one; None if the change after it is kept no longer.
        Raises ``Refusal`` unavailable."""
        changes = keys.room(room) + ":changes"
        found = await self._store.command(keys.room(room), "XRANGE", changes, f"({rev}-0", "+", "COUNT", 1)
        if not found or not found[0][0].startswith(b"%d-" % (rev + 1)):
            return None
        fields = flat(found[0][1])
        return int(fields["n"]) - (fields["k"] == b"react")

    async def read_line(self, room: str, line: str, *, where: str, seq: int | None, most: int, viewer: str) -> Page:
        """A page of a topic, or of the main line (""), ``where`` "before", "after" or "around" a number; None is the
        end. Raises ``Refusal`` not_found, also where there is no such topic."""
        place = "" if seq is None else seq
        return self._page(room, await self._store.call("read_line", keys.room(room), viewer, line, where, place, most))

    async def get(self, seqs: Iterable[int], room: str, *, viewer: str) -> Page:
        """Read the messages with these numbers, with reactions. Raises ``Refusal`` not_found."""
        return self._page(room, await self._store.call("message_get", keys.room(room), viewer, 0, *seqs))

    async def pins(self, room: str, *, viewer: str) -> Page:
        """Read the pinned messages, newest pin first, with reactions. Raises ``Refusal`` not_found."""
        return self._page(room, await self._store.call("message_get", keys.room(room), viewer, 1))

    def _page(self, room: str, answer: list[Any]) -> Page:
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        page = page_of(answer)
        for seq in page.unreadable:
            self._store.note_fault("log", f"{room}/{seq}", ValueError("the record cannot be decoded"))
        return page


class MessageLog(LogReader):
    """Writes and reads the logs of all rooms. ``today(ms)`` gives the community's day as days since 1970;
    ``on_stored`` is called for each message that this process stored, and must not raise."""

    def __init__(
        self,
        store: Store,
        spawn: Spawn,
        *,
        durability: Durability,
        today: Callable[[int], int] = utc_day,
        group_messages: int = 512,
        group_bytes: int = 1 << 20,
        on_stored: OnStored = lambda *_: None,
    ) -> None:
        super().__init__(store)
        self._spawn = spawn
        self._durability = durability
        self._today = today
        self._group_messages = group_messages or 512
        self._group_bytes = group_bytes or 1 << 20
        self._queues: dict[str, _RoomQueue] = {}
        self._watched = False
        self._on_stored = on_stored
        self.groups = 0
        self.messages = 0

    def append(
        self,
        room: str,
        record: Record,
        digest: str,
        origin: str = "",
        calls: Calls = NO_CALLS,
        files: Sequence[str] = (),
        title: str = "",
    ) -> asyncio.Future[MessageSendResult]:
        """Queue a message; the future resolves to the response, or fails with the ``Refusal``.

        ``origin`` names the sender's connection, for ``on_stored``. ``calls`` is whom its text may call,
        ``files`` are the ids of the files that it carries. With a ``title`` the message starts a topic of its own id.
        """
        self._store.require_safe()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[MessageSendResult] = loop.create_future()
        queue = self._queues.get(room)
        if queue is None:
            queue = self._queues[room] = _RoomQueue(keys.room(room), self._head(room))
        if len(queue.waiting) >= MOST_WAITING:
            answer.set_exception(errors.unavailable("Too many messages are waiting for this room: retry"))
            return answer
        packed, topic = pack_record(record), f"\n{title}" if title else record.topic
        words = (
            record.user,
            record.client_id,
            digest,
            record.id,
            str(record.reply_to),
            topic,
            calls.words,
            " ".join(files),
            packed,
        )
        due, size = loop.time() + self._store.resend_seconds, len(packed) + len(files) * _FILE_BYTES
        queue.waiting.append(_Send(record.user, origin, record.topic, words, size, answer, due))
        if not self._watched:
            self._watched = True
            loop.call_at(due, self._refuse_due)
        if not queue.committing:
            queue.committing = True
            # The rest of this turn's sends join the group.
            loop.call_soon(self._commit, room, queue)
        return answer

    def _refuse_due(self) -> None:
        """Refuse overdue sends, and run again when the next is due: under load once in ``resend_seconds``, without
        sends never."""
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
        """Repeat the group until the store gives a definite answer, at most until its last send is due.
        append.lua recognises what it has stored."""
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
        """Send the group again, without sends that were refused meanwhile."""
        queue.head = self._head(room)
        queue.group = [send for send in queue.group if not send.is_refused]
        if queue.group:
            self._settle(room, queue.group, await self._store.ask(queue.tag, *self._words(queue)))

    def _head(self, room: str) -> tuple[str, ...]:
        return self._store.library.functions["append"].command(keys.room(room))

    def _next(self, room: str, queue: _RoomQueue) -> None:
        self._store.changed.add(queue.tag)
        queue.group = []
        if queue.waiting:
            self._commit(room, queue)
            return
        queue.committing = False
        del self._queues[room]

    def _settle(self, room: str, group: list[_Send], answer: list[Any]) -> None:
        """Give each send its outcome. A failure with one send fails only that send."""
        self.groups += 1
        try:
            kind, topical, outcomes = _outcomes(answer, len(group))
        except Exception as error:
            self._failed(room, group, error)
            return
        self.messages += len(group)
        for send, outcome in zip(group, outcomes, strict=True):
            try:
                self._answer(room, kind, topical, send, outcome)
            except Exception as error:
                self._failed(room, [send], error)

    def _failed(self, room: str, sends: Iterable[_Send], error: Exception) -> None:
        if not isinstance(error, Refusal):
            self._store.note_fault("append", room, error)
        for send in sends:
            send.refuse(error)

    def _answer(self, room: str, kind: str, topical: int, send: _Send, outcome: list[Any]) -> None:
        """Answer one send. Calls ``on_stored`` for every stored message, also if its sender no longer waits."""
        word, answer = outcome[0], send.answer
        if word in {b"ok", b"duplicate"}:
            _, seq, id, at, packed_epoch = outcome
            epoch, duplicate = packed_epoch.decode(), word == b"duplicate"
            if not answer.done():
                answer.set_result(MessageSendResult(epoch, seq, id.decode(), at, self._durability, duplicate))
            self._on_stored(Stored(send.user, room, epoch, seq, send.origin, kind, send.line, topical))
        else:
            send.refuse(refusal_of(word.decode(), *outcome[1:]))

    async def edit(
        self, room: str, seq: int, text: str, calls: Calls, links: Sequence[str] = (), *, user: str, now: int
    ) -> Edited:
        """Replace the text of one's own message; ``calls`` is whom it may call, ``links`` those that may have a
        preview.
        Raises ``Refusal`` not_found, not_a_member, not_author, archived, not_a_moderator, resting."""
        answer = await self._store.call("message_edit", keys.room(room), now, user, seq, text, calls.words, *links)
        if answer[0] != b"ok":
            raise refusal_of(status(answer))
        return Edited(int(answer[1]), [link.decode() for link in answer[3]], flat(answer[4]))
