"""Back after a week: four hundred messages, three of which call me, and the way from one to the next."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from chatserver import ids
from chatserver.rules.friends.tie import DAY_MS
from tests.people import Person
from tests.web.people import Reader
from tests.web.stories.stage import EDITIONS, Edition, Stage

pytestmark = [pytest.mark.soak, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

UNREAD = 400
# Of the unread messages, which one calls me by name, which one answers mine, and which one calls everyone.
NAMED, ANSWERED, EVERYONE = 90, 210, 330
NAMES = {
    "en": ("Zoe Hart", "Tom Okafor", "Mei Tan", "Jonas Berg", "Ana Castro"),
    "zh-Hans": ("赵一诺", "王小明", "陈美玲", "李想", "老周"),
    "zh-Hant": ("趙一諾", "王小明", "陳美玲", "李想", "老周"),
}
ROOMS = {
    "en": ("Balcony growers", "Slow walks", "Bread on Sunday", "Second-hand books"),
    "zh-Hans": ("阳台种菜", "慢慢走", "周日面包", "旧书"),
    "zh-Hant": ("陽台種菜", "慢慢走", "週日麵包", "舊書"),
}
SAID = {
    "en": ("Day {day}, and the beans climb.", "Mine too, a hand a day.", "Rain again.", "Good for the beans."),
    "zh-Hans": ("第{day}天，豆子又往上爬了。", "我的也是，一天一手掌。", "又下雨了。", "豆子喜欢。"),
    "zh-Hant": ("第{day}天，豆子又往上爬了。", "我的也是，一天一手掌。", "又下雨了。", "豆子喜歡。"),
}
CALLS = {
    "en": (
        "I am away for a week, who waters?",
        "@{me} your tin of seeds is here",
        "I do, every evening.",
        "@everyone seed swap on Sunday",
    ),
    "zh-Hans": ("我要出门一周，谁来浇水？", "@{me} 你的种子罐在我这里", "我来，每天傍晚。", "@everyone 周日换种子"),
    "zh-Hant": ("我要出門一週，誰來澆水？", "@{me} 你的種子罐在我這裡", "我來，每天傍晚。", "@everyone 週日換種子"),
}
AFTER_NEW = """() => {
  const row = document.querySelector("message-list .new").nextElementSibling;
  return row.querySelector("message-item").message.seq;
}"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("edition", EDITIONS, ids=str)
async def test_back_after_a_week(stage, edition: Edition) -> None:
    try:
        ids.move_clock(-7 * DAY_MS)
        async with stage("back", edition, moves_clock=True) as story:
            ann = await story.reader("ann", {"en": "Ann Lin"}.get(edition.language, "林安"))
            crowd = await story.crowd(list(NAMES[edition.language]))
            rooms = await before_the_week(story, ann, crowd)
            await the_week(story, crowd, rooms)
            ids.move_clock(0)
            other = await story.second_device(ann)
            for reader, device in ((ann, ""), (other, "-second")):
                await lists(story, reader, rooms, device)
                await opens_at_the_first_unread(story, reader, rooms[0], device)
                await goes_from_one_to_the_next(story, reader, device)
            await comes_by_the_bell(story, other, rooms[0])
            await reads_to_the_end(story, ann, other, rooms[0])
    finally:
        ids.move_clock(0)


async def before_the_week(story: Stage, ann: Reader, crowd: list[Person]) -> list[str]:
    """Four rooms in which all are; the last thing said in the first is Ann's."""
    rooms = []
    for title in ROOMS[story.edition.language]:
        room = (await crowd[0].call("room.create", title=title))["room"]
        for member in (*crowd[1:], ann):
            await member.call("room.join", room=room)
        rooms.append(room)
    for number in range(30):
        await crowd[number % 5].say(rooms[0], SAID[story.edition.language][number % 4].format(day=0))
    away = CALLS[story.edition.language][0]
    sent = await ann.call("message.send", room=rooms[0], text=away, client_id="away")
    assert sent["seq"] == 31
    return rooms


async def the_week(story: Stage, crowd: list[Person], rooms: list[str]) -> None:
    said, (_, named, answer, everyone) = SAID[story.edition.language], CALLS[story.edition.language]
    special = {
        NAMED: {"text": named.format(me="ann")},
        ANSWERED: {"text": answer, "reply_to": 31},
        EVERYONE: {"text": everyone},
    }
    for number in range(1, UNREAD + 1):
        day = 7 * (number - 1) // UNREAD
        ids.move_clock(-(7 - day) * DAY_MS + number * 60_000)
        plain = {"text": said[number % 4].format(day=day + 1)}
        speaker = crowd[0] if number == EVERYONE else crowd[1 + number % 4]
        await speaker.say(rooms[0], **special.get(number, plain))
    for number in range(12):
        await crowd[number % 5].say(rooms[1], said[number % 4].format(day=7))
    await crowd[1].say(rooms[2], said[2])


