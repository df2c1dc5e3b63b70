"""After the link to the store was cut: only what differs is read, and removed members receive nothing more."""

from __future__ import annotations

import asyncio
import collections
import itertools
from typing import Any

import msgspec
import pytest

from chatserver.app import Server
from chatserver.live.user import LiveUser
from chatserver.services import recovery
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store
from tests.chaos.proxy import Proxy
from tests.live.test_feed import OpenLossy, open_lossy, proxy
from tests.live.test_hub import connection_of, feed_of, until
from tests.people import Person, gathering, post, sign_up

__all__ = ["open_lossy", "proxy"]


def counted(store: Store) -> collections.Counter[str]:
    """How often each function or command is called from here on, and ``read`` of which rooms."""
    calls: collections.Counter[str] = collections.Counter()
    call, together = store.call, store.together

    async def called(name: str, *args: Any) -> Any:
        calls[name] += 1
        if name == "read":
            calls[f"read {args[0]}"] += 1
        return await call(name, *args)

    async def asked(commands: Any, took: Any) -> None:
        calls["compared"] += sum(words[0] == "HMGET" for _, words in commands)  # the index reads its own sets, too
        await together(commands, took)

    store.call, store.together = called, asked  # type: ignore[assignment,method-assign]
    return calls


async def relinked(server: Server, proxy: Proxy) -> None:
    """Cut the link and wait until every room was compared."""
    lost = asyncio.Event()
    server.store.on_cut(lost.set)
    proxy.cut()
    async with asyncio.timeout(10):
        await lost.wait()
        for feed in server.hub.feeds.all():
            await feed.repairs.certain()
            await feed.repairs.settled()


async def test_a_cut_in_which_nothing_happened_reads_nothing_and_tells_nobody(
    open_lossy: OpenLossy, proxy: Proxy
) -> None:
    server = await open_lossy()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        await ann.hears("member.joined", room=room)
        await bob.hears("room.updated", room=room)
        await server.working.recovery.check_users()
        calls = counted(server.store)
        heard = len(ann.events), len(bob.events)
        await relinked(server, proxy)
        await ann.say(room, "still here")
        await bob.hears("message.posted", text="still here")
        assert [event["method"] for event in bob.events[heard[1] :]] == ["message.posted"]
        assert not {"read", "room_open", "user_open", "login_status"} & calls.keys()
        assert calls["compared"] == len(server.hub.feeds) + 2


async def test_a_cut_reads_only_the_room_and_the_user_that_changed(
    open_lossy: OpenLossy, proxy: Proxy, open_server: Any
) -> None:
    server, other = await open_lossy(), await open_server()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        rooms = [(await ann.call("room.create", title=f"Tea {number}"))["room"] for number in range(5)]
        for room in rooms:
            await ann.hears("room.updated", room=room)
        await server.working.recovery.check_users()
        calls, cuts = counted(server.store), itertools.count()
        server.store.on_cut(lambda: next(cuts))  # a slow machine may cut the link once more
        async with proxy.held():
            await post(other.url, "message.send", ann.token, room=rooms[3], text="meanwhile", client_id="1")
            proxy.cut()
        await ann.hears("message.posted", text="meanwhile")
        await relinked(server, proxy)
        assert {name for name in calls if name.startswith("read ")} == {f"read {keys.room(rooms[3])}"}
        assert calls["read"] <= next(cuts)
        assert calls["room_open"] == 0
        assert bob.id in server.hub.users


async def test_reactions_made_during_a_cut_are_heard_in_order_and_counted(
    open_lossy: OpenLossy, proxy: Proxy, open_server: Any
) -> None:
    server, other = await open_lossy(), await open_server()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        seqs = [(await ann.say("hall", f"line {number}"))["seq"] for number in range(2)]
        await ann.call("message.react", room="hall", seq=seqs[0], emoji="👍")
        async with proxy.held():
            for seq, emoji in ((seqs[0], "👍"), (seqs[1], "🍵"), (seqs[0], "❤️")):
                await post(other.url, "message.react", bob.token, room="hall", seq=seq, emoji=emoji)
            await post(other.url, "message.delete", ann.token, room="hall", seq=seqs[1])
            await post(other.url, "message.unreact", bob.token, room="hall", seq=seqs[0], emoji="👍")
            proxy.cut()
        await ann.hears("message.reacted", rev=6)
        heard = [(event["rev"], event.get("emoji"), event.get("count")) for event in ann.heard("message.reacted")]
        assert heard == [(1, "👍", 1), (2, "👍", 2), (3, None, None), (4, "❤️", 1), (6, "👍", 1)]
        assert [event["rev"] for event in ann.heard("message.changed")] == [5]
        await relinked(server, proxy)
        feed = server.hub.feeds.get("hall")
        assert feed is not None
        assert (feed.place.rev, feed.reactions, feed.changed_rev) == (6, 5, 5)
        await ann.call("message.react", room="hall", seq=seqs[0], emoji="🍵")
        assert (await bob.hears("message.reacted", rev=7))["emoji"] == "🍵"
        assert not ann.heard("room.reset")


