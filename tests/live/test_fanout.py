"""What one event costs in a room that thousands follow: calls, tasks and turns are counted, not seconds."""

from __future__ import annotations

import json

import msgspec
import pytest

from chatserver.app import Server
from chatserver.live.feed import Feed
from chatserver.store.rooms.records import MemberRecord, Opened
from tests.conftest import OpenServer
from tests.live.crowds import Counts, Follower, counted, crowd, follower, user_id
from tests.live.test_hub import until
from tests.people import Person, post, sign_up
from tests.services.accounts.test_people import admin_of

MANY = 2_000
FEW_TURNS = MANY // 500 + 2


async def hall_of(server: Server) -> Feed:
    """The hall's feed; the test lets it go."""
    return await server.hub.feeds.hold("hall")


def settled(followers: list[Follower], number: int) -> bool:
    return all(len(one.written) >= number for one in followers)


def methods(one: Follower) -> list[str]:
    """What a follower of the JSON wire heard."""
    return [json.loads(frame[frame.index(b"{") :])["method"] for frame in one.written]


def assert_cheap(counts: Counts) -> None:
    # Housekeeping and the index ask the store a few times a second beside it.
    assert counts.tasks <= 6 and counts.calls <= 25, vars(counts)
    assert counts.turns <= FEW_TURNS and counts.most <= 500, vars(counts)


@pytest.mark.parametrize("unread", [False, True])
async def test_a_changed_room_is_told_to_thousands_in_one_frame_for_each_wire(server: Server, unread: bool) -> None:
    admin = await admin_of(server)
    if unread:
        await post(server.url, "message.send", admin.token, room="hall", text="unread", client_id="1")
    feed = await hall_of(server)
    everyone = crowd(server, feed, MANY)
    if unread:
        for user in server.hub.users.values():
            user.pointers["hall"] = msgspec.structs.replace(user.pointers["hall"], read_seq=0)
    with counted(server, everyone) as counts:
        await post(server.url, "room.update", admin.token, room="hall", about="Sit down")
        await until(lambda: settled(everyone, 1) and not feed.writing)
    assert_cheap(counts)
    assert len({frame for one in everyone for frame in one.written}) == 2
    assert methods(everyone[0]) == ["room.changed"]


async def test_a_room_that_is_read_anew_and_is_as_it_was_tells_nothing(server: Server) -> None:
    feed = await hall_of(server)
    everyone = crowd(server, feed, 50)
    feed.reload(await server.hub.rooms.open("hall"))
    feed.repairs.repair()
    await feed.repairs.settled()
    ann = await (await sign_up(server.url, "ann")).start()
    await ann.say("hall", "the next thing they hear")
    await until(lambda: settled(everyone, 2))
    assert methods(everyone[0]) == ["member.joined", "message.posted"]
    await ann.leave()


async def test_after_a_gap_those_whose_own_role_differs_hear_the_room_as_they_have_it(server: Server) -> None:
    feed = await hall_of(server)
    everyone = crowd(server, feed, 50)
    read = await server.hub.rooms.open("hall")

    def as_role(role: str) -> Opened:
        members = {user_id(0): MemberRecord(role), user_id(2): MemberRecord("member")}  # type: ignore[arg-type]
        return msgspec.structs.replace(read, members=members, count=2)

    feed.reload(as_role("member"))
    await until(lambda: settled(everyone, 1))
    feed.reload(as_role("moderator"))
    await until(lambda: settled(everyone[:1], 2))
    await until(lambda: settled(everyone[:1], 3))
    assert sorted(methods(everyone[0])) == ["member.changed", "room.changed", "room.updated"]
    assert methods(everyone[2]) == ["room.changed", "member.changed"]


async def test_who_could_not_take_what_a_room_says_of_itself_hears_it_once_they_can(server: Server) -> None:
    admin = await admin_of(server)
    feed = await hall_of(server)
    everyone = crowd(server, feed, 50)
    for one in everyone:
        one.pause_writing()
    for about in ("Sit down", "Stand up"):
        await post(server.url, "room.update", admin.token, room="hall", about=about)
    await until(lambda: feed.meta.about == "Stand up" and feed.followers[everyone[0]] is not None)
    with counted(server, everyone) as counts:
        for one in everyone:
            one.resume_writing()
        assert settled(everyone, 1)
    assert (counts.tasks, counts.calls) == (0, 0)
    assert methods(everyone[0]) == ["room.changed"] and b"Stand up" in everyone[0].written[0]


