"""Words and names that would be more than words and names: on the page they are text, and nothing else happens."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.web import people
from tests.web.people import Reader, Served

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SEEDS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "[click](javascript:alert(1))",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    '<a href="javascript:alert(1)" style="position:fixed;inset:0">x</a>',
    "<style>*{display:none}</style>",
    "<base href=//evil.example><link rel=stylesheet href=//evil.example/a.css>",
    "</p></article><message-item onclick=alert(1)>",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<details open ontoggle=alert(1)>",
    "<form action=javascript:alert(1)><input type=submit autofocus onfocus=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<object data=javascript:alert(1)></object>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "__proto__ constructor toString {{7*7}} <%= 7*7 %>",
]
# Ten ways to put each: whole, in words, in marks, behind letters that turn the line around, and between scripts.
DRESSES = [
    "{}", "before {} after", "**{}**", "`{}`", "> {}", "中文{}中文",
    "a\u200f{}b", "@ann {} #tag", "https://a.example/{}", "{} 好。",
]  # fmt: skip
TEXTS = [dress.format(seed) for dress in DRESSES for seed in SEEDS]
SHORT = [
    "<b onclick=alert(1)>",
    "<img src=x onerror=1>",
    '"><svg onload=1>',
    "{{7*7}}${7*7}",
    "</h1><i>",
    "&lt;b&gt;",
    "__proto__",
    "<script>1</script>",
    "' OR 1=1 --",
    "<style>*{}</style>",
]
NAMES = ["<b onmouseover=alert(1)>Eve", '"><script>alert(1)', "مرحبا بك <i>", "'; DROP TABLE users; --"]
LAST_SHOWN = "(seq) => [...document.querySelectorAll('message-item')].at(-1)?.message?.seq === seq"
STRANGERS = """() => document.querySelectorAll("message-item :is(script, img, svg:not(.motif, .icon, .drawing), " +
  "iframe, style, base, link, object, form, template, [onclick], [onerror], [style])").length"""


async def test_two_hundred_hostile_texts_are_what_was_written(served: Served, new_reader, new_room) -> None:
    assert len(set(TEXTS)) == 200
    ann = await new_reader("Ann Lin")
    room = await new_room(ann, "Hard nuts")
    eve = await (await people.sign_up(served, "nutcracker", "Eve")).start()
    await eve.call("room.join", room=room)
    shown: list[str] = []
    await ann.open(f"/room/{room}")
    await expect(ann.page.locator("message-list .empty")).to_be_visible()
    for start in range(0, len(TEXTS), 50):
        said = [await eve.say(room, text) for text in TEXTS[start : start + 50]]
        await ann.page.wait_for_function(LAST_SHOWN, arg=said[-1]["seq"])
        shown += (await ann.texts().all_text_contents())[-50:]
    for text, seen in zip(TEXTS, shown, strict=True):
        assert seen == unmarked(text), text
    assert await ann.page.evaluate(STRANGERS) == 0
    await eve.leave()


def unmarked(text: str) -> str:
    """What a text says without the marks that the page reads as such."""
    for mark, pattern in (("**", r"\*\*(.+)\*\*"), ("`", r"`([^`]+)`"), (">", r"> (.+)")):
        match = re.fullmatch(pattern, text)
        if match and mark in text:
            return match[1]
    return text


async def test_a_hostile_title_name_or_line_is_text_everywhere(served: Served, new_reader, new_room) -> None:
    ann = await (await new_reader("Ann Lin")).open("/rooms")
    for text in SHORT:
        name = f"{text[:30]} é"
        eve = await (await people.sign_up(served, f"eve{SHORT.index(text)}", name)).start()
        await eve.call("profile.update", headline=text, about=text, home_town=text[:30])
        room = await new_room(ann, text, about=f"{text} about", tags=["nut"])
        await eve.call("room.join", room=room)
        await eve.say(room, "hello")
        await _says_what_was_written(ann, room, text, name)
        await eve.leave()


async def _says_what_was_written(ann: Reader, room: str, text: str, name: str) -> None:
    """At the room's head, in its list of people, and where rooms are found."""
    await ann.follow(f"/room/{room}")
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text(text)
    await expect(ann.page.locator("room-view > header .about")).to_have_text(f"{text} about")
    await expect(ann.page.locator("message-item header .name").first).to_have_text(name)
    await expect(ann.page.locator("room-table").get_by_role("img", name=name)).to_have_count(1)
    await ann.page.locator("room-view .here").click()
    await expect(ann.page.locator("room-people .name", has_text=name)).to_have_count(1)
    await ann.follow("/rooms")
    await ann.page.get_by_role("searchbox").fill("#nut")
    await expect(ann.page.locator("room-finder h2", has_text=text).first).to_be_visible()
    widths = await ann.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1], text


async def test_hostile_words_and_names_are_shown_as_text(served: Served, new_reader, new_room) -> None:
    ann = await new_reader("Ann Lin")
    title = "<img src=x onerror=alert(2)> room"
    room = await new_room(ann, title, about="<script>alert(3)</script>")
    await ann.open(f"/room/{room}")
    for number, name in enumerate(NAMES):
        person = await (await people.sign_up(served, f"hostile{number}", name)).start()
        await person.call("room.join", room=room)
        for text in SEEDS[number :: len(NAMES)]:
            await person.say(room, text)
        await person.leave()
    said = [text for number in range(len(NAMES)) for text in SEEDS[number :: len(NAMES)]]
    await ann.sees(*said)
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text(title)
    await expect(ann.room(title)).to_be_visible()
    shown = await ann.page.locator("message-item > header .name").all_inner_texts()
    assert set(NAMES) <= set(shown)
    assert await ann.page.evaluate(STRANGERS) == 0
    links = await ann.page.locator("message-item a").evaluate_all("(all) => all.map((link) => link.protocol)")
    assert set(links) <= {"https:", "http:"}
    await ann.page.locator("room-view .here").click()
    await expect(ann.page.locator("room-people li")).to_have_count(1 + len(NAMES))
    await ann.page.reload()
    await ann.sees(*said)


async def test_a_long_word_a_tower_of_marks_and_an_address_stay_in_their_place(new_reader, new_room) -> None:
    ann = await new_reader("W" * 40, viewport={"width": 360, "height": 640})
    room = await new_room(ann, "M" * 60)
    await ann.open(f"/room/{room}")
    tower = "z" + "\u0335\u0321\u0350" * 60
    address = "https://example.org/" + "a" * 300
    await ann.say("x" * 300, tower, address, "מילים בעברית and more")
    await ann.sees("x" * 300, tower, address, "מילים בעברית and more")
    widths = "() => [document.documentElement.scrollWidth, innerWidth]"
    scroll, inner = await ann.page.evaluate(widths)
    assert scroll <= inner
    for selector in ("message-list > .scroller", "room-view > header", "message-composer"):
        overflow = await ann.page.locator(selector).evaluate("(part) => part.scrollWidth - part.clientWidth")
        assert overflow <= 0, selector
    link = ann.page.locator("message-item .text a")
    assert await link.get_attribute("rel") == "noopener nofollow ugc"


async def test_the_page_is_served_with_a_policy_that_lets_nothing_in(served: Served, new_reader) -> None:
    guest = await new_reader()
    answer = await guest.page.goto(f"{served.url}/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    await guest.page.evaluate("document.body.append(Object.assign(document.createElement('div'), { id: 'probe' }))")
    refused = await guest.page.evaluate(
        "() => { try { document.getElementById('probe').innerHTML = '<b>x</b>'; return false } catch { return true } }"
    )
    assert refused, "innerHTML is open to text"
    guest.forgive("TrustedHTML")
