"""Damage of a power cut in the append-only file: cut off at the end of the file, reported in the middle."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from chatserver.errors import StartError
from chatserver.store.embedded.damage import find_damage
from chatserver.store.embedded.server import EmbeddedStore
from tests.store.embedded.test_embedded import client, store

__all__ = ["store"]

STEP = """#!lua name=step
redis.register_function('step', function(keys) redis.call('SET', keys[1], 1) redis.call('SET', keys[2], 1) end)
"""


@pytest.fixture
def written(store: EmbeddedStore) -> Path:
    """The last file of a store that was written to and stopped: fifty keys, then a step of two writes."""
    store.start()
    with client(store.address) as valkey:
        for number in range(50):
            valkey.set(f"key{number}", "value\r\n" * 10)
        valkey.function_load(STEP)
        valkey.fcall("step", 2, "{a}one", "{a}two")
    store.stop()
    return max((store.folder / "appendonlydir").glob("*.incr.aof"))


def append(file: Path, data: bytes) -> None:
    with file.open("ab") as opened:
        opened.write(data)


TAILS = {
    "zeros": bytes(4096),
    "a command that turns into zeros": b"*3\r\n$3\r\nSET\r\n$5\r\nlater\r\n$40\r\nbegun" + bytes(4096),
    "a step that turns into zeros": b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$5\r\nlater\r\n" + bytes(512),
    "the rest of another file": bytes(range(256)) * 16,
}


@pytest.mark.parametrize("tail", TAILS.values(), ids=TAILS)
def test_an_end_that_cannot_be_read_is_cut_off_kept_and_said(store: EmbeddedStore, written: Path, tail: bytes) -> None:
    said: list[str] = []
    store._say = said.append
    append(written, tail)
    store.start()
    with client(store.address) as valkey:
        assert valkey.dbsize() == 52
        valkey.set("and", "on it goes")
    store.stop()
    (kept,) = store.folder.glob("unreadable-*.aof")
    assert tail.endswith(kept.read_bytes())
    assert kept.stat().st_mode & 0o777 == 0o600
    assert len(said) == 1 and str(kept) in said[0] and "may be missing" in said[0]
    store.start()
    with client(store.address) as valkey:
        assert valkey.dbsize() == 53


def in_the_middle(data: bytes) -> bytes:
    """Zeros from the middle of a value on to the middle of the next."""
    middle = data.index(b"key25") + 30
    return data[:middle] + bytes(100) + data[middle + 100 :]


def test_damage_before_more_commands_is_refused_in_a_sentence_and_repaired_by_a_command(
    store: EmbeddedStore, written: Path
) -> None:
    written.write_bytes(in_the_middle(written.read_bytes()))
    with pytest.raises(StartError, match=r"commands follow the damage.*chatserver repair"):
        store.start()
    assert not list(store.folder.glob("unreadable-*"))
    assert "cut off and kept" in store.repair()
    assert store.repair() == ""
    store.start()
    with client(store.address) as valkey:
        assert 10 < valkey.dbsize() < 40


def test_nothing_is_repaired_under_a_store_that_runs(store: EmbeddedStore, written: Path) -> None:
    store.start()
    with pytest.raises(StartError, match="Another chatserver uses"):
        EmbeddedStore(store.folder, lock_seconds=0).repair()


SHORT: list[Callable[[bytes], bytes]] = [
    lambda data: data,
    lambda data: data[:-1],
    lambda data: data[:-40],
    lambda _: b"",
]


@pytest.mark.parametrize("shorten", SHORT)
def test_a_file_that_is_whole_or_ends_too_early_has_no_damage(
    store: EmbeddedStore, written: Path, shorten: Callable[[bytes], bytes]
) -> None:
    written.write_bytes(shorten(written.read_bytes()))
    assert find_damage(store.folder) is None
