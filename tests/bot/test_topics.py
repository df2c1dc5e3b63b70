"""A bot keeps topics: against a double that loses answers, and on a real server."""

import asyncio

import pytest

from chatserver.bot import Bot, MessageChanged, MessagePosted, MessageReacted, MessagesPurged, Refusal, TopicChanged
from chatserver.testkit import TestServer
from tests.bot.double import Double, until


@pytest.fixture
async def server(address):
    async with TestServer(store_address=address, host__enabled=False) as opened:
        yield opened


async def test_a_topic_is_started_once_though_its_answer_is_lost():
    async with Double().running() as double, Bot(double.url, "chat_token", patience=0.01).running() as bot:
        double.faults.append("lose answer")
        made = await bot.room("hall").create_topic("Soil", "What soil?")
        assert (made.message.duplicate, made.topic.title, double.texts()) == (True, "Soil", ["What soil?"])
        await bot.send("hall", "Sand", topic=made.topic.id)
        await bot.send("hall", "Hello")
        assert [m.text async for m in bot.room("hall").history(topic=made.topic.id, after=0)] == ["What soil?", "Sand"]
        assert [m.text async for m in bot.room("hall").history(topic="", after=0)] == ["Hello"]


async def test_a_bot_keeps_topics_as_a_moderator(server):
    ann = await server.user("ann")
    bot, told = Bot(patience=0.01), []

    @bot.on(TopicChanged)
    async def changed(event):
        told.append((event.topic.title, event.topic.deleted))

    @bot.on(MessagesPurged)
    async def purged(event):
        told.append((event.includes(2), event.includes(1)))

    async with server.bot(bot, handle="clerk"):
        room = (await ann.bot.call("room.create", title="Attic")).room
        await ann.bot.call("room.invite", room=room, user=bot.user.id)
        await ann.bot.call("room.set_role", room=room, user=bot.user.id, role="moderator")
        await until(lambda: room in bot.rooms and bot.rooms[room].role == "moderator")
        attic = bot.room(room)
        await ann.say(room, "misplaced")
        made = await attic.create_topic("Soil", "What soil?", move=[1])
        soil = made.topic.id
        await ann.say(room, "Sand", topic=soil)
        assert [m.text async for m in attic.history(topic=soil)] == ["Sand", "What soil?", "misplaced"]
        assert (await attic.topic(soil)).messages == 3
        await attic.move([1])
        assert [m.seq async for m in attic.history(topic="")] == [1]
        updated = await attic.update_topic(soil, title="Earth", note="Sand it is", pinned=True, closed=True)
        assert (updated.title, updated.note, updated.pinned, updated.closed) == ("Earth", "Sand it is", True, True)
        with pytest.raises(Refusal) as refused:
            await attic.send("late", topic=soil)
        assert refused.value.reason == "topic_closed"
        assert [topic.title async for topic in attic.topics(closed=False)] == []
        assert [topic.title async for topic in attic.topics(sort="new", mine=True)] == ["Earth"]
        await until(lambda: len(told) == 2)
        await attic.notify_topic(soil, "none")
        assert (await attic.topic(soil)).level == "none"
        await attic.delete_topic(soil)
        assert await attic.topic(soil) is None
        await until(lambda: len(told) == 4)
        assert bot.rooms[room].topics_version == 3
    assert told[:2] == [("Soil", False), ("Earth", False)]
    assert sorted(map(str, told[2:])) == ["('', True)", "(True, False)"]


async def test_a_bot_reads_line_by_line_and_its_rooms_say_what_is_left(server):
    async with server.bot(Bot(patience=0.01), handle="clerk") as clerk:
        ann = await server.user("ann")
        hall = clerk.room("hall")
        made = await ann.bot.room("hall").create_topic("Soil", "What soil?")
        for _ in range(2):
            await ann.say("hall", "Sand", topic=made.topic.id)
        last, seq = await ann.say("hall", "hello"), made.message.seq
        await hall.mark_read(seq - 1)
        moved = await hall.mark_read(seq + 1, topic=made.topic.id)
        assert (moved.topic, moved.read_seq, moved.room_read_seq, moved.unread) == (made.topic.id, seq + 1, seq - 1, 2)
        assert (hall.state.unread, hall.state.markers) == (2, {made.topic.id: seq + 1})
        await hall.mark_read(last.seq)
        assert (hall.state.unread, hall.state.read_seq, hall.state.markers) == (0, last.seq, {})


async def test_an_answer_stays_in_the_topic_of_what_it_answers(server):
    bot = Bot(patience=0.01)
    for kind in (MessagePosted, MessageChanged, MessageReacted):
        bot.on(kind)(lambda event: f"about {event.seq}")
    bot.on(TopicChanged)(lambda event: f"begun: {event.topic.title}")
    async with server.bot(bot, handle="clerk"):
        ann = await server.user("ann")
        made = await ann.bot.room("hall").create_topic("Soil", "What soil?")
        soil, seq = made.topic.id, made.message.seq
        await ann.bot.call("message.edit", room="hall", seq=seq, text="Which soil?")
        await ann.bot.room("hall").react(seq, "👍")
        heard = [await ann.next_message(author="clerk") for _ in range(4)]
        assert {(message.topic, message.text) for message in heard} == {
            (soil, f"about {seq}"), (soil, "begun: Soil"),
        }  # fmt: skip
        async with asyncio.timeout(5):
            assert (await ann.bot.room("hall").topic(soil)).messages == 5
