"""Pictures of people and of the community: chosen, cropped, shown wherever a face is, and taken away again."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.web.people import LINE_DOWN, Reader
from tests.web.test_files import LOADED, STATUS, picture

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
CLEAR = "(seal) => getComputedStyle(seal.querySelector('.motif')).visibility"


async def choose(reader: Reader, file: dict[str, Any]) -> None:
    """By keyboard alone, as far as the browser's own window in which files are chosen."""
    async with reader.page.expect_file_chooser() as chooser:
        await reader.page.get_by_role("button", name="Choose a picture").press("Enter")
    await (await chooser.value).set_files([file])


async def take(reader: Reader) -> None:
    crop = reader.page.locator("dialog.crop")
    await crop.locator("canvas").press("ArrowRight")
    await crop.get_by_label("Zoom").press("End")
    await crop.get_by_role("button", name="Use this picture").press("Enter")
    await expect(reader.page.locator("own-picture .done")).to_have_text("The picture is set.")
    await expect(reader.page.locator("own-picture .done")).to_be_focused()


async def test_a_picture_is_chosen_cropped_shown_to_all_and_taken_away(new_reader, new_room) -> None:
    ann, bob, guest = await new_reader("Ann Lin"), await new_reader("王小明"), await new_reader()
    room = await new_room(ann, "Balcony", bob)
    await ann.call("message.send", room=room, text="Basil is up", client_id="1")
    await ann.call("message.send", room="hall", text="Good evening", client_id="2")
    await bob.open(f"/room/{room}")
    await bob.hears("Basil is up")
    seal = bob.page.locator("message-item > .seal")
    before = await seal.bounding_box()
    await expect(seal.locator("img")).to_have_count(0)

    await ann.open("/settings")
    await choose(ann, await picture(ann, "me.jpg", 900, 600))
    await take(ann)
    await expect(ann.page.locator("room-list .me .seal.pictured")).to_be_visible()
    await expect(bob.page.locator("message-item > .seal.pictured")).to_be_visible()
    assert await seal.locator("img").evaluate(LOADED) == 384
    assert await seal.evaluate(CLEAR) == "hidden"
    assert await seal.bounding_box() == before
    path = await seal.locator("img").get_attribute("src")
    await guest.open("/room/hall")
    await guest.hears("Good evening")
    await expect(guest.page.locator("message-item > .seal img")).to_have_count(0)
    guest.forgive("404")
    assert await guest.page.evaluate(STATUS, path) == 404

    await ann.page.get_by_role("button", name="Remove picture").press("Enter")
    await expect(ann.page.locator("own-picture .done")).to_have_text("The picture is gone.")
    await expect(seal.locator("img")).to_have_count(0)
    await expect(ann.page.locator("room-list .me .seal img")).to_have_count(0)
    await choose(ann, await picture(ann, "me.jpg", 100, 100))
    await take(ann)
    await choose(ann, await picture(ann, "me.jpg", 100, 100))
    await ann.page.get_by_role("button", name="Use this picture").click()
    await expect(ann.page.locator("own-picture .error")).to_contain_text("three times within a day")
    await expect(ann.page.locator("own-picture .seal.pictured")).to_be_visible()


async def test_the_seal_shows_until_the_picture_is_there_and_where_it_cannot_be_loaded(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Balcony", bob)
    await ann.open("/settings")
    await choose(ann, await picture(ann, "me.jpg", 300, 300))
    await take(ann)
    await ann.call("message.send", room=room, text="Basil is up", client_id="1")
    may_come, is_lost = asyncio.Event(), True

    async def late(route: Route) -> None:
        await may_come.wait()
        await (route.abort() if is_lost else route.continue_())

    bob.forgive("ERR_FAILED")
    bob.forgive(LINE_DOWN)
    await bob.page.route("**/files/*", late)
    await bob.open(f"/room/{room}")
    await bob.hears("Basil is up")
    seal = bob.page.locator("message-item > .seal")
    assert await seal.evaluate(CLEAR) == "visible"
    may_come.set()
    await expect(seal.locator("img.lost")).to_have_count(1)
    assert await seal.evaluate(CLEAR) == "visible"
    is_lost = False
    await bob.page.evaluate("document.querySelector('app-shell').client.dispatchEvent(new Event('session'))")
    await expect(bob.page.locator("message-item > .seal.pictured")).to_be_visible()


async def test_what_is_no_picture_is_said_and_nothing_changes(new_reader) -> None:
    ann = await new_reader("Ann Lin")
    await ann.open("/settings")
    await choose(ann, {"name": "torn.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff torn"})
    await expect(ann.page.locator("own-picture .error")).to_contain_text("can't be read as a picture")
    await choose(ann, await picture(ann, "me.jpg", 300, 300))
    await ann.page.locator("dialog.crop").get_by_role("button", name="Cancel").press("Enter")
    await expect(ann.page.locator("dialog.crop")).to_have_count(0)
    await expect(ann.page.get_by_role("button", name="Remove picture")).to_be_hidden()


async def test_a_hello_shows_the_seal_and_never_the_picture(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob Ray")
    room = await new_room(ann, "Balcony", bob)
    for reader, text in ((ann, "Basil is up"), (bob, "Mine, too")):
        await reader.call("message.send", room=room, text=text, client_id="1")
    await bob.call("poke.send", room=room, to=ann.user["id"])
    await bob.open("/settings")
    await choose(bob, await picture(bob, "me.jpg", 300, 300))
    await take(bob)
    await ann.open(f"/room/{room}")
    await expect(ann.page.locator("message-item > .seal.pictured")).to_be_visible()
    await ann.page.goto(f"{ann.server.url}/notifications")
    row = ann.page.locator("bell-list li[data-drawn]")
    await expect(row).to_contain_text("Bob Ray")
    await expect(row.locator(".seal")).not_to_have_count(0)
    await expect(row.locator("img")).to_have_count(0)


async def test_the_community_has_an_icon_that_everyone_sees(served, new_reader) -> None:
    ann, bob, guest = await new_reader("Ann Lin"), await new_reader("Bob Ray"), await new_reader()
    await ann.call("community.claim", code=await served.setup_code())
    await bob.open("/room/hall")
    await expect(bob.box).to_be_visible()
    await ann.open("/community")
    await choose(ann, await picture(ann, "icon.jpg", 300, 300))
    await take(ann)
    await expect(ann.page.locator("room-list .emblem.pictured")).to_be_visible()
    await expect(bob.page.locator("room-list .emblem.pictured")).to_be_visible()  # without loading the page again
    await guest.open("/sign-up")
    await expect(guest.page.locator("room-list .emblem.pictured")).to_be_visible()
    await expect(guest.page.locator("account-form .emblem.pictured")).to_be_visible()
    await ann.page.get_by_role("button", name="Remove picture").press("Enter")
    await expect(ann.page.locator("room-list .emblem img")).to_have_count(0)
    await expect(ann.page.locator("room-list .emblem .drawing")).to_be_visible()
    await expect(bob.page.locator("room-list .emblem img")).to_have_count(0)
    await ann.call("community.update", name="Under the plane tree")
    await expect(bob.page.locator("room-list .community-name")).to_contain_text("Under the plane tree")
    await ann.call("community.update", name="Teahouse 茶馆")
    assert "icon" not in await guest.call("community.get")
