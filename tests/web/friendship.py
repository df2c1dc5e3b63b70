"""How two become friends, as one story told in any language of the page and on any size of it.

room → poke → card → curtain → three days → friends → cards; two others at a table, a code; then one blocks. The
community runs in this process, so that its clock can be moved: the story begins four days ago and ends today. ``look``
is called at each step with its name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Locator, expect

from chatserver import ids
from chatserver.rules.friends.tie import DAY_MS
from chatserver.testkit import TestServer
from tests.web import people
from tests.web.people import ROOT, Reader, Served

Look = Callable[[str, Reader], Awaitable[None]]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
LOCALES = {"en": "en-GB", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW"}
NAMES = {
    "en": ("Ann Lin", "Tom Okafor", "Léa Moreau", "Old Zhou"),
    "zh-Hans": ("王小明", "张美玲", "李想", "老周"),
}
SAID = {
    "en": (
        "The whole balcony froze last night.", "Mine, too. I keep the seeds in a tea tin.",
        "I have to think. Tea first.", "It depends on whether it rains.",
        ("Did the tin survive?", "It did. Half of them sprout already."),
        ("First leaves today!", "Send me their names, I will learn them."),
        ("Tea on Sunday, on the balcony?", "I bring the tin."),
    ),
    "zh-Hans": (
        "昨晚阳台全冻坏了。", "我的也是。种子我都放在茶叶罐里。",
        "让我想想，先泡壶茶。", "那要看下不下雨。",
        ("茶叶罐还好吗？", "还好，一半已经发芽了。"),
        ("今天长出第一片叶子了！", "把它们的名字告诉我，我来记。"),
        ("星期天来阳台喝茶？", "我带上茶叶罐。"),
    ),
}  # fmt: skip


class Telling:
    """The page's own words in a language, by their keys."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.locale = LOCALES[language]
        files = (Path(ROOT / "web" / "i18n" / f"{path}.json") for path in (f"first/{language}", language))
        self._words: dict[str, str] = {}
        for file in files:
            self._words |= json.loads(file.read_text("utf-8"))

    def say(self, key: str, **values: str) -> str:
        text = str(self._words[key])
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), text)


