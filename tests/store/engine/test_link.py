"""The link against a node that answers as told, and against a real one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.link import Link, LinkDown, LinkLost, ReplyError
from chatserver.store.engine.store import Store
from tests.chaos.proxy import Proxy, end_of_item
from tests.conftest import running


class Node:
    """A node of one connection that says what a test tells it to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked = b""
        self.writer: asyncio.StreamWriter | None = None
        self._news = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        while data := await reader.read(1 << 16):
            self.asked += data
            self._news.set()
        writer.close()

    async def until_asked(self, what: bytes) -> None:
        async with asyncio.timeout(5):
            while what not in self.asked:
                self._news.clear()
                await self._news.wait()

    def say(self, data: bytes) -> None:
        assert self.writer is not None
        self.writer.write(data)


class Heard:
    """What a link told."""

    def __init__(self) -> None:
        self.pushed: list[tuple[bytes, bytes]] = []
        self.moved: list[bytes] = []
        self.lost = asyncio.Event()

    def link(self) -> Link:
        return Link(
            lambda *push: self.pushed.append(push), self.moved.append, lambda _: None, lambda *_: self.lost.set()
        )


@contextlib.asynccontextmanager
async def told(folder: Path) -> AsyncIterator[tuple[Link, Node, Heard]]:
    node, heard = Node(), Heard()
    server = await asyncio.start_unix_server(node.serve, folder / "node")
    _, link = await asyncio.get_running_loop().create_unix_connection(heard.link, str(folder / "node"))
    try:
        yield link, node, heard
    finally:
        link.drop("a test")
        await asyncio.wait_for(heard.lost.wait(), 5)
        server.close()


async def soon(future: Awaitable[object]) -> object:
    async with asyncio.timeout(5):
        return await future


async def test_a_tick_s_commands_leave_in_one_write_and_are_answered_in_order(tmp_path: Path) -> None:
    async with told(tmp_path) as (link, node, _):
        answers = [link.call("GET", key) for key in ("a", "b", "c")]
        await node.until_asked(b"c\r\n")
        assert node.asked.count(b"GET") == 3
        node.say(b"$1\r\n1\r\n$1\r\n2\r\n_\r\n")
        assert [await soon(answer) for answer in answers] == [b"1", b"2", None]
        assert link.in_flight == 0


async def test_pushes_between_answers_take_no_answer(tmp_path: Path) -> None:
    async with told(tmp_path) as (link, node, heard):
        first, second = link.call("GET", "a"), link.call("GET", "b")
        await node.until_asked(b"b\r\n")
        push = b">3\r\n$8\r\nsmessage\r\n$8\r\n{x}:live\r\n$2\r\nhi\r\n"
        node.say(push + b"$1\r\n1\r\n" + push + push + b"$1\r\n2\r\n")
        assert (await soon(first), await soon(second)) == (b"1", b"2")
        assert heard.pushed == [(b"{x}:live", b"hi")] * 3


async def test_an_error_is_the_answer_of_its_own_command_only(tmp_path: Path) -> None:
    async with told(tmp_path) as (link, node, _):
        first, second = link.call("GET", "a"), link.call("GET", "b")
        await node.until_asked(b"b\r\n")
        node.say(b"-WRONGTYPE no\r\n$1\r\n2\r\n")
        with pytest.raises(ReplyError, match="WRONGTYPE"):
            await soon(first)
        assert await soon(second) == b"2"


async def test_a_subscription_is_done_when_its_token_comes_back(tmp_path: Path) -> None:
    async with told(tmp_path) as (link, node, heard):
        subscribed, after = link.subscribe("{x}:live"), link.call("GET", "a")
        await node.until_asked(b"a\r\n")
        node.say(b">3\r\n$10\r\nssubscribe\r\n$8\r\n{x}:live\r\n:1\r\n")
        node.say(b"$7\r\ntoken-1\r\n$1\r\n1\r\n")
        await soon(subscribed)
        assert await soon(after) == b"1"
        assert not heard.pushed and not heard.moved


