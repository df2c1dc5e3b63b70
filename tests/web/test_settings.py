"""Settings: what one says of oneself is what others see; being called, codes and bots."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.people import PASSWORD, Refused, post
from tests.web.people import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What a browser shows outside the page cannot be looked at; what the page asked it to show can.
HIDDEN = """
window.called = [];
window.Notification = class {
  static permission = "default";
  static async requestPermission() { return (Notification.permission = "granted"); }
  constructor(title, options) { window.called.push([title, options.body, options.tag]); }
  close() {}
};
Object.defineProperty(document, "hidden", { get: () => window.away === true });
"""


async def test_what_one_says_of_oneself_is_what_another_sees(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明", locale="zh-CN")
    room = await new_room(ann, "Quiet mornings", bob)
    await ann.open("/settings")
    form = ann.page.locator("section", has_text="A line about you")
    await form.get_by_label("A line about you").fill("Reads maps for pleasure")
    await form.get_by_label("About you", exact=True).fill("Long walks, short letters.")
    await form.get_by_label("Interests").fill("maps, 茶 walks")
    for language in ("German", "Chinese (Taiwan)"):
        await form.get_by_label("Add a language").select_option(language)
    await form.get_by_label("Hometown").fill("Basel")
    await expect(form.get_by_label("Time zone")).to_have_value("Europe/Zurich")
    await form.get_by_role("button", name="Save").click()
    await expect(form.locator(".done")).to_have_text("Saved.")
    me = (await ann.call("user.get", users=[ann.user["id"]]))["users"][0]
    assert (me["languages"], me["time_zone"]) == (["en", "de", "zh-TW"], "Europe/Zurich")
    await ann.page.locator("settings-page").get_by_role("link", name="Privacy").click()
    await ann.page.get_by_label("Hide when I'm online").check()
    await ann.page.get_by_label("Only my whole username").check()

    await bob.open(f"/user/{ann.user['handle']}")
    seen = bob.page.locator("user-profile")
    await expect(seen.get_by_role("heading", level=1)).to_have_text("Ann Lin")
    for words in (
        "Reads maps for pleasure",
        "Long walks, short letters.",
        "茶",
        "Basel",
        "Quiet mornings",
    ):
        await expect(seen).to_contain_text(words)
    await bob.follow(f"/room/{room}")
    await ann.follow(f"/room/{room}")
    await expect(bob.page.locator("room-view .here")).to_have_accessible_name("2 位成员 · 1 人在线")


async def test_what_is_refused_is_said_at_its_field(new_reader) -> None:
    ann = await new_reader("王小明", locale="zh-CN")
    await ann.open("/settings")
    form = ann.page.locator("section", has_text="关于我")
    await form.get_by_label("家乡").fill("https://a.example")
    await form.get_by_role("button", name="保存").click()
    await expect(form.get_by_label("家乡")).to_have_attribute("aria-invalid", "true")
    await expect(form.get_by_label("家乡")).to_be_focused()
    await expect(form.get_by_role("alert")).to_have_text("这里不能有链接。")
    # Counted by characters, as the server counts: not cut at forty UTF-16 units, and said before it is sent.
    await form.get_by_label("家乡").fill("𠮷" * 41)
    await expect(form.locator(".too-long")).to_have_text("多了 1 个字")
    assert not await form.locator("form").evaluate("(form) => form.checkValidity()")
    await form.get_by_label("家乡").fill("𠮷" * 40)
    await expect(form.locator(".too-long")).to_have_count(0)
    await form.get_by_role("button", name="保存").click()
    await expect(form.get_by_role("status")).to_have_text("已保存。")
    assert (await ann.call("user.get", users=[ann.user["id"]]))["users"][0]["home_town"] == "𠮷" * 40


async def test_a_hidden_tab_calls_with_leave_for_what_each_room_may_call_for(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(bob, "Loud", ann)
    await ann.page.add_init_script(HIDDEN)
    await ann.open("/settings/notifications")
    calls = ann.page.locator("settings-page")
    await calls.get_by_label("Notify me when").check()
    for label in ("Quiet from", "Quiet until"):
        await calls.get_by_label(label).fill("03:00")
    await ann.follow(f"/room/{room}")
    await expect(ann.box).to_be_visible()
    await ann.page.evaluate("""Notification.permission = "granted"; window.away = true;
      document.dispatchEvent(new Event("visibilitychange"))""")
    await bob.call("message.send", room=room, text="are you there?", client_id="1")
    await ann.hears("are you there?")
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await ann.page.evaluate("window.called.length"):
            await asyncio.sleep(0.02)
    assert await ann.page.evaluate("window.called[0]") == ["Bob · Loud", "are you there?", f"room {room}"]
    await ann.call("room.notify", room=room, level="none")
    await bob.call("message.send", room=room, text="hello?", client_id="2")
    await ann.hears("hello?")
    assert await ann.page.evaluate("window.called.length") == 1


async def test_a_tab_that_is_called_has_a_dot(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    tea, books = await new_room(ann, "Warm corner", bob), await new_room(ann, "Far corner", bob)
    await ann.open(f"/room/{tea}")
    icon = ann.page.locator("link[rel=icon]")
    await expect(icon).to_have_attribute("href", re.compile("/favicon.svg$"))
    await bob.call("message.send", room=books, text=f"@{ann.user['handle']} psst", client_id="1")
    await expect(icon).to_have_attribute("href", re.compile("/favicon-calls.svg$"))
    await ann.room("Far corner").click()
    await expect(icon).to_have_attribute("href", re.compile("/favicon.svg$"))


async def test_a_new_recovery_code_and_a_bots_new_token(new_reader) -> None:
    ann = await new_reader("Ann Lin")
    made = await ann.call("bot.create", handle=f"bot{ann.user['handle']}", name="Kettle")
    await ann.open("/settings/account")
    codes = ann.page.locator("section", has_text="Get a new code")
    await codes.get_by_label("Password").fill(PASSWORD)
    await codes.get_by_role("button", name="Get a new code").click()
    await expect(codes.locator(".recovery")).to_be_visible()
    code = await codes.locator(".recovery").text_content()
    again = await ann.call("account.recover", handle=ann.user["handle"], code=code, password="a new warm cup")
    assert again["user"]["id"] == ann.user["id"]
    await ann.call("account.sign_in", handle=ann.user["handle"], password="a new warm cup")

    await ann.open("/settings/bots")
    bots = ann.page.locator("section", has_text="Your bots can join")
    await bots.get_by_role("button", name="New token").click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="New token").click()
    token = bots.locator(".recovery").first
    await expect(token).to_be_visible()
    assert await token.text_content() != made["token"]
    await bots.get_by_role("button", name="Delete bot").click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Delete bot").click()
    await expect(bots.get_by_text("Kettle")).to_have_count(0)


async def test_a_token_is_its_maker_until_it_is_ended(new_reader) -> None:
    ann = await new_reader("Ann Lin")
    await ann.open("/settings/bots")
    tokens = ann.page.locator("section", has_text="For scripts")
    await tokens.get_by_label("What it's for").fill("cron at home")
    await tokens.get_by_role("button", name="Create token").click()
    secret = tokens.locator(".recovery")
    await expect(secret).to_contain_text("chat_")
    token = await secret.text_content() or ""
    assert (await post(ann.server.url, "login.list", token))["logins"]
    row = tokens.locator("li", has_text="cron at home")
    await row.get_by_role("button").click()
    await expect(row).to_have_count(0)
    with pytest.raises(Refused, match="bad_token"):
        await post(ann.server.url, "login.list", token)


async def test_who_closes_the_account_is_gone_at_once_and_what_they_said_stays(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(bob, "Farewells", ann)
    await bob.open(f"/room/{room}")
    await ann.open(f"/room/{room}")
    await ann.say("it was good to be here")
    await bob.hears("it was good to be here")
    await ann.follow("/settings/account")
    leaving = ann.page.locator("section", has_text="Your name and profile are erased at once")
    await leaving.get_by_text("Delete my account").first.click()
    await leaving.get_by_label("Password").fill("not this one")
    await leaving.get_by_role("button", name="Delete my account").click()
    ann.forgive("status of 403")
    await expect(leaving.get_by_role("alert")).to_have_text("Wrong password.")
    await leaving.get_by_label("Password").fill(PASSWORD)
    await leaving.get_by_role("button", name="Delete my account").click()
    await expect(ann.page.locator("room-list")).to_contain_text("Log in")
    await bob.page.reload()
    await expect(bob.message("it was good to be here")).to_contain_text("someone who left")
    await expect(bob.page.locator("body")).not_to_contain_text("Ann Lin")


async def test_a_room_is_archived_for_everyone_in_it_and_opened_again(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Summer", bob)
    for reader in (ann, bob):
        await reader.open(f"/room/{room}")
    await bob.say("one last swim")
    await ann.hears("one last swim")
    await ann.page.locator("room-view .here").click()
    aside = ann.page.locator("room-people")
    await aside.get_by_role("button", name="Archive").click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    for reader in (ann, bob):
        await expect(reader.page.locator("room-door")).to_contain_text("This room is archived")
        await expect(reader.box).to_be_hidden()
        await reader.hears("one last swim")
    await aside.get_by_role("button", name="Unarchive").click()
    await bob.say("and another")
    await ann.hears("and another")


async def test_a_part_of_the_page_that_does_not_come_is_asked_for_again(new_reader) -> None:
    ann = await new_reader("Ann Lin")
    ann.forgive("Failed to load resource|failed to fetch|Failed to fetch")
    await ann.context.route("**/settings-page.js", lambda route: route.abort())
    await ann.open("/settings/bots")
    again = ann.page.get_by_role("button", name="Try again")
    await again.evaluate("(button) => button.id = 'first'")
    await again.click()
    await expect(ann.page.locator("#first")).to_have_count(0)
    await expect(again).to_be_visible()
    await ann.context.unroute("**/settings-page.js")
    await again.click()
    await expect(ann.page.locator("settings-page")).to_contain_text("For scripts")


async def test_a_part_that_does_not_come_on_a_click_is_spoken_of_and_comes_on_the_next(new_reader) -> None:
    ann = await new_reader("Ann Lin")
    ann.forgive("Failed to load resource|failed to fetch|Failed to fetch")
    await ann.context.route("**/room-people.*", lambda route: route.abort())
    await ann.open("/room/hall")
    await ann.page.locator("room-view .here").click()
    await expect(ann.page.get_by_role("status").filter(has_text="didn't load")).to_be_visible()
    await ann.context.unroute("**/room-people.*")
    await ann.page.locator("room-view .here").click()
    await expect(ann.page.locator("room-people")).to_contain_text("Ann Lin")
