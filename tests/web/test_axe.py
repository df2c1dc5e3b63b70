"""axe-core finds no problem on any screen, in the light and dark theme, in three languages."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.sites import site
from tests.web import people
from tests.web.people import ROOT, Reader, Served
from tests.web.test_files import NOTE, picture
from tests.web.test_search import is_indexed

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(not AXE.exists(), reason="AXE IS MISSING: accessibility was not tested. make setup"),
]
# All rules by day; by night only what a theme can change.
THEMES = {"light": {}, "dark": {"runOnly": ["color-contrast", "link-in-text-block"]}}
RUN = """async (options) => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false, ...options });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ target }) => target.join(" "))}`);
}"""
GUEST = {
    "/room/hall": "message-item",
    "/sign-in": "account-form form",
    "/sign-up": "account-form form",
    "/sign-in#recover": "account-form form",
    "/room/nowhere": "room-door p",
    "/user/somebody": "user-profile .empty",
}
ADMIN = {
    "/": "main h1",
    "/rooms": "room-finder .results li",
    "/settings": "settings-page section form",
    "/settings/appearance": "settings-page .chip",
    "/settings/notifications": "settings-page .toggle",
    "/settings/privacy": "settings-page .toggle",
    "/settings/account": "settings-page li",
    "/settings/bots": "settings-page form",
    "/notifications": "bell-list .empty",
    "/people": "people-page .empty",
    "/community": "community-page form",
    "/room/{room}": "message-item",
    "/room/{empty}": "message-list .empty",
    "/user/{other}": "tie-steps .ways > *",
}
SEARCHES = (
    ("/search?room={room}", "xyzzy", "search-page .state h2"),
    ("/search?tab=people", "bob", "search-page .names a"),
    ("/search?room={room}&since=2026-01-01", "tea", "search-page .hits mark"),
)


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path) -> AsyncIterator[Served]:
    opened = Served(
        tmp_path / "data", HOST__ENABLED="false", COMMUNITY__PREVIEWS="true", SERVER__REACHABLE_NETWORKS="127.0.0.1"
    )
    await opened.start()
    yield opened
    await opened.stop()


@pytest.mark.parametrize(
    "locale", ["en-GB", *(pytest.param(locale, marks=pytest.mark.soak) for locale in ("zh-CN", "zh-TW"))]
)
async def test_axe_finds_nothing(server: Served, browser: Browser, locale: str) -> None:
    # What is injected here is not the page's, so the page's own policy is set aside; tests/doors holds it.
    guest, ann, bob = [await people.reader(server, browser, locale=locale, bypass_csp=True) for _ in range(3)]
    await ann.sign_up("ann", "Ann Lin")
    await bob.sign_up("bob", "王小明")
    await ann.call("community.claim", code=await server.setup_code())
    made = {"other": "bob"}
    made["room"] = (await ann.call("room.create", title="Lamplight"))["room"]
    made["empty"] = (await ann.call("room.create", title="Nobody spoke", access="closed"))["room"]
    await bob.call("room.join", room=made["room"])
    for who, room, text in (
        (ann, made["room"], "**Tea**, `code`\n> a quote"),
        (bob, made["room"], "好的"),
        (bob, "hall", "Good evening"),
    ):
        await who.call("message.send", room=room, text=text, client_id="1")
    found = [what for path, there in GUEST.items() for what in await _look(guest, path, there)]
    for path, there in ADMIN.items():
        found += await _look(ann, path.format(**made), there)
    for path, words, there in SEARCHES:
        found += await _search(ann, path.format(**made), words, there)
    long = "\n".join(f"{number} of a hundred" for number in range(100))
    for number, text in enumerate((f"@ann {long}", "||hidden|| ~~struck~~", "gone", "gone, too", "🍵")):
        await bob.call("message.send", room=made["room"], text=text, client_id=f"t{number}", reply_to=1)
    for seq in (5, 6):
        await bob.call("message.delete", room=made["room"], seq=seq)
    await bob.call("message.react", room=made["room"], seq=1, emoji="👍")
    await ann.call("message.react", room=made["room"], seq=2, emoji="❤️")
    await ann.call("message.pin", room=made["room"], seq=2, pinned=True)
    async with site() as pages:
        await ann.call("message.send", room=made["room"], text=f"{pages.url}/a", client_id="t9")
        await ann.open(f"/room/{made['room']}")
        await expect(ann.message(pages.url).locator(".previews a")).to_be_visible()
        found += await _look_at_a_message(ann, f"/room/{made['room']}")
    found += await _look_at_files(ann)
    found += await _look(ann, f"/search?room={made['room']}&tab=files", "search-page .opens img", by_address=True)
    found += await _look(ann, "/settings", "own-picture", by_address=True)
    await ann.page.locator("own-picture input").set_input_files([await picture(ann, "me.jpg", 90, 60)])
    await expect(ann.page.locator("dialog.crop canvas")).to_be_visible()
    found += await complaints(ann, "a picture of oneself")
    assert not found, "\n".join(found)
    for reader in (guest, ann, bob):
        await reader.context.close()


@pytest.mark.parametrize(
    "locale", ["en-GB", *(pytest.param(locale, marks=pytest.mark.soak) for locale in ("zh-CN", "zh-TW"))]
)
async def test_axe_finds_nothing_in_a_forum(server: Served, browser: Browser, locale: str) -> None:
    """Its list, a topic, a closed one, all messages, and what is opened there."""
    ann, bob = [await people.reader(server, browser, locale=locale, bypass_csp=True) for _ in range(2)]
    await ann.sign_up("ann", "Ann Lin")
    await bob.sign_up("bob", "王小明")
    room = (await ann.call("room.create", title="Reading circle", forum=True))["room"]
    await bob.call("room.join", room=room)
    moss, rain, old = [
        (await who.call("topic.create", room=room, title=title, text="**Moss**, 苔藓", client_id=title))["topic"]["id"]
        for who, title in ((bob, "苔藓 Moss"), (ann, "Rain"), (ann, "Soap"))
    ]
    await bob.call("message.send", room=room, topic=rain, text="@ann which book?", client_id="a1")
    await ann.call("topic.update", room=room, topic=moss, pinned=True)
    found = await _look(ann, f"/room/{room}", "topic-list .badge.lit")
    await ann.page.locator("topic-list .add").click()
    await expect(ann.page.locator(".topic-new input").first).to_be_focused()
    found += await complaints(ann, "a new topic")
    found += await _look(ann, f"/room/{room}/topic/{rain}", "message-item")
    await ann.page.locator("topic-head button").last.click()
    await expect(ann.page.get_by_role("menuitem").first).to_be_focused()
    found += await complaints(ann, "the menu of a topic")
    await ann.page.keyboard.press("Escape")
    await ann.page.locator("message-item").first.focus()
    await ann.page.keyboard.press("m")
    await ann.page.locator("[data-act=move]").click()
    await expect(ann.page.locator("message-mover [type=radio]").first).to_be_attached()
    found += await complaints(ann, "messages to move")
    await ann.call("topic.update", room=room, topic=old, closed=True, note="Go on in Rain")
    await ann.call("topic.notify", room=room, topic=old, level="none")
    found += await _look(ann, f"/room/{room}/topic/{old}", "message-composer .note:not(:empty)", by_address=True)
    found += await _look(ann, f"/room/{room}/all", "message-item .topic")
    await is_indexed(ann, "book", room)
    found += await _search(ann, f"/search?room={room}&topic={rain}", "book", "search-page .hits mark")
    assert not found, "\n".join(found)
    for reader in (ann, bob):
        await reader.context.close()


async def _look(reader: Reader, path: str, there: str, *, by_address: bool = False) -> list[str]:
    """What axe-core complains of on one screen, in both themes; ``by_address`` where something stands over the last
    one."""
    await come_to(reader, path, there, by_address=by_address)
    return await complaints(reader, path)


async def come_to(reader: Reader, path: str, there: str, *, by_address: bool) -> None:
    """The first time and ``by_address`` it is loaded, else it is come to by a link."""
    loads = by_address or reader.page.url == "about:blank"
    await (reader.open(path) if loads else reader.follow(path))
    await expect(reader.page.locator(there).first).to_be_visible()


async def _search(reader: Reader, path: str, words: str, there: str) -> list[str]:
    """The same with words in the field of the search."""
    await come_to(reader, path, "search-page .asking input", by_address="/search" in reader.page.url)
    await reader.page.locator("search-page .asking input").fill(words)
    await expect(reader.page.locator(there).first).to_be_visible()
    await expect(reader.page.locator("search-page .old")).to_have_count(0)
    return await complaints(reader, f"{path} {words}")


async def _look_at_a_message(reader: Reader, path: str) -> list[str]:
    """The same with what is opened at a message: the emoji at hand, its menu, who reacted, what is pinned."""
    found = await _look(reader, path, "pin-strip button")
    message = reader.page.locator("message-item").last
    await message.focus()
    await reader.page.keyboard.press("e")
    await expect(message.locator(".six button").first).to_be_focused()
    found += await complaints(reader, "the emoji at hand")
    await reader.page.keyboard.press("Escape")
    await reader.page.locator("message-item").nth(1).focus()
    await reader.page.keyboard.press("m")
    await expect(reader.page.locator("message-menu [role=menuitem]").first).to_be_focused()
    found += await complaints(reader, "the menu of a message")
    await reader.page.locator("[data-act=reactors]").click()
    await expect(reader.page.locator("reaction-people li")).to_have_count(1)
    found += await complaints(reader, "who reacted")
    await reader.page.keyboard.press("Escape")
    await reader.page.locator("pin-strip button").click()
    await expect(reader.page.locator("pin-list li")).to_have_count(1)
    return found + await complaints(reader, "what is pinned")


async def _look_at_files(reader: Reader) -> list[str]:
    """In the room that is open: the menu at the plus, tiles, a picture and a file in a message, the picture large."""
    await reader.page.keyboard.press("Escape")
    await reader.page.locator("message-composer .plus").click()
    await expect(reader.page.get_by_role("menuitem").first).to_be_focused()
    found = await complaints(reader, "the menu of files")
    await reader.page.keyboard.press("Escape")
    chooser = reader.page.locator("message-composer input[type=file]")
    await chooser.set_input_files([await picture(reader, "basil.jpg", 90, 60), NOTE])
    await expect(reader.page.locator(".attached progress:not([hidden])")).to_have_count(0)
    found += await complaints(reader, "attached files")
    await reader.box.press("Enter")
    await expect(reader.page.locator(".picture[href] img")).to_have_count(1)
    found += await complaints(reader, "files of a message")
    await reader.page.get_by_role("button", name=re.compile("voice message|语音|語音")).press("Enter")
    await expect(reader.page.locator("voice-recorder.runs .button")).to_be_focused()
    found += await complaints(reader, "a voice message while it is spoken")
    await reader.page.keyboard.press("Enter")
    await expect(reader.page.locator(".attached voice-player")).to_be_visible()
    await expect(reader.page.locator(".attached progress:not([hidden])")).to_have_count(0)
    found += await complaints(reader, "a voice message before it is sent")
    await reader.page.locator("message-composer .send").press("Enter")
    await expect(reader.page.locator("message-item voice-player")).to_be_visible()
    found += await complaints(reader, "a voice message")
    player = reader.page.locator("message-item voice-player")
    await player.locator(".toggle").click()
    await reader.page.evaluate("document.querySelector('audio').loop = true")
    await player.evaluate("(player) => (player.hidden = true)")
    await expect(reader.page.locator("playing-bar")).to_be_visible()
    found += await complaints(reader, "what plays out of sight")
    await player.evaluate("(player) => (player.hidden = false)")
    await player.locator(".toggle").click()
    await reader.page.locator(".picture").click()
    await expect(reader.page.locator("picture-viewer img")).to_be_visible()
    return found + await complaints(reader, "a picture large")


async def complaints(reader: Reader, path: str) -> list[str]:
    """What axe-core says in both themes."""
    found: list[str] = []
    if not await reader.page.evaluate("'axe' in window"):
        await reader.page.evaluate(AXE.read_text(encoding="utf-8"))
    for theme, options in THEMES.items():
        await reader.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found += [f"{path} {theme} {what}" for what in await reader.page.evaluate(RUN, options)]
    return found
