"""Topics: titled parts of a room's conversation, each with a read marker of its own."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.app import Server
from chatserver.ids import now_ms
from chatserver.live.unread import Reader
from tests.people import Person, Refused, gathering


async def room_of(owner: Person, *others: Person, **settings: Any) -> str:
    room: str = (await owner.call("room.create", title="Garden", **settings))["room"]
    for other in others:
        await other.call("room.join", room=room)
    return room


async def topic_of(person: Person, room: str, title: str = "Soil", text: str = "What soil?", **more: Any) -> Any:
    """The answer of topic.create."""
    client_id = more.pop("client_id", title)
    return await person.call("topic.create", room=room, title=title, text=text, client_id=client_id, **more)


async def state_of(person: Person, room: str) -> dict[str, Any]:
    """The room's state as a new session of this person gets it."""
    other = await Person(person.url, person.token, person.user).start()
    (state,) = [state for state in other.session["rooms"] if state["room"] == room]
    await other.leave()
    found: dict[str, Any] = state
    return found


async def seqs_of(person: Person, room: str, **where: Any) -> tuple[list[int], bool]:
    page = await person.call("message.history", room=room, **where)
    return [message["seq"] for message in page["messages"]], page["more"]


async def refusal(asked: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        await asked
    return refused.value.reason, refused.value.data.get("path", "")


async def test_a_topic_begins_with_its_first_message_and_everybody_hears_of_it(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        made = await topic_of(bob, room, "Soil", "What soil for tea?")
        topic, message = made["topic"], made["message"]
        assert (topic["title"], topic["first"], topic["messages"]) == ("Soil", "What soil for tea?", 1)
        assert (topic["by"]["id"], topic["last_by"]["id"], topic["last_seq"]) == (bob.id, bob.id, message["seq"])
        assert (topic["unread"], topic["mentions"], topic["level"]) == (0, 0, "all")
        posted = await ann.hears("message.posted", seq=message["seq"])
        assert (posted["topic"], posted["text"]) == (topic["id"], "What soil for tea?")
        changed = await ann.hears("topic.changed", room=room)
        own = ("unread", "mentions", "level", "read_seq")
        assert changed["topic"] == {name: value for name, value in topic.items() if name not in own}
        assert changed["topics_version"] == (await state_of(ann, room))["topics_version"] == 1
        again = await topic_of(bob, room, "Soil", "What soil for tea?")
        assert (again["topic"]["id"], again["message"]["duplicate"]) == (topic["id"], True)
        assert await refusal(topic_of(bob, room, "Other", "What soil for tea?", client_id="Soil")) == (
            "client_id_used", "",
        )  # fmt: skip


async def test_a_line_has_its_own_pages_and_its_own_marker(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        soil = (await topic_of(ann, room, "Soil"))["topic"]["id"]  # 1
        for number in range(2, 12):
            await ann.say(room, f"@bob m{number}", **({"topic": soil} if number % 3 else {}))
        await ann.call("message.delete", room=room, seq=4)
        await ann.call("message.delete", room=room, seq=6)
        await bob.hears("message.changed", seq=6)
        assert await seqs_of(bob, room, topic=soil) == ([1, 2, 5, 7, 8, 10, 11], False)
        assert await seqs_of(bob, room, topic=soil, before=8, limit=2) == ([5, 7], True)
        assert await seqs_of(bob, room, topic=soil, after=5, limit=2) == ([7, 8], True)
        assert await seqs_of(bob, room, topic=soil, around=7, limit=4) == ([2, 5, 7, 8], True)
        assert await seqs_of(bob, room, topic="") == ([3, 6, 9], False)
        assert await seqs_of(bob, room, topic="", before=9, limit=1) == ([6], True)
        assert await seqs_of(bob, room, topic="", after=3) == ([6, 9], False)
        tombstone = (await bob.call("message.history", room=room, around=4, limit=1))["messages"][0]
        assert (tombstone["deleted"], tombstone["topic"]) == (True, soil)

        state = await state_of(bob, room)
        assert (state["unread"], state["mentions"], "markers" in state) == (9, 8, False)
        other = await Person(server.url, bob.token, bob.user).start()
        marked = await bob.call("read.mark", room=room, topic=soil, seq=8)
        assert marked == {
            "room": room, "topic": soil, "read_seq": 8, "room_read_seq": 0, "unread": 4, "mentions": 4,
        }  # fmt: skip
        assert await other.hears("read.moved", room=room) == marked
        assert (await state_of(bob, room))["markers"] == {soil: 8}
        marked = await bob.call("read.mark", room=room, topic="", seq=3)
        assert (marked["topic"], marked["read_seq"], marked["unread"]) == ("", 3, 3)
        marked = await bob.call("read.mark", room=room, topic="", seq=9)
        assert (marked["unread"], marked["mentions"]) == (2, 2)
        assert (await state_of(bob, room))["markers"] == {soil: 8, "": 9}
        marked = await bob.call("read.mark", room=room, topic=soil, seq=11)  # nothing is left
        assert (marked["unread"], marked["read_seq"], marked["room_read_seq"]) == (0, 11, 11)
        state = await state_of(bob, room)
        assert (state["read_seq"], "markers" in state) == (11, False)
        await other.leave()


async def test_a_marker_of_a_line_leaves_the_very_next_message_of_another_one_unread(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        soil = (await topic_of(ann, room, "Soil", "@bob"))["topic"]["id"]  # 1
        await ann.say(room, "@bob")  # 2
        marked = await bob.call("read.mark", room=room, topic="", seq=1)
        assert (marked["read_seq"], marked["room_read_seq"], marked["unread"], marked["mentions"]) == (1, 0, 2, 2)
        assert (await state_of(bob, room))["markers"] == {"": 1}
        marked = await bob.call("read.mark", room=room, topic=soil, seq=1)
        assert (marked["read_seq"], marked["unread"]) == (1, 1)


async def test_sending_moves_the_marker_of_its_line_alone(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        soil = (await topic_of(ann, room))["topic"]["id"]  # 1
        await ann.say(room, "in the room")  # 2
        await bob.say(room, "me too")  # 3
        assert (await state_of(bob, room))["unread"] == 1
        assert (await state_of(bob, room))["markers"] == {"": 3}
        await bob.say(room, "sand", topic=soil)
        state = await state_of(bob, room)
        assert (state["unread"], state["markers"]) == (0, {"": 3, soil: 4})
        assert (await bob.call("read.mark", room=room, seq=0))["room_read_seq"] == 4


async def test_where_and_by_whom_a_topic_takes_messages(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob, forum=True, topics="moderators")
        assert await refusal(ann.say(room, "hello")) == ("topic_required", "")
        assert await refusal(bob.say(room, "hello", topic="none")) == ("not_found", "topic")
        assert await refusal(topic_of(bob, room)) == ("not_a_moderator", "")
        assert await refusal(topic_of(ann, room, " ")) == ("title_empty", "title")
        soil = (await topic_of(ann, room))["topic"]["id"]
        await bob.say(room, "sand", topic=soil)
        assert await refusal(bob.call("topic.update", room=room, topic=soil, closed=True)) == ("not_a_moderator", "")
        assert (await ann.call("topic.update", room=room, topic=soil, closed=True, note="Sand it is"))["closed"]
        assert (await bob.hears("topic.changed", topics_version=2))["topic"]["note"] == "Sand it is"
        assert await refusal(ann.say(room, "no", topic=soil)) == ("topic_closed", "")
        await ann.call("topic.update", room=room, topic=soil, closed=False)
        await ann.call("room.update", room=room, forum=False)
        assert (await bob.hears("room.changed", room=room, topics="moderators")).get("forum", False) is False
        await bob.say(room, "hello")


async def test_topics_are_listed_pinned_ones_first_by_activity_or_beginning(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        ids = [(await topic_of(ann, room, f"Topic {number}"))["topic"]["id"] for number in range(53)]
        await bob.say(room, "@ann hello", topic=ids[5])
        await ann.call("topic.update", room=room, topic=ids[0], pinned=True)
        await ann.call("topic.update", room=room, topic=ids[1], closed=True)

        async def listed(**asked: Any) -> tuple[list[int], str]:
            page = await ann.call("topic.list", room=room, **asked)
            assert page["topics_version"] == 55
            return [ids.index(topic["id"]) for topic in page["topics"]], page.get("next", "")

        first, after = await listed()
        assert first == [0, 5, *range(52, 5, -1), 4, 3]
        assert await listed(after=after) == ([2, 1], "")
        assert (await listed(sort="new"))[0][:3] == [0, 52, 51]
        assert await listed(closed=True) == ([1], "")
        assert 1 not in (await listed(closed=False))[0]
        assert await listed(topics=[ids[7], "none", ids[5]]) == ([7, 5], "")
        (mine,) = (await bob.call("topic.list", room=room, mine=True))["topics"]
        assert (mine["id"], mine["unread"], mine["level"], mine["messages"]) == (ids[5], 0, "all", 2)
        assert [one["id"] for one in mine["people"]] == [bob.id, ann.id]
        (called,) = (await ann.call("topic.list", room=room, topics=[ids[5]]))["topics"]
        assert (called["unread"], called["mentions"]) == (1, 1)


async def test_a_level_of_a_topic_says_what_is_unread(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        soil = (await topic_of(ann, room, "Soil", "@bob"))["topic"]["id"]
        rain = (await topic_of(ann, room, "Rain", "@bob"))["topic"]["id"]
        await ann.say(room, "@bob")

        async def unread() -> tuple[int, int]:
            state = await state_of(bob, room)
            return state["unread"], state["mentions"]

        assert await unread() == (3, 3)
        await bob.call("topic.notify", room=room, topic=soil, level="none")
        assert (await bob.hears("room.updated", room=room, unread=2))["mentions"] == 2
        await bob.call("room.notify", room=room, level="none")
        assert await unread() == (1, 1)  # topics have the room's level
        await bob.call("topic.notify", room=room, topic=soil, level="mentions")
        assert await unread() == (2, 2)
        await bob.say(room, "me", topic=rain)  # who wrote is at all, and has read up to there
        await ann.say(room, "you", topic=rain)
        assert await unread() == (3, 2)
        await bob.call("topic.notify", room=room, topic=rain, level="none")  # also where bob wrote
        assert await unread() == (2, 2)
        assert await refusal(bob.call("topic.notify", room=room, topic="none", level="all")) == ("not_found", "topic")


async def test_a_level_until_a_time_says_when_it_ends_and_what_holds_then(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        soil = (await topic_of(ann, room, "Soil"))["topic"]["id"]

        async def holds(*expected: object) -> None:
            [topic] = (await bob.call("topic.list", room=room, topics=[soil]))["topics"]
            assert (topic["level"], topic.get("level_until", 0), topic.get("level_then")) == expected

        later = now_ms() + 3_600_000
        await bob.call("room.notify", room=room, level="all")
        await bob.call("topic.notify", room=room, topic=soil, level="none", until=later)
        await holds("none", later, "all")  # as in the room
        await bob.call("topic.notify", room=room, topic=soil, level="mentions")
        await holds("mentions", 0, None)
        await bob.call("topic.notify", room=room, topic=soil, level="none", until=later)
        await holds("none", later, "mentions")
        for level in ("all", "none") * 10:  # each is known as soon as it is answered
            await bob.call("topic.notify", room=room, topic=soil, level=level)
            await holds(level, 0, None)


@pytest.mark.parametrize("read", [False, True])
async def test_what_is_delivered_while_it_is_counted_counts_where_one_wrote(server: Server, read: bool) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        soil, rain = [(await topic_of(ann, room, title))["topic"]["id"] for title in ("Soil", "Rain")]
        await bob.say(room, "sand", topic=soil)
        await bob.call("room.notify", room=room, level="none")
        await server.live.marks.carry()
        if read:
            await bob.call("read.mark", room=room, seq=3)
        feed = server.hub.feeds.get(room)
        reader = Reader(bob.id, await server.hub.pointer(bob.id, room))
        counted = await server.hub.unread.count(feed, reader)
        for topic in (soil, rain):
            sent = await ann.say(room, "@bob loam", topic=topic)
            await bob.hears("message.posted", seq=sent["seq"])
        assert server.hub.unread.now(feed, reader, counted) == (1, 1)
        assert (await server.hub.unread.count(feed, reader)).unread == (1, 1)


async def test_messages_are_moved_by_moderators_and_an_empty_topic_is_gone(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        for number in range(4):
            await bob.say(room, f"m{number}")
        assert await refusal(topic_of(bob, room, **{"from": [1]})) == ("not_a_moderator", "")
        assert await refusal(topic_of(ann, room, **{"from": [1, 9]})) == ("not_found", "from.1")
        made = (await topic_of(ann, room, **{"from": [2, 3]}))["topic"]
        assert (made["messages"], made["first"]) == (3, "m1")
        changed = await bob.hears("message.changed", seq=3)
        assert (changed["topic"], changed["text"]) == (made["id"], "m2")
        assert await seqs_of(bob, room, topic=made["id"]) == ([2, 3, 5], False)
        assert await refusal(bob.call("message.move", room=room, seqs=[1], topic=made["id"])) == ("not_a_moderator", "")
        revs = (await ann.call("message.move", room=room, seqs=[1, 2], topic=made["id"]))["revs"]
        assert revs == [3, 3]
        assert await refusal(ann.call("message.move", room=room, seqs=[1, 7])) == ("not_found", "seqs.1")
        await ann.call("message.move", room=room, seqs=[1, 2, 3, 5])
        gone = await bob.hears("topic.changed", topics_version=2)
        assert gone["topic"] == {"id": made["id"], "room": room, "deleted": True}
        assert await refusal(bob.say(room, "late", topic=made["id"])) == ("not_found", "topic")


async def test_a_deleted_topic_takes_its_messages_along(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await room_of(ann, bob)
        await ann.say(room, "before")
        soil = (await topic_of(bob, room, "Soil", "@ann Soil?"))["topic"]["id"]
        await ann.say(room, "between")
        await bob.say(room, "more", topic=soil)
        await ann.call("message.react", room=room, seq=2, emoji="👍")
        await ann.call("message.pin", room=room, seq=4, pinned=True)
        cursor = {"epoch": (await state_of(ann, room))["epoch"], "seq": 1, "id": "", "rev": 0}
        cursor["id"] = (await ann.call("message.get", room=room, seqs=[1]))["messages"][0]["id"]
        await bob.call("topic.delete", room=room, topic=soil)
        purged = await ann.hears("messages.purged", room=room)
        assert (purged["seqs"], purged["rev"]) == ([[2, 2], [4, 4]], 3)
        assert (await ann.hears("topic.changed", topics_version=2))["topic"]["deleted"]
        page = await ann.call("message.history", room=room)
        assert [(one["seq"], one.get("deleted", False)) for one in page["messages"]] == [
            (1, False), (2, True), (3, False), (4, True),
        ]  # fmt: skip
        assert page["messages"][1]["topic"] == soil
        assert (await ann.call("room.pins", room=room))["messages"] == []
        assert (await state_of(ann, room))["mentions"] == 0
        late = await Person(server.url, ann.token, ann.user).start({room: cursor})
        replayed = await late.hears("messages.purged", room=room)
        assert replayed == purged
        assert [event["params"]["rev"] for event in late.events if event["params"].get("rev")] == [1, 2, 3]
        assert late.heard("message.posted", seq=2)[0]["deleted"]
        await late.leave()
        rain = (await topic_of(bob, room, "Rain"))["topic"]["id"]
        await ann.say(room, "hello", topic=rain)
        assert await refusal(bob.call("topic.delete", room=room, topic=rain)) == ("not_a_moderator", "")
        assert await refusal(bob.call("topic.update", room=room, topic=rain, title="Hail")) == ("not_a_moderator", "")
        await ann.call("topic.delete", room=room, topic=rain)
        assert await refusal(ann.call("topic.delete", room=room, topic=rain)) == ("not_found", "topic")
