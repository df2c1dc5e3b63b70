"""A crowd talks, edits and deletes while clients, servers, links and live records are lost at random. Afterwards every
reader holds what a fresh one finds, and the log holds what was acknowledged, once.

The seed is printed with every failure: ``CHAOS_SEED=… pytest tests/chaos/test_chaos.py`` makes the same choices.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis.asyncio

from chatserver.store.engine.address import Address
from tests.chaos.checker import Ledger, Truth, check_all
from tests.chaos.fleet import ServerProcess, fleet
from tests.chaos.proxy import Proxy
from tests.chaos.reader import Reader
from tests.people import post, sign_up


@dataclass(slots=True, frozen=True, kw_only=True)
class Plan:
    """``fault_seconds``: how long at most between two faults. ``rooms_each``: how many rooms each reader is in.
    ``pause``: how long at most each waits before the next message."""

    readers: int
    rooms: int
    rooms_each: int
    messages: int
    fault_seconds: float
    pause: float


SMALL = Plan(readers=12, rooms=2, rooms_each=2, messages=1_500, fault_seconds=0.4, pause=0.1)
WHOLE = Plan(readers=200, rooms=10, rooms_each=2, messages=100_000, fault_seconds=2.5, pause=0.2)


@dataclass(slots=True)
class World:
    """Two servers, each behind a proxy of its own, and who is connected to them."""

    servers: tuple[ServerProcess, ...]
    proxies: list[Proxy]
    store: redis.asyncio.Redis
    chance: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    readers: list[Reader] = field(default_factory=list)
    faults: dict[str, int] = field(default_factory=dict)

    def anywhere(self) -> str:
        up = [server for server in self.servers if server.up]
        return self.chance.choice(up or list(self.servers)).url


Fault = Callable[[World], Awaitable[None]]


async def cut_clients(world: World) -> None:
    for reader in world.chance.sample(world.readers, max(1, len(world.readers) // 6)):
        reader.cut()


async def kill_a_server(world: World) -> None:
    server = world.chance.choice(world.servers)
    await server.kill(signal.SIGKILL)
    await server.start()


async def lose_live_records(world: World) -> None:
    world.chance.choice(world.proxies).lose(world.chance.randint(1, 20))


async def cut_a_proxy(world: World) -> None:
    world.chance.choice(world.proxies).cut()


async def kill_a_link(world: World) -> None:
    """As an operator, or the store itself for a subscriber that does not read, would."""
    links = [client["id"] for client in await world.store.client_list() if client["name"] == "chatserver-link"]
    if links:
        await world.store.client_kill_filter(_id=world.chance.choice(links))


async def hold_answers(world: World) -> None:
    """Longer than the probe waits: the link is given up with commands in flight."""
    async with world.chance.choice(world.proxies).held():
        await asyncio.sleep(world.chance.uniform(0.1, 1.5))


FAULTS: tuple[Fault, ...] = (
    cut_clients, cut_clients, lose_live_records, lose_live_records, kill_a_link, cut_a_proxy, hold_answers,
    kill_a_server,
)  # fmt: skip


async def make_faults(world: World, plan: Plan) -> None:
    """One of each in a random order, and again, until cancelled."""
    while True:
        for fault in world.chance.sample(FAULTS, len(FAULTS)):
            await asyncio.sleep(world.chance.uniform(0.2, 1) * plan.fault_seconds)
            await fault(world)
            world.faults[fault.__name__] = world.faults.get(fault.__name__, 0) + 1


@contextlib.asynccontextmanager
async def a_world(address: Address, folder: Path, chance: random.Random) -> AsyncIterator[World]:
    async with contextlib.AsyncExitStack() as stack:
        proxies = [
            await stack.enter_async_context(Proxy(folder / f"proxy{number}", address.path).running())
            for number in range(2)
        ]
        store = redis.asyncio.Redis(unix_socket_path=address.path)
        stack.push_async_callback(store.aclose)
        # The second forgets soon, so that who comes back to it is served from the log.
        tails = ({}, {"CHATSERVER_LIMITS__TAIL_RECORDS": "8"})
        servers = tuple(
            ServerProcess(folder, "--store", proxy.url, **tail) for proxy, tail in zip(proxies, tails, strict=True)
        )
        await stack.enter_async_context(fleet(*servers))
        yield World(servers, proxies, store, chance)


async def move_in(world: World, plan: Plan) -> None:
    """Everyone signs up and joins some rooms."""
    url = world.servers[0].url
    owner = await sign_up(url, "roommaker")
    rooms = [
        (await post(url, "room.create", owner.token, title=f"Room {number}"))["room"] for number in range(plan.rooms)
    ]
    for number in range(plan.readers):
        person = await sign_up(url, f"reader{number}")
        mine = [rooms[(number + offset) % plan.rooms] for offset in range(plan.rooms_each)]
        for room in mine:
            await post(url, "room.join", person.token, room=room)
        world.readers.append(Reader(f"r{number}", person.token, mine, world.ledger, world.anywhere))


async def read_everything(url: str, token: str, room: str) -> Truth:
    truth, more = Truth(room), True
    while more:
        page = await post(url, "message.history", token, room=room, after=len(truth.messages), limit=100)
        truth.page(page)
        more = page["more"]
    return truth


async def talk_through_faults(world: World, plan: Plan) -> None:
    """Returns when all messages are acknowledged; whoever sees a promise broken ends it."""
    faults = asyncio.create_task(make_faults(world, plan))
    try:
        async with asyncio.TaskGroup() as talking:
            share = plan.messages // len(world.readers)
            for reader in world.readers:
                talking.create_task(reader.talk(share, plan.pause, random.Random(world.chance.random())))
    finally:
        faults.cancel()
        await asyncio.gather(faults, return_exceptions=True)
        for server in world.servers:
            if not server.up:
                await server.kill()
                await server.start()


async def run(world: World, plan: Plan) -> dict[str, Truth]:
    await move_in(world, plan)
    lives = [asyncio.create_task(life) for reader in world.readers for life in (reader.live(), reader.keep_filled())]
    try:
        await talk_through_faults(world, plan)
        rooms = sorted({room for reader in world.readers for room in reader.copies})
        truths = {room: await read_everything(world.servers[0].url, world.readers[0].token, room) for room in rooms}
        async with asyncio.timeout(30):
            for reader in world.readers:
                for room in reader.copies:
                    await reader.level(room, truths[room].place)
        return truths
    finally:
        for reader in world.readers:
            reader.stop()
        await asyncio.gather(*lives, return_exceptions=True)
        broken = [str(reader.failed) for reader in world.readers if reader.failed is not None]
        assert not broken, "\n".join(broken[:5])


async def chaos(address: Address, folder: Path, plan: Plan) -> None:
    seed = os.environ.get("CHAOS_SEED") or str(random.randrange(1 << 32))
    async with a_world(address, folder, random.Random(seed)) as world:
        try:
            truths = await run(world, plan)
            copies = [(reader.handle, copy) for reader in world.readers for copy in reader.copies.values()]
            check_all(world.ledger, truths, copies)
        finally:
            resets = sum(copy.resets for reader in world.readers for copy in reader.copies.values())
            lost = sum(proxy.lost for proxy in world.proxies)
            print(f"CHAOS_SEED={seed} faults {world.faults}, {lost} records lost, {resets} resets,")
            print(f"{len(world.ledger.acknowledged)} acknowledged, {world.ledger.duplicates} of them repeats")
        assert len(world.ledger.acknowledged) == plan.messages // plan.readers * plan.readers
        assert not [line for server in world.servers for line in server.errors.splitlines() if "Traceback" in line]


async def test_a_small_crowd_in_chaos(address: Address, tmp_path: Path) -> None:
    await chaos(address, tmp_path, SMALL)


@pytest.mark.soak
async def test_two_hundred_and_a_hundred_thousand_messages_in_chaos(address: Address, tmp_path: Path) -> None:
    await chaos(address, tmp_path, WHOLE)
