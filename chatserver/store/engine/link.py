"""The link: one RESP3 connection to one Valkey node that carries appends and live records.

``Node.run`` creates it and keeps it connected. The commands of one turn of the loop leave in one write, replies come in
order, pushes go to ``on_push``; so the reply to a send and the published record are read together. With redis-py's
client and pub/sub reader instead, half as many messages per second were stored, and each took 0.15 ms longer.

One queue holds the expected replies; pushes are not in it. An SSUBSCRIBE is confirmed by a push but may be refused by
an ordinary error (MOVED). So each is followed by an ECHO with its own token, and an error before that token is the
answer to the subscription. (Not a PING: a store whose disk is full refuses it.) A reply out of turn drops the link.
"""

from __future__ import annotations

import asyncio
import collections
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final, cast

import hiredis

log = logging.getLogger(__name__)

Reply = Any
Word = str | bytes | int


class LinkDown(Exception):
    """There is no connection. The command was not sent, so nothing was stored."""


class LinkLost(Exception):
    """The connection was lost while a command was in flight. It may or may not have been carried out."""


NO_FUNCTION: Final = "Function not found"
"""In the text of the error to a call of a function that the node does not have."""


class ReplyError(Exception):
    """The node answered an error; the text begins with its ``code``, such as ``MOVED`` or ``ERR``."""

    @property
    def code(self) -> str:
        return str(self).split(" ", 1)[0]


Settle = Callable[[Reply, Exception | None], None]


class _Expected:
    """An expected reply and the callback for it or an error. A subscription ends with its ``token``."""

    __slots__ = ("settle", "token")

    def __init__(self, settle: Settle, token: bytes | None) -> None:
        self.settle = settle
        self.token = token


_MOST_BUFFERED: Final = 256 * 1024 * 1024


class Link(asyncio.Protocol):
    """One connection. ``on_push(name, payload)`` receives published records and must not raise. ``on_refused(code)`` is
    called for every error that the node answers. ``on_lost(link, in_flight)`` is called once at the end; ``why`` is
    then the reason.

    ``call`` and ``subscribe`` return futures, which fail with ``LinkDown`` if nothing was sent, with ``LinkLost`` if no
    reply came, and with ``ReplyError`` if the node answered an error.
    """

    def __init__(
        self,
        on_push: Callable[[bytes, bytes], None],
        on_moved: Callable[[bytes], None],
        on_refused: Callable[[str], None],
        on_lost: Callable[[Link, int], None],
    ) -> None:
        self._on_push = on_push
        self._on_moved = on_moved
        self._on_refused = on_refused
        self._on_lost = on_lost
        self.why = ""
        self._reader = hiredis.Reader()
        self._expected: collections.deque[_Expected] = collections.deque()
        self._out: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._tokens = 0
        self._leaving: set[bytes] = set()

    @property
    def up(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    @property
    def in_flight(self) -> int:
        return len(self._expected)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's class does not derive from asyncio's
        self._transport.set_write_buffer_limits(high=_MOST_BUFFERED)

    def call(self, *words: Word) -> asyncio.Future[Reply]:
        """Send a command in this turn's write."""
        return self._queue(_pack(*words), None)

    def send_packed(self, packed: bytes, settle: Settle) -> None:
        """Send a packed command; ``settle(reply, error)`` is called in the same turn in which the reply is read.

        A future would call back one turn later, after the record itself was delivered, and the response to a send would
        need a write of its own.
        """
        if self.up:
            self._expect(packed, settle, None)
        else:
            settle(None, LinkDown())

    def subscribe(self, name: str) -> asyncio.Future[Reply]:
        """Subscribe to a channel. Everything published after the future is done is received."""
        self._tokens += 1
        token = b"token-%d" % self._tokens
        self._leaving.discard(name.encode())
        packed = _pack("SSUBSCRIBE", name) + _pack("ECHO", token)
        return self._queue(packed, token)

    def unsubscribe(self, name: str) -> None:
        if self.up:
            self._leaving.add(name.encode())
            self._tokens += 1
            token = b"token-%d" % self._tokens
            packed = _pack("SUNSUBSCRIBE", name) + _pack("ECHO", token)
            self._queue(packed, token).add_done_callback(_forget)

    def _queue(self, packed: bytes, token: bytes | None) -> asyncio.Future[Reply]:
        answer: asyncio.Future[Reply] = self._loop.create_future()
        if self.up:
            self._expect(packed, partial(_settle_future, answer), token)
        else:
            answer.set_exception(LinkDown())
        return answer

    def _expect(self, packed: bytes, settle: Settle, token: bytes | None) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(packed)
        self._expected.append(_Expected(settle, token))

    def _flush(self) -> None:
        if self._transport is not None and self._out:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not False:
                if isinstance(reply, hiredis.PushNotification):
                    self._pushed(reply)
                else:
                    self._answered(reply)
        except (hiredis.ProtocolError, _OutOfTurn):
            self.drop("answers out of turn")

    def _pushed(self, push: list[Any]) -> None:
        kind = push[0]
        if kind == b"smessage":
            self._on_push(push[1], push[2])
        elif kind == b"sunsubscribe":
            if push[1] in self._leaving:
                self._leaving.discard(push[1])
            else:
                self._on_moved(push[1])

    def _answered(self, reply: Reply) -> None:
        if not self._expected:
            raise _OutOfTurn
        expected = self._expected[0]
        failed = isinstance(reply, hiredis.ReplyError)
        if expected.token is not None:
            if failed:
                self._settle(expected, None, ReplyError(str(reply)))
                return
            if reply != expected.token:
                raise _OutOfTurn
        self._expected.popleft()
        if failed:
            self._settle(expected, None, ReplyError(str(reply)))
        else:
            self._settle(expected, reply, None)

    def _settle(self, expected: _Expected, reply: Reply, error: Exception | None) -> None:
        """Pass a reply to its callback. An exception in the callback is logged and does not drop the link."""
        try:
            expected.settle(reply, error)
        except Exception:
            log.exception("store: a reply could not be handled")
        if isinstance(error, ReplyError):
            self._on_refused(error.code)

    def drop(self, why: str) -> None:
        """Close the connection at once; ``why`` is the reason for the log."""
        self.why = self.why or why
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.why = self.why or (str(exc) if exc is not None else "closed by the store")
        self._transport = None
        self._out.clear()
        waiting, self._expected = self._expected, collections.deque()
        for expected in waiting:
            self._settle(expected, None, LinkLost())
        self._on_lost(self, len(waiting))


class _OutOfTurn(Exception):
    """The node's replies no longer match the commands."""


def _settle_future(answer: asyncio.Future[Reply], reply: Reply, error: Exception | None) -> None:
    if answer.done():
        return
    if error is None:
        answer.set_result(reply)
    else:
        answer.set_exception(error)


def _forget(answer: asyncio.Future[Reply]) -> None:
    """Mark a failure as retrieved: nobody waits for this reply."""
    if not answer.cancelled():
        answer.exception()


def _pack(*words: Word) -> bytes:
    packed: bytes = hiredis.pack_command(words)  # type: ignore[arg-type]  # its stub knows tuples of one word only
    return packed
