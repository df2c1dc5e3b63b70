"""Reading: what is new, what was before, what others change, who types and who is here."""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.people import PASSWORD
from tests.web import people
from tests.web.people import PATIENCE_MS, Reader, Served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# The first message in sight and how far below the upper edge it begins, in CSS pixels.
FIRST_IN_SIGHT = """() => {
  const scroller = document.querySelector("message-list > .scroller");
  const top = scroller.getBoundingClientRect().top;
  for (const item of scroller.querySelectorAll("message-item")) {
    const box = item.getBoundingClientRect();
    if (box.top >= top) return { text: item.querySelector(".text").textContent, offset: box.top - top };
  }
}"""
OFFSET_OF = """(text) => {
  const scroller = document.querySelector("message-list > .scroller");
  const items = [...scroller.querySelectorAll("message-item")];
  const item = items.find((one) => one.querySelector(".text").textContent === text);
  return item.getBoundingClientRect().top - scroller.getBoundingClientRect().top;
}"""
SCROLLED_TO = "(y) => (document.querySelector('message-list > .scroller').scrollTop = y)"


async def fill(server: Served, room: str, handle: str, count: int, *, kept: int = 0) -> None:
    """Somebody says ``count`` things in a room, each with its number and of many lengths, and deletes all but the first
    ``kept`` of them, where that is given."""
    person = await (await people.sign_up(server, handle)).start()
    await person.call("room.join", room=room)
    sent = [
        await person.ask(
            "message.send", room=room, client_id=f"c{number}", text=f"#{number}: " + "leaf " * (number % 60)
        )
        for number in range(1, count + 1)
    ]
    seqs = [(await answer)["result"]["seq"] for answer in sent]
    gone = [await person.ask("message.delete", room=room, seq=seq) for seq in seqs[kept or count :]]
    for answer in gone:
        assert "result" in await answer
    await person.leave()


async def test_a_message_edited_and_deleted_is_so_for_the_other(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Corrections", bob)
    await ann.open(f"/room/{room}")
    await bob.open(f"/room/{room}")
    await ann.say("black tee", "never mind")
    await bob.hears("never mind")
    await ann.act("black tee", "Edit")
    await ann.say("black tea")
    await expect(bob.message("black tea")).to_contain_text("edited")
    await ann.act("never mind", "Delete")
    await ann.page.locator("dialog.ask").get_by_role("button", name="Delete").click()
    await bob.sees("black tea", "This message was deleted.")
    await ann.sees("black tea", "This message was deleted.")
    await bob.message("black tea").hover()
    await bob.message("black tea").get_by_role("button", name="More").click()
    await expect(bob.page.get_by_role("menuitem", name="Copy text")).to_be_visible()
    await expect(bob.page.get_by_role("menuitem", name="Edit")).to_have_count(0)


async def test_messages_that_came_while_away_are_counted_and_shown_below_a_divider(
    served: Served, new_reader, new_room
) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    one = await new_room(ann, "One room", bob)
    await new_room(ann, "Other room", bob)
    await ann.call("message.send", room=one, text="long ago", client_id="1")
    await bob.open(f"/room/{one}")
    await bob.hears("long ago")
    await bob.room("Other room").click()
    await expect(bob.page).to_have_title("Other room · Teahouse 茶馆")
    await ann.open(f"/room/{one}")
    await ann.say("first", "second", "third")
    await expect(bob.room("One room").locator(".badge")).to_have_text("3")
    await expect(bob.page).to_have_title("Other room · Teahouse 茶馆")  # a number there is for what calls
    await ann.say(f"@{bob.user['handle']} fourth")
    await expect(bob.page).to_have_title("(1) Other room · Teahouse 茶馆")
    await bob.room("One room").click()
    fourth = "@Bob fourth"
    await bob.sees("long ago", "first", "second", "third", fourth)
    # By the same author within five minutes, and yet with the name again: what is new begins there.
    await expect(bob.page.locator("li.new + li > .grouped")).to_have_count(0)
    await expect(bob.page.locator("message-item.grouped .text")).to_have_text(["second", "third", fourth])
    await expect(bob.room("One room").locator(".badge")).to_be_hidden()
    await expect(bob.page).to_have_title("One room · Teahouse 茶馆")
    await bob.page.reload()
    await bob.sees("long ago", "first", "second", "third", fourth)
    await expect(bob.room("One room").locator(".badge")).to_be_hidden()


async def test_a_room_opens_where_one_had_read_to_and_jumps_to_the_latest(served: Served, new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "A long evening")
    await ann.call("message.send", room=room, text="I was here", client_id="1")
    await fill(served, room, "talker", 40)
    await ann.open(f"/room/{room}")
    divider, jump = ann.page.locator("message-list .new"), ann.page.locator("message-list .jump")
    await expect(divider).to_be_in_viewport()
    await expect(ann.message("#1:")).to_be_in_viewport()
    await expect(jump).to_contain_text("40 new messages")
    await jump.click()
    await expect(ann.message("#40:")).to_be_in_viewport()
    await expect(jump).to_be_hidden()
    await expect(ann.page).to_have_title("A long evening · Teahouse 茶馆")


async def test_more_unread_than_a_page_holds_begins_at_the_first_and_is_read_on_downward(
    served: Served, new_reader, new_room
) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "A long week")
    await ann.call("message.send", room=room, text="I was here", client_id="1")
    await fill(served, room, "chatterbox", 180)
    await ann.open(f"/room/{room}")
    jump = ann.page.locator("message-list .jump")
    await expect(ann.page.locator("message-list .new")).to_be_in_viewport()
    await expect(ann.message("#1:")).to_be_in_viewport()
    await expect(jump).to_contain_text("180 new messages")
    await expect(ann.message("#180:")).to_have_count(0)
    await expect(ann.message("#60:")).to_have_count(0)
    await ann.page.evaluate("document.querySelector('message-list .scroller').scrollTop = 1e6")
    await expect(ann.message("#60:")).to_have_count(1)
    await expect(jump).to_contain_text("180 new messages")
    await jump.click()
    await expect(ann.message("#180:")).to_be_in_viewport()
    await expect(jump).to_be_hidden()
    await expect(ann.page).to_have_title("A long week · Teahouse 茶馆")


