"""Files: uploaded in parts, carried by a message, fetched by whoever may read it, and gone with it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.doors.sending import append, asking, begin, fetch, upload
from tests.people import Person, Refused, gathering, post

NOTE = b"Second floor, ring twice.\n"


def on_disk(server: Server) -> list[Path]:
    return [path for path in (Path(server.settings.server.data) / "files").rglob("*") if path.is_file()]


async def test_a_file_goes_with_its_message_and_leaves_with_it(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        file = await upload(ann, NOTE, name="way.txt")
        assert file == {"id": file["id"], "name": "way.txt", "size": len(NOTE), "type": "text/plain"}
        assert (await fetch(ann.url, file["id"], ann))[0] == 200
        assert (await fetch(ann.url, file["id"], bob))[0] == 404
        sent = await ann.say("hall", "", attachments=[file["id"]])
        posted = await bob.hears("message.posted", seq=sent["seq"])
        assert (posted["text"], posted["attachments"]) == ("", [file])
        status, headers, body = await fetch(ann.url, file["id"], bob)
        assert (status, body) == (200, NOTE)
        assert headers["Content-Type"] == "application/octet-stream"
        assert [path.stat().st_mode & 0o777 for path in on_disk(server)] == [0o600]

        edited = await ann.call("message.edit", room="hall", seq=sent["seq"], text="The way")
        changed = await bob.hears("message.changed", rev=edited["rev"])
        assert (changed["text"], changed["attachments"]) == ("The way", [file])
        page = await bob.call("message.history", room="hall", limit=1)
        assert page["messages"][0]["attachments"] == [file]

        deleted = await ann.call("message.delete", room="hall", seq=sent["seq"])
        assert "attachments" not in await bob.hears("message.changed", rev=deleted["rev"])
        assert (await fetch(ann.url, file["id"], ann))[0] == 404
        assert on_disk(server) == []


async def test_a_file_comes_in_parts_and_any_server_takes_the_next(open_server: OpenServer) -> None:
    one, other = await open_server(), await open_server()
    async with gathering(one.url, "ann") as (ann,):
        path = await begin(ann, size=6, keep=True)
        assert await append(ann, path, b"abc", url=one.url) == (204, 3, None)
        assert await append(ann, path, b"abc", offset=0, url=other.url) == (409, 3, None)
        async with asking("HEAD", other.url + path, ann) as answer:
            assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("3", "6")
        first, second = await asyncio.gather(
            append(ann, path, b"def", offset=3, url=one.url), append(ann, path, b"DEF", offset=3, url=other.url)
        )
        assert sorted([first[:2], second[:2]]) == [(200, 6), (409, 6)]
        status, offset, told = await append(ann, path, b"", offset=6, url=other.url)
        assert (status, offset) == (200, 6)
        body = (await fetch(other.url, told["file"]["id"], ann))[2]
        assert body in {b"abcdef", b"abcDEF"}
        assert len(on_disk(one)) == 1


async def test_a_repeated_send_is_answered_before_its_files_are_looked_at(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        file = (await upload(ann, NOTE))["id"]
        sent = await ann.say("hall", "way", "one", attachments=[file])
        again = await ann.say("hall", "way", "one", attachments=[file])
        assert (again["seq"], again["duplicate"]) == (sent["seq"], True)
        with pytest.raises(Refused) as refused:
            await ann.say("hall", "way", "one")
        assert refused.value.reason == "client_id_used"


async def refusal_of(person: Person, room: str, files: list[str]) -> tuple[int, str]:
    with pytest.raises(Refused) as refused:
        await person.say(room, "", attachments=files)
    return refused.value.code, refused.value.data.get("path", "")


async def test_a_message_takes_finished_files_of_its_author_for_its_room_once(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Quiet corner", kind="open"))["room"]
        mine, other, elsewhere = [(await upload(who, NOTE, where))["id"] for who, where in
                                  ((ann, "hall"), (bob, "hall"), (ann, room))]  # fmt: skip
        unfinished = (await begin(ann, size=9)).rpartition("/")[2]
        for wrong in (other, elsewhere, unfinished, "0" * 24, mine):
            assert await refusal_of(ann, "hall", [mine, wrong]) == (-32004, "attachments.1")
        await ann.say("hall", "", attachments=[mine])
        assert await refusal_of(ann, "hall", [mine]) == (-32004, "attachments.0")
        with pytest.raises(Refused) as refused:
            await ann.say("hall", "")
        assert refused.value.reason == "text_empty"


async def test_what_nobody_uses_can_be_given_up_and_gives_its_room_back(open_server: OpenServer) -> None:
    server = await open_server(files__user_bytes=60, files__day_bytes=60)
    async with gathering(server.url, "ann") as (ann,):
        file = (await upload(ann, NOTE))["id"]
        await begin(ann, size=30)
        with pytest.raises(Refused) as refused:
            await begin(ann, size=30)
        assert (refused.value.code, refused.value.reason) == (-32005, "quota")
        async with asking("DELETE", f"{ann.url}/files/{file}", ann) as answer:
            assert answer.status == 204
        assert (await fetch(ann.url, file, ann))[0] == 404
        assert on_disk(server) == []
        used = (await upload(ann, NOTE))["id"]
        sent = await ann.say("hall", "", attachments=[used])
        async with asking("DELETE", f"{ann.url}/files/{used}", ann) as answer:
            assert (answer.status, (await answer.json())["error"]["data"]["reason"]) == (409, "file_used")
        await ann.call("message.delete", room="hall", seq=sent["seq"])
        await upload(ann, NOTE)


async def test_who_may_not_send_files_hears_it_before_the_first_byte(open_server: OpenServer) -> None:
    server = await open_server(files__file_bytes=1000)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        closed = (await ann.call("room.create", title="Quiet corner", kind="closed"))["room"]
        for room, size, reason in ((closed, 5, "not_found"), ("hall", 1001, "file_too_large"), ("hall", 0, "params")):
            with pytest.raises(Refused) as refused:
                await begin(bob, room, size)
            assert refused.value.reason == reason
        path = await begin(ann, closed, 4)
        await ann.call("room.leave", room=closed)
        status, _, told = await append(ann, path, b"late")
        assert (status, told["error"]["data"]["reason"]) == (404, "not_found")
        async with asking("POST", server.url + "/files", None, {"for": "message", "size": 1}) as answer:
            assert answer.status == 401


async def test_newcomers_send_no_files_unless_the_community_lets_them(open_server: OpenServer) -> None:
    careful, open_one = await open_server(newcomer__first_accounts=0), await open_server(newcomer__files=True)
    async with gathering(careful.url, "ann") as (ann,):
        with pytest.raises(Refused) as refused:
            await begin(ann)
        assert (refused.value.reason, refused.value.data["path"]) == ("newcomer", "attachments")
        await begin(ann, url=open_one.url)


async def test_a_page_elsewhere_cannot_upload_with_the_cookie_of_this_one(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        body = {"for": "message", "room": "hall", "size": 1}
        async with asking(
            "POST", server.url + "/files", None, body, Cookie="chatserver=x", Origin="https://a.example"
        ) as answer:
            assert answer.status == 403
        await post(server.url, "community.get", ann.token)


async def test_names_and_ranges_are_answered_as_browsers_expect(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        file = await upload(ann, NOTE, name='C:\\notes\\"w\u202eay"\r\nX: 1/路.html')
        assert file["name"] == "路.html"
        quoted = await upload(ann, NOTE, name='a "b" %; 路.txt')
        status, headers, body = await fetch(ann.url, quoted["id"], ann, Range="bytes=7-11")
        assert (status, body, headers["Content-Range"]) == (206, NOTE[7:12], f"bytes 7-11/{len(NOTE)}")
        assert headers["Content-Disposition"] == (
            "attachment; filename=\"a _b_ _; _.txt\"; filename*=UTF-8''a%20%22b%22%20%25%3B%20%E8%B7%AF.txt"
        )
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "private, no-cache"
        tag = headers["ETag"]
        assert (await fetch(ann.url, quoted["id"], ann, Range="bytes=-4"))[2] == NOTE[-4:]
        assert (await fetch(ann.url, quoted["id"], ann, Range="bytes=99-"))[0] == 416
        assert (await fetch(ann.url, quoted["id"], ann, If_None_Match=tag))[0] == 304
        assert (await fetch(ann.url, quoted["id"], None, If_None_Match=tag))[0] == 404
        head = await fetch(ann.url, quoted["id"], None, method="HEAD")
        assert head[0] == 404
