"""Somebody's first five minutes, as one story told in any language and on any size of page.

link → reads → writes → account → sent → finds another room → leaves, comes back on another device → everything there.
``Trouble`` is what happens in the middle of it; the end is the same. ``look`` is called at each step with its name.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from playwright.async_api import Browser, expect

from tests.people import PASSWORD
from tests.web import people
from tests.web.people import LINE_DOWN, Reader, Served

Look = Callable[[str, Reader], Awaitable[None]]
Trouble = Callable[[Reader], Awaitable[None]]
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@dataclass(slots=True, frozen=True)
class Telling:
    """The words on the page that this story needs, in its language."""

    locale: str
    name: str
    hello: str
    second: str
    send: str
    kept: str
    come_in: str
    join: str
    room: str
    about_room: str
    sign_in: str
    handle: str
    password: str


ENGLISH = Telling(
    "en-GB", "Nora Vale", "Good evening, may I sit down?", "A book about rivers.", "Send", "I've saved it", "Sign up",
    "Join", "Books", "What is on your bedside table?", "Log in", "Username", "Password",
)  # fmt: skip
CHINESE = Telling(
    "zh-CN", "王小丽", "大家好，我可以坐下吗？", "一本写河流的书。", "发送", "我已保存", "注册",
    "加入", "读书", "你的床头放着哪本书", "登录", "用户名", "密码",
)  # fmt: skip


async def nothing(reader: Reader) -> None:
    """No trouble at all."""


async def no_look(step: str, reader: Reader) -> None:
    """Nobody takes a picture."""


async def tell(
    server: Served, browser: Browser, telling: Telling, trouble: Trouble = nothing, look: Look = no_look,
    *, phone: bool = False,
) -> list[Reader]:  # fmt: skip
    """Tell the story; gives its readers, one for each device. Asserts all that a person would notice."""
    size = PHONE if phone else {}
    host = await (await people.sign_up(server, "teller", "Old Zhou")).start()
    await host.say("hall", "The water is hot. 水开了。")

    guest = await people.reader(server, browser, locale=telling.locale, **size)
    guest.forgive(LINE_DOWN)
    await guest.open("/room/hall")
    await guest.hears("The water is hot")
    await look("1-reads", guest)

    await write(guest, telling, telling.hello)
    form = guest.page.locator("dialog account-form")
    await form.locator("input[name=name]").press_sequentially(telling.name)
    handle = form.locator("input[name=handle]")
    await expect(handle).not_to_have_value("")
    await form.locator("input[name=password]").fill(PASSWORD)
    await look("2-is-asked-for-a-name", guest)
    called = await handle.input_value()
    await form.get_by_role("button", name=telling.come_in).click()
    await expect(guest.page.locator("dialog .recovery")).to_be_visible()
    await look("3-is-given-a-code", guest)
    await guest.page.get_by_role("button", name=telling.kept).click()
    await said(guest, telling.hello)
    await host.hears("message.posted", text=telling.hello)
    await look("4-has-said-it", guest)

    await trouble(guest)

    await guest.follow("/rooms")
    await expect(guest.page.locator("room-finder").get_by_text(telling.about_room)).to_be_visible()
    await look("5-looks-for-a-room", guest)
    await guest.page.get_by_role("link", name=f"{telling.join}: {telling.room}").click()
    await expect(guest.page.get_by_role("heading", level=1)).to_have_text(telling.room)
    await write(guest, telling, telling.second)
    await said(guest, telling.second)
    await look("6-sits-in-it", guest)

    other = await people.reader(server, browser, locale=telling.locale, **({} if phone else PHONE))
    other.forgive(LINE_DOWN)
    await other.open("/sign-in")
    await other.page.get_by_label(telling.handle, exact=True).fill(called)
    await other.page.get_by_label(telling.password, exact=True).fill(PASSWORD)
    await other.page.locator("account-form button[type=submit]").click()
    await expect(other.page.locator("account-form")).to_have_count(0)
    for path, words in (("/room/hall", telling.hello), ("/room/books", telling.second)):
        await other.open(path)
        await said(other, words)
    await expect(other.page.locator("message-list .new")).to_have_count(0)
    await look("7-comes-back-elsewhere", other)
    await host.leave()
    return [guest, other]


async def write(reader: Reader, telling: Telling, text: str) -> None:
    """As a finger does it: into the box, and the button."""
    await reader.box.fill(text)
    await reader.page.locator("message-composer").get_by_role("button", name=telling.send).click()


async def said(reader: Reader, text: str) -> None:
    """It stands there once, and from the log."""
    await reader.hears(text)
    await expect(reader.page.locator("message-item.waiting")).to_have_count(0)
