"""The cost of a step between two people, and of listing and searching people, in a community of a hundred and in one of
ten thousand with ties."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path
from typing import Final

import msgspec

from bench.fanout import Options
from chatserver.app import Server
from chatserver.protocol.methods.base import Nothing
from chatserver.protocol.methods.friends import UserSearch
from chatserver.rules.friends.tie import Numbers
from chatserver.services.caller import Caller
from chatserver.settings import load
from chatserver.store.accounts.users import Pointer
from chatserver.store.community.secret import Secret
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.friends.inbox import InboxStore
from chatserver.store.friends.ties import TieStore
from chatserver.store.rooms.records import MemberRecord

SIZES = (100, 10_000)
NEIGHBOURS = 3
PAIRS = 400
NOW = 1_767_280_000_000
AT_ONCE = 64
SETTINGS: Final = {"server.port": 0, "host.enabled": False, "limits.searches_burst": 0}
SURNAMES: Final = "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚"
FIRST: Final = [
    "Ann", "Bo", "Cy", "Dee", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo",
    "Kit", "Lou", "Mae", "Ned", "Ora", "Pam", "Quin", "Ray", "Sue", "Tom",
]  # fmt: skip
LAST: Final = [
    "Ash", "Birch", "Cole", "Dale", "Elm", "Fox", "Gale", "Hill", "Ives", "Jay",
    "Knox", "Lane", "Moss", "Nash", "Oak", "Park", "Quill", "Reed", "Stone", "Vale",
]  # fmt: skip


def ties(folder: Path, _servers: int, options: Options) -> None:
    """p99 of each step in both communities, a store each, measured in turns, and how they compare."""
    stores = {size: EmbeddedStore(folder / str(size)) for size in SIZES}
    try:
        for store in stores.values():
            store.start()
        addresses = {size: Address(path=store.address) for size, store in stores.items()}
        results = asyncio.run(_compare(addresses, options.rounds))
        looks = asyncio.run(_look_around(folder, addresses, options.rounds))
        results = {size: results[size] | looks[size] for size in SIZES}
    finally:
        for store in stores.values():
            store.stop()
    print(f"\nties: p99 in ms of {PAIRS} pairs, the best of {options.rounds} rounds")
    for step in results[SIZES[0]]:
        small, large = (results[size][step] * 1000 for size in SIZES)
        print(
            f"  {step:12} {SIZES[0]} people {small:6.2f}   {SIZES[1]} people {large:6.2f}   ratio {large / small:.2f}"
        )


async def _compare(addresses: dict[int, Address], rounds: int) -> dict[int, dict[str, float]]:
    communities: dict[int, tuple[Store, TieStore]] = {}
    running: list[asyncio.Task[None]] = []
    for size, address in addresses.items():
        store = Store(address)
        running.append(asyncio.create_task(store.run()))
        await store.ready.wait()
        communities[size] = (
            store,
            TieStore(store, Intents(store), InboxStore(store), secret=Secret(b"bench"), numbers=Numbers()),
        )
        await _load(*communities[size], size)
    measured: dict[int, list[dict[str, float]]] = {size: [] for size in SIZES}
    for number in range(rounds):
        for size in SIZES:
            measured[size].append(await _measure(*communities[size], f"round{number}"))
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return {
        size: {step: min(times[step] for times in rounds_) for step in rounds_[0]} for size, rounds_ in measured.items()
    }


async def _load(store: Store, stored: TieStore, people: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    users = [f"u{number}" for number in range(people)]
    await _people(store, users)

    async def begin(one: str, other: str) -> None:
        async with gate:
            await stored.step("begin", one, other, now=NOW, origin={"how": "invitation", "at": NOW})

    pairs = ((number, (number + away) % people) for number in range(people) for away in range(1, NEIGHBOURS + 1))
    await asyncio.gather(*(begin(users[one], users[other]) for one, other in pairs))


async def _people(store: Store, users: list[str]) -> None:
    await asyncio.gather(
        *(store.command(keys.user(user), "HSET", keys.user(user), "handle", user, "name", user) for user in users)
    )


async def _measure(store: Store, stored: TieStore, name: str) -> dict[str, float]:
    """Take all steps for one pair after another; returns the p99 of each step in seconds."""
    times: dict[str, list[float]] = {"poke": [], "return": [], "answer": [], "open": [], "block": []}
    for number in range(PAIRS):
        one, other = f"{name}-a{number}", f"{name}-b{number}"
        await _people(store, [one, other])
        poke = {"id": f"{one}-{other}", "by": one, "room": "tea", "gesture": "hi", "at": NOW, "card": "c"}
        for step, kind, by, to, given in (
            ("poke", "poke", one, other, {"poke": poke, "card": "c"}),
            ("return", "return", other, one, {"poke": poke["id"], "card": "c"}),
            ("answer", "answer", other, one, {"card": "c", "text": "Soup"}),
            ("open", "answer", one, other, {"card": "c", "text": "Bread"}),
            ("block", "block", one, other, {"on": True}),
        ):
            began = time.perf_counter()
            await stored.step(kind, by, to, now=NOW, **given)
            times[step].append(time.perf_counter() - began)
    return {step: sorted(taken)[int(len(taken) * 0.99)] for step, taken in times.items()}


async def _look_around(folder: Path, addresses: dict[int, Address], rounds: int) -> dict[int, dict[str, float]]:
    """The same stores with a server on each; everybody is in the hall."""
    measured: dict[int, list[dict[str, float]]] = {size: [] for size in SIZES}
    async with contextlib.AsyncExitStack() as stack:
        servers: dict[int, Server] = {}
        for size, address in addresses.items():
            settings = load(None, {}, {"server.data": str(folder / f"data{size}"), **SETTINGS})
            servers[size] = await stack.enter_async_context(Server(settings, store_address=address))
            await _enter_hall(servers[size], size)
        for _ in range(rounds):
            for size in SIZES:
                measured[size].append(await _looks(servers[size], size))
    return {
        size: {look: min(times[look] for times in rounds_) for look in rounds_[0]} for size, rounds_ in measured.items()
    }


async def _enter_hall(server: Server, people: int) -> None:
    """What signing up would do, without passwords: profiles, membership of the hall, ties as the services make them."""
    store, services = server.store, server.services
    hall = await server.hub.feeds.hold("hall")
    for number in range(people):
        user, member = f"u{number}", msgspec.msgpack.encode(MemberRecord("member", NOW, 0, number + 2))
        profile = ("handle", user, "name", name_of(number), "created_at", NOW)
        pointer = msgspec.msgpack.encode(Pointer(number + 2, 1, 0, hall.epoch))
        await asyncio.gather(
            store.command(keys.user(user), "HSET", keys.user(user), *profile),
            store.command(keys.tag_of(keys.EVERYONE), "ZADD", keys.EVERYONE, NOW + number, user),
            store.command(keys.room("hall"), "HSET", keys.room("hall") + ":members", user, member),
            store.command(keys.user(user), "HSET", keys.user(user) + ":rooms", "hall", pointer),
            store.command(keys.user(user), "DEL", keys.user(user) + ":ties"),
        )
    hall.repairs.repair()
    await hall.repairs.settled()
    gate = asyncio.Semaphore(AT_ONCE)

    async def begin(one: int, other: int) -> None:
        async with gate:
            origin = {"how": "invitation", "at": NOW, "room": "hall"}
            await services.friends.stored.step("begin", f"u{one}", f"u{other}", now=NOW, origin=origin)

    pairs = ((number, (number + away) % people) for number in range(people) for away in range(1, NEIGHBOURS + 1))
    await asyncio.gather(*(begin(one, other) for one, other in pairs))
    await services.friends.search.find(Caller(user_id="u0"), UserSearch("everyone once"))


def name_of(number: int) -> str:
    """One of ten thousand names, in two scripts."""
    if number % 2:
        return SURNAMES[number % 20] + GIVEN[number // 20 % 20] + GIVEN[number // 400 % 25 % 20]
    return f"{FIRST[number % 20]} {LAST[number // 20 % 20]}{LAST[number // 400 % 20].lower()}"


async def _looks(server: Server, people: int) -> dict[str, float]:
    friends = server.services.friends
    times: dict[str, list[float]] = {"poke.list": [], "tie.list": [], "search one": [], "search many": []}
    for number in range(PAIRS):
        caller = Caller(user_id=f"u{number * 7 % people}")
        for look, asked in (
            ("poke.list", lambda caller=caller: friends.pokes.listed(caller, Nothing())),
            ("tie.list", lambda caller=caller: friends.ties.listed(caller, Nothing())),
            (
                "search one",
                lambda caller=caller, n=number: friends.search.find(caller, UserSearch(f"u{n * 3 % people}")),
            ),
            ("search many", lambda caller=caller, n=number: friends.search.find(caller, UserSearch(name_of(n % 80)))),
        ):
            began = time.perf_counter()
            await asked()
            times[look].append(time.perf_counter() - began)
    return {look: sorted(taken)[int(len(taken) * 0.99)] for look, taken in times.items()}
