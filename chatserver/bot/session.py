"""One run of a bot: its connection, its journal and its lanes, from ``serve`` to its end.

The path of a frame: connection (decodes) → state (decides the steps) → lanes (order per room) → here (calls handlers,
then saves the cursor). What handlers send goes through ``chatserver.bot.sending``, to get a client_id that is the same
in a second run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chatserver.bot import events, turns, wire
from chatserver.bot.connection import Connection, EndedError
from chatserver.bot.files import Transfers
from chatserver.bot.handlers import Handler, Wrong, run
from chatserver.bot.journal import Journal
from chatserver.bot.lanes import Lanes
from chatserver.bot.reading import PAGE, Reading
from chatserver.bot.sending import Sender
from chatserver.bot.state import CatchUp, Forget, Handle, Mark, State, Step
from chatserver.bot.turns import Turn
from chatserver.bot.wire import Heard, Wire
from chatserver.errors import Refusal
from chatserver.protocol.methods.messages import MessageHistoryResult
from chatserver.protocol.methods.sessions import SessionStartResult

if TYPE_CHECKING:
    from chatserver.bot.bot import Bot

_log = logging.getLogger("chatserver.bot")

DRAIN_S: Final = 10.0
"""How long running handlers may take when the bot is stopped."""


class Session:
    """Created by ``Bot.serve`` for its duration."""

    def __init__(self, bot: Bot, *, url: str, token: str, path: Path | None, wire_: Wire, patience: float) -> None:
        self.ready = asyncio.Event()
        self.stopping = asyncio.Event()
        self._bot = bot
        self.journal = Journal(path)
        self.state = State(self.journal.done, hears_bots=bot.hears_bots)
        self._connection = Connection(
            url, token, cursors=lambda: self.state.seen, hear=self._hear, wire_=wire_, patience=patience
        )
        self._group = asyncio.TaskGroup()
        self._lanes = Lanes(self._perform, self._group, at_once=bot.concurrency)
        self._side: set[asyncio.Task[None]] = set()
        self._gathered: dict[tuple[Handler, str], list[Any]] = {}
        self.sender = Sender(self.call, self.journal, self.state, Transfers(url, token, patience=patience))

    # --- its life

    async def run(self) -> None:
        """Run until ``stopping`` is set. Raises ``EndedError`` or ``StartError`` if it cannot continue."""
        ending: BaseException | None = None
        try:
            async with self._group:
                keeping = asyncio.create_task(self._connection.run())
                waiting = asyncio.create_task(self.stopping.wait())
                try:
                    await asyncio.wait({keeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
                    ending = keeping.exception() if keeping.done() else None
                    await self._drain()
                finally:
                    await _cancel({keeping, waiting, *self._side, *self._lanes.workers})
        finally:
            await self.sender.transfers.close()
            self.journal.close()
        if ending is not None:
            raise ending

    async def _drain(self) -> None:
        self.stopping.set()
        try:
            async with asyncio.timeout(DRAIN_S):
                await self._lanes.drain()
                while self._side:
                    await asyncio.wait(set(self._side))
        except TimeoutError:
            _log.warning("bot: handlers still running after %.0f s; their events come again", DRAIN_S)

    def spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a task that ends with the bot; its exceptions are logged."""
        task = self._group.create_task(self._guard(work))
        self._side.add(task)
        task.add_done_callback(self._side.discard)

    async def _guard(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except EndedError:
            return
        except Exception as error:
            await self._failed(None, error)

    # --- what arrives

    def _hear(self, said: Heard | SessionStartResult) -> None:
        if isinstance(said, Heard):
            self._take(self.state.heard(said.name, said.params))
            return
        steps = self.state.started(said)
        self.journal.own(self._bot.user.id)
        self._take(steps)
        rooms = tuple(self._bot.room(room) for room in self.state.rooms)
        self.spawn(self._dispatch(events.Started(self._bot, rooms), Turn("", "", "")))
        self.ready.set()

    def _take(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step, Mark) and step.room not in self.journal.done:
                # The room has no waiting steps. Saved now, so that even a bot killed at once misses nothing later.
                self.journal.save(step.room, step.place)
            else:
                self._lanes.push(step)

    async def _perform(self, step: Step) -> None:
        if isinstance(step, Handle):
            await self._handle(step)
        elif isinstance(step, CatchUp):
            await self._catch_up(step)
        elif isinstance(step, Mark):
            self.journal.save(step.room, step.place)
        elif isinstance(step, Forget):
            self.journal.forget_room(step.room)

    async def _handle(self, step: Handle) -> None:
        kind = events.KINDS.get(step.name)
        if kind is not None and not step.quiet:
            turn = Turn(step.room, turns.key_of(step.params, step.after), "")
            await self._dispatch(kind(self._bot, step.params), turn)
        if step.after is not None:
            self.journal.save(step.room, step.after)

    async def _catch_up(self, step: CatchUp) -> None:
        """Read the pages between what is done and the target, and handle each message as if it had just arrived."""
        started = self.journal.done.get(step.room, step.target)
        reading = Reading(started, step.target)
        while (after := reading.after()) is not None:
            try:
                page: MessageHistoryResult = await self.call("message.history", room=step.room, after=after, limit=PAGE)
            except Refusal as refusal:
                reading.give_up(refusal.message)
                break
            for message in reading.take(page):
                place = reading.place_after(message, started)
                quiet = self.state.is_quiet(message)
                await self._handle(Handle(step.room, "message.posted", message, place, quiet))
        if reading.missed is not None:
            lost = reading.missed
            _log.warning("bot: missed in room %s: messages %d to %d, %s", step.room, lost.first, lost.last, lost.why)
        if step.reset is not None:
            event = events.RoomReset(self._bot, step.reset, reading.missed)
            await self._dispatch(event, Turn(step.room, "", ""))
        self.journal.save(step.room, reading.end())

    # --- handlers

    async def _dispatch(self, event: Any, turn: Turn) -> None:
        for handler in self._bot.handlers.gathering(event):
            self._gather(handler, event)
        for call in self._bot.handlers.calls(event):
            own = Turn(turn.room, turn.key, call.name)
            if isinstance(call, Wrong):
                await self._turn(own, event, event.reply, call.answer)
            else:
                await self._turn(own, event, call.function, event, *call.arguments)

    async def _turn(self, turn: Turn, event: Any, function: Any, *arguments: Any) -> None:
        """Run one handler for one event. Its exceptions are logged; only the end of the connection stops the
        session."""
        token = turns.current.set(turn)
        try:
            answer = await run(function, *arguments)
            if isinstance(answer, str) and answer:
                await event.reply(answer)
        except EndedError:
            raise
        except Exception as error:
            await self._failed(event, error)
        finally:
            turns.current.reset(token)

    async def _failed(self, event: Any, error: Exception) -> None:
        _log.error("bot: a handler failed at %r", event, exc_info=error)
        if self._bot.handlers.on_error is None:
            return
        try:
            await run(self._bot.handlers.on_error, event, error)
        except Exception:
            _log.exception("bot: on_error failed, too")

    def _gather(self, handler: Handler, event: Any) -> None:
        key = handler, event.params.room
        if key in self._gathered:
            self._gathered[key].append(event)
        else:
            self._gathered[key] = [event]
            self.spawn(self._hand_over(key))

    async def _hand_over(self, key: tuple[Handler, str]) -> None:
        """Call the handler with what was gathered: after its time, or at once when the bot stops."""
        handler, room = key
        try:
            async with asyncio.timeout(handler.gather):
                await self.stopping.wait()
        except TimeoutError:
            pass
        gathered = self._gathered.pop(key)
        await self._turn(Turn(room, "", handler.name), gathered[-1], handler.function, gathered)

    # --- sending

    async def call(self, method: str, **given: Any) -> Any:
        return await self._connection.call(method, wire.params(method, given))


async def _cancel(tasks: set[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
