"""The role of an author: in pages, replays, events and lists it is the one that they have now."""

from __future__ import annotations

from typing import Any

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import Person, gathering, post, sign_up
from tests.services.accounts.test_people import admin_of


def roles(messages: list[dict[str, Any]]) -> dict[str, str]:
    """The role with each text; "" where there is none."""
    return {message["text"]: message["author"].get("role", "") for message in messages}


async def pages(person: Person, room: str) -> dict[str, str]:
    return roles((await person.call("message.history", room=room))["messages"])


async def test_an_author_has_the_role_of_now_in_pages_events_and_replays_of_every_process(
    open_server: OpenServer,
) -> None:
    one, two = await open_server(), await open_server()
    async with gathering(one.url, "mei", "tom") as (mei, tom):
        room = (await mei.call("room.create", title="Tea"))["room"]
        await tom.call("room.join", room=room)
        far = await Person(two.url, tom.token, tom.user).start()
        cursor = {room: cursor_of(far, room)}
        await mei.say(room, "hello")
        await tom.say(room, "hi")
        assert (await far.hears("message.posted", text="hello"))["author"]["role"] == "owner"
        assert "role" not in (await far.hears("message.posted", text="hi"))["author"]
        assert await pages(tom, room) == {"hello": "owner", "hi": ""}

        await mei.call("room.set_role", room=room, user=tom.id, role="moderator")
        changed = await far.hears("member.changed", room=room)
        assert changed["user"]["role"] == changed["role"] == "moderator"
        await tom.say(room, "and now")
        assert (await far.hears("message.posted", text="and now"))["author"]["role"] == "moderator"
        assert await pages(tom, room) == await pages(far, room) == {
            "hello": "owner", "hi": "moderator", "and now": "moderator",
        }  # fmt: skip
        again = await Person(two.url, tom.token, tom.user).start(cursor)
        await again.hears("message.posted", text="and now")
        assert roles(again.heard("message.posted")) == {"hello": "owner", "hi": "moderator", "and now": "moderator"}

        await mei.call("room.set_role", room=room, user=tom.id, role="member")
        await far.hears("member.changed", room=room, role="member")
        assert "role" not in far.heard("member.changed", role="member")[0]["user"]
        assert (await pages(far, room))["hi"] == ""
        await mei.call("room.leave", room=room)
        left = await far.hears("member.left", room=room)
        assert left["role"] == "owner" and "role" not in left["user"]
        assert await pages(far, room) == {"hello": "", "hi": "owner", "and now": "owner"}, "the last member owns it"
        for person in (far, again):
            await person.leave()


def cursor_of(person: Person, room: str) -> dict[str, Any]:
    (state,) = [state for state in person.session["rooms"] if state["room"] == room]
    return {"epoch": state["epoch"], "seq": state["last_seq"], "rev": state["rev"], "id": state["last_id"]}


async def test_an_admin_shows_as_one_where_they_have_no_other_role(server: Server) -> None:
    boss = await (await admin_of(server)).start()
    async with gathering(server.url, "tom") as (tom,):
        room = (await tom.call("room.create", title="Tea"))["room"]
        own = (await boss.call("room.create", title="Office"))["room"]
        for which in (room, own):
            await (boss if which == room else tom).call("room.join", room=which)
            await boss.say(which, which)
        assert await pages(tom, room) == {room: "admin"}
        assert await pages(tom, own) == {own: "owner"}
        members = (await tom.call("room.members", room=room))["members"]
        assert [(one["role"], one["user"].get("role", "")) for one in members] == [
            ("owner", "owner"), ("member", "admin"),
        ]  # fmt: skip
        await boss.call("typing.start", room=room)
        assert (await tom.hears("typing.started", room=room))["user"]["role"] == "admin"
        listed = {one["room"]: one for one in (await tom.call("room.discover"))["rooms"]}
        assert listed[room]["latest"]["author"]["role"] == "admin"
        assert listed[own]["latest"]["author"]["role"] == "owner"

        await server.services.accounts.store.set_status(boss.id, "admin", on=False)
        told = await tom.hears("user.changed", admin=None)
        assert told["user"]["id"] == boss.id and "role" not in told["user"], "a role belongs to a room"
        assert await pages(tom, room) == {room: ""}
        assert await pages(tom, own) == {own: "owner"}
    await boss.leave()


async def test_a_list_of_rooms_has_the_last_author_with_their_role(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    room = (await post(server.url, "room.create", mei.token, title="Tea"))["room"]
    await post(server.url, "room.join", tom.token, room=room)

    async def last_role() -> str:
        rooms = (await post(server.url, "room.discover", tom.token))["rooms"]
        (latest,) = [one["latest"] for one in rooms if one["room"] == room]
        role: str = latest["author"].get("role", "")
        return role

    sent = await post(server.url, "message.send", mei.token, room=room, text="hello", client_id="1")
    assert await last_role() == "owner"
    await post(server.url, "message.delete", mei.token, room=room, seq=sent["seq"])
    assert await last_role() == "owner", "a tombstone keeps its author"
    await post(server.url, "message.send", tom.token, room=room, text="hi", client_id="2")
    assert await last_role() == ""
    await post(server.url, "room.set_role", mei.token, room=room, user=tom.id, role="moderator")
    assert await last_role() == "moderator"
    await post(server.url, "room.leave", tom.token, room=room)


async def test_a_role_that_changed_during_a_gap_is_told_and_shown(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        room = (await mei.call("room.create", title="Tea"))["room"]
        await tom.call("room.join", room=room)
        await tom.say(room, "hi")
        await mei.hears("message.posted", room=room)
        feed = server.hub.feeds.get(room)
        assert feed is not None
        tom.events.clear()
        receive = feed.receive
        feed.receive = lambda _payload: None  # type: ignore[method-assign]
        await mei.call("room.set_role", room=room, user=tom.id, role="moderator")
        feed.receive = receive  # type: ignore[method-assign]
        feed.repairs.repair()
        told = await tom.hears("member.changed", room=room)
        assert told["role"] == told["user"]["role"] == "moderator" and told["user"]["name"] == "Tom"
        entry = feed.tail.after(feed.tail.start, feed.delivered)
        assert entry is not None and entry[-1].what.author.role == "moderator"  # type: ignore[union-attr]
