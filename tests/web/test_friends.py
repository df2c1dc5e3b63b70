"""Two who met in a room: a poke, a card, a conversation; and two at a table, a code."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.web.people import Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def visit(reader: Reader, other: Reader) -> None:
    await reader.open(f"/user/{other.user['handle']}")


async def test_from_the_same_room_to_a_conversation_of_two(new_reader, new_room) -> None:
    ann, ming = await new_reader("Ann Lin"), await new_reader("王小明", locale="zh-CN", reduced_motion="reduce")
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
    await expect(step).to_contain_text("Sent today")

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
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("王小明")
    await expect(ann.page.locator("curtain-opening.open")).to_be_visible()
    await expect(ann.page.locator("curtain-opening")).to_have_count(0)
    await expect(ann.texts()).to_have_count(2)
    await ann.hears("绿萝，怎么养都活")
    await ann.say("Shall we swap cuttings?")
    await steps.get_by_role("link", name="去聊聊").click()
    await expect(ming.page.locator("message-item").first).to_be_visible()
    await expect(ming.page.locator("curtain-opening")).to_have_count(0)
    await ming.hears("Shall we swap cuttings?")
    await ming.open("/")
    await ming.page.locator("room-list .rooms a", has_text="Ann Lin").click()
    await ming.hears("Shall we swap cuttings?")
    await expect(ming.page.locator("curtain-opening")).to_have_count(0)

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


async def test_a_poke_from_a_message_takes_one_click_or_the_keyboard_alone(new_reader, new_room) -> None:
    ann, ming, tom = await new_reader("Ann Lin"), await new_reader("王小明"), await new_reader("Tom")
    room = await new_room(tom, "Balcony", ann, ming)
    for reader, text in ((ming, "my tomatoes froze"), (tom, "mine, too")):
        await reader.call("message.send", room=room, text=text, client_id="1")
    await ann.open(f"/room/{room}")
    theirs = ann.message("my tomatoes froze")
    await theirs.hover()
    await theirs.get_by_role("button", name="Same here").click()
    await expect(theirs.get_by_role("status")).to_have_text("Say something in this room first.")
    await theirs.get_by_role("button", name="Close").click()

    await ann.say("I sow again in May")
    await ann.hears("I sow again in May")
    await theirs.hover()
    await theirs.get_by_role("button", name="Same here").click()
    await expect(theirs.get_by_role("status")).to_contain_text("You poked 王小明: “Same here”")
    (came,) = (await ming.call("poke.list"))["received"]
    assert came["gesture"] == "same_here" and came["seq"] == 1
    await expect(theirs.locator(".actions")).to_have_text("Poked · Today")
    await ann.page.reload()
    await expect(theirs.locator(".actions")).to_have_text("Poked · Today")
    await expect(ann.message("I sow again in May").get_by_role("button", name="Same here")).to_have_count(0)

    await ann.box.press("Shift+Tab")
    await expect(ann.message("I sow again in May")).to_be_focused()
    await ann.page.keyboard.press("ArrowUp")
    await expect(ann.message("mine, too")).to_be_focused()
    for _ in range(3):
        await ann.page.keyboard.press("Tab")
    await expect(ann.message("mine, too").get_by_role("button", name="Tea sometime?")).to_be_focused()
    await ann.page.keyboard.press("Enter")
    note = ann.message("mine, too").get_by_role("status")
    await expect(note).to_contain_text("You poked Tom")
    await expect(note).to_be_focused()
    await ann.page.keyboard.press("Tab")
    await ann.page.keyboard.press("Enter")
    await expect(ann.message("mine, too").locator("poke-note")).to_have_count(0)
    await expect(ann.message("mine, too")).to_be_focused()
    assert [poke["to"] for poke in (await ann.call("poke.list"))["sent"]] == [ming.user["id"]]


async def test_the_tap_that_opens_a_messages_actions_on_glass_pokes_nobody(new_reader, new_room) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    zhang, ming = await new_reader("张三", locale="zh-CN", **phone), await new_reader("王小明")
    room = await new_room(ming, "阳台", zhang)
    for reader in (ming, zhang):
        await reader.call("message.send", room=room, text="番茄冻坏了", client_id="1")
    await zhang.open(f"/room/{room}")
    theirs = zhang.page.locator("message-item").first
    await theirs.locator(".text").tap()
    gesture = theirs.get_by_role("button", name="我也是")
    await expect(gesture).to_be_visible()
    assert not (await zhang.call("poke.list"))["sent"]
    await gesture.tap()
    await expect(theirs.get_by_role("status")).to_contain_text("你戳了王小明")
    assert len((await zhang.call("poke.list"))["sent"]) == 1


async def test_another_card_is_drawn_once_and_an_answer_under_way_outlives_news(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Balcony", bob)
    for reader in (ann, bob):
        await reader.call("message.send", room=room, text="hello", client_id="1")
    sent = (await ann.call("poke.send", room=room, to=bob.user["id"], gesture="tea"))["sent"]
    await visit(bob, ann)
    steps = bob.page.locator("tie-steps")
    question = steps.locator("curtain-card blockquote")
    first = await question.text_content()
    await expect(steps.get_by_role("button", name="Another card")).to_have_count(0)
    await steps.get_by_role("button", name="Return it, answer later").click()
    await expect(question).to_have_text(first)
    await steps.get_by_role("button", name="Another card").click()
    await expect(question).not_to_have_text(first)
    await expect(steps.get_by_role("button", name="Another card")).to_have_count(0)
    await steps.get_by_label("Your answer").press_sequentially("Half an ans")
    tie = await ann.call("tie.get", user=bob.user["id"])
    assert sent["poke"].startswith(tie["tie"])
    await ann.call("curtain.answer", tie=tie["tie"], card=tie["curtain"]["card"], text="Rivers")
    await expect(steps.locator(".seats .answered")).to_have_text(re.compile("Ann Lin has answered"))
    await expect(steps.get_by_label("Your answer")).to_have_value("Half an ans")
    await expect(steps.get_by_label("Your answer")).to_be_focused()
    await expect(bob.page.locator("body")).not_to_contain_text("Rivers")
    await steps.get_by_label("Your answer").press_sequentially("wer")
    await steps.get_by_role("button", name="Answer", exact=True).click()
    await expect(bob.texts()).to_have_text(["Rivers", "Half an answer"])
