"""Bots on a real server: killed, disconnected, away for long, added and removed."""

import asyncio
import contextlib
import os
import signal
import sys

import pytest
from msgspec import UNSET

from chatserver.bot import Bot, EndedError, MemberJoined, MessageChanged, MessagePosted, Refusal, RoomReset
from chatserver.protocol.codecs import JSON
from chatserver.testkit import TestServer
from tests.bot.double import until

PROGRAM = """
from chatserver.bot import Bot, MessagePosted
bot = Bot.from_env(patience=0.05)
@bot.on(MessagePosted)
async def echo(event):
    return f"again {event.text}"
bot.run()
"""


@pytest.fixture
async def server(address):
    async with TestServer(store_address=address) as opened:
        yield opened


def echo(**options):
    bot = Bot(**{"patience": 0.01, **options})

    @bot.on(MessagePosted)
    async def say_again(event):
        return f"again {event.text}"

    return bot


async def said_by(user, handle, room="hall"):
    """Everything this user has said in the room, oldest first."""
    texts, after = [], 0
    while True:
        page = await user.bot.call("message.history", room=room, after=after, limit=100)
        texts += [message.text for message in page.messages if message.author.handle == handle]
        if not page.more:
            return texts
        after = page.messages[-1].seq


async def until_said(user, handle, condition, seconds=30):
    async with asyncio.timeout(seconds):
        while not condition(texts := await said_by(user, handle)):
            await asyncio.sleep(0.02)
    return texts


async def test_one_line_runs_a_bot_in_a_real_server():
    async with TestServer() as server, server.bot(echo(), handle="echo"):
        ann = await server.user("ann")
        await ann.say("hall", "hello")
        assert await ann.next_text(author="echo") == "again hello"


async def test_a_bot_speaks_json_too(server):
    async with server.bot(echo(codec=JSON), handle="echo"):
        ann = await server.user("ann")
        await ann.say("hall", "hello")
        assert await ann.next_text(author="echo") == "again hello"


async def test_a_bot_process_killed_with_9_in_a_stream_of_300_misses_and_repeats_nothing(server):
    ann = await server.user("ann")
    async with server.bot(echo(), handle="echo"):
        pass
    environ = {
        **os.environ,
        "CHATSERVER_URL": server.url,
        "CHATSERVER_TOKEN": await server.token("echo"),
        "CHATSERVER_STATE": str(server.folder / "echo.state"),
    }

    async def start():
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", PROGRAM, env=environ, stderr=asyncio.subprocess.DEVNULL
        )

    async def people():
        for number in range(300):
            await ann.say("hall", f"line {number}")

    talking = asyncio.create_task(people())
    for most in (10, 90, 200):
        program = await start()
        await until_said(ann, "echo", lambda texts, most=most: len(texts) >= most)
        program.send_signal(signal.SIGKILL)
        await program.wait()
    await talking
    program = await start()
    await until_said(ann, "echo", lambda texts: len(texts) >= 300)
    program.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(program.wait(), 10) == 0
    assert await said_by(ann, "echo") == [f"again line {number}" for number in range(300)]


async def test_a_network_that_fails_again_and_again_neither_loses_nor_repeats(server):
    async with server.bot(echo(), handle="echo"):
        ann = await server.user("ann")
        for number in range(60):
            if number % 10 == 5:
                server.drop_connections()
            await ann.say("hall", f"line {number}")
        texts = await until_said(ann, "echo", lambda texts: len(texts) >= 60)
        assert texts == [f"again line {number}" for number in range(60)]


async def test_a_bot_that_was_away_for_more_than_the_stream_replays_reads_the_pages(server):
    ann = await server.user("ann")
    async with server.bot(echo(), handle="echo"):
        pass
    for number in range(330):
        await ann.say("hall", f"line {number}")
    resets, bot = [], echo()
    bot.on(RoomReset)(lambda event: resets.append(event.missed))
    async with server.bot(bot, handle="echo"):
        texts = await until_said(ann, "echo", lambda texts: len(texts) >= 330)
    assert texts == [f"again line {number}" for number in range(330)]
    assert resets == [None]


async def test_a_bot_held_to_a_rate_says_everything_all_the_same(address):
    async with TestServer(
        store_address=address, limits__bot_sends_burst=3, limits__bot_sends_per_second=40.0
    ) as server:
        ann = await server.user("ann")
        async with server.bot(echo(), handle="echo"):
            for number in range(12):
                await ann.say("hall", f"line {number}")
            texts = await until_said(ann, "echo", lambda texts: len(texts) >= 12)
    assert texts == [f"again line {number}" for number in range(12)]


