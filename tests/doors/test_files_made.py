"""What is kept of pictures, films and recordings, and what is not; and the processes that read them."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import signal
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.doors import pictures
from tests.doors.pictures import HIDDEN, PLACE
from tests.doors.sending import append, begin, fetch, upload
from tests.people import Person, Refused, gathering


def on_disk(server: Server) -> dict[str, bytes]:
    folder = Path(server.settings.server.data) / "files"
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def refused(person: Person, body: bytes, **said: object) -> str:
    with pytest.raises(Refused) as refusal:
        await upload(person, body, **{"keep": False, **said})
    return refusal.value.reason


async def test_of_a_photo_only_its_pixels_are_kept_upright_and_in_three_sizes(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        file = await upload(ann, pictures.photo(), keep=False, name="IMG 1.jpeg", type="text/html")
        assert (file["name"], file["type"], file["width"], file["height"]) == ("IMG 1.webp", "image/webp", 1000, 2000)
        assert len(file["preview"]) <= 300
        tiny = Image.open(io.BytesIO(base64.b64decode(file["preview"].partition(",")[2])))
        assert max(tiny.size) <= 24
        await ann.say("hall", "", attachments=[file["id"]])
        for size, edge in (("", 2000), ("large", 1600), ("small", 480)):
            status, headers, body = await fetch(ann.url, file["id"], bob, size)
            assert (status, headers["Content-Type"]) == (200, "image/webp")
            assert headers["Content-Disposition"].startswith("inline; ")
            assert headers["X-Content-Type-Options"] == "nosniff"
            picture = Image.open(io.BytesIO(body))
            assert (max(picture.size), len(picture.getexif())) == (edge, 0)
            assert file["size"] == len(body) or size
        kept = on_disk(server)
        assert kept.keys() == {"file", "large", "small"}
        assert not [name for name, body in kept.items() if HIDDEN in body or b"Exif" in body]


async def test_an_animation_moves_and_a_small_picture_has_one_size(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        file = await upload(ann, pictures.moving(), keep=False, name="wave.gif")
        body = (await fetch(ann.url, file["id"], ann, "small"))[2]
        assert (await fetch(ann.url, file["id"], ann))[2] == body
        picture = Image.open(io.BytesIO(body))
        picture.seek(1)
        picture.load()
        assert (picture.format, picture.n_frames, picture.info["duration"]) == ("WEBP", 3, 80)
        assert on_disk(server).keys() == {"file"}


async def test_what_is_no_picture_inside_is_refused_and_nothing_of_it_stays(server: Server) -> None:
    photo = pictures.photo(300, 200)
    wrong = {
        "cut off": photo[: len(photo) // 2],
        "400 million pixels in 48 KB": pictures.bomb(),
        "a page that begins like a picture": b"GIF89a/*<script>alert(1)</script>*/=1;",
        "a drawing with a script": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "a document": b"%PDF-1.7 ...",
        "sound that is not read": b"fLaC" + bytes(99),
        "nothing of a film": pictures.box(b"ftyp", b"isom") + b"\xff" * 40,
    }
    async with gathering(server.url, "ann") as (ann,):
        for what, body in wrong.items():
            assert await refused(ann, body, type="image/png") == "type_refused", what
        assert on_disk(server) == {}
        for what, body in wrong.items():
            file = await upload(ann, body, name="page.html")
            _, headers, got = await fetch(ann.url, file["id"], ann)
            assert got == body, what
            assert headers["Content-Type"] == "application/octet-stream"
            assert headers["Content-Disposition"].startswith("attachment; ")


async def test_a_film_forgets_place_and_device_and_plays_as_before(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        for brand, handler, kind, shown in (
            (b"isom", b"vide", "video/mp4", "attachment"),
            (b"qt  ", b"vide", "video/quicktime", "attachment"),
            (b"M4A ", b"soun", "audio/mp4", "inline"),
        ):
            sent = pictures.film(brand=brand, handler=handler)
            assert sent.count(PLACE) == 2
            file = await upload(ann, sent, keep=False, seconds=2.5, peaks=[7] * 64)
            assert (file["type"], file["seconds"], file["peaks"]) == (kind, 2.5, [7] * 64)
            _, headers, body = await fetch(ann.url, file["id"], ann)
            assert headers["Content-Type"] == kind
            assert headers["Content-Disposition"].startswith(shown)
            assert len(body) == len(sent)
            assert b"frame one" in body
            assert b"frame two" in body
        assert not [name for name, body in on_disk(server).items() if PLACE in body or HIDDEN in body]
        webm = b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm" + bytes(40) + b"A_OPUS"
        assert (await upload(ann, webm, keep=False))["type"] == "audio/webm"
        for wrong in ({"peaks": [1]}, {"peaks": [101] * 64}, {"seconds": -1}):
            assert await refused(ann, webm, **wrong) == "params"


async def test_a_process_that_is_killed_takes_nothing_along(open_server: OpenServer) -> None:
    server = await open_server(files__processes=1)
    pool = server.working.pool
    async with gathering(server.url, "ann") as (ann,):
        await upload(ann, pictures.photo(40, 30), keep=False)
        (process,) = pool.processes
        os.kill(process, signal.SIGSTOP)  # so that it cannot be done before it is killed
        sending = asyncio.create_task(upload(ann, pictures.photo(50, 30), keep=False))
        while not pool.waiting:
            await asyncio.sleep(0)
        os.kill(process, signal.SIGKILL)
        assert (await sending)["height"] == 50
        assert pool.ended == 1
        assert process not in pool.processes


async def test_a_process_that_hangs_is_ended_and_the_file_refused(
    open_server: OpenServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await open_server(files__processes=1, files__seconds=0.05)
    pool = server.working.pool
    started = subprocess.Popen

    def hanging(words: list[str], **more: object) -> subprocess.Popen[bytes]:
        return started(["sleep", "60"], **more)

    monkeypatch.setattr(subprocess, "Popen", hanging)
    async with gathering(server.url, "ann") as (ann,):
        assert await refused(ann, pictures.photo(40, 30)) == "type_refused"
        assert (pool.processes, pool.ended, on_disk(server)) == ([], 2, {})
        path = await begin(ann, size=4, keep=True)
        assert (await append(ann, path, b"fine"))[0] == 200
