"""Files under trouble: a full disk, a sender who is put out meanwhile, more bytes than announced, two messages at once,
and pages of other origins."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.doors.sending import append, asking, begin, upload
from tests.people import Refused, gathering

NOTE = b"Second floor, ring twice.\n"


def on_disk(server: Server) -> list[Path]:
    return [path for path in (Path(server.settings.server.data) / "files").rglob("*") if path.is_file()]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[None]:
    """A disk of a megabyte for the files of the servers that a test opens."""
    folder = tmp_path / "files"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mounting, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.usefixtures("small_disk")
async def test_a_full_disk_takes_no_part_keeps_what_it_has_and_goes_on_when_there_is_room(
    open_server: OpenServer,
) -> None:
    server = await open_server()
    async with gathering(server.url, "ann") as (ann,):
        path = await begin(ann, size=700_000, keep=True)
        assert (await append(ann, path, bytes(100_000)))[0] == 204
        for wrong in (500_000, 600_000):  # too much beside its spool, and with what is there too much by itself
            status, _, told = await append(ann, path, bytes(wrong), offset=100_000)
            assert (status, told["error"]["data"]["reason"]) == (503, "unavailable")
            assert "disk for files is full" in told["error"]["message"]
        assert [file.stat().st_size for file in on_disk(server)] == [100_000]
        async with asking("HEAD", ann.url + path, ann) as answer:
            assert answer.headers["Upload-Offset"] == "100000"
        await ann.say("hall", "Words need no room")
        async with asking("DELETE", ann.url + path, ann) as answer:
            assert answer.status == 204
        assert (await upload(ann, bytes(300_000)))["size"] == 300_000


async def test_who_is_put_out_meanwhile_neither_ends_an_upload_nor_sends_what_is_there(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cy") as (ann, bob, cy):
        room = (await ann.call("room.create", title="Garden"))["room"]
        for person in (bob, cy):
            await person.call("room.join", room=room)
        paths = [await begin(person, room, 4, keep=True) for person in (bob, cy)]
        files = [(await upload(person, NOTE, room))["id"] for person in (bob, cy)]
        await ann.call("room.ban", room=room, user=bob.id)
        await ann.call("room.remove", room=room, user=cy.id)
        for person, path, file in zip((bob, cy), paths, files, strict=True):
            status, _, told = await append(person, path, b"late")
            assert (status, told["error"]["data"]["reason"]) == (403, "not_a_member")
            with pytest.raises(Refused) as refused:
                await person.say(room, "", attachments=[file])
            assert refused.value.reason == "not_a_member"
            async with asking("DELETE", f"{person.url}/files/{file}", person) as answer:
                assert answer.status == 204
            async with asking("DELETE", person.url + path, person) as answer:
                assert answer.status == 204
        assert on_disk(server) == []


async def test_more_bytes_than_announced_are_not_taken_whatever_the_head_says(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        with pytest.raises(Refused) as refused:
            await begin(ann, size=25_000_001)
        assert (refused.value.reason, refused.value.data["limit"]) == ("file_too_large", 25_000_000)
        path = await begin(ann, size=9, keep=True)

        async def without_length() -> object:
            for _ in range(3):
                yield b"abcde"

        for body in (b"0123456789", without_length()):
            status, _, told = await append(ann, path, body)
            assert (status, told["error"]["data"]["limit"]) == (413, 9)
        async with asking("HEAD", ann.url + path, ann) as answer:
            assert answer.headers["Upload-Offset"] == "0"
        assert on_disk(server) == []


async def test_of_two_messages_with_one_file_one_has_it(open_server: OpenServer) -> None:
    server, other = await open_server(), await open_server()
    async with gathering(server.url, "ann") as (ann,):
        for _ in range(3):
            file = (await upload(ann, NOTE))["id"]
            sends = (
                asyncio.create_task(ann.say("hall", "", attachments=[file])),
                asyncio.create_task(append(ann, f"/files/{file}", b"", len(NOTE), other.url)),
                asyncio.create_task(ann.say("hall", "again", attachments=[file])),
            )
            first, _, second = await asyncio.gather(*sends, return_exceptions=True)
            (refused,) = [one for one in (first, second) if isinstance(one, Refused)]
            assert (refused.code, refused.data["path"]) == (-32004, "attachments.0")


async def test_a_page_of_a_named_origin_may_upload_and_no_other(open_server: OpenServer) -> None:
    server = await open_server(server__origins=["https://friends.example"])
    asked = {"Access_Control_Request_Method": "PATCH", "Access_Control_Request_Headers": "upload-offset,content-type"}
    for path in ("/files", "/files/" + "0" * 24):
        async with asking("OPTIONS", server.url + path, Origin="https://friends.example", **asked) as answer:
            assert answer.status == 204
            assert answer.headers["Access-Control-Allow-Origin"] == "https://friends.example"
            assert answer.headers["Access-Control-Allow-Credentials"] == "true"
            assert {"PATCH", "DELETE"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
            assert {"Upload-Offset", "Content-Type"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
            assert "Origin" in answer.headers["Vary"]
        async with asking("OPTIONS", server.url + path, Origin="https://other.example", **asked) as answer:
            assert "Access-Control-Allow-Origin" not in answer.headers
            assert answer.status >= 400
    async with gathering(server.url, "ann") as (ann,):
        body = {"for": "message", "room": "hall", "size": 3, "keep": True}
        async with asking("POST", server.url + "/files", ann, body, Origin="https://friends.example") as answer:
            assert answer.status == 201
            assert {"Location", "Upload-Offset"} <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))
