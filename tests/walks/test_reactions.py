"""Reacting to messages: who may, what others hear, what pages show, and what stays of it."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import msgpack
import pytest

from chatserver import ids
from chatserver.app import Server
from chatserver.protocol.methods.messages import MessageReact
from chatserver.services.caller import Caller
from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering, post


async def refused(person: Person, method: str, **params: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refusal:
        await person.call(method, **params)
    return refusal.value.code, refusal.value.reason


async def shown(person: Person, room: str, seq: int) -> dict[str, Any]:
    """The message as a page shows it to this person; message.get says the same."""
    page = await person.call("message.history", room=room, around=seq, limit=1)
    (message,) = page["messages"]
    got = await person.call("message.get", room=room, seqs=[seq])
    assert got["messages"] == [message]
    assert got["epoch"] == page["epoch"]
    return message


async def test_a_reaction_is_heard_by_all_as_a_difference_and_shown_on_pages(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        said = await ann.say("hall", "tea?")
        answer = await bob.call("message.react", room="hall", seq=said["seq"], emoji="❤")
        for person in (ann, bob):
            heard = await person.hears("message.reacted")
            assert heard == {
                "room": "hall", "rev": answer["rev"], "seq": said["seq"], "emoji": "❤️", "user": bob.id, "added": True,
                "count": 1,
            }  # fmt: skip
        await ann.call("message.react", room="hall", seq=said["seq"], emoji="❤️")
        await ann.call("message.react", room="hall", seq=said["seq"], emoji="👍🏽")
        message = await shown(ann, "hall", said["seq"])
        assert message["reactions"] == [
            {"emoji": "❤️", "count": 2, "users": [bob.id, ann.id]}, {"emoji": "👍🏽", "count": 1, "users": [ann.id]},
        ]  # fmt: skip
        assert message["mine"] == ["❤️", "👍🏽"]
        assert (await shown(bob, "hall", said["seq"]))["mine"] == ["❤️"]
        assert (await bob.call("message.unreact", room="hall", seq=said["seq"], emoji="❤"))["rev"] == answer["rev"] + 3
        heard = await ann.hears("message.reacted", added=False)
        assert (heard["user"], heard["count"]) == (bob.id, 1)
        assert "mine" not in await shown(bob, "hall", said["seq"])


async def test_a_repeat_is_no_error_and_no_change(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        said = await ann.say("hall", "tea?")
        where = {"room": "hall", "seq": said["seq"], "emoji": "👍"}
        rev = (await ann.call("message.react", **where))["rev"]
        assert (await ann.call("message.react", **where))["rev"] == rev
        assert (await ann.call("message.unreact", **where))["rev"] == rev + 1
        assert (await ann.call("message.unreact", **where))["rev"] == rev + 1
        assert len(ann.heard("message.reacted")) == 2
        assert "reactions" not in await shown(ann, "hall", said["seq"])


async def test_only_emoji_of_the_list_and_no_flags(open_server: OpenServer) -> None:
    server = await open_server(community__reactions_off=["👎"])
    async with gathering(server.url, "ann") as (ann,):
        said = await ann.say("hall", "tea?")
        for emoji in ("a", "1", "🇩", "🇩🇪", "🏴‍☠️", "👍👍", "hello", "👎", "\U0001f3fd"):
            assert await refused(ann, "message.react", room="hall", seq=said["seq"], emoji=emoji) == (
                -32602, "emoji_unknown",
            )  # fmt: skip
        assert ann.heard("message.reacted") == []


# --- who may ---------------------------------------------------------------------------------------------------------


async def mute(server: Server, room: str, person: Person, until: int) -> None:
    record = msgpack.packb(["member", 1, until, 2])
    await server.store.redis.hset(f"{{r:{room}}}:members", person.id, record)


async def test_who_may_write_may_react_and_who_belongs_may_take_back(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await ann.call("room.create", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        said = await ann.say(room, "tea?")
        where = {"room": room, "seq": said["seq"], "emoji": "👍"}
        assert await refused(cat, "message.react", **where) == (-32003, "not_a_member")
        assert await refused(cat, "message.unreact", **where) == (-32003, "not_a_member")
        assert await refused(ann, "message.react", **{**where, "seq": 99}) == (-32004, "not_found")
        assert await refused(ann, "message.react", **{**where, "room": "nowhere"}) == (-32004, "not_found")
        await ann.call("room.update", room=room, writers="moderators")
        await bob.call("message.react", **where)
        await mute(server, room, bob, ids.now_ms() + 60_000)
        assert await refused(bob, "message.react", **{**where, "emoji": "❤"}) == (-32002, "muted")
        assert await bob.call("message.unreact", **where) == {"rev": 2}
        await ann.call("room.archive", room=room, archived=True)
        assert await refused(ann, "message.react", **where) == (-32002, "archived")
        closed = (await ann.call("room.create", title="Secret", kind="closed"))["room"]
        secret = await ann.say(closed, "hush")
        for method in ("message.react", "message.unreact", "message.reactors"):
            answer = await refused(cat, method, room=closed, seq=secret["seq"], emoji="👍")
            assert answer == (-32004, "not_found"), method
        for method, params in (("message.get", {"seqs": [1]}), ("room.pins", {})):
            assert await refused(cat, method, room=closed, **params) == (-32004, "not_found")


async def test_reactions_have_a_pace_of_their_own(open_server: OpenServer) -> None:
    server = await open_server(limits__reactions_burst=2, limits__reactions_per_minute=30)
    async with gathering(server.url, "ann") as (ann,):
        said = await ann.say("hall", "tea?")
        where = {"room": "hall", "seq": said["seq"], "emoji": "👍"}
        await ann.call("message.react", **where)
        await ann.call("message.unreact", **where)
        with pytest.raises(Refused) as refusal:
            await ann.call("message.react", **where)
        assert refusal.value.code == -32029
        assert 0 < refusal.value.data["retry_after"] <= 2
        await ann.say("hall", "still talking")


async def test_a_message_takes_twenty_kinds_and_more_of_each(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        said = await ann.say("hall", "tea?")
        kinds = list("😀😃😄😁😆😅🤣😂🙂🙃🫠😉😊😇🥰😍🤩😘😗😚")
        for emoji in kinds:
            await ann.call("message.react", room="hall", seq=said["seq"], emoji=emoji)
        answer = await refused(bob, "message.react", room="hall", seq=said["seq"], emoji="🍵")
        assert answer == (-32005, "too_many_reactions")
        await bob.call("message.react", room="hall", seq=said["seq"], emoji=kinds[3])
        message = await shown(ann, "hall", said["seq"])
        assert [kind["emoji"] for kind in message["reactions"]] == kinds == message["mine"]
        await ann.call("message.unreact", room="hall", seq=said["seq"], emoji=kinds[0])
        await bob.call("message.react", room="hall", seq=said["seq"], emoji="🍵")
        message = await shown(bob, "hall", said["seq"])
        assert [kind["emoji"] for kind in message["reactions"]] == [*kinds[1:], "🍵"]
        assert message["mine"] == [kinds[3], "🍵"]


async def test_moderators_remove_anybody_s_reactions_and_all_at_once_is_one_change(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await ann.call("room.create", title="Tea"))["room"]
        for person in (bob, cat):
            await person.call("room.join", room=room)
        seq = (await cat.say(room, "tea?"))["seq"]
        for emoji in ("👍", "❤️", "🍵"):
            for person in (ann, bob, cat):
                await person.call("message.react", room=room, seq=seq, emoji=emoji)
        for params in ({"all": True}, {"emoji": "👍", "all": True}, {"emoji": "👍", "user": cat.id}):
            answer = await refused(bob, "message.unreact", room=room, seq=seq, **params)
            assert answer == (-32002, "not_a_moderator")
        for params, path in (({}, "emoji"), ({"user": cat.id}, "emoji"), ({"all": True, "user": cat.id}, "user")):
            with pytest.raises(Refused) as refusal:
                await ann.call("message.unreact", room=room, seq=seq, **params)
            assert (refusal.value.code, refusal.value.data["path"]) == (-32602, path)
        await ann.call("message.unreact", room=room, seq=seq, emoji="👍", user=cat.id)
        heard = await bob.hears("message.reacted", added=False)
        assert (heard["user"], heard["emoji"], heard["count"]) == (cat.id, "👍", 2)
        assert (await ann.call("message.unreact", room=room, seq=seq, emoji="👍", all=True))["rev"] == 11
        assert await bob.hears("message.reacted", rev=11) == {
            "room": room, "rev": 11, "seq": seq, "cleared": True, "emoji": "👍",
        }  # fmt: skip
        assert (await ann.call("message.unreact", room=room, seq=seq, all=True))["rev"] == 12
        assert await bob.hears("message.reacted", rev=12) == {"room": room, "rev": 12, "seq": seq, "cleared": True}
        assert (await ann.call("message.unreact", room=room, seq=seq, all=True))["rev"] == 12
        assert "reactions" not in await shown(cat, room, seq)


# --- who reacted -----------------------------------------------------------------------------------------------------


async def test_who_reacted_is_listed_in_pages_in_the_order_of_reacting(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        seq = (await ann.say("hall", "tea?"))["seq"]
        people = [f"{number:024x}" for number in range(1, 251)]
        for user in people:
            await server.store.redis.hset("{r:hall}:members", user, msgpack.packb(["member", 1]))
            await server.stores.reactions.react("hall", seq, "👍", user=user, now=1)
        await ann.call("message.react", room="hall", seq=seq, emoji="👍")
        await server.stores.reactions.unreact("hall", seq, "👍", people[4], actor=people[4], admin=False, now=1)
        expected = [user for user in [*people, ann.id] if user != people[4]]
        message = await shown(ann, "hall", seq)
        assert message["reactions"] == [{"emoji": "👍", "count": 250, "users": expected[:100]}]
        assert message["mine"] == ["👍"]
        listed, after = [], ""
        while True:
            page = await ann.call("message.reactors", room="hall", seq=seq, emoji="👍", after=after)
            listed.append([user["id"] for user in page["users"]])
            assert page["rev"] == 252
            if not (after := page.get("next", "")):
                break
        assert [len(users) for users in listed] == [100, 100, 50] and [*itertools.chain(*listed)] == expected
        assert (await ann.call("message.reactors", room="hall", seq=seq, emoji="🍵"))["users"] == []
        assert await refused(ann, "message.reactors", room="hall", seq=seq, emoji="👍", after="x") == (-32602, "params")


# --- what stays of them ----------------------------------------------------------------------------------------------


def cursor_of(state: dict[str, Any]) -> dict[str, Any]:
    return {"epoch": state["epoch"], "seq": state["last_seq"], "id": state["last_id"], "rev": state["rev"]}


async def test_an_edit_leaves_reactions_and_a_deletion_takes_them_out_of_everything(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        state = next(room for room in bob.session["rooms"] if room["room"] == "hall")
        seq = (await ann.say("hall", "tea?"))["seq"]
        await ann.call("message.react", room="hall", seq=seq, emoji="👍")
        await ann.call("message.edit", room="hall", seq=seq, text="coffee?")
        changed = await bob.hears("message.changed", rev=2)
        assert "reactions" not in changed and changed["text"] == "coffee?"
        assert (await shown(bob, "hall", seq))["reactions"] == [{"emoji": "👍", "count": 1, "users": [ann.id]}]
        await bob.leave()
        await ann.call("message.delete", room="hall", seq=seq)
        message = await shown(ann, "hall", seq)
        assert message["deleted"] and not {"reactions", "mine"} & message.keys()
        for method in ("message.react", "message.unreact", "message.reactors"):
            answer = await refused(ann, method, room="hall", seq=seq, emoji="👍")
            assert answer == (-32004, "not_found"), method
        assert not [key async for key in server.store.redis.scan_iter("{r:hall}:react*")]
        late = await Person(server.url, bob.token, bob.user).start({"hall": cursor_of(state)})
        await late.hears("message.changed", rev=3)
        assert late.heard("message.reacted") == [{"room": "hall", "rev": 1, "seq": seq}]
        await late.leave()


async def test_another_process_replays_the_same_and_says_nothing_of_what_was_deleted(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    async with gathering(one.url, "ann") as (ann,):
        state = next(room for room in ann.session["rooms"] if room["room"] == "hall")
        seqs = [(await ann.say("hall", f"line {number}"))["seq"] for number in range(3)]
        for seq in seqs:
            await ann.call("message.react", room="hall", seq=seq, emoji="👍")
        await ann.call("message.delete", room="hall", seq=seqs[1])
        await ann.call("message.unreact", room="hall", seq=seqs[0], emoji="👍")
        replays = []
        for server in (one, two):
            late = await Person(server.url, ann.token, ann.user).start({"hall": cursor_of(state)})
            await late.hears("message.reacted", rev=5)
            replays.append([event for event in late.events if event["method"].startswith("message.")])
            await late.leave()
        assert replays[0] == replays[1]
        assert not any({"reactions", "mine"} & event["params"].keys() for event in replays[0])
        reacted = [event["params"] for event in replays[0] if event["method"] == "message.reacted"]
        assert [(event["rev"], event.get("count")) for event in reacted] == [(1, 1), (2, None), (3, 1), (5, 0)]


async def test_a_storm_of_reactions_resets_that_room_alone(open_server: OpenServer) -> None:
    server = await open_server(limits__replay_reactions=20, limits__replay_events=30)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        await bob.start_anew()
        cursors = {state["room"]: cursor_of(state) for state in bob.session["rooms"]}
        await bob.leave()

        async def toggle(room: str, seq: int, times: int) -> None:
            for number in range(times):
                method = "message.unreact" if number % 2 else "message.react"
                await ann.call(method, room=room, seq=seq, emoji="👍")

        seqs = {room: (await ann.say(room, "tea?"))["seq"] for room in ("hall", room)}
        await toggle("hall", seqs["hall"], 20)
        await toggle(room, seqs[room], 20)
        for _ in range(2):  # from memory, and by another process from the log
            late = await Person(server.url, bob.token, bob.user).start(cursors)
            await late.hears("message.reacted", room="hall", rev=20)
            await late.hears("message.reacted", room=room, rev=20)
            assert late.heard("room.reset") == []
            await late.leave()
            server = await open_server(limits__replay_reactions=20, limits__replay_events=30)
        await toggle(room, seqs[room], 1)
        for fresh in (server, await open_server(limits__replay_reactions=20, limits__replay_events=30)):
            late = await Person(fresh.url, bob.token, bob.user).start(cursors)
            await late.hears("room.reset", room=room, rev=21)
            await late.hears("message.reacted", room="hall", rev=20)
            assert late.heard("message.posted", room=room) == [] == late.heard("room.reset", room="hall")
            await late.leave()


async def test_reactions_do_not_push_messages_out_of_memory(open_server: OpenServer) -> None:
    server = await open_server(limits__tail_records=4, limits__replay_reactions=50)
    async with gathering(server.url, "ann") as (ann,):
        seq = (await ann.say("hall", "tea?"))["seq"]
        feed = server.hub.feeds.get("hall")
        place = feed.place
        for number in range(30):
            method = "message.unreact" if number % 2 else "message.react"
            await ann.call(method, room="hall", seq=seq, emoji="👍")
        await ann.say("hall", "yes")
        await ann.hears("message.posted", seq=seq + 1)
        assert len(feed.tail.after(place, feed.place)) == 31


# --- pins ------------------------------------------------------------------------------------------------------------


async def test_a_pin_is_a_change_that_carries_the_whole_of_what_holds(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        seqs = [(await bob.say(room, f"line {number}, @ann"))["seq"] for number in range(3)]
        assert await refused(bob, "message.pin", room=room, seq=seqs[0], pinned=True) == (-32002, "not_a_moderator")
        for seq in (seqs[1], seqs[0], seqs[2]):
            await ann.call("message.pin", room=room, seq=seq, pinned=True)
        assert await bob.hears("message.changed", rev=2) == {
            "room": room, "rev": 2, "seq": seqs[0], "text": "line 0, @ann", "mentions": [ann.id], "pinned": True,
        }  # fmt: skip
        assert (await ann.call("message.pin", room=room, seq=seqs[0], pinned=True))["rev"] == 3
        await bob.call("message.edit", room=room, seq=seqs[0], text="edited")
        assert (await ann.hears("message.changed", rev=4))["pinned"]
        await ann.call("message.react", room=room, seq=seqs[0], emoji="👍")
        pins = await bob.call("room.pins", room=room)
        assert [message["seq"] for message in pins["messages"]] == [seqs[2], seqs[0], seqs[1]] and pins["rev"] == 5
        assert pins["messages"][1]["text"] == "edited" and pins["messages"][1]["reactions"][0]["count"] == 1
        assert (await shown(bob, room, seqs[1]))["pinned"]
        await ann.call("message.pin", room=room, seq=seqs[2], pinned=False)
        assert "pinned" not in await bob.hears("message.changed", rev=6)
        await bob.call("message.delete", room=room, seq=seqs[1])
        assert await refused(ann, "message.pin", room=room, seq=seqs[1], pinned=True) == (-32004, "not_found")
        assert [message["seq"] for message in (await bob.call("room.pins", room=room))["messages"]] == [seqs[0]]


async def test_a_room_has_at_most_a_hundred_pins(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        room = (await ann.call("room.create", title="Tea"))["room"]
        for number in range(101):
            await ann.say(room, f"line {number}")
        for seq in range(1, 101):
            await ann.call("message.pin", room=room, seq=seq, pinned=True)
        assert await refused(ann, "message.pin", room=room, seq=101, pinned=True) == (-32005, "too_many_pins")
        assert len((await ann.call("room.pins", room=room))["messages"]) == 100
        await ann.call("message.pin", room=room, seq=7, pinned=False)
        await ann.call("message.pin", room=room, seq=101, pinned=True)


async def test_messages_are_read_by_their_numbers_as_they_now_hold(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        seqs = [(await ann.say("hall", f"line {number}"))["seq"] for number in range(3)]
        await ann.call("message.edit", room="hall", seq=seqs[1], text="edited")
        await ann.call("message.delete", room="hall", seq=seqs[2])
        got = await bob.call("message.get", room="hall", seqs=[seqs[2], seqs[0], 999, seqs[0], 0, seqs[1]])
        assert [(message["seq"], message["text"]) for message in got["messages"]] == [
            (seqs[2], ""), (seqs[0], "line 0"), (seqs[1], "edited"),
        ]  # fmt: skip
        assert got["messages"][0]["deleted"] and got["rev"] == 2
        assert (await bob.call("message.get", room="hall", seqs=[]))["messages"] == []
        assert await refused(bob, "message.get", room="hall", seqs=[1] * 101) == (-32602, "params")
        visitor = await post(server.url, "message.get", room="hall", seqs=seqs)
        assert [message["seq"] for message in visitor["messages"]] == seqs


# --- the author's inbox ----------------------------------------------------------------------------------------------


async def reacted(person: Person) -> list[dict[str, Any]]:
    return [item for item in (await person.call("inbox.list"))["items"] if item["kind"] == "reacted"]


async def test_reactions_to_a_message_are_one_quiet_item_of_its_author(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat", "dan", "eve") as (ann, bob, cat, dan, eve):
        await ann.call("block.add", user=eve.id)
        seq = (await ann.say("hall", "tea?"))["seq"]
        for person in (ann, eve):
            await person.call("message.react", room="hall", seq=seq, emoji="👍")
        for person, emoji in ((bob, "👍"), (bob, "❤️"), (cat, "🍵"), (dan, "👍")):
            await person.call("message.react", room="hall", seq=seq, emoji=emoji)
        item = await ann.hears("inbox.added", kind="reacted")
        assert (item["room"], item["seq"], item["user"], item["count"]) == ("hall", seq, bob.id, 1)
        (listed,) = await reacted(ann)
        assert listed == {**item, "count": 3, "users": [bob.id, cat.id, dan.id]}
        assert (await ann.call("inbox.list"))["inbox"] == {"seq": 1, "unread": 0}
        other = (await ann.say("hall", "coffee?"))["seq"]
        await bob.say("hall", "@ann look")
        await ann.hears("inbox.added", kind="mention")
        await bob.call("message.react", room="hall", seq=other, emoji="👍")
        await ann.hears("inbox.added", kind="reacted", seq=other)
        assert (await ann.call("inbox.list"))["inbox"] == {"seq": 3, "unread": 1}
        await ann.start_anew()
        assert ann.session["inbox"] == {"seq": 3, "unread": 1}
        assert await ann.call("inbox.mark", seq=1) == {"seq": 3, "unread": 1}
        assert await ann.call("inbox.mark", seq=2) == {"seq": 3, "unread": 0}
        assert (await ann.hears("inbox.changed", unread=0))["seq"] == 3
        for emoji in ("👍", "❤️"):
            await bob.call("message.unreact", room="hall", seq=seq, emoji=emoji)
        assert [(item["seq"], item["count"], item["users"]) for item in await reacted(ann)] == [
            (other, 1, [bob.id]), (seq, 2, [cat.id, dan.id]),
        ]  # fmt: skip
        await ann.call("message.delete", room="hall", seq=other)
        assert [item["seq"] for item in await reacted(ann)] == [seq]
        assert len(ann.heard("inbox.added", kind="reacted")) == 2


async def test_a_thousand_reactions_at_once_are_one_item_and_a_few_more_commands(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        seq = (await ann.say("hall", "tea?"))["seq"]
        people = [f"{number:024x}" for number in range(1, 301)]
        for user in people:
            await server.store.redis.hset("{r:hall}:members", user, msgpack.packb(["member", 1]))
        calls: list[str] = []
        call = server.store.call

        async def counted(name: str, *args: Any) -> Any:
            calls.append(name)
            return await call(name, *args)

        server.store.call = counted  # type: ignore[method-assign]
        params = MessageReact(room="hall", seq=seq, emoji="👍")
        callers = [Caller(user_id=user) for user in people]
        await asyncio.gather(*(server.services.reactions.react(caller, params) for caller in callers))
        await ann.hears("message.reacted", count=300)
        await ann.hears("inbox.added", kind="reacted")
        ours = [name for name in calls if "react" in name or "inbox" in name]
        assert sorted(set(ours)) == ["inbox_add", "message_react", "reactions_told"]
        assert len(ours) == 302
        (item,) = await reacted(ann)
        assert (item["count"], item["users"]) == (300, people[:3])
