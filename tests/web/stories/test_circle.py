"""A reading circle's month in a forum: a topic per book, photographs of pages, two weeks away, and all found again."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import pytest
from playwright.async_api import Locator, expect

from chatserver import ids
from chatserver.rules.friends.tie import DAY_MS
from tests.people import Person
from tests.sites import site
from tests.web.people import Reader
from tests.web.stories.stage import EDITIONS, Edition, Stage
from tests.web.test_files import LOADED
from tests.web.test_search import hits, is_indexed
from tests.web.test_voice import A_SECOND

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


class Told(NamedTuple):
    """What is said in one language."""

    people: tuple[str, str, str, str]
    room: str
    finished: str
    reading: str
    small: str
    begins: str
    page: str
    next_book: str
    lines: tuple[str, ...]
    stray: str
    call: str
    note: str


TOLD = {
    "en": Told(
        ("Ann Lin", "Mei Tan", "Tom Okafor", "Old Zhou"),
        "Reading circle",
        "Summer and moss",
        "The slow river",
        "Small talk",
        "We begin with chapter one. Who has the book already?",
        "The page I keep going back to",
        "Our second book. Read as far as the ferry by Sunday.",
        ("The ferry comes late, page 40.", "I read it twice.", "Slow, and I like it slow.", "Nobody crossed so far."),
        "The ferryman is the best of them",
        "@ann which page was it?",
        "Read to the end. We go on with The slow river.",
    ),
    "zh-Hans": Told(
        ("林安", "陈美玲", "王小明", "老周"),
        "读书会",
        "《夏天与苔藓》",
        "《慢河》",
        "闲聊",
        "从第一章开始。书都拿到了吗？",
        "我总是翻回这一页",
        "第二本书。星期天之前读到渡船那一段。",
        ("渡船来得很晚，第四十页。", "我读了两遍。", "慢，我喜欢这样的慢。", "到现在还没有人过河。"),
        "最好的人物是那个摆渡的",
        "@ann 是哪一页？",
        "读完了，接着读《慢河》。",
    ),
    "zh-Hant": Told(
        ("林安", "陳美玲", "王小明", "老周"),
        "讀書會",
        "《夏天與苔蘚》",
        "《慢河》",
        "閒聊",
        "從第一章開始。書都拿到了嗎？",
        "我總是翻回這一頁",
        "第二本書。星期天之前讀到渡船那一段。",
        ("渡船來得很晚，第四十頁。", "我讀了兩遍。", "慢，我喜歡這樣的慢。", "到現在還沒有人過河。"),
        "最好的人物是那個擺渡的",
        "@ann 是哪一頁？",
        "讀完了，接著讀《慢河》。",
    ),
}
# Said in every edition: one place in two scripts, and what is found only as it is written.
PLACES = ("我在重慶的舊書店", "重庆的书店开到很晚")
SIGNS = ("For work I read C++, sorry", "C is for chapter")
AWAY = 24
# A photograph of a page, as a JPEG in base64.
PHOTOGRAPH = """async ([words, tilt]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1200, height: 1600 });
  const context = canvas.getContext("2d");
  context.fillStyle = "#7a6a58";
  context.fillRect(0, 0, 1200, 1600);
  context.translate(600, 800);
  context.rotate(tilt);
  context.fillStyle = "#f4ecd8";
  context.fillRect(-480, -680, 960, 1360);
  context.fillStyle = "#3a342c";
  context.font = "34px serif";
  context.rect(-400, -620, 800, 1240);
  context.clip();
  for (let line = 0; line < 22; line += 1) context.fillText(words.slice(line % 5), -400, -560 + line * 54);
  return canvas.toDataURL("image/jpeg", 0.9).split(",")[1];
}"""
# As from a clipboard with pictures in it.
PASTE = """(box, files) => {
  const clipboardData = new DataTransfer();
  for (const { name, base64 } of files) {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    clipboardData.items.add(new File([bytes], name, { type: "image/jpeg" }));
  }
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "edition", [EDITIONS[0], *(pytest.param(edition, marks=pytest.mark.soak) for edition in EDITIONS[1:])], ids=str
)
async def test_a_reading_circles_month(stage: Any, edition: Edition) -> None:
    told = TOLD[edition.language]
    previews: dict[str, Any] = {"community__previews": True, "server__reachable_networks": ["127.0.0.1"]}
    try:
        ids.move_clock(-28 * DAY_MS)
        async with site() as pages, stage("circle", edition, moves_clock=True, **previews) as story:
            circle = await Circle.gather(story, told)
            await circle.begins_a_book()
            await circle.shows_a_page()
            await circle.mutes_the_small_talk()
            ids.move_clock(-14 * DAY_MS)
            await circle.follows_the_next_book()
            await circle.talks_on_without_ann(f"{pages.url}/gbk")
            await circle.tidies_up()
            ids.move_clock(0)
            await circle.comes_back()
            await circle.finds_it_again()
    finally:
        ids.move_clock(0)


