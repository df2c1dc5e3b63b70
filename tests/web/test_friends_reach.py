"""What lies between people is for everybody: axe-core finds nothing, and enlarged to 400 % nothing is cut off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.people import PASSWORD
from tests.web import people
from tests.web.people import Reader, Served
from tests.web.test_axe import come_to, complaints, pytestmark  # noqa: F401 (the marks hold here, too)
from tests.web.test_friends import acquaint, befriend
from tests.web.test_reach import CUT, ENLARGED

# What opens over a screen, by what is pressed.
OPENED = {
    "/user/u5": ("tie-steps .button", "say-hi hello-card"),
    "/people": ("invite-links .choices .edged", "dialog.my-code .qr"),
    "/user/u0": ("tie-menu button", ".menu [role=menuitem]"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def company(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Company]:
    """In a community of its own, so that its screens show nobody else."""
    server = Served(tmp_path_factory.mktemp("company") / "data", HOST__ENABLED="false")
    await server.start()
    readers = [await people.reader(server, browser) for _ in range(7)]
    yield Company(server, await _acquainted(*readers))
    for reader in readers:
        await reader.context.close()
    await server.stop()


class Company(NamedTuple):
    """Ann and those whom she knows; ``screens`` is where she sees them, and by what one knows that they are there."""

    server: Served
    screens: dict[str, str]

    async def ann(self, browser: Browser, locale: str, **options: object) -> Reader:
        """Ann at a browser of hers."""
        ann = await people.reader(self.server, browser, locale=locale, **options)
        await ann.call("account.sign_in", handle="ann", password=PASSWORD)
        return ann


async def test_axe_finds_nothing_between_people(company: Company, browser: Browser) -> None:
    ann = await company.ann(browser, "zh-CN", bypass_csp=True)
    screens, found = company.screens, list[str]()
    for path, there, pressed in [*((path, there, None) for path, there in screens.items()), *_opened(screens)]:
        await _open(ann, path, there, by_address=pressed is not None)
        if pressed:
            await _press(ann, *pressed)
        found += await complaints(ann, path)
    assert not found, "\n".join(found)
    await ann.context.close()


async def test_enlarged_to_400_percent_nothing_between_people_is_cut_off(company: Company, browser: Browser) -> None:
    ann = await company.ann(browser, "en-GB", **ENLARGED)
    found: list[str] = []
    for path, there in company.screens.items():
        await _open(ann, path, there)
        found += [f"{path} {what}" for what in await ann.page.evaluate(CUT)]
    assert not found, "\n".join(found)
    await ann.context.close()
    ann.check()


def _opened(screens: dict[str, str]) -> list[tuple[str, str, tuple[str, str]]]:
    return [(path, screens[path], pressed) for path, pressed in OPENED.items()]


async def _press(reader: Reader, button: str, there: str) -> None:
    await reader.page.locator(button).first.click()
    await expect(reader.page.locator(there).first).to_be_visible()


async def _acquainted(ann: Reader, *others: Reader) -> dict[str, str]:
    """Ann, with one of each: a friend, an acquaintance, somebody poked and somebody who pokes, somebody blocked; and
    where she sees them."""
    await ann.sign_up("ann", "Ann Lin")
    for reader, name in zip(others, ("王小明", "Tom Okafor", "Léa Moreau", "老周", "Eve", "Nora"), strict=True):
        await reader.sign_up(f"u{others.index(reader)}", name)
    ming, tom, lea, zhou, eve, _ = others
    for reader in (ann, *others):
        await reader.call("message.send", room="hall", text="Good evening to all at this long table", client_id="1")
    talk = await acquaint(ann, ming, "hall")
    await acquaint(ann, eve, "hall")
    await befriend(ann, lea)
    await ann.call("poke.send", room="hall", to=tom.user["id"], gesture="hi")
    await zhou.call("poke.send", room="hall", to=ann.user["id"], gesture="hi")
    await ann.call("tie.note", user=ming.user["id"], note="the architect, who restores courtyards nobody remembers")
    await ann.call("block.add", user=eve.user["id"])
    await ann.call("invitation.create", room="hall")
    for one, other in ((ann, lea), (lea, ann)):
        await one.call("card.update", company="Tea Works", phone="+41 44 000 00 00", looking_for="a store maker")
        await one.call("card.offer", user=other.user["id"])
    question = await ann.call("question.get")
    await ann.call("question.answer", question=question["id"], text="Rain on a tin roof", client_id="2")
    code = (await tom.call("invitation.create"))["code"]
    return {
        f"/sign-up#{code}": "account-form .invited",
        "/people": "people-page .waits li, people-page .friend li",
        "/notifications": "bell-list li",
        "/user/u0": "tie-steps .note, tie-steps textarea",
        "/user/u1": "tie-steps .action",
        "/user/u2": "name-card dd",
        "/user/u3": "curtain-card textarea",
        "/user/u4": "tie-steps .button",
        "/user/u5": "tie-steps .button",
        "/settings/profile": "own-card name-card",
        f"/room/{talk}": "how-it-began blockquote",
        "/room/hall": "day-question summary",
    }


async def _open(reader: Reader, path: str, there: str, *, by_address: bool = False) -> None:
    await come_to(reader, path, there, by_address=by_address)
    await reader.page.evaluate("document.querySelectorAll('main details').forEach((fold) => (fold.open = true))")
