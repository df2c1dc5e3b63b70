"""The bot's connection: connects, starts the session, reconnects with the cursors, and retries requests.

``chatserver.bot.session`` owns it and passes two functions: ``cursors()`` gives the cursors to continue from, ``hear``
receives what arrives.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from chatserver import errors
from chatserver.bot import wire
from chatserver.bot.backoff import Backoff
from chatserver.bot.wire import Answer, Heard, Wire
from chatserver.errors import Refusal
from chatserver.protocol.closing import TABLE, may_return
from chatserver.protocol.methods import METHODS
from chatserver.protocol.methods.sessions import SessionStart, SessionStartResult
from chatserver.protocol.shapes import Cursor

_log = logging.getLogger("chatserver.bot")

ANSWER_S: Final = 30.0
"""How long a response may take before the request counts as lost."""
RESEND_S: Final = 3000.0
"""How long a send is retried: less than the hour for which the server remembers its client_id."""
_MAX_BYTES: Final = 2**26
_ABNORMAL: Final = 1006
_KEPT_OUT: Final = {400, 401, 403}
"""HTTP statuses after which reconnecting is useless. Not 404: a proxy answers it while the server restarts."""


class EndedError(Exception):
    """The connection ended for good: the close code and the reason. Reconnecting is useless until somebody acts."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason} ({code})")
        self.code = code
        self.reason = reason


