"""The picture of a link's preview: a file of the message, fetched once, and gone with what shows it."""

from __future__ import annotations

import asyncio
import functools
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from chatserver.app import Server
from chatserver.store.backup.backup import backup
from chatserver.store.backup.restore import restore
from chatserver.store.blobs.blobs import open_blobs
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.workers.fetching import Fetcher
from tests.conftest import OpenServer, settings_for_tests
from tests.doors.pictures import HIDDEN
from tests.doors.sending import append, asking, begin, fetch, upload
from tests.people import Person, Refused, gathering
from tests.sites import Site, site
from tests.store.engine.test_writes import memory_is_full
from tests.walks.test_friends import friends
from tests.walks.test_previews import looked

OPEN = {"community__previews": True, "server__reachable_networks": ["127.0.0.1"]}


@pytest.fixture
async def pages() -> Any:
    async with site() as served:
        yield served


@pytest.fixture
async def community(open_server: OpenServer) -> Server:
    return await open_server(**OPEN)


def on_disk(server: Server) -> dict[str, bytes]:
    """The objects of all files, by path."""
    folder = Path(server.settings.server.data) / "files"
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def previews(person: Person, seq: int, room: str = "hall") -> list[dict[str, Any]]:
    (message,) = (await person.call("message.get", room=room, seqs=[seq]))["messages"]
    return list(message.get("previews", []))


async def pictured(person: Person, text: str, room: str = "hall") -> tuple[int, dict[str, Any]]:
    """Send a link; gives the message's number and the picture of its preview, once it is there."""
    seq = (await person.say(room, text))["seq"]
    heard = await person.hears("message.changed", room=room, seq=seq)
    return seq, dict(heard["previews"][0]["picture"])


