"""The page, used: what one types, others see, whatever happens to the community in between."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, expect

from chatserver.bot import Bot, MessagePosted
from tests.web import people
from tests.web.people import LINE_DOWN, Served, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def a_bot_that_notes(url: str, token: str) -> tuple[Bot, list[str]]:
    """A bot of the SDK, and what it hears people say."""
    bot, heard = Bot(url, token, patience=0.05), []

    @bot.on(MessagePosted)
    async def note(event: MessagePosted) -> str | None:
        heard.append(event.text)
        return "one cup, coming" if event.text == "tea, please" else None

    return bot, heard


async def test_two_browsers_and_a_bot_see_every_message_once_and_in_order_though_the_server_is_killed_in_between(
    served: Served, new_reader, new_room
) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明", locale="zh-CN")
    room = await new_room(ann, "Evening tea", bob)
    made = await ann.call("bot.create", handle="teaboy", name="Tea boy")
    await ann.call("room.invite", room=room, user=made["user"]["id"])
    bot, heard = a_bot_that_notes(served.url, made["token"])
    async with bot.running():
        await ann.open(f"/room/{room}")
        await bob.open(f"/room/{room}")
        await ann.say("good evening")
        await bob.say("晚上好")
        await bob.hears("good evening")
        await ann.hears("晚上好")
        await ann.say("tea, please")
        await bob.hears("one cup, coming")

        for reader in (ann, bob):
            reader.forgive(LINE_DOWN)
        await served.kill()
        await ann.say("is anybody there?")
        await expect(ann.message("is anybody there?")).to_contain_text("waiting")
        await expect(ann.page.locator(".banner")).to_contain_text("You're offline")
        await served.start()

        for reader in (ann, bob):
            await reader.wakes()
        await bob.hears("is anybody there?")
        await bob.say("在，一直都在")
        said = ["good evening", "晚上好", "tea, please", "one cup, coming", "is anybody there?", "在，一直都在"]
        await ann.sees(*said)
        await bob.sees(*said)
        await expect(ann.page.locator(".banner")).to_be_hidden()
        by_people = [text for text in said if text != "one cup, coming"]
        await until(lambda: len(heard) >= len(by_people), f"the bot hears all; it heard {heard}")
        assert heard == by_people


async def test_messages_that_wait_while_the_page_reloads_are_sent_once(served: Served, new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Letters", bob)
    await ann.open(f"/room/{room}")
    await bob.open(f"/room/{room}")
    await ann.say("first")
    await bob.hears("first")
    ann.forgive(LINE_DOWN)
    bob.forgive(LINE_DOWN)
    second = await ann.another_page(f"/room/{room}")
    await expect(second.locator("message-item")).to_have_count(1)
    await served.kill()
    await ann.say("kept in the drawer", "and this one too")
    await expect(ann.page.locator("message-item.waiting")).to_have_count(2)
    await served.start()
    await asyncio.gather(ann.page.reload(), second.reload())
    await bob.wakes()
    await bob.sees("first", "kept in the drawer", "and this one too")
    await ann.sees("first", "kept in the drawer", "and this one too")
    await expect(second.locator("message-item .text")).to_have_text(["first", "kept in the drawer", "and this one too"])


async def test_the_host_greets_who_comes_in_by_the_page(tmp_path, browser: Browser) -> None:
    server = Served(tmp_path / "data")
    await server.start()
    try:
        ann = await people.reader(server, browser)
        await ann.open("/sign-up")
        await ann.page.get_by_label("Your name", exact=True).fill("Ann Lin")
        await ann.page.get_by_label("Username", exact=True).fill("ann")
        await ann.page.get_by_label("Password", exact=True).fill("warm tea at dusk")
        await ann.page.locator("account-form").get_by_role("button", name="Sign up").click()
        await ann.page.get_by_role("button", name="I've saved it").click()
        await ann.hears("Welcome, Ann Lin!")
        await ann.context.close()
        ann.check()
    finally:
        await server.stop()
