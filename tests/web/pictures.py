"""``make pictures``: docs/pictures/, the page as people see it, made from a community that is opened for it.

The conversation below is said through the community by its people. Only the times are set here (the pictures would else
show one minute, and another one with each run): the clock of the browser stands still, and each message says the time
that stands beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Playwright, WebSocketRoute, async_playwright, expect

from tests.people import Person, post
from tests.web import first_minutes, palette, people
from tests.web.friendship import Friendship, Telling
from tests.web.people import ARGUMENTS, CHROMIUM, PATIENCE_MS, ROOT, Reader, Served

FOLDER = ROOT / "docs" / "pictures"
LARGEST = 150_000
ZONE = "Asia/Shanghai"
NOW = datetime.datetime(2026, 11, 21, 20, 14, tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
LANGUAGES = {"en": "en-GB", "zh-Hans": "zh-CN", "zh-Hant": "zh-TW"}
THEMES = ("light", "dark")

NAMES = {
    "ann": "Ann Lin",
    "xiaoming": "王小明",
    "tom": "Tom Okafor",
    "mei": "陳美玲",
    "lea": "Léa Moreau",
    "zhou": "老周",
}
# Minutes before NOW, who, what. "kettle" is a bot of Ann's.
SAID = [
    (1511, "mei", "下週六的讀書會還有兩個位子。這次讀汪曾祺的《人間草木》。"),
    (1508, "tom", "I only found it in English, in a second-hand shop. Does that count?"),
    (1506, "mei", "Of course it counts. 帶來，我們一起對著讀。"),
    (52, "ann", "Back from the walk along the canal. **Cold hands**, very good company."),
    (51, "ann", "Four of us, and a heron that did not mind us at all."),
    (47, "xiaoming", "我也想去！下次能早点说吗？我下班要六点以后。"),
    (45, "ann", "下次周四晚上七点，老地方见。慢慢走，走累了就喝茶。"),
    (31, "zhou", "走路我不行，喝茶我在行。今晚泡的是去年的白牡丹。"),
    (29, "lea", "老周, how long do you let it steep? Mine always turns bitter."),
    (27, "zhou", "水不要太开，八十五度，第一泡十秒就够。\n> 茶不苦，是人急。"),
    (26, "lea", "Not bitter, only hurried. I am going to write that on my kettle."),
    (9, "tom", "/timer 10s"),
    (9, "kettle", "Ten seconds. I will say when."),
    (4, "xiaoming", "我刚搬来，这里的人都这么有意思吗？😄"),
    (2, "ann", "Stay a while and find out. 先坐，喝一杯再说。"),
]

# One family for all scripts, as a phone or a laptop has it; what Debian takes for sans-serif has no Chinese.
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
<cachedir>{cache}</cachedir>
<match target="pattern"><test name="family" compare="eq"><string>sans-serif</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Noto Sans CJK SC</string></edit></match>
<match target="pattern"><test name="family" compare="eq"><string>system-ui</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Noto Sans CJK SC</string></edit></match>
<match target="pattern"><test name="family" compare="eq"><string>sans</string></test>
<edit name="family" mode="prepend" binding="strong"><string>Noto Sans CJK SC</string></edit></match>
</fontconfig>"""


MEI = {
    "headline": "慢慢讀，慢慢走",
    "about": "在台北教書。週末有讀書會，歡迎來坐。\nSaturdays we read aloud, in whatever language you bring.",
    "interests": ["books", "tea", "walks"],
    "languages": ["zh-TW", "en"],
    "home_town": "台南",
    "time_zone": "Asia/Taipei",
    "shown_rooms": ["books"],
}


