"""Steps between two people in the store: wherever a process stops, and however many ask at once, all tags agree."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from chatserver.errors import Refusal
from chatserver.rules.friends import ladder
from chatserver.rules.friends.tie import DAY_MS, Numbers
from chatserver.store.community.secret import Secret
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.friends.inbox import InboxStore
from chatserver.store.friends.ties import RULES, TieStore
from tests.conftest import running

ANN, BOB = "ann", "bob"
NOW = 1_700_000_000_000


class Pair:
    """The store over a store, with a few people in it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.intents = Intents(store)
        self.inbox = InboxStore(store)
        self.ties = TieStore(store, self.intents, self.inbox, secret=Secret(b"secret"), numbers=Numbers())

    async def build_friends(self, *users: str) -> None:
        for user in users or (ANN, BOB):
            await self.store.command(keys.user(user), "HSET", keys.user(user), "handle", user, "name", user, "bot", 0)

    async def poke(self, by: str, other: str, id: str = "", now: int = NOW) -> None:
        poke = {"id": id or f"{by}-{other}", "by": by, "room": "tea", "gesture": "hi", "at": now, "card": "table-1"}
        await self.ties.step("poke", by, other, now=now, poke=poke, card="table-1")

    async def fill_day(self, user: str) -> None:
        """Five pokes of today, all seen."""
        tag = keys.user(user)
        await self.store.command(tag, "HSET", tag, "pokes_shown", f"{NOW // DAY_MS} 5")

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

    async def command(self, tag: str, *words: str | bytes | int) -> object:
        self._step()
        return await super().command(tag, *words)


@pytest.fixture
async def pair(store: Store) -> Pair:
    made = Pair(store)
    await made.build_friends()
    return made


@pytest.fixture
async def doomed(address: Address) -> AsyncIterator[Pair]:
    async with running(StoppingStore(address)) as other:
        yield Pair(other)


Taken = tuple[str, str, dict[str, object]]
"""What is done, by whom, given what."""


def poke_by(by: str, id: str) -> Taken:
    poke = {"id": id, "by": by, "room": "tea", "gesture": "hi", "at": NOW, "card": "table-1"}
    return "poke", by, {"poke": poke, "card": "table-1"}


POKE = poke_by(ANN, "p1")
RETURN: Taken = ("return", BOB, {"poke": "p1", "card": "table-1"})
FIRST: Taken = ("answer", BOB, {"card": "table-1", "text": "Soup"})
SECOND: Taken = ("answer", ANN, {"card": "table-1", "text": "Bread"})
CURTAIN = [POKE, RETURN, FIRST]
TALKING = [*CURTAIN, SECOND]
MEET: Taken = ("meet", ANN, {"until": NOW + 60_000})
FRIENDS: list[Taken] = [MEET, ("confirm", ANN, {}), ("confirm", BOB, {})]
WANT: Taken = ("want", ANN, {"today": 2, "yes": True})
ACCEPT: Taken = ("accept", BOB, {"room": "tea"})
BLOCK: Taken = ("block", ANN, {"on": True})
ORIGIN = {"how": "invitation", "at": NOW, "room": "tea"}

