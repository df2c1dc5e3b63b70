"""The page is for everybody: by keyboard alone, heard and not seen, enlarged, by thumb under a keyboard of glass."""

from __future__ import annotations

import re
import time

import pytest
from playwright.async_api import Locator, Page, expect

from tests.people import PASSWORD
from tests.web.people import Reader

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
MOST_TABS = 80
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
# 1280 × 1024 enlarged to 400 %.
ENLARGED = {"viewport": {"width": 320, "height": 256}}
SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important; }
p { margin-bottom: 2em !important; }"""
# What has words and hides some of them, unless it is hidden from the eye on purpose or says … where it was cut.
CUT = """() => {
  const cut = (element) => {
    const style = getComputedStyle(element);
    const hides = /hidden|clip/.test(style.overflow);
    const meant = style.textOverflow === "ellipsis" || element.closest(".unseen, svg, .skip");
    const { clientWidth, clientHeight, scrollWidth, scrollHeight } = element;
    return hides && !meant && clientWidth > 1 && (scrollWidth > clientWidth + 1 || scrollHeight > clientHeight + 1);
  };
  const words = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility() &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()));
  const wide = words.filter((element) => {
    const { left, right } = element.getBoundingClientRect();
    return right > left + 1 && (left < -1 || right > innerWidth + 1) && !element.closest(".unseen, .skip, pre");
  });
  return [...words.filter(cut), ...wide]
    .map((element) => `${element.tagName}.${element.className} ${element.textContent.slice(0, 40)}`)
    .concat(document.scrollingElement.scrollWidth > innerWidth ? ["the page is wider than the window"] : []);
}"""
IN_SIGHT = "(element) => element.getBoundingClientRect().top >= 0"
SCREENS = {
    "/": "room-list .rooms li",
    "/rooms": "room-finder .results li",
    "/settings/profile": "settings-page section form",
    "/people": "people-page .empty",
    "/community": "community-page .empty",
    "/user/{handle}": "user-profile h1",
}


async def tab_to(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until this has the focus."""
    await expect(wanted).to_be_visible()
    for _ in range(MOST_TABS):
        if await wanted.evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {wanted}")


async def test_by_keyboard_alone_from_signing_up_to_signing_out(new_reader, new_room) -> None:
    bob = await new_reader("Bob Ray")
    room = await new_room(bob, "Within reach", tags=["reach"])
    for number in range(60):
        await bob.call("message.send", room=room, text=f"line {number}", client_id=str(number))
    ann = await new_reader()
    page, keys = ann.page, ann.page.keyboard
    await ann.open("/room/hall")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await tab_to(page, page.get_by_role("link", name="Sign up"))
    await keys.press("Enter")
    form = page.locator("account-form form")
    await tab_to(page, form.locator("input[name=name]"))
    await keys.type("Keys Only")
    await tab_to(page, form.locator("input[name=handle]"))
    await keys.press("Control+a")
    await keys.type(f"k{room[:10]}")
    await tab_to(page, form.locator("input[name=password]"))
    await keys.type(PASSWORD)
    await keys.press("Enter")
    await tab_to(page, page.get_by_role("button", name="I've saved it"))
    await keys.press("Enter")

    await tab_to(page, page.get_by_role("link", name="Find a room"))
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await tab_to(page, page.get_by_role("searchbox"))
    await keys.type("within reach")
    await tab_to(page, page.get_by_role("link", name="Join: Within reach"))
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Within reach")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    await keys.type("I come by keyboard")
    await expect(ann.box).to_be_focused()
    await keys.press("Enter")
    await ann.hears("I come by keyboard")
    await bob.open(f"/room/{room}")
    await bob.hears("I come by keyboard")

    await tab_to(page, page.locator("message-item").last, "Shift+Tab")
    await keys.press("Home")
    await expect(ann.message("line 9").first).to_be_visible()
    await keys.press("Home")
    await expect(ann.texts().filter(has_text=re.compile("^line 0$"))).to_be_visible()
    await keys.press("Escape")
    await keys.press("ArrowUp")
    await expect(ann.box).to_have_value("I come by keyboard")
    await keys.type(" alone")
    await keys.press("Enter")
    await bob.hears("I come by keyboard alone")

    await tab_to(page, page.locator("room-list .to-settings"))
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Profile")
    await tab_to(page, page.locator("settings-page input[name=headline]"))
    await keys.type("no mouse in the community")
    await keys.press("Enter")
    await expect(page.locator("settings-page form .done", has_text="Saved.")).to_be_visible()
    await tab_to(page, page.locator("settings-page").get_by_role("link", name="Account and devices"))
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Account and devices")
    await tab_to(page, page.locator("section", has_text="Delete my account").get_by_role("button", name="Log out"))
    await keys.press("Enter")
    await expect(page.get_by_role("link", name="Log in")).to_be_visible()


