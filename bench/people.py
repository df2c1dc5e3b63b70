"""Finding people by the index: how long it takes to make it, how large it is, and how long a search takes, by pinyin,
by initials, by Chinese characters and by a common part of names.

The people are written straight into the store, all in the hall, with Chinese and English names and an interest each.
"""

from __future__ import annotations

import asyncio
import random
import resource
import statistics
import time
from pathlib import Path
from typing import Any, Final

import redis

from bench import population, tables
from bench.fanout import Options
from bench.ties import FIRST, GIVEN, LAST, SURNAMES
from chatserver.app import Server
from chatserver.protocol.methods.friends import UserSearch
from chatserver.protocol.methods.rooms import RoomMembers
from chatserver.services.caller import Caller
from chatserver.settings import load
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine.address import Address
from chatserver.store.index.engine import PeopleWanted

AT_ONCE: Final = 2_000
SETTINGS: Final = {"server.port": 0, "host.enabled": False, "limits.searches_burst": 0}
INTERESTS: Final = ["bicycles", "sourdough", "養花", "围棋", "oolong tea", "mountains", "old maps", "吉他"]
QUERIES: Final = {
    "pinyin": ["wangweifang", "limingna", "zhangjunyang", "zhaochaoxia"],
    "initials": ["wwf", "lmn", "zjy", "zcx"],
    "two characters": ["王伟", "李明", "张军", "赵超"],
    "an interest of many": ["bicycles", "围棋", "oolong", "吉他"],
    "one letter": ["w", "a", "m", "z"],
    "nobody": ["nobodyatall", "不存在的人", "qqq", "xyzzy"],
}


def people(folder: Path, _servers: int, options: Options) -> None:
    """``--members`` people; each kind of query ``--rounds`` times four times four."""
    tables.title(f"{options.members:,} people found by the index")
    store = EmbeddedStore(folder / "store")
    store.start()
    try:
        asyncio.run(_measure(folder, Address(path=store.address), options))
    finally:
        store.stop()


async def _measure(folder: Path, address: Address, options: Options) -> None:
    settings = load("", {}, {**SETTINGS, "server.data": str(folder)})
    async with Server(settings, store_address=address):
        pass
    with redis.Redis(unix_socket_path=address.path) as link:
        population.accounts(link, options.members)
        population.members(link, options.members)
        _name(link, options.members)
    began, busy = time.monotonic(), time.process_time()
    async with Server(settings, store_address=address) as server:
        engine = server.stores.index.people.engine
        before = memory()
        while await _progress(server) < 1:
            await asyncio.sleep(0.05)
        figures = {
            "made in": f"{time.monotonic() - began:.1f} s", "processor": f"{time.process_time() - busy:.1f} s",
            "size": f"{engine.size() / 1e6:.1f} MB", "memory": f"+{memory() - before:.0f} MB",
        }  # fmt: skip
        tables.row(0, "index", figures)
        await _search(server, options)
        tables.row(0, "server", {"memory after all": f"{memory():.0f} MB"})


async def _progress(server: Server) -> float:
    return (await server.stores.index.find_people([(PeopleWanted(["nobody"]), 1)])).progress


def _name(link: redis.Redis, count: int) -> None:
    """Give the people of the population names and interests."""
    seed, pipe = random.Random(7), link.pipeline(transaction=False)
    for number in range(1, count + 1):
        chinese = seed.random() < 0.6
        name = seed.choice(SURNAMES) + "".join(seed.sample(GIVEN, seed.choice([1, 2, 2]))) if chinese else ""
        name = name or f"{seed.choice(FIRST)} {seed.choice(LAST)}"
        pipe.hset(f"{{u:{number:024x}}}", mapping={"name": name, "headline": f"Likes {seed.choice(INTERESTS)}"})
        if number % AT_ONCE == 0:
            pipe.execute()
    pipe.execute()


async def _search(server: Server, options: Options) -> None:
    caller = Caller(user_id=f"{1:024x}")
    services = server.services
    for kind, queries in QUERIES.items():
        for name, ask in (
            ("user.search", lambda query: services.friends.search.find(caller, UserSearch(query))),
            ("room.members", lambda query: services.rooms.members(caller, RoomMembers("hall", query=query))),
        ):
            took: list[float] = []
            for query in queries * 4 * options.rounds:
                began = time.perf_counter()
                await ask(query)
                took.append((time.perf_counter() - began) * 1000)
            tables.row(0, name, {"query": f"{kind:<20}"} | figures(took))


def figures(took: list[float]) -> dict[str, Any]:
    return {"p50": f"{statistics.median(took):.1f} ms", "p99": f"{sorted(took)[int(len(took) * 0.99)]:.1f} ms"}


def memory() -> float:
    """This process's resident memory now, in MB."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * resource.getpagesize() / 1e6