# By the name of a step: what goes before it, and the step.
STEPS: dict[str, tuple[list[Taken], Taken]] = {
    "poke": ([], POKE),
    "poke that crosses": ([poke_by(BOB, "p1")], poke_by(ANN, "p2")),
    "return": ([POKE], RETURN),
    "withdraw": ([POKE], ("withdraw", ANN, {"poke": "p1", "until": NOW + 1000})),
    "dismiss": ([POKE], ("dismiss", BOB, {"poke": "p1"})),
    "first answer": ([POKE, RETURN], FIRST),
    "second answer": (CURTAIN, SECOND),
    "draw": (CURTAIN, ("draw", ANN, {"card": "table-2"})),
    "begin": ([], ("begin", ANN, {"origin": ORIGIN})),
    "begin after a poke": ([POKE], ("begin", BOB, {"origin": ORIGIN})),
    "befriend": ([*TALKING, WANT, ("want", BOB, {"today": 2, "yes": True})], ("befriend", ANN, {})),
    "want": (TALKING, WANT),
    "accept": ([], ACCEPT),
    "accept after a poke": ([POKE], ACCEPT),
    "confirm_invited": ([POKE, ACCEPT], ("confirm_invited", ANN, {"yes": True})),
    "poke on a day with five": ([("fill", BOB, {})], POKE),
    "withdraw before it was shown": ([("fill", BOB, {}), POKE], ("withdraw", ANN, {"poke": "p1", "until": NOW + 1000})),
    "rest": (TALKING, ("rest", ANN, {"on": True})),
    "poke that wakes": ([*TALKING, ("rest", BOB, {"on": True})], poke_by(BOB, "p2")),
    "note": (TALKING, ("note", ANN, {"text": "the window seat"})),
    "show_seen": (TALKING, ("show_seen", ANN, {"on": False})),
    "meet": ([], MEET),
    "confirm of strangers": (FRIENDS[:2], FRIENDS[2]),
    "confirm with a poke under way": ([POKE, *FRIENDS[:2]], FRIENDS[2]),
    "confirm behind the curtain": ([*CURTAIN, *FRIENDS[:2]], FRIENDS[2]),
    "step_back": (FRIENDS, ("step_back", ANN, {"today": 1})),
    "offer_card": (FRIENDS, ("offer_card", ANN, {})),
    "take_card_back": ([*FRIENDS, ("offer_card", ANN, {})], ("take_card_back", ANN, {})),
    "block": (CURTAIN, BLOCK),
    "block of a friend": (FRIENDS, BLOCK),
    "leave with a poke under way": ([POKE], ("leave", ANN, {})),
    "leave behind the curtain": (CURTAIN, ("leave", BOB, {})),
    "unblock": ([*TALKING, BLOCK], ("block", ANN, {"on": False})),
}


def test_every_kind_of_step_is_stopped_in_its_middle() -> None:
    assert {what for _, (what, _, _) in STEPS.values()} == set(RULES)


async def take(pair: Pair, taken: Taken) -> None:
    what, by, given = taken
    if what == "fill":
        await pair.fill_day(by)
        return
    await pair.ties.step(what, by, BOB if by == ANN else ANN, now=NOW, **given)


async def before(pair: Pair, steps: list[Taken]) -> None:
    # Both have written on three days, as far as there is a conversation.
    tie = keys.room(pair.ties.room_of(ANN, BOB)) + ":tie"
    for user in (ANN, BOB):
        await pair.store.command(keys.tag_of(tie), "HSET", tie, f"days:{user}", "1 2 3")
    for taken in steps:
        await take(pair, taken)


async def relation(pair: Pair) -> dict[str, object]:
    """Everything the two tags and the pair's hold that a step may change, without what is drawn by chance."""
    read = await pair.ties.read(ANN, BOB)
    held: dict[str, object] = {"tie": read.tie, "lines": read.seq, "open": bool(read.epoch)}
    for user in (ANN, BOB):
        held[f"{user} knows"] = await pair.ties.known(user) == [read.tie.other(user)]
        held[f"{user} rooms"] = len(await pair.store.command(keys.user(user), "HKEYS", keys.user(user) + ":rooms"))
        held[f"{user} places"] = await pair.ties.open_places(user, NOW)
        held[f"{user} inbox"] = await pair.kinds(user)
        held[f"{user} waits"] = await pair.inbox.waiting(user, NOW)
        held[f"{user} blocks"] = await pair.ties.blocked(user)
    return held


@pytest.mark.parametrize("name", STEPS)
async def test_wherever_a_process_stops_all_tags_agree_afterwards(doomed: Pair, pair: Pair, name: str) -> None:
    ahead, taken = STEPS[name]
    await before(pair, ahead)
    await take(pair, taken)
    whole = await relation(pair)
    for steps in itertools.count():
        await pair.store.redis.flushall()
        await pair.build_friends()
        await before(pair, ahead)
        start = await relation(pair)
        doomed.store.steps = steps
        stopped = True
        with contextlib.suppress(Stopped):
            await take(doomed, taken)
            stopped = False
        await pair.intents.take_over(older_than_ms=-1000)
        assert await pair.intents.take_over(older_than_ms=-1000) == 0
        now_holds = await relation(pair)
        # Before the intent was written, nothing was asked for yet.
        assert now_holds == whole or (steps == 0 and now_holds == start), f"stopped before question {steps + 1}"
        if not stopped:
            return
    raise AssertionError


