"""The host among real people: it greets once, answers people who are alone, and knows when to be quiet."""

import contextlib

import pytest

from chatserver.bot import Bot
from chatserver.bot.host import Host
from chatserver.testkit import TestServer
from tests.bot.double import until


@pytest.fixture
async def server(address):
    async with TestServer(store_address=address) as opened:
        yield opened


def hosting(server, **options):
    bot = Bot(patience=0.01)
    Host(bot, **{"gather": 0.05, **options})
    return server.bot(bot, handle="usher")


async def leaves(user):
    """Close this person's socket, as closing the page does."""
    user.bot.stop()
    await until(lambda: user.bot._session is None)


async def is_silent(user):
    with contextlib.suppress(TimeoutError):
        pytest.fail(f"said: {await user.next_text(author='usher', seconds=0.3)}")


async def test_newcomers_who_come_together_are_greeted_in_one_line(server):
    ann = await server.user("ann")
    async with hosting(server, gather=1.0):
        assert (await ann.next_text(author="usher")).startswith("Welcome, Ann!")
        await server.user("bo")
        await server.user("cy", name="小安")
        assert (await ann.next_text(author="usher")).startswith("Welcome, Bo and 小安!")


async def test_nobody_is_greeted_twice_not_even_after_leaving_and_a_restart(server):
    ann = await server.user("ann")
    async with hosting(server):
        await ann.next_text(author="usher")
    await ann.bot.call("room.leave", room="hall")
    await ann.join("hall")
    async with hosting(server):
        await ann.bot.call("room.leave", room="hall")
        await ann.join("hall")
        await server.user("bo")
        assert (await ann.next_text(author="usher")).startswith("Welcome, Bo!")
        await is_silent(ann)


async def test_who_came_while_the_host_was_away_is_greeted_when_it_comes_back(server):
    ann = await server.user("ann")
    async with hosting(server):
        await ann.next_text(author="usher")
    await server.user("bo")
    await server.user("cy")
    async with hosting(server):
        assert (await ann.next_text(author="usher")).startswith("Welcome, Bo and Cy!")


async def test_whose_first_act_was_to_write_is_never_greeted_and_nobody_is_told_that_they_are_alone(server):
    async with hosting(server, gather=0.3):
        ann = await server.user("ann")
        await ann.say("hall", "is anybody here?")
        await is_silent(ann)
        await server.user("bo")
        assert (await ann.next_text(author="usher")).startswith("Welcome, Bo!")
    await server.user("cy")
    await ann.say("hall", "still nobody?")
    dee = await server.user("dee")
    await dee.say("hall", "hello")
    async with hosting(server):
        assert (await ann.next_text(author="usher")).startswith("Welcome, Cy!")
        await is_silent(ann)


async def test_who_writes_to_the_host_is_told_once_a_day_that_nobody_reads_it(server):
    ann = await server.user("ann", name="小安")
    async with hosting(server) as usher:
        await ann.next_text(author="usher")
        room = (await ann.bot.call("direct.open", bot=usher.user.id)).room
        await ann.say(room, "what can you do?")
        assert (await ann.next_text(author="usher")).startswith("That's all there is to the practice.")
        await ann.say(room, "and now?")
        await is_silent(ann)


async def test_a_welcome_already_posted_in_another_language_stays(server):
    ann = await server.user("ann")
    async with hosting(server):
        await ann.next_text(author="usher")
    state = server.folder / "usher.state"
    state.write_text("".join(line for line in state.read_text().splitlines(keepends=True) if "met " not in line))
    async with hosting(server, language="zh-Hans"):
        await is_silent(ann)
        await server.user("bo")
        assert (await ann.next_text(author="usher")).startswith("欢迎Bo！")
