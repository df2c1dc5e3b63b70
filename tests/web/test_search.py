"""Searching: what was said is found in any script, narrowed, opened in its place, and come back to."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.web.people import Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


async def say(reader: Reader, room: str, *texts: str) -> list[int]:
    """Post these; returns their numbers."""
    posted = [
        await reader.call("message.send", room=room, text=text, client_id=f"{room}{number}{text[:9]}")
        for number, text in enumerate(texts)
    ]
    return [one["seq"] for one in posted]


async def is_indexed(reader: Reader, query: str, room: str) -> None:
    """Until the server finds it: a new message is found within two seconds."""

    async def found() -> bool:
        return bool((await reader.call("message.search", query=query, room=room))["messages"])

    while not await found():
        await reader.page.wait_for_timeout(50)


def hits(reader: Reader) -> Locator:
    return reader.page.locator("search-page .hits > li")


async def test_what_was_said_is_found_from_its_room_opened_in_place_and_come_back_to(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Balcony", bob)
    elsewhere = await new_room(ann, "Cellar", bob)
    await say(bob, elsewhere, "oolong in the cellar")
    await say(bob, room, "before it", "我在重慶喝 oolong 茶", "after it", *(f"oolong number {n}" for n in range(40)))
    gone = (await say(bob, room, "oolong, said by mistake"))[0]
    await say(bob, room, "last oolong words")
    await is_indexed(ann, "last oolong", room)
    await bob.call("message.delete", room=room, seq=gone)

    await ann.open(f"/room/{room}")
    await expect(ann.message("last oolong words")).to_be_visible()
    await expect(ann.page.locator("message-composer textarea")).to_be_visible()
    await ann.page.keyboard.press("Control+f")
    field = ann.page.locator("search-page .asking input")
    await expect(field).to_be_focused()
    await ann.page.keyboard.type("oolong")
    await expect(hits(ann).first).to_contain_text("last oolong words")
    await expect(ann.page.locator("search-page .chip.on")).to_have_text("Balcony")
    await expect(ann.page).to_have_url(re.compile(rf"/search\?room={room}$"))
    await expect(ann.page.locator("search-page")).not_to_contain_text("mistake")

    # The rest comes as one reads down; what stands around a hit comes into sight with it.
    hit = hits(ann).filter(has_text="重慶")
    for _ in range(3):
        await hits(ann).last.scroll_into_view_if_needed()
    await expect(hits(ann)).to_have_count(42)
    await hit.scroll_into_view_if_needed()
    await expect(hit.locator(".beside")).to_have_text([re.compile("before it"), re.compile("after it")])
    await expect(hit.locator("mark")).to_have_text(["oolong"])
    await hit.locator("a").focus()
    before = await hit.bounding_box()
    await hit.locator("a").press("Enter")
    await expect(ann.page).to_have_url(re.compile(rf"/room/{room}/2$"))
    await expect(ann.message("重慶")).to_be_in_viewport()
    await ann.page.go_back()
    await expect(hit.locator("a")).to_be_focused()
    await expect(hit).to_be_in_viewport()
    after = await hit.bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 8, (before, after)
    await ann.page.reload()
    await expect(hit).to_be_in_viewport()
    await expect(field).to_have_value("oolong")

    await ann.page.keyboard.press("Control+f")
    await expect(field).to_be_focused()
    await ann.page.keyboard.press("ArrowDown")
    await expect(hits(ann).first.locator("a")).to_be_focused()
    await ann.page.keyboard.press("ArrowUp")
    await expect(field).to_be_focused()
    await ann.page.keyboard.press("Escape")
    await expect(ann.page).to_have_url(re.compile(rf"/room/{room}$"))


async def test_both_scripts_are_found_and_chips_narrow_the_search(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("欧阳锦")
    tea, plants = await new_room(ann, "Tea room", bob), await new_room(ann, "Plants", bob)
    await say(ann, tea, "我在重慶", "nothing of it")
    await say(bob, plants, "重庆的花 https://example.org/flowers")
    await is_indexed(ann, "重庆", plants)
    await ann.open("/room/hall")
    await expect(ann.box).to_be_visible()
    await ann.page.keyboard.press("Control+k")
    await ann.page.locator("room-switcher input").press_sequentially("重庆")
    await expect(ann.page.locator("room-switcher [role=option]").last).to_contain_text("Search messages for “重庆”")
    await ann.page.keyboard.press("Enter")
    await expect(hits(ann).locator("mark")).to_have_text(["重庆", "重慶"])
    await expect(ann.page.get_by_text("Found in both scripts: 重庆, 重慶")).to_be_visible()
    await expect(ann.page.get_by_role("tab", name="Messages")).to_have_text("Messages2")

    chips = ann.page.locator("search-page > .chips")
    await chips.get_by_role("button", name="from").click()
    await ann.page.locator("search-page .picker input").press_sequentially("ouyangj")
    await expect(ann.page.get_by_role("option")).to_have_text([re.compile("欧阳锦")])
    await ann.page.keyboard.press("Enter")
    await expect(hits(ann)).to_have_count(1)
    await expect(hits(ann)).to_contain_text("的花")
    await chips.get_by_role("button", name="has").click()
    await ann.page.get_by_role("menuitem", name="has a link").click()
    await chips.get_by_role("button", name="when").click()
    await ann.page.get_by_role("button", name="Last 7 days").click()
    await expect(chips.locator(".on")).to_have_count(3)
    await expect(ann.page).to_have_url(re.compile(r"\?from=\w+&has=link&since=\d{4}-\d\d-\d\d$"))
    await expect(hits(ann)).to_have_count(1)
    await ann.page.reload()
    await expect(chips.locator(".on").first).to_have_text("from 欧阳锦")
    await expect(hits(ann)).to_have_count(1)

    await chips.get_by_role("button", name="in a room").click()
    await ann.page.get_by_role("option", name="Tea room").click()
    await expect(ann.page.get_by_role("heading", name="Nothing found")).to_be_visible()
    await chips.get_by_role("button", name="Remove: from 欧阳锦").click()
    await ann.page.get_by_role("button", name="With or without").click()
    await expect(hits(ann)).to_have_text([re.compile("我在重慶")])
    await ann.page.get_by_role("button", name="Clear").click()
    state = ann.page.locator("search-page .column:visible .state")
    await expect(state).to_contain_text("Find what was said in your rooms.")
    await ann.page.locator("search-page .asking input").press_sequentially("plants")
    await ann.page.get_by_role("tab", name="Rooms").click()
    await ann.page.locator("search-page .names").get_by_role("link", name="Plants").click()
    await expect(ann.page).to_have_url(re.compile(f"/room/{plants}$"))


async def test_a_phone_searches_in_a_room_on_a_page_of_its_own(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin", **PHONE)
    room = await new_room(ann, "Phones")
    await say(ann, room, "sencha for the road")
    await is_indexed(ann, "sencha", room)
    await ann.open(f"/room/{room}")
    await ann.page.locator("room-view .find").tap()
    await ann.page.locator("search-page .asking input").press_sequentially("senc")
    await expect(hits(ann).locator("mark")).to_have_text(["senc"])
    small = "nodes => nodes.filter(node => node.getBoundingClientRect().height < 44).map(node => node.outerHTML)"
    targets = ann.page.locator("search-page :is(.chips button, [role=tab], .back, .asking button, .hits a):visible")
    assert await targets.evaluate_all(small) == []
    assert await ann.page.evaluate("document.documentElement.scrollWidth") <= 390
    await hits(ann).locator("a").tap()
    await expect(ann.message("sencha for the road")).to_be_in_viewport()
    await ann.page.go_back()
    await ann.page.locator("search-page .back").tap()
    await expect(ann.page).to_have_url(re.compile(f"/room/{room}$"))
