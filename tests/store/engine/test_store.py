"""The link in trouble: a primary that moved, records that cannot be decoded, a blocked loop, a cut."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import redis.asyncio
import uvloop

from chatserver.app import Server
from chatserver.store.engine import keys, node
from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store
from tests.conftest import running
from tests.people import Person, gathering


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_primary_that_becomes_a_replica_is_no_store_and_is_one_again_when_promoted(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chatserver")
    async with gathering(server.url, "ann") as (ann,):
        try:
            await server.store.redis.execute_command("REPLICAOF", "127.0.0.1", "1")
            await until(lambda: not server.store.up)
            assert server._not_ready() == "the store cannot be reached"
        finally:
            await server.store.redis.execute_command("REPLICAOF", "NO", "ONE")
        await until(lambda: server.store.up)
        await ann.say("hall", "back again")
        await ann.hears("message.posted", text="back again")
    lost = next(record for record in caplog.records if record.getMessage() == "store: link lost")
    assert lost.reason == "no primary"
    assert server.store.losses["no primary"] >= 1


async def test_records_that_cannot_be_read_cost_the_room_a_reading_and_nobody_the_link(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        links = server.store.links
        for tag in (keys.room("hall"), keys.user(ann.id)):
            for payload in (b"\xc1", b"\x91\xa1m", b"\x92\xa1j\xa1x", b"\x91\xa4room", b"\x90"):
                await server.store.redis.execute_command("SPUBLISH", keys.live(tag), payload)
        await ann.say("hall", "still here")
        await bob.hears("message.posted", text="still here")
        await ann.call("session.ping")
        assert server.store.links == links
        assert server.store.faults > 0


async def test_records_of_the_log_that_cannot_be_decoded_are_shown_as_deleted(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        first = await ann.say("hall", "before")
        await bob.hears("message.posted", text="before")
        links = server.store.links
        for number in range(1, 21):
            fields = ("m", b"\xc1 no record", "t", "1") if number % 2 else ("x", "y")
            await server.store.redis.execute_command(
                "XADD", keys.room("hall") + ":log", f"{first['seq'] + number}-0", *fields
            )
        await ann.say("hall", "after")
        await bob.hears("message.posted", text="after")
        heard = [event["params"] for event in bob.events if event["method"] == "message.posted"]
        assert [message["seq"] for message in heard] == list(range(first["seq"], first["seq"] + 22))
        assert [message.get("deleted", False) for message in heard] == [False, *[True] * 20, False]
        page = await bob.call("message.history", room="hall", limit=22)
        assert [message["text"] for message in page["messages"]] == ["before", *[""] * 20, "after"]
        fresh = await Person(server.url, ann.token, ann.user).start()
        await fresh.leave()
        await server.hub.feeds.compare_heads()
        assert not bob.heard("room.reset")
        assert server.store.links == links
        assert server.store.faults >= 20


async def test_a_lost_link_says_why_and_how_long_it_was_away(
    address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chatserver")
    async with running(Store(address)) as linked:
        for client in await linked.redis.client_list():
            if client["name"] == "chatserver-link":
                await linked.redis.client_kill_filter(_id=client["id"])
        await until(lambda: linked.links == 2)
    said = [(record.getMessage(), getattr(record, "reason", None)) for record in caplog.records]
    assert ("store: link lost", "closed by the store") in said
    assert ("store: linked again", None) in said
    assert linked.losses == {"closed": 1}


async def test_a_login_that_may_not_ask_for_the_role_is_linked_and_the_log_says_so(
    address: Address, caplog: pytest.LogCaptureFixture
) -> None:
    admin = redis.asyncio.Redis(unix_socket_path=address.path)
    await admin.execute_command("ACL", "SETUSER", "chat", "on", ">secret", "~*", "&*", "+@all", "-role", "-config")
    try:
        limited = Store(replace(address, username="chat", password="secret"))
        async with running(limited):
            assert await limited.call("room_open", keys.room("none")) == [b"not_found"]
            for client in await admin.client_list():
                if client["name"] == "chatserver-link":
                    await admin.client_kill_filter(_id=client["id"])
            await until(lambda: limited.links == 2)
    finally:
        await admin.execute_command("ACL", "DELUSER", "chat")
        await admin.aclose()
    said = [record for record in caplog.records if "may not use ROLE" in record.getMessage()]
    assert len(said) == 1


async def test_a_listener_that_fails_keeps_no_other_from_being_called(address: Address) -> None:
    called = []

    def fail() -> None:
        raise ValueError

    one = Store(address)
    one.on_missed(fail)
    one.on_missed(lambda: called.append("missed"))
    async with running(one):
        assert called == ["missed"]


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
@pytest.mark.parametrize(("held_seconds", "pace"), [(0.3, 0.02), pytest.param(15.0, 1.0, marks=pytest.mark.soak)])
def test_a_loop_that_was_held_does_not_take_its_own_delay_for_silence(
    address: Address, monkeypatch: pytest.MonkeyPatch, run: Callable[[Any], Any], held_seconds: float, pace: float
) -> None:
    monkeypatch.setattr(node, "PROBE_SECONDS", pace)
    monkeypatch.setattr(node, "PATIENCE_SECONDS", 5 * pace)

    async def held() -> tuple[int, int]:
        async with running(Store(address)) as linked:
            for _ in range(5):
                probed = linked._node.probed
                await until(lambda before=probed: linked._node.probed > before)
                time.sleep(held_seconds)  # noqa: ASYNC251  # the loop is held on purpose
                probed = linked._node.probed
                await until(lambda before=probed: linked._node.probed > before)
            return linked.links, sum(linked.losses.values())

    assert run(held()) == (1, 0)
