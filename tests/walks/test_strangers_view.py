"""What a room's window tells of who is here: the same to all who look in, and nothing of any one person. Somebody who
is blocked may look in without their name.
"""

from __future__ import annotations

from chatserver.app import House
from chatserver.ids import now_ms
from tests.people import Person, gathering, post, sign_up


async def listed(house: House, token: str = "") -> int:
    rooms = (await post(house.url, "room.discover", token))["rooms"]
    return int(next(room["online"] for room in rooms if room["room"] == "hall"))


async def test_who_is_blocked_and_signs_out_learns_nothing_of_who_blocked_them(house: House) -> None:
    async with gathering(house.url, "ann", "bob") as (ann, bob):
        await ann.call("block.add", user=bob.id)
        here = await bob.call("presence.watch", room="hall")
        assert (here["online"], here["users"]) == (1, [bob.id])
        stranger = await Person(house.url).start()
        (hall,) = stranger.session["rooms"]
        assert hall["online"] == 3
        assert await stranger.call("presence.watch", room="hall") == {"online": 3}
        assert await listed(house) == 3
        assert await listed(house, bob.token) == 1
        await ann.call("typing.start", room="hall")
        await ann.leave()
        await house.presence.tick(now_ms())
        assert not stranger.heard("presence.changed") and not stranger.heard("typing.started")
        assert await stranger.call("presence.watch", room="hall") == {"online": 3}
        await bob.leave()
        await house.presence.tick(now_ms())
        assert (await stranger.hears("presence.changed"))["online"] == 0
        assert not any("users" in event for event in stranger.heard("presence.changed"))
        await stranger.leave()


async def test_five_are_told_as_five_to_who_looks_in_and_by_name_to_members(house: House) -> None:
    async with gathering(house.url, "ann", "bob", "cat", "dan", "eve", "fay") as people:
        stranger = await Person(house.url).start()
        assert await stranger.call("presence.watch", room="hall") == {"online": 5}
        here = await people[0].call("presence.watch", room="hall")
        assert here["online"] == 6 and len(here["users"]) == 6
        outside = await sign_up(house.url, "gil")
        await post(house.url, "room.leave", outside.token, room="hall")
        assert await listed(house, outside.token) == 5
        assert await listed(house, people[0].token) == 6
        await stranger.leave()