async def test_new_messages_are_announced_once_a_second_at_most_and_history_is_not(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob Ray")
    room = await new_room(bob, "Heard", ann)
    for number in range(80):
        await bob.call("message.send", room=room, text=f"long ago {number}", client_id=f"old-{number}")
    await ann.page.add_init_script("""globalThis.heard = [];
      new MutationObserver((changes) => {
        for (const { target } of changes) {
          const element = target.nodeType === 1 ? target : target.parentElement;
          const live = element?.closest("[aria-live], [role=log], [role=status]");
          if (live?.textContent) globalThis.heard.push(live.textContent);
        }
      }).observe(document, { subtree: true, childList: true, characterData: true });""")
    await ann.open(f"/room/{room}")
    await ann.call("read.mark", room=room, seq=80)
    await ann.open(f"/room/{room}")
    await expect(ann.message("long ago 79")).to_be_visible()
    await expect(ann.page.locator("live-announcer [aria-live]")).to_be_attached()
    # The list loads ahead of its reader: that the oldest is held does not mean that one has gone there.
    oldest = ann.texts().filter(has_text=re.compile("^long ago 0$"))
    while not (await oldest.count() and await oldest.evaluate(IN_SIGHT)):
        await ann.page.locator("message-item").first.focus()
    assert await ann.page.evaluate("globalThis.heard") == []
    await ann.page.keyboard.press("Escape")
    await tab_to(ann.page, ann.page.locator("message-list .jump"), "Shift+Tab")
    await ann.page.keyboard.press("Enter")
    await expect(ann.message("long ago 79")).to_be_in_viewport()
    began = time.monotonic()
    for number in range(20):
        await bob.call("message.send", room=room, text=f"now {number}", client_id=f"new-{number}")
    await expect(ann.message("now 19")).to_be_visible()
    await expect(ann.page.locator("live-announcer [aria-live]")).not_to_be_empty()
    assert 1 <= len(await ann.page.evaluate("globalThis.heard")) <= 2 + int(time.monotonic() - began)


@pytest.mark.parametrize("locale", [pytest.param("en-GB", marks=pytest.mark.soak), "zh-TW"])
async def test_enlarged_to_four_hundred_percent_and_spaced_wide_nothing_is_lost(new_reader, new_room, locale) -> None:
    ann = await new_reader("Ann Lin", locale=locale, bypass_csp=True, **ENLARGED)
    room = await new_room(ann, "Enlarged", topic="A topic of a room that goes on for a while")
    screens = SCREENS | {f"/room/{room}": "message-composer"}
    lost = []
    await ann.open("/notifications")
    for path, there in screens.items():
        await ann.follow(path.format(handle=ann.user["handle"]))
        await expect(ann.page.locator(there).first).to_be_visible()
        lost += [f"{path} enlarged: {what}" for what in await ann.page.evaluate(CUT)]
        wide = await ann.page.add_style_tag(content=SPACED)
        lost += [f"{path} spaced: {what}" for what in await ann.page.evaluate(CUT)]
        await wide.evaluate("(style) => style.remove()")
    assert not lost, "\n".join(lost)
    await ann.say("small window, whole words")
    await ann.hears("small window, whole words")
    await expect(ann.box).to_be_in_viewport()
    await ann.follow("/room/hall")
    await ann.box.focus()
    question = ann.page.locator("day-question summary")
    await expect(question).to_be_visible()
    assert (await question.bounding_box() or {})["height"] <= 25, "it folds while one writes"
    await expect(ann.box).to_be_in_viewport()


async def test_on_a_phone_the_way_back_leads_to_the_rooms_and_forth_again(new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin", **PHONE)
    room = await new_room(ann, "Back and forth")
    await ann.open("/")
    await ann.room("Back and forth").tap()
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("Back and forth")
    await ann.page.go_back()
    await expect(ann.room("Back and forth")).to_be_visible()
    await expect(ann.page.locator("message-composer")).to_be_hidden()
    await ann.page.go_forward()
    await expect(ann.page.locator("message-composer")).to_be_visible()
    assert room in ann.page.url


@pytest.mark.parametrize("shrinks", [True, False], ids=["page-shrinks", "only-sight-shrinks"])
async def test_the_keyboard_on_glass_covers_neither_the_box_nor_the_latest_words(
    new_reader, new_room, shrinks: bool
) -> None:
    ann = await new_reader("Ann Lin", **PHONE)
    room = await new_room(ann, "Under glass")
    for number in range(40):
        await ann.call("message.send", room=room, text=f"line {number}", client_id=str(number))
    await ann.call("read.mark", room=room, seq=40)
    # As Safari does it: the window stays as it is, and only what is in sight gets smaller.
    await ann.page.add_init_script("""Object.defineProperty(VisualViewport.prototype, "height", {
      get() { return globalThis.inSight ?? innerHeight; } });""")
    await ann.open(f"/room/{room}")
    await expect(ann.message("line 39")).to_be_in_viewport()
    await ann.box.tap()
    if shrinks:
        await ann.page.set_viewport_size({"width": 390, "height": 508})
    else:
        await ann.page.evaluate("globalThis.inSight = 508; visualViewport.dispatchEvent(new Event('resize'))")
    await ann.page.wait_for_function(
        "() => document.querySelector('message-composer').getBoundingClientRect().bottom <= 509"
    )
    await ann.page.wait_for_function(
        """() => [...document.querySelectorAll("message-item")].at(-1).getBoundingClientRect().bottom
            <= document.querySelector("message-composer").getBoundingClientRect().top + 1"""
    )
    assert await _size_of(ann) >= 16


async def _size_of(reader: Reader) -> float:
    return float(await reader.box.evaluate("(box) => parseFloat(getComputedStyle(box).fontSize)"))


async def test_a_browser_that_is_too_old_gets_a_message_in_three_languages(new_reader) -> None:
    old = await new_reader()
    old.forgive("replaceChildren")
    await old.page.add_init_script("delete Element.prototype.replaceChildren;")
    await old.open("/room/hall")
    await expect(old.page.locator("p.too-old")).to_have_count(3)
    await expect(old.page.locator("p.too-old").first).to_contain_text("too old")
