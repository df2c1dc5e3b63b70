"""Appending in groups: few calls, one order, and nothing twice however often the link breaks."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.live.tasks import Tasks
from chatserver.protocol.methods.messages import MessageSendResult
from chatserver.protocol.shapes import Author
from chatserver.store.accounts.newcomers import NewcomerStore
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.files.erasing import Erasing
from chatserver.store.messages.deletions import Deletions
from chatserver.store.messages.log import MOST_WAITING, NO_CALLS, MessageLog, Stored
from chatserver.store.messages.records import Record, message_of
from tests.chaos.proxy import Proxy
from tests.conftest import blobs_in_memory, running

NOBODY = Author("", "", "", False)


@contextlib.asynccontextmanager
async def a_log(store: Store, **more: Any) -> AsyncIterator[MessageLog]:
    """A log with a room ``tea`` in which ann and bob are members."""
    await store.call(
        "room_create",
        keys.room("tea"),
        1,
        "ann",
        0,
        "ann",
        "kind",
        "open",
        "title",
        "Tea",
        "epoch",
        "e1",
        "seq",
        0,
        "rev",
        0,
    )
    await store.call("room_join", keys.room("tea"), *_join("bob"))
    async with Tasks() as tasks:
        yield MessageLog(store, tasks.spawn, durability="primary", **more)


def _join(user: str) -> tuple[str | int, ...]:
    """The arguments of room_join.lua for somebody who walks into an open room."""
    return (f"join-{user}", 1, user, "", 0, "", "", 0, user)


def say(log: MessageLog, number: int, text: str = "", user: str = "ann") -> asyncio.Future[MessageSendResult]:
    record = Record(f"{user}-{number:04}", user, text or f"text {number}", f"c{number}")
    return log.append("tea", record, digest=text or f"text {number}")


async def texts(log: MessageLog) -> list[str]:
    found: list[str] = []
    while True:
        page = await log.read("tea", first=len(found) + 1, last=len(found) + 1000)
        assert [posted.seq for posted in page.messages] == list(
            range(len(found) + 1, len(found) + 1 + len(page.messages))
        )
        found += [posted.record.text for posted in page.messages if posted.record]
        if len(found) >= page.seq:
            return found


async def all_of(answers: list[asyncio.Future[MessageSendResult]]) -> list[MessageSendResult]:
    async with asyncio.timeout(20):
        return list(await asyncio.gather(*answers))


async def test_what_is_said_in_one_turn_is_stored_in_one_call(store: Store) -> None:
    async with a_log(store) as log:
        results = await all_of([say(log, number) for number in range(500)])
        assert log.groups == 1
        assert [result.seq for result in results] == list(range(1, 501))
        assert await texts(log) == [f"text {number}" for number in range(500)]


async def test_what_comes_while_a_group_is_in_the_air_makes_the_next_in_the_order_in_which_it_came(
    store: Store,
) -> None:
    async with a_log(store) as log:
        answers = []
        for number in range(3000):
            answers.append(say(log, number, user="ann" if number % 2 else "bob"))
            if number % 50 == 0:
                await asyncio.sleep(0)
        results = await all_of(answers)
        assert [result.seq for result in results] == list(range(1, 3001))
        assert log.groups < 60
        assert await texts(log) == [f"text {number}" for number in range(3000)]


async def test_a_group_is_never_larger_than_it_may_be(store: Store) -> None:
    async with a_log(store) as log:
        await all_of([say(log, number) for number in range(1100)])
        assert log.groups == 3
    async with a_log(store, group_bytes=10_000) as log:
        await all_of([say(log, 2000 + number, "x" * 3000 + str(number)) for number in range(9)])
        assert log.groups == 3
        await all_of([say(log, 3000, "y" * 50_000)])
        assert log.groups == 4


async def test_a_refusal_in_a_group_is_of_its_own_message_only(store: Store) -> None:
    async with a_log(store) as log:
        answers = [say(log, number, user=user) for number, user in enumerate(["ann", "eve", "bob", "eve", "ann"])]
        outcomes = await asyncio.gather(*answers, return_exceptions=True)
        assert [getattr(outcome, "seq", None) for outcome in outcomes] == [1, None, 2, None, 3]
        assert {outcome.reason for outcome in outcomes if isinstance(outcome, Refusal)} == {"not_a_member"}


async def test_the_same_message_twice_in_a_group_is_stored_once(store: Store) -> None:
    async with a_log(store) as log:
        first, again, other = await asyncio.gather(
            say(log, 1), say(log, 1), say(log, 1, "other words"), return_exceptions=True
        )
        assert isinstance(first, MessageSendResult) and isinstance(again, MessageSendResult)
        assert (again.seq, again.id, again.at, again.duplicate) == (first.seq, first.id, first.at, True)
        assert isinstance(other, Refusal) and other.reason == "client_id_used"
        assert await texts(log) == ["text 1"]


async def test_too_many_that_wait_are_refused_at_once(store: Store) -> None:
    async with a_log(store) as log:
        answers = [say(log, number) for number in range(MOST_WAITING + 5)]
        refused = [answer for answer in answers if answer.done()]
        assert len(refused) == 5
        assert {answer.exception().kind for answer in refused} == {UNAVAILABLE}  # type: ignore[union-attr]
        assert len(await all_of([answer for answer in answers if answer not in refused])) == MOST_WAITING


async def test_a_log_ahead_of_its_counter_goes_on_after_both(store: Store) -> None:
    async with a_log(store) as log:
        await all_of([say(log, number) for number in range(5)])
        await store.command(keys.room("tea"), "HSET", keys.room("tea"), "seq", 3)
        assert (await say(log, 5)).seq == 6


@pytest.fixture
async def proxy(address: Address, tmp_path: Path) -> AsyncIterator[Proxy]:
    async with Proxy(tmp_path / "proxy", address.path).running() as made:
        yield made


async def test_links_that_break_in_mid_flight_make_no_double_and_no_loss(proxy: Proxy) -> None:
    async with running(Store(Address(path=str(proxy.path)))) as store, a_log(store) as log:
        answers = []
        for number in range(1200):
            answers.append(say(log, number))
            if number % 20 == 0:
                await asyncio.sleep(0.001)
            if number % 300 == 150:
                proxy.cut()
        results = await all_of(answers)
        assert [result.seq for result in results] == list(range(1, 1201))
        assert await texts(log) == [f"text {number}" for number in range(1200)]


async def test_a_group_whose_answer_was_lost_is_recognised(proxy: Proxy) -> None:
    async with running(Store(Address(path=str(proxy.path)))) as store, a_log(store) as log:
        async with proxy.held():
            answers = [say(log, number) for number in range(10)]
            async with asyncio.timeout(10):
                while await _length(proxy) < 10:
                    await asyncio.sleep(0.01)
            proxy.cut()
        results = await all_of(answers)
        assert [(result.seq, result.duplicate) for result in results] == [(n, True) for n in range(1, 11)]


async def _length(proxy: Proxy) -> int:
    import redis.asyncio

    async with redis.asyncio.Redis(unix_socket_path=proxy._store) as link:
        return int(await link.xlen("{r:tea}:log"))


async def test_without_a_store_a_send_is_refused_in_time_and_may_be_sent_again(proxy: Proxy) -> None:
    store = Store(Address(path=str(proxy.path)), resend_seconds=0.3)
    async with running(store), a_log(store) as log:
        await say(log, 0)
        async with proxy.held():
            answers = [say(log, 1), say(log, 2)]
            await asyncio.sleep(0)
            proxy.cut()
            outcomes = await asyncio.gather(*answers, return_exceptions=True)
        assert [outcome.kind for outcome in outcomes if isinstance(outcome, Refusal)] == [UNAVAILABLE] * 2
        async with asyncio.timeout(10):
            await store.ready.wait()
        results = await all_of([say(log, 1), say(log, 2)])
        assert [result.seq for result in results] == [2, 3]
        assert await texts(log) == ["text 0", "text 1", "text 2"]


class _Waited:
    """How long each of some sends took to be refused, in seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._clock = asyncio.get_running_loop().time

    def send(self, log: MessageLog, number: int) -> asyncio.Future[MessageSendResult]:
        began, answer = self._clock(), say(log, number)
        answer.add_done_callback(lambda _: self.seconds.append(self._clock() - began))
        return answer