class Friendship:
    """``tell`` it once; ``readers`` are those who took part."""

    def __init__(
        self, browser: Browser, telling: Telling, look: Look, *, phone: bool, tag: str, theme: str = "light"
    ) -> None:
        self.browser = browser
        self.telling = telling
        self.look = look
        self.phone = phone
        self.tag = tag
        self.theme = theme
        self.readers: list[Reader] = []

    async def tell(self) -> None:
        try:
            ids.move_clock(-4 * DAY_MS)
            async with TestServer(host__enabled=False) as server:
                ann, tom, lea, zhou = [await self._arrives(server, name) for name in NAMES[self.telling.language]]
                await self._meet_in_a_room(ann, tom)
                ids.move_clock(-2 * DAY_MS)
                await self._answer(ann, tom)
                await self._become_friends(ann, tom)
                await self._swap_cards(ann, tom)
                await self._meet_at_a_table(lea, zhou)
                await self._block(lea, zhou)
                for reader in self.readers:
                    await reader.context.close()
                    reader.check()
        finally:
            ids.move_clock(0)

    async def _arrives(self, server: TestServer, name: str) -> Reader:
        size = PHONE if self.phone else {}
        served = Served(server.folder)
        served.url = server.url
        options = {"reduced_motion": "reduce", "color_scheme": self.theme, **size}
        reader = await people.reader(served, self.browser, locale=self.telling.locale, **options)
        self.readers.append(reader)
        return await reader.sign_up(f"{self.tag}{len(self.readers)}", name)

    def words(self, key: str, **values: str) -> str:
        return self.telling.say(key, **values)

    def button(self, within: Locator, key: str) -> Locator:
        return within.get_by_role("button", name=self.words(key), exact=True)

    async def _writes(self, reader: Reader, text: str) -> None:
        """As a finger does it: on glass Enter is a new line."""
        await reader.box.fill(text)
        await self.button(reader.page.locator("message-composer"), "composer.send").click()

    # --- the steps ---------------------------------------------------------------------------------------------------

    async def _meet_in_a_room(self, ann: Reader, tom: Reader) -> None:
        said = SAID[self.telling.language]
        await ann.call("room.join", room="green-living")
        await tom.call("room.join", room="green-living")
        await tom.open("/room/green-living")
        await self._writes(tom, said[0])
        await ann.open("/room/green-living")
        await self._writes(ann, said[1])
        await ann.hears(said[1])
        await self.look("01-two-in-a-room", ann)
        await ann.act(said[0], self.words("actions.hi", name=tom.user["name"]))
        panel = ann.page.locator("say-hi")
        await panel.get_by_role("radio").nth(1).check()
        await expect(panel.locator("hello-card")).to_contain_text(self.words("hello.same_here"))
        await expect(panel.locator("hello-card .about")).to_contain_text(said[0])
        await self.look("02-this-is-what-they-will-see", ann)
        await self.button(panel, "hi.send").click()
        await expect(panel).to_contain_text(self.words("hi.sent", name=tom.user["name"]))
        await self.button(panel, "hi.done").click()

    async def _answer(self, ann: Reader, tom: Reader) -> None:
        said = SAID[self.telling.language]
        await tom.open("/notifications")
        item = tom.page.locator("bell-list li").first
        await expect(item).to_contain_text(self.words("bell.poke", name=ann.user["name"]))
        await self.look("03-the-bell", tom)
        await item.locator("a").first.click()
        card = tom.page.locator("curtain-card")
        await card.get_by_role("textbox").fill(said[2])
        await self.look("04-returning-and-answering", tom)
        await expect(tom.page.locator("hello-card .about")).to_contain_text(said[0])
        await self.button(card, "tie.wave_back").click()
        await expect(card.locator(".answered")).to_have_text(re.compile(self.words("curtain.you_answered")))

        await ann.open(f"/user/{tom.user['handle']}")
        card = ann.page.locator("curtain-card")
        await expect(card.locator(".answered")).to_contain_text(self.words("curtain.answered", name=tom.user["name"]))
        await expect(ann.page.locator("body")).not_to_contain_text(said[2])
        question = await card.locator("blockquote").text_content()
        await self.look("05-the-other-has-answered", ann)
        await card.get_by_role("textbox").fill(said[3])
        await self.button(card, "tie.answer").click()
        await ann.sees(said[2], said[3])
        await expect(ann.page.locator("how-it-began blockquote")).to_have_text(question or "")
        await self.look("06-the-curtain-is-open", ann)

    async def _become_friends(self, ann: Reader, tom: Reader) -> None:
        """Both write on two days of the community, want to become friends, and write on a third."""
        await tom.page.get_by_role("link", name=self.words("tie.talk")).click()
        for before_today, (one, other) in zip((2, 1, 0), SAID[self.telling.language][4:], strict=True):
            ids.move_clock(-before_today * DAY_MS)
            if before_today == 0:
                await self._want_both(ann, tom)
            await self._writes(ann, one)
            await tom.hears(one)
            await self._writes(tom, other)
            await ann.hears(other)
        await expect(ann.page.locator("pair-days > button")).to_be_hidden()
        await self.look("07-friends-after-three-days", ann)
        await tom.open("/notifications")
        await expect(tom.page.locator("bell-list li").first).to_contain_text(
            self.words("bell.friend", name=ann.user["name"])
        )
        await tom.follow("/people")
        await expect(tom.page.locator("people-page .friend li")).to_contain_text(ann.user["name"])
        await self.look("08-both-are-told", tom)

    async def _want_both(self, ann: Reader, tom: Reader) -> None:
        """Each is asked in private; the answer closes the question, and returns in the menu."""
        for reader, other in ((ann, tom), (tom, ann)):
            question = reader.page.locator("friend-question .question")
            await expect(question).to_contain_text(self.words("want.ask", name=other.user["name"]))
            await expect(reader.page.locator("pair-days .on")).to_have_count(2)
            if reader is ann:
                await self.look("07-become-friends", ann)
                await self.button(question, "want.yes").click()
                await expect(question).to_be_hidden()
                continue
            # "Not yet" closes it for good; one's mind is changed in the menu of the conversation.
            await self.button(question, "want.not_yet").click()
            await expect(question).to_be_hidden()
            await reader.page.locator("room-view > header .icon-button").last.click()
            await reader.page.get_by_role("menuitem", name=self.words("want.become", name=other.user["name"])).click()

    async def _swap_cards(self, ann: Reader, tom: Reader) -> None:
        await tom.call("card.update", company="Tea Works", title="Taster", wechat="tom-tea", can_offer="老茶")
        await ann.call("card.update", company="Yuanzi", looking_for="a store maker")
        await ann.call("card.offer", user=tom.user["id"])
        await tom.open(f"/user/{ann.user['handle']}")
        swap = tom.page.locator("card-swap")
        await expect(swap).to_contain_text(self.words("card.asked", name=ann.user["name"]))
        await self.button(swap, "card.offer").click()
        await expect(swap.locator("name-card")).to_contain_text("a store maker")
        await swap.scroll_into_view_if_needed()
        await self.look("09-cards", tom)
        await ann.open(f"/user/{tom.user['handle']}")
        await expect(ann.page.locator("name-card")).to_contain_text("tom-tea")

    async def _meet_at_a_table(self, lea: Reader, zhou: Reader) -> None:
        await lea.open("/people")
        await zhou.open("/people")
        await self.button(lea.page.locator("met-code"), "met.show").click()
        shown = lea.page.locator("dialog.met")
        code = await shown.locator("output").text_content()
        await self.look("10-a-code-at-arms-length", lea)
        await zhou.page.get_by_label(self.words("met.enter")).fill(code or "")
        await self.button(zhou.page.locator("met-code"), "met.go").click()
        asked = zhou.page.locator("dialog.met")
        await expect(asked).to_contain_text(lea.user["name"])
        await self.look("11-is-it-them", zhou)
        await self.button(asked, "met.confirm").click()
        await self.button(shown, "met.confirm").click()
        for dialog in (shown, asked):
            await expect(dialog.locator("cups-touch")).to_contain_text(zhou.user["name"])
            await expect(self.button(dialog, "met.keep")).to_be_visible()
        await self.look("12-friends-at-once", lea)

    async def _block(self, lea: Reader, zhou: Reader) -> None:
        """Who is blocked writes as ever; for the one who blocked the conversation is gone."""
        await lea.open("/notifications")
        await expect(lea.page.locator("room-list .bell .badge")).to_be_hidden()
        tie = await zhou.call("tie.get", user=lea.user["id"])
        await zhou.open(f"/room/{tie['room']}")
        await lea.follow(f"/user/{zhou.user['handle']}")
        steps = lea.page.locator("tie-steps")
        await self.button(lea.page.locator("tie-menu"), "tie.ways").click()
        await lea.page.get_by_role("menuitem", name=self.words("tie.block"), exact=True).click()
        await self.button(lea.page.get_by_role("dialog"), "tie.block").click()
        await expect(steps).to_contain_text(self.words("tie.next.unblock", name=zhou.user["name"]))
        await expect(lea.room(zhou.user["name"])).to_have_count(0)
        await self.look("13-a-block", lea)
        await self._writes(zhou, SAID[self.telling.language][0])
        await zhou.sees(SAID[self.telling.language][0])
        assert (await zhou.call("tie.get", user=lea.user["id"]))["rung"] == "friend"
        await expect(lea.page.locator("room-list .bell .badge")).to_be_hidden()
