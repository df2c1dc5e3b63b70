"""Thousands of followers without sockets: real connections and users of a real server, whose transports only keep what
is written to them. What a step costs is counted in writes, tasks, calls of the store and turns of the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

from websockets.server import ServerProtocol

from chatserver.app import Server
from chatserver.live.connection import Connection
from chatserver.live.feed import Feed
from chatserver.live.user import LiveUser
from chatserver.live.wire import WIRES
from chatserver.store.accounts.users import Pointer


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []

    def write(self, data: Any) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        """There is no socket."""

    close = pause_reading = resume_reading = abort


class Follower(Connection):
    """A connection whose ``written`` are the frames it was sent."""

    @property
    def written(self) -> list[bytes]:
        assert isinstance(self.transport, Transport)
        return self.transport.written


def user_id(number: int) -> str:
    return f"{number:024x}"


def follower(server: Server, feed: Feed, user: str, *, wire: str = "chat.v1.json") -> Follower:
    """One more who follows the room, live and up to date; a visitor with ``user`` ""."""
    made = Follower(server.hub, ServerProtocol(), WIRES[wire, False], 0.0)
    made.take_over(Transport())
    made.user_id, made.started = user, True
    server.hub.opened(made)
    if user:
        live = server.hub.users.setdefault(user, LiveUser(user))
        live.connections[made] = None
        live.pointers[feed.room] = Pointer(1, 1, feed.place.seq, feed.epoch)
    server.hub.follow(feed, made, feed.delivered)
    return made


def crowd(server: Server, feed: Feed, number: int) -> list[Follower]:
    """So many followers, every other one packed."""
    wires = ("chat.v1.json", "chat.v1.msgpack")
    return [follower(server, feed, user_id(one), wire=wires[one % 2]) for one in range(number)]


class Counts:
    """What happened since: ``calls`` of the store, ``tasks`` begun, ``turns`` of the loop in which somebody was written
    to, and the ``most`` writes in one turn."""

    def __init__(self) -> None:
        self.calls = self.tasks = self.turns = self.most = 0


@contextlib.contextmanager
def counted(server: Server, followers: list[Follower]) -> Iterator[Counts]:
    counts, loop, store, tasks = Counts(), asyncio.get_running_loop(), server.store, server.tasks
    call, command, start, going = store.call, store.command, tasks.start, True
    before = sum(len(one.written) for one in followers)

    async def count_call(*words: Any) -> Any:
        counts.calls += 1
        return await call(*words)

    async def count_command(*words: Any) -> Any:
        counts.calls += 1
        return await command(*words)

    def count_task(coroutine: Any) -> Any:
        counts.tasks += 1
        return start(coroutine)

    def turn() -> None:
        nonlocal before
        now = sum(len(one.written) for one in followers)
        counts.turns += now > before
        counts.most, before = max(counts.most, now - before), now
        if going:
            loop.call_soon(turn)

    store.call, store.command, tasks.start = count_call, count_command, count_task  # type: ignore[method-assign]
    loop.call_soon(turn)
    try:
        yield counts
    finally:
        going = False
        store.call, store.command, tasks.start = call, command, start  # type: ignore[method-assign]
