"""The list of rooms as a front door: where people are, what was said today, and what was said last."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import redis

from bench import population
from chatserver.app import Server
from chatserver.ids import now_ms
from chatserver.rules import days
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store
from chatserver.store.messages.records import Record, pack_record
from tests.conftest import OpenServer
from tests.people import PATIENCE, Person, Refused, gathering, post, sign_up
from tests.services.accounts.test_people import admin_of


async def rooms(url: str, token: str = "", **asked: Any) -> dict[str, dict[str, Any]]:
    return {room["title"]: room for room in (await post(url, "room.discover", token, **asked))["rooms"]}


async def room_of(owner: Person, title: str, *members: Person) -> str:
    room: str = (await post(owner.url, "room.create", owner.token, title=title))["room"]
    for member in members:
        await post(owner.url, "room.join", member.token, room=room)
    return room


async def said_at(store: Store, room: str, user: str, at: int) -> None:
    packed = pack_record(Record(f"id-{at}", user, "before"))
    await store.call("append", keys.room(room), at, 0, user, f"c{at}", "digest", f"id-{at}", 0, "", "", "", packed)


async def test_today_begins_at_midnight_in_the_server_s_zone(open_server: OpenServer) -> None:
    now = now_ms()
    zones = ["Pacific/Kiritimati", "Asia/Shanghai", "UTC", "America/New_York", "Pacific/Pago_Pago"]
    server = await open_server(community__time_zone=zones[0])
    mei = await sign_up(server.url, "mei")
    room = await room_of(mei, "Oolong")
    midnights = sorted({days.midnight(now, zone) for zone in zones})
    for midnight in midnights:
        await said_at(server.store, room, mei.id, midnight - 1)
        await said_at(server.store, room, mei.id, midnight)
    for zone in zones:
        other = await open_server(community__time_zone=zone)
        midnight = days.midnight(now, zone)
        expected = sum((at >= midnight) + (at - 1 >= midnight) for at in midnights)
        assert (await rooms(other.url))["Oolong"]["today"] == expected


async def test_rooms_are_ordered_by_people_online_then_messages_today_then_members(server: Server) -> None:
    mei, tom = await sign_up(server.url, "mei"), await sign_up(server.url, "tom")
    titles = ["One member", "Two members", "Yesterday", "Talk", "Here"]
    made = {title: await room_of(mei, title) for title in titles}
    await post(server.url, "room.join", tom.token, room=made["Two members"])
    await said_at(server.store, made["Yesterday"], mei.id, now_ms() - 2 * 86_400_000)
    await post(server.url, "message.send", mei.token, room=made["Talk"], text="hi", client_id="1")
    await server.store.call("here", keys.room(made["Here"]), now_ms(), "elsewhere", 60_000, 1, mei.id)
    order = [title for title in await rooms(server.url) if title in titles]
    assert order == ["Here", "Talk", "Two members", "One member", "Yesterday"]


@pytest.mark.parametrize("packed", [False, True])
async def test_what_was_said_last_is_shown_to_who_may_read_it(server: Server, packed: bool) -> None:
    mei = await sign_up(server.url, "mei")
    tom = await (await sign_up(server.url, "tom", packed=packed)).start()
    room = await room_of(mei, "Oolong", tom)
    assert "latest" not in (await rooms(server.url, mei.token))["Oolong"], "nothing was said yet"
    sent = await tom.say(room, "a" * 139 + "茶" + "b" * 50)
    listed = {found["title"]: found for found in (await tom.call("room.discover"))["rooms"]}
    latest = {"author": tom.user, "text": "a" * 139 + "茶", "at": sent["at"]}
    assert listed["Oolong"]["latest"] == latest
    assert (await rooms(server.url, (await sign_up(server.url, "eve")).token))["Oolong"]["latest"] == latest
    assert "latest" not in (await rooms(server.url))["Oolong"], "a visitor reads windows only"
    await tom.say("hall", "good evening")
    assert (await rooms(server.url))["The hall"]["latest"]["text"] == "good evening"
    await tom.leave()


async def test_what_was_edited_deleted_or_kept_from_one_is_shown_so_at_once(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    async with gathering(one.url, "mei", "tom") as (mei, tom):
        room = await room_of(mei, "Oolong", tom)
        seq = (await mei.say(room, "first words"))["seq"]

        async def last(person: Person) -> Any:
            return (await rooms(two.url, person.token))["Oolong"].get("latest", {}).get("text")

        assert await last(tom) == "first words"
        await mei.call("message.edit", room=room, seq=seq, text="second words")
        assert await last(tom) == "second words"
        await mei.call("message.delete", room=room, seq=seq)
        latest = (await rooms(two.url, tom.token))["Oolong"]["latest"]
        assert (latest["text"], latest["author"]["handle"]) == ("", "mei") and latest["at"] > 0
        await mei.say(room, "not for Tom")
        await mei.call("room.ban", room=room, user=tom.id)
        assert await last(tom) is None and await last(mei) == "not for Tom"
        await mei.call("room.unban", room=room, user=tom.id)
        assert await last(tom) == "not for Tom"


async def test_a_page_of_rooms_asks_for_all_that_was_said_last_in_one_write(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    for number in range(40):
        room = await room_of(mei, f"Room {number}")
        await post(server.url, "message.send", mei.token, room=room, text="hi", client_id="1")
    await rooms(server.url, mei.token)
    call, under_way, trips = server.store.call, 0, 0

    async def counted(name: str, tag: str, *args: Any) -> Any:
        nonlocal under_way, trips
        if name == "room_latest":
            trips += under_way == 0
            under_way += 1
        try:
            return await call(name, tag, *args)
        finally:
            under_way -= name == "room_latest"

    server.store.call = counted  # type: ignore[method-assign]  # the real one, watched
    try:
        found = await rooms(server.url, mei.token)
    finally:
        server.store.call = call  # type: ignore[method-assign]
    assert sum("latest" in room for room in found.values()) == 40
    assert trips == 1


async def test_a_visitor_is_told_which_room_is_a_forum_and_finds_its_topics_there(server: Server) -> None:
    mei, tom = await admin_of(server, "mei"), await sign_up(server.url, "tom")
    room = (await post(server.url, "room.create", mei.token, title="Library", forum=True))["room"]
    given = {"room": room, "title": "Rain", "text": "What to read", "client_id": "1"}
    topic = (await post(server.url, "topic.create", mei.token, **given))["topic"]["id"]
    listed = await rooms(server.url)
    assert listed["Library"]["forum"] and "forum" not in listed["The hall"]
    assert [one["id"] for one in (await post(server.url, "topic.list", tom.token, room=room))["topics"]] == [topic]
    with pytest.raises(Refused) as caught:
        await post(server.url, "topic.list", room=room)
    assert caught.value.reason == "not_signed_in", "it is open, but no window"
    await post(server.url, "room.update", mei.token, room=room, window=True)
    visitor = await Person(server.url).start()
    (state,) = [state for state in visitor.session["rooms"] if state["room"] == room]
    assert state["forum"]
    assert [one["id"] for one in (await visitor.call("topic.list", room=room))["topics"]] == [topic]
    await post(server.url, "room.join", tom.token, room=room)
    with pytest.raises(Refused) as caught:
        await post(server.url, "message.send", tom.token, room=room, text="hello", client_id="2")
    assert caught.value.reason == "topic_required"
    await post(server.url, "room.update", mei.token, room=room, forum=False)
    assert not (await visitor.hears("room.changed", room=room)).get("forum")
    assert "forum" not in (await rooms(server.url))["Library"]


async def test_one_room_is_listed_by_its_id_if_it_is_open(server: Server) -> None:
    mei = await sign_up(server.url, "mei")
    tea = (await post(server.url, "room.create", mei.token, title="Tea", tags=["green"]))["room"]
    den = (await post(server.url, "room.create", mei.token, title="Den", kind="closed"))["room"]

    async def listed(**asked: Any) -> list[str]:
        answer = await post(server.url, "room.discover", **asked)
        assert "next" not in answer
        return [room["title"] for room in answer["rooms"]]

    assert await listed(room=tea) == ["Tea"] == await listed(room=tea, query="te", tag="green")
    for asked in ({"room": tea, "query": "coffee"}, {"room": tea, "tag": "red"}, {"room": den}, {"room": "nowhere"}):
        assert await listed(**asked) == []
    await post(server.url, "room.archive", mei.token, room=tea, archived=True)
    assert await listed(room=tea) == []


# --- more rooms than are looked at -----------------------------------------------------------------------------------


async def pages(url: str, **asked: Any) -> list[list[dict[str, Any]]]:
    found: list[list[dict[str, Any]]] = []
    after = ""
    while True:
        page = await post(url, "room.discover", **asked, after=after)
        assert "indexing" not in page
        found.append(page["rooms"])
        after = page.get("next", "")
        if not after:
            return found


async def test_of_many_rooms_the_liveliest_come_first_and_each_is_on_one_page(
    open_server: OpenServer, address: Address
) -> None:
    first = await open_server()
    mei = await sign_up(first.url, "mei")
    with redis.Redis(unix_socket_path=address.path) as link:
        population.rooms(link, 700)
    talk, here, full = "room-690", "room-650", "room-600"
    await first.store.redis.hset(keys.room(here) + ":here", "elsewhere", f"{now_ms() + 600_000} 30 ")
    await post(first.url, "room.join", mei.token, room=talk)
    await said_at(first.store, talk, mei.id, now_ms())
    await first.store.redis.hset(keys.room(full) + ":members", mapping={f"u{number}": "x" for number in range(9)})
    two = await open_server(server__data=str(Path(first.settings.server.data) / "other"))
    async with asyncio.timeout(PATIENCE):
        while "indexing" in await post(two.url, "room.discover"):
            await asyncio.sleep(0.05)
    found = await pages(two.url)
    rooms = [room["room"] for page in found for room in page]
    starters = [room for room in rooms if not room.startswith("room-")]
    assert len(rooms) == len(set(rooms)) == 700 + len(starters) and all(len(page) == 50 for page in found[:-1])
    quiet = [f"room-{number}" for number in range(1, 701) if f"room-{number}" not in {talk, here, full}]
    assert [room for room in rooms if room not in starters] == [here, talk, full, *quiet]
    assert found[0][0]["online"] == 20 and found[0][1]["today"] == 1 and found[0][2]["members"] == 9
    tagged = [room["room"] for page in await pages(two.url, tag="many", query="room") for room in page]
    assert tagged == [here, talk, full, *quiet]
    few = [room["room"] for page in await pages(two.url, query="oom 69") for room in page]
    assert few == [talk, *(room for room in quiet if "69" in room)]


async def test_a_page_of_many_is_filled_up_where_rooms_were_archived_meanwhile(
    open_server: OpenServer, address: Address
) -> None:
    server = await open_server()
    with redis.Redis(unix_socket_path=address.path) as link:
        population.rooms(link, 400)
    two = await open_server(server__data=str(Path(server.settings.server.data) / "other"))
    async with asyncio.timeout(PATIENCE):
        while "indexing" in await post(two.url, "room.discover"):
            await asyncio.sleep(0.05)
    archived = [f"room-{number}" for number in range(1, 120)]
    for room in archived:
        await server.store.redis.hset(keys.room(room), "archived", 1)
    found = await pages(two.url, tag="many")
    rooms = [room["room"] for page in found for room in page]
    assert rooms == [f"room-{number}" for number in range(120, 401)]
    assert [len(page) for page in found[1:-1]] == [50] * (len(found) - 2)
