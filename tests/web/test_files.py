"""Pictures and files: attached, sent over a line that breaks, looked at, saved, and gone with their message."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.web.people import LINE_DOWN, Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# A JPEG of so many pixels, in base64; noise makes it large.
DRAW = """async ([width, height, noise]) => {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "teal";
  context.fillRect(0, 0, width, height);
  if (noise) {
    const drawn = context.getImageData(0, 0, width, height);
    for (let at = 0; at < drawn.data.length; at += 1) if (at % 4 < 3) drawn.data[at] = (at * 2654435761) >>> 24;
    context.putImageData(drawn, 0, 0);
  }
  return canvas.toDataURL("image/jpeg", 0.95).split(",")[1];
}"""
NOTE = {"name": "way to the garden.txt", "mimeType": "text/plain", "buffer": b"Second floor, ring twice.\n"}
PLACES = "() => [...document.querySelectorAll('message-item')].map((item) => item.getBoundingClientRect().height)"
LOADED = "(image) => image.decode().then(() => image.naturalWidth)"
STATUS = "async (path) => (await fetch(path)).status"


async def picture(reader: Reader, name: str, width: int, height: int, *, noise: bool = False) -> dict[str, Any]:
    drawn = await reader.page.evaluate(DRAW, [width, height, noise])
    return {"name": name, "mimeType": "image/jpeg", "buffer": base64.b64decode(drawn)}


async def attach(reader: Reader, *files: dict[str, Any], kind: str = "File") -> None:
    """By keyboard alone, as far as the browser's own window in which files are chosen."""
    async with reader.page.expect_file_chooser() as chooser:
        await reader.page.locator("message-composer .plus").press("Enter")
        await expect(reader.page.get_by_role("menuitem").first).to_be_focused()
        row = reader.page.get_by_role("menuitem", name=kind).first
        while not await row.evaluate("(row) => row === document.activeElement"):
            await reader.page.keyboard.press("ArrowDown")
        await reader.page.keyboard.press("Enter")
    await (await chooser.value).set_files(list(files))


def tiles(reader: Reader) -> Any:
    return reader.page.locator("message-composer .tile")