async def test_before_a_long_run_of_deleted_messages_what_was_said_earlier_is_seen(
    served: Served, new_reader, new_room
) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "After the storm")
    await fill(served, room, "stormy", 700, kept=10)
    await ann.open(f"/room/{room}")
    await expect(ann.page.locator("message-list .fold")).to_contain_text("690")
    await ann.hears("#10: ")
    await ann.say("fair weather")
    await expect(ann.message("fair weather")).to_be_in_viewport()
    await expect(ann.message("#10: ")).to_have_count(1)


async def test_what_comes_leaves_a_selection_and_the_focus_alone(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Quiet eyes", bob)
    await ann.open(f"/room/{room}")
    await ann.say("first words", "second words")
    await ann.sees("first words", "second words")
    await ann.message("first words").focus()
    await ann.page.evaluate("getSelection().selectAllChildren(document.querySelector('message-item .text'))")
    await bob.call("message.send", room=room, text="third words", client_id="3")
    await ann.hears("third words")
    assert await ann.page.evaluate("getSelection().toString()") == "first words"
    await expect(ann.message("first words")).to_be_focused()


async def test_a_changed_name_shows_everywhere(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Names", bob)
    await ann.call("message.send", room=room, text="call me Anna", client_id="1")
    await bob.open(f"/room/{room}")
    await bob.page.locator("room-view .here").click()
    shown = bob.page.locator(f"[data-user='{ann.user['id']}']:is(.name, .seal)")
    await expect(shown).to_contain_text(["A", "Ann Lin", "A", "Ann Lin"])
    await ann.call("profile.update", name="Zoë")
    await expect(shown).to_contain_text(["Z", "Zoë", "Z", "Zoë"])
    await expect(bob.message("call me Anna").get_by_role("link", name="Zoë")).to_be_visible()
    await bob.call("profile.update", name="Bobby")
    await expect(bob.page.locator("room-list .me .name")).to_have_text("Bobby")
    await ann.call("account.close", password=PASSWORD)
    await expect(bob.message("call me Anna")).to_contain_text("someone who left")


async def test_in_a_large_room_the_list_of_members_does_not_follow_each_of_them(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Festival")
    lines, asked = [], []

    def listen(line: WebSocketRoute) -> None:
        server = line.connect_to_server()
        lines.append(line)

        def pass_on(frame: str | bytes) -> None:
            asked.extend([frame] * ("room.members" in str(frame)))
            server.send(frame)

        line.on_message(pass_on)

    async def grow(members: int) -> None:
        told = {"jsonrpc": "2.0", "method": "members.changed", "params": {"room": room, "members": members}}
        lines[-1].send(json.dumps(told))
        await expect(ann.page.locator("room-view .here")).to_have_accessible_name(re.compile(f"{members} members"))

    await ann.page.route_web_socket("**/ws", listen)
    await ann.page.clock.install()
    await ann.open(f"/room/{room}")
    await ann.page.locator("room-view .here").click()
    await expect(ann.page.locator("room-people .people li").first).to_be_visible()
    await grow(600)
    await people.until(lambda: len(asked) == 2, "the list of many")
    for members in (601, 602, 603):
        await grow(members)
    assert len(asked) == 2
    await ann.page.clock.fast_forward(15_000)
    await people.until(lambda: len(asked) == 3, "the list as it is now")


async def test_at_midnight_today_is_yesterday_without_a_word_said(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Night owls")
    await ann.call("message.send", room=room, text="good night", client_id="1")
    await ann.open(f"/room/{room}")
    day = ann.page.locator("message-list .day")
    await expect(day).to_have_text("Today")
    await expect(ann.page.locator("live-announcer")).to_have_count(1)
    await ann.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(days=1))
    await ann.page.evaluate("dispatchEvent(new Event('focus'))")
    await expect(day).to_have_text("Yesterday")


async def test_words_carry_the_language_they_are_in(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Two tongues")
    for text in ("good evening", "我們說說話", "我们说说话"):
        await ann.call("message.send", room=room, text=text, client_id=text)
    await ann.open(f"/room/{room}")
    for text, language in (("good evening", "en"), ("我們說說話", "zh-Hant"), ("我们说说话", "zh-Hans")):
        await expect(ann.message(text).locator("[lang]")).to_have_attribute("lang", language)


async def test_who_reads_up_keeps_the_place_when_a_page_comes_in_above(served: Served, new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Five hundred")
    await fill(served, room, "writer", 500)
    await ann.call("read.mark", room=room, seq=500)
    await ann.open(f"/room/{room}")
    await expect(ann.message("#500:")).to_be_in_viewport()
    rows, held = ann.page.locator("message-item"), 50
    # Rows of 20 px fill the height and what is read ahead on both sides, and there is a step more.
    height = await ann.page.evaluate("document.querySelector('message-list > .scroller').clientHeight")
    most = math.ceil((height + 1200) / 20) + 25
    await expect(rows).to_have_count(held)
    for _ in range(3):
        before = await scroll_up_while_a_page_is_on_its_way(ann)
        held += 25
        await expect(rows).to_have_count(min(held, most), timeout=PATIENCE_MS)
        moved = await ann.page.evaluate(OFFSET_OF, before["text"]) - before["offset"]
        assert abs(moved) <= 2, f"{before['text'][:6]} moved by {moved} px"
    for goal, way in (("#1:", 0), ("#500:", 1e6)):
        while await ann.message(goal).count() == 0:
            edge = await ann.texts().nth(0 if not way else -1).text_content()
            await ann.page.evaluate(SCROLLED_TO, way)
            await expect(ann.texts().nth(0 if not way else -1)).not_to_have_text(str(edge))
        # Only a window of what is loaded has rows, without a hole.
        numbers = [int(text.split(":")[0].removeprefix("#")) for text in await ann.texts().all_text_contents()]
        assert numbers == list(range(numbers[0], numbers[0] + most))
        assert 1 in numbers or 500 in numbers


async def scroll_up_while_a_page_is_on_its_way(reader: Reader) -> dict:
    """Scroll near the top; gives what is in sight in the same turn, so before the page can have come."""
    script = f"""() => {{ ({SCROLLED_TO})(120); return ({FIRST_IN_SIGHT})(); }}"""
    return await reader.page.evaluate(script)


async def test_typing_and_presence_are_shown(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Company", bob)
    await ann.open(f"/room/{room}")
    await expect(ann.page.locator("room-view .here")).to_have_accessible_name("2 members · 1 online")
    await bob.open(f"/room/{room}")
    await expect(ann.page.locator("room-view .here")).to_have_accessible_name(
        "2 members · 2 online", timeout=PATIENCE_MS
    )
    await bob.box.press_sequentially("我")
    await expect(ann.page.locator("room-view .typing")).to_have_text("王小明 is typing …")
    await bob.say("我在")
    await ann.hears("我在")
    await expect(ann.page.locator("room-view .typing")).to_have_text("")
    await ann.page.locator("room-view .here").click()
    present = ann.page.locator("room-people li.present")
    await expect(present.locator(".name")).to_have_text(["Ann Lin", "王小明"])
    await bob.context.close()
    await expect(present.locator(".name")).to_have_text(["Ann Lin"], timeout=PATIENCE_MS)


async def test_a_removed_members_page_loses_the_room_at_once(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Inner circle", kind="closed")
    link = (await ann.call("room.link", room=room))["link"]
    await bob.call("room.join", room=room, link=link)
    await ann.open(f"/room/{room}")
    await bob.open(f"/room/{room}")
    await ann.say("among us")
    await bob.hears("among us")
    await ann.page.locator("room-view .here").click()
    row = ann.page.locator("room-people li", has_text="Bob")
    await row.get_by_role("button", name="Moderation").click()
    await ann.page.get_by_role("menuitem", name="Remove", exact=True).click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(bob.page.locator("room-door")).to_contain_text("This room doesn't exist")
    await expect(bob.room("Inner circle")).to_have_count(0)
    await expect(bob.box).to_be_hidden()
    await expect(bob.texts()).to_have_count(0)
    await expect(row).to_have_count(0)


async def test_who_was_kept_out_is_seen_by_a_moderator_and_let_back_in(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Tea")
    await bob.call("room.join", room=room)
    await ann.open(f"/room/{room}")
    await ann.page.locator("room-view .here").click()
    aside = ann.page.locator("room-people")
    await aside.get_by_text("Banned", exact=True).click()
    await expect(aside).to_contain_text("Nobody is banned.")
    await aside.get_by_role("button", name="Moderation: Bob").click()
    await ann.page.get_by_role("menuitem", name="Ban").click()
    await ann.page.get_by_role("dialog").get_by_role("button", name="Ban").click()
    await expect(aside.locator(".members li")).to_have_count(1)
    await aside.get_by_text("Banned", exact=True).click()
    await aside.get_by_text("Banned", exact=True).click()
    await bob.open(f"/room/{room}")
    await expect(bob.page.locator("room-door")).to_contain_text("You're banned from this room.")
    await aside.get_by_role("button", name="Unban Bob").click()
    await expect(aside).to_contain_text("Nobody is banned.")
    await bob.open(f"/room/{room}")
    await bob.page.get_by_role("button", name="Join").click()
    await expect(aside.locator(".members li")).to_have_count(2)


async def test_a_visitor_reads_the_hall_is_asked_for_a_name_on_writing_and_the_words_are_sent_after(new_reader) -> None:
    ann, guest = await new_reader("Ann Lin"), await new_reader()
    await ann.open("/room/hall")
    await ann.say("the kettle is on")
    await guest.open("/")
    await guest.hears("the kettle is on")
    await guest.say("May I sit down?")
    await expect(guest.message("May I sit down?").locator(".name")).to_have_text("You")
    form = guest.page.locator("account-form")
    await expect(form).to_contain_text("Almost sent!")
    await form.get_by_label("Your name", exact=True).fill("Wei")
    await form.get_by_label("Username", exact=True).fill("wei")
    await form.get_by_label("Password", exact=True).fill("password")
    await form.get_by_role("button", name="Sign up").click()
    guest.forgive("status of 400")
    await expect(form.get_by_role("alert")).to_contain_text("too easy to guess")
    await form.get_by_label("Password", exact=True).fill("warm tea at dusk")
    await form.get_by_role("button", name="Sign up").click()
    await expect(form.locator(".recovery")).not_to_be_empty()
    await form.get_by_role("button", name="I've saved it").click()
    await ann.hears("May I sit down?")
    await guest.hears("May I sit down?")
    await expect(guest.page.locator("message-item.waiting")).to_have_count(0)
    await expect(guest.page.locator("room-list .me")).to_contain_text("@wei")


async def test_the_newest_message_stays_in_view_when_it_comes_before_the_scroll_event(
    served: Served, new_reader, new_room
) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Tea")
    bob = await (await people.sign_up(served, "bob", "Bob")).start()
    await bob.call("room.join", room=room)
    await ann.open(f"/room/{room}")
    await expect(ann.page.locator("message-list .empty")).to_be_visible()
    await ann.page.evaluate(
        """() => {
          const list = document.querySelector("message-list");
          list.client.addEventListener("posted", () => list.scroller.dispatchEvent(new Event("scroll")));
        }"""
    )
    for number in range(5):
        await bob.say(room, f"{number}\n" + "A long one\n\n" * 30 + "its end")
        await expect(ann.page.locator("message-item")).to_have_count(number + 1)
        await expect(ann.page.get_by_text("its end").last).to_be_in_viewport()
    await expect(ann.page.locator("message-list .jump")).to_be_hidden()
