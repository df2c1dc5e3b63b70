"""Two who met in a room: a poke, a card, a conversation; and two at a table, a code."""

from __future__ import annotations

import asyncio
import datetime
import re

import pytest
from playwright.async_api import expect

from tests.web.people import PATIENCE_MS, Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# It opens once and is gone in a moment, which a look from outside may miss.
NOTE_THE_CURTAIN = """new MutationObserver(() => {
  if (document.querySelector("curtain-opening.open")) document.documentElement.dataset.curtain = "opened";
}).observe(document.body, { subtree: true, childList: true, attributeFilter: ["class"] })"""


async def acquaint(one: Reader, other: Reader, room: str) -> str:
    """Over the wire, as far as a conversation, where both have spoken in the room; gives the conversation."""
    sent = await one.call("poke.send", room=room, to=other.user["id"], gesture="hi")
    tie = await other.call("poke.return", poke=sent["sent"]["poke"], answer="Soup")
    answer = {"tie": tie["tie"], "card": tie["curtain"]["card"], "text": "Bread"}
    return str((await one.call("curtain.answer", **answer))["room"])


async def visit(reader: Reader, other: Reader) -> None:
    await reader.open(f"/user/{other.user['handle']}")


async def say_hi(reader: Reader, why: str = "Hi") -> None:
    """In the panel that is open: choose why, see what they will see, send."""
    panel = reader.page.locator("say-hi")
    await expect(panel.locator("hello-card")).to_be_visible()
    await panel.get_by_role("radio", name=re.compile(f"^{why}")).check()
    await panel.get_by_role("button", name="Send 👋").click()
    await expect(panel.get_by_role("status")).to_contain_text("you both answer one question")
    await panel.get_by_role("button", name="Done").click()
    await expect(panel).to_have_count(0)


async def choose(reader: Reader, item: str) -> None:
    """What ⋯ beside somebody offers."""
    await reader.page.locator("tie-menu").get_by_role("button", name="More").click()
    await reader.page.get_by_role("menuitem", name=item, exact=True).click()


