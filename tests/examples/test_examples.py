"""Every example, run against a real community, and short enough to be read at once."""

import asyncio
import contextlib
import importlib.util
import os
import sys
from pathlib import Path

import pytest

from chatserver.testkit import TestServer

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name, monkeypatch):
    """A fresh copy of the example's module, as if it had just been started."""
    for variable in ("CHATSERVER_URL", "CHATSERVER_TOKEN", "CHATSERVER_STATE"):
        monkeypatch.delenv(variable, raising=False)
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
async def server(address):
    async with TestServer(store_address=address) as opened:
        yield opened


@pytest.mark.parametrize("name", ["echo", "dice", "host", "poll", "reading_list", "no_sdk"])
def test_an_example_has_less_than_fifty_lines(name):
    assert len((EXAMPLES / f"{name}.py").read_text().splitlines()) < 50


def test_the_one_without_the_sdk_uses_none_of_it():
    source = (EXAMPLES / "no_sdk.py").read_text()
    imported = {line.split()[1].split(".")[0] for line in source.splitlines() if line.startswith(("import ", "from "))}
    assert imported - sys.stdlib_module_names == {"msgpack", "websockets"}


async def test_echo_says_again_what_people_say(server, monkeypatch):
    async with server.bot(example("echo", monkeypatch).bot, handle="echo"):
        ann = await server.user("ann")
        await ann.say("hall", "is anybody here?")
        assert await ann.next_text(author="echo") == "is anybody here?"


async def test_two_echoes_do_not_talk_to_each_other(server, monkeypatch):
    first, second = (example("echo", monkeypatch).bot for _ in range(2))
    async with server.bot(first, handle="echo"), server.bot(second, handle="hills"):
        ann = await server.user("ann")
        for word in ("one", "two"):
            await ann.say("hall", word)
        heard = [(await ann.next_message(room="hall")).text for _ in range(4)]
        assert sorted(heard) == ["one", "one", "two", "two"]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("/roll 1d1", "1"),
        ("/roll 2d1 3", "1 + 1 + 3 = 5"),
        ("/roll d1", "1"),
        ("/roll cat", "'cat' are no dice I know. Try /roll 2d6"),
        ("/roll 1d0", "'1d0' are no dice I know. Try /roll 2d6"),
        ("/roll 0d6", "Nothing rolled, nothing lost."),
    ],
)
async def test_dice_rolls_what_it_is_asked_to(server, monkeypatch, said, answer):
    async with server.bot(example("dice", monkeypatch).bot, handle="dice"):
        ann = await server.user("ann")
        await ann.say("hall", said)
        assert await ann.next_text(author="dice") == answer


async def test_dice_explains_itself_to_who_types_something_else(server, monkeypatch):
    async with server.bot(example("dice", monkeypatch).bot, handle="dice"):
        ann = await server.user("ann")
        await ann.say("hall", "/roll 2d6 plenty")
        assert "Usage: /roll [dice] [plus]" in await ann.next_text(author="dice")


async def test_a_poll_counts_reactions_and_is_closed_by_whoever_asked(server, monkeypatch):
    async with server.bot(example("poll", monkeypatch).bot, handle="poll"):
        ann, bo = await server.user("ann"), await server.user("bo")
        await ann.say("hall", "/poll Tea or coffee? | Tea | Coffee")
        asked = await ann.next_message(author="poll")
        assert asked.text.splitlines() == ["Tea or coffee?", "1️⃣ Tea", "2️⃣ Coffee"]
        async with asyncio.timeout(5):
            while len((await ann.bot.room("hall").message(asked.seq)).reactions) < 2:
                await asyncio.sleep(0.02)
        for person in (ann, bo):
            await person.bot.room("hall").react(asked.seq, "1️⃣")
        await bo.bot.room("hall").react(asked.seq, "✅")
        await ann.bot.room("hall").react(asked.seq, "✅")
        results = await bo.next_message(author="poll")
        while results.seq == asked.seq:
            results = await bo.next_message(author="poll")
        assert (results.text, results.reply_to) == ("Tea: 2\nCoffee: 0", asked.seq)


