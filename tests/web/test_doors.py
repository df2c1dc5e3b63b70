"""The ways in and out: links, looking in, finding rooms, settings, passwords, languages."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.people import PASSWORD
from tests.web.people import Reader, Served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def fill_in(reader: Reader, **fields: str) -> None:
    form = reader.page.locator("account-form")
    for label, value in fields.items():
        await form.get_by_label(label.replace("_", " "), exact=True).fill(value)
    await form.locator("button[type=submit]").click()


async def test_a_link_to_a_closed_room_is_kept_through_signing_up(served: Served, new_reader, new_room) -> None:
    ann, guest = await new_reader("Ann Lin"), await new_reader()
    room = await new_room(ann, "Garden table", kind="closed")
    await ann.call("message.send", room=room, text="bring a cup", client_id="1")
    await ann.open(f"/room/{room}")
    await ann.page.locator("room-view .here").click()
    await ann.page.locator("room-people").get_by_role("button", name="Copy invite link").click()
    shown = ann.page.locator("room-people").get_by_label("Invite link").last
    await expect(shown).to_have_value(re.compile(f"/join/{room}/."))
    address = await shown.input_value()
    await guest.open(address.removeprefix(served.url))
    await fill_in(guest, Your_name="Lao Zhang", Username="laozhang", Password=PASSWORD)
    await guest.page.get_by_role("button", name="I've saved it").click()
    await guest.hears("bring a cup")
    await guest.say("it holds tea")
    await ann.hears("it holds tea")


async def test_a_link_that_was_withdrawn_leads_to_a_door_that_says_so(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Quiet table", kind="closed")
    link = (await ann.call("room.link", room=room))["link"]
    await ann.call("room.link", room=room, withdraw=True)
    await bob.open(f"/join/{room}/{link}")
    await expect(bob.page.locator("room-door")).to_contain_text("This room doesn't exist")
    await expect(bob.page.locator("room-door")).to_contain_text("Find a room")


async def test_an_open_room_can_be_read_before_one_joins_it(served: Served, new_reader, new_room) -> None:
    ann, bob, guest = await new_reader("Ann Lin"), await new_reader("Bob"), await new_reader()
    room = await new_room(ann, "Walks on Sunday", about="Slowly, and back before dark")
    await ann.call("message.send", room=room, text="along the lake this time", client_id="1")
    await guest.open(f"/room/{room}")
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text("Walks on Sunday")
    await expect(guest.page.locator("room-door")).to_contain_text("Members read and write here")
    await bob.open(f"/room/{room}")
    await bob.hears("along the lake this time")
    await expect(bob.page).to_have_title("Walks on Sunday · Teahouse 茶馆")
    await expect(bob.box).to_be_hidden()
    await bob.page.locator("room-door").get_by_role("button", name="Join").click()
    await bob.say("I will bring dumplings")
    await bob.sees("along the lake this time", "I will bring dumplings")
    await expect(bob.room("Walks on Sunday")).to_be_visible()


async def test_a_room_is_found_by_words_or_tag_and_one_of_ones_own_is_opened(new_reader) -> None:
    ann = await new_reader("Ann Lin")
    await ann.open("/rooms")
    finder = ann.page.locator("room-finder")
    await expect(finder.get_by_role("heading", name="Green living")).to_be_visible()
    await finder.get_by_role("searchbox").fill("#balcony")
    await expect(finder.locator(".results h2")).to_have_text(["Green living"])
    await finder.get_by_role("link", name="Join: Green living").click()
    await expect(ann.box).to_be_visible()
    await ann.page.get_by_role("link", name="Find a room").click()
    await finder.locator("summary").click()
    await finder.get_by_label("Name", exact=True).fill("   ")
    await finder.get_by_role("button", name="Create room").click()
    await expect(finder.get_by_role("alert")).to_have_text("Give the room a name.")
    await finder.get_by_label("Name", exact=True).fill("Knitting")
    await finder.get_by_label("Tags").fill("wool, 毛线")
    await finder.get_by_role("button", name="Create room").click()
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("Knitting")
    await expect(ann.page.locator("message-list .empty")).to_contain_text("Say hello!")


async def test_settings_change_the_name_and_the_password_end_a_login_and_make_a_bot(
    served: Served, new_reader, new_room
) -> None:
    ann, elsewhere = await new_reader("Ann Lin"), await new_reader()
    await elsewhere.open("/sign-in")
    await fill_in(elsewhere, Username=ann.user["handle"], Password=PASSWORD)
    await expect(elsewhere.page.locator("room-list .me")).to_contain_text("Ann Lin")
    await ann.open("/settings")
    page = ann.page.locator("settings-page")
    profile = page.locator("section", has_text="A line about you")
    await profile.get_by_label("Your name").fill("Ann L.")
    await profile.get_by_role("button", name="Save").click()
    await expect(profile.get_by_role("status")).to_have_text("Saved.")
    await expect(ann.page.locator("room-list .me")).to_contain_text("Ann L.")

    await page.get_by_role("link", name="Account and devices").click()
    logins = page.locator("section", has_text="Devices")
    await expect(logins.locator("li")).to_have_count(2)
    await logins.get_by_role("button", name="Log out").click()
    await expect(logins.locator("li")).to_have_count(1)
    await expect(elsewhere.page.locator(".banner, room-list .foot").last).to_contain_text("Log in")

    await page.get_by_role("link", name="Bots and tokens").click()
    bots = page.locator("section", has_text="Your bots can join")
    await bots.get_by_label("Username").fill("annsbot")
    await bots.get_by_label("Bot name").fill("Ann's bot")
    await bots.get_by_role("button", name="Create bot").click()
    await expect(bots.locator("form .recovery")).to_contain_text("chat_")

    await page.get_by_role("link", name="Account and devices").click()
    password = page.locator("section", has_text="Current password")
    await password.get_by_label("Current password").fill("not this one")
    await password.get_by_label("New password").fill("warmer tea at dusk")
    await password.get_by_role("button", name="Change password").click()
    ann.forgive("status of 403")
    await expect(password.get_by_role("alert")).to_have_text("Wrong password.")
    await password.get_by_label("Current password").fill(PASSWORD)
    await password.get_by_role("button", name="Change password").click()
    await expect(password.get_by_role("status")).to_have_text("Saved.")

    await page.locator("section", has_text="Delete my account").get_by_role("button", name="Log out").click()
    await expect(ann.page.get_by_role("link", name="Log in")).to_be_visible()
    await ann.follow("/sign-in")
    await fill_in(ann, Username=ann.user["handle"], Password="warmer tea at dusk")
    await expect(ann.page.locator("room-list .me")).to_contain_text("Ann L.")


async def test_who_forgot_the_password_comes_back_with_the_code(new_reader) -> None:
    ann = await new_reader()
    await ann.open("/sign-up")
    await fill_in(ann, Your_name="Forgetful", Username="forgetful", Password=PASSWORD)
    code = await ann.page.locator("account-form .recovery").inner_text()
    await ann.context.clear_cookies()
    await ann.open("/sign-in")
    await fill_in(ann, Username="forgetful", Password="was it this?")
    ann.forgive("status of 401")
    await expect(ann.page.locator("account-form").get_by_role("alert")).to_contain_text("Wrong")
    await ann.page.get_by_role("link", name="Forgot your password?").click()
    await expect(ann.page.get_by_role("heading", name="Reset password")).to_be_visible()
    await fill_in(ann, Username="forgetful", Recovery_code=code, New_password="a new leaf, dried")
    new_code = await ann.page.locator("account-form .recovery").inner_text()
    assert new_code != code
    await ann.page.get_by_role("button", name="I've saved it").click()
    await expect(ann.page.get_by_role("heading", name="Log in")).to_be_visible()
    await fill_in(ann, Username="forgetful", Password="a new leaf, dried")
    await expect(ann.page.locator("room-list .me")).to_contain_text("Forgetful")


async def test_where_storage_is_forbidden_the_page_is_read_and_choices_last_as_long_as_it(new_reader) -> None:
    guest = await new_reader()
    await guest.page.add_init_script("""for (const name of ["localStorage", "sessionStorage", "indexedDB"])
      Object.defineProperty(window, name, { get() { throw new DOMException("denied", "SecurityError") } })""")
    await guest.open("/room/hall")
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text("The hall")
    await expect(guest.box).to_be_visible()
    await guest.open("/settings")
    await guest.page.get_by_label("Dark").check()
    await guest.page.get_by_role("link", name="Find a room").click()
    await expect(guest.page.locator("html")).to_have_attribute("data-theme", "dark")


async def test_over_plain_http_a_code_is_copied_all_the_same(new_reader) -> None:
    guest = await new_reader()
    await guest.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await guest.open("/sign-up")
    await fill_in(guest, Your_name="Ann Lin", Username="annlinhttp", Password=PASSWORD)
    code = await guest.page.locator("account-form code").text_content()
    await guest.page.get_by_role("button", name="Copy").click()
    await expect(guest.page.get_by_role("button", name="Copied")).to_be_visible()
    await guest.page.get_by_role("button", name="I've saved it").click()
    await guest.box.press("ControlOrMeta+v")
    await expect(guest.box).to_have_value(code or "")


async def test_the_language_is_the_browsers_or_the_readers_and_starter_rooms_follow_it(new_reader) -> None:
    reader = await new_reader("王小明", locale="zh-CN")
    await reader.open("/settings/appearance")
    await expect(reader.room("前厅")).to_be_visible()
    await expect(reader.page.locator("html")).to_have_attribute("lang", "zh-Hans")
    await reader.page.locator("label", has_text="简体中文").locator("select").select_option("zh-Hant")
    await expect(reader.room("前廳")).to_be_visible()
    await expect(reader.page.get_by_role("heading", level=1)).to_have_text("顯示")
    await reader.page.locator("label", has_text="简体中文").locator("select").select_option("en")
    await expect(reader.room("The hall")).to_be_visible()
    await reader.page.reload()
    await expect(reader.room("The hall")).to_be_visible()
    await reader.open("/rooms")
    await reader.page.get_by_role("searchbox").fill("心理漫谈")
    await expect(reader.page.locator("room-finder h2")).to_have_text(["Psychology"])


async def test_a_forum_says_so_at_its_door_and_shows_its_topics_to_who_looks_in(new_reader, new_room) -> None:
    ann, bob, guest = await new_reader("Ann Lin"), await new_reader("Bob"), await new_reader()
    room = await new_room(ann, "Old library", about="One book a month", forum=True)
    given = {"room": room, "title": "Summer and moss", "text": "Chapter four is slow", "client_id": "t1"}
    topic = (await ann.call("topic.create", **given))["topic"]["id"]
    await guest.open(f"/room/{room}")
    await expect(guest.page.locator("room-door .facts")).to_contain_text("Forum · 1 member · 1 message today")
    await guest.open("/rooms")
    await guest.page.get_by_role("searchbox").fill("old library")
    await expect(guest.page.locator("room-finder .results .facts")).to_have_text([re.compile("^Forum · 1 member")])

    await bob.open(f"/room/{room}")
    await expect(bob.page.locator("topic-list .title")).to_have_text(["Summer and moss"])
    await expect(bob.page.locator("topic-list").get_by_role("button", name="New topic")).to_be_hidden()
    await expect(bob.box).to_be_hidden()
    await bob.page.locator("topic-list .topic-row").click()
    await expect(bob.page).to_have_url(re.compile(f"/room/{room}/topic/{topic}$"))
    await bob.sees("Chapter four is slow")
    await bob.page.locator("room-door").get_by_role("button", name="Join").click()
    await bob.say("Read on, it gets better")
    await bob.sees("Chapter four is slow", "Read on, it gets better")
