"""What the stories of "Talk together" stand on: a community, readers of one language and size, and an album.

A story is told in three editions, and each step of it leaves a picture. They go to the folder that
``CHATSERVER_PICTURES`` names, else to pytest's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import Browser, Locator, expect
from playwright.async_api import Error as PlaywrightError

from tests.people import Person
from tests.web import people
from tests.web.friendship import PHONE, Telling
from tests.web.people import Reader, Served


class Edition(NamedTuple):
    language: str
    phone: bool
    theme: str

    def __str__(self) -> str:
        return f"{'phone' if self.phone else 'desktop'}-{self.theme}-{self.language}"


EDITIONS = (Edition("en", False, "light"), Edition("zh-Hans", True, "dark"), Edition("zh-Hant", True, "light"))
DESKTOP = {"viewport": {"width": 1440, "height": 900}}
# What the page knows of the room it shows.
ROOM = "(() => { const list = document.querySelector('message-list'); return list.client.find(list.room); })()"
# Each row of the page as it is drawn, with the number of its message.
ROWS = """() => [...document.querySelectorAll("message-item")].filter((item) => item.message).map((item) => ({
  seq: item.message.seq,
  text: item.querySelector(".text").innerText.trim(),
  reactions: [...item.querySelectorAll(".reaction")].map((one) =>
    ({ emoji: one.dataset.emoji, count: Number(one.lastChild.textContent), mine: one.classList.contains("mine") })),
  pinned: Boolean(item.querySelector(":scope > .pinned")),
}))"""
MENU_OF = """(text) => document.querySelector("message-menu").item.message.text.includes(text)"""
UP = """() => {
  const scroller = document.querySelector("message-list > .scroller");
  scroller.scrollTop -= scroller.clientHeight / 2;
}"""
# From here on the largest distance that the first row in sight is moved, looked at in each frame.
WATCH = """() => {
  const scroller = document.querySelector("message-list > .scroller");
  const top = () => scroller.getBoundingClientRect().top;
  const row = [...scroller.querySelectorAll("message-item")].find((one) => one.getBoundingClientRect().top >= top());
  const offset = () => row.getBoundingClientRect().top - top();
  const watched = (window.watched = { from: offset(), most: 0, frames: 0 });
  const look = () => {
    watched.most = Math.max(watched.most, Math.abs(offset() - watched.from));
    watched.frames += 1;
    requestAnimationFrame(look);
  };
  look();
}"""


class Stage:
    """One edition of one story: ``reader`` comes by the page, ``crowd`` by plain sockets, ``look`` takes a picture."""

    def __init__(self, name: str, edition: Edition, served: Served, browser: Browser, folder: Path) -> None:
        self.name = name
        self.edition = edition
        self.served = served
        self.browser = browser
        self.folder = folder
        self.telling = Telling(edition.language)
        self.readers: list[Reader] = []
        self.people: list[Person] = []

    async def end(self) -> None:
        await asyncio.gather(*(person.leave() for person in self.people))
        for reader in self.readers:
            await reader.context.close()
            reader.check()

    # --- who is there ------------------------------------------------------------------------------------------------

    async def reader(self, handle: str = "", name: str = "", *, line: Served | None = None, **options: Any) -> Reader:
        """Somebody at the page; without a handle a visitor."""
        size = PHONE if self.edition.phone else DESKTOP
        look = {"reduced_motion": "reduce", "color_scheme": self.edition.theme}
        made = await people.reader(
            line or self.served, self.browser, locale=self.telling.locale, **size, **look, **options
        )
        await made.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=made.server.url)
        self.readers.append(made)
        return await made.sign_up(handle, name) if handle else made

    async def second_device(self, reader: Reader, **options: Any) -> Reader:
        """The same person at another browser."""
        other = await self.reader(**options)
        await other.call("account.sign_in", handle=reader.user["handle"], password=people.PASSWORD)
        other.user = reader.user
        return other

    async def crowd(self, names: list[str], tag: str = "c") -> list[Person]:
        """People by plain sockets, ten signing up at a time."""
        made: list[Person] = []
        for at in range(0, len(names), 10):
            part = [
                people.sign_up(self.served, f"{tag}{at + number}", name)
                for number, name in enumerate(names[at : at + 10])
            ]
            made += [await person.start() for person in await asyncio.gather(*part)]
        self.people += made
        return made

    # --- words and pictures ------------------------------------------------------------------------------------------

    def words(self, key: str, **values: Any) -> str:
        return self.telling.say(key, **{name: str(value) for name, value in values.items()})

    def button(self, within: Locator, key: str) -> Locator:
        return within.get_by_role("button", name=self.words(key), exact=True)

    async def look(self, step: str, reader: Reader) -> None:
        await reader.page.evaluate("() => document.fonts.ready.then(() => undefined)")
        await reader.page.screenshot(path=self.folder / f"{self.name}-{self.edition}-{step}.png")

    # --- hands -------------------------------------------------------------------------------------------------------

    async def press(self, what: Locator) -> None:
        await (what.tap() if self.edition.phone else what.click())

    async def writes(self, reader: Reader, text: str) -> None:
        """As a finger does it: on glass Enter is a new line."""
        await reader.box.fill(text)
        await self.send(reader)

    async def send(self, reader: Reader, key: str = "composer.send") -> None:
        await self.press(self.button(reader.page.locator("message-composer"), key))

    async def opens(self, reader: Reader, text: str) -> Locator:
        """Everything that can be done with a message: at its button, or under a finger that stays. What comes meanwhile
        can move another message under the mouse."""
        await expect(reader.page.locator("message-actions")).to_have_count(1)
        message = reader.message(text)
        menu = reader.page.locator("message-menu dialog")
        for _ in range(12):
            with contextlib.suppress(PlaywrightError):
                if self.edition.phone:
                    await self._holds(reader, message.locator(".text"))
                else:
                    await message.hover(timeout=1500)
                    await message.locator(".actions").get_by_role("button").last.click(timeout=1500)
                await menu.wait_for(timeout=10_000)
                if await reader.page.evaluate(MENU_OF, text):
                    return menu
                await reader.page.keyboard.press("Escape")
        await self.look("failed", reader)
        raise AssertionError(f"nobody gets at the menu of {text!r}")

    async def _holds(self, reader: Reader, text: Locator) -> None:
        await text.scroll_into_view_if_needed(timeout=2000)
        box, before = await text.bounding_box(timeout=2000), None
        while box != before:
            await asyncio.sleep(0.1)
            box, before = await text.bounding_box(timeout=2000), box
        if box is None:
            raise PlaywrightError("it was drawn again meanwhile")
        points = [{"x": box["x"] + 12, "y": box["y"] + box["height"] / 2}]
        finger = await reader.context.new_cdp_session(reader.page)
        await finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
        try:
            await reader.page.locator("message-menu .sheet").wait_for(timeout=10_000)
        finally:
            await finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
            await finger.detach()

    async def acts(self, reader: Reader, text: str, key: str) -> None:
        menu = await self.opens(reader, text)
        await self.press(menu.get_by_role("menuitem", name=self.words(key), exact=True))
        await expect(menu).to_be_hidden()

    async def reacts(self, reader: Reader, text: str) -> None:
        """With the first of the six at hand."""
        if self.edition.phone:
            await self.press((await self.opens(reader, text)).locator(".six button").first)
            return
        await self._among_six(reader, text, lambda message: message.locator(".six button").first)

    async def _among_six(self, reader: Reader, text: str, wanted: Callable[[Locator], Locator]) -> None:
        """What comes meanwhile can move the message from under the mouse, which then begins again, as a hand does."""
        message = reader.message(text)
        for _ in range(12):
            with contextlib.suppress(PlaywrightError):
                await message.hover(timeout=1500)
                await self.button(message, "actions.react").click(timeout=1500)
                await wanted(message).click(timeout=1500)
                return
        raise AssertionError(f"nobody gets at the emoji of {text!r}")

    async def picks(self, reader: Reader, text: str, word: str, emoji: str) -> None:
        """With one that is looked for in the picker."""
        if self.edition.phone:
            await self.press(self.button(await self.opens(reader, text), "actions.other_emoji"))
        else:
            await self._among_six(reader, text, lambda message: self.button(message, "actions.other_emoji"))
        picker = reader.page.locator("emoji-picker dialog")
        await expect(picker.locator(".found button").first).to_be_visible()
        await self.look("picker", reader)
        await picker.get_by_role("searchbox").fill(word)
        await self.press(picker.locator(".found").get_by_text(emoji, exact=True).first)
        await expect(picker).to_be_hidden()

    # --- looking -----------------------------------------------------------------------------------------------------

    async def rows(self, reader: Reader) -> dict[int, dict[str, Any]]:
        """All rows of the room, gathered on the way from the newest message up to the first; each stands once."""
        seen: dict[int, dict[str, Any]] = {}
        async with asyncio.timeout(60):
            while 1 not in seen:
                rows = await reader.page.evaluate(ROWS)
                assert all(one["seq"] < other["seq"] for one, other in itertools.pairwise(rows)), "a row stands twice"
                for row in rows:
                    seen.setdefault(row.pop("seq"), row)
                await reader.page.evaluate(UP)
                await asyncio.sleep(0.02)
        return seen

    async def shows_all(self, reader: Reader, room: str) -> dict[int, dict[str, Any]]:
        """The page's rows are the server's log: texts, reactions with counts and mine, pins."""
        held = {message["seq"]: message for message in await log_of(reader, room)}
        shown = await self.rows(reader)
        assert sorted(shown) == sorted(held)
        for seq, message in held.items():
            row, mine = shown[seq], message.get("mine", [])
            text = self.words("message.deleted") if message.get("deleted") else message["text"]
            assert row["text"] == text or "@" in text, (row, message)
            assert row["reactions"] == [
                {"emoji": one["emoji"], "count": one["count"], "mine": one["emoji"] in mine}
                for one in message.get("reactions", [])
            ], (row, message)
            assert row["pinned"] == bool(message.get("pinned")), (row, message)
        return shown


async def log_of(person: Person | Reader, room: str) -> list[dict[str, Any]]:
    """The whole log of a room, oldest first, as the server gives it to this person."""
    held: list[dict[str, Any]] = []
    before: dict[str, int] = {}
    while True:
        page = (await person.call("message.history", room=room, limit=100, **before))["messages"]
        held = page + held
        if not page or page[0]["seq"] == 1:
            return held
        before = {"before": page[0]["seq"]}