async def test_an_error_before_the_token_is_the_subscription_s_answer(tmp_path: Path) -> None:
    async with told(tmp_path) as (link, node, heard):
        subscribed, after = link.subscribe("{x}:live"), link.call("GET", "a")
        await node.until_asked(b"a\r\n")
        node.say(b"-MOVED 1 other:6379\r\n$7\r\ntoken-1\r\n$1\r\n1\r\n")
        with pytest.raises(ReplyError, match="MOVED"):
            await soon(subscribed)
        assert await soon(after) == b"1"
        assert link.up and not heard.lost.is_set()


@pytest.mark.parametrize("answer", [b"$7\r\ntoken-9\r\n", b"+OK\r\n", b":1\r\n", b"$3\r\nabc\r\n"])
async def test_an_answer_out_of_turn_drops_the_link(tmp_path: Path, answer: bytes) -> None:
    async with told(tmp_path) as (link, node, heard):
        subscribed, after = link.subscribe("{x}:live"), link.call("GET", "a")
        await node.until_asked(b"a\r\n")
        node.say(answer)
        for waiting in (subscribed, after):
            with pytest.raises(LinkLost):
                await soon(waiting)
        assert heard.lost.is_set() and not link.up


@pytest.mark.parametrize("answer", [b"+OK\r\n", b"\xff\xff\r\n"])
async def test_an_answer_that_nobody_asked_for_drops_the_link(tmp_path: Path, answer: bytes) -> None:
    async with told(tmp_path) as (link, node, heard):
        asked = link.call("GET", "a")
        await node.until_asked(b"a\r\n")
        node.say(b"$1\r\n1\r\n" + answer)
        assert await soon(asked) == b"1"
        await soon(heard.lost.wait())


async def test_what_was_in_the_air_is_lost_and_what_comes_after_was_never_sent(tmp_path: Path) -> None:
    async with told(tmp_path) as (link, node, heard):
        settled: list[Exception | None] = []
        in_the_air = [link.call("GET", "a"), link.subscribe("{x}:live")]
        link.send_packed(b"PING\r\n", lambda _, error: settled.append(error))
        await node.until_asked(b"PING\r\n")
        assert node.writer is not None
        node.writer.transport.abort()
        for answer in in_the_air:
            with pytest.raises(LinkLost):
                await soon(answer)
        assert heard.lost.is_set()
        for answer in (link.call("GET", "a"), link.subscribe("{x}:live")):
            with pytest.raises(LinkDown):
                await soon(answer)
        link.send_packed(b"PING\r\n", lambda _, error: settled.append(error))
        assert [type(error) for error in settled] == [LinkLost, LinkDown]
        link.unsubscribe("{x}:live")


async def test_an_answer_nobody_waits_for_any_more_still_has_its_turn(tmp_path: Path) -> None:
    async with told(tmp_path) as (link, node, _):
        given_up, kept = link.call("GET", "a"), link.call("GET", "b")
        await node.until_asked(b"b\r\n")
        given_up.cancel()
        node.say(b"$1\r\n1\r\n$1\r\n2\r\n")
        assert await soon(kept) == b"2"


async def test_a_name_taken_away_is_told_and_one_given_up_is_not(tmp_path: Path) -> None:
    async with told(tmp_path) as (link, node, heard):
        link.unsubscribe("{x}:live")
        await node.until_asked(b"token-1\r\n")
        gone = b">3\r\n$12\r\nsunsubscribe\r\n$8\r\n{%b}:live\r\n:0\r\n"
        after = link.call("GET", "a")
        node.say(gone % b"x" + b"$7\r\ntoken-1\r\n" + gone % b"y" + b"_\r\n")
        await soon(after)
        assert heard.moved == [b"{y}:live"]


# --- against a real node ---------------------------------------------------------------------------------------------


async def test_all_that_is_published_after_the_subscription_is_heard(address: Address) -> None:
    heard = Heard()
    _, link = await asyncio.get_running_loop().create_unix_connection(heard.link, address.path)
    await link.call("HELLO", "3")
    await soon(link.subscribe("{r:x}:live"))
    await asyncio.gather(*(link.call("SPUBLISH", "{r:x}:live", str(number)) for number in range(100)))
    assert heard.pushed == [(b"{r:x}:live", str(number).encode()) for number in range(100)]
    link.unsubscribe("{r:x}:live")
    assert await soon(link.call("SPUBLISH", "{r:x}:live", "nobody")) == 0
    assert len(heard.pushed) == 100
    assert not heard.moved
    link.drop("a test")
    await soon(heard.lost.wait())


