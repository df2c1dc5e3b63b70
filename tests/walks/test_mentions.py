"""Mentions, also in a process that has cached nobody yet: after a restart, in a second process, over HTTP."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatserver.app import Server
from chatserver.store.engine.address import Address
from tests.conftest import settings_for_tests
from tests.people import PASSWORD, Person, Refused, post, sign_up


@pytest.fixture(params=["restarted", "second process"])
async def ann_and_bob(
    request: pytest.FixtureRequest, address: Address, tmp_path: Path
) -> AsyncIterator[tuple[Person, Person]]:
    """Two members of the hall, and a process that has seen neither."""
    async with contextlib.AsyncExitStack() as servers:
        first = Server(settings_for_tests(tmp_path / "first"), store_address=address)
        async with first if request.param == "restarted" else contextlib.nullcontext():
            if request.param != "restarted":
                await servers.enter_async_context(first)
            people = [await sign_up(first.url, handle) for handle in ("ann", "bob")]
        second = await servers.enter_async_context(
            Server(settings_for_tests(tmp_path / "second"), store_address=address)
        )
        for person in people:
            person.url = second.url
        yield people[0], people[1]


async def called(person: Person, room: str, seq: int) -> list[str]:
    page = await post(person.url, "message.history", person.token, room=room, before=seq + 1, limit=1)
    mentions: list[str] = page["messages"][0].get("mentions", [])
    return mentions


async def items(person: Person) -> list[tuple[str, int]]:
    listed = await post(person.url, "inbox.list", person.token)
    return [(item["kind"], item["seq"]) for item in listed["items"]]


async def send(person: Person, text: str, **more: object) -> int:
    given = {"room": "hall", "client_id": text[:40].replace(" ", "-"), **more}
    return int((await post(person.url, "message.send", person.token, text=text, **given))["seq"])


async def test_a_member_who_was_silent_is_called_by_a_process_that_never_saw_them(
    ann_and_bob: tuple[Person, Person],
) -> None:
    ann, bob = ann_and_bob
    await bob.start()
    await ann.start()
    answer = await ann.say("hall", "@bob are you there?")
    assert (await bob.hears("message.posted", seq=answer["seq"]))["mentions"] == [bob.id]
    await bob.hears("inbox.added", kind="mention", seq=answer["seq"])
    await ann.leave()
    await bob.leave()


async def test_a_member_is_called_over_http_where_nobody_is_connected(ann_and_bob: tuple[Person, Person]) -> None:
    ann, bob = ann_and_bob
    seq = await send(ann, "@bob the deploy failed")
    assert len(await called(ann, "hall", seq)) == 1
    await bob.start()
    await bob.until(lambda: bob.session["inbox"]["unread"] or bob.heard("inbox.added"), "the mention")
    await bob.leave()
    assert await items(bob) == [("mention", seq)]


async def test_who_left_or_closed_their_account_is_called_no_more_and_who_comes_is(server: Server) -> None:
    ann, bob, cat = [await sign_up(server.url, handle) for handle in ("ann", "bob", "cat")]
    room = (await post(server.url, "room.create", ann.token, title="Tea"))["room"]
    assert await called(ann, room, await send(ann, "@bob 1", room=room)) == []
    for person in (bob, cat):
        await post(server.url, "room.join", person.token, room=room)
    assert len(await called(ann, room, await send(ann, "@bob @cat 2", room=room))) == 2
    await post(server.url, "room.leave", bob.token, room=room)
    assert len(await called(ann, room, await send(ann, "@bob @cat 3", room=room))) == 1
    await post(server.url, "account.close", cat.token, password=PASSWORD)
    assert await called(ann, room, await send(ann, "@bob @cat 4", room=room)) == []


async def test_a_message_calls_at_most_ten_others(server: Server) -> None:
    people = [await sign_up(server.url, f"friend{chr(97 + number)}") for number in range(12)]
    words = " ".join(f"@friend{chr(97 + number)}" for number in range(12))
    assert len(await called(people[0], "hall", await send(people[0], words))) == 10


@pytest.mark.parametrize("target", [2, 99])
async def test_a_reply_to_what_was_never_said_is_refused(server: Server, target: int) -> None:
    ann = await sign_up(server.url, "ann")
    assert await send(ann, "first") == 1
    with pytest.raises(Refused) as caught:
        await send(ann, "reply", reply_to=target)
    assert caught.value.data["path"] == "reply_to"


async def test_a_deleted_message_can_be_replied_to_and_a_repeat_is_answered_first(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    await send(ann, "first")
    await post(server.url, "message.delete", ann.token, room="hall", seq=1)
    assert await send(ann, "reply", reply_to=1) == 2
    assert await send(ann, "reply", reply_to=1) == 2


async def test_an_edit_calls_and_uncalls_and_a_deletion_uncalls(server: Server) -> None:
    ann, bob = await sign_up(server.url, "ann"), await sign_up(server.url, "bob")
    seq = await send(ann, "hello")
    for text, calls in (("@bob hello", True), ("hello", False), ("@bob again", True)):
        await post(server.url, "message.edit", ann.token, room="hall", seq=seq, text=text)
        assert await called(ann, "hall", seq) == ([bob.id] if calls else [])
        assert await items(bob) == ([("mention", seq)] if calls else [])
        assert await mentions_of(bob) == int(calls)
    await post(server.url, "message.delete", ann.token, room="hall", seq=seq)
    assert await items(bob) == [] and await mentions_of(bob) == 0


async def mentions_of(person: Person) -> int:
    session = (await person.start()).session
    await person.leave()
    return int(next(state["mentions"] for state in session["rooms"] if state["room"] == "hall"))


async def test_a_client_id_holds_no_control_characters(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    for bad in ("a\0", "a\n", "\x85"):
        with pytest.raises(Refused) as caught:
            await send(ann, "hello", client_id=bad)
        assert caught.value.data["path"] == "client_id"
