"""Talking: reactions, replies, calls, links to messages, pins, folds, and what is copied. Two people in one room."""

from __future__ import annotations

import re
import uuid

import pytest
from playwright.async_api import expect

from tests.web.people import Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MARKED, CALLS_ME, LARGE = (re.compile(rf"\b{kind}\b") for kind in ("marked", "calls-me", "large"))
BOTTOM = """() => {
  const scroller = document.querySelector("message-list > .scroller");
  return Math.round(scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight);
}"""
SCROLL_TO_TOP = "() => (document.querySelector('message-list > .scroller').scrollTop = 0)"
TOP_OF = "(item) => Math.round(item.getBoundingClientRect().top)"
# What a browser would write to the clipboard for what is selected.
COPIED = """() => {
  const items = [...document.querySelectorAll("message-item .text")];
  getSelection().setBaseAndExtent(items[0].firstChild, 0, items.at(-1).lastChild, 1);
  const event = new ClipboardEvent("copy", { clipboardData: new DataTransfer(), bubbles: true, cancelable: true });
  document.dispatchEvent(event);
  return event.clipboardData.getData("text/plain");
}"""


async def say(reader: Reader, room: str, *texts: str, **more: object) -> list[int]:
    """Somebody says this over the wire; gives the numbers of the messages."""
    return [
        (await reader.call("message.send", room=room, text=text, client_id=uuid.uuid4().hex, **more))["seq"]
        for text in texts
    ]