class Circle:
    """Mei runs the circle and Ann goes away, both at the page; Tom and Zhou talk by plain sockets."""

    def __init__(self, story: Stage, told: Told, ann: Reader, mei: Reader, others: list[Person], room: str) -> None:
        self.story = story
        self.told = told
        self.ann = ann
        self.mei = mei
        self.tom, self.zhou = others
        self.room = room
        self.topics: dict[str, str] = {}

    @classmethod
    async def gather(cls, story: Stage, told: Told) -> Circle:
        ann_name, mei_name, *names = told.people
        ann, mei = await story.reader("ann", ann_name), await story.reader("mei", mei_name)
        room = (await mei.call("room.create", title=told.room, forum=True))["room"]
        others = await story.crowd(names)
        for member in (ann, *others):
            await member.call("room.join", room=room)
        return cls(story, told, ann, mei, others, room)

    # --- where things are --------------------------------------------------------------------------------------------

    async def opens(self, reader: Reader, title: str) -> None:
        """From the list of the forum."""
        await reader.open(f"/room/{self.room}")
        await self.story.press(row(reader, title))
        await expect(reader.page.locator("topic-head h2")).to_have_text(title)

    async def chooses(self, reader: Reader, button: Locator, key: str) -> None:
        await self.story.press(button)
        name = self.story.words(key)
        await self.story.press(reader.page.get_by_role("menuitem", name=name, exact=True))

    async def goes_to_the_newest(self, reader: Reader) -> None:
        jump = reader.page.locator("message-list .jump")
        await self.story.press(jump)
        await expect(jump).to_be_hidden()

    # --- the first book ----------------------------------------------------------------------------------------------

    async def begins_a_book(self) -> None:
        story, told, mei = self.story, self.told, self.mei
        await mei.open(f"/room/{self.room}")
        await expect(mei.page.locator("topic-list .empty")).to_have_text(story.words("topics.none_active"))
        await story.press(story.button(mei.page.locator("topic-list"), "topics.new"))
        form = mei.page.locator(".topic-new")
        await form.get_by_label(story.words("topics.title"), exact=True).fill(told.finished)
        await form.get_by_label(story.words("topics.text"), exact=True).fill(told.begins)
        await story.look("01-a-topic-for-a-book", mei)
        await story.press(story.button(form, "topics.start"))
        await mei.sees(told.begins)
        self.topics[told.finished] = mei.page.url.rpartition("/")[2]
        for person, text in zip((self.tom, self.zhou), PLACES, strict=True):
            await person.say(self.room, text, topic=self.topics[told.finished])
        await mei.sees(told.begins, *PLACES)

    async def shows_a_page(self) -> None:
        """Ann pastes photographs of two pages; Mei reads them large, one after the other."""
        story, told, ann, mei = self.story, self.told, self.ann, self.mei
        await self.opens(ann, told.finished)
        drawn = [await ann.page.evaluate(PHOTOGRAPH, [told.begins * 3, tilt]) for tilt in (-0.04, 0.03)]
        files = [{"name": f"page-{number}.jpg", "base64": one} for number, one in enumerate(drawn, 40)]
        await ann.box.evaluate(PASTE, files)
        await expect(ann.page.locator("message-composer .tile")).to_have_count(2)
        await story.writes(ann, told.page)
        message = mei.message(told.page)
        await expect(message.locator(".picture img")).to_have_count(2)
        for image in await message.locator(".picture img").all():
            assert await image.evaluate(LOADED) > 0
        await story.look("02-photographs-of-pages", mei)
        await story.press(message.locator(".picture").first)
        viewer = mei.page.locator("picture-viewer dialog")
        await expect(viewer.get_by_role("status")).to_have_text(story.words("viewer.place", at=1, count=2))
        assert await viewer.locator("img").evaluate(LOADED) == 1200
        await story.look("03-a-page-opened-large", mei)
        await mei.page.keyboard.press("ArrowRight")
        await expect(viewer.get_by_role("status")).to_have_text(story.words("viewer.place", at=2, count=2))
        await mei.page.keyboard.press("Escape")
        await expect(viewer).to_have_count(0)

    async def mutes_the_small_talk(self) -> None:
        story, told, ann = self.story, self.told, self.ann
        await self.begins(self.tom, told.small, SIGNS[0])
        await self.opens(ann, told.small)
        await ann.sees(SIGNS[0])
        bell = ann.page.locator("topic-head button[data-level]")
        await self.chooses(ann, bell, "notify.mute_on")
        await expect(bell).to_have_attribute("aria-label", story.words("topics.level_none"))

    async def begins(self, person: Person | Reader, title: str, text: str) -> None:
        made = await person.call("topic.create", room=self.room, title=title, text=text, client_id=title)
        self.topics[title] = made["topic"]["id"]

    # --- the second, while Ann is away -------------------------------------------------------------------------------

    async def follows_the_next_book(self) -> None:
        story, told, ann = self.story, self.told, self.ann
        await self.begins(self.mei, told.reading, told.next_book)
        await self.opens(ann, told.reading)
        await ann.sees(told.next_book)
        bell = ann.page.locator("topic-head button[data-level]")
        await story.press(bell)
        await expect(ann.page.get_by_role("menuitem")).to_have_count(5)
        await story.look("04-follow-or-mute", ann)
        await story.press(ann.page.get_by_role("menuitem", name=story.words("topics.level_all"), exact=True))
        await expect(bell).to_have_attribute("aria-label", story.words("topics.level_all"))
        await ann.page.wait_for_function(NOTHING_UNREAD, arg=self.room)
        await ann.page.goto("about:blank")

    async def talks_on_without_ann(self, link: str) -> None:
        """Two weeks: words, a link, a voice message, a call for Ann, and one message where it does not belong."""
        told, small, reading = self.told, self.topics[self.told.small], self.topics[self.told.reading]
        for number in range(AWAY):
            ids.move_clock(-(13 - number // 2) * DAY_MS)
            speaker = (self.tom, self.zhou)[number % 2]
            await speaker.say(self.room, told.lines[number % len(told.lines)], topic=reading)
            if number == AWAY // 2:
                await self.zhou.say(self.room, told.stray, topic=small)
        await self.zhou.say(self.room, SIGNS[1], topic=small)
        await self.tom.say(self.room, link, topic=reading)
        await self.zhou.say(self.room, told.call, topic=reading)
        await self.speaks(self.mei)

    async def speaks(self, reader: Reader) -> None:
        story, page = self.story, reader.page
        await self.opens(reader, self.told.reading)
        await self.goes_to_the_newest(reader)
        await expect(reader.message(self.told.call.partition(" ")[2])).to_be_in_viewport()
        await story.press(page.locator("message-composer .mic"))
        await expect(page.locator("voice-recorder .time")).to_be_visible()
        await page.wait_for_function(A_SECOND)
        await story.look("05-a-voice-message", reader)
        await story.press(page.get_by_role("button", name=story.words("voice.done"), exact=True))
        await expect(page.locator("message-composer .tile voice-player")).to_be_visible()
        await story.send(reader)
        await expect(page.locator("message-item voice-player")).to_be_visible()

    async def tidies_up(self) -> None:
        """The stray message is moved to its book, and the book that is read to its end is closed."""
        story, told, mei = self.story, self.told, self.mei
        await self.opens(mei, told.small)
        await mei.sees(SIGNS[0], told.stray, SIGNS[1])
        await story.acts(mei, told.stray, "actions.move")
        mover = mei.page.locator("message-mover")
        await mover.get_by_label(told.reading).check()
        await story.look("06-a-stray-message-is-moved", mei)
        await story.press(story.button(mover, "mover.move"))
        await expect(mover).to_have_count(0)
        await mei.sees(SIGNS[0], SIGNS[1])
        await self.opens(mei, told.finished)
        await self.chooses(mei, story.button(mei.page.locator("topic-head"), "room.more"), "topics.close")
        asked = mei.page.locator(".topic-asks")
        await asked.get_by_role("textbox").fill(told.note)
        await story.press(story.button(asked, "composer.save"))
        await expect(asked).to_have_count(0)
        await expect(mei.page.locator("topic-head small")).to_contain_text(story.words("topics.is_closed"))

    # --- back again --------------------------------------------------------------------------------------------------

    async def comes_back(self) -> None:
        story, told, ann = self.story, self.told, self.ann
        await ann.open("/" if story.edition.phone else f"/room/{self.room}")
        await expect(ann.room(told.room).locator(".badge")).to_have_text("1")
        if story.edition.phone:
            await story.press(ann.room(told.room))
        titles = [re.compile(told.reading), re.compile(told.small)]
        await expect(ann.page.locator("topic-list .title")).to_have_text(titles)
        # What was moved in, the link, the call and the voice message count as well.
        await expect(row(ann, told.reading).locator(".badge")).to_have_text(["@", str(AWAY + 4)])
        await expect(row(ann, told.small).locator(".badge")).to_have_count(0)
        await story.look("07-back-at-the-forum", ann)

        await story.press(row(ann, told.reading))
        line = ann.page.locator("message-list .new")
        await expect(line).to_be_in_viewport()
        await expect(ann.page.locator("message-list li.new + li")).to_contain_text(told.lines[0])
        await story.look("08-the-first-unread-of-a-topic", ann)
        await expect(ann.message(told.stray)).to_have_count(1)
        await self.reads_to_the_end()
        await self.reads_why_it_is_closed()

    async def reads_to_the_end(self) -> None:
        story, ann = self.story, self.ann
        await self.goes_to_the_newest(ann)
        await expect(ann.page.locator("message-item .previews")).to_contain_text("重庆的茶")
        player = ann.page.locator("message-item voice-player")
        await story.press(story.button(player, "voice.play"))
        await expect(story.button(player, "voice.pause")).to_be_visible()
        await expect(story.button(player, "voice.play")).to_be_visible()
        await story.look("09-a-link-and-a-voice", ann)
        await ann.page.wait_for_function(NOTHING_UNREAD, arg=self.room)

    async def reads_why_it_is_closed(self) -> None:
        story, told, ann = self.story, self.told, self.ann
        await ann.open(f"/room/{self.room}")
        await expect(row(ann, told.reading).locator(".badge")).to_have_count(0)
        await story.press(story.button(ann.page.locator("topic-list"), "topics.closed"))
        await story.press(row(ann, told.finished))
        await expect(ann.page.locator("message-composer .note")).to_contain_text(told.note)
        await expect(ann.box).to_be_hidden()
        await expect(ann.message(told.page).locator(".picture img")).to_have_count(2)
        await expect(ann.page.locator("topic-head small")).to_be_visible()  # it says that it is closed
        await story.look("10-a-book-that-is-closed", ann)
        await story.press(ann.message(told.page).locator(".picture").last)
        viewer = ann.page.locator("picture-viewer dialog")
        await expect(viewer.get_by_role("status")).to_have_text(story.words("viewer.place", at=2, count=2))
        await story.look("11-a-page-again", ann)
        await ann.page.keyboard.press("Escape")
        await expect(viewer).to_have_count(0)

    async def finds_it_again(self) -> None:
        """One place in either script, each in its topic; signs as they are written."""
        story, ann, finished = self.story, self.ann, self.topics[self.told.finished]
        await is_indexed(ann, "C++", self.room)
        await ann.open("/search")
        field = ann.page.locator("search-page .asking input")
        await field.fill("重庆")
        await expect(hits(ann)).to_have_count(2)
        await expect(hits(ann).locator("mark")).to_have_text(["重庆", "重慶"])
        places = re.compile(f"{self.told.room}.*{self.told.finished}", re.DOTALL)
        await expect(hits(ann).locator(".where")).to_have_text([places, places])
        await story.look("12-found-in-both-scripts", ann)
        await story.press(hits(ann).filter(has=ann.page.locator("mark", has_text="重慶")).locator("a"))
        await expect(ann.page).to_have_url(re.compile(rf"/room/{self.room}/topic/{finished}/\d+$"))
        await expect(ann.message(PLACES[0])).to_be_in_viewport()
        await expect(ann.page.locator("message-list .jump")).to_be_hidden()  # the newest is in sight as well
        await story.look("13-opened-in-its-place", ann)
        await ann.page.go_back()
        await field.fill('"C++"')
        await expect(hits(ann)).to_have_text([re.compile(re.escape(SIGNS[0]))])
        await story.look("14-as-it-is-written", ann)


def row(reader: Reader, title: str) -> Locator:
    return reader.page.locator("topic-list .topic-row", has_text=title)


NOTHING_UNREAD = """(room) => {
  const { client } = document.querySelector("room-view");
  return client.find(room).unread === 0;
}"""
