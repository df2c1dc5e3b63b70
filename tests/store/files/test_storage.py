"""The storage goes away, fills up, or holds what nothing names; and a backup carries the files."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import MemoryStore

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.files.uploads import UNUSED_MS
from chatserver.store.backup.archive import read
from chatserver.store.backup.backup import backup
from chatserver.store.backup.restore import restore
from chatserver.store.blobs.blobs import Blobs, folder_of, open_blobs
from chatserver.store.engine.address import Address
from tests.conftest import OpenServer, blobs_in_memory, settings_for_tests
from tests.doors.sending import append, asking, begin, fetch, upload
from tests.people import Refused, gathering

NOTE = b"Second floor, ring twice.\n"


class Faulty(Blobs):
    """A storage that fails on request, as one far away does. ``fault`` is the error number, 0 while it works."""

    def __init__(self) -> None:
        super().__init__(MemoryStore(), "memory")
        self.fault = 0

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        with super()._answering():
            if self.fault:
                raise OSError(self.fault, "no answer")
            yield


async def held(blobs: Blobs) -> list[str]:
    return [blob.path async for blob in blobs.all()]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    yield
    ids.move_clock(0)


async def test_while_the_storage_is_away_nothing_is_lost_and_deleted_means_gone(
    address: Address, tmp_path: Path
) -> None:
    blobs = Faulty()
    async with (
        Server(settings_for_tests(tmp_path), store_address=address, blobs=blobs) as server,
        gathering(server.url, "ann") as (ann,),
    ):
        path = await begin(ann, size=6, keep=True)
        assert (await append(ann, path, b"abc"))[0] == 204
        file = (await upload(ann, NOTE))["id"]
        seq = (await ann.say("hall", "", attachments=[file]))["seq"]
        blobs.fault = errno.ECONNREFUSED
        for answered in (await append(ann, path, b"def", offset=3), await append(ann, path, b"", offset=3)):
            assert answered[0] in {204, 503}
        assert (await fetch(ann.url, file, ann))[0] == 503
        await ann.call("message.delete", room="hall", seq=seq)
        assert (await fetch(ann.url, file, ann))[0] == 404
        assert await server.stores.files.erasing.left() == 1

        blobs.fault = errno.ENOSPC
        _, _, told = await append(ann, path, b"def", offset=3)
        assert "disk for files is full" in told["error"]["message"]
        blobs.fault = 0
        async with asking("HEAD", ann.url + path, ann) as answer:
            assert answer.headers["Upload-Offset"] == "3"
        await server.stores.files.erasing.carry_on()
        assert await server.stores.files.erasing.left() == 0
        assert not [name for name in await held(blobs) if file in name]
        assert (await append(ann, path, b"def", offset=3))[0] == 200


async def test_a_full_disk_is_said_in_words(open_server: OpenServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server = await open_server()
    async with gathering(server.url, "ann") as (ann,):
        path = await begin(ann, size=6, keep=True)
        monkeypatch.setattr(server.stores.files.blobs, "spool", lambda: open("/dev/full", "r+b", buffering=0))  # noqa: PTH123, SIM115
        status_, _, told = await append(ann, path, b"abcdef")
        assert (status_, told["error"]["data"]["reason"]) == (503, "unavailable")
        assert "full" in told["error"]["message"]


async def test_what_nobody_uses_goes_after_a_day_and_what_a_message_carries_stays(server: Server) -> None:
    files = server.stores.files
    async with gathering(server.url, "ann") as (ann,):
        used, unused = (await upload(ann, NOTE))["id"], (await upload(ann, NOTE))["id"]
        await ann.say("hall", "", attachments=[used])
        begun = (await begin(ann, size=6)).rpartition("/")[2]
        await append(ann, f"/files/{begun}", b"abc")
        with files.blobs.spool() as spool:
            spool.write(NOTE)
            await files.blobs.put(f"{folder_of('f' * 24)}/file", spool)
        assert await files.drop_unused(ids.now_ms() - UNUSED_MS) == 0
        assert await files.scrub(ids.now_ms() - UNUSED_MS) == 0
        later = ids.now_ms() + 1000
        assert await files.drop_unused(later) == 2
        assert await files.scrub(later) == 1
        assert await held(files.blobs) == [f"{folder_of(used)}/file"]
        assert [(await fetch(ann.url, file, ann))[0] for file in (used, unused, begun)] == [200, 404, 404]
        with pytest.raises(Refused):
            await ann.say("hall", "", attachments=[unused])


async def test_a_backup_carries_the_files_and_status_tells_of_them(
    address: Address, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for_tests(tmp_path / "one")
    async with Server(settings, store_address=address) as server, gathering(server.url, "ann") as (ann,):
        file = (await upload(ann, NOTE * 30_000))["id"]
        await ann.say("hall", "", attachments=[file])
        token = ann.token
        counts = await backup(address, tmp_path / "b", server.stores.files.blobs)
        assert counts.files == 1
        await server.store.redis.flushall()
    other = settings_for_tests(tmp_path / "two")
    await restore(address, tmp_path / "b", open_blobs("", other.server.data))
    async with Server(other, store_address=address) as server:
        ann.url, ann.token = server.url, token
        assert (await fetch(server.url, file, ann))[2] == NOTE * 30_000
    assert len([item for item in read(tmp_path / "b") if getattr(item, "path", "")]) == 3
    assert await held(blobs_in_memory()) == []
