"""Wherever a process stops between a room's part and a user's, both sides agree afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store
from chatserver.store.rooms.rooms import NewRoom
from tests.store.rooms.rooms_world import Server


@pytest.fixture
async def server(store: Store) -> Server:
    made = Server(store)
    await made.build_friends()
    return made


class Stopped(Exception):
    """The process ended here."""


class StoppingStore(Store):
    """Ends before its ``steps``-th question to the store."""

    steps = 1_000

    def _step(self) -> None:
        self.steps -= 1
        if self.steps < 0:
            raise Stopped

    async def call(self, name: str, tag: str, *args: str | bytes | int) -> list:
        self._step()
        return await super().call(name, tag, *args)

    async def command(self, tag: str, *words: str | bytes | int) -> object:
        self._step()
        return await super().command(tag, *words)


class SlowStore(Store):
    """Takes its time before it points."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def call(self, name: str, tag: str, *args: str | bytes | int) -> list:
        if name == "user_point":
            self.asked.set()
            await self.go.wait()
        return await super().call(name, tag, *args)


@contextlib.asynccontextmanager
async def linked(store: Store) -> AsyncIterator[Server]:
    task = asyncio.create_task(store.run())
    async with asyncio.timeout(10):
        await store.ready.wait()
    yield Server(store)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def doomed(address: Address, server: Server) -> AsyncIterator[Server]:
    async with linked(StoppingStore(address)) as other:
        yield other


Step = Callable[[Server, str], Awaitable[object]]


STEPS: dict[str, Step] = {
    "create": lambda server, room: server.stored.create("den", NewRoom(kind="open", title="Den"), owner="tom", now=1),
    "join": lambda server, room: server.join(room, "lin"),
    "let_a_bot_in": lambda server, room: server.join(room, "tea-bot", bot=True, by="mei"),
    "leave": lambda server, room: server.leave(room, "tom"),
    "last_owner_leaves": lambda server, room: server.leave(room, "mei"),
    "remove": lambda server, room: server.remove(room, "tom"),
    "ban": lambda server, room: server.remove(room, "tom", ban_until=0),
    "archive": lambda server, room: server.stored.archive(room, actor="mei", admin=False, archived=True, now=1),
    "update": lambda server, room: server.stored.update(room, actor="mei", admin=False, now=1, title="New"),
}


async def _stop_at_each(doomed: Server, server: Server, step: Step, then: Step | None) -> None:
    """Stop before the first question, the second … until the step is done; somebody else finishes each time."""
    for steps in itertools.count():
        await server.store.redis.flushall()
        await server.build_friends()
        await server.create("books", "tom", "ada")
        doomed.store.steps = steps
        finished = False
        try:
            await step(doomed, "books")
            finished = True
        except Stopped:
            pass
        if then is not None:
            await then(server, "books")
        await server.intents.take_over(older_than_ms=-1000)
        assert await server.agrees("books") and await server.agrees("den"), f"stopped before question {steps + 1}"
        await _catalogue_agrees(server)
        assert await server.intents.take_over(older_than_ms=-1000) == 0
        if finished:
            return
    raise AssertionError


async def _catalogue_agrees(server: Server) -> None:
    entries = await server.listed()
    for room in ("books", "den"):
        meta = await server.meta(room)
        titles = [entry.title for name, entry in entries.items() if name == room and not entry.archived]
        assert titles == ([meta["title"].decode()] if meta and meta.get("archived") != b"1" else [])


@pytest.mark.parametrize("step", STEPS)
async def test_wherever_a_process_stops_both_sides_agree_afterwards(doomed: Server, server: Server, step: str) -> None:
    await _stop_at_each(doomed, server, STEPS[step], None)


@pytest.mark.parametrize(
    ("step", "then"),
    [
        ("join", lambda server, room: server.remove(room, "lin", ban_until=0)),
        ("leave", lambda server, room: server.join(room, "tom")),
        ("remove", lambda server, room: server.join(room, "tom")),
        ("update", lambda server, room: server.stored.update(room, actor="mei", admin=False, now=2, title="Newer")),
    ],
)
async def test_what_others_did_meanwhile_is_not_undone_by_a_late_repeat(
    doomed: Server, server: Server, step: str, then: Step
) -> None:
    await _stop_at_each(doomed, server, STEPS[step], then)


async def test_a_late_repeat_does_not_bring_back_who_left(doomed: Server, server: Server) -> None:
    await server.create("books")
    doomed.store.steps = 3
    with pytest.raises(Stopped):
        await doomed.join("books", "tom")
    assert "tom" in await server.roles("books")
    await server.leave("books", "tom")
    await server.intents.take_over(older_than_ms=-1000)
    assert "tom" not in await server.roles("books") and await server.agrees("books")


async def test_a_slow_pointer_does_not_overtake_what_happened_since(address: Address, server: Server) -> None:
    await server.create("books")
    slow = SlowStore(address)
    async with linked(slow) as other:
        joining = asyncio.create_task(other.join("books", "tom"))
        await slow.asked.wait()
        await server.remove("books", "tom", ban_until=0)
        slow.go.set()
        await joining
    assert await server.roles("books") == {"mei": "owner"} and await server.agrees("books")
