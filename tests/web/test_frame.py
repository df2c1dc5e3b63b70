"""The frame: the list of rooms, the room's page, the switcher, doors."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.people import PASSWORD
from tests.web.people import ROOT, Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def titles(reader: Reader, kind: str = "ul.rooms:not(.talks):not(.nearby)") -> object:
    return reader.page.locator(f"room-list {kind} .title")


async def test_rooms_stand_by_what_they_are_to_the_reader(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    quiet, loud, called, hall = [
        await new_room(bob, title, ann) for title in ("Quiet", "Loud enough", "Called", "Open here")
    ]
    for room, level in ((quiet, "none"), (loud, "mentions"), (called, "mentions")):
        await ann.call("room.notify", room=room, level=level)
    await ann.open(f"/room/{hall}")
    await ann.page.locator("room-view .here").click()
    page = ann.page.locator("room-people")
    await page.get_by_role("button", name="Add to favourites").click()
    await expect(ann.room("Open here")).to_contain_text("favourite")
    await bob.call("message.send", room=loud, text="one more", client_id="1")
    await expect(ann.room("Loud enough")).to_have_class(re.compile("unread"))
    await bob.call("message.send", room=called, text=f"@{ann.user['handle']} here", client_id="2")
    await expect(ann.room("Called").locator(".badge.lit")).to_have_text("1")
    await expect(ann.room("Loud enough").locator(".badge")).to_have_text("")
    await expect(titles(ann).nth(0)).to_have_text("Open here")
    await expect(titles(ann).nth(1)).to_have_text("Called")
    await expect(titles(ann).last).to_have_text("Quiet")
    await expect(ann.page).to_have_title("(1) Open here · Teahouse 茶馆")

    await page.get_by_role("button", name="Notify me").click()
    await page.get_by_role("button", name="Mute …").click()
    await ann.page.get_by_role("menuitem", name="Mute for 8 hours").click()
    await expect(page.get_by_role("button", name="Notify me")).to_contain_text("Nothing · until")
    await page.get_by_role("button", name="Unmute now").click()
    await expect(page.get_by_role("button", name="Notify me")).not_to_contain_text("until")


async def test_older_conversations_wait_behind_a_button_and_the_open_one_stays(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    await new_room(ann, "Below them all")
    for number in range(8):
        made = await ann.call("bot.create", handle=f"{ann.user['handle']}-b{number}", name=f"Bot {number}")
        await ann.call("direct.open", bot=made["user"]["id"])
    await ann.open("/")
    talks, others = titles(ann, ".talks"), ann.page.locator("room-list").get_by_role("button", name="All conversations")
    await expect(talks).to_have_count(6)
    await expect(others).to_contain_text("2")
    shown = await talks.all_text_contents()
    await others.click()
    await expect(talks).to_have_count(8)
    older = (set(await talks.all_text_contents()) - set(shown)).pop()
    await ann.room(older).click()
    await expect(ann.page.locator("room-view h1")).to_have_text(older)
    await ann.page.locator("room-list").get_by_role("button", name="Recent conversations").click()
    await expect(talks).to_have_count(7)
    await expect(talks.last).to_have_text(older)


async def test_moderators_choose_who_may_write_and_the_hall_stays(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Announcements", bob)
    await ann.open(f"/room/{room}")
    await ann.page.locator("room-view .titles").click()
    page = ann.page.locator("room-people")
    await page.get_by_role("button", name="Who may write").click()
    await page.get_by_label("Moderators only").check()
    await expect(page.get_by_role("button", name="Who may write")).to_contain_text("Moderators only")
    await expect(page.get_by_role("button", name="Archive")).to_be_visible()
    await page.get_by_role("button", name="Close").click()
    await expect(page).to_be_hidden()
    await ann.follow("/room/hall")
    await ann.page.locator("room-view .more").click()
    await ann.page.get_by_role("menuitem", name="About this room").click()
    await expect(page.get_by_role("button", name="Leave room")).to_be_visible()
    await expect(page.get_by_role("button", name="Archive")).to_have_count(0)


async def test_the_switcher_finds_people_rooms_and_pages_and_says_when_there_is_nothing(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("张三丰")
    await new_room(ann, "Kite makers", bob)
    await new_room(bob, "Kitchen table")
    await ann.open("/room/hall")
    await ann.page.get_by_role("button", name="Search").click()
    dialog = ann.page.locator("room-switcher dialog")
    options = dialog.get_by_role("option")
    await dialog.get_by_role("combobox").fill("kit")
    await expect(options).to_have_count(3)
    await expect(options.nth(0)).to_contain_text("Kite makers")
    await expect(options.nth(1)).to_contain_text("not joined")
    await expect(options.nth(2)).to_contain_text("Search messages for “kit”")
    await dialog.get_by_role("combobox").fill("zhangsanfeng")
    await expect(options.first).to_contain_text("张三丰")
    await dialog.get_by_role("combobox").fill("qqqq")
    await expect(dialog.get_by_role("status")).to_have_text("Nothing found.")
    await dialog.get_by_role("combobox").fill("appear")
    await ann.page.keyboard.press("Enter")
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("Appearance")


async def test_a_phone_shows_the_last_line_of_each_room_and_a_bar_of_four(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin", **PHONE), await new_reader("Bob")
    room = await new_room(bob, "Last lines", ann)
    await bob.call("message.send", room=room, text="the kettle lives again", client_id="1")
    await ann.open("/")
    await expect(ann.room("Last lines").locator(".last")).to_have_text("Bob: the kettle lives again")
    bar = ann.page.get_by_role("navigation", name="Main pages").last
    for name in ("Notifications", "People", "You", "Rooms"):
        await bar.get_by_role("link", name=name).tap()
        await expect(bar.get_by_role("link", name=name)).to_have_attribute("aria-current", "page")
    await ann.room("Last lines").tap()
    await ann.page.locator("room-view .here").tap()
    await expect(ann.page.locator("room-people li").first).to_be_visible()
    await ann.page.go_back()
    await expect(ann.page.locator("room-people")).to_be_hidden()
    await ann.hears("the kettle lives again")


async def test_who_signs_up_at_a_door_comes_in_and_a_private_room_shows_its_link(new_reader, new_room) -> None:
    ann, guest = await new_reader("Ann Lin"), await new_reader()
    room = await new_room(ann, "Evening walks", about="Slowly, with a lamp")
    await guest.open(f"/room/{room}")
    door = guest.page.locator("room-door")
    await expect(door).to_contain_text("1 member")
    await expect(door).to_contain_text("Slowly, with a lamp")
    await door.get_by_role("link", name="Sign up and join").click()
    await guest.page.get_by_label("Your name").fill("Lamp Bearer")
    await expect(guest.page.get_by_label("Username")).not_to_have_value("")
    await guest.page.get_by_label("Password").fill(PASSWORD)
    await guest.page.get_by_role("button", name="Sign up").click()
    await guest.page.get_by_role("button", name="I've saved it").click()
    await expect(guest.box).to_be_visible()
    await expect(guest.room("Evening walks")).to_have_count(1)

    await ann.open("/")
    await ann.page.locator("room-list .create").click()
    await ann.page.get_by_label("Name", exact=True).fill("Just us")
    await ann.page.get_by_label("Private: join by link only").check()
    await ann.page.get_by_role("button", name="Create room").click()
    await expect(ann.page.get_by_label("Only people with this link can join:")).to_have_value(re.compile("/join/"))


async def test_before_the_first_paint_a_browser_loads_the_frame_and_nothing_else(new_reader, new_room) -> None:
    """By the measure of bench/page.py: what has come when the first words stand. test_pages.py weighs it."""
    ann = await new_reader("Ann Lin", service_workers="block")
    await ann.open(f"/room/{await new_room(ann, 'The room')}")
    await expect(ann.page.locator("message-composer textarea")).to_be_visible()
    loaded = await ann.page.evaluate("""() => {
      const paint = performance.getEntriesByName("first-contentful-paint")[0].startTime;
      const before = performance.getEntriesByType("resource").filter(({ responseEnd }) => responseEnd <= paint);
      return before.map(({ name }) => new URL(name).pathname.replace(/^\\/web\\/(?:[0-9a-f]{16}\\/)?/, ""));
    }""")
    index = (ROOT / "web" / "index.html").read_text("utf-8")
    asked = set(re.findall(r'"/web/([^"]+[.](?:js|css))"', index)) | {"i18n/first/en.json"}
    assert {path for path in loaded if path.endswith((".js", ".css", ".json"))} == asked