async def test_a_picture_is_written_again_and_read_by_whoever_reads_the_message(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann", "bob") as (ann, bob):
        seq, picture = await pictured(ann, f"{pages.url}/a")
        assert (picture["name"], picture["type"]) == ("leaf.webp", "image/webp")
        assert (picture["width"], picture["height"]) == (960, 504)
        assert picture["preview"].startswith("data:image/webp;base64,")
        assert (await previews(bob, seq))[0]["picture"] == picture
        for size, edge in (("", 960), ("large", 960), ("small", 480)):
            status, headers, body = await fetch(bob.url, picture["id"], bob, size)
            assert (status, headers["Content-Type"]) == (200, "image/webp")
            assert headers["Content-Disposition"].startswith("inline; ")
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
            assert headers["Cache-Control"] == "private, no-cache"
            again = await fetch(bob.url, picture["id"], bob, size, If_None_Match=headers["ETag"])
            assert again[0] == 304
            shown = Image.open(io.BytesIO(body))
            assert (max(shown.size), len(shown.getexif())) == (edge, 0)
        assert not [name for name, body in on_disk(community).items() if HIDDEN in body or b"Exif" in body]
        async with asyncio.timeout(10):
            while not (await bob.call("message.search", query="", room="hall", has="link"))["messages"]:
                await asyncio.sleep(0.02)
        assert not (await bob.call("message.search", query="", room="hall", has="image"))["messages"]


async def test_it_is_fetched_once_an_hour_and_each_message_has_its_own(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann", "bob") as (ann, bob):
        (first, one), (second, other) = await asyncio.gather(
            pictured(ann, f"{pages.url}/shows?leaf"), pictured(bob, f"{pages.url}/shows?leaf")
        )
        assert one["id"] != other["id"]
        assert pages.asked.count("/leaf.png") == 1
        await ann.call("message.delete", room="hall", seq=first)
        assert (await fetch(ann.url, one["id"], ann))[0] == 404
        assert (await fetch(ann.url, other["id"], ann))[0] == 200
        _, third = await pictured(ann, f"again {pages.url}/shows?leaf")
        assert (await fetch(ann.url, third["id"], bob, "small"))[0] == 200
        assert pages.asked.count("/leaf.png") == 1
        assert len(await previews(ann, second)) == 1


async def test_what_is_no_picture_leaves_a_preview_without_one(community: Server, pages: Site) -> None:
    wrong = ["tiny", "torn", "bomb", "page", "script", "drawing", "film", "nothing", "endless"]
    wrong += [f"{pages.url}/to?url={where}" for where in ("http://169.254.169.254/a.png", "http://[::1]:1/a.png")]
    wrong += ["http://10.0.0.1/a.png", "http://localhost:1/a.png", "file:///etc/passwd", "data:image/png,/x"]
    async with gathering(community.url, "ann") as (ann,):
        for what in wrong:
            seq = (await ann.say("hall", f"{pages.url}/shows?{what}"))["seq"]
            heard = await ann.hears("message.changed", seq=seq)
            assert heard["previews"][0]["title"].startswith("Shows "), what
            assert "picture" not in heard["previews"][0], what
        await looked(community)
        assert on_disk(community) == {}
        async with asyncio.timeout(10):
            await pages.gone.wait()
        _, picture = await pictured(ann, f"{pages.url}/shows?moving")
        body = (await fetch(ann.url, picture["id"], ann))[2]
        assert getattr(Image.open(io.BytesIO(body)), "n_frames", 1) == 1


async def test_a_picture_that_never_comes_leaves_a_preview_without_one(
    open_server: OpenServer, pages: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatserver.composition.Fetcher", functools.partial(Fetcher, seconds=0.5))
    community = await open_server(**OPEN)
    async with gathering(community.url, "ann") as (ann,):
        seq = (await ann.say("hall", f"{pages.url}/shows?closed"))["seq"]
        heard = await ann.hears("message.changed", seq=seq)
        assert [sorted(preview) for preview in heard["previews"]] == [["site", "title", "url"]]
        assert "/closed.png" in pages.asked


Ends = Callable[[Person, Person, str, int], Awaitable[Any]]
ENDS: dict[str, Ends] = {
    "its author deletes it": lambda ann, bob, room, seq: bob.call("message.delete", room=room, seq=seq),
    "a moderator deletes it": lambda ann, bob, room, seq: ann.call("message.delete", room=room, seq=seq),
    "its author takes the previews away": (
        lambda ann, bob, room, seq: bob.call("message.hide_previews", room=room, seq=seq)
    ),
    "a moderator takes the previews away": (
        lambda ann, bob, room, seq: ann.call("message.hide_previews", room=room, seq=seq)
    ),
    "an edit removes the link": (
        lambda ann, bob, room, seq: bob.call("message.edit", room=room, seq=seq, text="no link")
    ),
    "an edit hides the link": (
        lambda ann, bob, room, seq: bob.call("message.edit", room=room, seq=seq, text="||http://127.0.0.1/||")
    ),
}


@pytest.mark.parametrize("how", ENDS)
async def test_it_is_gone_for_everybody_and_from_the_disk_when(how: str, community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Leaves", kind="open"))["room"]
        await bob.call("room.join", room=room)
        seq, picture = await pictured(bob, f"{pages.url}/a", room)
        assert len(on_disk(community)) == 2
        await ENDS[how](ann, bob, room, seq)
        for person in (ann, bob):
            for size in ("", "large", "small"):
                assert (await fetch(ann.url, picture["id"], person, size))[0] == 404
            assert await previews(person, seq, room) == []
        assert on_disk(community) == {}
        store = community.store
        assert await store.command(keys.room(room), "HLEN", keys.room(room) + ":files") == 0
        assert await store.command(keys.room(room), "HLEN", keys.room(room) + ":files:gone") == 0
        assert await store.command(keys.file(picture["id"]), "EXISTS", keys.file(picture["id"])) == 0
        assert await store.redis.hlen(keys.user("") + ":quota") == 0


async def test_pictures_and_files_go_while_the_stores_memory_is_full(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann") as (ann,):
        seq, picture = await pictured(ann, f"{pages.url}/a")
        file = (await upload(ann, b"the way"))["id"]
        carrier = (await ann.say("hall", "", attachments=[file]))["seq"]
        async with memory_is_full(community.store.redis, Path()):
            await ann.call("message.hide_previews", room="hall", seq=seq)
            await ann.call("message.delete", room="hall", seq=carrier)
            assert [(await fetch(ann.url, gone, ann))[0] for gone in (picture["id"], file)] == [404, 404]
            assert on_disk(community) == {}


async def test_it_is_gone_with_the_topic_it_was_moved_to(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann") as (ann,):
        room = (await ann.call("room.create", title="Leaves", kind="open"))["room"]
        seq, picture = await pictured(ann, f"{pages.url}/a", room)
        made = await ann.call("topic.create", room=room, title="Tea", text="oolong", client_id="1")
        await ann.call("message.move", room=room, seqs=[seq], topic=made["topic"]["id"])
        await ann.call("message.pin", room=room, seq=seq, pinned=True)
        assert (await previews(ann, seq, room))[0]["picture"] == picture
        assert (await fetch(ann.url, picture["id"], ann))[0] == 200
        await ann.call("topic.delete", room=room, topic=made["topic"]["id"])
        assert (await fetch(ann.url, picture["id"], ann))[0] == 404
        assert on_disk(community) == {}


async def test_an_edit_keeps_the_picture_of_a_link_that_stays(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann") as (ann,):
        seq, picture = await pictured(ann, f"{pages.url}/shows?leaf")
        await ann.call("message.edit", room="hall", seq=seq, text=f"{pages.url}/shows?square {pages.url}/shows?leaf")
        await ann.until(lambda: len(ann.heard("message.changed", seq=seq)[-1].get("previews", [])) == 2, "the second")
        square, leaf = await previews(ann, seq)
        assert (square["title"], leaf["title"], leaf["picture"]) == ("Shows square", "Shows leaf", picture)
        await ann.call("message.edit", room="hall", seq=seq, text=f"{pages.url}/shows?leaf, I mean")
        await looked(community)
        assert [preview["picture"] for preview in await previews(ann, seq)] == [picture]
        assert [(await fetch(ann.url, file["id"], ann))[0] for file in (picture, square["picture"])] == [200, 404]
        assert len(on_disk(community)) == 2
        assert [pages.asked.count(path) for path in ("/shows", "/leaf.png", "/square.png")] == [2, 1, 1]


@pytest.mark.parametrize("how", ["message.delete", "message.hide_previews", "message.edit"])
async def test_nothing_stays_of_a_picture_that_comes_too_late(how: str, community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann") as (ann,):
        seq = (await ann.say("hall", f"{pages.url}/shows?{pages.url}/closed.png"))["seq"]
        async with asyncio.timeout(10):
            while "/closed.png" not in pages.asked:
                await asyncio.sleep(0.01)
        text = {"text": "no link"} if how == "message.edit" else {}
        await ann.call(how, room="hall", seq=seq, **text)
        pages.open.set()
        await looked(community)
        assert await previews(ann, seq) == []
        assert on_disk(community) == {}
        assert await community.stores.files.erasing.left() == 0


async def test_an_edit_whose_process_ends_before_the_bytes_went_is_finished_by_another(
    community: Server, pages: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with gathering(community.url, "ann") as (ann,):
        seq, picture = await pictured(ann, f"{pages.url}/a")

        async def ends(*args: object, **more: object) -> None:
            raise ConnectionError("the process ended here")

        with monkeypatch.context() as until:
            until.setattr(community.stores.files.erasing, "discard", ends)
            with pytest.raises(Refused):
                await ann.call("message.edit", room="hall", seq=seq, text="no link")
        assert (await fetch(ann.url, picture["id"], ann))[0] == 404
        assert len(on_disk(community)) == 2
        assert await community.stores.intents.take_over(older_than_ms=-1000) == 1
        assert on_disk(community) == {}


async def test_of_several_processes_one_fetches_and_all_show_it(open_server: OpenServer, pages: Site) -> None:
    one, other = await open_server(**OPEN), await open_server(**OPEN)
    async with gathering(one.url, "ann") as (ann,), gathering(other.url, "bob") as (bob,):
        seq, picture = await pictured(ann, f"{pages.url}/shows?leaf")
        heard = await bob.hears("message.changed", room="hall", seq=seq)
        assert heard["previews"][0]["picture"] == picture
        assert pages.asked == ["/shows", "/leaf.png"]


async def test_it_is_nobodys_upload_and_takes_no_room_of_anybodys(open_server: OpenServer, pages: Site) -> None:
    community = await open_server(**OPEN, files__user_bytes=1000, files__day_bytes=1000)
    async with gathering(community.url, "ann") as (ann,):
        _, picture = await pictured(ann, f"{pages.url}/a")
        assert picture["size"] > 1000
        with pytest.raises(Refused) as refused:
            await ann.say("hall", "mine", attachments=[picture["id"]])
        assert (refused.value.reason, refused.value.data["path"]) == ("not_found", "attachments.0")
        path = f"/files/{picture['id']}"
        assert (await append(ann, path, b"", offset=0))[0] == 404
        async with asking("DELETE", ann.url + path, ann) as answer:
            assert answer.status == 404
        async with asking("HEAD", ann.url + path, ann) as answer:
            assert (answer.status, answer.headers["Content-Length"]) == (200, str(picture["size"]))
            assert "Upload-Offset" not in answer.headers
        with pytest.raises(Refused) as refused:
            await begin(ann, **{"for": "preview"})
        assert refused.value.reason == "params"
        assert await community.stores.files.drop_unused(1 << 60) == 0
        assert await community.stores.files.scrub(1 << 60) == 0
        assert (await fetch(ann.url, picture["id"], ann))[0] == 200


async def test_who_shows_many_pictures_gets_previews_without(open_server: OpenServer, pages: Site) -> None:
    community = await open_server(**OPEN, limits__preview_pictures_burst=1, limits__preview_pictures_per_hour=0)
    async with gathering(community.url, "ann", "bob") as (ann, bob):
        await pictured(ann, f"{pages.url}/shows?leaf")
        seq = (await ann.say("hall", f"{pages.url}/shows?square"))["seq"]
        heard = await ann.hears("message.changed", seq=seq)
        assert "picture" not in heard["previews"][0]
        assert "/square.png" not in pages.asked
        await pictured(bob, f"{pages.url}/shows?square")


async def test_whom_an_edit_is_hidden_from_sees_no_picture_of_it_either(community: Server, pages: Site) -> None:
    async with gathering(community.url, "ann", "bob") as (ann, bob):
        room = await friends(ann, bob)
        seq, picture = await pictured(ann, f"{pages.url}/a", room)
        assert (await fetch(ann.url, picture["id"], bob))[0] == 200
        await bob.call("block.add", user=ann.id)
        await ann.call("message.edit", room=room, seq=seq, text=f"still {pages.url}/a")
        await bob.call("block.remove", user=ann.id)
        assert (await fetch(ann.url, picture["id"], bob))[0] == 404
        assert (await fetch(ann.url, picture["id"], ann))[0] == 200


async def test_a_backup_carries_it(address: Address, tmp_path: Path, pages: Site) -> None:
    settings = settings_for_tests(tmp_path / "one", **OPEN)
    async with Server(settings, store_address=address) as server, gathering(server.url, "ann") as (ann,):
        seq, picture = await pictured(ann, f"{pages.url}/a")
        before = {size: (await fetch(ann.url, picture["id"], ann, size))[2] for size in ("", "small")}
        await backup(address, tmp_path / "b", server.stores.files.blobs)
        await server.store.redis.flushall()
    other = settings_for_tests(tmp_path / "two", **OPEN)
    await restore(address, tmp_path / "b", open_blobs("", other.server.data))
    async with Server(other, store_address=address) as server:
        back = Person(server.url, ann.token, ann.user)
        async with asyncio.timeout(10):
            await back.start()
        assert (await previews(back, seq))[0]["picture"] == picture
        assert {size: (await fetch(back.url, picture["id"], back, size))[2] for size in ("", "small")} == before
        await back.call("message.hide_previews", room="hall", seq=seq)
        assert on_disk(server) == {}
        await back.leave()
