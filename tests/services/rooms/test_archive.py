"""An archived room: read by its members, found by nobody, and nothing new comes in."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering, post, sign_up
from tests.services.accounts.test_people import admin_of

ARCHIVED = (-32002, "archived")


async def refused(authentication: Awaitable[Any]) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await authentication
    return caught.value.code, caught.value.reason


async def room_of(owner: Person, *members: Person, **more: Any) -> str:
    room: str = (await post(owner.url, "room.create", owner.token, title="Spring fair", **more))["room"]
    closed = more.get("kind") == "closed"
    link = (await post(owner.url, "room.link", owner.token, room=room))["link"] if closed else ""
    for member in members:
        await post(owner.url, "room.join", member.token, room=room, link=link)
    return room


async def found(url: str) -> set[str]:
    return {room["title"] for room in (await post(url, "room.discover"))["rooms"]}


@pytest.mark.parametrize("kind", ["open", "closed"])
async def test_members_read_an_archived_room_and_nothing_new_comes_in(open_server: OpenServer, kind: str) -> None:
    one, two = await open_server(), await open_server()
    mei, tom, eve = [await sign_up(one.url, handle) for handle in ("mei", "tom", "eve")]
    room = await room_of(mei, tom, kind=kind)
    mei, tom = await mei.start(), await Person(two.url, tom.token, tom.user, packed=True).start()
    seq = (await tom.say(room, "hello", "first"))["seq"]
    state = await mei.call("room.archive", room=room, archived=True)
    assert state["archived"] is True and state["last_seq"] == 1
    await tom.hears("room.changed", room=room, archived=True)
    for person in (mei, tom):
        assert await refused(person.say(room, "more")) == ARCHIVED
        assert await refused(person.call("typing.start", room=room)) == ARCHIVED
        assert await refused(person.call("message.edit", room=room, seq=seq, text="no")) in (
            ARCHIVED, (-32002, "not_author"),
        )  # fmt: skip
        assert (await person.call("message.history", room=room))["messages"][0]["text"] == "hello"
    assert await refused(tom.call("message.edit", room=room, seq=seq, text="no")) == ARCHIVED
    assert (await tom.say(room, "hello", "first"))["duplicate"] is True, "it was sent before"
    link = (await mei.call("room.link", room=room))["link"] if kind == "closed" else ""
    assert await refused(post(one.url, "room.join", eve.token, room=room, link=link)) == ARCHIVED
    without = (-32004, "not_found") if kind == "closed" else ARCHIVED
    assert await refused(post(one.url, "room.join", eve.token, room=room)) == without
    assert await refused(post(one.url, "message.history", eve.token, room=room)) == without
    assert (await tom.call("room.join", room=room))["archived"] is True, "who is a member stays one"
    await tom.call("message.delete", room=room, seq=seq)
    await mei.hears("message.changed", room=room, deleted=True)
    for person in (mei, tom):
        await person.leave()


async def test_an_archived_room_is_not_found_and_can_be_opened_again(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    mei = await sign_up(one.url, "mei")
    room = await room_of(mei)
    assert "Spring fair" in await found(two.url)
    await post(one.url, "room.archive", mei.token, room=room, archived=True)
    assert "Spring fair" not in await found(one.url) | await found(two.url)
    await post(one.url, "room.update", mei.token, room=room, about="Other words")
    assert "Spring fair" not in await found(one.url)
    state = await post(two.url, "room.archive", mei.token, room=room, archived=False)
    assert "archived" not in state
    assert "Spring fair" in await found(one.url) & await found(two.url)
    await post(one.url, "room.join", (await sign_up(one.url, "tom")).token, room=room)


async def test_who_comes_back_finds_the_room_archived(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    room = await room_of(mei)
    await post(server.url, "room.archive", mei.token, room=room, archived=True)
    await post(server.url, "room.archive", mei.token, room=room, archived=True)
    await mei.start()
    assert next(state for state in mei.session["rooms"] if state["room"] == room)["archived"] is True
    await mei.leave()


async def test_visitors_hear_nothing_more_of_an_archived_window(server: Server) -> None:
    mei = await (await admin_of(server)).start()
    visitor = await Person(server.url).start()
    assert (await mei.call("room.archive", room="hall", archived=True))["archived"] is True
    assert (await visitor.hears("room.updated", room="hall"))["archived"] is True
    await mei.call("message.history", room="hall")
    assert await refused(visitor.call("message.history", room="hall")) == ARCHIVED
    assert (await Person(server.url).start()).session["rooms"] == []
    tom = await (await sign_up(server.url, "tom")).start()
    assert tom.session["rooms"] == [], "who signs up now does not begin in it"
    for person in (mei, visitor, tom):
        await person.leave()


async def test_only_an_owner_or_an_admin_archives(server: Server) -> None:
    async with gathering(server.url, "mei", "tom", "eve") as (mei, tom, eve):
        bot = await post(server.url, "bot.create", mei.token, handle="teabot", name="Tea")
        room, den = await room_of(mei, tom), await room_of(mei, kind="closed")
        await mei.call("room.invite", room=room, user=bot["user"]["id"])
        await mei.call("room.set_role", room=room, user=tom.id, role="moderator")

        def archiving(token: str, which: str) -> Awaitable[Any]:
            return post(server.url, "room.archive", token, room=which, archived=True)

        assert await refused(archiving(tom.token, room)) == (-32002, "not_an_owner")
        assert await refused(archiving(bot["token"], room)) == (-32002, "not_an_owner")
        assert await refused(archiving(eve.token, room)) == (-32003, "not_a_member")
        assert await refused(archiving(eve.token, den)) == (-32004, "not_found")
        assert await refused(archiving(eve.token, "nowhere")) == (-32004, "not_found")
        assert await refused(archiving("", room)) == (-32001, "not_signed_in")
        assert "Spring fair" in await found(server.url)
        admin = await admin_of(server)
        assert (await archiving(admin.token, den))["role"] == "visitor"
        await mei.hears("room.changed", room=den, archived=True)


async def test_a_bot_of_a_moderator_is_not_let_into_an_archived_room(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    bot = await post(server.url, "bot.create", mei.token, handle="teabot", name="Tea")
    room = await room_of(mei)
    await post(server.url, "room.archive", mei.token, room=room, archived=True)
    assert await refused(post(server.url, "room.invite", mei.token, room=room, user=bot["user"]["id"])) == ARCHIVED
    assert await refused(post(server.url, "room.join", bot["token"], room=room)) == ARCHIVED
    profile = post(server.url, "profile.update", mei.token, shown_rooms=[room])
    assert (await refused(profile))[0] == -32602
