"""Steps between two people in the store: wherever a process stops, and however many ask at once, all tags agree."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator

import pytest

from chatserver.errors import Refusal
from chatserver.rules import ladder
from chatserver.rules.ladder import Numbers
from chatserver.store import keys
from chatserver.store.address import Address
from chatserver.store.inbox import Inbox
from chatserver.store.intents import Intents
from chatserver.store.store import Store
from chatserver.store.ties import Ties
from tests.conftest import running

ANN, BOB = "ann", "bob"
NOW = 1_700_000_000_000


class Pair:
    """The shelf over a store, with a few people in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.intents = Intents(store)
        self.inbox = Inbox(store)
        self.ties = Ties(store, self.intents, self.inbox, secret=b"secret", numbers=Numbers())

    async def furnish(self, *users: str) -> None:
        for user in users or (ANN, BOB):
            await self.store.command("HSET", keys.user(user), "handle", user, "name", user, "bot", 0)

    async def poke(self, by: str, other: str, id: str = "", now: int = NOW) -> None:
        poke = {"id": id or f"{by}-{other}", "by": by, "room": "tea", "gesture": "tea", "at": now, "card": "table-1"}
        await self.ties.step("poke", by, other, now=now, poke=poke, card="table-1")

    async def kinds(self, user: str) -> list[str]:
        return sorted(item.kind for item in await self.inbox.page(user, before=0, limit=100))


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

    async def command(self, *words: str | bytes | int) -> object:
        self._step()
        return await super().command(*words)


@pytest.fixture
async def pair(store: Store) -> Pair:
    made = Pair(store)
    await made.furnish()
    return made


@pytest.fixture
async def doomed(address: Address) -> AsyncIterator[Pair]:
    async with running(StoppingStore(address)) as other:
        yield Pair(other)


async def before(pair: Pair, kind: str) -> None:
    """As far as the step needs it."""
    if kind != "poke":
        await pair.poke(BOB if kind == "cross" else ANN, ANN if kind == "cross" else BOB, "p1")
    if kind in {"answer", "block"}:
        await pair.ties.step("return", BOB, ANN, now=NOW, poke="p1", card="table-1")
        await pair.ties.step("answer", BOB, ANN, now=NOW, card="table-1", text="Soup")


async def take(pair: Pair, kind: str) -> None:
    if kind in {"poke", "cross"}:
        await pair.poke(ANN, BOB, "p2")
    elif kind == "return":
        await pair.ties.step("return", BOB, ANN, now=NOW, poke="p1", card="table-1")
    elif kind == "withdraw":
        await pair.ties.step("withdraw", ANN, BOB, now=NOW, poke="p1", until=NOW + 1000)
    elif kind == "answer":
        await pair.ties.step("answer", ANN, BOB, now=NOW, card="table-1", text="Bread")
    else:
        await pair.ties.step("block", ANN, BOB, now=NOW, on=True)


async def standing(pair: Pair) -> dict[str, object]:
    """Everything the two tags and the pair's hold that a step may change, without what is drawn by chance."""
    read = await pair.ties.read(ANN, BOB)
    held: dict[str, object] = {"tie": read.tie, "lines": read.seq, "open": bool(read.epoch)}
    for user in (ANN, BOB):
        held[f"{user} knows"] = await pair.ties.known(user) == [read.tie.other(user)]
        held[f"{user} rooms"] = len(await pair.store.command("HKEYS", keys.user(user) + ":rooms"))
        held[f"{user} places"] = await pair.ties.open_places(user, NOW)
        held[f"{user} inbox"] = await pair.kinds(user)
        held[f"{user} blocks"] = await pair.ties.blocked(user)
    return held


@pytest.mark.parametrize("kind", ["poke", "cross", "return", "withdraw", "answer", "block"])
async def test_wherever_a_process_stops_all_tags_agree_afterwards(doomed: Pair, pair: Pair, kind: str) -> None:
    await before(pair, kind)
    await take(pair, kind)
    whole = await standing(pair)
    for steps in itertools.count():
        await pair.store.command("FLUSHALL")
        await pair.furnish()
        await before(pair, kind)
        start = await standing(pair)
        doomed.store.steps = steps
        stopped = True
        with contextlib.suppress(Stopped):
            await take(doomed, kind)
            stopped = False
        await pair.intents.take_over(older_than_ms=-1000)
        assert await pair.intents.take_over(older_than_ms=-1000) == 0
        now_holds = await standing(pair)
        # Before the intent was written, nothing was asked for yet.
        assert now_holds == whole or (steps == 0 and now_holds == start), f"stopped before question {steps + 1}"
        if not stopped:
            return
    raise AssertionError


async def test_a_hundred_pokes_at_once_take_five_places(pair: Pair) -> None:
    people = [f"p{number}" for number in range(100)]
    await pair.furnish(ANN, *people)
    results = await asyncio.gather(*(pair.poke(ANN, person) for person in people), return_exceptions=True)
    refusals = [result for result in results if isinstance(result, Refusal)]
    assert len(refusals) == 95 and {refusal.reason for refusal in refusals} == {"no_place"}
    poked = [person for person, result in zip(people, results, strict=True) if result is None]
    assert len(await pair.ties.open_places(ANN, NOW)) == 5
    for person in people:
        tie = (await pair.ties.read(ANN, person)).tie
        assert (tie.poke is not None) == (person in poked)
        assert await pair.kinds(person) == (["poke"] if person in poked else [])


async def test_pokes_that_cross_at_the_same_moment_are_one_curtain(pair: Pair) -> None:
    for number in range(20):
        one, other = f"a{number}", f"b{number}"
        await pair.furnish(one, other)
        await asyncio.gather(pair.poke(one, other), pair.poke(other, one))
        read = await pair.ties.read(one, other)
        assert ladder.rung(read.tie, NOW, Numbers()) == "curtain"
        assert not await pair.ties.open_places(one, NOW) and not await pair.ties.open_places(other, NOW)


async def test_two_answers_at_the_same_moment_open_one_conversation(pair: Pair) -> None:
    await pair.poke(ANN, BOB, "p1")
    await pair.ties.step("return", BOB, ANN, now=NOW, poke="p1", card="c")
    await asyncio.gather(
        pair.ties.step("answer", ANN, BOB, now=NOW, card="table-1", text="Bread"),
        pair.ties.step("answer", BOB, ANN, now=NOW, card="table-1", text="Soup"),
    )
    read = await pair.ties.read(ANN, BOB)
    assert read.seq == 2 and read.tie.standing == "acquainted"
    assert (await pair.kinds(ANN)).count("opened") == (await pair.kinds(BOB)).count("opened") == 1
