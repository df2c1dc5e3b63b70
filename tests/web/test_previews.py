"""The picture of a link's preview: in its place from the first paint, a part of the link, and gone with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route, expect

from tests.sites import site
from tests.web import people
from tests.web.people import Served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
BOXES = """() => [...document.querySelectorAll("message-item, .previews a, .page-picture")].map((one) => {
  const { x, y, width, height } = one.getBoundingClientRect();
  return [one.localName, x, y, width, height].join(" ");
})"""
LOADED = "(image) => image.decode().then(() => image.naturalWidth)"
OVERFLOWS = "(list) => list.scrollWidth > list.clientWidth"
STATUS = "async (path) => (await fetch(path)).status"


@pytest_asyncio.fixture(loop_scope="session")
async def server(tmp_path) -> AsyncIterator[Served]:
    opened = Served(
        tmp_path / "data", HOST__ENABLED="false", COMMUNITY__PREVIEWS="true", SERVER__REACHABLE_NETWORKS="127.0.0.1"
    )
    await opened.start()
    yield opened
    await opened.stop()


async def test_who_is_at_the_end_stays_there_and_who_reads_above_is_not_moved(server: Served, browser: Browser) -> None:
    ann, bob = [await people.reader(server, browser) for _ in range(2)]
    await ann.sign_up("ann", "Ann Lin")
    await bob.sign_up("bob", "王小明")
    room = (await ann.call("room.create", title="Balcony"))["room"]
    await bob.call("room.join", room=room)
    async with site() as pages:
        for number in range(40):
            await ann.call("message.send", room=room, text=f"line {number}", client_id=f"t{number}")
        for reader in (ann, bob):
            await reader.call("read.mark", room=room, seq=40)
            await reader.open(f"/room/{room}")
            await expect(reader.message("line 39")).to_be_in_viewport()
        await ann.call("message.send", room=room, text=f"{pages.url}/shows?leaf", client_id="end")
        await expect(ann.page.locator(".page-picture.loaded")).to_be_in_viewport(ratio=1)
        await expect(bob.page.locator(".page-picture.loaded")).to_be_in_viewport(ratio=1)

        # A message above the screen gets one while somebody reads.
        await bob.message("line 30").evaluate("(item) => item.scrollIntoView({ block: 'start' })")
        await expect(bob.message("line 20")).not_to_be_in_viewport()
        before = await bob.message("line 30").bounding_box()
        await ann.call("message.edit", room=room, seq=21, text=f"line 20 {pages.url}/shows?leaf")
        await expect(bob.message("line 20").locator(".page-picture")).to_have_count(1)
        after = await bob.message("line 30").bounding_box()
        assert before and after and abs(before["y"] - after["y"]) < 1
    for reader in (ann, bob):
        await reader.context.close()
        reader.check()


@pytest.mark.parametrize("screen", [{}, PHONE], ids=["desktop", "phone"])
async def test_the_picture_of_a_link_has_its_place_at_once_opens_the_page_and_goes(
    server: Served, browser: Browser, screen: dict
) -> None:
    ann, bob = [await people.reader(server, browser, **screen) for _ in range(2)]
    await ann.sign_up("ann", "Ann Lin")
    await bob.sign_up("bob", "王小明")
    room = (await ann.call("room.create", title="Balcony"))["room"]
    await bob.call("room.join", room=room)
    await ann.open(f"/room/{room}")
    may_come = asyncio.Event()

    async def late(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await bob.page.route("**/files/*", late)
    await bob.open(f"/room/{room}")
    async with site() as pages:
        leaf, two = f"{pages.url}/shows?leaf", f"{pages.url}/a {pages.url}/shows?square"
        await ann.call("message.send", room=room, text=f"wide {leaf}", client_id="1")
        await ann.call("message.send", room=room, text=f"two {two}", client_id="2")
        places = bob.page.locator(".page-picture")
        await expect(places).to_have_count(3)
        assert (await places.first.evaluate("(place) => place.style.backgroundImage")).startswith('url("data:image/')
        before = await bob.page.evaluate(BOXES)
        may_come.set()
        pictures = places.get_by_role("img", name="Picture of the page")
        await expect(pictures).to_have_count(3)
        for picture in await pictures.all():
            assert await picture.evaluate(LOADED) > 0
        await expect(bob.page.locator(".page-picture.loaded")).to_have_count(3)
        assert await bob.page.evaluate(BOXES) == before
        assert not await bob.page.locator("message-list").evaluate(OVERFLOWS)
        wide, beside = await places.nth(0).bounding_box(), await places.nth(1).bounding_box()
        assert wide and wide["width"] > 250 and round(wide["width"] / wide["height"], 1) == 1.9
        assert beside and (beside["width"], beside["height"]) == (72, 72)

        async with bob.context.expect_page() as opened:
            await places.first.click()
        tab = await opened.value
        await tab.wait_for_url(leaf)
        assert await tab.evaluate("[opener === null, document.referrer]") == [True, ""]
        await tab.close()
        await expect(bob.page.locator("picture-viewer")).to_have_count(0)

        path = (await pictures.first.evaluate("(image) => image.src")).removeprefix(server.url)
        await ann.call("message.hide_previews", room=room, seq=1)
        await expect(bob.message("wide").locator(".previews")).to_have_count(0)
        await expect(places).to_have_count(2)
        bob.forgive("404")
        assert await bob.page.evaluate(STATUS, path) == 404
    for reader in (ann, bob):
        await reader.context.close()
        reader.check()
