"""Requests on sockets: decoding, lanes, calling the services, responses.

Requests of one connection that name the same room run one after another; session.start holds back all requests behind
it; all others run side by side. Sends need not wait for earlier sends, because the room's queue fixes their order
before anything is awaited. At most 32 are in flight; then the server stops reading from the connection.
"""

from __future__ import annotations

import asyncio
import collections
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from msgspec import UNSET

from chatserver import errors
from chatserver.errors import Refusal
from chatserver.ids import steady_ms
from chatserver.live.connection import Connection
from chatserver.live.tasks import Tasks
from chatserver.protocol import closing
from chatserver.protocol.codecs import Request, RequestId, Unreadable
from chatserver.rules.limits import Bucket
from chatserver.services.caller import Caller

log = logging.getLogger(__name__)

Handler = Callable[[Caller, Any], Awaitable[Any]]
OnAnswered = Callable[[str, str], None]
MOST_UNREADABLE: Final = 20
MOST_REFUSED: Final = 400


class _Lane:
    """One connection's requests about one room."""

    __slots__ = ("only_sends", "running", "waiting")

    def __init__(self) -> None:
        self.running = 0
        self.only_sends = True
        self.waiting: collections.deque[tuple[Request, int]] = collections.deque()  # with the time of arrival


class Lanes:
    """The unanswered requests of one connection."""

    __slots__ = ("backlog", "caller", "lanes", "rate", "refused", "starting", "under_way", "unreadable")

    def __init__(self, caller: Caller, rate: Bucket) -> None:
        self.caller = caller
        self.rate = rate
        self.backlog: collections.deque[bytes] = collections.deque()
        self.lanes: dict[str, _Lane] = {}
        self.starting = False
        self.under_way = 0
        self.unreadable = 0
        self.refused = 0