async def test_from_the_same_room_to_a_conversation_of_two(new_reader, new_room) -> None:
    ann, ming = await new_reader("Ann Lin"), await new_reader("王小明", locale="zh-CN", reduced_motion="reduce")
    room = await new_room(ann, "Balcony", ming)
    step, steps = ann.page.locator("tie-steps"), ming.page.locator("tie-steps")
    await ann.call("message.send", room=room, text="my tomatoes froze", client_id="1")
    await visit(ann, ming)
    await expect(step).to_contain_text("Say something in Balcony first")
    await ming.call("message.send", room=room, text="我的也是", client_id="1")
    await visit(ann, ming)
    await expect(step).to_contain_text("Say hi to 王小明 from Balcony")
    await ming.open("/")
    await step.get_by_role("button", name="Say hi").click()
    await say_hi(ann, "Same here")
    await expect(step).to_contain_text("You said hi today")

    bell = ming.page.locator("room-list .bell")
    await expect(bell.locator(".badge")).to_have_text("1")
    await bell.click()
    await expect(ming.page.locator("bell-list li")).to_have_count(1)
    await expect(ming.page.locator("bell-list hello-card")).to_contain_text("说“我也是”")
    await ming.page.locator("room-list").get_by_role("link", name="通讯录").click()
    waits = ming.page.locator("people-page .waits")
    await expect(waits).to_contain_text("说“我也是” 🙋 · 来自“Balcony”")
    await waits.get_by_role("link", name="也招招手").click()
    await expect(steps.locator("hello-card")).to_contain_text("说“我也是”")
    await expect(steps.locator(".seats")).to_contain_text("接着是Ann Lin")
    await steps.get_by_label("你的回答").fill("绿萝，怎么养都活")
    await steps.get_by_role("button", name="也招招手", exact=False).click()
    await expect(steps).to_contain_text("等Ann Lin")

    await expect(step).to_contain_text("王小明 has answered")
    await expect(ann.page.locator("body")).not_to_contain_text("绿萝")
    await step.get_by_label("Your answer").fill("A cactus, forgiving as I need it")
    await ann.page.evaluate(NOTE_THE_CURTAIN)
    await step.get_by_role("button", name="Answer", exact=True).click()
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("王小明")
    await expect(ann.page.locator("html")).to_have_attribute("data-curtain", "opened")
    await expect(ann.page.locator("curtain-opening")).to_have_count(0)
    await expect(ann.texts()).to_have_count(2)
    await ann.hears("绿萝，怎么养都活")
    await ann.say("Shall we swap cuttings?")
    await steps.get_by_role("link", name="聊天").click()
    await expect(ming.page.locator("message-item").first).to_be_visible()
    await expect(ming.page.locator("curtain-opening")).to_have_count(0)
    await ming.hears("Shall we swap cuttings?")
    await ming.open("/")
    await ming.page.locator("room-list .rooms a", has_text="Ann Lin").click()
    await ming.hears("Shall we swap cuttings?")
    await expect(ming.page.locator("curtain-opening")).to_have_count(0)

    await visit(ann, ming)
    await step.get_by_label("Private note").fill("plants, Balcony")
    await step.get_by_label("Private note").blur()
    await expect(step).to_contain_text("from Balcony")
    await ann.page.reload()
    await expect(step.get_by_label("Private note")).to_have_value("plants, Balcony")
    await choose(ann, "Block")
    await ann.page.get_by_role("dialog").get_by_role("button", name="Block").click()
    await expect(step).to_contain_text("You've blocked")
    await step.get_by_role("button", name="Unblock").click()
    await expect(step).to_contain_text("You're in each other's contacts")
    # Who paused a conversation can resume it; the other can say hi again.
    await choose(ann, "Pause chat")
    await expect(step.get_by_role("button", name="Resume chat")).to_be_visible()
    paused = ming.page.locator("pair-line .state")
    await ming.page.reload()
    await expect(paused).to_contain_text("对话已暂停")
    await expect(paused.get_by_role("button", name="恢复对话")).to_have_count(0)
    await expect(paused.get_by_role("button", name="招招手")).to_be_visible()


async def test_a_year_later_how_it_began_lies_there_once(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Balcony", bob)
    for reader in (ann, bob):
        await reader.call("message.send", room=room, text="hello", client_id="1")
    conversation = await acquaint(ann, bob, room)
    year = ann.page.locator("friend-question .year")
    await ann.open(f"/room/{conversation}")
    await expect(ann.page.locator("how-it-began blockquote")).to_be_visible()
    await expect(year).to_be_hidden()
    await ann.page.clock.set_fixed_time(datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=366))
    await ann.page.reload()
    await expect(year).to_contain_text("You've known each other for a year.")
    await expect(year.locator("figure")).to_have_text(["BSoup", "ABread"])
    await year.get_by_role("button", name="Close").click()
    await ann.page.reload()
    await expect(ann.page.locator("how-it-began blockquote")).to_be_visible()
    await expect(year).to_be_hidden()


BRING_A_FILE = """([node, kind]) => {
  const brought = new DataTransfer();
  brought.items.add(new File(["x"], "x.txt", { type: "text/plain" }));
  const options = { bubbles: true, cancelable: true, dataTransfer: brought, clipboardData: brought };
  const event = kind === "paste" ? new ClipboardEvent(kind, options) : new DragEvent(kind, options);
  return !document.querySelector(node).dispatchEvent(event);
}"""


