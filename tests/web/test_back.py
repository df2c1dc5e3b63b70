"""Going back, and what stands over a page: each closes by itself and leads to where one was."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


async def test_back_closes_what_stands_over_a_page_and_leads_to_where_one_was(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Back doors", bob)
    await ann.open(f"/room/{room}")
    await ann.page.locator("room-list .foot .me").click()
    profile = ann.page.locator("user-profile")
    await expect(profile.get_by_role("heading", level=1)).to_have_text("Ann Lin")
    dialog = ann.page.locator("room-switcher dialog")
    await ann.page.keyboard.press("Control+k")
    await expect(dialog).to_be_visible()
    await ann.page.evaluate("history.back()")
    await expect(dialog).to_be_hidden()
    await expect(ann.page).to_have_url(re.compile("/user/"))
    await expect(profile).to_be_visible()

    await ann.page.keyboard.press("Control+k")
    await expect(dialog).to_be_visible()
    await ann.page.evaluate("history.pushState(null, '', '/people'); dispatchEvent(new PopStateEvent('popstate'))")
    await expect(dialog).to_be_hidden()
    await ann.page.evaluate("history.back()")
    await profile.get_by_role("link", name="Back").click()
    await expect(ann.page).to_have_url(re.compile(f"/room/{room}"))


async def test_a_phone_goes_back_from_a_person_to_the_page_they_were_found_on(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin", **PHONE), await new_reader("Bob")
    room = await new_room(bob, "Found there", ann)
    await ann.open("/")
    await ann.room("Found there").tap()
    await ann.page.locator("room-view .here").tap()
    await ann.page.locator("room-people").get_by_role("link", name="Bob").tap()
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("Bob")
    await ann.page.locator("user-profile .back").tap()
    await expect(ann.page.locator("room-people").get_by_role("link", name="Bob")).to_be_visible()
    await ann.page.locator("room-people .back").tap()
    await expect(ann.page.locator("room-people")).to_be_hidden()
    await expect(ann.page).to_have_url(re.compile(f"/room/{room}$"))


async def test_a_press_beside_a_menu_only_closes_it_and_so_does_escape(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin", **PHONE)
    await new_room(ann, "Beneath the menu")
    await ann.open("/")
    opener, menu = ann.page.locator("room-list .community-name"), ann.page.locator("room-list > .menu")
    await expect(opener).to_have_attribute("aria-haspopup", "menu")
    await opener.tap()
    box, end = await menu.bounding_box(), await opener.bounding_box()
    assert box and end
    assert abs(box["x"] + box["width"] - end["x"] - end["width"]) < 6, "the menu stands below the arrow"
    row = await ann.room("Beneath the menu").bounding_box()
    assert row
    await ann.page.touchscreen.tap(20, 700)
    await expect(menu).to_have_count(0)
    await opener.tap()
    await expect(menu).to_be_visible()
    await ann.page.touchscreen.tap(row["x"] + 12, row["y"] + row["height"] / 2)
    await expect(menu).to_have_count(0)
    await expect(ann.page).to_have_url(re.compile("/$"))

    await ann.room("Beneath the menu").tap()
    more, menu = ann.page.locator("room-view .more"), ann.page.locator("room-view > .menu")
    await more.click()
    await expect(menu).to_be_visible()
    await ann.page.evaluate("document.activeElement.blur()")
    await ann.page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await more.click()
    await expect(menu).to_be_visible()


async def test_escape_closes_only_what_was_opened_last(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "One by one")
    await ann.open(f"/room/{room}")
    panel = ann.page.locator("room-people")
    await ann.page.locator("room-view .here").click()
    await panel.get_by_role("button", name="Notify me").click()
    await ann.page.get_by_label("Mentions and replies").focus()
    await panel.get_by_role("button", name="Room settings").click()
    title = panel.locator("input[name='title']")
    await title.fill("Two by")
    await title.press("Escape")
    await expect(title).to_have_value("Two by")  # what is not saved stays
    await title.fill("One by one")
    await title.press("Escape")
    await expect(title).to_have_count(0)
    await expect(panel.get_by_role("button", name="Room settings")).to_be_focused()
    await ann.page.keyboard.press("Escape")
    await expect(panel.get_by_label("Mentions and replies")).to_have_count(0)
    await expect(panel).to_be_visible()
    await ann.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(ann.page.locator("room-view .here")).to_be_focused()


async def test_who_joins_is_here_at_once_and_can_write_on_a_line_of_its_own(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob", **PHONE)
    room = await new_room(ann, "Come and join")
    await ann.open(f"/room/{room}")
    await bob.open(f"/room/{room}")
    await expect(bob.page.locator("message-list .empty")).to_have_text("No messages yet. Join to say hello.")
    await bob.page.get_by_role("button", name="Join").tap()
    await expect(bob.page.locator("room-view .here")).to_have_accessible_name("2 members · 2 online")
    cups = bob.page.locator("room-table .cups")
    await expect(cups).to_have_attribute("aria-label", re.compile("Here now: .*(Ann Lin|Bob), (Ann Lin|Bob)"))
    sizes = await bob.page.locator("message-composer").evaluate(
        "(one) => [one.querySelector('form').clientHeight, one.querySelector('textarea').offsetHeight]"
    )
    assert sizes[1] >= sizes[0] - 4, f"the words stand in the middle of their box: {sizes}"
    order = await cups.locator("[role=img]").evaluate_all("(all) => all.map((one) => one.title)")
    await ann.say("first")
    await bob.hears("first")
    await bob.call("message.send", room=room, text="second", client_id="1")
    await bob.hears("second")
    await expect(cups.locator("[role=img]")).to_have_count(2)
    assert order == await cups.locator("[role=img]").evaluate_all("(all) => all.map((one) => one.title)")
    await bob.page.locator("room-view .here").tap()
    await expect(bob.page.locator("room-people h3").first).to_have_text("Here now · 2")
    await bob.page.get_by_role("button", name="Notify me").tap()
    await expect(bob.page.get_by_label("Mentions and replies")).to_be_visible()
    gap = "(one) => one.querySelector('.rows').getBoundingClientRect().top - one.getBoundingClientRect().top"
    assert await bob.page.locator("room-people > .body").evaluate(gap) < 20, "nothing empty stands above the first row"
