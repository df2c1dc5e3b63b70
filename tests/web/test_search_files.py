"""Searching for files, and what a search says while it has nothing to show."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.web.people import LINE_DOWN, Reader
from tests.web.test_files import LOADED, NOTE, attach, picture
from tests.web.test_search import PHONE, hits, is_indexed, say

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def send_files(reader: Reader, text: str, *files: dict[str, object]) -> None:
    """In the room that is open."""
    await attach(reader, *files)
    await expect(reader.page.locator(".attached progress:not([hidden])")).to_have_count(0)
    await reader.box.fill(text)
    await reader.box.press("Enter")
    await expect(reader.message(text)).to_be_visible()
    await expect(reader.page.locator("message-item.waiting")).to_have_count(0)


async def narrow(reader: Reader, words: str) -> None:
    await reader.page.locator("search-page .asking input").fill(words)


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
async def test_files_are_found_by_words_and_opened_in_place(new_reader, new_room, options) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明", **options)
    room = await new_room(ann, "Balcony", bob)
    await ann.open(f"/room/{room}")
    await send_files(ann, "herbs", await picture(ann, "basil.jpg", 300, 200), NOTE)
    await say(ann, room, "no file at all")
    await send_files(ann, "more herbs", await picture(ann, "mint.jpg", 200, 300))
    await is_indexed(ann, "more herbs", room)

    await bob.open(f"/search?room={room}")
    await bob.page.get_by_role("tab", name="Files").click()
    names = hits(bob).locator(".title")
    await expect(names).to_have_text(["mint.webp", "basil.webp", "way to the garden.txt"])
    await expect(bob.page.get_by_role("tab", name="Files")).to_have_text("Files3")
    assert await hits(bob).locator("img").first.evaluate(LOADED) > 0
    await expect(hits(bob).last.locator(".facts")).to_have_text(re.compile(r"TXT · 1 kB · Ann Lin · Balcony"))
    assert await bob.page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    await hits(bob).nth(1).locator(".opens").press("Enter")
    viewer = bob.page.locator("picture-viewer dialog")
    await expect(viewer.get_by_role("status")).to_have_text("2 of 2")
    await bob.page.keyboard.press("Escape")
    await expect(hits(bob).nth(1).locator(".opens")).to_be_focused()
    await bob.page.keyboard.press("ArrowDown")
    async with bob.page.expect_download() as saved:
        await bob.page.keyboard.press("Enter")
    assert (await (await saved.value).path()).read_bytes() == NOTE["buffer"]

    await narrow(bob, "more")
    await expect(names).to_have_text(["mint.webp"])
    await narrow(bob, "garden")
    await expect(names).to_have_text(["basil.webp", "way to the garden.txt"])
    await expect(hits(bob).locator("mark")).to_have_text(["garden"])
    await bob.page.locator("search-page .chips").get_by_role("button", name="has").click()
    await bob.page.get_by_role("menuitem", name="has a file").click()
    await expect(names).to_have_text(["way to the garden.txt"])
    await hits(bob).get_by_role("link", name="Show in the room").click()
    await expect(bob.message("herbs").first).to_be_in_viewport()
    seq = await bob.page.locator("message-item").first.evaluate("(item) => item.message.seq")
    await bob.page.go_back()
    await expect(names).to_have_text(["way to the garden.txt"])
    await ann.call("message.delete", room=room, seq=seq)
    await expect(bob.page.get_by_role("heading", name="Nothing found")).to_be_visible()


async def test_a_voice_message_that_was_found_plays_below_its_row(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Balcony")
    await ann.open(f"/room/{room}")
    await ann.page.get_by_role("button", name="Record a voice message").press("Enter")
    await expect(ann.page.locator("voice-recorder.runs .button")).to_be_focused()
    await expect(ann.page.locator("voice-recorder")).to_contain_text("0:01")
    await ann.page.keyboard.press("Enter")
    await expect(ann.page.locator(".attached progress:not([hidden])")).to_have_count(0)
    await ann.page.locator("message-composer .send").press("Enter")
    await expect(ann.page.locator("message-item:not(.waiting) voice-player")).to_be_visible()
    while not (await ann.call("message.search", query="", has="file", room=room))["messages"]:
        await ann.page.wait_for_timeout(50)
    await ann.open(f"/search?room={room}&tab=files")
    opener = hits(ann).locator(".opens")
    await expect(opener).to_contain_text("Voice message")
    await opener.press("Enter")
    await expect(opener).to_have_attribute("aria-expanded", "true")
    async with ann.page.expect_response(re.compile("/files/")):
        await hits(ann).locator("voice-player").get_by_role("button", name="Play").press("Enter")
    await opener.press("Enter")
    await expect(hits(ann).locator("voice-player")).to_have_count(0)
    await ann.page.keyboard.press("ArrowUp")
    await expect(ann.page.locator("search-page .asking input")).to_be_focused()


async def test_a_search_says_that_the_index_is_built_that_it_failed_and_that_there_is_no_line(
    new_reader, new_room
) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Tea room")
    await say(ann, room, "sencha in the morning")
    await is_indexed(ann, "sencha", room)
    made: list[float] = [0.25]
    fails: list[bool] = []
    lines: list[WebSocketRoute] = []
    down: list[bool] = []

    async def meddle(line: WebSocketRoute) -> None:
        if down:
            return await line.close(code=1012)
        server, asked = line.connect_to_server(), set()
        lines.append(line)

        def ask(frame: str | bytes) -> None:
            asked.update(one["id"] for one in [json.loads(frame)] if one["method"] == "message.search")
            server.send(frame)

        def answer(frame: str | bytes) -> None:
            told = json.loads(frame)
            if told.get("id") in asked and fails:
                told = {"jsonrpc": "2.0", "id": told["id"], "error": {"code": -32603, "message": "Internal error"}}
            elif told.get("id") in asked and made:
                told["result"]["indexing"] = made[0]
            line.send(json.dumps(told))

        line.on_message(ask)
        server.on_message(answer)
        return None

    await ann.page.route_web_socket("**/ws", meddle)
    await ann.page.clock.install()
    await ann.open(f"/search?room={room}")
    await narrow(ann, "sencha")
    await ann.page.clock.run_for(1_000)
    bar = ann.page.get_by_role("progressbar", name="Search index")
    await expect(bar).to_have_attribute("value", "0.25")
    await expect(ann.page.get_by_text("still being built (25 %)")).to_be_visible()
    await expect(hits(ann)).to_have_count(1)
    made.clear()
    await ann.page.clock.run_for(5_000)
    await expect(bar).to_be_hidden()
    await expect(hits(ann)).to_have_count(1)

    await narrow(ann, "matcha")
    await ann.page.clock.run_for(1_000)
    await expect(ann.page.get_by_role("heading", name="Nothing found")).to_be_visible()

    fails.append(True)
    await narrow(ann, "gyokuro")
    await ann.page.clock.run_for(1_000)
    alert = ann.page.locator("search-page .state [role=alert]")
    await expect(alert).to_be_visible()
    fails.clear()
    await ann.page.get_by_role("button", name="Try again").click()
    await expect(ann.page.get_by_role("heading", name="Nothing found")).to_be_visible()

    ann.forgive(LINE_DOWN)
    down.append(True)
    await lines[-1].close(code=1012)
    await narrow(ann, "sencha leaves")
    await ann.page.clock.run_for(1_000)
    await expect(ann.page.locator("search-page .column:visible .state")).to_contain_text("You're offline")
    down.clear()
    await narrow(ann, "sencha")
    await ann.wakes()
    await ann.page.clock.run_for(1_000)
    await expect(hits(ann)).to_have_count(1)


async def test_what_is_found_late_leaves_the_row_with_the_focus_where_it_is(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    for number in range(3):
        await new_room(bob, f"Quince {number}", about="quinces")
    await ann.open("/rooms")
    rows = ann.page.locator("room-finder .results li")
    await ann.page.locator("room-finder input[type=search]").fill("quince")
    await expect(rows).to_have_count(3)
    link = rows.filter(has_text="Quince 1").get_by_role("link")
    await link.focus()
    # What is asked again while the keyboard is in a row: another room is found, the row goes on being the one.
    late = await new_room(bob, "Quince 3", about="quinces")
    await expect(link).to_be_focused()
    await ann.page.evaluate("document.querySelector('room-finder').find()")
    await expect(rows).to_have_count(4)
    await expect(link).to_be_focused()
    # It is not found any more: it stays as long as the keyboard is there.
    await ann.page.evaluate(
        "(finder => { finder.search.value = 'Quince 3'; finder.find(); })(document.querySelector('room-finder'))"
    )
    await expect(rows).to_have_count(2)
    await expect(link).to_be_focused()
    await ann.page.locator("room-finder input[type=search]").focus()
    await expect(rows).to_have_text([re.compile("Quince 3")])
    assert await rows.locator("a").get_attribute("href") == f"/room/{late}"


async def test_what_is_found_late_leaves_the_choice_of_the_switcher_where_it_is(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    await new_room(ann, "Medlar jam")
    await new_room(ann, "Medlar tree")
    await new_room(bob, "Medlar")
    await ann.open("/room/hall")
    await expect(ann.box).to_be_visible()
    held: list[bool] = [True]
    waiting: list[tuple[WebSocketRoute, str]] = []
    page = ann.page

    async def meddle(line: WebSocketRoute) -> None:
        server, asked = line.connect_to_server(), set()

        def ask(frame: str | bytes) -> None:
            asked.update(one["id"] for one in [json.loads(frame)] if one["method"] == "room.discover")
            server.send(frame)

        def answer(frame: str | bytes) -> None:
            if held and json.loads(frame).get("id") in asked:
                waiting.append((line, str(frame)))
            else:
                line.send(frame)

        line.on_message(ask)
        server.on_message(answer)

    await page.route_web_socket("**/ws", meddle)
    await page.reload()
    await expect(ann.box).to_be_visible()
    await page.keyboard.press("Control+k")
    await page.locator("room-switcher input").press_sequentially("medlar")
    options = page.locator("room-switcher [role=option]")
    await expect(options.first).to_contain_text("Medlar")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    chosen = page.locator("room-switcher [aria-selected=true]")
    text = await chosen.inner_text()
    while not waiting:
        await page.wait_for_timeout(20)
    held.clear()
    for line, frame in waiting:
        line.send(frame)
    await expect(options.filter(has_text="not joined")).to_have_count(1)
    await expect(chosen).to_have_text(text, use_inner_text=True)