async def test_addresses_open_between_friends_and_files_are_refused_in_words(new_reader, new_room) -> None:
    ann, ming = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Balcony", ming)
    for reader in (ann, ming):
        await reader.call("message.send", room=room, text="my tomatoes froze", client_id="1")
    conversation = await acquaint(ann, ming, room)
    for reader in (ann, ming):
        await reader.open(f"/room/{conversation}")
    await expect(ann.page.get_by_role("button", name="Add a picture or file")).to_be_hidden()
    note = ann.page.locator("message-composer .note")
    await expect(note).to_have_text("Text and emoji for now. Files and links open once you're friends.")
    await ann.box.fill("look: https://example.org/tea")
    await expect(note).to_have_text("Your link will show, and can't be opened until you're friends.")
    await ann.box.press("Enter")
    for reader in (ann, ming):
        words = reader.message("https://example.org/tea")
        await expect(words).to_contain_text("Links become clickable once you're friends.")
        await expect(words.locator(".text a")).to_have_count(0)
        for node, kind in (
            ("message-composer textarea", "paste"),
            ("message-list", "dragover"),
            ("message-list", "drop"),
        ):
            assert await reader.page.evaluate(BRING_A_FILE, [node, kind])
        await expect(reader.page.locator("message-composer .hint")).to_contain_text("once you're friends")
    await befriend(ann, ming)
    for reader in (ann, ming):
        words = reader.message("https://example.org/tea")
        await expect(words.locator(".text a")).to_have_attribute("href", "https://example.org/tea")
        await expect(words).not_to_contain_text("Links become clickable")
        await expect(reader.page.locator("message-composer .note")).to_be_hidden()
        assert await reader.page.evaluate(BRING_A_FILE, ["message-composer textarea", "paste"])
        await expect(reader.page.locator("message-composer .tile")).to_have_count(1)


FAST_CLOCK = "(() => { const now = Date.now; Date.now = () => now() + 7_000; })()"
# When the cups touched, by the one clock that both browsers have.
NOTE_THE_TOUCH = """addEventListener("touched", () => {
  document.documentElement.dataset.touched = String(performance.timeOrigin + performance.now());
}, { capture: true })"""


async def test_two_at_a_table_enter_a_code_and_their_cups_touch_at_one_moment(new_reader) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    # Bob's own clock is seven seconds fast: the server's counts.
    await bob.context.add_init_script(FAST_CLOCK)
    for reader in (ann, bob):
        await reader.open("/people")
        await reader.page.evaluate(NOTE_THE_TOUCH)
    await ann.page.get_by_role("button", name="Show my code").click()
    shown, asked = ann.page.get_by_role("dialog"), bob.page.get_by_role("dialog")
    await expect(shown.get_by_role("img", name="QR code to scan")).to_be_visible()
    assert (await shown.locator("output").bounding_box())["height"] > 50
    code = await shown.locator("output").text_content()
    await bob.page.get_by_label("Their code").fill("1234 5678")
    await bob.page.get_by_role("button", name="Continue").click()
    await expect(bob.page.locator("met-code .error")).to_contain_text("This code is wrong or has expired")
    await bob.page.get_by_label("Their code").fill(code)
    await bob.page.get_by_role("button", name="Continue").click()
    await bob.page.get_by_role("button", name="Yes, we met").click()
    await expect(asked).to_contain_text("Waiting for Ann Lin to confirm")
    await expect(shown).to_contain_text("Is Bob here with you?")
    await ann.page.get_by_role("button", name="Yes, we met").click()
    since = r", friends since (tonight|this morning|this afternoon), \d"
    await expect(shown).to_contain_text(re.compile(f"Ann Lin and Bob{since}"))
    await expect(asked).to_contain_text(re.compile(f"Bob and Ann Lin{since}"))
    touched = [float(await reader.page.locator("html").get_attribute("data-touched")) for reader in (ann, bob)]
    # By Bob's own clock it would be seven seconds; a machine that is busy fires its timers late.
    assert abs(touched[0] - touched[1]) < 3_000
    async with bob.page.expect_download() as kept:
        await asked.get_by_role("button", name="Keep as a picture").click()
    assert (await kept.value).suggested_filename == "Bob · Ann Lin.png"
    await asked.get_by_role("button", name="Close").click()
    await shown.get_by_role("button", name="Close").click()
    for reader, name in ((ann, "Bob"), (bob, "Ann Lin")):
        await expect(reader.page.locator("people-page .friend li", has_text=name)).to_contain_text("in person")


