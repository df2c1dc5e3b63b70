"""Two tabs and two devices, one asleep for a day: nothing twice, no draft lost, the same numbers in the end."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Page, expect

from chatserver import ids
from chatserver.rules.friends.tie import DAY_MS
from tests.people import Person
from tests.web.people import LINE_DOWN, Reader
from tests.web.stories.line import Line
from tests.web.stories.stage import EDITIONS, ROOM, Edition, Stage, log_of
from tests.web.stories.test_back import NAMES, ROOMS, SAID

pytestmark = [pytest.mark.soak, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DRAFTS = {
    "en": ("Half a thought about beans", "A letter I will finish tomorrow", "Good night from the train"),
    "zh-Hans": ("关于豆子，想到一半", "这封信明天再写完", "在火车上，晚安"),
    "zh-Hant": ("關於豆子，想到一半", "這封信明天再寫完", "在火車上，晚安"),
}
NUMBERS = """() => Object.fromEntries([...document.querySelectorAll("room-list .rooms li .badge")].map((badge) => {
  const row = badge.closest("li");
  return [row.dataset.room, [badge.hidden ? "" : badge.textContent, row.firstChild.classList.contains("unread")]];
}))"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize("edition", EDITIONS, ids=str)
async def test_two_tabs_and_two_devices_one_asleep_for_a_day(stage, edition: Edition) -> None:
    try:
        ids.move_clock(-DAY_MS)
        async with stage("asleep", edition, moves_clock=True) as story, Line(story.served) as line:
            ann = await story.reader("ann", {"en": "Ann Lin"}.get(edition.language, "林安"))
            crowd = await story.crowd(list(NAMES[edition.language]))
            rooms = await some_rooms(story, ann, crowd)
            await ann.open(f"/room/{rooms[0]}")
            tab = await ann.another_page(f"/room/{rooms[1]}")
            other = await story.second_device(ann, line=line.served)
            other.forgive(LINE_DOWN)
            await falls_asleep(story, other, rooms, line)
            ids.move_clock(0)
            await the_day(story, ann, tab, crowd, rooms)
            await line.mend()
            await wakes_up(story, ann, tab, other, rooms)
            await in_the_end(story, ann, tab, other, rooms)
            for reader in (other, ann):
                await reader.page.goto("about:blank")
    finally:
        ids.move_clock(0)


async def some_rooms(story: Stage, ann: Reader, crowd: list[Person]) -> list[str]:
    rooms = []
    for title in ROOMS[story.edition.language]:
        room = (await crowd[0].call("room.create", title=title))["room"]
        for member in (*crowd[1:], ann):
            await member.call("room.join", room=room)
        await talk(story, crowd, room, 20)
        await ann.call("read.mark", room=room, seq=20)
        rooms.append(room)
    return rooms


async def talk(story: Stage, crowd: list[Person], room: str, messages: int) -> None:
    for number in range(messages):
        await crowd[number % 5].say(room, SAID[story.edition.language][number % 4].format(day=number))


async def falls_asleep(story: Stage, other: Reader, rooms: list[str], line: Line) -> None:
    """A draft in one room, and words in another that are sent when the line is gone."""
    _, letter, good_night = DRAFTS[story.edition.language]
    await other.open(f"/room/{rooms[1]}")
    await other.box.fill(letter)
    await other.open(f"/room/{rooms[0]}")
    await expect(other.page.locator("message-item")).to_have_count(20)
    await line.cut()
    await expect(other.page.locator(".banner")).to_contain_text(story.words("banner.offline"))
    await story.writes(other, good_night)
    await expect(other.message(good_night)).to_contain_text(story.words("outbox.waiting"))
    await story.look("01-asleep", other)


async def the_day(story: Stage, ann: Reader, tab: Page, crowd: list[Person], rooms: list[str]) -> None:
    """More is said than is replayed; something is edited, deleted, pinned and reacted to, and Ann is called."""
    room, long, quiet, _ = rooms
    await talk(story, crowd, room, 120)
    await talk(story, crowd, long, 600)
    await talk(story, crowd, quiet, 4)
    await crowd[1].say(quiet, "@ann 🌧️")
    for seq in (3, 7, 11):
        await crowd[2].call("message.react", room=room, seq=seq, emoji="🎉")
    await crowd[1].call("message.edit", room=room, seq=2, text="✏️")
    await crowd[0].call("message.delete", room=room, seq=1)
    await crowd[0].call("message.pin", room=room, seq=6, pinned=True)
    for page, seq in ((ann.page, 140), (tab, 620)):
        await page.wait_for_function(
            f"(seq) => {ROOM}.readSeq === seq",
            arg=seq,
        )
    await ann.box.fill(DRAFTS[story.edition.language][0])
    await ann.call("message.react", room=room, seq=3, emoji="👍")
    await story.look("02-the-other-device-meanwhile", ann)


async def wakes_up(story: Stage, ann: Reader, tab: Page, other: Reader, rooms: list[str]) -> None:
    thought, letter, good_night = DRAFTS[story.edition.language]
    await other.wakes()
    await expect(other.page.locator(".banner")).to_be_hidden()
    await ann.hears(good_night)
    await expect(other.message(good_night)).not_to_contain_text(story.words("outbox.waiting"))
    await story.look("03-awake", other)
    assert [one["text"] for one in await log_of(ann, rooms[0])].count(good_night) == 1
    for reader in (ann, other):
        jump = reader.page.locator("message-list .jump")
        if await jump.is_visible():
            await story.press(jump)
        await reader.hears(good_night)
        await story.shows_all(reader, rooms[0])
    await expect(ann.box).to_have_value(thought)
    await same_numbers(ann.page, tab, other.page)
    await other.open(f"/room/{rooms[1]}")
    await expect(other.box).to_have_value(letter)
    await story.look("04-the-draft-is-there", other)


async def in_the_end(story: Stage, ann: Reader, tab: Page, other: Reader, rooms: list[str]) -> None:
    """The room that called is read in the second tab; the numbers are the same, also after all pages reload."""
    await tab.goto(f"{story.served.url}/room/{rooms[2]}")
    await expect(tab.locator("message-item")).to_have_count(25)
    jump = tab.locator("message-list .jump")
    if await jump.is_visible():
        await story.press(jump)
    numbers = await same_numbers(ann.page, tab, other.page, without=rooms[2])
    assert all(number == ["", False] for number in numbers.values()), numbers
    for page in (ann.page, tab, other.page):
        await page.reload()
    assert await same_numbers(ann.page, tab, other.page) == numbers
    await expect(ann.box).to_have_value(DRAFTS[story.edition.language][0])
    await story.look("05-in-the-end", other)


async def same_numbers(*pages: Page, without: str = "") -> dict[str, list[object]]:
    """What stands beside the rooms, once it is the same on all pages (and nothing beside one that was read)."""
    shown: list[dict[str, list[object]]] = []
    try:
        async with asyncio.timeout(15):
            while True:
                shown = [await page.evaluate(NUMBERS) for page in pages]
                if (
                    shown[0]
                    and all(one == shown[0] for one in shown)
                    and shown[0].get(without, ["", False]) == ["", False]
                ):
                    return shown[0]
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"the numbers stay different: {shown}") from None
