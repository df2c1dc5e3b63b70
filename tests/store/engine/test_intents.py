"""Intents of a dead process are finished by another, and one that always fails does not block those behind it."""

from __future__ import annotations

import logging

import msgspec
import pytest

from chatserver.errors import Refusal, not_found, unavailable
from chatserver.store.engine import keys
from chatserver.store.engine.intents import ATTEMPTS, DAY_MS, Intent, Intents, Step
from chatserver.store.engine.store import Store

STREAM = keys.intents(7)


class Numbered(Step, frozen=True):
    number: int


class Good(Numbered, frozen=True):
    kind = "good"


class Bad(Numbered, frozen=True):
    kind = "bad"


class Refused(Numbered, frozen=True):
    kind = "refused"


class Away(Numbered, frozen=True):
    kind = "away"


class Third(Numbered, frozen=True):
    kind = "third"


async def leave(store: Store, kind: str, number: int, *, place: str = "*") -> None:
    stored = {"id": f"{kind}-{number}", "kind": kind, "arguments": {"number": number}}
    packed = msgspec.msgpack.encode(stored)
    await store.command(STREAM, "XADD", STREAM, place, "intent", packed)


def intents_of(store: Store, done: list[int]) -> Intents:
    """``good`` steps are done, ``bad`` ones fail, ``refused`` ones are over, ``away`` ones find no store."""
    intents = Intents(store)

    async def good(intent: Intent[Numbered]) -> None:
        done.append(intent.step.number)

    async def bad(intent: Intent) -> None:
        raise KeyError("no such member")

    async def refused(intent: Intent) -> None:
        raise not_found()

    async def away(intent: Intent) -> None:
        raise unavailable()

    for step, parts in ((Good, good), (Bad, bad), (Refused, refused), (Away, away)):
        intents.register(step, parts)
    return intents


async def left(store: Store) -> int:
    count: int = await store.command(STREAM, "XLEN", STREAM)
    return count


async def test_steps_that_fail_do_not_hide_those_behind_them(store: Store) -> None:
    done: list[int] = []
    intents = intents_of(store, done)
    for number in range(150):
        await leave(store, "bad", number)
    await store.command(STREAM, "XADD", STREAM, "*", "intent", b"\xc1 no intent")
    await leave(store, "away", 1)
    await leave(store, "unknown", 1)
    await leave(store, "refused", 1)
    await leave(store, "good", 1)
    assert await intents.take_over(older_than_ms=-1000) == 2
    assert done == [1] and await left(store) == 153


async def test_a_step_that_fails_too_often_is_put_aside(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    intents, others = intents_of(store, []), intents_of(store, [])
    await leave(store, "bad", 1)
    await store.command(STREAM, "XADD", STREAM, "*", "intent", b"\xc1 no intent")
    await leave(store, "away", 1)
    with caplog.at_level(logging.WARNING):
        for attempt in range(ATTEMPTS):
            await (intents if attempt % 2 else others).take_over(older_than_ms=-1000)
    assert await left(store) == 1  # a store that was away is no fault of the step
    assert intents.put_aside + others.put_aside == 2
    said = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert said == ["intent: put aside after too many failures"] * 2
    (first, _) = await store.command(STREAM, "XRANGE", STREAM + ":aside", "-", "+")
    assert msgspec.msgpack.decode(first[1][1])["id"] == "bad-1" and b"KeyError" in first[1][3]
    assert await store.command(STREAM, "EXISTS", STREAM + ":attempts") == 0


async def test_a_step_of_another_release_is_left_to_it_for_a_day(store: Store) -> None:
    intents = intents_of(store, [])
    seconds, _ = await store.redis.execute_command("TIME")
    await leave(store, "unknown", 1, place=str(int(seconds) * 1000 - DAY_MS - 10_000))
    await leave(store, "unknown", 2)
    for _ in range(ATTEMPTS):
        await intents.take_over(older_than_ms=-1000)
    assert await left(store) == 1 and intents.put_aside == 1


async def test_what_was_finished_at_last_is_forgotten(store: Store) -> None:
    intents = Intents(store)
    attempts: list[int] = []

    async def third_time(intent: Intent) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise ValueError("not yet")

    intents.register(Third, third_time)
    await leave(store, "third", 1)
    assert [await intents.take_over(older_than_ms=-1000) for _ in range(3)] == [0, 0, 1]
    assert await left(store) == await store.command(STREAM, "EXISTS", STREAM + ":attempts", STREAM + ":aside") == 0


async def test_a_refusal_of_a_part_ends_a_step_and_a_store_that_is_away_does_not(store: Store) -> None:
    intents = intents_of(store, [])
    for step, kept in ((Refused, 0), (Away, 1)):
        with pytest.raises(Refusal):
            await intents.carry_out(step(number=1))
        lengths = [
            await store.command(keys.intents(number), "XLEN", keys.intents(number))
            for number in range(keys.INTENT_STREAMS)
        ]
        assert sum(lengths) == kept