class Requests:
    """``services`` maps a method's name to its coroutine function; for message.send it returns a future.

    ``on_answered(method, outcome)`` is called for each response. A connection may make ``burst`` requests at once and
    ``per_second`` over time; a burst of 0 means no limit. While the store ``is_away``, requests that have waited
    ``patience_ms`` behind others of their lane are refused with them; otherwise each would wait for the store again.
    """

    def __init__(
        self, services: Mapping[str, Handler], tasks: Tasks, on_answered: OnAnswered, *, burst: float,
        per_second: float, most_under_way: int, is_away: Callable[[], bool], patience_ms: float,
    ) -> None:  # fmt: skip
        self._services = services
        self._tasks = tasks
        self._burst = burst
        self._per_second = per_second
        self._most = most_under_way
        self._is_away = is_away
        self._patience_ms = patience_ms
        self._on_answered = on_answered

    def welcome(self, connection: Connection, caller: Caller) -> None:
        """Register a new connection, whose requests are this caller's."""
        connection.data = Lanes(caller, Bucket(self._burst, self._per_second))

    def message(self, connection: Connection, data: bytes) -> None:
        lanes: Lanes = connection.data
        lanes.backlog.append(data)
        self._pump(connection, lanes)

    def _pump(self, connection: Connection, lanes: Lanes) -> None:
        while lanes.backlog and not lanes.starting and lanes.under_way < self._most and connection.closing is None:
            self._take(connection, lanes, lanes.backlog.popleft())
        connection.read_or_wait(busy=bool(lanes.backlog) or lanes.under_way >= self._most)

    def _take(self, connection: Connection, lanes: Lanes, data: bytes) -> None:
        try:
            request = connection.wire.codec.request(data)
            self._check_rate(lanes)
        except Unreadable as unreadable:
            self._unreadable(connection, lanes, unreadable)
        except Refusal as refusal:
            self._too_many(connection, lanes, refusal, request)
        else:
            lanes.unreadable = 0
            lanes.refused = max(0, lanes.refused - 1)
            lanes.under_way += 1
            self._admit(connection, lanes, request)

    def _check_rate(self, lanes: Lanes) -> None:
        wait = lanes.rate.take(steady_ms()) if self._burst else 0
        if wait:
            raise errors.rate_limited(wait)

    def _unreadable(self, connection: Connection, lanes: Lanes, unreadable: Unreadable) -> None:
        lanes.unreadable += 1
        if unreadable.id is not UNSET:
            connection.reply(connection.wire.refusal(unreadable.id, unreadable.refusal))
        if lanes.unreadable > MOST_UNREADABLE:
            connection.close(closing.BAD_FRAMES)

    def _too_many(self, connection: Connection, lanes: Lanes, refusal: Refusal, request: Request) -> None:
        lanes.refused += 1
        if request.id is not UNSET:
            connection.reply(connection.wire.refusal(request.id, refusal))
        if lanes.refused > MOST_REFUSED:
            connection.close(closing.TOO_MANY)

    # --- lanes -------------------------------------------------------------------------------------------------------

    def _admit(self, connection: Connection, lanes: Lanes, request: Request) -> None:
        room = getattr(request.params, "room", "")
        if not room:
            lanes.starting = request.method.name == "session.start"
            self._begin(connection, lanes, request, None)
            return
        lane = lanes.lanes.get(room)
        if lane is None:
            lane = lanes.lanes[room] = _Lane()
        if lane.running and not (lane.only_sends and request.method.name == "message.send" and not lane.waiting):
            lane.waiting.append((request, steady_ms()))
        else:
            self._begin(connection, lanes, request, lane)

    def _begin(
        self, connection: Connection, lanes: Lanes, request: Request, lane: _Lane | None, came: int | None = None
    ) -> None:
        if lane is not None:
            lane.running += 1
            lane.only_sends = request.method.name == "message.send" and (lane.only_sends or lane.running == 1)
        try:
            self._check(lanes.caller, request)
            if came is not None and self._is_away() and steady_ms() - came >= self._patience_ms:
                raise errors.unavailable()
            outcome = self._services[request.method.name](lanes.caller, request.params)
            done = outcome if isinstance(outcome, asyncio.Future) else self._tasks.start(outcome)  # type: ignore[arg-type]
        except Refusal as refusal:
            done = asyncio.get_running_loop().create_future()
            done.set_exception(refusal)
        done.add_done_callback(partial(self._finish, connection, lanes, request, lane))

    @staticmethod
    def _check(caller: Caller, request: Request) -> None:
        if request.method.who == "user":
            caller.require_user()

    def _finish(
        self, connection: Connection, lanes: Lanes, request: Request, lane: _Lane | None, done: asyncio.Future[Any]
    ) -> None:
        lanes.under_way -= 1
        if request.method.name == "session.start":
            lanes.starting = False
        if not done.cancelled() and connection.closing is None:
            self._answer(connection, lanes, request, done)
        elif not done.cancelled():
            done.exception()
        if lane is not None:
            self._next(connection, lanes, request, lane)
        self._pump(connection, lanes)

    def _next(self, connection: Connection, lanes: Lanes, request: Request, lane: _Lane) -> None:
        lane.running -= 1
        while lane.waiting:
            following, came = lane.waiting[0]
            if lane.running and not (lane.only_sends and following.method.name == "message.send"):
                return
            lane.waiting.popleft()
            self._begin(connection, lanes, following, lane, came)
        if not lane.running and not lane.waiting:
            lanes.lanes.pop(request.params.room, None)

    # --- answers -----------------------------------------------------------------------------------------------------

    def _answer(self, connection: Connection, lanes: Lanes, request: Request, done: asyncio.Future[Any]) -> None:
        error = done.exception()
        afterwards = lanes.caller.afterwards.pop(done, ())
        if request.wants_answer:
            assert request.id is not UNSET
            connection.reply(self._frame(connection, request.id, request, done, error))
        self._on_answered(request.method.name, "ok" if error is None else outcome_of(error))
        if error is None:
            for callback in afterwards:
                callback()

    def _frame(
        self,
        connection: Connection,
        id: RequestId,
        request: Request,
        done: asyncio.Future[Any],
        error: BaseException | None,
    ) -> bytes:
        if error is None:
            return connection.wire.response(id, done.result())
        if not isinstance(error, Refusal):
            log.error("request: failed", exc_info=error, extra={"method": request.method.name})
        return connection.wire.refusal(id, refusal_for(error))


def refusal_for(error: BaseException) -> Refusal:
    """The refusal itself; for any other exception a generic one without details."""
    if isinstance(error, Refusal):
        return error
    return Refusal(errors.INTERNAL, "Internal error; it was logged")


def outcome_of(error: BaseException) -> str:
    return refusal_for(error).kind.name
