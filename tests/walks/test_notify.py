"""What of a room notifies its user: for good, or for a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatserver import ids
from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering, post, sign_up

HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    ids.move_clock(0)
    yield
    ids.move_clock(0)


def hall_of(person: Person) -> dict[str, object]:
    (hall,) = [room for room in person.session["rooms"] if room["room"] == "hall"]
    return {name: hall.get(name) for name in ("notify", "notify_until", "notify_then", "everyone")}


async def test_a_level_that_ends_is_followed_by_the_one_set_for_good(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    async with gathering(one.url, "ann") as (ann,):
        phone = await Person(two.url, ann.token, ann.user).start()
        assert hall_of(phone) == {"notify": "all", "notify_until": None, "notify_then": None, "everyone": None}
        await ann.call("room.notify", room="hall", level="mentions")
        until = ids.now_ms() + HOUR_MS
        answer = await ann.call("room.notify", room="hall", level="none", until=until)
        assert answer == {"level": "none", "everyone": True, "until": until}
        await phone.hears("room.updated", room="hall", notify="none", notify_until=until, notify_then="mentions")
        ids.move_clock(HOUR_MS + 1)
        await phone.start_anew()
        assert hall_of(phone) == {"notify": "mentions", "notify_until": None, "notify_then": None, "everyone": None}
        await phone.leave()


async def test_everyone_is_set_beside_the_level_and_stays(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        assert await ann.call("room.notify", room="hall", level="all", everyone=False) == {
            "level": "all",
            "everyone": False,
        }
        assert await ann.call("room.notify", room="hall", level="none") == {"level": "none", "everyone": False}
        await ann.call("read.mark", room="hall", seq=0)
        await ann.start_anew()
        assert hall_of(ann)["everyone"] is False
        answer = await ann.call("room.notify", room="hall", level="all", everyone=True)
        assert answer == {"level": "all", "everyone": True}


async def test_a_time_that_has_passed_is_refused(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        with pytest.raises(Refused) as refused:
            await post(server.url, "room.notify", ann.token, room="hall", level="none", until=ids.now_ms() - 1)
        assert refused.value.data["path"] == "until"


async def test_who_joins_a_large_room_begins_with_what_calls_them(open_server: OpenServer) -> None:
    server = await open_server(rooms__mentions_above=2)
    people = [await sign_up(server.url, handle) for handle in ("ann", "bob", "cat")]
    for person, level in zip(people, ("all", "all", "mentions"), strict=True):
        await person.start()
        assert hall_of(person)["notify"] == level
    ann, _, cat = people
    await cat.call("room.notify", room="hall", level="all", everyone=False)
    await ann.call("room.notify", room="hall", level="none")
    for person in people:
        await person.call("room.leave", room="hall")
        await person.call("room.join", room="hall")
        await person.start_anew()
    assert [(hall_of(person)["notify"], hall_of(person)["everyone"]) for person in people] == [
        ("none", None), ("all", None), ("all", False),
    ]  # fmt: skip
    for person in people:
        await person.leave()
