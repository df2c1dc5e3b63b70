"""A disk that fills up under the embedded store: people read on, whichever way the store syncs."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatserver.app import Server
from chatserver.store.embedded import disk
from chatserver.store.embedded.disk import shortage_in
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine.address import Address
from chatserver.store.engine.checks import Durability
from tests.conftest import settings_for_tests
from tests.doors.visiting import ask
from tests.people import Refused, gathering, post
from tests.store.engine.test_store import until


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes; only an administrator can make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no disk can be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(file: Path) -> None:
    """To the last byte."""
    with file.open("ab", buffering=0) as hog, contextlib.suppress(OSError):
        while hog.write(bytes(4096)):
            pass


@pytest.mark.parametrize("durability", ["primary", "strict"])
async def test_people_read_on_while_the_disk_is_full(small_disk: Path, durability: Durability) -> None:
    data = small_disk / "data"
    store = EmbeddedStore(data, durability=durability)
    store.start()
    watching = asyncio.create_task(store.watch(0.02))
    try:
        settings = settings_for_tests(data, store__durability=durability)
        async with (
            Server(settings, store_address=Address(path=store.address)) as server,
            gathering(server.url, "ann", "bob") as (ann, bob),
        ):
            await ann.say("hall", "before")
            fill(small_disk / "hog")
            await until(lambda: server.store.read_only and server.store.up)
            with pytest.raises(Refused):
                await ann.say("hall", "no more")
            await until(lambda: server._shortage is not None and server.store.up)
            pid = store.pid
            for _ in range(3):
                with pytest.raises(Refused, match="takes no writes now"):
                    await ann.say("hall", "no more")
                assert (await post(server.url, "message.history", bob.token, room="hall"))["messages"]
            assert b"takes no writes" in (await ask(server.url, "/readyz")).body
            assert store.pid == pid  # it was not made to end again
            (small_disk / "hog").unlink()
            await until(lambda: not server.store.read_only and server.store.up)
            await ann.say("hall", "after")
            await bob.hears("message.posted", text="after")
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        store.stop()


def test_a_start_on_a_full_disk_spoils_nothing_for_the_next(small_disk: Path) -> None:
    store = EmbeddedStore(small_disk / "data")
    store.start()
    store.stop()
    wrote = (small_disk / "data" / "store").read_text()
    fill(small_disk / "hog")
    store.start()
    store.stop()
    assert (small_disk / "data" / "store").read_text() == wrote


def test_a_shortage_ends_only_with_half_as_much_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    status = disk.os.statvfs(tmp_path)
    free = status.f_bavail * status.f_frsize
    monkeypatch.setattr(disk, "SMALLEST_SHARE", 1)
    monkeypatch.setattr(disk, "LEAST_FREE", free // 2)
    assert shortage_in(tmp_path, None) is None
    monkeypatch.setattr(disk, "LEAST_FREE", free * 9 // 10)
    assert shortage_in(tmp_path, None) is None
    assert shortage_in(tmp_path, disk.Shortage("before", False)) is not None
    assert shortage_in(tmp_path / "nowhere", None) is None
