"""Without a line: the page opens, the rooms last read stand there, words wait; and nothing stays longer than it may."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from tests.people import PASSWORD
from tests.web import people
from tests.web.people import LINE_DOWN, PATIENCE_MS, ROOT, Reader, Served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

IS_INSTALLED = """async () => {
  const { active } = await navigator.serviceWorker.ready;
  return active.state === "activated" && navigator.serviceWorker.controller !== null;
}"""
KEPT = """() => new Promise((resolve) => {
  const asked = indexedDB.open("chatserver");
  asked.onsuccess = () => {
    const all = asked.result.transaction("kept").objectStore("kept").getAll();
    all.onsuccess = () => { asked.result.close(); resolve(JSON.stringify(all.result)); };
  };
})"""
KEEPS = f"async (words) => (await ({KEPT})()).includes(words)"
FORGOT = f"async () => (await ({KEPT})()) === '[]'"


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path: Path) -> AsyncIterator[Served]:
    """A community of this story's own, from a copy of the program, so that the page can become another one."""
    for folder in ("chatserver", "web", "config"):
        shutil.copytree(ROOT / folder, tmp_path / "community" / folder, ignore=shutil.ignore_patterns("*.pyc.*"))
    opened = Served(tmp_path / "data", root=tmp_path / "community", HOST__ENABLED="false")
    await opened.start()
    yield opened
    await opened.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def ann(server: Served, browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Reader]:
    """Somebody in the hall whose browser has the page installed; with "idle" as parameter it brought all elements,
    too."""
    idle = getattr(request, "param", "") == "idle"
    made = await people.reader(server, browser, service_workers="allow", idle=idle)
    await made.sign_up("ann", "Ann Lin")
    made.forgive(LINE_DOWN)
    await made.open("/room/hall")
    await comes_about(made, IS_INSTALLED)
    yield made
    await made.context.close()
    made.check()


async def comes_about(reader: Reader, condition: str, given: str = "") -> None:
    """Asked by and by: Playwright's own waiting takes a promise for an answer."""
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await reader.page.evaluate(condition, given):
            await asyncio.sleep(0.05)


async def keeps(reader: Reader, words: str) -> None:
    await comes_about(reader, KEEPS, words)


@pytest.mark.parametrize("ann", ["idle"], indirect=True)
async def test_the_page_and_the_rooms_last_read_open_without_a_line_and_words_wait(server: Served, ann: Reader) -> None:
    await ann.say("The kettle is on")
    await ann.sees("The kettle is on")
    await keeps(ann, "The kettle is on")
    await server.stop()
    await ann.open("/room/hall")
    await ann.hears("The kettle is on")
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("The hall")
    await expect(ann.page.locator(".banner")).to_contain_text("You're offline")
    await ann.open("/settings")
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("Profile")
    await ann.open("/room/hall")
    await ann.say("and I am still here")
    await expect(ann.message("and I am still here")).to_contain_text("waiting")
    await ann.page.reload()
    await expect(ann.message("and I am still here")).to_contain_text("waiting")
    await server.start()
    await ann.wakes()
    await ann.sees("The kettle is on", "and I am still here")
    await expect(ann.page.locator(".banner")).to_be_hidden()


async def test_what_was_deleted_while_one_was_away_goes_and_does_not_come_back(server: Served, ann: Reader) -> None:
    sent = await ann.call("message.send", room="hall", text="said in haste", client_id="1")
    await ann.call("message.send", room="hall", text="said at leisure", client_id="2")
    await ann.hears("said in haste")
    await keeps(ann, "said at leisure")
    await ann.page.goto("about:blank")
    await ann.call("message.delete", room="hall", seq=sent["seq"])
    await ann.open("/room/hall")
    await ann.hears("said at leisure")
    await expect(ann.message("said in haste")).to_have_count(0)
    await comes_about(
        ann,
        f"""async () => {{
      const kept = await ({KEPT})();
      return kept.includes("said at leisure") && !kept.includes("said in haste");
    }}""",
    )
    await server.stop()
    await ann.open("/room/hall")
    await ann.hears("said at leisure")
    await expect(ann.message("said in haste")).to_have_count(0)


async def test_nothing_stays_of_who_signs_out_or_whose_login_was_ended_elsewhere(server: Served, ann: Reader) -> None:
    await ann.say("for those at the table")
    await keeps(ann, "for those at the table")
    await ann.open("/settings/account")
    await ann.page.get_by_role("button", name="Log out").click()
    await expect(ann.page.get_by_role("link", name="Log in")).to_be_visible()
    await comes_about(ann, FORGOT)
    stored = await ann.page.evaluate("JSON.stringify(localStorage)")
    assert "for those at the table" not in stored
    cached = await ann.page.evaluate("""async () => {
      const names = await caches.keys();
      const caching = await Promise.all(names.map((name) => caches.open(name)));
      const requests = (await Promise.all(caching.map((cache) => cache.keys()))).flat();
      return [names.length, requests.map(({ url }) => new URL(url).pathname)];
    }""")
    assert cached[0] == 1
    assert not [path for path in cached[1] if path != "/" and not path.startswith("/web/")]

    await ann.call("account.sign_in", handle="ann", password=PASSWORD)
    await ann.open("/room/hall")
    await ann.say("a quiet corner")
    await keeps(ann, "a quiet corner")
    await ann.page.goto("about:blank")
    await ann.call("account.sign_out")
    await ann.open("/")
    await comes_about(ann, FORGOT)


@pytest.mark.soak
async def test_after_an_update_the_page_is_the_new_one_at_once_and_the_cache_with_it(
    server: Served, ann: Reader
) -> None:
    [before] = await ann.page.evaluate("caches.keys()")
    renew(server)
    await server.stop()
    await server.start()
    await ann.open("/room/hall")
    await expect(ann.box).to_have_attribute("data-made", "again")
    await comes_about(ann, "async (before) => !(await caches.keys()).includes(before)", before)
    await comes_about(ann, IS_INSTALLED)
    await server.stop()
    await ann.open("/room/hall")
    await expect(ann.box).to_have_attribute("data-made", "again")


async def test_a_page_that_stays_open_through_an_update_reloads_when_nobody_is_writing(
    server: Served, ann: Reader
) -> None:
    await ann.page.clock.install()
    await ann.open("/room/hall")
    await ann.say("before the update")
    await ann.sees("before the update")
    await ann.page.evaluate("window.isTheSame = true")
    renew(server)
    await server.stop()
    await server.start()
    await ann.page.clock.run_for(31_000)
    await ann.wakes()
    await expect(ann.page.locator(".banner")).to_be_hidden()
    await expect(ann.box).to_have_attribute("data-made", "again")
    await ann.sees("before the update")


def renew(server: Served) -> None:
    """The page becomes another one: its composer says so."""
    composer = server.root / "web" / "elements" / "message-composer" / "message-composer.js"
    text = composer.read_text(encoding="utf-8")
    made = text.replace('attributes: { rows: "1",', 'attributes: { "data-made": "again", rows: "1",')
    composer.write_text(made, encoding="utf-8")