async def test_a_scanned_code_waits_until_one_is_signed_in(new_reader) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader()
    await bob.open("/people#12345678")
    await bob.page.get_by_role("main").get_by_role("link", name="Sign up").click()
    await bob.page.get_by_label("Your name").fill("Bob Table")
    await expect(bob.page.get_by_label("Username")).not_to_have_value("")
    await bob.page.get_by_label("Password").fill("warm tea at dusk")
    await bob.page.get_by_role("button", name="Sign up").click()
    await bob.page.get_by_role("button", name="I've saved it").click()
    await expect(bob.page.get_by_label("Their code")).to_have_value("12345678")
    code = (await ann.call("met.show"))["code"]
    await bob.open(f"/people#{code}")
    await bob.page.get_by_role("button", name="Continue").click()
    await expect(bob.page.get_by_role("dialog")).to_contain_text("Is Ann Lin here with you?")


async def test_who_comes_by_a_personal_link_lands_in_the_conversation(new_reader, new_room) -> None:
    ann, guest = await new_reader("Ann Lin"), await new_reader()
    await new_room(ann, "Lamplight")
    await ann.open("/people")
    links = ann.page.locator("invite-links")
    await links.get_by_label("They start in").select_option("Lamplight")
    for _ in range(2):
        await links.get_by_role("button", name="Create link").click()
        await expect(links.get_by_label("Invite link for one person")).to_have_value(re.compile(r"/sign-up#."))
    link = await links.get_by_label("Invite link for one person").input_value()
    await expect(links.get_by_role("listitem")).to_have_count(2)
    await guest.page.goto(link)
    form = guest.page.locator("account-form")
    await expect(form).to_contain_text("Ann Lin invites you to Teahouse")
    await expect(form).to_contain_text("Room: Lamplight")
    await guest.page.get_by_label("Your name").fill("Nora Vale")
    await expect(guest.page.get_by_label("Username")).not_to_have_value("")
    await guest.page.get_by_label("Password").fill("warm tea at dusk")
    await guest.page.get_by_role("button", name="Sign up").click()
    await guest.page.get_by_role("button", name="I've saved it").click()
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text("Ann Lin")
    await guest.say("Here I am!")
    await guest.sees("Here I am!")

    await expect(links).to_contain_text("Nora Vale joined with it")
    await links.get_by_role("button", name="Cancel").click()
    await expect(links.get_by_role("listitem")).to_have_count(1)
    await ann.page.locator("room-list .bell").click()
    await expect(ann.page.locator("bell-list")).to_contain_text("You and Nora Vale can chat now")
    await ann.page.locator("bell-list li a").first.click()
    await ann.hears("Here I am!")


async def test_who_has_an_account_says_yes_to_my_code_and_i_confirm(new_reader) -> None:
    ann, tom = await new_reader("Ann Lin"), await new_reader("Tom Okafor")
    await ann.open("/people")
    await ann.page.get_by_role("button", name="My code", exact=True).click()
    code = ann.page.get_by_role("dialog")
    await expect(code.get_by_role("img", name="QR code to scan")).to_be_visible()
    await expect(code).to_contain_text("For up to 50 people, until tomorrow")
    link = await code.get_by_label("The same as a link").input_value()
    await code.get_by_role("button", name="Close").click()
    await tom.page.goto(link)
    await expect(tom.page.locator("account-form")).to_contain_text("Ann Lin invites you")
    await tom.page.get_by_role("button", name="Accept").click()
    await expect(tom.page.locator("account-form")).to_contain_text("As soon as they confirm")
    waits = ann.page.locator("people-page .waits li", has_text="Tom Okafor")
    await expect(waits).to_contain_text("Do you know them?")
    await waits.get_by_role("button", name="Yes").click()
    await expect(ann.page.locator("people-page .acquainted li")).to_contain_text("Tom Okafor")
    await expect(ann.page.locator("invite-links")).to_contain_text("1 of 50 used it")
    await expect(tom.room("Ann Lin")).to_have_count(1)