@pytest.mark.parametrize("blocked", [False, True])
async def test_typing_in_a_room_of_thousands_takes_as_many_turns_with_a_block_as_without(
    server: Server, blocked: bool
) -> None:
    feed = await hall_of(server)
    everyone = crowd(server, feed, MANY)
    tom = await (await sign_up(server.url, "tom")).start()
    if blocked:
        server.hub.apart.put(user_id(7), frozenset([tom.id]))
    await until(lambda: settled(everyone, 1))
    with counted(server, everyone) as counts:
        await tom.call("typing.start", room="hall")
        hearing = [one for one in everyone if not (blocked and one.user_id == user_id(7))]
        await until(lambda: settled(hearing, 2) and not feed.writing)
    assert_cheap(counts)
    assert len(everyone[7].written) == 1 + (not blocked)
    await tom.leave()


async def test_a_window_that_is_shut_tells_thousands_of_visitors_and_nothing_after_it(server: Server) -> None:
    admin = await (await admin_of(server)).start()
    feed = await hall_of(server)
    visitors = [follower(server, feed, "") for _ in range(MANY)]
    with counted(server, visitors) as counts:
        await admin.call("room.update", room="hall", window=False)
        await admin.say("hall", "among ourselves")
        await until(lambda: settled(visitors, 2))
    assert counts.tasks <= 8 and counts.calls <= 20 and counts.most <= 500, vars(counts)
    assert methods(visitors[-1]) == ["room.changed", "room.updated"]
    assert len({visitor.written[1] for visitor in visitors}) == 1
    await admin.leave()


async def test_a_numbering_that_begins_anew_costs_those_who_have_read_all_one_frame(server: Server) -> None:
    feed = await hall_of(server)
    everyone = crowd(server, feed, MANY)
    read = await server.hub.rooms.open("hall")
    with counted(server, everyone) as counts:
        await feed.reset(read)
        await until(lambda: settled(everyone, 1) and not feed.writing)
    assert_cheap(counts)
    assert methods(everyone[0]) == ["room.reset"]


async def test_in_a_large_room_who_comes_and_goes_is_a_number_now_and_then(open_server: OpenServer) -> None:
    server = await open_server(limits__large_room=1)
    for handle in ("ann", "bob"):
        await sign_up(server.url, handle)
    feed = await hall_of(server)
    everyone = crowd(server, feed, 600)
    tom = await (await sign_up(server.url, "tom")).start()
    for _ in range(5):
        await tom.call("room.leave", room="hall")
        await tom.call("room.join", room="hall")
    await tom.until(lambda: len(tom.heard("member.left", room="hall")) == 5, "tom's own leaving, each time")
    await until(lambda: settled(everyone, 1))
    assert set(methods(everyone[0])) == {"members.changed"} and len(everyone[0].written) <= 3
    await tom.leave()


async def test_a_new_role_is_told_to_everybody_and_its_bearer_has_the_room_anew(server: Server) -> None:
    mei = await (await sign_up(server.url, "mei")).start()
    tom = await (await sign_up(server.url, "tom")).start()
    room = (await mei.call("room.create", title="Tea"))["room"]
    await tom.call("room.join", room=room)
    await mei.call("room.set_role", room=room, user=tom.id, role="moderator")
    for person in (mei, tom):
        assert (await person.hears("member.changed", room=room, role="moderator"))["user"]["id"] == tom.id
    await tom.hears("room.updated", room=room, role="moderator")
    await never_hears(mei, "room.updated", room=room, role="moderator")
    for person in (mei, tom):
        await person.leave()


async def never_hears(person: Person, method: str, **members: object) -> None:
    """Whatever was on its way has come, and this was not among it."""
    await person.call("session.ping")
    assert not person.heard(method, **members)
