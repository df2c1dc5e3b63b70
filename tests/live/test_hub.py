"""Connections that open, close and cannot keep up while rooms change: what the hub sends them, and that nothing
leaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from chatserver.app import Server
from chatserver.live.connection import Connection
from chatserver.live.feed import Feed
from chatserver.services.caller import Caller
from chatserver.store.messages.log import Stored
from tests.chaos.proxy import Proxy
from tests.live.test_feed import OpenLossy, numbers, open_lossy, proxy, told
from tests.people import PATIENCE, Person, gathering, post, sign_up
from tests.walks.test_sessions import cursor_of

__all__ = ["open_lossy", "proxy"]  # fixtures


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


def connection_of(server: Server, person: Person) -> Connection:
    (found,) = (connection for connection in server.hub.connections if connection.user_id == person.id)
    return found


def feed_of(server: Server, room: str = "hall") -> Feed:
    feed = server.hub.feeds.get(room)
    assert feed is not None
    return feed


async def test_nobody_is_left_of_a_socket_that_went_while_its_token_was_proven(server: Server) -> None:
    ann = await sign_up(server.url, "ann")
    proving, going, prove = asyncio.Event(), asyncio.Event(), server.services.sync._sign_in

    async def slowly(caller: Caller, token: str) -> None:
        proving.set()
        await going.wait()
        await prove(caller, token)

    server.services.sync._sign_in = slowly
    idle = len(server.tasks)
    token, ann.token = ann.token, ""
    await ann.connect()
    await ann.ask("session.start", token=token)
    await proving.wait()
    ann.cut()
    await until(lambda: not server.hub.connections)
    going.set()
    await until(lambda: len(server.tasks) <= idle)
    assert not server.hub.users
    await ann.closed()


async def test_a_cursor_from_another_process_that_is_ahead_of_this_one_is_kept(
    open_lossy: OpenLossy, open_server: Any, proxy: Proxy
) -> None:
    lagging, other = await open_lossy(), await open_server()
    ann = await (await sign_up(lagging.url, "ann")).start()
    bob = await (await sign_up(other.url, "bob")).start()
    proxy.lose(3)
    said = await bob.say("hall", "one")
    await bob.call("message.edit", room="hall", seq=said["seq"], text="one!")
    await bob.say("hall", "two")
    await told(proxy, 3)
    await bob.hears("message.posted", text="two")
    assert feed_of(lagging).place < feed_of(other).place
    back = await Person(lagging.url, bob.token, bob.user).start({"hall": cursor_of(bob, "hall")})
    await ann.say("hall", "three")
    await back.hears("message.posted", text="three")
    assert numbers(back) == [(said["seq"] + 2, 0)]
    assert not back.heard("room.reset")
    for person in (ann, bob, back):
        await person.leave()


async def test_a_state_never_overtakes_messages_that_a_full_socket_waits_for(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        first = await ann.say(room, "0")
        await bob.hears("message.posted", text="0")
        full = connection_of(server, bob)
        full.pause_writing()
        for number in range(1, 6):
            await ann.say(room, f"{number}")
            await ann.call("room.update", room=room, title=f"Tea {number}")
            await ann.hears("room.changed", room=room, title=f"Tea {number}")
        assert full.transport.get_write_buffer_size() == 0
        await post(server.url, "room.notify", bob.token, room=room, level="none")
        await until(lambda: server.hub.users[bob.id].pointers[room].notify == "none")
        full.resume_writing()
        await bob.hears("room.updated", room=room, notify="none")
        last = first["seq"]
        for event in bob.events:
            if event["params"].get("room") == room and event["method"] == "message.posted":
                last = event["params"]["seq"]
            elif event["params"].get("room") == room and event["method"] == "room.updated" and last > first["seq"]:
                assert (event["params"]["last_seq"], event["params"]["title"]) == (last, "Tea 5")
        assert [text["text"] for text in bob.heard("message.posted", room=room)] == [str(n) for n in range(6)]


async def test_a_full_socket_holds_nothing_of_a_room_whose_settings_change_all_the_time(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        await bob.hears("room.updated", room=room)
        full = connection_of(server, bob)
        await until(lambda: feed_of(server, room).followers.get(full) is None)
        full.pause_writing()
        heard = len(bob.events)
        for number in range(20):
            await ann.call("room.update", room=room, title=f"Tea {number}")
        await ann.hears("room.changed", room=room, title="Tea 19")
        await until(lambda: feed_of(server, room).followers.get(full) is not None)
        full.resume_writing()
        await bob.hears("room.changed", room=room, title="Tea 19")
        titles = [event["params"]["title"] for event in bob.events[heard:] if event["method"] == "room.changed"]
        assert titles == ["Tea 19"]


async def test_who_leaves_and_is_back_at_once_enters_the_room_anew(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        await bob.hears("room.updated", room=room)
        await until(lambda: feed_of(server, room).followers.get(connection_of(server, bob)) is None)
        feed = feed_of(server, room)
        feed.repairs.doubt()  # both steps are heard in one go
        start = len(bob.events)
        await bob.call("room.leave", room=room)
        joining = asyncio.create_task(bob.call("room.join", room=room))
        await until(lambda: feed.repairs.waiting == 2)
        await server.hub.feeds.compare_heads()
        await joining
        await ann.hears("member.joined", room=room, members=2)

        def heard_of_it() -> list[str]:
            """What bob heard of the room after its last event for him as he left."""
            mine = [event["method"] for event in bob.events[start:] if event["params"].get("room") == room]
            left = mine.index("member.left") if "member.left" in mine else len(mine)
            return [method for method in mine[left + 1 :] if method != "presence.changed"]

        await bob.until(lambda: "room.updated" in heard_of_it(), "the room again")
        await ann.say(room, "welcome back")
        await bob.hears("message.posted", text="welcome back")
        after = heard_of_it()
        assert after[0] == "room.updated"
        assert after[-1] == "message.posted"


async def test_a_socket_that_said_good_bye_is_written_nothing_more(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        going = connection_of(server, bob)
        going.transport.pause_reading()
        before = going.transport.get_write_buffer_size()
        going.data_received(b"\x88\x82\0\0\0\0\x03\xe8")
        assert going.closing is not None
        await ann.say("hall", "too late")
        await ann.hears("message.posted", text="too late")
        assert going.transport.get_write_buffer_size() <= before + 4
        assert await bob.closed() == 1000
        assert not bob.heard("message.posted", text="too late")


async def test_what_a_user_wrote_stays_read_when_the_user_is_read_again_before_it_is_stored(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        said = await bob.say("hall", "hello")
        await ann.hears("message.posted", seq=said["seq"])
        server.hub.note_own_message(Stored(ann.id, "hall", said["epoch"], said["seq"], "", "open", "", 0))
        await server.hub.refresh(server.hub.users[ann.id])
        state = await server.hub.room_state("hall", ann.id)
        assert (state.read_seq, state.unread) == (said["seq"], 0)
