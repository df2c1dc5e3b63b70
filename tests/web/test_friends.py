"""Two who met in a room: a poke, a card, a conversation; and two at a table, a code."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.people import Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def visit(reader: Reader, other: Reader) -> None:
    await reader.open(f"/user/{other.user['handle']}")


async def test_from_the_same_room_to_a_conversation_of_two(new_reader, new_room) -> None:
    ann, ming = await new_reader("Ann Lin"), await new_reader("王小明", locale="zh-CN")
    room = await new_room(ann, "Balcony", ming)
    step, steps = ann.page.locator("tie-steps"), ming.page.locator("tie-steps")
    await ann.call("message.send", room=room, text="my tomatoes froze", client_id="1")
    await visit(ann, ming)
    await expect(step).to_contain_text("Say something in Balcony first.")
    await ming.call("message.send", room=room, text="我的也是", client_id="1")
    await visit(ann, ming)
    await expect(step).to_contain_text("Poke 王小明 from Balcony")
    await ming.open("/")
    await step.get_by_role("button", name="Same here").click()
    await expect(step).to_contain_text("Sent on")

    bell = ming.page.locator("room-list .bell")
    await expect(bell.locator(".badge")).to_have_text("1")
    await bell.click()
    await expect(ming.page.locator("people-page .waits")).to_contain_text("戳了戳你")
    await expect(bell.locator(".badge")).to_be_hidden()
    await ming.page.locator("people-page .waits a").click()
    await expect(steps).to_contain_text("my tomatoes froze")
    await steps.get_by_label("你的回答").fill("绿萝，怎么养都活")
    await steps.get_by_role("button", name="回答").click()
    await expect(steps).to_contain_text("等Ann Lin")

    await expect(step).to_contain_text("王小明 has answered")
    await expect(ann.page.locator("body")).not_to_contain_text("绿萝")
    await step.get_by_label("Your answer").fill("A cactus, forgiving as I need it")
    await step.get_by_role("button", name="Answer", exact=True).click()
    await step.get_by_role("link", name="Talk").click()
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("王小明")
    await expect(ann.texts()).to_have_count(2)
    await ann.hears("绿萝，怎么养都活")
    await ann.say("Shall we swap cuttings?")
    await steps.get_by_role("link", name="去聊聊").click()
    await ming.hears("Shall we swap cuttings?")

    await visit(ann, ming)
    await step.get_by_label("Your note").fill("plants, Balcony")
    await step.get_by_role("button", name="Block").focus()
    await expect(step).to_contain_text("from Balcony")
    await ann.page.reload()
    await expect(step.get_by_label("Your note")).to_have_value("plants, Balcony")
    await step.get_by_role("button", name="Block").click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Block").click()
    await expect(step).to_contain_text("You have blocked")
    await step.get_by_role("button", name="Unblock").click()
    await expect(step).to_contain_text("You know each other")


async def test_two_at_a_table_enter_a_code_and_are_friends(new_reader) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    await ann.open("/people")
    await bob.open("/people")
    await ann.page.get_by_role("button", name="Show my code").click()
    code = await ann.page.locator("people-page output").text_content()
    await bob.page.get_by_label("The code you are shown").fill(code)
    await bob.page.get_by_role("button", name="Enter it").click()
    await bob.page.get_by_role("button", name="Yes, we met").click()
    await ann.page.get_by_role("button", name="Yes, we met").click()
    for reader, name in ((ann, "Bob"), (bob, "Ann Lin")):
        row = reader.page.locator("people-page .ties li", has_text=name)
        await expect(row).to_contain_text("friends")
