"""Topics: a forum's list, a topic with its own place, draft and marker, and what moderators do with them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.web.people import Reader
from tests.web.test_files import attach, picture
from tests.web.test_search import hits, is_indexed

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


async def topic_of(reader: Reader, room: str, title: str, *texts: str) -> str:
    """A topic that this reader starts with the first text."""
    first, *others = texts
    given = {"room": room, "title": title, "text": first, "client_id": title}
    topic: str = (await reader.call("topic.create", **given))["topic"]["id"]
    for number, text in enumerate(others):
        await reader.call("message.send", room=room, topic=topic, text=text, client_id=f"{title}{number}")
    return topic


def row(reader: Reader, title: str) -> Locator:
    return reader.page.locator("topic-list .topic-row", has_text=title)


async def choose(reader: Reader, name: str) -> None:
    """From the menu of the topic that is open."""
    await reader.page.locator("topic-head").get_by_role("button", name="More").click()
    await reader.page.get_by_role("menuitem", name=name, exact=True).click()


async def test_a_forum_opens_at_its_topics_and_a_topic_at_what_is_new(new_reader: Any, new_room: Any) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Reading circle", bob, forum=True)
    moss = await topic_of(ann, room, "Summer and moss", "Chapter four is slow")
    rain = await topic_of(ann, room, "Rain", "What to read in the rain")
    await ann.call("topic.update", room=room, topic=rain, pinned=True)
    await bob.call("message.send", room=room, topic=moss, text="I read it twice", client_id="b1")
    handle = ann.user["handle"]
    await bob.call("message.send", room=room, topic=moss, text=f"@{handle} and you?", client_id="b2")

    await ann.open(f"/room/{room}")
    await expect(ann.page.locator("topic-list .title")).to_have_text([re.compile("Rain"), "Summer and moss"])
    await expect(row(ann, "Summer and moss").locator(".badge")).to_have_text(["@", "2"])
    await row(ann, "Summer and moss").click()
    await expect(ann.page).to_have_url(re.compile(f"/room/{room}/topic/{moss}$"))
    await ann.sees("Chapter four is slow", "I read it twice", "@Ann Lin and you?")
    await expect(ann.page.locator("message-list li.new + li")).to_contain_text("I read it twice")
    await expect(row(ann, "Summer and moss").locator(".badge")).to_have_count(0)
    await expect(ann.room("Reading circle").locator(".badge")).to_be_hidden()

    # Each topic has a draft of its own; what is sent stands in its topic, and is read on the other side.
    await ann.box.fill("half a thought")
    await row(ann, "Rain").click()
    await expect(ann.page.locator("topic-head h2")).to_have_text("Rain")
    await expect(ann.box).to_have_value("")
    await ann.say("Poems")
    await ann.sees("What to read in the rain", "Poems")
    await bob.open(f"/room/{room}/topic/{rain}")
    await bob.sees("What to read in the rain", "Poems")
    await ann.page.go_back()
    await expect(ann.box).to_have_value("half a thought")
    await ann.box.press_sequentially("!")
    await bob.follow(f"/room/{room}/topic/{moss}")
    await bob.hears("I read it twice")
    await ann.box.press_sequentially("!")
    await ann.box.press("Enter")
    await bob.hears("half a thought!!")
    await ann.page.locator("topic-head").get_by_role("button", name="First message").click()
    await expect(ann.page.locator("message-item.marked")).to_contain_text("Chapter four is slow")

    # A link to one message of a forum leads to it in its topic; all messages stand in one line, each with its topic.
    await bob.follow(f"/room/{room}/3")
    await expect(bob.page).to_have_url(re.compile(f"/topic/{moss}/3$"))
    await expect(bob.page.locator("message-item.marked")).to_contain_text("I read it twice")
    await bob.follow(f"/room/{room}/all")
    await expect(bob.page.locator("message-composer .note")).to_have_text(re.compile("people write in topics"))
    await bob.message("Poems").locator(".topic").click()
    await expect(bob.page.locator("topic-head h2")).to_have_text("Rain")


async def test_a_topic_is_opened_and_followed_by_keyboard_alone(new_reader: Any, new_room: Any) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Keys", bob, forum=True)
    for title in ("First", "Second"):
        await topic_of(ann, room, title, f"{title} words")
    await bob.open(f"/room/{room}")
    await expect(row(bob, "First")).to_be_visible()
    await expect(bob.page.locator("room-view h1")).to_be_focused()
    keys = bob.page.keyboard
    for _ in range(30):
        if await row(bob, "Second").evaluate("node => node === document.activeElement"):
            break
        await keys.press("Tab")
    await keys.press("ArrowDown")
    await expect(row(bob, "First")).to_be_focused()
    await keys.press("Enter")
    await bob.sees("First words")
    bell = bob.page.locator("topic-head button").nth(1)
    await expect(bell).to_have_attribute("aria-label", "Follow: every message")
    for level, words in (("ArrowDown", "Mentions only"), ("Home", "Follow: every message"), ("End", "Muted")):
        for _ in range(40):
            if await bell.evaluate("node => node === document.activeElement"):
                break
            await keys.press("Tab")
        await keys.press("Enter")
        await expect(bob.page.get_by_role("menuitem").first).to_be_focused()
        await keys.press(level)
        await keys.press("Enter")
        await expect(bell).to_have_attribute("aria-label", words)
    listed = await bob.call("topic.list", room=room)
    assert [topic["level"] for topic in listed["topics"]] == ["all", "none"]


async def test_in_an_ordinary_room_a_topic_begins_with_a_message_and_takes_others(
    new_reader: Any, new_room: Any
) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Garden", bob)
    for number in range(4):
        await bob.call("message.send", room=room, text=f"soil {number}", client_id=f"s{number}")
    await ann.open(f"/room/{room}")
    await ann.hears("soil 3")
    await ann.act("soil 1", "Start a topic from this")
    form = ann.page.locator(".topic-new")
    await form.get_by_label("Title").fill("Which soil")
    await form.get_by_label("First message", exact=True).fill("Let us talk about it here")
    await form.get_by_role("button", name="Start topic").click()
    await ann.sees("soil 1", "Let us talk about it here")
    await ann.page.go_back()
    await expect(ann.message("soil 1").locator(".topic")).to_have_text(re.compile("Which soil"))
    await ann.act("soil 2", "Move messages")
    mover = ann.page.locator("message-mover")
    await mover.get_by_label("soil 3").check()
    await mover.get_by_label("Which soil").check()
    await mover.get_by_role("button", name="Move", exact=True).click()
    await expect(mover).to_have_count(0)
    await ann.message("soil 1").locator(".topic").click()
    await ann.sees("soil 1", "soil 2", "soil 3", "Let us talk about it here")

    # Whoever opens the room sees which topic a message stands in, and so does whoever is there when one begins.
    await bob.open(f"/room/{room}")
    await expect(bob.message("soil 2").locator(".topic")).to_have_text(re.compile("Which soil"))
    await topic_of(ann, room, "Rain", "Will it rain?")
    await expect(bob.message("Will it rain").locator(".topic")).to_have_text(re.compile("Rain"))

    # Closed with a note, nobody writes in it; deleted, it is gone with its messages.
    await bob.follow(f"/room/{room}/topics")
    await row(bob, "Which soil").click()
    await expect(bob.box).to_be_visible()
    await choose(ann, "Close topic")
    await ann.page.locator(".topic-asks textarea").fill("Sand it is")
    await ann.page.locator(".topic-asks").get_by_role("button", name="Save").click()
    await expect(bob.page.locator("message-composer .note")).to_have_text(re.compile("closed.*Sand it is"))
    await expect(bob.box).to_be_hidden()
    await choose(ann, "Rename topic")
    await ann.page.locator(".topic-asks input").fill("Sand")
    await ann.page.locator(".topic-asks").get_by_role("button", name="Save").click()
    await expect(bob.page.locator("topic-head h2")).to_have_text("Sand")
    await choose(ann, "Delete topic")
    await expect(ann.page.locator("dialog.ask")).to_contain_text("can't be undone")
    await ann.page.locator("dialog.ask").get_by_role("button", name="Delete topic").click()
    await expect(ann.page.locator("topic-list .title")).to_have_text(["Rain"])
    await expect(bob.page.locator("topic-head h2")).to_have_text("This topic doesn't exist any more")
    await expect(bob.page.locator("message-item")).to_have_count(0)


async def test_a_topic_is_muted_for_an_hour_and_turned_on_again(new_reader: Any, new_room: Any) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Bells", bob, forum=True)
    topic = await topic_of(bob, room, "Bell", "Ding")
    await bob.open(f"/room/{room}/topic/{topic}")
    bell = bob.page.locator("topic-head").get_by_role("button", name="Follow")
    await bell.click()
    await bob.page.get_by_role("menuitem", name="Mute for 1 hour").click()
    bell = bob.page.locator("topic-head").get_by_role("button", name="Muted · until")
    await expect(bell).to_be_visible()
    [listed] = (await bob.call("topic.list", room=room))["topics"]
    assert (listed["level"], listed["level_then"]) == ("none", "all")
    await bob.page.reload()
    await bell.click()
    await expect(bob.page.get_by_role("menuitem")).to_have_count(6)
    await bob.page.get_by_role("menuitem", name="Unmute now").click()
    await expect(bob.page.locator("topic-head").get_by_role("button", name="Follow")).to_be_visible()
    # The end of an hour comes without an event.
    soon = await bob.page.evaluate("Date.now() + 1500")
    await bob.call("topic.notify", room=room, topic=topic, level="none", until=soon)
    await bob.page.reload()
    await expect(bob.page.locator("topic-head").get_by_role("button", name="Follow")).to_be_visible()


async def test_messages_are_moved_from_many_to_one_of_many_topics(new_reader: Any, new_room: Any) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Long room")
    for number in range(70):
        await ann.call("message.send", room=room, text=f"word {number}.", client_id=f"w{number}")
    for number in range(55):
        await topic_of(ann, room, f"Topic {number}.", "begins")
    await ann.open(f"/room/{room}/3")
    await ann.act("word 2.", "Move messages")
    mover = ann.page.locator("message-mover")
    which, where = mover.locator(".which .check"), mover.locator(".where .check")
    await expect(which).to_have_count(30)
    await expect(which.locator("input:checked")).to_have_count(1)
    more = mover.get_by_role("button", name="Show more messages")
    await more.click()
    await more.click()
    await mover.get_by_label("word 65.").check()
    await expect(where).to_have_count(30)
    await where.last.scroll_into_view_if_needed()
    await expect(where).to_have_count(55)
    await mover.get_by_label("Search topics").fill("topic 3.")
    await expect(where).to_have_count(1)
    await mover.get_by_label("Topic 3.").check()
    await mover.get_by_label("Search topics").fill("none of this name")
    await expect(where.locator("input:checked")).to_have_count(1)  # what was chosen stays
    await mover.get_by_role("button", name="Move", exact=True).click()
    await expect(mover).to_have_count(0)
    listed = await ann.call("topic.list", room=room, sort="new", closed=False)
    following = await ann.call("topic.list", room=room, sort="new", closed=False, after=listed["next"])
    moved = [one for one in [*listed["topics"], *following["topics"]] if one["messages"] == 3]
    assert [one["title"] for one in moved] == ["Topic 3."]


async def test_everything_is_marked_as_read_and_a_topic_is_searched(new_reader: Any, new_room: Any) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Library", bob, forum=True)
    tea = await topic_of(bob, room, "Tea", "oolong and books")
    await topic_of(bob, room, "Coffee", "oolong is no coffee")
    await is_indexed(ann, "coffee", room)
    await ann.open(f"/room/{room}/topic/{tea}")
    await ann.hears("oolong and books")
    await expect(row(ann, "Coffee").locator(".badge")).to_have_text("1")
    await choose(ann, "Search in this topic")
    await expect(ann.page.locator("search-page .chip.on")).to_have_text(["Library", "Tea"])
    await ann.page.locator("search-page .asking input").press_sequentially("oolong")
    await expect(hits(ann)).to_have_text([re.compile("oolong and books")])
    await ann.page.get_by_role("button", name="Remove: Tea").click()
    await expect(hits(ann)).to_have_count(2)
    await ann.page.locator("room-list .community-name").click()
    await ann.page.get_by_role("menuitem", name="Mark everything as read").click()
    await expect(ann.room("Library")).not_to_have_class(re.compile("unread"))
    await ann.room("Library").click()
    await expect(row(ann, "Coffee")).to_be_visible()
    await expect(row(ann, "Coffee").locator(".badge")).to_have_count(0)


async def test_a_picture_of_a_topic_opens_large_however_much_was_said_elsewhere(new_reader: Any, new_room: Any) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Pages", forum=True)
    old = await topic_of(ann, room, "An old book", "It begins")
    await ann.open(f"/room/{room}/topic/{old}")
    await attach(ann, await picture(ann, "page.jpg", 300, 400))
    await ann.say("A page")
    await expect(ann.message("A page").locator(".picture img")).to_have_count(1)
    await topic_of(ann, room, "Another", *(f"word {number}" for number in range(120)))
    await ann.page.reload()
    await ann.message("A page").locator(".picture").click()
    await expect(ann.page.locator("picture-viewer img")).to_have_attribute("alt", "page.webp, picture by Ann Lin")
    await expect(ann.page.locator("picture-viewer dialog")).to_be_visible()


async def test_on_a_phone_list_and_topic_are_pages_of_their_own(new_reader: Any, new_room: Any) -> None:
    ann = await new_reader("Ann Lin", **PHONE)
    room = await new_room(ann, "Pocket", forum=True)
    await topic_of(ann, room, "Small talk", "hello", "hello again")
    await ann.open(f"/room/{room}")
    await expect(row(ann, "Small talk")).to_be_visible()
    assert await ann.page.evaluate("document.documentElement.scrollWidth") <= 390
    small = "nodes => nodes.filter(node => node.getBoundingClientRect().height < 44).map(node => node.outerHTML)"
    targets = "topic-list :is(a, button):visible, topic-head :is(a, button):visible"
    assert await ann.page.locator(targets).evaluate_all(small) == []
    # No word of what can be chosen is cut; what a phone has no room for is behind a button.
    cut = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth).map(node => node.outerHTML)"
    assert await ann.page.locator("topic-list .choices").evaluate_all(cut) == []
    await ann.page.locator("topic-list .others").tap()
    await ann.page.get_by_role("menuitem", name="Closed").tap()
    await expect(ann.page.get_by_text("No closed topics.")).to_be_visible()
    assert await ann.page.locator("topic-list .choices").evaluate_all(cut) == []
    await ann.page.get_by_role("button", name="Active", exact=True).tap()
    await row(ann, "Small talk").tap()
    await ann.sees("hello", "hello again")
    await expect(ann.page.locator("topic-list")).to_have_count(0)
    assert await ann.page.locator(targets).evaluate_all(small) == []
    await ann.page.locator("topic-head .to-list").tap()
    await expect(row(ann, "Small talk")).to_be_visible()


async def test_what_was_written_for_a_new_topic_is_there_again_until_the_topic_is(
    new_reader: Any, new_room: Any
) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Reading circle", forum=True)
    await ann.open(f"/room/{room}")
    add, form = ann.page.locator("topic-list .add"), ann.page.locator(".topic-new")
    title, words = form.get_by_label("Title"), form.get_by_label("First message", exact=True)
    await add.click()
    await title.fill("Long books")
    await words.fill("Which one did you finish?")
    await ann.page.keyboard.press("Escape")
    await expect(form).to_have_count(0)
    await ann.page.reload()
    await add.click()
    await expect(title).to_have_value("Long books")
    await expect(words).to_have_value("Which one did you finish?")
    await form.get_by_role("button", name="Start topic").click()
    await ann.sees("Which one did you finish?")
    await ann.page.go_back()
    await add.click()
    await expect(title).to_be_focused()
    await expect(title).to_have_value("")
    await expect(words).to_have_value("")
