"""A complete server for testing bots: real Valkey, real sockets, one line.

    async with TestServer() as server, server.bot(bot, handle="dice"):
        ann = await server.user("ann")
        await ann.say("hall", "/roll 1d1")
        assert await ann.next_text(author="dice") == "1"

All data is in a temporary folder that is removed afterwards. It is the same server that ``chatserver serve`` runs, with
the rate limits off.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession

from chatserver.app import Server
from chatserver.bot import Bot, Message, MessagePosted
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.settings import load
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine.address import Address

PATIENCE_S: Final = 10.0
"""How long ``next_text`` and similar methods wait."""
_BOT_OWNER: Final = "botowner"
_WORDS: Final = "warm tea at dusk"

# Cheap password hashes, because hashing is slow by design; no rate limits, because they make tests wait.
_SETTINGS: Final[dict[str, object]] = {
    "server.port": 0,
    "server.drain_seconds": 0.1,
    "accounts.argon2_memory": 8,
    "accounts.argon2_passes": 1,
    "accounts.sign_in_name_burst": 0,
    "accounts.sign_in_address_burst": 0,
    "accounts.sign_up_per_address_hour": 0,
    "limits.user_sends_burst": 0,
    "limits.bot_sends_burst": 0,
    "limits.room_sends_burst": 0,
    "limits.address_sends_burst": 0,
    "limits.requests_burst": 0,
    "limits.reactions_burst": 0,
    "limits.joins_burst": 0,
    "limits.creates_burst": 0,
    "limits.searches_burst": 0,
    "files.uploads_burst": 0,
    "limits.connections_per_user": 0,
    "limits.connections_per_address": 0,
    "community.previews": False,
}


class TestUser:
    """A connected person. ``bot`` is the SDK's bot underneath, for everything not offered here."""

    __test__ = False

    def __init__(self, url: str, token: str) -> None:
        self.bot = Bot(url, token, hears_bots=True, patience=0.01)
        self.bot.on(MessagePosted)(self._heard)
        self._messages: list[Message] = []
        self._news = asyncio.Condition()

    @property
    def id(self) -> str:
        return self.bot.user.id

    @property
    def handle(self) -> str:
        return self.bot.user.handle

    async def say(self, room: str, text: str, **more: Any) -> MessageSendResult:
        return await self.bot.send(room, text, **more)

    async def join(self, room: str) -> None:
        """Join a room and receive its events from now on."""
        await self.bot.join(room)

    async def next_message(self, *, author: str = "", room: str = "", seconds: float = PATIENCE_S) -> Message:
        """The next message of others not returned yet; if given, by ``author`` (a handle) and in ``room``.
        Raises ``TimeoutError``."""

        def fits(message: Message) -> bool:
            return author in {"", message.author.handle} and room in {"", message.room}

        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(lambda: any(map(fits, self._messages)))
            found = next(filter(fits, self._messages))
            self._messages.remove(found)
            return found

    async def next_text(self, *, author: str = "", room: str = "", seconds: float = PATIENCE_S) -> str:
        """The text of ``next_message``."""
        return (await self.next_message(author=author, room=room, seconds=seconds)).text

    async def _heard(self, event: MessagePosted) -> None:
        async with self._news:
            self._messages.append(event.params)
            self._news.notify_all()


class TestServer:
    """A server that runs for the duration of the context. ``settings`` are dotted names with two underscores for the
    dot, such as ``limits__bot_sends_burst=3``; ``store_address`` is a running store to use instead of an embedded
    one."""

    __test__ = False

    def __init__(self, *, store_address: Address | None = None, **settings: object) -> None:
        self.server: Server
        self.folder: Path
        self._address = store_address
        self._settings = {name.replace("__", "."): value for name, value in settings.items()}
        self._stack = contextlib.AsyncExitStack()
        self._tokens: dict[str, str] = {}
        self._bot_owner = ""

    async def __aenter__(self) -> TestServer:
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="chatserver-")))
        try:
            address = self._address or self._own_store()
            settings = load(None, {}, {"server.data": str(self.folder), **_SETTINGS, **self._settings})
            self.server = await self._stack.enter_async_context(Server(settings, store_address=address))
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._stack.aclose()

    def _own_store(self) -> Address:
        store = EmbeddedStore(self.folder)
        store.start()
        self._stack.callback(store.stop)
        return Address(path=store.address)

    @property
    def url(self) -> str:
        return self.server.url

    async def user(self, handle: str, *, name: str = "") -> TestUser:
        """A new user, signed up and connected; in the hall like every new user."""
        user = TestUser(self.url, await self._sign_up(handle, name or handle.title()))
        await self._stack.enter_async_context(user.bot.running())
        return user

    async def _post(self, method: str, *, token: str = "", **params: object) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.url}/api/{method}"
        async with ClientSession() as session, session.post(url, json=params, headers=headers) as answer:
            body: dict[str, Any] = await answer.json()
        if "error" in body:
            raise AssertionError(f"{method}: {body['error']['message']}")
        return body

    async def _sign_up(self, handle: str, name: str) -> str:
        made = await self._post("account.create", handle=handle, name=name, password=_WORDS, want="token")
        return str(made["token"])

    async def token(self, handle: str) -> str:
        """The token of a bot with this handle, which is created on the first call. Its owner is not in the hall."""
        if not self._bot_owner:
            self._bot_owner = await self._sign_up(_BOT_OWNER, _BOT_OWNER.title())
            await self._post("room.leave", token=self._bot_owner, room="hall")
        if handle not in self._tokens:
            made = await self._post("bot.create", token=self._bot_owner, handle=handle, name=handle.title())
            self._tokens[handle] = made["token"]
        return self._tokens[handle]

    @contextlib.asynccontextmanager
    async def bot(self, bot: Bot, *, handle: str = "bot", rooms: tuple[str, ...] = ("hall",)) -> AsyncIterator[Bot]:
        """Run a bot with this handle for the duration of the context. With the same handle again, it continues where it
        was.

        It joins ``rooms`` by itself, so they must be marked for bots, or a moderator must have added it. Its
        environment variables are ignored.
        """
        token = await self.token(handle)
        for room in rooms:
            await self._post("room.join", token=token, room=room)
        async with bot.running(self.url, token, state=self.folder / f"{handle}.state") as running:
            yield running

    def drop_connections(self) -> None:
        """Abort every socket without a close frame, as a failing network does."""
        for connection in list(self.server.hub.connections):
            connection.abort()