@pytest.mark.parametrize("how", ["cut", "silent"])
async def test_each_send_is_refused_in_its_own_time_however_many_wait_before_it(proxy: Proxy, how: str) -> None:
    store = Store(Address(path=str(proxy.path)), resend_seconds=0.4)
    async with running(store), a_log(store, group_messages=1) as log:
        async with proxy.held():
            waited, answers = _Waited(), []
            for number in range(8):
                answers.append(waited.send(log, number))
                await asyncio.sleep(0.02)
                if how == "cut":
                    proxy.cut()
            refused = await asyncio.gather(*answers, return_exceptions=True)
        assert [isinstance(refusal, Refusal) and refusal.kind for refusal in refused] == [UNAVAILABLE] * 8
        assert max(waited.seconds) < 0.8
        async with asyncio.timeout(10):
            await store.ready.wait()
        results = await all_of([say(log, number) for number in range(9)])
        assert [result.seq for result in results] == list(range(1, 10))


async def test_what_was_refused_before_it_left_is_never_stored(proxy: Proxy) -> None:
    store = Store(Address(path=str(proxy.path)), resend_seconds=0.2)
    async with running(store), a_log(store, group_messages=1) as log:
        async with proxy.held():
            refused = await asyncio.gather(*(say(log, number) for number in range(5)), return_exceptions=True)
        assert all(isinstance(refusal, Refusal) for refusal in refused)
        await all_of([say(log, 9)])
        assert await texts(log) == ["text 0", "text 9"]


