"""A forum of any size, and how long it takes to read in it: nothing reads more than it shows.

It is filled by the server's own way of appending, hundreds of messages in each call, and not by a socket each.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import redis

from bench import tables
from bench.fanout import Options
from bench.recovery import Session
from bench.scale import step_row
from bench.sides import Side, own_store, server_on, sign_up
from chatserver.ids import new_id
from chatserver.live.tasks import Tasks
from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store
from chatserver.store.messages.log import MessageLog
from chatserver.store.messages.records import Record

EACH: Final = 200
"""Messages of a topic in the bench."""
_AT_ONCE: Final = 512
_MAIN_EVERY: Final = 5


async def fill(log: MessageLog, room: str, people: list[str], topics: int, messages: int) -> list[str]:
    """So many topics, and so many messages in them in turn, each fifth in the main line; gives the topics' ids. These
    people, who are members, write in turn."""
    ids = [new_id() for _ in range(topics)]
    numbers = [*range(-topics, messages)]
    for start in range(0, len(numbers), _AT_ONCE):
        await asyncio.gather(*(_append(log, room, people, ids, one) for one in numbers[start : start + _AT_ONCE]))
    return ids


def _append(log: MessageLog, room: str, people: list[str], ids: list[str], number: int) -> Awaitable[Any]:
    if number < 0:
        id, text = ids[number], f"What about {-number}?"
        return log.append(room, Record(id, people[0], text, id, topic=id), "", title=f"Topic {-number}")
    topic = "" if number % _MAIN_EVERY == 0 else ids[number % len(ids)]
    text = f"Line {number} of what we said"
    return log.append(room, Record(new_id(), people[number % len(people)], text, f"n{number}", topic=topic), "")


async def fill_store(address: Address, room: str, people: list[str], topics: int, messages: int) -> list[str]:
    """``fill`` from outside a server, which must have opened the store before."""
    async with Tasks() as tasks:
        store = Store(address)
        tasks.spawn(store.run())
        await store.ready.wait()
        return await fill(MessageLog(store, tasks.spawn, durability="primary"), room, people, topics, messages)


def forum(folder: Path, core: int, options: Options) -> None:
    """``--members`` topics of 200 messages each; each step ``--rounds`` times."""
    topics, messages = options.members, options.members * EACH
    tables.title(f"A forum of {topics:,} topics and {messages:,} messages")
    with own_store(folder / "community") as store, server_on(store, folder, core, []) as side:
        asyncio.run(_steps(side, Address(path=store.address), options.rounds, topics, messages))


async def _steps(side: Side, address: Address, rounds: int, topics: int, messages: int) -> None:
    tokens = await sign_up(side.port, 2)
    ann, ben = [await Session.begin(side.port, token) for token in tokens]
    room = (await ann.call("room.create", title="Forum"))["result"]["room"]
    await ben.call("room.join", room=room)
    began = time.monotonic()
    ids = await fill_store(address, room, [ann.id], topics, messages)
    tables.row(0, "server", {"filled in": f"{time.monotonic() - began:.1f} s"})
    reader = Reader(ben, room, ids, messages)
    with redis.Redis(unix_socket_path=address.path) as link:
        link.config_set("slowlog-log-slower-than", "0")
        await step_row(link, "session.start", lambda: _begins(side, tokens[1]), rounds)
        for name, step in reader.steps().items():
            await step_row(link, name, step, rounds)
    for session in (ann, ben):
        await session.leave()


async def _begins(side: Side, token: str) -> None:
    await (await Session.begin(side.port, token)).leave()


class Reader:
    """A member who reads: ``session`` is anything with the protocol's ``call``."""

    def __init__(self, session: Any, room: str, ids: list[str], messages: int) -> None:
        self._call = session.call
        self._room = room
        self._ids = ids
        self._messages = messages
        self._number = 0

    def steps(self) -> dict[str, Callable[[], Awaitable[Any]]]:
        middle = self._ids[len(self._ids) // 2]
        half, last = self._messages // 2, len(self._ids) + self._messages
        return {
            "topic.list": lambda: self._asks("topic.list"),
            "topic.list, a later page": lambda: self._asks("topic.list", after=str(last - 30)),
            "topic.list, mine": lambda: self._asks("topic.list", mine=True),
            "a page of a topic": lambda: self._asks("message.history", topic=middle, limit=10),
            "a page around": lambda: self._asks("message.history", topic=middle, around=half, limit=10),
            "a page of the main line": lambda: self._asks("message.history", topic=""),
            "one in its middle": lambda: self._asks("message.history", topic="", before=half),
            "a page of the room": lambda: self._asks("message.history"),
            "read.mark of a topic": self._marks,
            "message.send": lambda: self._says(middle),
        }

    async def _asks(self, method: str, **params: Any) -> Any:
        return await self._call(method, room=self._room, **params)

    async def _marks(self) -> Any:
        """Each time a little further, in one of twenty topics."""
        self._number += 1
        topic = self._ids[self._number % min(20, len(self._ids))]
        return await self._asks("read.mark", topic=topic, seq=len(self._ids) + 100 + self._number)

    async def _says(self, topic: str) -> Any:
        self._number += 1
        return await self._asks("message.send", topic=topic, text="hello", client_id=f"{self._number}")
