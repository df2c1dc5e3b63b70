"""Finding open rooms by the index: how long it takes to make it, how large it is, how long the first list takes after a
start, and how long later lists and searches take.

The rooms are written straight into the store, with Chinese and English titles, a description and a tag each; some are
lively.
"""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path
from typing import Any, Final

import msgspec
import redis

from bench import population, tables
from bench.fanout import Options
from bench.people import AT_ONCE, SETTINGS, figures, memory
from chatserver.app import Server
from chatserver.ids import now_ms
from chatserver.protocol.methods.rooms import RoomDiscover
from chatserver.services.caller import Caller
from chatserver.settings import load
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine.address import Address

ABOUT: Final = ["读书", "围棋", "摄影", "登山", "Sourdough", "Bicycle", "Old map", "Ukulele", "重庆火锅", "綠色生活"]
WHERE: Final = ["北京", "上海", "杭州", "成都", "Berlin", "London", "台北", "西安", "Riverside", "Old town"]
KIND: Final = ["会", "小组", "俱乐部", "club", "friends", "circle", "爱好者", "nights"]
TAGS: Final = ["books", "games", "outdoors", "food", "music", "养花"]
QUERIES: Final = {
    "the first page": [{}],
    "a page in the middle": [{"after": "0.0.0.1700000025000.room-25000"}],
    "pinyin": [{"query": query} for query in ("dushuhui", "weiqixiaozu", "sheyingjulebu", "lvseshenghuo")],
    "initials": [{"query": query} for query in ("dsh", "wqxz", "bjds", "cqhg")],
    "two characters": [{"query": query} for query in ("读书", "綠色", "火锅", "上海")],
    "an English word": [{"query": query} for query in ("sourdough", "bicycle berlin", "ukulele", "circle")],
    "one letter": [{"query": query} for query in ("d", "b", "s", "w")],
    "a number": [{"query": query} for query in ("40404", "12345", "777", "30000")],
    "a tag of many": [{"tag": tag} for tag in TAGS],
    "nothing": [{"query": query} for query in ("nothingatall", "不存在", "qqq", "xyzzy")],
}  # fmt: skip


def discover(folder: Path, _servers: int, options: Options) -> None:
    """``--members`` open rooms; each kind of query ``--rounds`` times sixteen."""
    tables.title(f"{options.members:,} open rooms found by the index")
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
        population.rooms(link, options.members)
        _describe(link, options.members)
    began, busy = time.monotonic(), time.process_time()
    async with Server(settings, store_address=address) as server:
        before = memory()
        took, answer = await _ask(server, {})
        tables.row(0, "first list", {"without an index": f"{took:.0f} ms", "made": f"{answer.indexing}"})
        while not isinstance(answer.indexing, msgspec.UnsetType):
            await asyncio.sleep(0.05)
            _, answer = await _ask(server, {})
        made = {
            "made in": f"{time.monotonic() - began:.1f} s", "processor": f"{time.process_time() - busy:.1f} s",
            "size": f"{server.stores.index.rooms.engine.size() / 1e6:.1f} MB", "memory": f"+{memory() - before:.0f} MB",
        }  # fmt: skip
        tables.row(0, "index", made)
    async with Server(settings, store_address=address) as server:
        before = memory()
        took, _ = await _ask(server, {})
        again, _ = await _ask(server, {"query": "nothingatall"})
        first = {"list": f"{took:.0f} ms", "search": f"{again:.0f} ms", "memory": f"+{memory() - before:.0f} MB"}
        tables.row(0, "first after a start", first)
        await _search(server, options)
        tables.row(0, "server", {"memory after all": f"{memory():.0f} MB"})


async def _ask(server: Server, asked: dict[str, str]) -> tuple[float, Any]:
    began = time.perf_counter()
    answer = await server.services.discovery.discover(Caller(address="192.0.2.1"), RoomDiscover(**asked))
    return (time.perf_counter() - began) * 1000, answer


def _describe(link: redis.Redis, count: int) -> None:
    """Give the rooms of the population titles, descriptions and tags; in every hundredth something was said today."""
    seed, pipe, now = random.Random(7), link.pipeline(transaction=False), now_ms()
    for number in range(1, count + 1):
        words = {"title": f"{seed.choice(WHERE)}{seed.choice(ABOUT)}{seed.choice(KIND)} {number}"}
        words["about"] = f"For everyone who likes {seed.choice(ABOUT)} in {seed.choice(WHERE)}"
        pipe.hset(f"{{r:room-{number}}}", mapping={**words, "tags": msgspec.msgpack.encode([seed.choice(TAGS)])})
        if number % 100 == 0:
            pipe.hset(f"{{r:room-{number}}}:here", "elsewhere", f"{now + 600_000} {number // 100} ")
        if number % AT_ONCE == 0:
            pipe.execute()
    pipe.execute()


async def _search(server: Server, options: Options) -> None:
    for kind, queries in QUERIES.items():
        took: list[float] = []
        busy = time.process_time()
        for turn in range(16 * options.rounds):
            server.services.discovery._glances.clear()  # as if the last list were some seconds ago
            took.append((await _ask(server, queries[turn % len(queries)]))[0])
        used = (time.process_time() - busy) * 1000 / len(took)
        tables.row(0, "room.discover", {"query": f"{kind:<20}"} | figures(took) | {"processor": f"{used:.1f} ms"})
