"""What a bot sends: each message and topic once, with its files, however often the handler that sends it runs.

``chatserver.bot.session`` makes one ``Sender``. A client_id is derived from the event that the handler runs for; what
was answered, and which files were brought up, is noted in the journal until that event is done.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

from chatserver import errors
from chatserver.bot import turns
from chatserver.bot.files import FileToSend, Purpose, Sendable, Transfers
from chatserver.bot.journal import Journal
from chatserver.bot.state import State
from chatserver.bot.turns import Turn
from chatserver.errors import Refusal
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.methods.topics import TopicCreateResult
from chatserver.protocol.shapes import File

Result = TypeVar("Result")
_PATH: Final = "attachments"


class Sender:
    """``call`` asks a method of the protocol, over as many sockets as needed."""

    def __init__(
        self, call: Callable[..., Awaitable[Any]], journal: Journal, state: State, transfers: Transfers
    ) -> None:
        self._call = call
        self._journal = journal
        self._state = state
        self.transfers = transfers
        self._sending: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def send(
        self, room: str, text: str, *, files: Sequence[Sendable], client_id: str, **more: Any
    ) -> MessageSendResult:
        """Post once. See ``Bot.send``."""
        try:
            return await self._once("message.send", MessageSendResult, room, files, client_id, text=text, **more)
        except Refusal as refusal:
            if refusal.reason != "client_id_used" or client_id:
                raise
            # An earlier run of this handler posted another text, as dice do: that one counts.
            return MessageSendResult("", 0, "", 0, "primary", duplicate=True)

    async def create_topic(
        self, room: str, *, files: Sequence[Sendable], client_id: str, **more: Any
    ) -> TopicCreateResult:
        """Start a topic once. See ``Room.create_topic``."""
        return await self._once("topic.create", TopicCreateResult, room, files, client_id, **more)

    async def upload(self, what: Sendable, *, room: str, purpose: Purpose) -> File:
        """Bring a file up. See ``Bot.upload``."""
        if isinstance(what, File):
            return what
        file = what if isinstance(what, FileToSend) else FileToSend(content=what)
        return await self.transfers.upload(file, room=room, purpose=purpose)

    async def _once(
        self, method: str, kind: type[Result], room: str, files: Sequence[Sendable], client_id: str, **more: Any
    ) -> Result:
        turn = turns.current.get()
        client_id = client_id or (turn.client_id(room) if turn else turns.new_client_id())
        noted = turn if turn and turn.key else None
        if noted and (before := self._journal.said(noted.room, client_id, kind)):
            return before
        async with self._attached(noted, room, files, client_id) as ids:
            attached = {_PATH: ids} if ids else {}
            async with self._sending.setdefault(room, asyncio.Lock()):
                result: Result = await self._call(method, room=room, client_id=client_id, **attached, **more)
        if noted:
            self._journal.say(noted.room, client_id, result)
        return result

    @contextlib.asynccontextmanager
    async def _attached(
        self, turn: Turn | None, room: str, files: Sequence[Sendable], client_id: str
    ) -> AsyncIterator[list[str]]:
        """The ids of the files, brought up now or by an earlier run of the handler: with others its message would be
        another one. What is gone since, after a day, is brought up again. If the message is refused, all are given
        up."""
        self._require_so_many(files)
        key = f"{client_id} {_PATH}"
        ids = (self._journal.said(turn.room, key, list[str]) if turn else None) or []
        own = {file.id for file in files if isinstance(file, File)}
        try:
            for place, file in enumerate(files):
                if place < len(ids) and await self.transfers.holds(ids[place]):
                    continue
                ids[place : place + 1] = [(await self.upload(file, room=room, purpose="message")).id]
                if turn:
                    self._journal.say(turn.room, key, ids)
            yield ids
        except Refusal as refusal:
            if refusal.kind is not errors.UNAVAILABLE:
                for id in ids:
                    if id not in own:
                        await self.transfers.discard(id)
            raise

    def _require_so_many(self, files: Sequence[Sendable]) -> None:
        most = self._state.message_files
        if len(files) > most:
            words = f"A message takes at most {most} files" if most else "This server takes no files"
            raise Refusal(errors.PARAMS, words, path=_PATH, limit=most)