async def test_a_poll_with_one_answer_is_explained(server, monkeypatch):
    async with server.bot(example("poll", monkeypatch).bot, handle="poll"):
        ann = await server.user("ann")
        await ann.say("hall", "/poll Tea? | Yes")
        assert await ann.next_text(author="poll") == "Try /poll Tea or coffee? | Tea | Coffee"


async def test_a_poll_asked_in_a_topic_stays_there(server, monkeypatch):
    async with server.bot(example("poll", monkeypatch).bot, handle="poll"):
        ann = await server.user("ann")
        hall = ann.bot.room("hall")
        topic = (await hall.create_topic("Drinks", "/poll Tea or coffee? | Tea | Coffee")).topic.id
        asked = await ann.next_message(author="poll")
        await hall.react(asked.seq, "✅")
        assert asked.topic == (await ann.next_message(author="poll")).topic == topic


async def test_the_reading_list_keeps_a_topic_for_each_book(server, monkeypatch):
    bot = example("reading_list", monkeypatch).bot
    async with server.bot(bot, handle="books"):
        ann, bo = await server.user("ann"), await server.user("bo")
        room = (await ann.bot.call("room.create", title="Attic")).room
        await bo.join(room)
        await ann.bot.call("room.invite", room=room, user=bot.user.id)

        async def answer(person, text, **where):
            seq = (await person.say(room, text, **where)).seq
            while (heard := await person.next_message(author="books")).reply_to != seq:
                pass
            return heard.text

        assert await answer(ann, "/books") == "No book yet: /book Dune"
        assert await answer(ann, "/book Dune") == "Dune is on the list now: talk about it in its topic."
        await answer(ann, "/book 三体")
        assert await answer(bo, "/book DUNE") == "Dune is on the list already, with 1 messages."
        attic = ann.bot.room(room)
        topics = {topic.title: topic.id async for topic in attic.topics()}
        assert await answer(bo, "/done") == "Write /done in the topic of a book."
        for person, place in ((bo, "1."), (bo, "1."), (ann, "2.")):
            assert place in await answer(person, "/done", topic=topics["Dune"])
        assert await answer(ann, "/books") == "Dune: 7 messages, read by 2\n三体: 1 messages"
        assert list(bot.memory) == [topics["Dune"]]
        await attic.delete_topic(topics["Dune"])
        async with asyncio.timeout(5):
            while bot.memory:
                await asyncio.sleep(0.02)


async def test_host_greets_several_in_one_line_and_nobody_twice(server, monkeypatch):
    watcher = await server.user("watcher")
    async with server.bot(example("host", monkeypatch).bot, handle="usher"):
        for handle in ("ann", "bo"):
            await server.user(handle)
        assert "Welcome, Ann and Bo!" in await watcher.next_text(author="usher")
    cy = await server.user("cy")
    async with server.bot(example("host", monkeypatch).bot, handle="usher"):
        assert "Welcome, Cy!" in await watcher.next_text(author="usher")
        await cy.bot.call("room.leave", room="hall")
        await cy.join("hall")
        await server.user("di")
        assert "Welcome, Di!" in await watcher.next_text(author="usher")


async def test_the_one_without_the_sdk_answers_and_comes_back(server):
    ann = await server.user("ann")
    environ = {
        **os.environ,
        "CHATSERVER_URL": server.url.replace("http", "ws") + "/ws",
        "CHATSERVER_TOKEN": await server.token("pong"),
    }
    program = await asyncio.create_subprocess_exec(
        sys.executable, str(EXAMPLES / "no_sdk.py"), "hall", env=environ, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(20):
            while "pong" not in {each.user.handle async for each in ann.bot.room("hall").members()}:
                await asyncio.sleep(0.02)
        await ann.say("hall", "ping")
        assert await ann.next_text(author="pong") == "pong"
        server.drop_connections()
        for _ in range(3):
            await ann.say("hall", "ping")
        assert [await ann.next_text(author="pong") for _ in range(3)] == ["pong"] * 3
        with contextlib.suppress(TimeoutError):
            pytest.fail(await ann.next_text(author="pong", seconds=0.2))
    finally:
        program.kill()
        await program.communicate()
