"""The bot: its handlers and commands, its methods for sending, and how it runs.

    bot = Bot.from_env()

    @bot.command("roll")
    async def roll(event, sides: int = 6) -> str:
        return str(random.randint(1, sides))

    bot.run()

``chatserver.bot.session`` is everything between the handlers and the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeVar

from chatserver.bot.connection import EndedError
from chatserver.bot.files import Purpose, Sendable, Size
from chatserver.bot.handlers import Handlers
from chatserver.bot.lanes import AT_ONCE
from chatserver.bot.memory import Memory
from chatserver.bot.room import Room
from chatserver.bot.session import Session
from chatserver.bot.wire import Wire
from chatserver.errors import StartError
from chatserver.protocol.codecs import MSGPACK, Codec
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.shapes import File, Message, RoomState, User

_log = logging.getLogger("chatserver.bot")

Function = TypeVar("Function", bound=Callable[..., Any])
READY_S: Final = 10.0
"""How long ``running`` waits for the first session."""


class Bot:
    """A bot: a user that is a program.

    ``hears_bots``: call handlers for what other bots do; they are never called for what this bot does. ``prefix``: what
    a command begins with. ``concurrency``: in how many rooms handlers may run at the same time; in one room they run
    one after another, in the order of its log. ``codec``: the encoding, by default MessagePack. ``patience``: a factor
    for the waits between attempts to connect (up to 1 s, doubling to 30 s).
    """

    def __init__(
        self,
        url: str = "",
        token: str = "",
        *,
        state: Path | None = None,
        hears_bots: bool = False,
        prefix: str = "/",
        concurrency: int = AT_ONCE,
        codec: Codec = MSGPACK,
        patience: float = 1.0,
    ) -> None:
        self.url = url
        self.token = token
        self.state = state
        self.hears_bots = hears_bots
        self.concurrency = concurrency
        self.patience = patience
        self.handlers = Handlers(prefix)
        self._codec = codec
        self._session: Session | None = None

    @classmethod
    def from_env(cls, **options: Any) -> Bot:
        """A bot configured by the environment: CHATSERVER_URL, CHATSERVER_TOKEN, CHATSERVER_STATE (default
        ./bot.state).

        Missing variables are reported when the bot runs, so that its module can be imported without them.
        """
        environ = os.environ
        path = Path(environ.get("CHATSERVER_STATE") or "bot.state")
        url, token = environ.get("CHATSERVER_URL", ""), environ.get("CHATSERVER_TOKEN", "")
        return cls(url, token, **{"state": path, **options})

    # --- listening

    def command(self, name: str, *, help: str = "") -> Callable[[Function], Function]:
        """Call the function for ``/name``. Its first parameter is the ``MessagePosted``; the others are the arguments,
        converted to their types: str, int, float, bool. A last str takes the rest of the line, ``*rest`` all remaining
        words. Wrong arguments are answered with the usage."""

        def register(function: Function) -> Function:
            self.handlers.add_command(name, function, help)
            return function

        return register

    def on(self, kind: type[Any], *, gather: float = 0) -> Callable[[Function], Function]:
        """Call the function for every event of this kind (see ``chatserver.bot.events``). A string it returns is sent
        as a reply. With ``gather``, it is called with a list of the events of a room within that many seconds."""

        def register(function: Function) -> Function:
            self.handlers.add_handler(kind, function, gather)
            return function

        return register

    def on_error(self, function: Function) -> Function:
        """Call the function with the event (or None) and the exception when a handler fails; the failure is also
        logged."""
        self.handlers.on_error = function
        return function

    # --- speaking

    @property
    def session(self) -> Session:
        if self._session is None:
            raise RuntimeError("the bot is not running")
        return self._session

    @property
    def user(self) -> User:
        """The bot's own account."""
        user = self.session.state.user
        if user is None:
            raise RuntimeError("the bot has not started yet")
        return user

    @property
    def rooms(self) -> Mapping[str, RoomState]:
        """The bot's rooms, in their last known state."""
        return self.session.state.rooms

    @property
    def memory(self) -> Memory:
        """Data that survives restarts: string keys, and values that JSON can represent."""
        return Memory(self.session.journal)

    def room(self, id: str) -> Room:
        return Room(id, self)

    async def send(
        self,
        room: str,
        text: str = "",
        *,
        files: Sequence[Sendable] = (),
        reply_to: int = 0,
        topic: str = "",
        client_id: str = "",
    ) -> MessageSendResult:
        """Post a message exactly once, with as many retries as needed.

        ``files``: paths, bytes, files opened for reading bytes, or ``FileToSend``, which says more of one. They are
        brought up first; after a lost line that goes on where it broke off. Raises ``Refusal``, of a file with its name
        before the message: file_too_large (``data["limit"]``), quota, type_refused (pass ``keep=True``), not_friends.

        ``client_id`` identifies the message: within an hour, a second one with the same id posts nothing. Within a
        handler it is derived from the event by default, so that a handler that runs again posts nothing twice.
        """
        return await self.session.sender.send(
            room, text, files=files, reply_to=reply_to, topic=topic, client_id=client_id
        )

    async def upload(self, what: Sendable, *, room: str = "", purpose: Purpose = "message") -> File:
        """Bring a file up, for a message to this room, or as the bot's avatar (``profile.update``). Raises ``Refusal``.

        ``send`` does this by itself. What nothing uses within a day is deleted."""
        return await self.session.sender.upload(what, room=room, purpose=purpose)

    async def download(self, file: File | str, *, size: Size = "") -> bytes:
        """The bytes of a file (or of its id); of a picture also ``small`` (480 pixels) or ``large`` (1,600). Raises
        ``Refusal`` not_found if there is none that the bot may read."""
        return b"".join([chunk async for chunk in self.download_chunks(file, size=size)])

    def download_chunks(self, file: File | str, *, size: Size = "") -> AsyncIterator[bytes]:
        """As ``download``, in chunks of at most 64 KB, for files that are not to be held in memory."""
        return self.session.sender.transfers.download(file if isinstance(file, str) else file.id, size)

    async def join(self, room: str, *, link: str = "") -> RoomState:
        """Join a room. A bot can join rooms that its owner moderates and rooms marked for bots. Raises ``Refusal``."""
        state: RoomState = await self.call("room.join", room=room, link=link)
        return state

    async def call(self, method: str, **params: Any) -> Any:
        """Call any method of the protocol; returns its result struct. Raises ``Refusal``.

        When the connection is lost, methods that are safe to repeat are retried; others raise unavailable.
        """
        return await self.session.call(method, **params)

    async def search(
        self,
        query: str = "",
        *,
        room: str = "",
        author: str = "",
        has: Literal["link", "image", "file"] | None = None,
        since: int = 0,
        until: int = 0,
    ) -> AsyncIterator[Message]:
        """Find messages that have all words of ``query``, newest first, page by page as far as they are wanted.

        ``room``: only this room, else all that the bot is in. ``author``: only what this user (id) wrote. ``has``: only
        messages with one. ``since``, ``until``: milliseconds since 1970, from and before. One of ``query``, ``author``
        and ``has`` is needed. A new message is found within 2 s. Raises ``Refusal``: rate_limited above 60 pages a
        minute (``retry_after`` in seconds), not_a_member, not_found for a room that the bot may not read.

            async for message in bot.search("teapot", room=room, has="image"):
        """
        narrowed = {"room": room, "author": author, "has": has, "since": since, "until": until}
        given = {"query": query} | {name: value for name, value in narrowed.items() if value}
        after = ""
        while True:
            page = await self.call("message.search", after=after, **given)
            for message in page.messages:
                yield message
            if not page.next:
                return
            after = page.next

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine beside the handlers; it is cancelled when the bot ends."""
        self.session.spawn(work)

    # --- running

    async def serve(self, url: str = "", token: str = "", *, state: Path | None = None) -> None:
        """Run until ``stop``. Raises ``EndedError`` if the server says not to reconnect, ``StartError`` if the URL or
        the token is missing."""
        if self._session is not None:
            raise RuntimeError("the bot is running already")
        url, token, path = url or self.url, token or self.token, state or self.state
        for name, value in (("CHATSERVER_URL", url), ("CHATSERVER_TOKEN", token)):
            if not value:
                raise StartError(f"Set {name}, or give it to Bot()")
        self._session = Session(self, url=url, token=token, path=path, wire_=Wire(self._codec), patience=self.patience)
        try:
            await self._session.run()
        finally:
            self._session = None

    @contextlib.asynccontextmanager
    async def running(self, url: str = "", token: str = "", *, state: Path | None = None) -> AsyncIterator[Bot]:
        """Run the bot for the duration of the context. Inside, its first session has started."""
        serving = asyncio.create_task(self.serve(url, token, state=state))
        try:
            await self._until_ready(serving)
            yield self
        finally:
            self.stop()
            await serving

    async def _until_ready(self, serving: asyncio.Task[None]) -> None:
        async with asyncio.timeout(READY_S):
            while not serving.done() and not (self._session and self._session.ready.is_set()):
                await asyncio.sleep(0.005)

    def stop(self) -> None:
        """Finish running handlers, save, and end. Events not handled yet come again at the next start."""
        if self._session is not None:
            self._session.stopping.set()

    def run(self) -> None:
        """Run as a program until SIGTERM or Ctrl-C; in a thread other than the main one, until ``stop``. Exits the
        process with status 1 if the server says not to reconnect."""
        if not logging.getLogger().handlers:
            logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        try:
            asyncio.run(self._run())
        except (EndedError, StartError) as error:
            _log.error("%s", error)
            sys.exit(1)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():  # other threads get no signals
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
        await self.serve()