async def test_somebody_removed_during_a_cut_hears_nothing_of_what_is_said_afterwards(
    open_lossy: OpenLossy, proxy: Proxy, open_server: Any
) -> None:
    server, other = await open_lossy(), await open_server()
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await ann.call("room.create", title="Tea"))["room"]
        for person in (bob, cat):
            await person.call("room.join", room=room)
            await person.hears("room.updated", room=room)
        async with proxy.held():
            await post(other.url, "room.ban", ann.token, room=room, user=bob.id)
            for number in range(5):
                await post(
                    other.url, "message.send", ann.token, room=room, text=f"not for bob {number}", client_id=str(number)
                )
            proxy.cut()
        await cat.hears("message.posted", room=room, text="not for bob 4")
        await bob.hears("member.left", room=room)
        assert not bob.heard("message.posted", room=room)
        assert len(cat.heard("message.posted", room=room)) == 5


async def test_whoever_lost_their_login_during_a_cut_hears_nothing_more(
    open_lossy: OpenLossy, proxy: Proxy, open_server: Any
) -> None:
    server, other = await open_lossy(), await open_server()
    async with gathering(server.url, "ann", "cat") as (ann, cat):
        bob = await (await sign_up(server.url, "bob")).start()
        async with proxy.held():
            await post(other.url, "account.sign_out", bob.token)
            await post(other.url, "message.send", ann.token, room="hall", text="after bob", client_id="1")
            proxy.cut()
        await cat.hears("message.posted", text="after bob")
        await bob.closed()
        assert not bob.heard("message.posted")


async def test_a_recovery_that_fails_is_tried_again_after_growing_pauses_and_no_room_speaks_before(
    open_lossy: OpenLossy, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = await open_lossy()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        tries: list[float] = []
        catch_up, compare = server.stores.authors.catch_up, recovery.read_numbers

        async def fails(*args: Any) -> None:
            tries.append(asyncio.get_running_loop().time())
            if len(tries) < 4:
                raise ValueError("numbers of a later release")
            await compare(*args)

        monkeypatch.setattr(recovery, "read_numbers", fails)
        done = asyncio.Event()

        async def caught_up() -> None:
            await catch_up()
            done.set()

        server.stores.authors.catch_up = caught_up  # type: ignore[method-assign]
        proxy.cut()
        await until(lambda: tries)
        await server.working.recovery.check_rooms()
        assert feed_of(server, "hall").repairs.doubtful
        await asyncio.wait_for(done.wait(), 10)
        pauses = [later - earlier for earlier, later in itertools.pairwise(tries)]
        assert pauses == sorted(pauses) and pauses[0] >= 0.1 and pauses[-1] >= 0.4
        await ann.say("hall", "on it goes")
        await bob.hears("message.posted", text="on it goes")


async def test_numbers_that_cannot_be_read_keep_nobody_else_from_being_compared(
    open_lossy: OpenLossy, proxy: Proxy
) -> None:
    server = await open_lossy()
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await cat.call("room.create", title="Tea"))["room"]
        await server.store.redis.hset(keys.user(cat.id), "inbox_seq", "many")
        await server.store.redis.hset(keys.room(room), "rev", "some")
        await relinked(server, proxy)
        await ann.say("hall", "on it goes")
        await bob.hears("message.posted", text="on it goes")
        assert server.store.faults >= 2


async def test_somebody_whose_logins_cannot_be_read_comes_back_and_holds_up_nobody(
    open_lossy: OpenLossy, proxy: Proxy
) -> None:
    server = await open_lossy()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        on_auth = server.live.authority.on_auth

        async def fails(user: LiveUser) -> None:
            if user.id == ann.id:
                raise ValueError("a login of a later release")
            await on_auth(user)

        server.live.authority.on_auth = fails  # type: ignore[method-assign]
        for person in (ann, bob):
            await server.store.redis.hincrby(keys.user(person.id), "auth", 1)
        await relinked(server, proxy)
        assert await ann.closed() == 4100
        await bob.say("hall", "on it goes")
        await bob.hears("message.posted", text="on it goes")


