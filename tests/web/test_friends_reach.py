"""What lies between people is for everybody: axe-core finds nothing, and enlarged to 400 % nothing is cut off."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from tests.web import people
from tests.web.people import Reader, Served
from tests.web.test_axe import AXE, RUN, pytestmark  # noqa: F401 (the marks hold here, too)
from tests.web.test_axe import server as server  # noqa: PLC0414 (a fixture)
from tests.web.test_friends import acquaint, befriend
from tests.web.test_reach import CUT, ENLARGED

# What opens over a screen, by what is pressed.
OPENED = {
    "/user/u5": ("tie-steps .button", "say-hi hello-card"),
    "/people": ("invite-links .choices .edged", "dialog.my-code .qr"),
    "/user/u0": ("tie-menu button", ".menu [role=menuitem]"),
}


async def test_axe_finds_nothing_between_people(server: Served, browser: Browser) -> None:
    screens, ann = await _company(server, browser, "zh-CN", bypass_csp=True)
    found: list[str] = []
    for path, there, pressed in [*((path, there, None) for path, there in screens.items()), *_opened(screens)]:
        await _open(ann, path, there)
        if pressed:
            await _press(ann, *pressed)
        await ann.page.evaluate(AXE.read_text(encoding="utf-8"))
        for theme in ("light", "dark"):
            await ann.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            found += [f"{path} {theme} {what}" for what in await ann.page.evaluate(RUN, {})]
    assert not found, "\n".join(found)


async def test_enlarged_to_400_percent_nothing_between_people_is_cut_off(server: Served, browser: Browser) -> None:
    screens, ann = await _company(server, browser, "en-GB", **ENLARGED)
    found: list[str] = []
    for path, there in screens.items():
        await _open(ann, path, there)
        found += [f"{path} {what}" for what in await ann.page.evaluate(CUT)]
    assert not found, "\n".join(found)
    ann.check()


def _opened(screens: dict[str, str]) -> list[tuple[str, str, tuple[str, str]]]:
    return [(path, screens[path], pressed) for path, pressed in OPENED.items()]


async def _press(reader: Reader, button: str, there: str) -> None:
    await reader.page.locator(button).first.click()
    await expect(reader.page.locator(there).first).to_be_visible()


async def _company(server: Served, browser: Browser, locale: str, **options: object) -> tuple[dict[str, str], Reader]:
    """Ann, with one of each: a friend, an acquaintance, somebody poked and somebody who pokes, somebody blocked; and
    where she sees them."""
    ann = await people.reader(server, browser, locale=locale, **options)
    others = [await people.reader(server, browser) for _ in range(6)]
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
    screens = {
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
    return screens, ann


async def _open(reader: Reader, path: str, there: str) -> None:
    await reader.open(path)
    await expect(reader.page.locator(there).first).to_be_visible()
    await reader.page.evaluate("document.querySelectorAll('main details').forEach((fold) => (fold.open = true))")
