"""Two real stores behind one address: the primary moves in order and by force, under load."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chatserver.app import Server
from chatserver.store.engine import node
from chatserver.store.engine.address import Address
from tests.chaos.stores import Forwarder, StoreProcess
from tests.conftest import settings_for_tests
from tests.doors.visiting import ask
from tests.people import Person, Refused, gathering
from tests.store.engine.test_store import until

_numbers = itertools.count(1)


@dataclass(slots=True)
class Pair:
    """Two stores, the first one leading, and a server on the address that points at it."""

    one: StoreProcess
    two: StoreProcess
    forwarder: Forwarder
    server: Server


@dataclass(slots=True)
class Load:
    """What people said and was acknowledged, and how /readyz was meanwhile."""

    acknowledged: list[str] = field(default_factory=list)
    readiness: list[str] = field(default_factory=list)
    stopping: bool = False


@pytest.fixture
async def pair(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Pair]:
    monkeypatch.setattr(node, "PROBE_SECONDS", 0.1)
    program = request.config.getoption("--store")
    async with (
        StoreProcess.running(tmp_path / "one", program) as one, StoreProcess.running(tmp_path / "two", program) as two,
        Forwarder(one).running() as forwarder,
    ):  # fmt: skip
        await two.follow(one)
        settings = settings_for_tests(tmp_path)
        async with Server(settings, store_address=Address(host="127.0.0.1", port=forwarder.port)) as server:
            yield Pair(one, two, forwarder, server)


async def talk(person: Person, room: str, load: Load) -> None:
    """Say one thing after another, each until it is acknowledged."""
    while not load.stopping:
        text = f"message {next(_numbers)}"
        while True:
            with contextlib.suppress(Refused):
                await person.call("message.send", room=room, text=text, client_id=text)
                break
            await asyncio.sleep(0.02)
        load.acknowledged.append(text)


async def watch(server: Server, load: Load) -> None:
    while not load.stopping:
        if (why := server._not_ready()) != (load.readiness or [""])[-1]:
            load.readiness.append(why)
        await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def talking(server: Server, room: str, *people: Person) -> AsyncIterator[Load]:
    load = Load()
    tasks = [asyncio.create_task(talk(person, room, load)) for person in people]
    tasks.append(asyncio.create_task(watch(server, load)))
    try:
        yield load
    finally:
        load.stopping = True
        await asyncio.gather(*tasks)


async def said_in(person: Person, room: str) -> list[str]:
    texts: list[str] = []
    after = 0
    while True:
        page = await person.call("message.history", room=room, after=after, limit=100)
        texts += [message["text"] for message in page["messages"]]
        if not page["more"]:
            return texts
        after = page["messages"][-1]["seq"]


def heard_by(person: Person, room: str) -> list[str]:
    return [message["text"] for message in person.heard("message.posted", room=room)]


async def more_said(load: Load, number: int) -> None:
    enough = len(load.acknowledged) + number
    await until(lambda: len(load.acknowledged) >= enough, 20)


@pytest.mark.parametrize("times", [1, pytest.param(20, marks=pytest.mark.soak)])
async def test_a_primary_that_hands_over_costs_one_link_and_no_message(pair: Pair, times: int) -> None:
    server, leading, other = pair.server, pair.one, pair.two
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        async with talking(server, "hall", ann, bob) as load:
            for links in range(2, 2 + times):
                await more_said(load, 50)
                await leading.hand_over(other)
                leading, other = other, leading
                pair.forwarder.target = leading
                await until(lambda wanted=links: server.store.links == wanted and server.store.up)
            await more_said(load, 50)
        await cat.say("hall", "the end")
        await cat.hears("message.posted", text="the end")
        texts = await said_in(cat, "hall")
        assert len(texts) == len(set(texts))
        assert not set(load.acknowledged) - set(texts)
        assert heard_by(cat, "hall") == texts
        assert not any(person.heard("room.reset") for person in (ann, bob, cat))
        assert server.store.links == 1 + times
        assert server.store.losses == {"no primary": times}
        assert load.readiness == ["the store cannot be reached", ""] * times
        assert (await ask(server.url, "/readyz")).status == 200


async def test_a_primary_taken_by_force_costs_what_had_not_reached_the_other_and_its_readers_start_over(
    pair: Pair, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chatserver")
    server = pair.server
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await ann.call("room.create", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        async with talking(server, room, ann) as before:
            await more_said(before, 20)
        await cat.say("hall", "untouched")
        await pair.two.catch_up_with(pair.one)
        await pair.two.lead()
        async with talking(server, room, ann) as lost:  # what only the old primary has
            await more_said(lost, 5)
        await bob.hears("message.posted", text=lost.acknowledged[-1])
        pair.forwarder.target = pair.two
        await pair.one.follow(pair.two)
        await until(lambda: server.store.links == 2 and server.store.up)
        for person in (ann, bob):
            await person.hears("room.reset", room=room)
        await bob.say(room, "after")
        await ann.hears("message.posted", text="after")
        assert await said_in(ann, room) == [*before.acknowledged, "after"]
        assert not cat.heard("room.reset") and not ann.heard("room.reset", room="hall")
        await pair.two.hand_over(pair.one)  # and back
        pair.forwarder.target = pair.one
        await until(lambda: server.store.links == 3 and server.store.up)
        assert await said_in(ann, room) == [*before.acknowledged, "after"]
    said = [record.getMessage() for record in caplog.records]
    assert "room: the log is a different one; its followers are reset" in said
    assert said.count("store: link lost") == 2
