"""An evening in a lively room of sixty: while all talk and react, one reads, answers, edits, pins and finds the way."""

from __future__ import annotations

import asyncio
import random
import re

import pytest
from playwright.async_api import expect

from tests.people import Person
from tests.web.people import Reader
from tests.web.stories.stage import EDITIONS, WATCH, Edition, Stage
from tests.web.stories.stage import ROOM as SHOWN

pytestmark = [pytest.mark.soak, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SIXTY = 60
EMOJI = ("👍", "❤️", "😂", "🎉", "🍵")
FAMILIES = {
    "en": "Lin Okafor Moreau Berg Castro Novak Silva Haas Mori Dahl",
    "zh-Hans": "王 李 张 刘 陈 杨 赵 黄 周 吴",
    "zh-Hant": "王 李 張 劉 陳 楊 趙 黃 周 吳",
}
GIVEN = {
    "en": "Tom Mei Lea Jonas Ana Omar",
    "zh-Hans": "小明 美玲 一诺 子涵 雨桐 建国",
    "zh-Hant": "小明 美玲 怡君 子涵 雨桐 建國",
}
ROOM = {"en": "Balcony growers", "zh-Hans": "阳台种菜", "zh-Hant": "陽台種菜"}
LINES = {
    "en": (
        "The basil is up.",
        "Two degrees tonight, cover the tomatoes.",
        "Which soil do you use?",
        "Half sand, half leaf mould.",
        "My neighbour laughs at my beans. He will not laugh in July.",
        "Photos tomorrow, promised.",
    ),
    "zh-Hans": (
        "罗勒发芽了。",
        "今晚只有两度，番茄要盖好。",
        "你们用什么土？",
        "一半沙，一半腐叶土。",
        "邻居笑我种豆子，七月他就笑不出来了。",
        "明天发照片，说好了。",
    ),
    "zh-Hant": (
        "羅勒發芽了。",
        "今晚只有兩度，番茄要蓋好。",
        "你們用什麼土？",
        "一半沙，一半腐葉土。",
        "鄰居笑我種豆子，七月他就笑不出來了。",
        "明天發照片，說好了。",
    ),
}
MINE = {
    "en": (
        "I keep the seeds in a tea tin",
        "Rain on Thursday",
        "Bring paper bags for the seeds",
        "could you water mine?",
        "party",
    ),
    "zh-Hans": ("种子我都放在茶叶罐里", "星期四下雨", "换种子请自带纸袋", "能帮我浇浇水吗？", "庆祝"),
    "zh-Hant": ("種子我都放在茶葉罐裡", "星期四下雨", "換種子請自帶紙袋", "能幫我澆澆水嗎？", "慶祝"),
}


def names_of(language: str) -> list[str]:
    """Sixty."""
    families, given = FAMILIES[language].split(), GIVEN[language].split()
    return [f"{one} {other}" if language == "en" else other + one for one in given for other in families]


async def evening(room: str, crowd: list[Person], language: str, messages: int, chance: random.Random) -> int:
    """So many messages, every third an answer, and about as many reactions; each by somebody else."""
    last = (await crowd[0].call("message.history", room=room, limit=1))["messages"]
    seq = last[-1]["seq"] if last else 0
    for number in range(messages):
        person = crowd[number % len(crowd)]
        more = {"reply_to": chance.randint(max(1, seq - 20), seq)} if seq and number % 3 == 0 else {}
        seq = (await person.say(room, chance.choice(LINES[language]), **more))["seq"]
        other = chance.choice(crowd)
        target = chance.randint(max(1, seq - 15), seq)
        await other.call("message.react", room=room, seq=target, emoji=chance.choice(EMOJI))
    return seq


@pytest.mark.timeout(300)
@pytest.mark.parametrize("edition", EDITIONS, ids=str)
async def test_an_evening_in_a_lively_room_of_sixty(stage, edition: Edition) -> None:
    chance = random.Random(60)
    async with stage("evening", edition) as story:
        language = edition.language
        ann = await story.reader("ann", {"en": "Ann Lin"}.get(language, "林安"))
        room = (await ann.call("room.create", title=ROOM[language]))["room"]
        crowd = await story.crowd(names_of(language)[: SIXTY - 1])
        await asyncio.gather(*(person.call("room.join", room=room) for person in crowd))
        await evening(room, crowd, language, 150, chance)
        await ann.call("read.mark", room=room, seq=100)
        await ann.open(f"/room/{room}")
        await expect(ann.page.locator("message-list .new")).to_be_visible()
        await story.look("01-opened-at-the-first-unread", ann)
        await jumps_to_the_newest(story, ann)

        talk = asyncio.create_task(talks_on(room, crowd, language, chance))
        try:
            tom = crowd[0]
            await takes_part(story, ann, room, tom)
        finally:
            talk.cancel()
            await asyncio.gather(talk, return_exceptions=True)
        await finds_the_way(story, ann, room, crowd)
        await stays_where_it_is(story, ann, room, crowd, chance)
        await jumps_to_the_newest(story, ann)
        await shows_what_the_server_holds(story, ann, room)


async def talks_on(room: str, crowd: list[Person], language: str, chance: random.Random) -> None:
    while True:
        await evening(room, crowd, language, 1, chance)
        await asyncio.sleep(1)


async def jumps_to_the_newest(story: Stage, ann: Reader) -> None:
    jump = ann.page.locator("message-list .jump")
    if await jump.is_visible():
        await story.press(jump)
    await expect(jump).to_be_hidden()


async def takes_part(story: Stage, ann: Reader, room: str, tom: Person) -> None:
    """Writes, answers, reacts, calls, edits, pins and copies, while the others talk on."""
    tin, rain, bags, water, word = MINE[story.edition.language]
    await story.writes(ann, tin)
    await ann.hears(tin)
    [posted, *_] = await tom.until(lambda: [one for one in tom.heard("message.posted") if one["text"] == tin], tin)
    await tom.say(room, "👏👏", reply_to=posted["seq"])
    await story.reacts(ann, "👏👏")
    await expect(ann.message("👏👏").locator(".reaction.mine")).to_have_count(1)
    await story.picks(ann, "👏👏", word, "🎉")
    await expect(ann.message("👏👏").locator(".reaction.mine")).to_have_count(2)
    await story.opens(ann, "👏👏")
    await story.look("02-what-can-be-done", ann)
    await ann.page.keyboard.press("Escape")

    await story.acts(ann, "👏👏", "actions.reply")
    await expect(ann.page.locator("message-composer .bar")).to_contain_text(tom.user["name"])
    await ann.box.press_sequentially(f"@{tom.user['handle']}")
    offers = ann.page.locator("message-composer .offers li")
    await expect(offers.first).to_contain_text(tom.user["name"])
    await story.look("03-answering-and-calling", ann)
    await story.press(offers.first)
    await expect(ann.box).to_have_value(f"@{tom.user['handle']} ")
    await ann.box.press_sequentially(water)
    await story.send(ann)
    await expect(ann.message(water).locator(".mention")).to_have_text(f"@{tom.user['name']}")
    await tom.until(lambda: [one for one in tom.heard("message.posted") if water in one["text"]], "the call")

    await story.writes(ann, rain)
    await ann.hears(rain)
    await story.acts(ann, rain, "actions.edit")
    await ann.box.fill(f"{rain} ☔")
    await story.send(ann, "composer.save")
    await expect(ann.message(f"{rain} ☔")).to_contain_text(story.words("message.edited"))
    await story.writes(ann, bags)
    await ann.hears(bags)
    await story.acts(ann, bags, "actions.pin")
    await expect(ann.page.locator("pin-strip")).to_contain_text(bags)
    await expect(ann.message(bags).locator(".pinned")).to_be_visible()
    await story.look("04-edited-and-pinned", ann)


async def finds_the_way(story: Stage, ann: Reader, room: str, crowd: list[Person]) -> None:
    """A link to a message, what an answer answers, and back."""
    _, _, bags, *_ = MINE[story.edition.language]
    await story.acts(ann, bags, "actions.link")
    link = await ann.page.evaluate("() => navigator.clipboard.readText()")
    assert re.fullmatch(rf"{re.escape(story.served.url)}/room/{room}/\d+", link)
    await crowd[1].say(room, "🌱🌱", reply_to=1)
    await jumps_to_the_newest(story, ann)
    reply = ann.message("🌱🌱")
    await expect(reply.locator(".answer")).to_be_visible()
    before = await reply.evaluate("(item) => item.getBoundingClientRect().top")
    await story.press(reply.locator(".answer"))
    await expect(ann.page).to_have_url(f"{story.served.url}/room/{room}/1")
    first = ann.page.locator("message-item.marked")
    await expect(first).to_be_in_viewport()
    assert await first.evaluate("(item) => item.message.seq") == 1
    await story.look("05-at-what-was-answered", ann)
    await story.press(story.button(ann.page.locator("message-list"), "room.back_there"))
    await expect(reply).to_be_in_viewport()
    assert abs(await reply.evaluate("(item) => item.getBoundingClientRect().top") - before) <= 2
    await ann.page.goto(link)
    await expect(ann.page.locator("message-item.marked .text")).to_have_text(bags)
    await expect(ann.page.locator("message-item.marked")).to_be_in_viewport()
    await story.look("06-by-a-link", ann)


async def stays_where_it_is(story: Stage, ann: Reader, room: str, crowd: list[Person], chance: random.Random) -> None:
    """Who reads further up is not moved by what comes, above or below."""
    await ann.page.goto(f"{story.served.url}/room/{room}/60")
    await expect(ann.page.locator("message-item.marked")).to_be_in_viewport()
    await expect(ann.page.locator("message-item.marked")).to_have_count(0)
    top = await ann.page.evaluate(WATCH)
    assert top is None
    last = await evening(room, crowd, story.edition.language, 30, chance)
    for seq in range(30, 60):
        await chance.choice(crowd).call("message.react", room=room, seq=seq, emoji="🌻")
    await ann.page.wait_for_function(f"(last) => {SHOWN}.timeline.lastSeq >= last", arg=last)
    await expect(ann.page.locator("message-item .reaction", has_text="🌻").first).to_be_attached()
    await expect(ann.page.locator("message-list .jump")).to_be_visible()
    watched = await ann.page.evaluate("() => window.watched")
    assert watched["frames"] > 10, watched
    assert watched["most"] <= 1, watched
    await story.look("07-reading-further-up", ann)


async def shows_what_the_server_holds(story: Stage, ann: Reader, room: str) -> None:
    shown = await story.shows_all(ann, room)
    pins = (await ann.call("room.pins", room=room))["messages"]
    assert [one["seq"] for one in pins] == [seq for seq in sorted(shown, reverse=True) if shown[seq]["pinned"]]
    assert len(pins) == 1
    assert sum(len(row["reactions"]) for row in shown.values()) > 100
    await story.look("08-the-whole-evening", ann)
