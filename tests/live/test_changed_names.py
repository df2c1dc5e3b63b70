"""A connection that cannot take more while a name or a role changes has the right one when it goes on."""

from __future__ import annotations

import json
import re
from typing import Any

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.live.crowds import Follower, crowd, follower, user_id
from tests.live.test_hub import until
from tests.people import gathering, post


def heard(one: Follower, method: str) -> list[dict[str, Any]]:
    """The params of what a follower of the JSON wire heard."""
    said = b"".join(one.written).decode("utf-8", "replace")
    starts = [found.start() for found in re.finditer(r'{"method"', said)]
    events = [json.JSONDecoder().raw_decode(said, start)[0] for start in starts]
    return [event["params"] for event in events if event["method"] == method]


async def test_a_paused_reader_is_told_each_changed_name_once_as_it_is_when_it_goes_on(
    open_server: OpenServer,
) -> None:
    server = await open_server()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await bob.say("hall", "hello")
        await ann.hears("message.posted", text="hello")
        feed = await server.hub.feeds.hold("hall")
        paused, gone = follower(server, feed, user_id(1)), follower(server, feed, "")
        paused.pause_writing()
        gone.pause_writing()
        await post(server.url, "profile.update", bob.token, name="Bobby")
        await ann.hears("user.changed")
        await server.services.accounts.store.set_status(bob.id, "admin", on=True)
        await ann.hears("user.changed", admin=True)
        assert not paused.written
        paused.resume_writing()
        (told,) = heard(paused, "user.changed")
        assert (told["user"]["name"], told["admin"]) == ("Bobby", True)
        gone.connection_lost(None)
        assert not server.hub.feeds.names._owed
        paused.pause_writing()
        paused.resume_writing()
        assert len(heard(paused, "user.changed")) == 1
        server.hub.feeds.release(feed)


async def test_a_paused_reader_is_told_once_what_the_community_is_when_it_goes_on(server: Server) -> None:
    community = server.services.community._community
    async with gathering(server.url, "ann") as (ann,):
        feed = await server.hub.feeds.hold("hall")
        paused, gone = follower(server, feed, user_id(1)), follower(server, feed, "")
        paused.pause_writing()
        gone.pause_writing()
        for name in ("Plane tree", "Under the plane tree"):
            await community.update({"name": name}, by=ann.id, now=1)
            await ann.hears("community.changed", name=name)
        assert not paused.written
        paused.resume_writing()
        assert [told["name"] for told in heard(paused, "community.changed")] == ["Under the plane tree"]
        gone.connection_lost(None)
        assert not server.hub.announcements._owed
        server.hub.feeds.release(feed)


async def test_a_paused_reader_is_told_the_roles_it_missed_and_no_older_ones(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await ann.call("room.create", title="Tea"))["room"]
        for person in (bob, cat):
            await person.call("room.join", room=room)

        async def give(person: Any, role: str) -> None:
            await ann.call("room.set_role", room=room, user=person.id, role=role)
            await ann.hears("member.changed", role=role)

        feed = await server.hub.feeds.hold(room)
        await give(cat, "moderator")
        everyone = crowd(server, feed, 4)
        paused = everyone[0]
        paused.pause_writing()
        await give(bob, "moderator")
        await give(bob, "owner")
        await bob.say(room, "hello")
        await ann.hears("message.posted", text="hello")
        await until(lambda: feed.followers[paused] is not None)
        paused.resume_writing()
        await until(lambda: feed.followers[paused] is None)
        (told,) = heard(paused, "member.changed")
        assert (told["user"]["id"], told["user"]["role"], told["role"]) == (bob.id, "owner", "owner")
        assert heard(paused, "message.posted")[0]["author"]["role"] == "owner"
        paused.pause_writing()
        await bob.say(room, "more")
        await ann.hears("message.posted", text="more")
        paused.resume_writing()
        await until(lambda: feed.followers[paused] is None)
        assert len(heard(paused, "member.changed")) == 1
        server.hub.feeds.release(feed)
