"""What operators see at /metrics, and who sees it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from chatserver.app import Server
from chatserver.errors import TABLE
from chatserver.protocol import closing
from chatserver.protocol.methods import METHODS
from tests.conftest import OpenServer
from tests.doors.visiting import ask, post
from tests.people import PATIENCE, Person, Refused, gathering, sign_up

FAR = {"X-Forwarded-For": "203.0.113.9"}


async def families(server: Server) -> dict[str, Metric]:
    answer = await ask(server.url, "/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return {family.name: family for family in text_string_to_metric_families(answer.body.decode())}


def samples(found: dict[str, Metric]) -> Iterator[Sample]:
    for family in found.values():
        yield from family.samples


def value(found: dict[str, Metric], name: str, **labels: str) -> float:
    return next((one.value for one in samples(found) if one.name == name and labels.items() <= one.labels.items()), 0.0)


async def _busy(server: Server, ann: Person, bob: Person) -> None:
    await ann.say("hall", "hello")
    await bob.hears("message.posted", text="hello")
    with pytest.raises(Refused):
        await ann.call("room.join", room="nowhere")
    with pytest.raises(Refused):
        await bob.call("room.update", room="hall", title="Mine")
    await post(server.url, "community.get")
    await post(server.url, "room.burn")


async def test_counts_and_gauges_say_what_happened(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        before = await families(server)
        await _busy(server, ann, bob)
        found = await families(server)
    assert value(found, "chat_connections") == 2
    assert value(found, "chat_users") == 2
    assert value(found, "chat_rooms_followed") >= 1
    assert value(found, "chat_store_up") == 1
    assert value(found, "chat_messages_appended_total") - value(before, "chat_messages_appended_total") == 1
    assert value(found, "chat_requests_total", method="message.send", outcome="ok") == 1
    assert value(found, "chat_requests_total", method="room.join", outcome="not_found") == 1
    assert value(found, "chat_requests_total", method="room.update", outcome="not_allowed") == 1
    assert value(found, "chat_requests_total", method="community.get", outcome="ok") == 1
    assert value(found, "chat_requests_total", method="unknown", outcome="method") == 1


async def test_closes_are_counted_by_code(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat", "dan") as (ann, bob, cat, dan):
        await post(server.url, "account.sign_out", Authorization=f"Bearer {ann.token}")
        assert await ann.closed() == 4500
        await bob.socket.send("x" * 70_000)
        assert await bob.closed() == 1009
        await cat.leave()
        dan.cut()
        async with asyncio.timeout(PATIENCE):
            while server.hub.connections:
                await asyncio.sleep(0.02)
        found = await families(server)
    assert value(found, "chat_closes_total", code="4500") == 1
    assert value(found, "chat_closes_total", code="1009") == 1
    assert value(found, "chat_closes_total", code="1000") == 1
    assert value(found, "chat_closes_total", code="1006") == 1


async def test_no_room_user_or_stranger_chooses_a_label(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await _busy(server, ann, bob)
        await ann.call("room.create", title="Secret plans")
        found = await families(server)
    allowed = {
        "method": METHODS.keys() | {"unknown"},
        "outcome": {"ok"} | {kind.name for kind in TABLE},
        "code": {str(row.code) for row in closing.TABLE} | {"1002", "1006"},
        "part": {"messages", "people", "rooms"},
    }
    for sample in samples(found):
        for name, held in sample.labels.items():
            assert name in {"le", "version"} or held in allowed[name], sample


async def test_every_metric_has_words_and_a_name_of_ours(server: Server) -> None:
    found = await families(server)
    assert found
    assert all(name.startswith("chat_") and family.documentation.endswith(".") for name, family in found.items())
    assert found["chat_loop_lag_seconds"].type == "histogram"


@pytest.mark.parametrize(
    ("setting", "near", "far"),
    [("local", 200, 404), ("open", 200, 200), ("off", 404, 404)],
    ids=["local", "open", "off"],
)
async def test_who_may_read_them_is_a_setting(open_server, setting: str, near: int, far: int) -> None:
    server = await open_server(server__metrics=setting)
    assert (await ask(server.url, "/metrics")).status == near
    assert (await ask(server.url, "/metrics", **FAR)).status == far


@pytest.mark.parametrize(
    "headers",
    [
        {"Forwarded": "for=203.0.113.9"}, {"X_Real_IP": "203.0.113.9"}, {"Via": "1.1 proxy"},
        {"X_Forwarded_Proto": "https"}, {"Host": "chat.example.org"}, {"Host": "chat.example.org:8080"},
    ],
)  # fmt: skip
async def test_what_a_proxy_on_this_machine_passes_on_is_not_local(server: Server, headers: dict[str, str]) -> None:
    assert (await ask(server.url, "/metrics", **headers)).status == 404
    for name in ("localhost", "127.0.0.1:9", "[::1]"):
        assert (await ask(server.url, "/metrics", Host=name)).status == 200


async def test_operators_see_how_much_is_in_the_index_and_that_a_part_of_it_is_behind(open_server: OpenServer) -> None:
    server, other = await open_server(), await open_server()
    await sign_up(server.url, "ann")

    async def shows(name: str, what: Callable[[float], bool], **labels: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while not what(value(await families(server), name, **labels)):
                await asyncio.sleep(0.05)

    await shows("chat_index_rows", lambda rows: rows == 1, part="people")
    await shows("chat_index_rows", lambda rows: rows == 10, part="rooms")
    for part in ("messages", "people", "rooms"):
        await shows("chat_index_lag_seconds", lambda seconds: seconds < 1, part=part)
        assert value(await families(server), "chat_index_failed_timestamp_seconds", part=part) == 0
    await server.store.redis.set("{rooms}:changes", "no stream")
    await shows("chat_index_lag_seconds", lambda seconds: seconds > 2, part="rooms")
    await shows("chat_index_failed_timestamp_seconds", lambda at: abs(at - time.time()) < 60, part="rooms")
    assert value(await families(server), "chat_index_failed_timestamp_seconds", part="people") == 0
    await server.store.redis.delete("{rooms}:changes")
    await shows("chat_index_lag_seconds", lambda seconds: seconds < 1, part="rooms")
    found = await families(other)
    assert value(found, "chat_index_writer") == 0
    assert not [one for one in samples(found) if one.name in {"chat_index_rows", "chat_index_lag_seconds"}]
