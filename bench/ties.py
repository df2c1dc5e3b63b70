"""What a step between two people costs in a house of a hundred and in one of ten thousand with ties."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from bench.fanout import Options
from chatserver.rules.ladder import Numbers
from chatserver.store import keys
from chatserver.store.address import Address
from chatserver.store.embedded import EmbeddedStore
from chatserver.store.inbox import Inbox
from chatserver.store.intents import Intents
from chatserver.store.store import Store
from chatserver.store.ties import Ties

SIZES = (100, 10_000)
NEIGHBOURS = 3
PAIRS = 400
NOW = 1_767_280_000_000
AT_ONCE = 64


def ties(folder: Path, _servers: int, options: Options) -> None:
    """p99 of each step in both houses, a store each, measured in turns, and how they compare."""
    stores = {size: EmbeddedStore(folder / str(size)) for size in SIZES}
    try:
        for store in stores.values():
            store.start()
        addresses = {size: Address(path=store.address) for size, store in stores.items()}
        results = asyncio.run(_compare(addresses, options.rounds))
    finally:
        for store in stores.values():
            store.stop()
    print(f"\nties: p99 in ms of {PAIRS} pairs, the best of {options.rounds} rounds")
    for step in results[SIZES[0]]:
        small, large = (results[size][step] * 1000 for size in SIZES)
        print(f"  {step:8} {SIZES[0]} people {small:6.2f}   {SIZES[1]} people {large:6.2f}   ratio {large / small:.2f}")


async def _compare(addresses: dict[int, Address], rounds: int) -> dict[int, dict[str, float]]:
    shelves: dict[int, tuple[Store, Ties]] = {}
    running: list[asyncio.Task[None]] = []
    for size, address in addresses.items():
        store = Store(address)
        running.append(asyncio.create_task(store.run()))
        await store.ready.wait()
        shelves[size] = store, Ties(store, Intents(store), Inbox(store), secret=b"bench", numbers=Numbers())
        await _load(*shelves[size], size)
    measured: dict[int, list[dict[str, float]]] = {size: [] for size in SIZES}
    for number in range(rounds):
        for size in SIZES:
            measured[size].append(await _measure(*shelves[size], f"round{number}"))
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    return {
        size: {step: min(times[step] for times in rounds_) for step in rounds_[0]} for size, rounds_ in measured.items()
    }


async def _load(store: Store, shelf: Ties, people: int) -> None:
    gate = asyncio.Semaphore(AT_ONCE)
    users = [f"u{number}" for number in range(people)]
    await _people(store, users)

    async def begin(one: str, other: str) -> None:
        async with gate:
            await shelf.step("begin", one, other, now=NOW, origin={"how": "invitation", "at": NOW})

    pairs = ((number, (number + away) % people) for number in range(people) for away in range(1, NEIGHBOURS + 1))
    await asyncio.gather(*(begin(users[one], users[other]) for one, other in pairs))


async def _people(store: Store, users: list[str]) -> None:
    await asyncio.gather(*(store.command("HSET", keys.user(user), "handle", user, "name", user) for user in users))


async def _measure(store: Store, shelf: Ties, name: str) -> dict[str, float]:
    """Strangers meet, one pair after another; gives the p99 of each step in seconds."""
    times: dict[str, list[float]] = {"poke": [], "return": [], "answer": [], "open": [], "block": []}
    for number in range(PAIRS):
        one, other = f"{name}-a{number}", f"{name}-b{number}"
        await _people(store, [one, other])
        poke = {"id": f"{one}-{other}", "by": one, "room": "tea", "gesture": "tea", "at": NOW, "card": "c"}
        for step, kind, by, to, given in (
            ("poke", "poke", one, other, {"poke": poke, "card": "c"}),
            ("return", "return", other, one, {"poke": poke["id"], "card": "c"}),
            ("answer", "answer", other, one, {"card": "c", "text": "Soup"}),
            ("open", "answer", one, other, {"card": "c", "text": "Bread"}),
            ("block", "block", one, other, {"on": True}),
        ):
            began = time.perf_counter()
            await shelf.step(kind, by, to, now=NOW, **given)
            times[step].append(time.perf_counter() - began)
    return {step: sorted(taken)[int(len(taken) * 0.99)] for step, taken in times.items()}