@pytest.fixture
async def proxy(address: Address, tmp_path: Path) -> AsyncIterator[Proxy]:
    async with Proxy(tmp_path / "proxy", address.path).running() as made:
        yield made


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_new_link_hears_all_wanted_names_again_and_says_that_it_missed_something(proxy: Proxy) -> None:
    heard: list[bytes] = []
    missed: list[int] = []
    store = Store(Address(path=str(proxy.path)))
    store.listen("r", lambda _, payload: heard.append(payload))
    store.on_missed(lambda: missed.append(1))
    async with running(store):
        name = keys.live(keys.room("x"))
        await store.subscribe(name)
        await store.subscribe(name)
        store.unsubscribe(name)
        assert len(missed) == 1
        proxy.cut()
        await _until(lambda: len(missed) == 2)
        await store.command(keys.room("x"), "SPUBLISH", name, "again")
        await _until(lambda: heard == [b"again"])


async def test_a_link_that_no_longer_hears_itself_is_given_up(proxy: Proxy) -> None:
    missed: list[int] = []
    store = Store(Address(path=str(proxy.path)))
    store.on_missed(lambda: missed.append(1))
    async with running(store), proxy.held():
        await _until(lambda: not store.ready.is_set())


async def test_what_recognises_no_repeat_is_not_sent_twice(proxy: Proxy) -> None:
    store = Store(Address(path=str(proxy.path)))
    async with running(store):
        assert not store.library.functions["message_edit"].repeatable
        async with proxy.held():
            asked = asyncio.ensure_future(store.call("message_edit", keys.room("x"), 1, "u", 1, "text", ""))
            await asyncio.sleep(0)
            proxy.cut()
            with pytest.raises(Refusal) as refusal:
                await soon(asked)
        assert refusal.value.kind is UNAVAILABLE


async def test_a_store_that_stays_away_is_said_in_time_and_one_that_comes_back_answers(proxy: Proxy) -> None:
    store = Store(Address(path=str(proxy.path)), resend_seconds=0.3)
    async with running(store):
        async with proxy.held():
            proxy.cut()
            with pytest.raises(Refusal) as refusal:
                await soon(store.command(keys.room("x"), "GET", "{r:x}"))
            assert refusal.value.kind is UNAVAILABLE
        await _until(store.ready.is_set)
        assert await store.command(keys.room("x"), "GET", "{r:x}") is None


async def test_a_store_ends_when_told_though_its_link_breaks_in_the_same_moment(proxy: Proxy) -> None:
    for _ in range(5):
        store = Store(Address(path=str(proxy.path)))
        run = asyncio.create_task(store.run())
        await _until(store.ready.is_set)
        store._node._lost.set()
        run.cancel()
        await asyncio.wait([run], timeout=5)
        assert run.cancelled()


async def test_a_library_that_was_flushed_is_loaded_again(store: Store) -> None:
    await store.redis.execute_command("FUNCTION", "FLUSH")
    assert await store.call("room_open", keys.room("none")) == [b"not_found"]


@pytest.mark.parametrize(
    "item",
    [
        b"+OK\r\n", b":1\r\n", b"_\r\n", b"$-1\r\n", b"$0\r\n\r\n", b"$3\r\na\r\n\r\n", b"*0\r\n", b"*-1\r\n",
        b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n", b"%1\r\n+a\r\n*1\r\n$1\r\nb\r\n", b">2\r\n+a\r\n+b\r\n", b"#t\r\n",
        b",1.5\r\n",
    ],
)  # fmt: skip
def test_the_tests_own_proxy_knows_where_an_answer_ends(item: bytes) -> None:
    assert end_of_item(item + b"+next\r\n", 0) == len(item)
    assert all(end_of_item(item[:cut], 0) == -1 for cut in range(len(item)))