class Evening:
    """A community with people who have talked."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self.people: dict[str, Person] = {}
        self.times: dict[int, int] = {}

    async def begin(self) -> None:
        for handle, name in NAMES.items():
            person = await people.sign_up(self.server, handle, name)
            if handle == "ann":
                await post(self.server.url, "community.claim", person.token, code=await self.server.setup_code())
            self.people[handle] = await person.start()
        made = await self.people["ann"].call("bot.create", handle="kettle", name="Kettle")
        kettle = await Person(self.server.url, made["token"], made["user"]).start()
        await kettle.call("room.join", room="hall")
        self.people["kettle"] = kettle
        for room, handles in {"books": ["mei", "tom"], "green-living": ["ann", "lea"], "psychology": ["zhou"]}.items():
            for handle in handles:
                await self.people[handle].call("room.join", room=room)
        for minutes, handle, text in SAID:
            at = NOW - datetime.timedelta(minutes=minutes)
            answer = await self.people[handle].say("hall", text)
            self.times[answer["seq"]] = int(at.timestamp() * 1000)
        await self.people["mei"].call("profile.update", **MEI)
        question = (await self.people["tom"].call("question.get"))["id"]
        for handle in ("tom", "lea", "zhou"):
            await self.people[handle].call("question.answer", question=question, text="Rain. 雨。", client_id="q")

    async def end(self) -> None:
        for person in self.people.values():
            await person.leave()

    def retimed(self, frame: str | bytes) -> str | bytes:
        """A frame of the community with the times of this evening."""
        said = json.loads(frame)
        self._retime(said.get("result") or said.get("params") or {})
        return json.dumps(said, ensure_ascii=False)

    def _retime(self, part: Any) -> None:
        for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else []:
            self._retime(value)
        if isinstance(part, dict) and part.get("room") == "hall" and {"at", "seq"} <= part.keys():
            part["at"] = self.times.get(part["seq"], part["at"])


class Album:
    """Takes the pictures, each from a browser context of its own."""

    def __init__(self, evening: Evening, browser: Browser, packer: Page) -> None:
        self.evening = evening
        self.browser = browser
        self.packer = packer

    @contextlib.asynccontextmanager
    async def sitting(self, size: dict[str, int], theme: str, language: str, handle: str = "") -> AsyncIterator[Reader]:
        """Somebody at a page; ``handle`` signs in."""
        phone = {"is_mobile": True, "has_touch": True} if size is PHONE else {}
        context = await self.browser.new_context(
            viewport=size, color_scheme=theme, locale=LANGUAGES[language], timezone_id=ZONE,
            reduced_motion="reduce", device_scale_factor=1, **phone,
        )  # fmt: skip
        reader = Reader(self.evening.server, context, await context.new_page())
        await reader.page.clock.set_fixed_time(NOW)
        await reader.page.route_web_socket("**/ws", self._retimed)
        if handle:
            await reader.call("account.sign_in", handle=handle, password=people.PASSWORD)
        yield reader
        await context.close()
        reader.check()

    def _retimed(self, socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        server.on_message(lambda frame: socket.send(self.evening.retimed(frame)))

    async def take(self, page: Page, name: str) -> None:
        await page.evaluate("document.fonts.ready")
        keep(name, await palette.packed(self.packer, await page.screenshot(animations="disabled", caret="hide")))

    async def room(self, size: dict[str, int], theme: str, language: str) -> None:
        handle = "xiaoming" if language != "en" else "ann"
        async with self.sitting(size, theme, language, handle) as reader:
            await reader.open("/room/hall")
            await reader.hears("Stay a while and find out")
            kind = "phone"
            if size is DESKTOP:
                kind = "desktop"
                await reader.page.locator("room-view .here").click()
                await expect(reader.page.locator("room-people li.present")).to_have_count(7, timeout=PATIENCE_MS)
                await reader.page.locator("message-composer textarea").focus()
            await self.take(reader.page, f"room-{kind}-{theme}-{language}")

    async def others(self) -> None:
        for size, kind, theme, language in (
            (DESKTOP, "desktop", "light", "en"),
            (DESKTOP, "desktop", "dark", "zh-Hant"),
            (PHONE, "phone", "dark", "zh-Hans"),
            (PHONE, "phone", "light", "en"),
        ):
            async with self.sitting(size, theme, language) as guest:
                await guest.open("/room/hall")
                await guest.hears("Stay a while and find out")
                await expect(guest.page.locator("room-table")).to_be_visible()
                await self.take(guest.page, f"window-{kind}-{theme}-{language}")
                await guest.open("/sign-up")
                await expect(guest.page.locator("account-form input").first).to_be_visible()
                await expect(guest.page.locator("room-list .nearby li").nth(2)).to_be_attached()
                await self.take(guest.page, f"sign-up-{kind}-{theme}-{language}")
            async with self.sitting(size, theme, language, "ann") as ann:
                await ann.open("/rooms")
                await expect(ann.page.locator("room-finder .results .action").nth(1)).to_be_visible()
                await self.take(ann.page, f"find-a-room-{kind}-{theme}-{language}")
                await ann.open("/settings")
                await expect(ann.page.locator("settings-page :is(form, nav .me):visible").first).to_be_visible()
                await self.take(ann.page, f"settings-{kind}-{theme}-{language}")
                await ann.open("/user/mei")
                await expect(ann.page.locator("user-profile dl")).to_be_visible()
                await expect(ann.page.locator("tie-steps .button").first).to_be_visible()
                await self.take(ann.page, f"profile-{kind}-{theme}-{language}")
                await ann.open("/community")
                await expect(ann.page.locator("community-page .acts li").first).to_be_attached()
                await self.take(ann.page, f"community-{kind}-{theme}-{language}")
        await self._on_the_phone()

    async def first_minutes(self, folder: Path) -> None:
        """The story of somebody new, a picture for each step; in a community of its own."""
        for kind, telling in (("desktop", first_minutes.ENGLISH), ("phone", first_minutes.CHINESE)):
            server = Served(folder / kind, HOST__ENABLED="false")
            await server.start()

            async def look(step: str, reader: Reader, kind: str = kind) -> None:
                await self.take(reader.page, f"first-minutes-{kind}-{step}")

            try:
                readers = await first_minutes.tell(server, self.browser, telling, look=look, phone=kind == "phone")
                for reader in readers:
                    await reader.context.close()
            finally:
                await server.stop()

    async def friendship(self) -> None:
        """Two become friends and two others meet, a picture for each step; in communities of their own."""
        for kind, language, theme in (("desktop", "en", "light"), ("phone", "zh-Hans", "dark")):

            async def look(step: str, reader: Reader, kind: str = kind) -> None:
                await self.take(reader.page, f"friendship-{kind}-{step}")

            await Friendship(self.browser, Telling(language), look, phone=kind == "phone", tag="f", theme=theme).tell()

    async def _on_the_phone(self) -> None:
        async with self.sitting(PHONE, "light", "zh-Hant", "mei") as mei:
            await mei.open("/")
            await expect(mei.page.locator("room-list .nearby li").nth(2)).to_be_visible()
            await self.take(mei.page, "rooms-phone-light-zh-Hant")
            await mei.room("前廳").click()
            await mei.page.locator("room-view .here").click()
            await expect(mei.page.locator("room-people li.present")).to_have_count(7, timeout=PATIENCE_MS)
            await self.take(mei.page, "people-phone-light-zh-Hant")


def keep(name: str, picture: bytes) -> None:
    assert len(picture) < LARGEST, f"{name} has {len(picture)} bytes"
    (FOLDER / f"{name}.png").write_bytes(picture)
    sys.stdout.write(f"docs/pictures/{name}.png  {len(picture) // 1000} KB\n")


async def launch(playwright: Playwright, folder: Path) -> Browser:
    fonts = folder / "fonts.conf"
    fonts.write_text(FONTS.format(cache=folder / "fonts"), encoding="utf-8")
    return await playwright.chromium.launch(
        executable_path=CHROMIUM, args=ARGUMENTS, env={"FONTCONFIG_FILE": str(fonts), "HOME": str(folder)}
    )


async def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        server = Served(Path(name) / "data", HOST__ENABLED="false")
        await server.start()
        try:
            evening = Evening(server)
            await evening.begin()
            async with async_playwright() as playwright:
                browser = await launch(playwright, Path(name))
                album = Album(evening, browser, await browser.new_page())
                await album.first_minutes(Path(name))
                await album.friendship()
                for language in LANGUAGES:
                    for theme in THEMES:
                        await album.room(DESKTOP, theme, language)
                        await album.room(PHONE, theme, language)
                await album.others()
            await evening.end()
        finally:
            await server.stop()


if __name__ == "__main__":
    asyncio.run(main())
