"""The bot itself: what it listens to, what it says, and how it is run.

    bot = Bot.from_env()

    @bot.command("roll")
    async def roll(event, sides: int = 6) -> str:
        return str(random.randint(1, sides))

    bot.run()

Everything between the handlers and the socket is ``chatserver.bot.session``.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from chatserver.bot.connection import EndedError
from chatserver.bot.handlers import Handlers
from chatserver.bot.lanes import AT_ONCE
from chatserver.bot.memory import Memory
from chatserver.bot.room import Room
from chatserver.bot.session import Session
from chatserver.bot.wire import Wire
from chatserver.errors import StartError
from chatserver.protocol.codecs import MSGPACK, Codec
from chatserver.protocol.methods import MessageSendResult
from chatserver.protocol.shapes import RoomState, User

_log = logging.getLogger("chatserver.bot")

Function = TypeVar("Function", bound=Callable[..., Any])
READY_S: Final = 10.0
"""How long ``running`` waits for the first session."""


class Bot:
    """A user of the community that is a program.

    ``hears_bots``: whether handlers are called for what other bots do; never for what the bot does itself.
    ``prefix``: what a command begins with. ``concurrency``: in how many rooms handlers may be at work at once; in one
    room they run one after another, in the order of its log. ``codec``: MessagePack unless told otherwise.
    ``patience``: what the waits between attempts to connect (up to 1 s, doubling to 30 s) are multiplied by.
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
        """A bot told by its environment: CHATSERVER_URL, CHATSERVER_TOKEN and CHATSERVER_STATE (default ./bot.state).

        What is missing is said when the bot is run, so that its module can be imported without.
        """
        environ = os.environ
        path = Path(environ.get("CHATSERVER_STATE") or "bot.state")
        url, token = environ.get("CHATSERVER_URL", ""), environ.get("CHATSERVER_TOKEN", "")
        return cls(url, token, **{"state": path, **options})

    # --- listening

    def command(self, name: str, *, help: str = "") -> Callable[[Function], Function]:
        """The function answers ``/name``. Its first parameter is the MessagePosted, the others are what follows, by
        their types: str, int, float, bool; a last str takes the rest of the line, ``*rest`` all words that are left.
        Arguments that do not fit are answered with a line that shows how."""

        def register(function: Function) -> Function:
            self.handlers.add_command(name, function, help)
            return function

        return register

    def on(self, kind: type[Any], *, gather: float = 0) -> Callable[[Function], Function]:
        """The function is called with every event of this kind (see ``chatserver.bot.events``). A text it returns is
        a reply. With ``gather``, it is called with a list of all that came to a room within so many seconds."""

        def register(function: Function) -> Function:
            self.handlers.add_handler(kind, function, gather)
            return function

        return register

    def on_error(self, function: Function) -> Function:
        """The function is called with the event (or None) and the exception when a handler failed, which is logged."""
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
        """The rooms the bot belongs to, as the server last told them."""
        return self.session.state.rooms

    @property
    def memory(self) -> Memory:
        """What the bot remembers across restarts: text keys, and values that JSON can hold."""
        return Memory(self.session.journal)

    def room(self, id: str) -> Room:
        return Room(id, self)

    async def send(
        self, room: str, text: str, *, reply_to: int = 0, topic: str = "", client_id: str = ""
    ) -> MessageSendResult:
        """Post a message, exactly once, over as many connections as it takes. Raises ``Refusal``.

        ``client_id`` names the message where the program knows it better (within an hour, the same one posts nothing).
        Within a handler one is made from the event, so that a handler that runs again repeats nothing.
        """
        return await self.session.send(room, text, reply_to=reply_to, topic=topic, client_id=client_id)

    async def join(self, room: str, *, link: str = "") -> RoomState:
        """Become a member. Raises ``Refusal``: a bot joins where its owner moderates and in rooms marked for bots."""
        state: RoomState = await self.call("room.join", room=room, link=link)
        return state

    async def call(self, method: str, **params: Any) -> Any:
        """Any method of the protocol; the result is its struct. Raises ``Refusal``.

        What may safely be asked twice is asked again when the connection is lost; the rest is refused as unavailable.
        """
        return await self.session.call(method, **params)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let something run beside the handlers; it ends with the bot."""
        self.session.spawn(work)

    # --- running

    async def serve(self, url: str = "", token: str = "", *, state: Path | None = None) -> None:
        """Run until ``stop``. Raises ``EndedError`` when the server says to stay away, ``StartError`` when something is
        missing."""
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
        """Run beside other things: inside, the bot has started; at the end it is stopped."""
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
        """Finish the handlers under way, save, and end. What was not begun comes again at the next start."""
        if self._session is not None:
            self._session.stopping.set()

    def run(self) -> None:
        """Run as a program, until SIGTERM or Ctrl-C; in a thread that is not the main one, until ``stop``. Ends the
        process with 1 when the server says to stay away."""
        if not logging.getLogger().handlers:
            logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
        try:
            asyncio.run(self._run())
        except (EndedError, StartError) as error:
            _log.error("%s", error)
            sys.exit(1)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():  # no other is told of signals
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.stop)
        await self.serve()
