"""A room's settings on who may write, who may start a topic, and that it is never public; and what a member alone
sees of a room: a mute, the room of a question."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import msgspec
import pytest

from chatserver.app import Server
from chatserver.ids import now_ms
from chatserver.store.engine import keys
from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering, post, sign_up
from tests.services.accounts.test_people import admin_of


async def refused(step: Awaitable[Any]) -> tuple[int, str]:
    with pytest.raises(Refused) as caught:
        await step
    return caught.value.code, caught.value.reason


def settings_of(state: dict[str, Any]) -> tuple[str, str, bool]:
    return state["writers"], state["topics"], state.get("never_window", False)


async def test_who_may_write_and_whether_one_may_poke_is_told_to_everyone_and_stays(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    async with gathering(one.url, "mei", "tom") as (mei, tom):
        room = (await mei.call("room.create", title="News"))["room"]
        assert settings_of(await tom.call("room.join", room=room)) == ("everyone", "everyone", False)
        far = await Person(two.url, tom.token, tom.user).start()
        state = await mei.call("room.update", room=room, writers="moderators", topics="moderators")
        assert settings_of(state) == ("moderators", "moderators", False)
        assert settings_of(await far.hears("room.changed", room=room)) == ("moderators", "moderators", False)
        assert settings_of(await mei.call("room.update", room=room, topics="everyone")) == (
            "moderators", "everyone", False,
        )  # fmt: skip
        await far.start_anew()
        (state,) = [state for state in far.session["rooms"] if state["room"] == room]
        assert settings_of(state) == ("moderators", "everyone", False)
        assert "pokes" not in state  # they are on at first
        assert (await mei.call("room.update", room=room, pokes=False))["pokes"] is False
        assert settings_of(await far.hears("room.changed", room=room, pokes=False)) == settings_of(state)
        assert (await mei.call("room.archive", room=room, archived=True))["writers"] == "moderators"
        assert (await mei.call("room.update", room=room, writers="everyone"))["writers"] == "everyone"
        await far.leave()


async def test_a_room_is_made_with_these_settings_and_a_repeat_with_others_is_another_request(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    asked = {"title": "News", "writers": "moderators", "topics": "moderators", "never_window": True, "client_id": "1"}
    made = await post(server.url, "room.create", mei.token, **asked)
    assert settings_of(made) == ("moderators", "moderators", True)
    again = await post(server.url, "room.create", mei.token, **asked)
    assert (again["room"], again["duplicate"]) == (made["room"], True)
    other = asked | {"writers": "everyone"}
    assert await refused(post(server.url, "room.create", mei.token, **other)) == (-32005, "client_id_used")


@pytest.mark.parametrize("field", ["writers", "topics"])
async def test_a_setting_that_is_none_is_refused_and_changes_nothing(server: Server, field: str) -> None:
    mei = await sign_up(server.url, "mei")
    room = (await post(server.url, "room.create", mei.token, title="News"))["room"]
    for bad in ("nobody", "", 1, None, ["everyone"]):
        with pytest.raises(Refused) as caught:
            await post(server.url, "room.update", mei.token, room=room, title="Gone", **{field: bad})
        assert (caught.value.code, caught.value.data["path"]) == (-32602, field)
    assert (await post(server.url, "room.update", mei.token, room=room))["title"] == "News"


async def test_only_moderators_say_who_writes_and_only_owners_and_admins_rule_out_a_window(server: Server) -> None:
    boss = await admin_of(server)
    mei, max_, tom, eve = [await sign_up(server.url, handle) for handle in ("mei", "max", "tom", "eve")]
    room = (await post(server.url, "room.create", mei.token, title="News"))["room"]
    for person in (max_, tom):
        await post(server.url, "room.join", person.token, room=room)
    await post(server.url, "room.set_role", mei.token, room=room, user=max_.id, role="moderator")

    def update(person: Person | None, **given: Any) -> Any:
        return post(server.url, "room.update", person.token if person else "", room=room, **given)

    for given in ({"writers": "moderators"}, {"topics": "moderators"}, {"never_window": True}):
        assert await refused(update(None, **given)) == (-32001, "not_signed_in")
        assert await refused(update(eve, **given)) == (-32003, "not_a_member")
        assert await refused(update(tom, **given)) == (-32002, "not_a_moderator")
    assert await refused(update(max_, writers="moderators", never_window=True)) == (-32002, "not_an_owner")
    assert settings_of(await update(max_, writers="moderators")) == ("moderators", "everyone", False)
    assert settings_of(await update(mei, never_window=False)) == ("moderators", "everyone", False)
    assert settings_of(await update(boss, never_window=True)) == ("moderators", "everyone", True)
    assert settings_of(await update(mei, never_window=True)) == ("moderators", "everyone", True)


async def test_a_room_that_is_never_a_window_cannot_become_one_and_a_window_is_ended_first(server: Server) -> None:
    boss = await admin_of(server)
    room = (await post(server.url, "room.create", boss.token, title="Circle"))["room"]

    def update(**given: Any) -> Any:
        return post(server.url, "room.update", boss.token, room=room, **given)

    await update(window=True)
    assert await refused(update(never_window=True)) == (-32002, "is_window")
    assert await refused(update(never_window=True, window=True)) == (-32002, "never_window")
    state = await update(never_window=True, window=False)
    assert state["never_window"] is True and "window" not in state
    for given in ({"window": True}, {"never_window": False}, {"window": True, "never_window": False}):
        assert await refused(update(title="Gone", **given)) == (-32002, "never_window")
    assert (await update(window=False))["title"] == "Circle"


async def test_a_conversation_of_two_has_none_of_these(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        await server.stores.ties.step(
            "begin", mei.id, tom.id, now=now_ms(), origin={"how": "met", "at": now_ms(), "room": ""}
        )
        room = server.stores.ties.room_of(mei.id, tom.id)
        state = await mei.hears("room.updated", room=room)
        assert not state.keys() & {"writers", "topics", "never_window", "question_of"}
        eve = await sign_up(server.url, "eve")
        for given in ({"writers": "moderators"}, {"never_window": True}):
            assert await refused(mei.call("room.update", room=room, **given)) == (-32002, "direct_room")
            outside = post(server.url, "room.update", eve.token, room=room, **given)
            assert await refused(outside) == (-32004, "not_found")


async def test_a_member_sees_until_when_they_are_muted_and_nobody_else_does(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        room = (await mei.call("room.create", title="News"))["room"]
        await tom.call("room.join", room=room)
        tag, until = keys.room(room), now_ms() + 60_000
        record = msgspec.msgpack.decode(await server.store.command(tag, "HGET", tag + ":members", tom.id))
        record[2] = until
        await server.store.command(tag, "HSET", tag + ":members", tom.id, msgspec.msgpack.encode(record))
        feed = server.hub.feeds.get(room)
        assert feed is not None
        feed.reload(await feed.read_anew())
        assert (await tom.hears("room.updated", room=room, muted_until=until))["role"] == "member"
        assert await refused(tom.say(room, "but")) == (-32002, "muted")
        for person, told in ((tom, until), (mei, None)):
            await person.start_anew()
            (state,) = [state for state in person.session["rooms"] if state["room"] == room]
            assert state.get("muted_until") == told
        record[2] = now_ms() - 1
        await server.store.command(tag, "HSET", tag + ":members", tom.id, msgspec.msgpack.encode(record))
        feed.reload(await feed.read_anew())
        await tom.start_anew()
        (state,) = [state for state in tom.session["rooms"] if state["room"] == room]
        assert "muted_until" not in state


async def test_the_room_of_a_question_names_the_room_in_which_it_lies(open_server: OpenServer) -> None:
    server = await open_server(friends__question_hour=0)
    async with gathering(server.url, "mei") as (mei,):
        asked = await mei.call("question.get", room="hall")
        answered = await mei.call("question.answer", question=asked["id"], text="Rice", client_id="1")
        assert answered["question_of"] == "hall"
        assert (await mei.hears("room.updated", room=asked["id"]))["question_of"] == "hall"
        await mei.start_anew()
        rooms = {state["room"]: state.get("question_of", "") for state in mei.session["rooms"]}
        assert rooms[asked["id"]] == "hall" and rooms["hall"] == ""