async def test_a_feed_parks_what_it_hears_until_its_head_was_compared(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await until(lambda: feed_of(server, "hall").followers.get(connection_of(server, bob)) is None)
        feed = feed_of(server, "hall")
        feed.repairs.doubt()
        await ann.say("hall", "parked")
        await until(lambda: feed.repairs.waiting)
        assert not bob.heard("message.posted")
        await server.hub.feeds.compare_heads()
        await bob.hears("message.posted", text="parked")


async def test_a_repair_that_always_fails_pauses_and_ends_as_a_reset(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        feed, reads, read = feed_of(server, "hall"), 0, server.stores.log.read

        async def fails(*args: Any, **more: Any) -> Any:
            nonlocal reads
            reads += 1
            raise ValueError("a record of a later release")

        server.stores.log.read = fails  # type: ignore[method-assign]
        hole = msgspec.msgpack.encode(
            ["m", feed.epoch, feed.place.seq + 5, 0, 1, [{"i": "x", "u": ann.id, "x": "far"}]]
        )
        feed.receive(hole)
        await bob.hears("room.reset", room="hall")
        assert reads == 5
        assert server.hub.feeds.pool.resets == 1
        server.stores.log.read = read  # type: ignore[method-assign]
        await ann.say("hall", "on it goes")
        await bob.hears("message.posted", text="on it goes")


async def test_what_does_not_follow_from_the_log_is_passed_over_after_one_reading(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        feed, calls = feed_of(server, "hall"), counted(server.store)
        feed.receive(
            msgspec.msgpack.encode(["m", feed.epoch, feed.place.seq + 5, 0, 1, [{"i": "x", "u": ann.id, "x": "far"}]])
        )
        await feed.repairs.settled()
        await ann.say("hall", "on it goes")
        await bob.hears("message.posted", text="on it goes")
        assert calls["read"] == 1
        assert not bob.heard("message.posted", text="far")


async def test_a_record_that_cannot_be_decoded_repairs_only_its_room(server: Server, address: Address) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        calls = counted(server.store)
        feed_of(server, "hall").receive(msgspec.msgpack.encode(["m", "what", "is", "this"]))
        await ann.say("hall", "well")
        await bob.hears("message.posted", text="well")
        assert calls["read"] == 1
        assert not bob.heard("room.reset")
        assert server.store.up


async def test_a_reader_whose_page_cannot_be_decoded_starts_over(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        full, feed = connection_of(server, bob), feed_of(server, "hall")
        await until(lambda: feed.followers.get(full) is None)
        full.pause_writing()
        await ann.say("hall", "unread")
        await ann.hears("message.posted", text="unread")

        async def fails(*args: Any, **more: Any) -> Any:
            raise ValueError("a record of a later release")

        server.stores.log.read = fails  # type: ignore[method-assign]
        feed.tail.after = lambda *_: None  # type: ignore[method-assign]
        full.resume_writing()
        await bob.hears("room.reset", room="hall")
        await ann.say("hall", "live again")
        await bob.hears("message.posted", text="live again")


async def test_the_socket_follows_before_a_join_is_answered(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        enter, follows = server.hub.enter_now, []

        async def watched(user: str) -> None:
            await enter(user)
            follows.append(connection_of(server, bob) in server.hub.feeds.get(room).followers)

        for number in range(10):
            room = (await post(server.url, "room.create", ann.token, title=f"Room {number}"))["room"]
            server.hub.enter_now = watched  # type: ignore[method-assign]
            await bob.call("room.join", room=room)
            server.hub.enter_now = enter  # type: ignore[method-assign]
        assert follows == [True] * 10


async def test_nobody_is_kept_apart_from_a_user_who_went_while_they_were_read_again(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        bob = await sign_up(server.url, "bob")
        await ann.call("block.add", user=bob.id)
        user, call, go = server.hub.users[ann.id], server.store.call, asyncio.Event()
        await until(lambda: server.hub.apart.of(bob.id))

        async def slow(name: str, *args: Any) -> Any:
            answer = await call(name, *args)
            if name == "user_open":
                await go.wait()
            return answer

        server.store.call = slow  # type: ignore[method-assign]
        reading = asyncio.create_task(server.hub.refresh(user))
        await asyncio.sleep(0)
        await ann.leave()
        await until(lambda: ann.id not in server.hub.users)
        go.set()
        await reading
        assert not server.hub.apart.of(bob.id)


async def test_of_names_only_those_are_read_that_changed_during_a_cut(
    open_lossy: OpenLossy, proxy: Proxy, open_server: Any
) -> None:
    server, other = await open_lossy(), await open_server()
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, _cat):
        read, asked = server.stores.authors._read, []

        async def reads(users: list[str]) -> None:
            asked.extend(users)
            await read(users)

        server.stores.authors._read = reads  # type: ignore[method-assign]
        async with proxy.held():
            await post(other.url, "profile.update", bob.token, name="Robert")
            proxy.cut()
        await until(lambda: server.stores.authors.face(bob.id).name == "Robert")
        assert asked == [bob.id]
        assert server.stores.authors.face(ann.id).name == "Ann"


async def test_what_came_into_the_inbox_and_was_read_elsewhere_during_a_cut_is_told(
    open_lossy: OpenLossy, proxy: Proxy, open_server: Any
) -> None:
    server, other = await open_lossy(), await open_server()
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        said = await ann.say("hall", "read this")
        await bob.hears("message.posted", text="read this")
        elsewhere = await Person(other.url, bob.token, bob.user).start()
        async with proxy.held():
            await elsewhere.call("read.mark", room="hall", seq=said["seq"])
            await post(other.url, "message.send", ann.token, room="hall", text="@bob come", client_id="1")
            await elsewhere.hears("inbox.added", kind="mention")
            proxy.cut()
        await bob.hears("inbox.added", kind="mention")
        await bob.hears("read.moved", room="hall", read_seq=said["seq"])
        await server.working.recovery.check_users()
        assert len(bob.heard("inbox.added")) == 1
        await elsewhere.leave()