async def test_people_are_found_by_sound_and_note_and_stand_where_they_belong(new_reader, new_room) -> None:
    ann, zhang, tom, eve = [await new_reader(name) for name in ("Ann Lin", "张三", "Tom Okafor", "Eve")]
    room = await new_room(ann, "Green Balcony", zhang, tom, eve)
    for reader in (ann, zhang, tom, eve):
        await reader.call("message.send", room=room, text="hello", client_id="1")
    for other in (zhang, eve):
        await acquaint(ann, other, room)
    await ann.call("tie.note", user=zhang.user["id"], note="the architect")
    await ann.call("poke.send", room=room, to=tom.user["id"], gesture="hi")
    await ann.call("block.add", user=eve.user["id"])
    await ann.open("/people")
    page = ann.page.locator("people-page")
    await expect(page.locator(".acquainted li")).to_have_count(1)
    await expect(page.locator(".acquainted li")).to_contain_text("from Green Balcony")
    await expect(page.locator(".acquainted li")).to_contain_text("the architect")
    await expect(page.locator(".under_way li")).to_contain_text("Tom OkaforSaid hi · Today")

    search = page.get_by_role("searchbox")
    for words in ("zhangsan", "zs", "the architect I met in Green Balcony", "三"):
        await search.fill(words)
        await expect(page.locator(".ties:visible li").first).to_contain_text("张三")
    await expect(page.get_by_role("status").first).to_have_text("1 person found")
    await search.fill("nobody of that name")
    await expect(page).to_contain_text("Nobody found.")
    await search.fill("")
    await expect(page.locator(".acquainted li")).to_be_visible()

    await page.get_by_text("Blocked: 1 person").click()
    await page.get_by_role("button", name="Unblock").click()
    await expect(page.locator(".acquainted li")).to_have_count(2)
    choice = ann.page.locator("hi-choice")
    await ann.follow("/settings/privacy")
    await expect(choice.get_by_label("Anyone from a shared room")).to_be_checked()
    await choice.get_by_label("Nobody", exact=True).check()
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while (await ann.call("poke.list"))["from"] != "nobody":
            await asyncio.sleep(0.02)
    await ann.page.reload()
    await expect(choice.get_by_label("Nobody", exact=True)).to_be_checked()


