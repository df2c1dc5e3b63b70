"""Finding messages by the index: its size, how long it takes to make, how long a search takes; and how late a new
message is found while 500 a second come. With ``--opensearch`` the same in the cluster at this address, beside the
files: in an index of its own, which is removed afterwards.

The messages are made up of words drawn by a Zipf distribution, three fifths in Chinese, the rest English or both, in
200 rooms of very different sizes. The engine is fed as its follower feeds it, a page of 256 messages of a room at once.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from bench import tables
from bench.fanout import Options
from bench.people import memory
from chatserver import ids
from chatserver.app import Server
from chatserver.rules.text.tokens import parse_query
from chatserver.settings import load
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine.address import Address
from chatserver.store.index.engine import Entry, MessageEngine, RoomPart, RoomState, Wanted
from chatserver.store.index.opensearch.cluster import Cluster
from chatserver.store.index.opensearch.engine import OpenSearchMessages
from chatserver.store.index.sqlite import SqliteMessages
from chatserver.store.messages.records import Record

ROOMS: Final = 200
PAGE: Final = 256
PARTS: Final = 32
"""Pages that are written together, as the follower does."""
FOUND: Final = 50
A_SECOND: Final = 500
INDEX: Final = "chatserver-bench"
NOW: Final = 1_767_280_000_000
SETTINGS: Final = {"server.port": 0, "host.enabled": False, "limits.searches_burst": 0}


class Language:
    """Words and how often they are said."""

    def __init__(self) -> None:
        self.seed = random.Random(7)
        characters = [chr(0x4E00 + number) for number in self.seed.sample(range(5_000), 2_500)]
        weights = list(itertools.accumulate(1 / (place + 3) for place in range(len(characters))))
        self.chinese = list(
            dict.fromkeys("".join(self.seed.choices(characters, cum_weights=weights, k=2)) for _ in range(60_000))
        )
        self.english = list(dict.fromkeys(self._syllables() for _ in range(20_000)))
        self._chinese, self._english = _zipf(self.chinese), _zipf(self.english)

    def _syllables(self) -> str:
        number = self.seed.choice([1, 2, 3])
        return "".join(self.seed.choice("ptkslmnrb") + self.seed.choice("aeiou") for _ in range(number))

    def text(self) -> str:
        """A message of 15 characters on average."""
        kind, words = self.seed.random(), self.seed.randint(3, 11)
        chinese = "".join(self.seed.choices(self.chinese, cum_weights=self._chinese, k=words))
        if kind < 0.6:
            return chinese
        english = " ".join(self.seed.choices(self.english, cum_weights=self._english, k=max(1, words // 2)))
        return english if kind < 0.82 else f"{chinese[:6]} {english}"


def _zipf(words: Sequence[str]) -> list[float]:
    return list(itertools.accumulate(1 / (place + 1) for place in range(len(words))))


def search(folder: Path, _servers: int, options: Options) -> None:
    """``--members`` messages; each kind of query ``--rounds`` times forty."""
    tables.title(f"{options.members:,} messages found by the index")
    sides: list[tuple[str, MessageEngine]] = [("files", SqliteMessages(folder / "alone"))]
    if options.opensearch:
        cluster = Cluster([options.opensearch], "", 2)
        sides.append(("OpenSearch", OpenSearchMessages(cluster, INDEX, lambda: "bench")))
    for side, engine in sides:
        _remove(engine)
        _alone(side, engine, options)
    for side, engine in sides:
        _beside_others(side, folder / side, options)
        _remove(engine)
        engine.close()


def _beside_others(side: str, folder: Path, options: Options) -> None:
    more = {"index.opensearch": [options.opensearch], "index.opensearch_index": INDEX} if side == "OpenSearch" else {}
    store = EmbeddedStore(folder / "store")
    store.start()
    try:
        asyncio.run(_freshness(side, folder, Address(path=store.address), options.seconds, more))
    finally:
        store.stop()


def _remove(engine: MessageEngine) -> None:
    if isinstance(engine, OpenSearchMessages):
        engine.remove()


def _alone(side: str, engine: MessageEngine, options: Options) -> None:
    language = Language()
    assert engine.acquire()
    _make(side, engine, language, options.members)
    for kind, wanted in _queries(language, options.rounds).items():
        took = [_timed(engine, one) for one in wanted]
        tables.row(0, side, {"query": f"{kind:<34}"} | figures(took))
    _remove(engine)


def _make(side: str, engine: MessageEngine, language: Language, count: int) -> None:
    making, before, written = 0.0, memory(), 0
    for parts in _pages(language, count):
        began = time.monotonic()
        engine.write(parts)
        making += time.monotonic() - began
        written += sum(len(part.entries) for part in parts)
    tables.row(
        0, side,
        {"made in": f"{making:.1f} s", "a second": f"{written / making:,.0f}", "memory": f"+{memory() - before:.0f} MB",
         "size": f"{engine.size() / 1e6:.0f} MB, {engine.size() / written:.0f} bytes a message"},
    )  # fmt: skip


def _pages(language: Language, count: int) -> Iterator[list[RoomPart]]:
    """Pages of all rooms in turns; the room of number n has 1/n of the messages of the first."""
    total = sum(1 / (number + 1) for number in range(ROOMS))
    left = [int(count / (number + 1) / total) for number in range(ROOMS)]
    reached, said, parts = [0] * ROOMS, 0, list[RoomPart]()
    while any(left):
        for room in range(ROOMS):
            size = min(PAGE, left[room])
            if not size:
                continue
            entries = []
            for _ in range(size):
                said, reached[room] = said + 1, reached[room] + 1
                entries.append(Entry(reached[room], NOW + said * 40, f"u{said % 997}", language.text()))
            left[room] -= size
            parts.append(RoomPart(f"room{room}", RoomState("e", reached[room], 0), entries))
            if len(parts) == PARTS:
                yield parts
                parts = []
        yield parts  # a room is once at most in what is written together
        parts = []


def _queries(language: Language, rounds: int) -> dict[str, list[Wanted]]:
    everywhere, fifty = [f"room{number}" for number in range(ROOMS)], [f"room{number}" for number in range(150, ROOMS)]
    number = 40 * rounds
    common, rare = language.chinese[:40] * rounds, language.chinese[20_000:20_040] * rounds
    characters = [word[0] for word in common]

    def wanted(words: Sequence[str], rooms: Sequence[str]) -> list[Wanted]:
        return [Wanted(parse_query(word), rooms) for word in words[:number]]

    return {
        "two common characters, all rooms": wanted(common, everywhere),
        "two common characters, 50 small rooms": wanted(common, fifty),
        "two common characters, the largest room": wanted(common, ["room0"]),
        "two common characters, a small room": wanted(common, ["room199"]),
        "two rare characters, all rooms": wanted(rare, everywhere),
        "two common words": wanted([f"{one} {other}" for one, other in itertools.pairwise(common)], everywhere),
        "one character, all rooms": wanted(characters, everywhere),
        "one character, a small room": wanted(characters, ["room199"]),
        "a common English word": wanted(language.english[:40] * rounds, everywhere),
    }


def _timed(engine: MessageEngine, wanted: Wanted) -> float:
    began = time.perf_counter()
    engine.find(wanted, FOUND, 10)
    return (time.perf_counter() - began) * 1000


async def _freshness(side: str, folder: Path, address: Address, seconds: float, more: dict[str, Any]) -> None:
    """How long after its send a message is found, while others are sent all the time."""
    async with Server(
        load(None, {}, {**SETTINGS, **more, "server.data": str(folder / "data")}), store_address=address
    ) as server:
        await server.store.redis.hset("{u:bench}", mapping={"handle": "bench", "name": "Bench"})
        author = "bench"
        while not server.stores.index.is_writer:
            await asyncio.sleep(0.01)
        await server.stores.rooms.join("hall", author, now=ids.now_ms())
        began_all, sent = time.monotonic(), [0]
        sending = asyncio.ensure_future(_send(server, Language(), author, sent))
        took, ends = list[float](), began_all + max(seconds, 10.0)
        while time.monotonic() < ends:
            word = f"needle{len(took)}x"
            await server.working.log.append("hall", Record(ids.new_id(), author, word, ids.new_id()), "digest")
            began = time.monotonic()
            while not (await server.stores.index.find(Wanted(parse_query(word), ["hall"]), 1)).hits:
                await asyncio.sleep(0.01)
            took.append((time.monotonic() - began) * 1000)
        sending.cancel()
        rate = sent[0] / (time.monotonic() - began_all)
        about = {"most": f"{max(took):.0f} ms", "times": len(took), "stored a second": f"{rate:.0f}"}
        tables.row(0, side, {"found while others come after": "", **figures(took), **about})


async def _send(server: Server, language: Language, author: str, sent: list[int]) -> None:
    next_at = time.monotonic()
    while True:
        records = [Record(ids.new_id(), author, language.text(), ids.new_id()) for _ in range(A_SECOND // 20)]
        await asyncio.gather(*(server.working.log.append("hall", record, "digest") for record in records))
        sent[0] += len(records)
        next_at += 1 / 20
        await asyncio.sleep(max(0.0, next_at - time.monotonic()))


def figures(took: Sequence[float]) -> dict[str, Any]:
    """p50 and p99 of times in ms."""
    return {"p50": f"{statistics.median(took):.2f} ms", "p99": f"{sorted(took)[int(len(took) * 0.99)]:.2f} ms"}
