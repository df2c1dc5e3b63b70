"""Changes of membership and open sockets: new members receive events at once, removed ones no more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from chatserver.app import Server
from tests.people import Person, Refused, gathering, post


async def room_of(owner: Person, *members: Person, **more: Any) -> str:
    """A new room; everybody has heard of everybody."""
    state = await owner.call("room.create", title="Night tea", **more)
    room: str = state["room"]
    for number, member in enumerate(members, 2):
        link = (await owner.call("room.link", room=room))["link"] if more.get("kind") == "closed" else ""
        await member.call("room.join", room=room, link=link)
        await owner.hears("member.joined", room=room, members=number)
    return room


def heard_of(person: Person, room: str) -> list[str]:
    return [event["method"] for event in person.events if event["params"].get("room") == room]


async def refused(person: Person, method: str, **params: Any) -> str:
    with pytest.raises(Refused) as refusal:
        await person.call(method, **params)
    return refusal.value.reason


async def test_who_joins_hears_the_room_first_and_then_what_is_said(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        room = await room_of(mei, tom)
        await mei.say(room, "welcome")
        await tom.hears("message.posted", room=room, text="welcome")
        methods = [method for method in heard_of(tom, room) if method != "presence.changed"]
        assert methods[0] == "room.updated" and methods[-1] == "message.posted"
        assert tom.heard("room.updated", room=room)[0]["role"] == "member"
        joined = mei.heard("member.joined", room=room)[0]
        assert joined["user"] == {"id": tom.id, "handle": "tom", "name": "Tom", "bot": False}
        assert (joined["role"], joined["members"]) == ("member", 2)


@pytest.mark.parametrize("method", ["room.remove", "room.ban"])
async def test_a_removed_member_s_open_sockets_hear_nothing_more(server: Server, method: str) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        room = await room_of(mei, tom)
        second = await Person(server.url, tom.token, tom.user).start()
        await mei.call(method, room=room, user=tom.id)
        await mei.say(room, "after")
        await mei.hears("message.posted", room=room, text="after")
        for socket in (tom, second):
            left = await socket.hears("member.left", room=room)
            assert left["user"]["id"] == tom.id and left["members"] == 1
            assert await refused(socket, "message.send", room=room, text="still here", client_id="x") == "not_a_member"
            await socket.call("session.ping")
            assert heard_of(socket, room)[-1] == "member.left"
        assert not mei.heard("message.posted", room=room, text="still here")
        await second.leave()


async def test_a_removed_member_of_another_process_is_cut_off_as_well(open_server) -> None:
    here, there = await open_server(), await open_server()
    async with gathering(here.url, "mei", "tom") as (mei, tom):
        room = await room_of(mei, tom)
        far = await Person(there.url, tom.token, tom.user).start()
        assert room in [state["room"] for state in far.session["rooms"]]
        await mei.call("room.ban", room=room, user=tom.id)
        await far.hears("member.left", room=room)
        await mei.say(room, "after")
        await mei.hears("message.posted", room=room, text="after")
        await far.call("session.ping")
        assert heard_of(far, room)[-1] == "member.left"
        assert await refused(far, "room.join", room=room) == "banned"
        await far.leave()


async def test_nothing_of_a_sender_is_posted_after_the_answer_to_the_ban(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        room = await room_of(mei, tom)
        sends = [await tom.ask("message.send", room=room, text=f"{n}", client_id=f"c{n}") for n in range(40)]
        await mei.call("room.ban", room=room, user=tom.id)
        last = (await mei.call("message.history", room=room, limit=1))["messages"]
        later = [await tom.ask("message.send", room=room, text="late", client_id=f"l{n}") for n in range(5)]
        answers = await asyncio.gather(*sends, *later)
        posted = [answer["result"]["seq"] for answer in answers if "result" in answer]
        assert posted == list(range(1, len(posted) + 1)) and len(posted) == (last[-1]["seq"] if last else 0)
        assert all("error" in answer for answer in answers[40:])


async def test_a_member_who_leaves_and_returns_receives_the_room_again(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as (mei, tom):
        room = await room_of(mei, tom)
        await tom.call("room.leave", room=room)
        await tom.hears("member.left", room=room)
        await mei.say(room, "unheard")
        await mei.hears("message.posted", room=room, text="unheard")
        state = await tom.call("room.join", room=room)
        assert (state["last_seq"], state["read_seq"], state["unread"]) == (1, 1, 0)
        await mei.say(room, "heard")
        await tom.hears("message.posted", room=room, text="heard")
        assert not tom.heard("message.posted", room=room, text="unheard")


async def test_when_an_owner_leaves_the_new_owner_is_announced(server: Server) -> None:
    async with gathering(server.url, "mei", "tom", "ada") as (mei, tom, ada):
        room = await room_of(mei, tom, ada)
        await mei.call("room.leave", room=room)
        changed = await ada.hears("member.changed", room=room)
        assert (changed["role"], changed["members"]) == ("owner", 2)
        heir, other = (tom, ada) if changed["user"]["handle"] == "tom" else (ada, tom)  # both came in one millisecond
        await heir.hears("room.updated", room=room, role="owner")
        await heir.call("room.update", room=room, title="Morning tea")
        await other.hears("room.changed", room=room, title="Morning tea", members=2)


async def test_a_room_made_elsewhere_appears_on_all_sockets_of_its_owner(server: Server) -> None:
    async with gathering(server.url, "mei") as (mei,):
        state = await post(server.url, "room.create", mei.token, title="By HTTP", kind="closed")
        assert (await mei.hears("room.updated", room=state["room"]))["role"] == "owner"
        await mei.say(state["room"], "hello")
        await mei.hears("message.posted", room=state["room"], text="hello")


async def test_everyone_new_begins_in_the_hall_and_the_first_is_its_host(server: Server) -> None:
    async with gathering(server.url, "mei", "tom") as people:
        roles = {person.user["handle"]: {s["room"]: s["role"] for s in person.session["rooms"]} for person in people}
        assert roles == {"mei": {"hall": "moderator"}, "tom": {"hall": "member"}}