async def test_the_bell_says_what_came_in_words_and_leads_there(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(bob, "Balcony", ann)
    await ann.call("message.send", room=room, text="hello", client_id="1")
    await bob.call("message.send", room=room, text=f"hello @{ann.user['handle']}", client_id="1")
    await ann.open("/rooms")
    badge = ann.page.locator("room-list .bell .badge")
    await expect(badge).to_have_text("1")
    await expect(ann.page.locator("live-announcer p")).to_be_attached()
    await bob.call("poke.send", room=room, to=ann.user["id"], gesture="hi")
    await expect(badge).to_have_text("2")
    await expect(ann.page.locator("live-announcer p")).to_have_text(re.compile("waiting for you"))
    await ann.page.locator("room-list .bell").click()
    items = ann.page.locator("bell-list li")
    await expect(items).to_contain_text(["Bob said hi", "Bob mentioned you in Balcony"])
    await expect(ann.page.locator("bell-list li.is-new")).to_have_count(2)
    await expect(badge).to_be_hidden()
    await items.nth(1).locator("a").first.click()
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("Balcony")
    await ann.page.locator("room-list .bell").click()
    await expect(ann.page.locator("bell-list li.is-new")).to_have_count(0)
    await items.nth(0).locator("a").first.click()
    await expect(ann.page.locator("tie-steps")).to_contain_text("Bob said hi to you in Balcony")


async def test_a_hello_about_a_message_shows_what_they_will_see_by_the_keyboard_alone(new_reader, new_room) -> None:
    ann, ming, tom = await new_reader("Ann Lin"), await new_reader("王小明"), await new_reader("Tom")
    room = await new_room(tom, "Balcony", ann, ming)
    for reader, text in ((ming, "my **tomatoes** froze"), (tom, "mine, too")):
        await reader.call("message.send", room=room, text=text, client_id="1")
    await ann.open(f"/room/{room}")
    panel, page = ann.page.locator("say-hi"), ann.page
    await ann.act("my tomatoes froze", "Say hi to 王小明…")
    await expect(panel).to_contain_text("Say something in Balcony first")
    await expect(panel.get_by_role("link", name="Go to the room")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)

    await ann.say("I sow again in May")
    await ann.hears("I sow again in May")
    await ann.message("I sow again in May").focus()
    for _ in range(2):
        await page.keyboard.press("ArrowUp")
    await expect(ann.message("my tomatoes froze")).to_be_focused()
    await page.keyboard.press("m")
    item = page.get_by_role("menuitem", name="Say hi to 王小明…")
    for _ in range(await page.get_by_role("menuitem").count()):
        if await item.evaluate("(item) => item === document.activeElement"):
            break
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    card = panel.locator("hello-card")
    await expect(card).to_contain_text("says hi 👋")
    await expect(card.locator(".about")).to_contain_text("my tomatoes froze")
    # What was said less than ten minutes ago does not go along.
    await expect(card).not_to_contain_text("I sow again")
    await expect(panel.get_by_role("radio", name="Hi")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(card).to_contain_text("says “same here”")
    for _ in range(2):
        await page.keyboard.press("Tab")
    await expect(panel.get_by_role("button", name="Send 👋")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(panel.get_by_role("status")).to_have_text(
        "You said hi to 王小明. If they wave back, you both answer one question."
    )
    await expect(panel.get_by_role("status")).to_be_focused()
    (came,) = (await ming.call("poke.list"))["received"]
    assert came["gesture"] == "same_here" and came["seq"] == 1
    await page.keyboard.press("Escape")
    await expect(panel).to_have_count(0)

    await visit(ming, ann)
    await expect(ming.page.locator("hello-card .about")).to_contain_text("my tomatoes froze")
    await expect(ming.page.locator("hello-card")).not_to_contain_text("**")
    await ming.page.get_by_role("button", name="Not now").click()
    await expect(ming.page.locator("hello-card")).to_have_count(0)
    await visit(ann, ming)
    await ann.page.get_by_role("button", name="Take it back").click()
    await expect(ann.page.locator("tie-steps")).not_to_contain_text("You said hi today")


async def test_on_glass_a_tap_does_nothing_and_a_long_press_opens_the_sheet(new_reader, new_room) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    zhang, ming = await new_reader("张三", locale="zh-CN", **phone), await new_reader("王小明")
    room = await new_room(ming, "阳台", zhang)
    for reader in (ming, zhang):
        await reader.call("message.send", room=room, text="番茄冻坏了", client_id="1")
    await zhang.open(f"/room/{room}")
    await expect(zhang.page.locator("message-actions")).to_have_count(1)
    text = zhang.page.locator("message-item .text").first
    await text.tap()
    await expect(zhang.page.locator(".actions")).to_have_count(0)
    sheet = zhang.page.locator("message-menu .sheet")
    # A press that becomes no click takes no later tap with it.
    await zhang.hold("番茄冻坏了", end="touchCancel")
    await sheet.get_by_role("menuitem", name="回复").tap()
    await expect(sheet).to_be_hidden()
    await zhang.hold("番茄冻坏了")
    await expect(sheet.locator(".lifted .text")).to_have_text("番茄冻坏了")
    for row in await sheet.get_by_role("menuitem").all():
        assert (await row.bounding_box())["height"] >= 44
    await sheet.locator(".six button").first.tap()
    await expect(sheet).to_be_hidden()
    await expect(zhang.page.locator(".reaction.mine")).to_have_text("👍1")


async def test_places_are_spoken_of_when_they_are_few(new_reader, new_room) -> None:
    ann, *others = [await new_reader(name) for name in ("Ann Lin", "Bo", "Cy", "Di", "Ed")]
    room = await new_room(ann, "Balcony", *others)
    for reader in (ann, *others):
        await reader.call("message.send", room=room, text="hello", client_id="1")
    panel = ann.page.locator("say-hi")
    for left, other in zip((5, 4, 3, 2), others, strict=True):
        await visit(ann, other)
        await ann.page.get_by_role("button", name="Say hi").click()
        await expect(panel.locator("hello-card")).to_be_visible()
        await expect(panel.locator(".places")).to_have_text(["You can say hi to 2 more people for now."][: left <= 2])
        await ann.call("poke.send", room=room, to=other.user["id"])


async def test_another_card_is_drawn_once_and_an_answer_under_way_outlives_news(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Balcony", bob)
    for reader in (ann, bob):
        await reader.call("message.send", room=room, text="hello", client_id="1")
    sent = (await ann.call("poke.send", room=room, to=bob.user["id"], gesture="hi"))["sent"]
    await visit(bob, ann)
    steps = bob.page.locator("tie-steps")
    question = steps.locator("curtain-card blockquote")
    first = await question.text_content()
    await expect(steps.get_by_role("button", name="Another question")).to_have_count(0)
    await steps.get_by_role("button", name="Wave back, answer later").click()
    await expect(question).to_have_text(first)
    await steps.get_by_role("button", name="Another question").click()
    await expect(question).not_to_have_text(first)
    await expect(steps.get_by_role("button", name="Another question")).to_have_count(0)
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


async def befriend(one: Reader, other: Reader) -> None:
    """As two do who stand side by side, over the wire."""
    await other.call("met.enter", code=(await one.call("met.show"))["code"])
    await one.call("met.confirm", user=other.user["id"])
    await other.call("met.confirm", user=one.user["id"])


async def test_friends_swap_cards_and_one_takes_theirs_back(new_reader) -> None:
    ann, ming = await new_reader("Ann Lin"), await new_reader("王小明", locale="zh-CN")
    await befriend(ann, ming)
    await visit(ann, ming)
    swap, theirs = ann.page.locator("card-swap"), ming.page.locator("card-swap")
    await swap.get_by_role("link", name="Fill in my card").click()
    form = ann.page.locator("own-card")
    for label, text in (
        ("Company", "Tea Works"),
        ("Job title", "Taster"),
        ("WeChat", "ann-tea"),
        ("LINE", "ann-line"),
        ("Looking for", "a store maker"),
    ):
        await form.get_by_label(label).fill(text)
    await expect(form.locator("name-card")).to_contain_text("Taster · Tea Works")
    await form.get_by_role("button", name="Save").click()
    await expect(form.get_by_role("status")).to_have_text("Saved.")
    await ming.call("card.update", company="院子设计", phone="+86 138 0000 0000", can_offer="修老院子")

    await visit(ann, ming)
    await visit(ming, ann)
    await swap.get_by_role("button", name="Share my card").click()
    await expect(swap).to_contain_text("You'll see 王小明's once they share, too.")
    await expect(theirs).to_contain_text("Ann Lin递来了名片")
    await expect(ming.page.locator("body")).not_to_contain_text("Tea Works")
    await theirs.get_by_role("button", name="递出名片").click()
    await expect(theirs.locator("name-card")).to_contain_text("a store maker")
    await expect(swap.locator("name-card")).to_contain_text("修老院子")
    await expect(swap.locator("name-card").get_by_role("link")).to_have_attribute("href", "tel:+8613800000000")

    await ann.call("profile.update", for_friends="Ring twice, the bell is old.")
    await visit(ming, ann)
    await expect(ming.page.locator("user-profile .for-friends")).to_contain_text("Ring twice")
    await theirs.get_by_role("button", name="收回名片").click()
    await expect(theirs.locator("name-card")).to_have_count(0)
    await visit(ann, ming)
    await expect(swap).to_contain_text("You've shared yours.")
    await expect(ann.page.locator("body")).not_to_contain_text("院子设计")