async def home(story: Stage, reader: Reader) -> None:
    await reader.open("/" if story.edition.phone else "/room/hall")
    await expect(reader.page.locator("room-list .rooms li")).not_to_have_count(0)


def bell(reader: Reader) -> Locator:
    """The number at the bell, above the rooms or at the foot of a phone."""
    phone = "app-shell .tabbar a[href='/notifications'] .badge"
    return reader.page.locator(f"room-list .bell .badge:visible, {phone}:visible")


async def lists(story: Stage, reader: Reader, rooms: list[str], device: str) -> None:
    """The room that calls has a lit number, those with news are bold, the bell counts what is for me alone."""
    await home(story, reader)
    titles = ROOMS[story.edition.language]
    badge = reader.room(titles[0]).locator(".badge")
    await expect(badge).to_have_text("3")
    await expect(badge).to_have_class("badge lit")
    for at, unread in enumerate((True, True, True, False)):
        classes = await reader.room(titles[at]).get_attribute("class")
        assert ("unread" in classes.split()) is unread, (titles[at], classes)
    await expect(bell(reader)).to_have_text("2")
    await story.look(f"01-the-list{device}", reader)


async def opens_at_the_first_unread(story: Stage, reader: Reader, room: str, device: str) -> None:
    await story.press(reader.room(ROOMS[story.edition.language][0]))
    await expect(reader.page).to_have_url(f"{story.served.url}/room/{room}")
    line = reader.page.locator("message-list .new")
    await expect(line).to_be_in_viewport()
    assert await reader.page.evaluate(AFTER_NEW) == 32
    await expect(reader.page.locator("message-list .call")).to_have_text(story.words("room.more_calls.other", count=3))
    await story.look(f"02-the-first-unread{device}", reader)


async def goes_from_one_to_the_next(story: Stage, reader: Reader, device: str) -> None:
    more = reader.page.locator("message-list .call")
    for number, left in ((NAMED, 2), (ANSWERED, 1), (EVERYONE, 0)):
        await story.press(more)
        marked = reader.page.locator("message-item.marked.calls-me")
        await expect(marked).to_be_in_viewport()
        await reader.page.wait_for_function(
            "(seq) => document.querySelector('message-item.marked')?.message.seq === seq", arg=31 + number
        )
        if left:
            key = f"room.more_calls.{'one' if left == 1 else 'other'}"
            await expect(more).to_have_text(story.words(key, count=left))
        else:
            await expect(more).to_be_hidden()
        await story.look(f"03-call-{3 - left}{device}", reader)


async def comes_by_the_bell(story: Stage, reader: Reader, room: str) -> None:
    await reader.open("/notifications")
    items = reader.page.locator("bell-list li")
    await expect(items).to_have_count(2)
    await story.look("04-the-bell", reader)
    await story.press(items.first.locator("a"))
    await expect(reader.page).to_have_url(f"{story.served.url}/room/{room}/{31 + ANSWERED}")
    marked = reader.page.locator("message-item.marked")
    await expect(marked).to_be_in_viewport()
    await expect(marked.locator(".text")).to_have_text(CALLS[story.edition.language][2])
    await expect(marked.locator(".answer")).to_contain_text(CALLS[story.edition.language][0])
    await story.look("05-by-the-bell", reader)


async def reads_to_the_end(story: Stage, ann: Reader, other: Reader, room: str) -> None:
    """Read on one device is read on the other."""
    title = ROOMS[story.edition.language][0]
    await home(story, other)
    await expect(other.room(title).locator(".badge")).to_have_text("3")
    await story.press(ann.page.locator("message-list .jump"))
    await expect(ann.page.locator("message-list .jump")).to_be_hidden()
    await expect(other.room(title).locator(".badge")).to_be_hidden()
    await expect(other.room(title)).not_to_have_class("row unread")
    await story.look("06-read-elsewhere", other)
    await home(story, ann)
    await expect(ann.room(title).locator(".badge")).to_be_hidden()
    for reader in (ann, other):
        await expect(bell(reader)).to_be_hidden()
