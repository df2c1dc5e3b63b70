"""What a window room shows of presence: the same for everyone, and nothing of any one person. Somebody who
is blocked may look in without their name.
"""

from __future__ import annotations

from chatserver.app import Server
from chatserver.ids import now_ms
from tests.people import Person, gathering, post, sign_up


async def listed(server: Server, token: str = "") -> int:
    rooms = (await post(server.url, "room.discover", token))["rooms"]
    return int(next(room["online"] for room in rooms if room["room"] == "hall"))


async def test_who_is_blocked_and_signs_out_learns_nothing_of_who_blocked_them(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await ann.call("block.add", user=bob.id)
        here = await bob.call("presence.watch", room="hall")
        assert (here["online"], here["users"]) == (1, [bob.id])
        stranger = await Person(server.url).start()
        (hall,) = stranger.session["rooms"]
        assert hall["online"] == 3
        assert await stranger.call("presence.watch", room="hall") == {"online": 3}
        assert await listed(server) == 3
        assert await listed(server, bob.token) == 1
        await ann.call("typing.start", room="hall")
        await ann.leave()
        await server.hub.presence.tick(now_ms())
        assert not stranger.heard("presence.changed") and not stranger.heard("typing.started")
        assert await stranger.call("presence.watch", room="hall") == {"online": 3}
        await bob.leave()
        await server.hub.presence.tick(now_ms())
        assert (await stranger.hears("presence.changed"))["online"] == 0
        assert not any("users" in event for event in stranger.heard("presence.changed"))
        await stranger.leave()


async def test_five_are_told_as_five_to_who_looks_in_and_by_name_to_members(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat", "dan", "eve", "fay") as people:
        stranger = await Person(server.url).start()
        assert await stranger.call("presence.watch", room="hall") == {"online": 5}
        here = await people[0].call("presence.watch", room="hall")
        assert here["online"] == 6 and len(here["users"]) == 6
        outside = await sign_up(server.url, "gil")
        await post(server.url, "room.leave", outside.token, room="hall")
        assert await listed(server, outside.token) == 5
        assert await listed(server, people[0].token) == 6
        await stranger.leave()