async def test_a_reaction_comes_and_goes_for_all_and_moves_nothing(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Cups", bob)
    await say(bob, room, *(f"line {number}" for number in range(30)))
    await ann.open(f"/room/{room}")
    await bob.open(f"/room/{room}")
    await ann.hears("line 29")
    await bob.hears("line 29")
    if await ann.page.locator("message-list .jump").is_visible():
        await ann.page.locator("message-list .jump").click()

    message = ann.message("line 29")
    await message.hover()
    await message.get_by_role("button", name="React").click()
    await message.locator(".actions .six button").first.click()
    await expect(bob.message("line 29").locator(".reaction")).to_have_text("👍1")
    assert await ann.page.evaluate(BOTTOM) <= 1, "a row that comes at the bottom keeps the bottom in sight"
    await bob.message("line 29").locator(".reaction").click()
    await expect(message.locator(".reaction.mine")).to_have_text("👍2")
    await message.locator(".reaction").hover()
    await expect(message.locator(".reaction")).to_have_attribute("title", "You and Bob")

    await ann.page.evaluate(SCROLL_TO_TOP)
    await expect(ann.message("line 0")).to_be_in_viewport()
    last = ann.message("line 5")
    before = await last.evaluate(TOP_OF)
    await bob.call("message.react", room=room, seq=1, emoji="🎉")
    await bob.call("message.unreact", room=room, seq=30, emoji="👍")
    await expect(message.locator(".reaction.mine")).to_have_text("👍1")
    await expect(ann.message("line 0").locator(".reaction")).to_have_text("🎉1")
    assert abs(await last.evaluate(TOP_OF) - before) <= 30
    await ann.page.reload()
    await ann.hears("line 29")
    await expect(message.locator(".reaction.mine")).to_have_text("👍1")


async def test_the_message_in_hand_stays_in_hand_while_others_come_under_the_pointer(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Lively", bob)
    await say(bob, room, *(f"line {number}" for number in range(30)))
    await ann.open(f"/room/{room}/30")
    await ann.hears("line 29")
    message = ann.message("line 27")
    await message.hover()
    await message.get_by_role("button", name="React").click()
    before = await message.evaluate(TOP_OF)
    await say(bob, room, "one", "two", "three")
    await expect(ann.message("three")).to_be_in_viewport()
    assert await message.evaluate(TOP_OF) < before - 40, "the messages moved under the pointer"
    await expect(message.locator(".actions .six")).to_be_visible()


async def test_a_refused_reaction_is_taken_back_and_the_refusal_said(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Cups", bob)
    await say(bob, room, "hello")
    await ann.call("message.react", room=room, seq=1, emoji="👍")
    await bob.open(f"/room/{room}")
    reaction = bob.message("hello").locator(".reaction")
    await expect(reaction).to_have_text("👍1")
    await ann.call("room.archive", room=room, archived=True)
    await expect(bob.page.locator("room-door")).to_be_visible()
    await reaction.click()
    await expect(reaction).to_have_text("👍1")
    await expect(reaction).to_have_attribute("aria-pressed", "false")


async def test_a_reply_leads_to_what_it_answers_and_back(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Kettle", bob)
    (first,) = await say(bob, room, "the kettle sings")
    await say(ann, room, *(f"line {number}" for number in range(120)))
    await say(ann, room, "it does", reply_to=first)
    await ann.open(f"/room/{room}")
    await ann.hears("it does")
    reply = ann.message("it does")
    answer = reply.locator(".answer")
    await expect(answer).to_contain_text("Bob")
    await expect(answer).to_contain_text("the kettle sings")
    before = await reply.evaluate(TOP_OF)
    await answer.click()
    target = ann.message("the kettle sings")
    await expect(target).to_be_in_viewport()
    await expect(target).to_have_class(MARKED)
    await expect(target).to_be_focused()
    assert ann.page.url.endswith(f"/room/{room}/{first}")
    await ann.page.get_by_role("button", name="Back").click()
    await expect(reply).to_be_in_viewport()
    assert abs(await reply.evaluate(TOP_OF) - before) <= 2
    await bob.call("message.delete", room=room, seq=first)
    await expect(answer).to_contain_text("This message was deleted")


async def test_a_link_opens_the_room_around_its_message_and_coming_back_keeps_the_place(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room, other = await new_room(bob, "Garden", ann), await new_room(bob, "Short", ann)
    await say(bob, room, *(f"line {number:03}" for number in range(150)))
    await ann.open(f"/room/{room}/40")
    middle = ann.message("line 039")
    await expect(middle).to_be_in_viewport()
    await expect(middle).to_have_class(MARKED)
    await expect(ann.message("line 149")).to_have_count(0)
    before = await middle.evaluate(TOP_OF)
    await ann.room("Short").click()
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("Short")
    await ann.room("Garden").click()
    await expect(middle).to_be_in_viewport()
    assert abs(await middle.evaluate(TOP_OF) - before) <= 2
    await ann.open(f"/room/{other}/99")
    await expect(ann.page.locator("message-list .empty")).to_be_visible()


async def test_calls_show_names_and_lead_from_one_to_the_next(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(bob, "Calls", ann)
    handle = ann.user["handle"]
    for part in range(3):
        await say(bob, room, f"@{handle} call {part}", *(f"part {part} line {number}" for number in range(25)))
    await ann.open(f"/room/{room}")
    called = ann.message("call 0")
    await expect(called).to_have_class(CALLS_ME)
    await expect(called.locator(".mention.me")).to_have_text("@Ann Lin")
    more = ann.page.locator("message-list .call")
    await expect(more).to_have_text("2 more mentions")
    await more.click()
    await expect(ann.message("call 1")).to_be_in_viewport()
    await expect(more).to_have_text("1 more mention")
    await more.click()
    await expect(ann.message("call 2")).to_be_in_viewport()
    await expect(more).to_be_hidden()
    await called.locator(".mention.me").evaluate("(link) => link.click()")
    await expect(ann.page).to_have_url(f"{ann.server.url}/user/{handle}")


async def test_pins_stand_in_the_heading_and_lead_there(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Swaps", bob)
    await say(ann, room, "bring **paper** bags", *(f"line {number}" for number in range(60)))
    await bob.call("read.mark", room=room, seq=61)
    await bob.open(f"/room/{room}")
    await expect(bob.message("line 59")).to_be_in_viewport()
    strip = bob.page.locator("pin-strip")
    await expect(strip).to_be_hidden()
    await ann.open(f"/room/{room}/1")
    await ann.act("bring paper bags", "Pin")
    await expect(strip).to_contain_text("bring paper bags")
    await strip.get_by_role("button").click()
    await strip.locator("pin-list a").click()
    await expect(bob.message("bring paper bags")).to_be_in_viewport()
    await expect(bob.message("bring paper bags").locator(".pinned")).to_be_visible()
    await ann.act("bring paper bags", "Unpin")
    await expect(strip).to_be_hidden()


async def test_what_blocked_people_wrote_is_folded_and_not_counted(new_reader, new_room) -> None:
    ann, eve = await new_reader("Ann Lin"), await new_reader("Eve")
    room = await new_room(ann, "Quiet", eve)
    (first,) = await say(ann, room, "good morning")
    await say(eve, room, "one", "two")
    await say(ann, room, "well", reply_to=first + 1)
    await eve.call("message.react", room=room, seq=first, emoji="👍")
    await ann.call("block.add", user=eve.user["id"])
    await ann.open(f"/room/{room}")
    fold = ann.page.locator("message-list .fold")
    await expect(fold).to_contain_text("2 messages from someone you blocked")
    await ann.sees("good morning", "well")
    await expect(ann.page.locator(".reaction")).to_have_count(0)
    await expect(ann.message("well").locator(".answer")).to_contain_text("someone you blocked")
    await fold.get_by_role("button", name="Show").click()
    await ann.sees("good morning", "one", "two", "well")
    await eve.open(f"/room/{room}")
    await eve.sees("good morning", "one", "two", "well")


async def test_copied_messages_are_clean_text(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Copies", bob)
    await say(ann, room, "first **line**\n> quoted", "second")
    await say(bob, room, "third")
    await ann.call("message.react", room=room, seq=1, emoji="👍")
    await ann.open(f"/room/{room}")
    await expect(ann.page.locator("message-actions")).to_have_count(1)
    await ann.hears("third")
    times = await ann.page.locator("message-item time").all_inner_texts()
    copied = await ann.page.evaluate(COPIED)
    assert copied == f"Ann Lin, {times[0]}\nfirst line\nquoted\nsecond\n\nBob, {times[-1]}\nthird"


async def test_a_copied_link_is_said_to_be_copied_and_is_the_message_s(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Links")
    seq = (await ann.call("message.send", room=room, text="Look here.", client_id="1"))["seq"]
    await ann.open(f"/room/{room}")
    await ann.message("Look here.").hover()
    await ann.page.locator("message-item .actions button[aria-haspopup=menu]").click()
    await ann.page.locator("message-menu [role=menuitem]", has_text="Copy link to message").click()
    await expect(ann.page.locator("toast-note")).to_have_text("Link copied")
    await ann.box.focus()
    await ann.page.keyboard.press("Control+v")
    await expect(ann.box).to_have_value(f"{ann.server.url}/room/{room}/{seq}")
    await ann.message("Look here.").locator(".seal").click()
    await expect(ann.page.locator("user-profile h1")).to_have_text("Ann Lin")


async def test_a_long_text_is_folded_and_emoji_alone_are_large(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Shapes")
    await say(ann, room, "\n".join(f"{number}" for number in range(200)), "🍵🌱", "||the end||")
    await ann.open(f"/room/{room}")
    long = ann.page.locator("message-item").first
    assert (await long.bounding_box())["height"] < 600
    await long.get_by_role("button", name="Show more").click()
    assert (await long.bounding_box())["height"] > 3000
    await expect(ann.message("🍵🌱")).to_have_class(LARGE)
    spoiler = ann.message("the end").locator(".spoiler")
    await expect(spoiler.locator("span")).to_have_css("visibility", "hidden")
    await spoiler.press("Enter")
    await expect(spoiler.locator("span")).to_have_css("visibility", "visible")


async def test_a_moderator_takes_reactions_away(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Tidy", bob)
    await say(bob, room, "hello")
    for emoji in ("👍", "🎉"):
        await bob.call("message.react", room=room, seq=1, emoji=emoji)
    await bob.open(f"/room/{room}")
    await ann.open(f"/room/{room}")
    await ann.act("hello", "Who reacted")
    people = ann.page.locator("reaction-people")
    await expect(people.locator("li")).to_have_count(1)
    await people.get_by_role("button", name="Remove", exact=True).click()
    await expect(bob.message("hello").locator(".reaction")).to_have_text("🎉1")
    await people.get_by_role("button", name="Close").click()
    await ann.act("hello", "Remove all reactions")
    await ann.page.locator("dialog.ask").get_by_role("button").last.click()
    await expect(bob.message("hello").locator(".reaction")).to_have_count(0)
    await expect(ann.message("hello").locator(".reaction")).to_have_count(0)


async def test_selected_words_are_quoted_by_mouse_keys_and_glass_and_a_swipe_replies(new_reader, new_room) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob", **phone)
    room = await new_room(ann, "Words", bob)
    await say(ann, room, "two holes, a cork, upside down")
    await ann.open(f"/room/{room}")
    await expect(ann.page.locator("message-actions")).to_have_count(1)
    await (
        ann.message("two holes")
        .locator(".text p")
        .evaluate("(words) => getSelection().setBaseAndExtent(words.firstChild, 0, words.firstChild, 9)")
    )
    await ann.page.get_by_role("button", name="Quote", exact=True).click()
    await expect(ann.box).to_have_value(re.compile("^> .*: two holes\\n"))
    await ann.box.fill("")
    await ann.message("two holes").focus()
    await ann.page.keyboard.press("m")
    await ann.page.get_by_role("menuitem", name="Select words").press("Enter")
    selected = "(words) => getSelection().toString() === words"
    for keys, words in (([], "two"), (["ArrowRight"], "holes"), (["Shift+ArrowRight"] * 3, "holes, a cork")):
        for key in keys:
            await ann.page.keyboard.press(key)
        await ann.page.wait_for_function(selected.replace("toString()", "toString().trim()"), arg=words)
    await ann.page.keyboard.press("Enter")
    await expect(ann.box).to_have_value(re.compile("^> .*: holes, a cork\\n"))
    await ann.box.fill("")
    await ann.message("two holes").press("q")
    await expect(ann.box).to_have_value(re.compile("^> .*: two holes, a cork, upside down\\n"))

    await bob.open(f"/room/{room}")
    await expect(bob.page.locator("message-actions")).to_have_count(1)
    await bob.hold("two holes")
    await bob.page.get_by_role("menuitem", name="Select words").tap()
    await bob.page.wait_for_function(selected, arg="two holes, a cork, upside down")
    await bob.page.evaluate("getSelection().extend(document.querySelector('.selecting p').firstChild, 9)")  # a handle
    await bob.page.get_by_role("button", name="Quote", exact=True).tap()
    await expect(bob.box).to_have_value(re.compile("^> .*: two holes\\n"))
    await expect(bob.page.locator(".selecting")).to_have_count(0)
    await bob.box.fill("")
    box = await bob.message("two holes").locator(".text").bounding_box()
    finger = await bob.context.new_cdp_session(bob.page)
    for kind, x in (("touchStart", 80), ("touchMove", 110), ("touchMove", 150), ("touchMove", 180), ("touchEnd", None)):
        points = [{"x": x, "y": box["y"] + 10}] if x else []
        await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    await expect(bob.page.locator("message-composer")).to_contain_text("two holes, a cork")
    await bob.box.fill("nine days in August")
    await bob.page.locator("message-composer").get_by_role("button", name="Send").click()
    await expect(ann.message("nine days").locator(".answer")).to_contain_text("two holes, a cork")