class Connection:
    """``run`` keeps it connected; ``call`` sends a request and waits, over as many sockets as needed."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        cursors: Callable[[], Mapping[str, Cursor]],
        hear: Callable[[Heard | SessionStartResult], None],
        wire_: Wire,
        patience: float = 1.0,
    ) -> None:
        self._url = wire.socket_url(url)
        self._token = token
        self._cursors = cursors
        self._hear = hear
        self._wire = wire_
        self._backoff = Backoff(patience)
        self._patience = patience
        self._socket: ClientConnection | None = None
        self._started = asyncio.Event()
        self._ended: EndedError | None = None
        self._asked: dict[int, asyncio.Future[Answer | None]] = {}
        self._last_id = 0
        self._opening = 0
        self._refused: Refusal | None = None
        self._not_before: dict[str, float] = {}

    # --- keeping it up

    async def run(self) -> None:
        """Stay connected until the server says not to reconnect; then raises ``EndedError``."""
        try:
            code, reason = await self._once()
            while may_return(code):
                wait = max(self._backoff.next(), self._retry_after())
                _log.info("bot: connection ended (%s %s), reconnecting in %.1f s", code, reason, wait)
                await asyncio.sleep(wait)
                code, reason = await self._once()
            self._ended = EndedError(code, reason)
        except EndedError as error:
            self._ended = error
        self._started.set()
        raise self._ended

    def _retry_after(self) -> float:
        refused, self._refused = self._refused, None
        return float(refused.data.get("retry_after", 0)) if refused else 0.0

    async def _once(self) -> tuple[int, str]:
        """Run one socket from start to end. Returns its close code and reason."""
        try:
            socket = await self._dial()
        except InvalidStatus as error:
            status = error.response.status_code
            if status in _KEPT_OUT:
                raise EndedError(status, f"{self._url} refuses this bot: check its token") from None
            return _ABNORMAL, f"HTTP {status}"
        except (OSError, TimeoutError, InvalidHandshake, ConnectionClosed) as error:
            return _ABNORMAL, str(error) or type(error).__name__
        try:
            async with socket:
                await self._converse(socket)
        except ConnectionClosed as closed:
            if closed.rcvd is not None:
                return closed.rcvd.code, closed.rcvd.reason or _words(closed.rcvd.code)
            return _ABNORMAL, "lost"
        except TimeoutError:
            return _ABNORMAL, "session.start was not answered"
        finally:
            self._lose_all()
        return _ABNORMAL, "session.start was refused"

    async def _dial(self) -> ClientConnection:
        local = urlsplit(self._url).hostname in {"127.0.0.1", "::1", "localhost"}
        return await connect(
            self._url,
            additional_headers={"Authorization": f"Bearer {self._token}"},
            subprotocols=[Subprotocol(self._wire.subprotocol)],
            compression=None,
            max_size=_MAX_BYTES,
            close_timeout=2,
            proxy=None if local else True,
        )

    async def _converse(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._opening = self._next_id()
        opening = SessionStart(cursors=dict(self._cursors()))
        await socket.send(self._wire.request(self._opening, "session.start", opening))
        async with asyncio.timeout(ANSWER_S) as deadline:
            while self._refused is None:
                self._receive(await socket.recv())
                if self._started.is_set():
                    deadline.reschedule(None)

    def _lose_all(self) -> None:
        self._socket = None
        self._started.clear()
        asked, self._asked = self._asked, {}
        for future in asked.values():
            if not future.done():
                future.set_result(None)

    # --- what arrives

    def _receive(self, data: bytes | str) -> None:
        try:
            said = self._wire.read(data)
        except msgspec.DecodeError:
            _log.exception("bot: cannot decode a message of the server")
            return
        if isinstance(said, Heard):
            self._hear(said)
        elif said is not None and said.id == self._opening:
            self._open(said)
        elif said is not None:
            future = self._asked.pop(said.id, None)
            if future is not None and not future.done():
                future.set_result(said)

    def _open(self, answer: Answer) -> None:
        """Handle the response to session.start, which comes before any event."""
        if answer.refusal is not None:
            if wire.wait_for(answer.refusal) is None:
                raise EndedError(answer.refusal.code, answer.refusal.message)
            self._refused = answer.refusal
            return
        result: SessionStartResult = self._wire.result("session.start", answer.result)
        if result.user is msgspec.UNSET:
            raise EndedError(errors.NOT_SIGNED_IN.code, "The token belongs to no account: create a new one")
        self._hear(result)
        self._backoff.succeeded()
        self._started.set()

    # --- asking

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    async def call(self, method: str, params: Any) -> Any:
        """Send a request, and retry if that is safe, until there is a response. Raises ``Refusal`` or
        ``EndedError``."""
        backoff = Backoff(self._patience)
        began = time.monotonic()
        while True:
            answer = await self._ask(method, params)
            if answer is not None and answer.refusal is None:
                return self._wire.result(method, answer.result)
            refusal = answer.refusal if answer and answer.refusal else errors.unavailable("Connection lost: retry")
            wait = wire.wait_for(refusal)
            uncertain = refusal.kind is not errors.RATE_LIMITED
            if wait is None or (uncertain and (not _may_repeat(method, params) or time.monotonic() - began > RESEND_S)):
                raise refusal
            wait = max(wait, backoff.next() if uncertain else 0.0)
            self._not_before[method] = max(self._not_before.get(method, 0.0), time.monotonic() + wait)

    async def _ask(self, method: str, params: Any) -> Answer | None:
        """Send a request once; None if the response was lost."""
        await self._ready(method)
        assert self._socket is not None
        id = self._next_id()
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self._asked[id] = future
        try:
            await self._socket.send(self._wire.request(id, method, params))
            async with asyncio.timeout(ANSWER_S):
                return await future
        except (ConnectionClosed, TimeoutError):
            return None
        finally:
            self._asked.pop(id, None)

    async def _ready(self, method: str) -> None:
        """Wait for a session, and for the end of the method's rate limit."""
        while True:
            wait = self._not_before.get(method, 0.0) - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            await self._started.wait()
            if self._ended is not None:
                raise self._ended
            if self._socket is not None and self._not_before.get(method, 0.0) <= time.monotonic():
                return


def _may_repeat(method: str, params: Any) -> bool:
    row = METHODS.get(method)
    return (row is not None and row.repeatable) or (method == "room.create" and bool(params.client_id))


def _words(code: int) -> str:
    return next((close.reason for close in TABLE if close.code == code), "closed")
