"""What one writes with: emoji, completion, replies and quotes, drafts of two tabs, and who may write at all."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.web.people import ROOT, Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TELL = """([name, seq, text]) => {
  const item = [...document.querySelectorAll("message-item")].find((one) => one.message?.seq === seq);
  const detail = { message: item.message, text: text || item.message.text };
  item.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}"""
# A key of an input method, as Chromium sends it while words are composed.
COMPOSES = """(box, text) => {
  box.dispatchEvent(new CompositionEvent("compositionstart", { bubbles: true }));
  box.value += text;
  box.setSelectionRange(box.value.length, box.value.length);
  box.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
}"""
# Two hundred members without making each of them.
MANY = """async (room) => {
  const main = [...document.scripts].find(({ src }) => src.endsWith("/main.js")).src;
  const { context } = await import(main.replace("main.js", "elements/element.js"));
  const found = context.client.find(room);
  found.state = { ...found.state, members: 206 };
}"""
COMPOSED = """(box) => {
  box.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
  box.dispatchEvent(new InputEvent("input", { bubbles: true }));
}"""


def offers(reader: Reader):
    return reader.page.locator("message-composer .offers li")


async def tell(page: Page, name: str, seq: int, text: str = "") -> None:
    await page.evaluate(TELL, [name, seq, text])


async def axe_of(reader: Reader, part: str) -> list[str]:
    if not AXE.exists():
        return []
    await reader.page.evaluate(AXE.read_text(encoding="utf-8"))
    run = """async (part) => (await axe.run(part, { resultTypes: ["violations"], preload: false })).violations
      .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target }) => target.join(" "))}`)"""
    return await reader.page.evaluate(run, part)


async def test_emoji_are_picked_by_keyboard_alone_and_stay_at_hand(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin", bypass_csp=True)
    await ann.open(f"/room/{await new_room(ann, 'Emoji')}")
    await ann.box.fill("tea? ")
    picker = ann.page.locator("emoji-picker dialog")
    await ann.page.get_by_role("button", name="Emoji").click()
    await expect(picker.get_by_role("option", name="grinning face", exact=True)).to_be_visible()
    await expect(picker.get_by_role("searchbox")).to_be_focused()
    assert not await axe_of(ann, "emoji-picker")
    await ann.page.keyboard.type("teacup")
    await expect(picker.get_by_role("option")).to_have_count(1)
    await ann.page.keyboard.press("Enter")
    await expect(picker).to_be_hidden()
    await expect(ann.box).to_be_focused()
    await expect(ann.box).to_have_value("tea? 🍵")

    await ann.page.get_by_role("button", name="Emoji").click()
    await expect(picker.get_by_role("option").first).to_have_accessible_name("teacup without handle")
    await picker.get_by_role("button", name="Skin tone").press("Enter")
    await ann.page.get_by_role("button", name="Medium dark").press("Enter")
    await expect(picker.get_by_role("option", name="waving hand")).to_have_text("👋🏾")
    await picker.get_by_role("searchbox").focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowLeft", "Enter"):
        await ann.page.keyboard.press(key)
    await expect(ann.box).to_have_value("tea? 🍵😀")
    await ann.page.get_by_role("button", name="Emoji").click()
    await picker.get_by_role("searchbox").fill("qqq")
    await expect(picker.get_by_role("status")).to_have_text("No emoji for “qqq”")
    await ann.page.keyboard.press("Escape")
    await expect(picker).to_be_hidden()
    await expect(ann.box).to_be_focused()


async def test_people_rooms_and_emoji_are_completed_at_the_caret(new_reader, new_room) -> None:
    ann, bob, cleo = (
        await new_reader("Ann Lin", bypass_csp=True),
        await new_reader("王小明"),
        await new_reader("Cleo Wu"),
    )
    room = await new_room(ann, "Completed", bob, cleo)
    await new_room(ann, "阳台 Balcony")
    for who in (cleo, bob):
        await who.call("message.send", room=room, text=who.user["name"], client_id="1")
    await ann.open(f"/room/{room}")
    await ann.hears("王小明")
    await ann.box.press_sequentially("hi @")
    await expect(offers(ann)).to_contain_text(["王小明", "Cleo Wu", "Everyone · 3 members"])
    await expect(ann.box).to_have_attribute("aria-activedescendant", "offer-0")
    assert not await axe_of(ann, "message-composer")
    await ann.box.press("ArrowDown")
    await expect(offers(ann).nth(1)).to_have_attribute("aria-selected", "true")
    await ann.box.press("Enter")
    cleos = f"hi @{cleo.user['handle']} "
    await expect(ann.box).to_have_value(cleos)
    await expect(offers(ann)).to_have_count(0)
    await ann.box.press_sequentially("#yangtai")
    await expect(offers(ann)).to_contain_text(["阳台 Balcony"])
    await ann.box.press("Tab")
    await ann.box.press_sequentially(":tada")
    await expect(offers(ann).first).to_contain_text("🎉")
    await offers(ann).first.click()
    await expect(ann.box).to_have_value(cleos + "#阳台 Balcony 🎉")
    await ann.box.press("Enter")
    await expect(ann.message("🎉").locator("a.mention")).to_have_text(["@Cleo Wu", "#阳台 Balcony"])

    await ann.box.press_sequentially("@")
    await expect(offers(ann)).not_to_have_count(0)
    await ann.box.press("Escape")
    await expect(offers(ann)).to_have_count(0)
    await ann.box.press_sequentially("x")
    await expect(offers(ann)).to_have_count(0)
    await ann.box.press("Enter")
    await ann.hears("@x")


async def test_nothing_is_offered_while_words_are_composed(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Composed", bob)
    await bob.call("message.send", room=room, text="在", client_id="1")
    await ann.open(f"/room/{room}")
    await ann.hears("在")
    await ann.box.press_sequentially("@")
    await expect(offers(ann)).not_to_have_count(0)
    await ann.box.evaluate(COMPOSES, "王小")
    await expect(offers(ann)).to_have_count(0)
    await expect(ann.box).to_have_value("@王小")
    await ann.box.evaluate(COMPOSED)
    await expect(offers(ann)).to_have_count(1)
    await expect(offers(ann)).to_contain_text("王小明")


async def test_a_reply_and_quotes_are_kept_with_the_draft_and_sent(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob Ma")
    room = await new_room(ann, "Answered", bob)
    for text in ("**mint** or sage?", "or nettles"):
        await bob.call("message.send", room=room, text=text, client_id=text)
    await ann.open(f"/room/{room}")
    await ann.hears("or nettles")
    bar = ann.page.locator("message-composer .bar")
    await tell(ann.page, "message-reply", 1)
    await expect(bar).to_contain_text("Replying to Bob Ma")
    await expect(bar).to_contain_text("mint or sage?")
    await expect(ann.box).to_be_focused()
    await ann.box.fill("sage")
    await tell(ann.page, "message-quote", 2, "nettles")
    await tell(ann.page, "message-quote", 1, "mint")
    await expect(ann.box).to_have_value("sage\n\n> **Bob Ma**: nettles\n\n> **Bob Ma**: mint\n")
    await ann.page.reload()
    await expect(bar).to_contain_text("Replying to Bob Ma")
    await expect(ann.box).to_have_value(re.compile("nettles"))
    await ann.box.press("Escape")
    await expect(bar).to_be_hidden()
    await tell(ann.page, "message-reply", 1)
    await ann.box.fill("neither")
    await ann.box.press("Enter")
    await ann.hears("neither")
    await expect(ann.page.locator("message-item.waiting")).to_have_count(0)
    await expect(bar).to_be_hidden()
    held = (await ann.call("message.history", room=room))["messages"]
    assert [(message["text"], message.get("reply_to", 0)) for message in held][-1] == ("neither", 1)


async def test_a_draft_sent_in_one_tab_goes_from_the_other_unless_it_was_changed_there(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Two tabs")
    await ann.open(f"/room/{room}")
    await ann.box.fill("same words")
    other = await ann.another_page(f"/room/{room}")
    other_box = other.locator("message-composer textarea")
    await expect(other_box).to_have_value("same words")
    await ann.box.press("Enter")
    await expect(other_box).to_have_value("")
    await ann.box.fill("mine")
    await expect(other_box).to_have_value("mine")
    await other_box.fill("mine, and more")
    await expect(ann.box).to_have_value("mine")
    await ann.box.press("Enter")
    await ann.hears("mine")
    await expect(other_box).to_have_value("mine, and more")
    await other.reload()
    await expect(other_box).to_have_value("mine, and more")


async def test_an_edit_that_was_left_is_there_again(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    await ann.open(f"/room/{await new_room(ann, 'Edited')}")
    await ann.say("first")
    await ann.sees("first")
    await ann.box.press("ArrowUp")
    await ann.box.fill("first, but better")
    await ann.box.press("Escape")
    await expect(ann.box).to_have_value("")
    await ann.page.reload()
    await ann.hears("first")
    await expect(ann.box).to_have_value("")
    await ann.box.press("ArrowUp")
    await expect(ann.box).to_have_value("first, but better")
    await ann.box.press("Enter")
    await ann.sees("first, but better")


async def test_who_may_not_write_is_told_who_may(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob Ma")
    room = await new_room(ann, "Announcements", bob)
    await ann.call("room.update", room=room, writers="moderators")
    await ann.open(f"/room/{room}")
    await expect(ann.box).to_be_visible()
    await bob.open(f"/room/{room}")
    await expect(bob.page.locator("message-composer .note")).to_have_text("Only moderators can write in this room.")
    await expect(bob.box).to_be_hidden()
    await ann.call("room.update", room=room, writers="everyone")
    await expect(bob.box).to_be_visible()


async def test_everyone_is_asked_about_first_in_a_large_room_and_refused_to_who_may_not(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob Ma")
    room = await new_room(ann, "All of us", bob)
    for reader in (ann, bob):
        await reader.open(f"/room/{room}")
        await expect(reader.box).to_be_visible()
        await reader.page.evaluate(MANY, room)
        await reader.box.press_sequentially("@every")
    await expect(offers(ann).last).to_contain_text("Everyone · 206 members")
    await expect(offers(bob)).to_have_text(["In rooms of more than 20 members only moderators can call everyone"])
    await expect(offers(bob)).to_have_attribute("aria-disabled", "true")
    await bob.box.press("Escape")
    await ann.box.press("ArrowUp")
    await ann.box.press("Enter")
    await expect(ann.box).to_have_value("@everyone ")
    await ann.box.press_sequentially("tea!")
    await ann.box.press("Enter")
    await expect(ann.page.get_by_role("dialog")).to_contain_text("Call all 206 members with @everyone?")
    await ann.page.get_by_role("button", name="Cancel").click()
    await expect(ann.box).to_have_value("@everyone tea!")
    await ann.box.press("Enter")
    await ann.page.get_by_role("button", name="Call everyone").click()
    await ann.hears("@everyone tea!")
    await ann.box.fill("`@everyone` is a word")
    await ann.box.press("Enter")
    await ann.hears("is a word")


async def test_shortcuts_are_listed_by_a_question_mark_that_is_not_typed(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin", bypass_csp=True)
    await ann.open(f"/room/{await new_room(ann, 'Helped')}")
    await ann.box.press_sequentially("tea?")
    await expect(ann.box).to_have_value("tea?")
    await ann.page.locator("room-view h1").focus()
    await ann.page.keyboard.press("?")
    panel = ann.page.get_by_role("dialog", name="Formatting and shortcuts")
    await expect(panel).to_be_visible()
    await expect(panel.locator("strong")).to_have_text("bold")
    assert not await axe_of(ann, "shortcut-help")
    await ann.page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()
    await expect(ann.box).to_have_value("tea?")


async def test_a_public_room_says_so_until_one_has_written_there(new_reader) -> None:
    ann = await new_reader("Ann Lin")
    await ann.open("/room/hall")
    note = ann.page.locator("message-composer .note")
    await expect(note).to_contain_text("This room is public")
    await ann.say("hello, hall")
    await ann.hears("hello, hall")
    await expect(note).to_be_hidden()


async def test_code_is_coloured_and_stays_text(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Coded")
    code = "```js\nconst tea = '<b>hot</b>'; // 茶\n```"
    await ann.call("message.send", room=room, text=code, client_id="1")
    await ann.open(f"/room/{room}")
    shown = ann.page.locator("message-item pre code")
    await expect(shown.locator(".kwd")).to_have_text("const")
    await expect(shown).to_have_text("const tea = '<b>hot</b>'; // 茶")
    await expect(shown.locator("b")).to_have_count(0)
