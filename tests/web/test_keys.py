"""The keyboard: everything can be done with it, and an input method's Enter is not one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import Route, expect

from tests.web.people import Reader
from tests.web.test_reach import tab_to

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What browsers send while words are being composed. Safari ends the composition before the key, and only keyCode tells.
ENTER_OF_AN_INPUT_METHOD = """(box) => {
  const enter = (more) => box.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Open", bubbles: true, cancelable: true, ...more }));
  return [enter({ isComposing: true }), enter({ keyCode: 229 })];
}"""


async def test_the_enter_of_an_input_method_never_sends(new_reader, new_room) -> None:
    ann = await new_reader("王小明")
    room = await new_room(ann, "Pinyin")
    await ann.open(f"/room/{room}")
    await ann.box.fill("ni hao")
    untouched = await ann.box.evaluate(ENTER_OF_AN_INPUT_METHOD)
    assert untouched == [True, True], "the key was taken from the input method"
    await expect(ann.box).to_have_value("ni hao")
    await ann.box.fill("你好")
    await ann.box.press("Shift+Enter")
    await ann.box.press_sequentially("再见")
    await ann.box.press("Enter")
    await ann.sees("你好\n再见")


async def test_rooms_are_reached_and_words_changed_without_a_mouse(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    tea, books = await new_room(ann, "Tea"), await new_room(ann, "Books")
    await ann.open(f"/room/{tea}")
    heading = ann.page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("Tea")
    await ann.page.keyboard.press("Control+k")
    await ann.page.keyboard.type("boo")
    await ann.page.keyboard.press("Enter")
    await expect(heading).to_have_text("Books")
    await ann.page.keyboard.press("Alt+ArrowUp")
    await expect(heading).to_have_text("Tea")
    await ann.page.keyboard.press("Alt+ArrowDown")
    await expect(heading).to_have_text("Books")
    assert books in ann.page.url

    await expect(heading).to_be_focused()
    await ann.page.keyboard.type("one paje")
    await expect(ann.box).to_be_focused()
    await ann.page.keyboard.press("Enter")
    await ann.sees("one paje")
    await ann.page.keyboard.press("ArrowUp")
    await expect(ann.box).to_have_value("one paje")
    await ann.page.keyboard.press("Escape")
    await expect(ann.box).to_have_value("")
    await ann.page.keyboard.press("ArrowUp")
    await ann.box.fill("one page")
    await ann.page.keyboard.press("Enter")
    await ann.sees("one page")
    await expect(ann.message("one page")).to_contain_text("edited")


async def test_an_edit_under_way_is_kept_like_a_draft(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Second steep")
    await new_room(ann, "Third steep")
    await ann.open(f"/room/{room}")
    await ann.say("first flush")
    await ann.sees("first flush")
    await ann.box.fill("by the way")
    await ann.act("first flush", "Edit")
    await ann.box.fill("second flush")
    await ann.room("Third steep").click()
    await expect(ann.box).to_have_value("")
    await ann.room("Second steep").click()
    await expect(ann.box).to_have_value("second flush")
    await ann.page.reload()
    await expect(ann.box).to_be_visible()
    await expect(ann.box).to_have_value("second flush")
    await expect(ann.page.locator("message-composer .hint")).to_have_text("Editing. Press Esc to cancel.")
    await ann.box.press("Escape")
    await expect(ann.box).to_have_value("by the way")
    await ann.page.reload()
    await expect(ann.box).to_have_value("by the way")
    await ann.sees("first flush")

    await ann.box.fill("")
    await ann.box.press("ArrowUp")
    await ann.box.fill("third flush")
    await ann.call("message.delete", room=room, seq=1)
    await ann.sees("This message was deleted.")
    await ann.box.press("Enter")
    await expect(ann.page.locator("message-composer .hint")).to_contain_text("Your text is kept here")
    await ann.box.press("Escape")
    await expect(ann.box).to_have_value("third flush")
    other_tab = await ann.another_page(f"/room/{room}")
    other_box = other_tab.locator("message-composer textarea")
    await expect(other_box).to_have_value("third flush")
    await ann.box.press("Enter")
    await ann.sees("This message was deleted.", "third flush")
    await expect(other_box).to_have_value("")


async def hold(reader: Reader, file: str) -> Callable[[], None]:
    """This file of the page does not come until what is returned is called."""
    released = asyncio.Event()

    async def wait(route: Route) -> None:
        await released.wait()
        await route.continue_()

    await reader.context.route(f"**/{file}", wait)
    return released.set


async def test_what_is_pressed_before_its_part_has_come_is_heard_when_it_comes(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Early")
    await ann.call("message.send", room=room, text="who spills ||the tea||?", client_id="1")
    files = ("room-parts.js", "list-parts.js", "message-actions.js", "shell-acts.js")
    parts, names, actions, acts = [await hold(ann, file) for file in files]
    await ann.open(f"/room/{room}")
    await ann.hears("who spills")
    await ann.page.locator("room-view .here").click()
    parts()
    await expect(ann.page.locator("room-people")).to_be_visible()
    await ann.page.locator(".community-name").click()
    names()
    await expect(ann.page.get_by_role("menuitem", name="Find a room")).to_be_visible()
    await ann.page.keyboard.press("Escape")
    await ann.page.locator("message-item").press("e")
    actions()
    await expect(ann.page.locator("message-item .six button").first).to_be_focused()
    await ann.page.keyboard.press("Escape")
    await ann.page.locator("message-item").press("?")
    acts()
    await expect(ann.page.get_by_role("dialog", name="Formatting and shortcuts")).to_be_visible()


async def test_what_is_typed_before_the_switcher_stands_is_for_it_and_not_for_the_room(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    tea, _ = await new_room(ann, "Tea"), await new_room(ann, "Books")
    come = await hold(ann, "room-switcher.js")
    await ann.open(f"/room/{tea}")
    heading = ann.page.get_by_role("heading", level=1)
    await expect(heading).to_have_text("Tea")
    await ann.box.focus()
    await ann.page.keyboard.press("Control+k")
    await ann.page.keyboard.type("boo")
    await ann.page.keyboard.press("Enter")
    await expect(ann.box).to_have_value("")
    come()
    await expect(heading).to_have_text("Books")
    await expect(ann.texts()).to_have_count(0)


async def test_a_message_in_hand_is_acted_on_by_keys_and_escape_leads_back(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Hands")
    await ann.open(f"/room/{room}")
    await ann.say("first", "second")
    await ann.sees("first", "second")
    await ann.box.focus()
    first, second = ann.message("first"), ann.message("second")
    await tab_to(ann.page, second, "Shift+Tab")
    await ann.page.keyboard.press("ArrowUp")
    await expect(first).to_be_focused()
    await expect(ann.page.locator(".actions")).to_have_count(1)

    await ann.page.keyboard.press("e")
    await ann.page.keyboard.press("ArrowRight")
    await ann.page.keyboard.press("Enter")
    await expect(first.locator(".reaction.mine")).to_have_text("❤️1")
    await expect(first).to_be_focused()
    await ann.page.keyboard.press("m")
    menu = ann.page.get_by_role("menuitem")
    await expect(menu.first).to_be_focused()
    await ann.page.keyboard.press("Escape")
    await expect(first).to_be_focused()
    await ann.page.keyboard.press("m")
    while not await ann.page.get_by_role("menuitem", name="Pin").evaluate("(row) => row.matches(':focus')"):
        await ann.page.keyboard.press("ArrowDown")
    await ann.page.keyboard.press("Enter")
    await expect(first).to_be_focused()
    await expect(first.locator(".pinned")).to_have_count(1)
    await ann.page.keyboard.press("m")
    await expect(ann.page.get_by_role("menuitem", name="Unpin")).to_be_visible()
    assert [pin["seq"] for pin in (await ann.call("room.pins", room=room))["messages"]] == [1]
    await ann.page.keyboard.press("Escape")
    await expect(first).to_be_focused()
    await ann.page.keyboard.press("Escape")
    await expect(ann.box).to_be_focused()
    await ann.page.keyboard.press("Control+k")
    await ann.page.keyboard.press("Escape")
    await expect(ann.page.locator("room-switcher dialog")).to_be_hidden()
    await expect(ann.box).to_be_focused()
