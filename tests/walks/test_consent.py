"""No loop-hole: whatever people and bots do, by whichever method and door, nobody hears words for them alone without
both having agreed before. A crowd walks by chance, and every text that anyone sends is looked for in all that anyone
hears.
"""

from __future__ import annotations

import asyncio
import inspect
from pathlib import Path
from typing import Any

import pytest
import redis
from aiohttp import ClientSession
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatserver import ids
from chatserver.app import Server
from chatserver.protocol.methods import METHODS
from chatserver.store.engine.address import Address
from tests.conftest import settings_for_tests
from tests.walks.consent import Law
from tests.walks.crowd import Crowd, Moves

# What leads somewhere comes more often than what does not.
OFTEN = (
    "poke.send", "poke.return", "curtain.answer", "curtain.draw", "message.send", "message.edit", "message.history",
    "message.pin",
    "met.show", "met.enter", "met.confirm", "block.add", "block.remove", "card.offer", "card.update", "card.get",
    "room.invite", "room.join", "tie.rest", "session.start",
)  # fmt: skip
Move = tuple[str, int, int]
kinds = st.sampled_from([*sorted(METHODS), *OFTEN * 2, *["climb"] * 50, "days pass", "days pass"])
moves = st.tuples(kinds, st.integers(0, 15), st.integers(0, 2**32))


def test_each_method_has_its_moves_in_the_walk() -> None:
    """A method that is new in the table is walked, too: say in ``Moves`` what somebody sends with it."""
    walked = {name.replace("_", ".", 1) for name in vars(Moves) if not name.startswith(("_", "after_"))}
    assert walked == set(METHODS)
    assert all(inspect.iscoroutinefunction(vars(Moves)[name.replace(".", "_", 1)]) for name in METHODS)


def test_the_law_lets_nobody_hear_unasked() -> None:
    law = Law()
    assert law.wrongs("bob", law.say("ann", "pair", "x", "bob"), pushed=True)
    law.lay_card("ann", "bob")
    early, answer = law.say("ann", "pair", "x", "bob"), law.say("ann", "answer")
    law.answer("ann", "bob", answer)
    assert law.wrongs("bob", answer, pushed=False)
    law.answer("bob", "ann", law.say("bob", "answer"))
    assert not law.wrongs("bob", answer, pushed=False) and law.wrongs("bob", early, pushed=False)
    assert not law.wrongs("bob", law.say("ann", "pair", "x", "bob"), pushed=True)


async def walk(address: Address, folder: Path, steps: list[Move]) -> None:
    with redis.Redis(unix_socket_path=address.path) as link:
        link.flushall()
    ids.move_clock(0)
    async with Server(settings_for_tests(folder), store_address=address) as server, ClientSession() as session:
        crowd = Crowd(server, session)
        try:
            await crowd.gather()
            for step in steps:
                wrongs = await crowd.step(*step)
                assert not wrongs, (step, wrongs)
        finally:
            await crowd.leave()


@pytest.fixture
def walks(address: Address, tmp_path: Path) -> Any:
    return lambda steps: asyncio.run(walk(address, tmp_path, steps))


patiently = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
}


@settings(max_examples=6, **patiently)
@given(st.lists(moves, min_size=80, max_size=130))
def test_nobody_hears_words_for_them_alone_before_both_agreed(walks: Any, steps: list[Move]) -> None:
    walks(steps)


@pytest.mark.soak
@settings(max_examples=200, **patiently)
@given(st.lists(moves, min_size=100, max_size=500))
def test_nobody_hears_words_for_them_alone_in_a_long_walk(walks: Any, steps: list[Move]) -> None:
    walks(steps)