async def test_a_hundred_pokes_at_once_take_five_places(pair: Pair) -> None:
    people = [f"p{number}" for number in range(100)]
    await pair.build_friends(ANN, *people)
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
        await pair.build_friends(one, other)
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
    assert read.seq == 2 and read.tie.relation == "acquainted"
    assert (await pair.kinds(ANN)).count("opened") == (await pair.kinds(BOB)).count("opened") == 1


# --- many at once ----------------------------------------------------------------------------------------------------

PEOPLE = ["ann", "bob", "cat", "dan", "eve", "fay"]


async def do_something(pair: Pair, chance: random.Random) -> None:
    """A step that somebody might take now, whatever the others are doing."""
    by, other = chance.sample(PEOPLE, 2)
    read = await pair.ties.read(by, other)
    poke, curtain = read.tie.poke, read.tie.curtain
    what = chance.choice(["poke", "return", "answer"] * 4 + ["withdraw", "block", "unblock", "unblock"])
    given: dict[str, object] = {
        "poke": {"poke": {**POKE[2]["poke"], "id": f"{by}-{other}-{chance.random()}", "by": by}, "card": "table-1"},
        "return": {"poke": poke.id if poke else "none", "card": "table-1"},
        "answer": {"card": curtain.card if curtain else "none", "text": f"{by}'s answer"},
        "withdraw": {"poke": poke.id if poke else "none", "until": NOW},
        "block": {"on": True},
        "unblock": {"on": False},
    }[what]
    await pair.ties.step("block" if what == "unblock" else what, by, other, now=NOW, **given)


async def check_agreement(pair: Pair) -> Counter[str]:
    """What each tag holds follows from the ties; gives how many pairs are on which rung."""
    numbers, rungs = Numbers(), Counter[str]()
    places: dict[str, set[str]] = {user: set() for user in PEOPLE}
    blocked: dict[str, list[str]] = {user: [] for user in PEOPLE}
    known: dict[str, set[str]] = {user: set() for user in PEOPLE}
    opened = Counter[str]()
    for one, other in itertools.combinations(PEOPLE, 2):
        read = await pair.ties.read(one, other)
        rungs[ladder.rung(read.tie, NOW, numbers)] += 1
        poke = read.tie.poke
        if poke is not None:
            places[poke.by].add(read.room)
        for user in (one, other):
            if read.tie.side(user).blocks:
                blocked[user].append(read.tie.other(user))
            if read.version:
                known[user].add(read.tie.other(user))
        assert bool(read.epoch) == (read.tie.relation != "stranger")
        if read.tie.relation != "stranger":
            assert read.seq == 2
            opened.update((one, other))
    for user in PEOPLE:
        assert set(await pair.ties.open_places(user, NOW)) == places[user], user
        assert await pair.ties.blocked(user) == sorted(blocked[user]), user
        assert set(await pair.ties.known(user)) == known[user], user
        assert (await pair.kinds(user)).count("opened") <= opened[user], user
    return rungs


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_a_hundred_do_at_once_ties_places_and_inboxes_agree(pair: Pair, seed: int) -> None:
    chance = random.Random(seed)
    await pair.build_friends(*PEOPLE)
    rungs = Counter[str]()
    for _ in range(6):
        results = await asyncio.gather(*(do_something(pair, chance) for _ in range(100)), return_exceptions=True)
        assert {type(result) for result in results} <= {type(None), Refusal}, results
        assert await pair.intents.take_over(older_than_ms=-1000) == 0
        rungs += await check_agreement(pair)
    assert rungs["acquainted"] and rungs["curtain"]
