"""Large answers use a connection of their own, some at a time, and never cut the link."""

from __future__ import annotations

import asyncio
import logging

import pytest

from chatserver.app import Server
from chatserver.store.engine import keys, node
from chatserver.store.engine.address import Address
from chatserver.store.engine.reader import Window
from chatserver.store.engine.store import Store
from tests.chaos.proxy import Proxy
from tests.conftest import running
from tests.live.test_feed import OpenLossy, open_lossy, proxy
from tests.people import gathering
from tests.store.engine.test_store import until

__all__ = ["open_lossy", "proxy"]

PUBSUB = "client-output-buffer-limit"
AS_STARTED = "pubsub 268435456 67108864 60"


async def test_a_herd_of_large_histories_costs_nobody_the_link(server: Server) -> None:
    store = server.store
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        for number in range(40):
            await ann.call("message.send", room="hall", text=f"{number} " + "x" * 3_900, client_id=f"c{number}")
        links = store.links
        await store.redis.config_set(PUBSUB, "pubsub 1048576 0 0")  # 100 of these pages are 16 MB
        try:
            pages = [asyncio.create_task(server.working.log.read("hall", first=-40, last=-1)) for _ in range(100)]
            await ann.say("hall", "meanwhile")
            await bob.hears("message.posted", text="meanwhile")
            assert {len(page.messages) for page in await asyncio.gather(*pages)} == {40}
        finally:
            await store.redis.config_set(PUBSUB, AS_STARTED)
        assert store.links == links


async def test_a_window_lets_so_many_bytes_through_and_one_answer_however_large() -> None:
    window = Window(100)
    window.measured(0)
    window.expected = 40
    entered: list[int] = []
    gates = [asyncio.Event() for _ in range(5)]

    async def one(number: int) -> None:
        async with window.turn():
            entered.append(number)
            await gates[number].wait()

    tasks = [asyncio.create_task(one(number)) for number in range(5)]
    await until(lambda: entered == [0, 1])
    tasks[2].cancel()
    gates[0].set()
    await until(lambda: entered == [0, 1, 3])
    window.expected = 1000
    gates[1].set()
    gates[3].set()
    await until(lambda: entered == [0, 1, 3, 4])
    gates[4].set()
    await asyncio.wait(tasks)
    assert window._used == 0


async def test_a_turn_that_is_given_in_the_moment_it_is_given_up_is_passed_on() -> None:
    window = Window(1)
    first = window.turn()
    await first.__aenter__()
    waiting = asyncio.create_task(window.turn().__aenter__())
    await asyncio.sleep(0)
    await first.__aexit__(None, None, None)
    waiting.cancel()
    await asyncio.wait([waiting])
    async with asyncio.timeout(5), window.turn():
        pass


async def test_a_page_that_was_overtaken_by_a_deletion_is_read_again(open_lossy: OpenLossy, proxy: Proxy) -> None:
    server = await open_lossy()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await ann.say("hall", "a word too many")
        said = await bob.hears("message.posted", text="a word too many")
        async with proxy.held(b"reader"):
            asked = asyncio.create_task(bob.call("message.history", room="hall", limit=1))
            await until(lambda: server.store._node.reader.in_flight)
            await asyncio.sleep(0)
            await server.store.redis.ping()  # what the reader was asked is answered, and held
            await ann.call("message.delete", room="hall", seq=said["seq"])
            await bob.hears("message.changed", seq=said["seq"])
        (message,) = (await asked)["messages"]
        assert message["deleted"] and not message["text"]


async def test_a_reader_that_answers_no_more_is_given_up_and_what_it_was_asked_is_asked_again(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "PROBE_SECONDS", 0.02)
    monkeypatch.setattr(node, "PATIENCE_SECONDS", 0.1)
    store = Store(Address(path=str(proxy.path)))
    async with running(store):
        async with proxy.held(b"reader"):
            asked = asyncio.create_task(store.call("read", keys.room("none"), 1, 2, 0, 0))
            await until(lambda: store.losses["silent"] == 1)
        assert await asyncio.wait_for(asked, 5) == [b"not_found"]


async def test_a_reader_whose_answer_takes_its_time_is_not_silent(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "PROBE_SECONDS", 0.02)
    monkeypatch.setattr(node, "PATIENCE_SECONDS", 0.2)
    store = Store(Address(path=str(proxy.path)))
    async with running(store):
        tag = keys.room("tea")
        await store.command(tag, "HSET", tag, "kind", "open", "epoch", "e1", "seq", 1)
        await store.command(tag, "XADD", tag + ":log", "1-0", "m", "x" * 100_000, "t", 1)
        proxy.slowed.add(b"chatserver-reader")
        answer = await store.call("read", tag, 1, 1, 0, 0)
        assert len(answer[6][0][2]) == 100_000
        assert store.links == 1


async def test_link_and_reader_come_and_go_together(address: Address) -> None:
    async with running(Store(address)) as store:
        for name in ("chatserver-link", "chatserver-reader"):
            links = store.links
            for client in await store.redis.client_list():
                if client["name"] == name:
                    await store.redis.client_kill_filter(_id=client["id"])
            await until(lambda before=links: store.links > before and store.up)
            clients = sorted(client["name"] for client in await store.redis.client_list())
            assert [name for name in clients if name.startswith("chatserver-")] == [
                "chatserver-link", "chatserver-reader",
            ]  # fmt: skip
        assert store.losses == {"closed": 2}


@pytest.mark.parametrize(
    ("limit", "said"),
    [("pubsub 1048576 0 0", "pubsub is 1048576"), ("normal 65536 0 0", "normal is 65536"), (AS_STARTED, "")],
)
async def test_a_store_that_would_end_a_busy_link_is_named_in_the_log(
    address: Address, caplog: pytest.LogCaptureFixture, limit: str, said: str
) -> None:
    store = Store(address)
    await store.redis.config_set(PUBSUB, limit)
    try:
        async with running(store):
            pass
    finally:
        for as_started in (AS_STARTED, "normal 0 0 0"):
            await store.redis.config_set(PUBSUB, as_started)
        await store.redis.aclose()
    warned = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert [said in warning for warning in warned] == ([True] if said else [])
