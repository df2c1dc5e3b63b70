"""Composing words, as an input method does it (through the DevTools protocol): nothing early, lost or doubled."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What stands in the box while it is composed, and what it becomes.
METHODS = {
    "Pinyin": (["n", "ni", "ni'h", "ni'hao"], "你好"),
    "Zhuyin": (["ㄋ", "ㄋㄧ", "ㄋㄧˇ", "你ㄏ", "你ㄏㄠˇ"], "你好"),
    "Japanese": (["ｋ", "こ", "こｎ", "こん", "こんに", "こんにち", "こんにちは"], "今日は"),
}
ENTER = {"key": "Open", "code": "Open", "windowsVirtualKeyCode": 229}


@pytest.mark.parametrize("method", METHODS)
async def test_words_are_composed_chosen_with_enter_and_sent_with_the_next(new_reader, new_room, method: str) -> None:
    ann = await new_reader("王小明")
    room = await new_room(ann, method)
    await ann.open(f"/room/{room}")
    await expect(ann.page.get_by_role("heading", level=1)).to_be_focused()
    await ann.box.click()
    tools = await ann.context.new_cdp_session(ann.page)
    steps, chosen = METHODS[method]
    for number in (1, 2):
        for step in steps:
            at = len(step)
            await tools.send("Input.imeSetComposition", {"text": step, "selectionStart": at, "selectionEnd": at})
            await expect(ann.box).to_have_value(chosen * (number - 1) + step)
        await tools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **ENTER})
        await tools.send("Input.insertText", {"text": chosen})
        await tools.send("Input.dispatchKeyEvent", {"type": "keyUp", **ENTER})
        await expect(ann.box).to_have_value(chosen * number)
        await expect(ann.texts()).to_have_count(0)
    await ann.box.press("Enter")
    await ann.sees(chosen * 2)
    await expect(ann.box).to_have_value("")


async def test_what_is_given_up_while_it_is_composed_leaves_what_stood_there(new_reader, new_room) -> None:
    ann = await new_reader("王小明")
    room = await new_room(ann, "Given up")
    await ann.open(f"/room/{room}")
    await ann.box.fill("茶")
    await ann.box.press("End")
    tools = await ann.context.new_cdp_session(ann.page)
    await tools.send("Input.imeSetComposition", {"text": "shui", "selectionStart": 4, "selectionEnd": 4})
    await expect(ann.box).to_have_value("茶shui")
    await tools.send("Input.imeSetComposition", {"text": "", "selectionStart": 0, "selectionEnd": 0})
    await ann.box.press("Enter")
    await ann.sees("茶")
