"""A server whose cluster is away, slow or refuses: all else works, nothing is lost or shown that may not be."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from osmem_server import OsmemServer

from chatserver.app import Server
from chatserver.cli import main
from chatserver.store.index.opensearch import lease
from tests.conftest import OpenServer
from tests.people import PATIENCE, Person, Refused, gathering
from tests.store.index.unwell import Illness, Unwell
from tests.walks.test_search import finds, search, texts


@pytest.fixture
def unwell(osmem_url: str) -> Iterator[Unwell]:
    proxy = Unwell(osmem_url)
    yield proxy
    proxy.close()


@pytest.fixture
def index_settings(unwell: Unwell) -> dict[str, Any]:
    return {"index__opensearch": [unwell.url], "index__search_seconds": 0.3}


async def comes(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not what():
            await asyncio.sleep(0.02)


async def is_refused(person: Person, query: str) -> None:
    with pytest.raises(Refused) as refused:
        await search(person, query)
    assert (refused.value.code, refused.value.reason) == (-32050, "search_unavailable")


async def metric(server: Server, name: str) -> float:
    page = (await asyncio.to_thread(urlopen, f"{server.url}/metrics")).read().decode()
    return next(float(line.split()[-1]) for line in page.splitlines() if line.startswith(f"{name} "))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


async def test_a_server_starts_without_its_cluster_and_catches_up_when_it_is_there(open_server: OpenServer) -> None:
    port = free_port()
    server = await open_server(index__opensearch=[f"http://127.0.0.1:{port}"])
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await ann.say("hall", "oolong")
        await is_refused(ann, "oolong")
        assert [one["id"] for one in (await bob.call("user.search", query="ann"))["users"]] == [ann.id]
        await comes(lambda: bool(server.stores.index.messages.fault))
        assert await metric(server, "chat_index_up") == 0 and await metric(server, "chat_search_failures_total") == 1
        cluster = OsmemServer.start(japanese=False, addr=f"127.0.0.1:{port}")
        try:
            await finds_when_it_is_back(ann, "oolong", "oolong")
            await comes(lambda: not server.stores.index.messages.fault)
            assert await metric(server, "chat_index_up") == 1
        finally:
            cluster.close()
            for pipe in (cluster.process.stdin, cluster.process.stdout):
                pipe.close()


async def finds_when_it_is_back(person: Person, query: str, *wanted: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                if await texts(person, query) == list(wanted):
                    return
            except Refused as refused:
                if refused.reason != "search_unavailable":
                    raise
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("illness", ["drops", "hangs", 429, 500, 401, b"<html>"])
async def test_while_the_cluster_is_ill_all_else_works_and_it_is_caught_up_with(
    server: Server, unwell: Unwell, illness: Illness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "chatserver.store.index")
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        gone = (await ann.say("hall", "oolong gone"))["seq"]
        changed = (await ann.say("hall", "oolong changed"))["seq"]
        await finds(bob, "oolong", "oolong changed", "oolong gone")
        unwell.fall_ill(illness)
        await ann.call("message.delete", room="hall", seq=gone)
        await ann.call("message.edit", room="hall", seq=changed, text="sencha instead")
        await ann.say("hall", "oolong new")
        await bob.until(lambda: "oolong new" in str(bob.events))
        await is_refused(bob, "oolong")
        assert [one["id"] for one in (await bob.call("user.search", query="ann"))["users"]] == [ann.id]
        await comes(lambda: bool(server.stores.index.messages.fault))
        unwell.heal()
        await finds_when_it_is_back(bob, "oolong", "oolong new")
        await finds(bob, "sencha", "sencha instead")
        await comes(lambda: not server.stores.index.messages.fault)
    said = [record.message for record in caplog.records if record.name.startswith("chatserver.store.index")]
    assert said.count("index: it is not brought up to date now") == said.count("index: it is brought up to date again")
    assert 1 <= said.count("index: it is brought up to date again") <= 2


async def test_while_nothing_can_be_written_what_was_there_is_found_and_what_was_deleted_is_not(
    server: Server, unwell: Unwell
) -> None:
    async with gathering(server.url, "ann") as (ann,):
        await ann.say("hall", "oolong")
        gone = (await ann.say("hall", "oolong gone"))["seq"]
        await finds(ann, "oolong", "oolong gone", "oolong")
        unwell.fall_ill(429, lambda method, path: "_bulk" in path)
        await ann.call("message.delete", room="hall", seq=gone)
        assert await texts(ann, "oolong") == ["oolong"]
        await ann.say("hall", "oolong new")
        await comes(lambda: bool(server.stores.index.messages.fault))
        assert await texts(ann, "oolong") == ["oolong"]
        unwell.heal()
        await finds(ann, "oolong", "oolong new", "oolong")
        assert unwell.ask("POST", "/chatserver/_count", {"query": {"exists": {"field": "room"}}})["count"] == 2


async def test_what_is_deleted_leaves_the_cluster_by_itself(server: Server, unwell: Unwell) -> None:
    def count() -> int:
        return int(unwell.ask("POST", "/chatserver/_count", {"query": {"term": {"words": "oolong"}}})["count"])

    async with gathering(server.url, "ann") as (ann,):
        seqs = [(await ann.say("hall", f"oolong {number}"))["seq"] for number in range(3)]
        await finds(ann, "oolong", "oolong 2", "oolong 1", "oolong 0")
        await ann.call("message.delete", room="hall", seq=seqs[0])
        await ann.call("message.edit", room="hall", seq=seqs[1], text="sencha")
        await comes(lambda: count() == 1)


async def test_another_process_takes_over_from_one_that_was_killed(
    open_server: OpenServer, unwell: Unwell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "LOOKED_SECONDS", 0.1)
    monkeypatch.setattr(lease, "RENEWED_SECONDS", 0.2)
    monkeypatch.setattr(lease, "LAPSED_SECONDS", 2.0)
    first = await open_server()
    async with gathering(first.url, "ann") as (ann,):
        await ann.say("hall", "oolong")
        await finds(ann, "oolong", "oolong")
        second = await open_server()
        monkeypatch.setattr(first.stores.index.messages.engine, "release", lambda: None)
        await first.stores.index.close()
        await ann.say("hall", "oolong again")
        await finds(Person(second.url, ann.token, ann.user), "oolong", "oolong again", "oolong")
        assert second.stores.index.is_writer
        assert unwell.ask("POST", "/chatserver/_count", {"query": {"exists": {"field": "room"}}})["count"] == 2


async def test_files_from_before_a_cluster_was_used_are_removed(open_server: OpenServer, tmp_path: Path) -> None:
    before = await open_server(index__opensearch=[])
    async with gathering(before.url, "ann") as (ann,):
        await ann.say("hall", "oolong")
        await finds(ann, "oolong", "oolong")
        assert list((tmp_path / "index").glob("messages-*"))
        await before.stores.index.close()
        after = await open_server()
        assert not list((tmp_path / "index").glob("messages-*"))
        await finds(Person(after.url, ann.token, ann.user), "oolong", "oolong")
        assert not list((tmp_path / "index").glob("messages-*")) and (tmp_path / "index" / "people.db").exists()


def test_commands_say_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(**settings: str) -> str:
        environment = {f"CHATSERVER_INDEX__{name.upper()}": value for name, value in settings.items()}
        assert main(["index", "status", "--data", str(tmp_path)], environment) == 1
        return capsys.readouterr().err

    away = f"http://127.0.0.1:{free_port()}"
    assert said(opensearch=away) == "Search is not available now: try again later\n"
    assert "there is no file /no/ca.pem" in said(opensearch=away, opensearch_ca="/no/ca.pem")
    assert "index.opensearch must hold addresses" in said(opensearch="search.example.org:9200")
    assert "index.opensearch_index must be" in said(opensearch=away, opensearch_index="My Index")


def test_without_its_client_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opensearchpy", None)
    for name in ("cluster", "engine", "lease"):
        monkeypatch.delitem(__import__("sys").modules, f"chatserver.store.index.opensearch.{name}", raising=False)
    environment = {"CHATSERVER_INDEX__OPENSEARCH": json.dumps(["http://127.0.0.1:9"])}
    assert main(["index", "status", "--data", str(tmp_path)], environment) == 1
    assert "pip install opensearch-py" in capsys.readouterr().err
