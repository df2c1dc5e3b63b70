"""Whatever becomes of the file of open rooms, lists are right, and the file is made again from the store."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from chatserver.app import Server
from chatserver.ids import now_ms
from chatserver.store.engine.address import Address
from chatserver.store.index.sqlite_rooms import ROOMS, SqliteRooms
from tests.conftest import settings_for_tests
from tests.people import Person, gathering, post, sign_up
from tests.store.index.test_index_faults import damaged_words, garbage, half, missing_table, other_version
from tests.store.index.test_people_index import waited
from tests.store.index.test_rooms_index import found, is_made, listed

WRITES = """
import itertools, sys
from pathlib import Path
from chatserver.rules.rooms.finding import Liveliness, OpenRoom
from chatserver.store.index.sqlite_rooms import SqliteRooms
engine = SqliteRooms(Path(sys.argv[1]))
assert engine.acquire()
for turn in itertools.count():
    rooms = [OpenRoom(f"room-{turn % 40}-{place}", turn, f"读书会 {turn}", "Turns") for place in range(20)]
    engine.write([(room, Liveliness.of(room.room, turn, today=turn % 3)) for room in rooms], [])
    engine.move([Liveliness.of(room.room, 0, online=turn % 5) for room in rooms])
    engine.note_place(str(turn), 0.5)
    print(turn, flush=True)
"""


async def some_rooms(ann: Person) -> str:
    """Makes an open room, and others that no list shows, all with the same title. Returns the open one."""
    room: str = (await ann.call("room.create", title="读书会", about="Novels"))["room"]
    await ann.call("room.create", title="读书会", kind="closed")
    archived = (await ann.call("room.create", title="读书会"))["room"]
    await ann.call("room.archive", room=archived, archived=True)
    return room


async def found_by(url: str, **asked: Any) -> list[str]:
    return [room["room"] for room in (await listed(url, **asked))["rooms"]]


def nothing(_: Path) -> None:
    """The file stays as it is."""


@pytest.mark.parametrize(
    "spoil", [nothing, garbage, half, other_version, damaged_words, missing_table, Path.unlink]
)  # fmt: skip
async def test_lists_are_right_while_a_spoilt_file_is_made_again_and_afterwards(
    address: Address, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    settings = settings_for_tests(tmp_path)
    async with Server(settings, store_address=address) as server, gathering(server.url, "ann") as (ann,):
        room = await some_rooms(ann)
        await is_made(server.url)

        async def is_known() -> bool:
            return [place.room for place in found(server.stores.index.rooms.engine, "dushuhui")] == [room]

        await waited(is_known)
        before = await found_by(server.url)
    spoil(tmp_path / "index" / ROOMS)
    async with Server(settings, store_address=address) as server:
        for _ in range(2):
            assert await found_by(server.url, query="dushuhui") == [room] == await found_by(server.url, query="novels")
            assert await found_by(server.url) == before
            await is_made(server.url)
        engine = server.stores.index.rooms.engine

        async def is_whole() -> bool:
            rooms = [place.room for place in found(engine, "dushuhui")]
            return rooms == [room] and len(found(engine)) == len(before)

        await waited(is_whole)


async def test_a_file_that_is_damaged_under_a_running_server_is_made_again(server: Server, tmp_path: Path) -> None:
    async with gathering(server.url, "ann") as (ann,):
        room, file = await some_rooms(ann), tmp_path / "index" / ROOMS
        await is_made(server.url)
        for spoil in (missing_table, Path.unlink):
            spoil(file)
            assert await found_by(server.url, query="dushuhui") == [room]
            await is_made(server.url)

            async def is_whole() -> bool:
                return [place.room for place in found(server.stores.index.rooms.engine, "dushuhui")] == [room]

            await waited(is_whole)


def test_a_writer_that_is_killed_leaves_a_file_that_agrees_with_itself(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    for _ in range(3):
        writing = subprocess.Popen([sys.executable, "-c", WRITES, str(folder)], stdout=subprocess.PIPE)
        assert writing.stdout is not None
        for _ in range(random.Random(4).randrange(30, 60)):
            writing.stdout.readline()
        engine = SqliteRooms(folder)
        assert not engine.acquire()
        writing.send_signal(signal.SIGKILL)
        writing.wait()
        writing.stdout.close()
        assert engine.acquire()
        rooms = engine.after("", 1 << 20)
        assert len(rooms) == engine.count() >= 600 and len(rooms) % 20 == 0
        for query in ("", "dushuh", "turn"):
            assert sorted(place.room for place in found(engine, query)) == rooms
        reached = int(engine.place() or 0)
        assert set(engine.versions([f"room-{reached % 40}-{place}" for place in range(20)]).values()) == {reached}
        engine.close()
        connection = apsw.Connection(str(folder / ROOMS))
        assert connection.pragma("integrity_check") == "ok"
        for table in ("places", "words_docsize"):
            assert connection.execute(f"SELECT count(*) FROM {table}").get == len(rooms)
        connection.close()


async def test_processes_of_a_machine_share_the_file_and_another_goes_on(address: Address, tmp_path: Path) -> None:
    settings = settings_for_tests(tmp_path)
    async with contextlib.AsyncExitStack() as stack:
        one = await stack.enter_async_context(contextlib.AsyncExitStack())
        first = await one.enter_async_context(Server(settings, store_address=address))
        second = await stack.enter_async_context(Server(settings, store_address=address))
        ann = await sign_up(second.url, "ann")
        for server in (first, second):
            await is_made(server.url)
        for number, title in enumerate(["读书会", "Novels"]):
            room = (await post(second.url, "room.create", ann.token, title=title))["room"]
            for server in (first, second):
                assert room in await found_by(server.url, query=title), "at once, on both"

            async def is_known(room: str = room, title: str = title) -> bool:
                return room in {place.room for place in found(second.stores.index.rooms.engine, title)}

            await waited(is_known)
            if number == 0:
                assert first.stores.index.rooms.is_writer and not second.stores.index.rooms.is_writer
                await one.aclose()
                first = second
        assert second.stores.index.rooms.is_writer


async def test_a_title_that_a_room_no_longer_has_leaves_the_file(server: Server, tmp_path: Path) -> None:
    def holds(word: str) -> bool:
        return any(word.encode() in file.read_bytes() for file in (tmp_path / "index").glob(f"{ROOMS}*"))

    async with gathering(server.url, "ann") as (ann,):
        await is_made(server.url)
        room = (await ann.call("room.create", title="zanzibar"))["room"]

        async def is_known() -> bool:
            return holds("zanzibar")

        async def is_gone() -> bool:
            await server.stores.index.purge(now_ms())
            return not holds("zanzibar") and not holds("zibar")

        await waited(is_known)
        await ann.call("room.update", room=room, title="Tea")
        await waited(is_gone)
