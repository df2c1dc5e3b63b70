"""Voice messages: spoken, heard before they are sent, sent and played, by keyboard alone; and microphones that are not
there. Chromium has a microphone of its own that beeps."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.web.people import LINE_DOWN, Reader
from tests.web.test_files import tiles

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
A_SECOND = "() => Number(document.querySelector('voice-recorder .time').textContent.slice(-2)) >= 1"
REFUSED = "(name) => (navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', name)))"
LATER = "(by) => { const now = performance.now.bind(performance); performance.now = () => now() + by; }"
# So that none ends while a test looks at it.
ENDLESS = "document.querySelectorAll('audio').forEach((sound) => (sound.loop = true))"
PLAYING = "() => [...document.querySelectorAll('audio')].map((sound) => !sound.paused)"


async def speak(reader: Reader) -> None:
    await reader.page.get_by_role("button", name="Record a voice message").press("Enter")
    await expect(reader.page.get_by_role("button", name="Done")).to_be_focused()
    await reader.page.wait_for_function(A_SECOND)


def player(reader: Reader) -> Locator:
    return reader.page.locator("message-item voice-player")


async def test_a_voice_message_is_spoken_heard_sent_and_played_by_keyboard_alone(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Balcony", bob)
    for reader in (ann, bob):
        await reader.open(f"/room/{room}")
    await speak(ann)
    await ann.page.keyboard.press("Enter")
    tile = tiles(ann)
    await expect(tile.locator("voice-player")).to_be_visible()
    await expect(ann.page.locator("message-composer .send")).to_be_focused()
    await tile.get_by_role("button", name="Play").press("Enter")
    await expect(tile.get_by_role("button", name="Pause")).to_be_visible()
    await expect(tile.get_by_role("button", name="Play")).to_be_visible()  # it has ended
    await ann.page.locator("message-composer .send").press("Enter")
    await expect(tiles(ann)).to_have_count(0)

    await expect(player(bob)).to_be_visible()
    file = await player(bob).evaluate("(player) => player.file")
    assert re.fullmatch(r"audio/(?:mp4|webm)", file["type"])
    assert 1 <= file["seconds"] < 30
    assert len(file["peaks"]) == 64 and max(file["peaks"]) == 100
    await bob.page.locator("message-item").focus()
    await bob.page.keyboard.press("e")  # the keyboard is in the message now
    await bob.page.keyboard.press("Escape")
    await player(bob).get_by_role("button", name="Speed: 1×").press("Enter")
    await expect(player(bob).get_by_role("button", name="Speed: 1.5×")).to_be_focused()
    place = player(bob).get_by_role("slider", name="Position")
    await place.press("ArrowRight")
    await expect(place).to_have_attribute("aria-valuetext", re.compile(r"^0:01 of 0:\d\d$"))
    await place.press("Home")
    await expect(place).to_have_attribute("aria-valuetext", re.compile(r"^0:00 of"))
    await player(bob).get_by_role("button", name="Play").press("Enter")
    await expect(player(bob).get_by_role("button", name="Pause")).to_be_visible()
    assert await bob.page.locator("audio").evaluate("(sound) => sound.playbackRate") == 1.5
    await expect(player(bob).get_by_role("button", name="Play")).to_be_visible()


async def test_only_one_plays_at_a_time(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Balcony")
    await ann.open(f"/room/{room}")
    for number in (1, 2):
        await speak(ann)
        await ann.page.keyboard.press("Enter")
        await ann.page.locator("message-composer .send").press("Enter")
        await expect(player(ann)).to_have_count(number)
        await expect(ann.page.locator("message-item .files progress")).to_have_count(0)
    await ann.page.evaluate(ENDLESS)
    await player(ann).first.get_by_role("button", name="Play").click()
    await expect(player(ann).first.get_by_role("button", name="Pause")).to_be_visible()
    await player(ann).last.get_by_role("button", name="Play").click()
    await expect(player(ann).last.get_by_role("button", name="Pause")).to_be_visible()
    await expect(player(ann).first.get_by_role("button", name="Play")).to_be_visible()
    assert await ann.page.evaluate(PLAYING) == [False, True]


async def test_what_plays_goes_on_out_of_sight_and_a_bar_pauses_leads_back_and_ends_it(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Long balcony", bob)
    await new_room(bob, "Larder")
    await ann.open(f"/room/{room}")
    await speak(ann)
    await ann.page.keyboard.press("Enter")
    await ann.page.locator("message-composer .send").press("Enter")
    await expect(ann.page.locator("message-item:not(.waiting) voice-player")).to_be_visible()
    for number in range(90):
        await ann.call("message.send", room=room, text=f"word {number}", client_id=f"w{number}")
    await bob.open(f"/room/{room}/1")
    bar = bob.page.locator("playing-bar")
    await player(bob).get_by_role("button", name="Play").click()
    await bob.page.evaluate(ENDLESS)
    await expect(bar).to_be_hidden()
    await bob.page.locator("message-list .jump").click()
    await expect(bob.message("word 89")).to_be_in_viewport()
    await expect(player(bob)).not_to_be_in_viewport()
    await expect(bar).to_contain_text("Ann Lin")
    assert await bob.page.evaluate(PLAYING) == [True]
    await bar.get_by_role("button", name="Pause").press("Enter")
    await expect(bar.get_by_role("button", name="Play", exact=True)).to_be_focused()
    assert await bob.page.evaluate(PLAYING) == [False]
    await bob.page.keyboard.press("Enter")
    await expect(bar.get_by_role("button", name="Pause")).to_be_focused()
    await bar.get_by_role("link").press("Enter")
    await expect(player(bob).get_by_role("button", name="Pause")).to_be_in_viewport()
    await expect(bar).to_be_hidden()

    await bob.room("Larder").click()
    await expect(bar).to_be_visible()
    await bob.open(f"/room/{room}/1")
    await player(bob).get_by_role("button", name="Play").click()
    await bob.page.evaluate(ENDLESS)
    await bob.room("Larder").click()
    await bar.get_by_role("button", name="Stop playing").press("Enter")
    await expect(bar).to_be_hidden()
    await expect(bob.page.locator("audio")).to_have_count(0)

    # What was deleted is not heard any more.
    await bob.room("Long balcony").click()
    await bob.open(f"/room/{room}/1")
    await player(bob).get_by_role("button", name="Play").click()
    await bob.page.evaluate(ENDLESS)
    await bob.room("Larder").click()
    await expect(bar).to_be_visible()
    await ann.call("message.delete", room=room, seq=1)
    await expect(bar).to_be_hidden()
    await expect(bob.page.locator("audio")).to_have_count(0)


async def test_who_leaves_the_room_while_speaking_finds_it_in_the_draft(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Half said", bob)
    await new_room(ann, "Pantry")
    await ann.open(f"/room/{room}")
    await bob.open(f"/room/{room}")
    await speak(ann)
    await ann.room("Pantry").click()
    await expect(ann.page.locator("room-view h1")).to_have_text("Pantry")
    await expect(tiles(ann)).to_have_count(0)
    await ann.room("Half said").click()
    await expect(tiles(ann).locator("voice-player")).to_be_visible()
    await ann.page.reload()
    await expect(tiles(ann).locator("voice-player")).to_be_visible()
    await expect(player(bob)).to_have_count(0)
    await tiles(ann).get_by_role("button", name="Remove").press("Enter")
    await expect(tiles(ann)).to_have_count(0)


async def test_a_recording_is_thrown_away_by_escape(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    await ann.open(f"/room/{await new_room(ann, 'Balcony')}")
    await speak(ann)
    await ann.page.keyboard.press("Escape")
    await expect(ann.page.locator("voice-recorder")).to_have_count(0)
    await expect(ann.page.get_by_role("button", name="Record a voice message")).to_be_focused()
    await expect(tiles(ann)).to_have_count(0)


async def test_without_a_microphone_or_its_permission_a_sentence_says_so(new_reader, new_room) -> None:
    ann, guest = await new_reader("Ann Lin"), await new_reader()
    await guest.open("/room/hall")
    await expect(guest.box).to_be_visible()
    await expect(guest.page.locator("message-composer .mic")).to_be_hidden()
    await ann.open(f"/room/{await new_room(ann, 'Balcony')}")
    hint, mic = ann.page.locator("message-composer .hint"), ann.page.locator("message-composer .mic")
    await ann.page.evaluate(REFUSED, "NotAllowedError")
    await mic.press("Enter")
    await expect(hint).to_contain_text("doesn't allow the microphone")
    await ann.page.evaluate(REFUSED, "NotFoundError")
    await mic.press("Enter")
    await expect(hint).to_have_text("There is no microphone.")
    await expect(ann.box).to_be_visible()
    await ann.box.fill("Words, then")
    await expect(mic).to_be_hidden()
    await ann.page.locator("message-composer .send").click()
    await ann.sees("Words, then")


async def test_a_recording_that_cannot_be_loaded_is_said(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("王小明")
    room = await new_room(ann, "Balcony", bob)
    for reader in (ann, bob):
        await reader.open(f"/room/{room}")
    await speak(ann)
    await ann.page.keyboard.press("Enter")
    await ann.page.locator("message-composer .send").press("Enter")
    bob.forgive(LINE_DOWN)
    bob.forgive("ERR_FAILED")
    await bob.page.route("**/files/*", lambda route: route.abort())
    await player(bob).get_by_role("button", name="Play").click()
    await expect(player(bob).locator(".told")).to_contain_text("can't be loaded")
    await bob.page.unroute("**/files/*")
    await player(bob).get_by_role("button", name="Play").click()
    await expect(player(bob).locator(".told")).to_have_text("")
    await expect(player(bob).get_by_role("button", name="Pause")).to_be_visible()


async def test_a_recording_ends_by_itself_after_a_minute_and_says_so_before(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    await ann.open(f"/room/{await new_room(ann, 'Balcony')}")
    await speak(ann)
    await ann.page.evaluate(LATER, 52_000)
    await expect(ann.page.locator("voice-recorder").get_by_role("status")).to_have_text("10 seconds left")
    await ann.page.evaluate(LATER, 20_000)
    await expect(tiles(ann).locator("voice-player")).to_be_visible()
    await expect(ann.page.locator("message-composer .send")).to_be_focused()