async def test_on_stored_hears_of_a_message_whose_sender_was_refused(proxy: Proxy) -> None:
    store = Store(Address(path=str(proxy.path)), resend_seconds=0.2)
    stored: list[tuple[int, str]] = []

    def on_stored(message: Stored) -> None:
        stored.append((message.seq, message.kind))

    async with running(store), a_log(store, on_stored=on_stored) as log:
        async with proxy.held():
            with pytest.raises(Refusal):
                await say(log, 0)
        await all_of([say(log, 1)])
        assert stored == [(1, "open"), (2, "open")]


async def test_what_goes_wrong_with_one_answer_is_that_one_s_answer(store: Store) -> None:
    stored: list[int] = []

    def on_stored(message: Stored) -> None:
        if message.user == "bob":
            raise ValueError("nobody can note this")
        stored.append(message.seq)

    async with a_log(store, on_stored=on_stored) as log:
        results = await all_of([say(log, 0), say(log, 1, user="bob"), say(log, 2)])
        assert [result.seq for result in results] == [1, 2, 3]
        assert stored == [1, 3]
        assert store.faults == 1 and store.links == 1


@pytest.mark.parametrize("answer", [[b"ok", 1, [[b"a word of later releases"]], b"open"], [b"ok"], [b"another"], []])
async def test_an_answer_that_nobody_understands_is_said_to_the_sender_at_once(store: Store, answer: list[Any]) -> None:
    async with a_log(store) as log:
        send = say(log, 0)
        queue = log._queues["tea"]
        queue.group = log._take(queue)
        log._committed("tea", queue, answer, None)
        with pytest.raises((KeyError, IndexError, ValueError)):
            await send
        assert store.faults == 1
        assert (await say(log, 1)).seq == 1


async def test_a_library_lost_by_the_store_is_loaded_and_the_group_sent_again(store: Store) -> None:
    async with a_log(store) as log:
        await say(log, 0)
        await store.redis.execute_command("FUNCTION", "FLUSH")
        results = await all_of([say(log, number) for number in range(1, 50)])
        assert [result.seq for result in results] == list(range(2, 51))


async def test_a_full_store_refuses_and_takes_again_when_it_can(store: Store) -> None:
    async with a_log(store) as log:
        await say(log, 0)
        await store.redis.execute_command("CONFIG", "SET", "maxmemory", "1")
        try:
            with pytest.raises(Refusal) as refusal:
                await say(log, 1)
        finally:
            await store.redis.execute_command("CONFIG", "SET", "maxmemory", "0")
        assert refusal.value.kind is UNAVAILABLE
        assert (await say(log, 1)).seq == 2


STEPS = ("say", "say", "edit", "delete")


@pytest.mark.parametrize("seed", range(8))
async def test_both_streams_read_at_once_are_the_one_order_in_which_things_happened(store: Store, seed: int) -> None:
    chance = random.Random(seed)
    async with a_log(store) as log:
        deletions = Deletions(store, Intents(store), NewcomerStore(store, most=5), Erasing(store, blobs_in_memory()))
        steps = [(chance.choice(STEPS), chance.randint(1, 12)) for _ in range(60)]
        expected = await _carry_out(log, deletions, steps)
        page = await log.read("tea", first=1, last=-1, after_rev=0, changes=1000)
        assert {posted.seq: message_of("tea", posted, NOBODY).text or None for posted in page.messages} == expected
        assert all(posted.explained for posted in page.messages)
        assert [change.rev for change in page.changes] == list(range(1, page.rev + 1))
        places = [change.after for change in page.changes]
        assert places == sorted(places)
        assert all(change.seq <= change.after for change in page.changes)


async def _carry_out(log: MessageLog, deletions: Deletions, steps: list[tuple[str, int]]) -> dict[int, str | None]:
    expected: dict[int, str | None] = {}
    for number, (what, target) in enumerate(steps):
        if what == "say":
            expected[(await say(log, number)).seq] = f"text {number}"
            continue
        text = f"edit {number}" if what == "edit" else ""
        if what == "edit":
            changing = log.edit("tea", target, text, NO_CALLS, user="ann", now=1)
        else:
            changing = deletions.delete("tea", target, actor="ann", admin=False, now=1)
        if expected.get(target) is None:
            with pytest.raises(Refusal):
                await changing
        else:
            await changing
            expected[target] = text or None
    return expected
