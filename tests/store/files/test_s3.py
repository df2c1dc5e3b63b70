"""Files in S3 by one setting, on a server that speaks its protocol; and that server away and back."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
import redis
from aiohttp import ClientError, ClientSession

from chatserver.commands.files import status
from chatserver.store.blobs.blobs import Blobs, open_blobs
from chatserver.store.engine.address import Address
from tests.conftest import OpenServer, settings_for_tests
from tests.doors import pictures
from tests.doors.sending import append, asking, begin, fetch, upload
from tests.line import Line
from tests.people import gathering
from tests.sites import site

NOTE = b"Second floor, ring twice.\n"
PLACE = "s3://community/files"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The URL of a server of S3 with nothing in it."""
    port = free_port()
    words = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        yield f"http://127.0.0.1:{port}"
        process.kill()


async def bucket(url: str) -> None:
    """Create the bucket, as soon as the server is there."""
    async with ClientSession() as session, asyncio.timeout(30):
        while True:
            try:
                async with session.put(f"{url}/community") as answer:
                    assert answer.status == 200
                    return
            except ClientError:
                await asyncio.sleep(0.05)


async def held(blobs: Blobs) -> list[str]:
    return sorted([blob.path.rpartition("/")[2] async for blob in blobs.all()])


def left(files: int, *, recent: int, to_erase: int) -> list[str]:
    return [
        f"Files: {files}, of these from the last day: {recent}",
        f"Removed files whose bytes are still to be erased: {to_erase}",
    ]


async def test_files_lie_in_s3_by_one_setting_also_while_it_is_away_and_after(
    s3: str, open_server: OpenServer, address: Address, monkeypatch: pytest.MonkeyPatch, tmp_path, capsys
) -> None:
    await bucket(s3)
    async with Line(s3).open() as line:
        for name, value in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "secret"), ("REGION", "us-east-1"),
                            ("ENDPOINT_URL", line.url), ("ALLOW_HTTP", "true")):  # fmt: skip
            monkeypatch.setenv(f"AWS_{name}", value)
        links = {"community__previews": True, "server__reachable_networks": ["127.0.0.1"]}
        one, other = [await open_server(files__storage=PLACE, **links) for _ in range(2)]
        blobs = open_blobs(PLACE, str(tmp_path))
        settings = settings_for_tests(tmp_path, files__storage=PLACE, store__url=f"unix://{address.path}")

        async def told() -> tuple[int, str]:
            code = await asyncio.to_thread(status, settings)
            return code, capsys.readouterr().out

        async with gathering(one.url, "ann", "bob") as (ann, bob):
            path = await begin(ann, size=6, keep=True)
            assert (await append(ann, path, b"abc", url=one.url))[0] == 204
            _, _, done = await append(ann, path, b"def", offset=3, url=other.url)
            picture = await upload(ann, pictures.photo(), keep=False)
            sent = await ann.say("hall", "", attachments=[done["file"]["id"], picture["id"]])
            assert (await fetch(other.url, done["file"]["id"], bob, Range="bytes=1-2"))[2] == b"bc"
            for size in ("small", "large", ""):
                status_, _, body = await fetch(other.url, picture["id"], bob, size)
                assert (status_, body[8:12]) == (200, b"WEBP")
            assert await held(blobs) == ["file", "file", "large", "small"]
            assert not (tmp_path / "files").exists()
            code, words = await told()
            assert (code, words.splitlines()) == (0, [f"Storage: {PLACE}", *left(2, recent=2, to_erase=0)])

            async with site() as pages:
                linking = await ann.say("hall", f"{pages.url}/shows?square")
                shown = await bob.hears("message.changed", seq=linking["seq"])
            leaf = shown["previews"][0]["picture"]["id"]
            assert (await fetch(other.url, leaf, bob, "small"))[2][8:12] == b"WEBP"
            await ann.call("message.hide_previews", room="hall", seq=linking["seq"])
            assert (await fetch(other.url, leaf, bob))[0] == 404
            assert await held(blobs) == ["file", "file", "large", "small"]

            path = await begin(ann, size=6, keep=True)
            assert (await append(ann, path, b"abc"))[0] == 204
            line.is_down = True
            for answered in (await append(ann, path, b"def", offset=3), await fetch(ann.url, picture["id"], bob)):
                assert answered[0] == 503
            await ann.call("message.delete", room="hall", seq=sent["seq"])
            for file in (done["file"]["id"], picture["id"]):
                assert (await fetch(other.url, file, bob))[0] == 404
            code, words = await told()
            assert (code, words.splitlines()[-1]) == (1, "Removed files whose bytes are still to be erased: 2")
            assert "cannot be reached" in words

            line.is_down = False
            async with asking("HEAD", other.url + path, ann) as answer:
                assert answer.headers["Upload-Offset"] == "3"
            assert (await append(ann, path, b"def", offset=3))[0] == 200
            await one.stores.files.erasing.carry_on()
            assert (await told())[1].splitlines()[1:] == left(1, recent=4, to_erase=0)
            assert await held(blobs) == ["file"]
            with redis.Redis(unix_socket_path=address.path, driver_info=None) as store:
                assert store.zcard("{files}:erase") == 0
