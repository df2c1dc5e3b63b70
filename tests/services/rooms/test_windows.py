"""Window rooms, for visitors: opened and closed while they are connected."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import Person, Refused, post, sign_up
from tests.services.accounts.test_people import admin_of


async def refused(authentication: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await authentication
    return caught.value.code, caught.value.reason


@pytest.mark.parametrize("packed", [False, True])
async def test_a_window_that_is_shut_is_the_last_a_visitor_hears_of_the_room(
    open_server: OpenServer, packed: bool
) -> None:
    one, two = await open_server(), await open_server()
    mei = await (await admin_of(one)).start()
    visitors = [await Person(server.url, packed=packed).start() for server in (one, two)]
    await mei.say("hall", "before")
    for visitor in visitors:
        await visitor.hears("message.posted", text="before")
    state = await mei.call("room.update", room="hall", window=False)
    assert "window" not in state
    await mei.say("hall", "after")
    await mei.hears("message.posted", text="after")
    for visitor in visitors:
        told = await visitor.hears("room.updated", room="hall")
        assert "window" not in told
        assert await refused(visitor.call("message.history", room="hall")) == (-32001, "not_signed_in")
        assert await refused(visitor.call("presence.watch", room="hall")) == (-32004, "not_found")
    await mei.say("hall", "later still")
    await mei.hears("message.posted", text="later still")
    for visitor in visitors:
        await visitor.call("session.ping")
        assert [message["text"] for message in visitor.heard("message.posted")] == ["before"]
        assert [event["method"] for event in visitor.events][-1] == "room.updated"
        await visitor.leave()
    assert (await Person(two.url).start()).session["rooms"] == []
    await mei.leave()


async def test_a_room_that_becomes_a_window_is_heard_by_visitors_who_are_here(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    mei = await (await admin_of(one)).start()
    visitors = [await Person(server.url).start() for server in (one, two)]
    assert [room["room"] for room in visitors[0].session["rooms"]] == ["hall"]
    room = (await mei.call("room.create", title="Open air"))["room"]
    await mei.say(room, "one")
    assert (await mei.call("room.update", room=room, window=True))["window"] is True
    for visitor in visitors:
        assert (await visitor.hears("room.updated", room=room))["last_seq"] == 1
    await mei.say(room, "two")
    for visitor in visitors:
        await visitor.hears("message.posted", room=room, text="two")
        assert (await visitor.call("message.history", room=room))["last_seq"] == 2
        assert not visitor.heard("message.posted", text="one")
        await visitor.leave()
    listing = {
        listed["room"]: listed.get("window", False) for listed in (await post(two.url, "room.discover"))["rooms"]
    }
    assert listing[room] is True and listing["tea"] is False
    fresh = await Person(two.url).start()
    assert {room_["room"] for room_ in fresh.session["rooms"]} == {"hall", room}
    await fresh.leave()
    await mei.leave()


async def test_only_admins_make_windows_and_only_of_open_rooms(server: Server) -> None:
    mei, tom, eve = await admin_of(server), await sign_up(server.url, "tom"), await sign_up(server.url, "eve")
    bot = await post(server.url, "bot.create", tom.token, handle="teabot", name="Tea")
    room = (await post(server.url, "room.create", tom.token, title="Tom's"))["room"]
    den = (await post(server.url, "room.create", tom.token, title="Den", kind="closed"))["room"]
    await post(server.url, "room.join", eve.token, room=room)
    await post(server.url, "room.set_role", tom.token, room=room, user=eve.id, role="moderator")

    def opening(token: str, which: str, *, window: bool = True) -> Any:
        return post(server.url, "room.update", token, room=which, window=window, title="Mine")

    for token in (tom.token, eve.token):
        assert await refused(opening(token, room)) == (-32002, "not_an_admin")
    assert await refused(opening(bot["token"], room)) == (-32003, "not_a_member")
    assert await refused(opening(eve.token, den)) == (-32004, "not_found")
    assert await refused(opening("", room)) == (-32001, "not_signed_in")
    assert await refused(opening(mei.token, den)) == (-32002, "not_open")
    assert (await opening(mei.token, room))["title"] == "Mine"
    await post(server.url, "room.update", tom.token, room=room, about="A moderator's words do not shut it")
    await server.stores.windows.refresh()
    assert {state["room"] for state in (await Person(server.url).start()).session["rooms"]} == {"hall", room}
