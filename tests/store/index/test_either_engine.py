"""Whichever engine keeps the messages: processes take turns, what a crash forgot is found, and commands tell of it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.cli import main
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from tests.conftest import OpenServer, settings_for_tests
from tests.people import PATIENCE, Person, gathering, post, sign_up
from tests.walks.test_search import finds, search


@pytest.fixture
def index_settings(either_engine: dict[str, Any]) -> dict[str, Any]:
    return either_engine


async def test_another_process_goes_on_when_the_one_that_writes_has_ended(
    address: Address, tmp_path: Path, index_settings: dict[str, Any]
) -> None:
    settings = settings_for_tests(tmp_path, **index_settings)
    async with contextlib.AsyncExitStack() as stack:
        one = await stack.enter_async_context(contextlib.AsyncExitStack())
        first = await one.enter_async_context(Server(settings, store_address=address))
        second = await stack.enter_async_context(Server(settings, store_address=address))
        ann = await sign_up(second.url, "ann")
        await post(second.url, "message.send", ann.token, room="hall", text="oolong", client_id="1")
        await finds(ann, "oolong", "oolong")
        assert first.stores.index.is_writer != second.stores.index.is_writer
        if second.stores.index.is_writer:
            await second.stores.index.messages.run(second.stores.index.messages.engine.release)
            async with asyncio.timeout(PATIENCE):
                while not first.stores.index.is_writer or second.stores.index.is_writer:
                    await asyncio.sleep(0.05)
        await one.aclose()
        await post(second.url, "message.send", ann.token, room="hall", text="oolong again", client_id="2")
        await finds(ann, "oolong", "oolong again", "oolong")
        assert second.stores.index.is_writer


async def test_what_a_crash_forgot_is_found_by_the_next_start(open_server: OpenServer) -> None:
    server = await open_server()
    async with gathering(server.url, "ann") as (ann,):
        await ann.say("hall", "oolong")
        await finds(ann, "oolong", "oolong")
        await server.stores.index.close()
        await ann.say("hall", "oolong again")
        gone = (await ann.say("hall", "oolong gone"))["seq"]
        await ann.call("message.delete", room="hall", seq=gone)
        await server.stores.store.command(keys.room("hall"), "DEL", *map(keys.dirty, range(64)))
        other = await open_server()
        await finds(Person(other.url, ann.token, ann.user), "oolong", "oolong again", "oolong")


async def test_an_index_that_is_being_made_says_so_and_the_server_works_meanwhile(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        await ann.say("hall", "oolong")
        await finds(ann, "oolong", "oolong")
        async with asyncio.timeout(PATIENCE):
            while "indexing" in await search(ann, "oolong"):
                await asyncio.sleep(0.05)
        messages = server.stores.index.messages
        await messages.run(messages.engine.note_progress, 0.25)
        assert (await search(ann, "oolong"))["indexing"] == 0.25


async def test_an_index_that_is_removed_under_a_running_server_is_made_again(
    open_server: OpenServer, tmp_path: Path, index_settings: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {name.upper(): json.dumps(value) for name, value in index_settings.items()}
    environment = {f"CHATSERVER_{name}": value for name, value in environment.items()}

    async def command(name: str) -> str:
        assert await asyncio.to_thread(main, ["index", name, "--data", str(tmp_path)], environment) == 0
        return capsys.readouterr().out

    async def says(*lines: str) -> None:
        async with asyncio.timeout(PATIENCE):
            said = await command("status")
            while not all(line in said for line in lines):
                await asyncio.sleep(0.05)
                said = await command("status")
        assert "Size: " in said

    await command("rebuild")
    assert "There is no index yet" in await command("status")
    server = await open_server()
    async with gathering(server.url, "ann") as (ann,):
        await ann.say("hall", "oolong")
        await says("Messages: 1 in 1 rooms, complete", "People: 1, complete", "Open rooms: 10, complete")
        await command("rebuild")
        await finds(ann, "oolong", "oolong")
        await ann.say("hall", "oolong again")
        await finds(ann, "oolong", "oolong again", "oolong")
        await says("Messages: 2 in 1 rooms, complete", "People: 1, complete", "Open rooms: 10, complete")
        assert "indexing" not in await search(ann, "oolong")
