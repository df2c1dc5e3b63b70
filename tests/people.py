"""People as tests see them: a plain WebSocket, JSON, and what PROTOCOL says. Nothing of the server's own code."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import Callable
from typing import Any

import msgpack
from aiohttp import ClientSession
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PASSWORD = "warm tea at dusk"
PATIENCE = 10.0
_numbers = itertools.count(1)


class Refused(Exception):
    """An error answer: ``code``, ``reason`` and the rest of ``data``."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']} {error['message']} {error.get('data')}")
        self.code: int = error["code"]
        self.data: dict[str, Any] = error.get("data") or {}
        self.reason: str = self.data.get("reason", "")


class Person:
    """One socket. ``events`` holds all that was heard, in order; ``session`` the answer to session.start."""

    def __init__(self, url: str, token: str = "", user: dict[str, Any] | None = None, *, packed: bool = False) -> None:
        self.url = url
        self.token = token
        self.user = user or {}
        self.packed = packed
        self.events: list[dict[str, Any]] = []
        self.session: dict[str, Any] = {}
        self.socket: ClientConnection
        self.close_code: int | None = None
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._news = asyncio.Condition()
        self._reading: asyncio.Task[None] | None = None

    @property
    def id(self) -> str:
        return str(self.user["id"])

    # --- coming and going -------------------------------------------------------------------------------------------

    async def connect(self, **headers: str) -> Person:
        if self.token:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        self.socket = await connect(
            self.url.replace("http", "ws", 1) + "/ws",
            additional_headers=headers,
            subprotocols=[Subprotocol("chat.v1.msgpack")] if self.packed else None,
            compression=None,
            max_size=None,
            proxy=None,
        )
        self.close_code = None
        self._reading = asyncio.create_task(self._read())
        return self

    async def start(self, cursors: dict[str, Any] | None = None) -> Person:
        """Connect if need be and begin a session."""
        if self._reading is None:
            await self.connect()
        self.session = await self.call("session.start", **({"cursors": cursors} if cursors is not None else {}))
        return self

    async def start_anew(self) -> Person:
        """Another session on another socket; what was heard so far stays."""
        await self.leave()
        return await self.start()

    async def leave(self) -> None:
        if self._reading is not None:
            await self.socket.close()
            await self._reading
            self._reading = None

    def cut(self) -> None:
        """Lose the connection without a word."""
        self.socket.transport.abort()

    async def closed(self) -> int:
        """Wait for the end and give its code."""
        async with asyncio.timeout(PATIENCE):
            await self.socket.wait_closed()
            if self._reading is not None:
                await self._reading
                self._reading = None
        assert self.close_code is not None
        return self.close_code

    async def _read(self) -> None:
        try:
            async for data in self.socket:
                message = msgpack.unpackb(data) if isinstance(data, bytes) else json.loads(data)
                await self._heard(message)
        except ConnectionClosed:
            pass
        finally:
            self.close_code = self.socket.close_code
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionError(f"closed with {self.close_code}"))
            self._answers.clear()
            async with self._news:
                self._news.notify_all()

    async def _heard(self, message: dict[str, Any]) -> None:
        if "method" not in message:
            answer = self._answers.pop(message["id"], None)
            if answer is not None and not answer.done():
                answer.set_result(message)
            return
        self.events.append(message)
        async with self._news:
            self._news.notify_all()

    # --- asking -----------------------------------------------------------------------------------------------------

    async def send_raw(self, message: dict[str, Any]) -> None:
        await self.socket.send(msgpack.packb(message) if self.packed else json.dumps(message))

    async def ask(self, method: str, **params: Any) -> asyncio.Future[Any]:
        """Send a request; the future gives the whole answer."""
        number = next(_numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[number] = answer
        await self.send_raw({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        return answer

    async def call(self, method: str, **params: Any) -> Any:
        """Ask and wait. Raises ``Refused``."""
        answer = await self.ask(method, **params)
        async with asyncio.timeout(PATIENCE):
            message = await answer
        if "error" in message:
            raise Refused(message["error"])
        return message["result"]

    async def say(self, room: str, text: str, client_id: str = "", **more: Any) -> dict[str, Any]:
        client_id = client_id or f"c{next(_numbers)}"
        result: dict[str, Any] = await self.call("message.send", room=room, text=text, client_id=client_id, **more)
        return result

    # --- hearing ----------------------------------------------------------------------------------------------------

    def heard(self, method: str, **members: Any) -> list[dict[str, Any]]:
        """The params of all events of a kind that hold these members."""
        return [
            event["params"]
            for event in self.events
            if event["method"] == method and all(event["params"].get(name) == value for name, value in members.items())
        ]

    async def until(self, condition: Callable[[], Any], what: str = "") -> Any:
        """Wait until something heard makes the condition true; gives its value."""
        try:
            async with asyncio.timeout(PATIENCE), self._news:
                while not (value := condition()):
                    if self.close_code is not None:
                        raise AssertionError(f"closed with {self.close_code} while waiting for {what}")
                    await self._news.wait()
                return value
        except TimeoutError:
            tail = [(event["method"], event["params"].get("seq")) for event in self.events[-8:]]
            raise AssertionError(f"not heard in {PATIENCE} s: {what}; last events: {tail}") from None

    async def hears(self, method: str, **members: Any) -> dict[str, Any]:
        """Wait for an event of a kind that holds these members; gives the params of the first."""
        found = await self.until(lambda: self.heard(method, **members), f"{method} {members}")
        params: dict[str, Any] = found[0]
        return params


async def post(url: str, method: str, token: str = "", **params: Any) -> Any:
    """One call over HTTP. Raises ``Refused``."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with ClientSession() as session, session.post(f"{url}/api/{method}", json=params, headers=headers) as answer:
        body = await answer.json()
    if "error" in body:
        raise Refused(body["error"])
    return body


async def sign_up(url: str, handle: str, name: str = "", **options: Any) -> Person:
    """A new account, with a socket that is not yet open."""
    body = await post(
        url, "account.create", handle=handle, name=name or handle.title(), password=PASSWORD, want="token"
    )
    return Person(url, body["token"], body["user"], **options)


@contextlib.asynccontextmanager
async def gathering(url: str, *handles: str) -> Any:
    """Several people, signed up and with a session begun."""
    people = [await (await sign_up(url, handle)).start() for handle in handles]
    try:
        yield people
    finally:
        for person in people:
            await person.leave()
