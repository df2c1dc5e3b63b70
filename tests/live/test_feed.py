"""One room's feed when records are lost, the log is a different one, or followers cannot keep up."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from chatserver.app import Server
from chatserver.store.engine.address import Address
from tests.chaos.proxy import Proxy
from tests.conftest import settings_for_tests
from tests.people import Person, gathering, post, sign_up
from tests.walks.test_sessions import cursor_of

OpenLossy = Callable[..., Awaitable[Server]]


@pytest.fixture
async def proxy(address: Address, tmp_path: Path) -> AsyncIterator[Proxy]:
    async with Proxy(tmp_path / "proxy", address.path).running() as running:
        yield running


@pytest.fixture
async def open_lossy(proxy: Proxy, tmp_path: Path) -> AsyncIterator[OpenLossy]:
    """Communities whose store is behind the proxy."""
    async with contextlib.AsyncExitStack() as stack:

        async def open_one(**changes: Any) -> Server:
            settings = settings_for_tests(tmp_path, **changes)
            return await stack.enter_async_context(Server(settings, store_address=Address(path=str(proxy.path))))

        yield open_one


async def told(proxy: Proxy, number: int) -> None:
    """Until so many live records were swallowed."""
    async with asyncio.timeout(10):
        while proxy.lost < number:
            await asyncio.sleep(0.01)


def numbers(person: Person, room: str = "hall") -> list[tuple[int, int]]:
    """(seq, rev) of each numbered event, rev 0 for messages."""
    return [
        (event["params"]["seq"], event["params"].get("rev", 0))
        for event in person.events
        if event["method"].startswith("message.") and event["params"]["room"] == room
    ]


async def test_the_next_record_brings_what_was_lost_before_it(open_lossy: OpenLossy, proxy: Proxy) -> None:
    server = await open_lossy()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        first = await ann.say("hall", "heard")
        await bob.hears("message.posted", text="heard")
        proxy.lose(3)
        await ann.say("hall", "lost")
        await ann.call("message.edit", room="hall", seq=first["seq"], text="lost edit")
        await ann.say("hall", "lost, too")
        await told(proxy, 3)
        await ann.say("hall", "brings the rest")
        await bob.hears("message.posted", text="brings the rest")
        seq = first["seq"]
        assert numbers(bob) == [(seq, 0), (seq + 1, 0), (seq, 1), (seq + 2, 0), (seq + 3, 0)]


async def test_a_record_lost_in_silence_is_found_by_comparing_heads(open_lossy: OpenLossy, proxy: Proxy) -> None:
    server = await open_lossy()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        proxy.lose(2)
        said = await ann.say("hall", "into the void")
        await ann.call("message.delete", room="hall", seq=said["seq"])
        await told(proxy, 2)
        await server.hub.feeds.compare_heads()
        await bob.hears("message.changed", seq=said["seq"])
        assert numbers(bob) == [(said["seq"], 0), (said["seq"], 1)]
        assert "void" not in str(bob.events)


async def test_a_lost_departure_still_cuts_off_who_was_removed(open_lossy: OpenLossy, proxy: Proxy) -> None:
    server = await open_lossy()
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await ann.call("room.create", title="Tea"))["room"]
        for person in (bob, cat):
            await person.call("room.join", room=room)
            await person.hears("room.updated", room=room)
        await ann.hears("member.joined", room=room, members=3)
        proxy.lose(1)
        await ann.call("room.ban", room=room, user=bob.id)
        await told(proxy, 1)
        await server.hub.feeds.compare_heads()
        await bob.hears("member.left", room=room)
        await ann.say(room, "not for bob")
        await cat.hears("message.posted", room=room, text="not for bob")
        assert not bob.heard("message.posted", room=room)
        await cat.hears("room.changed", room=room, members=2)


async def test_a_new_link_brings_what_the_old_one_missed(open_lossy: OpenLossy, proxy: Proxy, open_server: Any) -> None:
    deaf, other = await open_lossy(), await open_server()
    ann = await (await sign_up(other.url, "ann")).start()
    bob = await (await sign_up(deaf.url, "bob")).start()
    async with proxy.held():
        texts = [f"while away {number}" for number in range(5)]
        for text in texts:
            await ann.say("hall", text)
        proxy.cut()
    await bob.hears("message.posted", text=texts[-1])
    assert [message["text"] for message in bob.heard("message.posted")] == texts
    await ann.leave()
    await bob.leave()


async def test_a_reader_whose_log_cannot_be_read_is_brought_up_when_it_can(open_lossy: OpenLossy, proxy: Proxy) -> None:
    server = await open_lossy(limits__tail_records=2, store__resend_seconds=0.2)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        cursor = cursor_of(bob, "hall")
        await bob.leave()
        for number in range(20):
            await ann.say("hall", f"{number}")
        # The page is asked for and never comes: the answer to session.start is the last that gets through.
        back = await Person(server.url, bob.token, bob.user).connect()
        asked, read = asyncio.Event(), server.stores.log.read

        async def fails_once(*args: Any, **more: Any) -> Any:
            if asked.is_set():
                return await read(*args, **more)
            asked.set()
            async with proxy.held():
                proxy.cut()
                return await read(*args, **more)

        server.stores.log.read = fails_once  # type: ignore[method-assign]
        await back.start({"hall": cursor})
        await back.hears("message.posted", text="19")
        assert asked.is_set()
        assert [message["text"] for message in back.heard("message.posted")] == [str(n) for n in range(20)]
        await back.leave()


class Yesterday:
    """The room in its current state; ``comes_back`` is what a power cut or a failover may do to it."""

    def __init__(self, address: Address, room: str) -> None:
        self._store = redis.Redis(unix_socket_path=address.path)
        self._pattern = "{r:" + room + "}*"
        self._keys = {key: self._store.dump(key) for key in self._store.scan_iter(self._pattern)}

    def comes_back(self) -> None:
        with self._store as store, store.pipeline(transaction=True) as step:
            step.delete(*store.scan_iter(self._pattern))
            for key, held in self._keys.items():
                step.restore(key, 0, held)
            step.execute()


async def test_a_log_that_was_rolled_back_is_a_reset(server: Server, address: Address) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        kept = await ann.say("hall", "kept")
        yesterday = Yesterday(address, "hall")
        await ann.say("hall", "gone")
        await bob.hears("message.posted", text="gone")
        yesterday.comes_back()
        await server.hub.feeds.compare_heads()
        reset = await bob.hears("room.reset", room="hall")
        assert (reset["last_seq"], reset["last_id"]) == (kept["seq"], kept["id"])
        again = await ann.say("hall", "again")
        assert again["seq"] == kept["seq"] + 1
        await bob.hears("message.posted", text="again")


async def test_numbers_given_out_twice_are_a_reset_even_where_the_log_is_longer_than_before(
    open_lossy: OpenLossy, open_server: Any, proxy: Proxy, address: Address
) -> None:
    server, other = await open_lossy(), await open_server()
    bob = await (await sign_up(server.url, "bob")).start()
    ann = await sign_up(other.url, "ann")
    await post(other.url, "message.send", ann.token, room="hall", text="kept", client_id="1")
    yesterday = Yesterday(address, "hall")
    gone = await post(other.url, "message.send", ann.token, room="hall", text="gone", client_id="2")
    await bob.hears("message.posted", text="gone")
    texts = ["in its place", "and more", "and more still"]
    async with proxy.held():
        yesterday.comes_back()
        for number, text in enumerate(texts, 3):
            await post(other.url, "message.send", ann.token, room="hall", text=text, client_id=str(number))
        proxy.cut()
    reset = await bob.hears("room.reset", room="hall")
    assert reset["last_seq"] == gone["seq"] + 2
    page = await bob.call("message.history", room="hall")
    assert [message["text"] for message in page["messages"]] == ["kept", *texts]
    await post(other.url, "message.send", ann.token, room="hall", text="after", client_id="9")
    assert (await bob.hears("message.posted", text="after"))["seq"] == reset["last_seq"] + 1
    await bob.leave()


async def test_a_cursor_that_no_one_could_have_harms_only_its_own_reader(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        first = await ann.say("hall", "one")
        await ann.call("message.edit", room="hall", seq=first["seq"], text="one!")
        last = await ann.say("hall", "two")
        await bob.hears("message.posted", text="two")
        cursor = {**cursor_of(bob, "hall"), "rev": 0}
        back = await Person(server.url, bob.token, bob.user).start({"hall": cursor})
        await ann.say("hall", "three")
        await back.hears("message.posted", text="three")
        assert numbers(back) == [(first["seq"], 1), (last["seq"] + 1, 0)]
        await back.leave()