async def test_edits_and_joins_call_handlers(server):
    bot, told = Bot(patience=0.01), []
    bot.on(MessageChanged)(lambda event: told.append(("now", event.text)))
    bot.on(MemberJoined)(lambda event: told.append(("joined", event.user.handle)))
    async with server.bot(bot, handle="scribe"):
        ann = await server.user("ann")
        sent = await ann.say("hall", "before")
        await ann.bot.call("message.edit", room="hall", seq=sent.seq, text="after")
        await until(lambda: len(told) == 2)
    assert told == [("joined", "ann"), ("now", "after")]


async def test_a_bot_reads_who_moderates_how_a_room_is_set_and_whom_a_name_means(server):
    ann, bob = await server.user("ann"), await server.user("bob", name="王小明")
    bot, roles = Bot(patience=0.01), []

    @bot.on(MessagePosted)
    async def note(event):
        roles.append((event.author.handle, event.author.role))

    async with server.bot(bot, handle="scribe"):
        room = (await ann.bot.call("room.create", title="Attic", writers="moderators", never_window=True)).room
        await ann.bot.call("room.invite", room=room, user=bot.user.id)
        await until(lambda: room in bot.rooms)
        state = bot.rooms[room]
        assert (state.writers, state.topics, state.never_window) == ("moderators", "everyone", True)
        await ann.bot.call("room.update", room=room, writers="everyone")
        await until(lambda: bot.rooms[room].writers == "everyone")
        await bob.join(room)
        await ann.say(room, "hello")
        await bob.say(room, "hi")
        await until(lambda: len(roles) == 2)
        found = [member.user.handle async for member in bot.room(room).members("wangxm")]
    assert roles == [("ann", "owner"), ("bob", UNSET)]
    assert found == ["bob"]


async def test_a_bot_tells_what_names_it_from_what_replies_to_it(server):
    ann, bob = await server.user("ann"), await server.user("bob")
    bot, told = Bot(patience=0.01), []

    @bot.on(MessagePosted)
    async def note(event):
        told.append((event.text, event.mentions_me, event.replies_to_me))

    async with server.bot(bot, handle="scribe"):
        said = await bot.send("hall", "Who has tea?")
        await ann.say("hall", "I do", reply_to=said.seq)
        other = await ann.say("hall", "@scribe listen")
        await bob.say("hall", "to what?", reply_to=other.seq)
        await until(lambda: len(told) == 3)
    assert told == [("I do", False, True), ("@scribe listen", True, False), ("to what?", False, False)]


async def test_a_bot_let_into_a_room_hears_it_and_thrown_out_hears_it_no_more(server):
    ann = await server.user("ann")
    bot = echo()
    async with server.bot(bot, handle="echo"):
        room = (await ann.bot.call("room.create", title="Attic", kind="closed")).room
        with pytest.raises(Refusal, match="No such room"):
            await bot.join(room)
        await ann.bot.call("room.invite", room=room, user=bot.user.id)
        await until(lambda: room in bot.rooms)
        await ann.say(room, "hello")
        assert await ann.next_text(author="echo", room=room) == "again hello"
        await ann.bot.call("room.remove", room=room, user=bot.user.id)
        await until(lambda: room not in bot.rooms)
        await ann.say(room, "secret")
        await ann.say("hall", "public")
        assert await ann.next_text(author="echo") == "again public"
    assert room not in (server.folder / "echo.state").read_text().splitlines()[-1]


async def test_a_revoked_token_ends_the_bot_within_a_second(server):
    ann = await server.user("ann")
    made = await ann.bot.call("bot.create", handle="brief", name="Brief")
    bot = Bot(server.url, made.token, patience=0.01)
    serving = asyncio.create_task(bot.serve())
    await until(lambda: bot._session is not None and bot._session.ready.is_set())
    login = (await bot.call("token.list")).tokens[0].id
    with contextlib.suppress(EndedError, Refusal):
        await bot.call("token.revoke", token=login)
    with pytest.raises(EndedError) as ended:
        await asyncio.wait_for(serving, 2)
    assert ended.value.code in {4501, 401}


async def test_a_wrong_token_is_said_at_once(server):
    with pytest.raises(EndedError):
        await asyncio.wait_for(Bot(server.url, "chat_nobody").serve(), 5)


async def test_a_bot_finds_messages_page_by_page(server):
    async with server.bot(Bot(patience=0.01), handle="clerk") as clerk:
        ann = await server.user("ann")
        for number in range(55):
            await ann.say("hall", f"teapot {number} https://example.org")
        await ann.say("hall", "我在重慶")
        async with asyncio.timeout(30):
            while not [message async for message in clerk.search("重庆", room="hall")]:
                await asyncio.sleep(0.05)
        found = [message.text async for message in clerk.search("teapot", author=ann.id, has="link")]
        assert found == [f"teapot {number} https://example.org" for number in reversed(range(55))]
        assert [message.seq async for message in clerk.search("teapot", until=1)] == []
        with pytest.raises(Refusal, match="No such room"):
            [_ async for _ in clerk.search("teapot", room="nowhere")]
