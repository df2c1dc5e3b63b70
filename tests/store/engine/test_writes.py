"""A store that takes no writes can still be read: what is refused, what works, and where the reason is shown."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import redis.asyncio

from chatserver.app import Server
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine import node
from chatserver.store.engine.store import Store
from tests.conftest import OpenServer
from tests.doors.visiting import ask
from tests.people import Person, Refused, gathering, post
from tests.store.engine.test_store import until

Trouble = Callable[[redis.asyncio.Redis, Path], contextlib.AbstractAsyncContextManager[None]]


@contextlib.asynccontextmanager
async def configured(store: redis.asyncio.Redis, name: str, value: str, before: str) -> AsyncIterator[None]:
    await store.config_set(name, value)
    try:
        yield
    finally:
        await store.config_set(name, before)


def memory_is_full(store: redis.asyncio.Redis, _: Path) -> contextlib.AbstractAsyncContextManager[None]:
    return configured(store, "maxmemory", "1", "0")


def replicas_are_away(store: redis.asyncio.Redis, _: Path) -> contextlib.AbstractAsyncContextManager[None]:
    return configured(store, "min-replicas-to-write", "1", "0")


def keeps_no_file(store: redis.asyncio.Redis, _: Path) -> contextlib.AbstractAsyncContextManager[None]:
    return configured(store, "appendonly", "no", "yes")


def throws_away(store: redis.asyncio.Redis, _: Path) -> contextlib.AbstractAsyncContextManager[None]:
    return configured(store, "maxmemory-policy", "allkeys-lru", "noeviction")


@contextlib.asynccontextmanager
async def disk_is_full(store: redis.asyncio.Redis, folder: Path) -> AsyncIterator[None]:
    """A folder stands where a snapshot should be written: for the store that is a disk that cannot be written to."""
    in_the_way = folder / "dump.rdb"
    in_the_way.mkdir()
    async with configured(store, "save", "3600 1000000", ""):
        try:
            await store.bgsave()
            await until_info(store, "rdb_last_bgsave_status", "err")
            yield
        finally:
            in_the_way.rmdir()
            await store.bgsave()
            await until_info(store, "rdb_last_bgsave_status", "ok")
            (folder / "dump.rdb").unlink()


async def until_info(store: redis.asyncio.Redis, name: str, value: str) -> None:
    async with asyncio.timeout(10):
        while (await store.info("persistence"))[name] != value:
            await asyncio.sleep(0.01)


async def all_that_reading_takes(server: Server, ann: Person) -> None:
    """A new socket by its token, a session, a page of history by socket and over HTTP, lists."""
    again = await Person(server.url, ann.token, ann.user).start()
    assert (await again.call("message.history", room="hall"))["messages"]
    await again.leave()
    assert (await post(server.url, "message.history", ann.token, room="hall"))["messages"]
    for method, params in (
        ("room.discover", {}), ("room.members", {"room": "hall"}), ("inbox.list", {}), ("login.list", {}),
        ("user.get", {"users": [ann.id]}),
    ):  # fmt: skip
        await ann.call(method, **params)


@pytest.mark.parametrize(
    ("trouble", "why"),
    [
        (memory_is_full, "its memory is full"), (replicas_are_away, "required replicas are away"),
        (disk_is_full, "it cannot write to its disk"), (keeps_no_file, "has no append-only file"),
        (throws_away, "evicts data"),
    ],
)  # fmt: skip
async def test_a_store_that_takes_no_writes_is_read_says_why_and_is_written_to_again(
    open_server: OpenServer, valkey: EmbeddedStore, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch,
    trouble: Trouble, why: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(node, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(node, "SETTINGS_EVERY", 1)
    caplog.set_level(logging.INFO, "chatserver")
    server = await open_server()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await ann.say("hall", "before")
        links = server.store.links
        async with trouble(server.store.redis, valkey.folder):
            await until(lambda: server.store.read_only)
            for _ in range(3):
                with pytest.raises(Refused, match="takes no writes now"):
                    await ann.say("hall", "no more")
            await all_that_reading_takes(server, bob)
            answer = await ask(server.url, "/readyz")
            assert answer.status == 503 and why.encode() in answer.body
            assert b"chat_store_writable 0.0" in server.doors.metrics.text()
        await until(lambda: not server.store.read_only)
        await ann.say("hall", "after")
        await bob.hears("message.posted", text="after")
        assert (await ask(server.url, "/readyz")).status == 200
        assert server.store.links == links
    said = [record for record in caplog.records if record.getMessage().startswith("store: takes")]
    assert [record.levelname for record in said] == ["ERROR", "INFO"]
    assert why in said[0].reason


@pytest.mark.parametrize("trouble", [memory_is_full, replicas_are_away, disk_is_full])
async def test_a_store_that_takes_no_writes_is_linked_again_and_a_server_opens_on_it(
    open_server: OpenServer, valkey: EmbeddedStore, trouble: Trouble
) -> None:
    server = await open_server()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await ann.say("hall", "before")
        async with trouble(server.store.redis, valkey.folder):
            for client in await server.store.redis.client_list():
                if client["name"] == "chatserver-link":
                    await server.store.redis.client_kill_filter(_id=client["id"])
            await until(lambda: server.store.links == 2 and server.store.up)
            await all_that_reading_takes(server, ann)
            other = await open_server()
            await all_that_reading_takes(other, bob)
            assert other.store.read_only
        await until(lambda: not server.store.read_only)
        await ann.say("hall", "after")


async def test_what_makes_less_or_keeps_somebody_out_works_while_memory_is_full(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await ann.call("room.create", title="Tea"))["room"]
        for person in (bob, cat):
            await person.call("room.join", room=room)
        said = await bob.call("message.send", room=room, text="a word too many", client_id="1")
        edited = await ann.say("hall", "short")
        token = await cat.call("token.create", label="a script")
        async with memory_is_full(server.store.redis, Path()):
            await ann.call("message.delete", room=room, seq=said["seq"])
            await ann.call("room.set_role", room=room, user=cat.id, role="moderator")
            await cat.call("room.ban", room=room, user=bob.id)
            await bob.hears("member.left", room=room)
            await ann.call("room.unban", room=room, user=bob.id)
            await cat.call("room.leave", room=room)
            await cat.call("read.mark", room="hall", seq=0)
            await cat.call("token.revoke", token=token["id"])
            await cat.call("block.add", user=bob.id)
            await cat.call("block.remove", user=bob.id)
            with pytest.raises(Refused, match="takes no writes now"):
                await ann.call("message.edit", room="hall", seq=edited["seq"], text="longer")
            await bob.call("account.sign_out")
            assert await bob.closed()
            page = await ann.call("message.history", room=room)
        assert [message["deleted"] for message in page["messages"]] == [True]


async def test_a_channel_can_be_heard_on_a_store_whose_disk_is_full(store: Store, valkey: EmbeddedStore) -> None:
    """The store refuses PING then, too, by which a subscription once knew that it was done."""
    heard: list[bytes] = []
    store.listen("r", lambda _, payload: heard.append(payload))
    async with disk_is_full(store.redis, valkey.folder):
        await store.subscribe("{r:tea}:live")
        await store.command("{r:tea}", "SPUBLISH", "{r:tea}:live", "hello")
    assert heard == [b"hello"]
    assert store.links == 1