async def test_pictures_and_files_are_sent_looked_at_saved_and_gone_with_their_message(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Balcony", bob)
    for reader in (ann, bob):
        await reader.open(f"/room/{room}")
    large, small = await picture(ann, "basil.jpg", 4000, 2000), await picture(ann, "mint.jpg", 300, 400)
    await attach(ann, large, small, NOTE)
    await expect(tiles(ann)).to_have_count(3)
    await expect(ann.box).to_be_focused()
    await tiles(ann).nth(1).get_by_role("button", name="Remove mint.jpg").press("Enter")
    await expect(tiles(ann).nth(1).get_by_role("button")).to_be_focused()
    await attach(ann, small, kind="Photo or video")
    await ann.box.press("Enter")
    await expect(tiles(ann)).to_have_count(0)

    message = bob.page.locator("message-item")
    await expect(message.locator(".picture img")).to_have_count(2)
    names = [await image.get_attribute("alt") for image in await message.locator("img").all()]
    assert names == ["basil.webp, picture by Ann Lin", "mint.webp, picture by Ann Lin"]
    for image in await message.locator("img").all():
        assert await image.evaluate(LOADED) > 0
        assert "size=small" in await image.evaluate("(image) => image.currentSrc")
    async with bob.page.expect_download() as saved:
        await message.get_by_role("link", name="Download way to the garden.txt").click()
    assert (await (await saved.value).path()).read_bytes() == NOTE["buffer"]

    await message.focus()
    await bob.page.keyboard.press("e")  # the keyboard is in the message now
    await bob.page.keyboard.press("Escape")
    await message.locator(".picture").first.focus()
    await bob.page.keyboard.press("Enter")
    viewer = bob.page.locator("picture-viewer dialog")
    await expect(viewer.get_by_role("status")).to_have_text("1 of 2")
    assert await viewer.locator("img").evaluate(LOADED) == 1600
    await bob.page.keyboard.press("ArrowRight")
    await expect(viewer.locator("img")).to_have_attribute("alt", "mint.webp, picture by Ann Lin")
    await bob.page.keyboard.press("+")
    await expect(viewer.locator(".zoomed")).to_have_count(1)
    await bob.page.keyboard.press("Escape")
    await expect(viewer).to_have_count(0)
    await expect(message.locator(".picture").first).to_be_focused()
    await bob.page.keyboard.press("Enter")
    await expect(viewer).to_be_visible()

    path = await message.locator(".picture").first.get_attribute("href")
    assert await bob.page.evaluate(STATUS, path) == 200
    seq = await ann.page.locator("message-item").evaluate("(item) => item.message.seq")
    await ann.call("message.delete", room=room, seq=seq)
    await expect(viewer).to_have_count(0)
    await expect(message.locator(".files")).to_have_count(0)
    bob.forgive("404")
    assert await bob.page.evaluate(STATUS, path) == 404


async def test_a_picture_keeps_its_place_from_the_first_paint(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bo Lindqvist")
    room = await new_room(ann, "Balcony", bob)
    await ann.open(f"/room/{room}")
    await attach(ann, await picture(ann, "basil.jpg", 900, 600))
    await ann.box.fill("basil")
    await ann.box.press("Enter")
    await ann.sees("basil")
    may_come = asyncio.Event()

    async def late(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await bob.page.route(re.compile(r"/files/|message-files"), late)
    await bob.open(f"/room/{room}")
    await bob.hears("basil")
    await expect(bob.page.locator(".picture")).to_be_visible()
    preview = await bob.page.locator(".picture").evaluate("(place) => place.style.backgroundImage")
    assert preview.startswith('url("data:image/')
    before = await bob.page.evaluate(PLACES)
    may_come.set()
    await expect(bob.page.locator(".picture img")).to_have_count(1)
    assert await bob.page.locator(".picture img").evaluate(LOADED) > 0
    assert await bob.page.evaluate(PLACES) == before


async def test_a_line_that_breaks_and_a_reload_lose_no_file_and_send_it_once(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Balcony", bob)
    for reader in (ann, bob):
        await reader.open(f"/room/{room}")
    parts = 0

    async def second_is_lost(route: Route) -> None:
        nonlocal parts
        parts += route.request.method == "PATCH"
        await (route.abort() if parts > 1 else route.continue_())

    ann.forgive(LINE_DOWN)
    ann.forgive("ERR_FAILED")
    await ann.page.route("**/files/*", second_is_lost)
    body = bytes(range(256)) * 5000
    await attach(ann, {"name": "seeds.bin", "mimeType": "application/octet-stream", "buffer": body})
    await expect(tiles(ann).locator("progress")).to_have_attribute("value", re.compile(r"0\.4"))
    await ann.page.reload()
    await expect(tiles(ann)).to_contain_text("seeds.bin")
    await ann.say("all my seeds", "and no more")
    await bob.hears("and no more")
    await expect(bob.message("all my seeds")).to_have_count(0)
    await expect(ann.message("all my seeds").locator(".state")).to_contain_text("uploading")
    await ann.page.unroute("**/files/*")
    await ann.page.reload()
    await bob.hears("all my seeds")
    await ann.sees("and no more", "all my seeds")
    async with bob.page.expect_download() as saved:
        await bob.page.get_by_role("link", name="Download seeds.bin").click()
    assert (await (await saved.value).path()).read_bytes() == body


async def test_who_may_not_send_files_is_told_why(new_reader, new_room) -> None:
    ann, guest = await new_reader("Ann Lin"), await new_reader()
    await guest.open("/room/hall")
    await expect(guest.box).to_be_visible()
    await expect(guest.page.locator("message-composer .plus")).to_be_hidden()
    room = await new_room(ann, "Balcony")
    await ann.open(f"/room/{room}")
    ann.forgive("403")
    await attach(ann, {"name": "torn.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff torn"})
    await expect(tiles(ann)).to_contain_text("This can't be read as a picture")
    await ann.box.press("Enter")
    await expect(ann.page.locator("message-composer .hint")).to_contain_text("can't be sent")
    await tiles(ann).get_by_role("button", name="Send as file").click()
    await expect(tiles(ann).locator("progress")).to_be_hidden()
    await expect(ann.page.locator(".attached .told")).to_contain_text("where and when it was taken")
    await ann.box.press("Enter")
    await expect(ann.page.get_by_role("link", name="Download torn.jpg")).to_be_visible()
    await attach(ann, *({**NOTE, "name": f"{number}.txt"} for number in range(11)))
    await expect(tiles(ann)).to_have_count(10)
    await expect(ann.page.locator("message-composer .hint")).to_have_text("A message can have at most 10 files.")
