"""The index is made again from the logs whatever becomes of its files, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from chatserver.app import Server
from chatserver.ids import now_ms
from chatserver.rules.text.tokens import parse_query
from chatserver.store.engine.address import Address
from chatserver.store.index.engine import Wanted
from chatserver.store.index.sqlite import SqliteMessages
from tests.conftest import settings_for_tests
from tests.people import Person, gathering, post, sign_up
from tests.walks.test_search import finds

WRITES = """
import itertools, sys
from pathlib import Path
from chatserver.store.index.engine import Entry, RoomPart, RoomState
from chatserver.store.index.sqlite import SqliteMessages
engine = SqliteMessages(Path(sys.argv[1]))
assert engine.acquire()
for turn in itertools.count():
    entries = [Entry(turn * 50 + place + 1, 1_764_000_000_000 + turn, "ann", f"oolong {place}") for place in range(50)]
    engine.write([RoomPart("hall", RoomState("e", turn * 50 + 50, 0), entries)])
    print(turn, flush=True)
"""


def garbage(file: Path) -> None:
    file.write_bytes(os.urandom(20_000))


def half(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def other_version(file: Path) -> None:
    connection = apsw.Connection(str(file))
    connection.execute("UPDATE about SET value = 'another' WHERE name = 'stamp'")
    connection.close()


def damaged_words(file: Path) -> None:
    connection = apsw.Connection(str(file))
    connection.execute("UPDATE words_data SET block = zeroblob(200) WHERE id > 10")
    connection.close()


def missing_table(file: Path) -> None:
    connection = apsw.Connection(str(file))
    connection.execute("DROP TABLE words")
    connection.close()


def files(folder: Path) -> list[Path]:
    return sorted((folder / "index").glob("*.db"))


@pytest.mark.parametrize("spoil", [garbage, half, other_version, damaged_words, missing_table, Path.unlink])
async def test_a_spoilt_file_is_made_again(address: Address, tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    settings = settings_for_tests(tmp_path)
    async with Server(settings, store_address=address) as server:
        ann = await sign_up(server.url, "ann")
        await post(server.url, "message.send", ann.token, room="hall", text="oolong", client_id="1")
        await finds(ann, "oolong", "oolong")
    for file in files(tmp_path):
        spoil(file)
    async with Server(settings, store_address=address) as server:
        ann = Person(server.url, ann.token, ann.user)
        await finds(ann, "oolong", "oolong")
        await post(server.url, "message.send", ann.token, room="hall", text="oolong again", client_id="2")
        await finds(ann, "oolong", "oolong again", "oolong")
    assert files(tmp_path) and all(file.stat().st_mode & 0o777 == 0o600 for file in (tmp_path / "index").iterdir())


async def test_a_folder_deleted_under_a_running_server_is_made_again(server: Server, tmp_path: Path) -> None:
    async with gathering(server.url, "ann") as (ann,):
        await ann.say("hall", "oolong")
        await finds(ann, "oolong", "oolong")
        shutil.rmtree(tmp_path / "index")
        await ann.say("hall", "oolong again")
        await finds(ann, "oolong", "oolong again", "oolong")
        for file in files(tmp_path):
            Path(f"{file}-broken").touch()
        await finds(ann, "oolong", "oolong again", "oolong")
        async with asyncio.timeout(10):
            while any((tmp_path / "index").glob("*-broken")):
                await asyncio.sleep(0.05)
        await finds(ann, "oolong", "oolong again", "oolong")


def test_a_writer_that_is_killed_leaves_a_file_that_agrees_with_itself(tmp_path: Path) -> None:
    folder, wanted = tmp_path / "index", Wanted(parse_query("oolong"), ["hall"])
    for _ in range(3):
        writing = subprocess.Popen([sys.executable, "-c", WRITES, str(folder)], stdout=subprocess.PIPE)
        assert writing.stdout is not None
        for _ in range(20):
            writing.stdout.readline()
        engine = SqliteMessages(folder)
        assert not engine.acquire()
        writing.send_signal(signal.SIGKILL)
        writing.wait()
        writing.stdout.close()
        assert engine.acquire()
        (state,) = engine.states(["hall"]).values()
        assert state.seq >= 1000 and state.seq % 50 == 0
        assert sorted(hit.seq for hit in engine.find(wanted, 1 << 20, 5).hits) == list(range(1, state.seq + 1))
        engine.close()


async def test_deleted_and_edited_words_leave_the_files(server: Server, tmp_path: Path) -> None:
    def holds(word: str) -> bool:
        return any(word.encode() in file.read_bytes() for file in (tmp_path / "index").iterdir())

    async with gathering(server.url, "ann") as (ann,):
        seqs = [(await ann.say("hall", text))["seq"] for text in ("zanzibarkept", "zanzibargone", "zanzibaredited")]
        await finds(ann, "zanzibar", "zanzibaredited", "zanzibargone", "zanzibarkept")
        assert holds("zanzibargone") or holds("gone")
        await ann.call("message.delete", room="hall", seq=seqs[1])
        await ann.call("message.edit", room="hall", seq=seqs[2], text="something else")
        await finds(ann, "something", "something else")
        index = server.stores.index
        async with asyncio.timeout(10):
            while holds("ibargone") or holds("aredited"):
                await index.purge(now_ms())
                await asyncio.sleep(0.05)
        await finds(ann, "zanzibar", "zanzibarkept")
        assert holds("zanzibarkept")
