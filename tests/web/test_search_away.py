"""While messages cannot be searched, the page says so, finds people and goes on when it is asked again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.store.index.unwell import Unwell
from tests.web import people
from tests.web.people import Reader, Served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WORDS = "Search isn't available right now. Everything else works. Try again in a moment."


async def test_a_search_says_that_it_is_not_available_and_finds_when_it_is(
    browser: Browser, tmp_path: Path, osmem_url: str
) -> None:
    cluster = Unwell(osmem_url)
    cluster.fall_ill("drops")
    server = Served(tmp_path / "data", HOST__ENABLED="false", INDEX__OPENSEARCH=cluster.url)
    await server.start()
    try:
        ann = await people.reader(server, browser)
        await ann.sign_up("ann", "Ann Lin")
        await searches(ann, cluster)
        ann.check()
        await ann.context.close()
    finally:
        await server.stop()
        cluster.close()


async def searches(ann: Reader, cluster: Unwell) -> None:
    await ann.open("/room/hall")
    await ann.say("oolong for two")
    ann.forgive("503")
    await ann.open("/search")
    await ann.page.locator("search-page .asking input").fill("oolong")
    page = ann.page.locator("search-page")
    await expect(page.locator(".error")).to_have_text(WORDS)
    await expect(page.get_by_role("tab", name="Messages")).to_have_text("Messages")
    cluster.heal()
    async with asyncio.timeout(60):
        while not await page.locator(".hits > li").is_visible():
            again = page.get_by_role("button", name="Try again")
            await (again.click() if await again.is_visible() else page.locator(".asking input").press("Enter"))
            await ann.page.wait_for_timeout(100)
    await expect(page.locator(".hits > li")).to_contain_text("oolong for two")
