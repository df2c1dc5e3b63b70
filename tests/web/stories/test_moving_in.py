"""Thirty friends who move in together: one code, a room of their own, first words and who greets them."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from playwright.async_api import expect

from tests.people import Person, Refused
from tests.web.people import Reader
from tests.web.stories.stage import EDITIONS, Edition, Stage
from tests.web.stories.test_back import bell
from tests.web.stories.test_evening import names_of

pytestmark = [pytest.mark.soak, pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

THIRTY, BY_THE_PAGE = 30, 3
ROOM = {"en": "The reading circle", "zh-Hans": "读书小组", "zh-Hant": "讀書小組"}
HELLO = {
    "en": ("Hello! I brought the blue book.", "Here at last. Who has the tea?", "Good evening, all of you."),
    "zh-Hans": ("大家好！我把蓝皮书带来了。", "终于来了，谁带了茶？", "各位晚上好。"),
    "zh-Hant": ("大家好！我把藍皮書帶來了。", "終於來了，誰帶了茶？", "各位晚上好。"),
}
WELCOME = {"en": "Welcome! Sit by the window.", "zh-Hans": "欢迎！坐窗边吧。", "zh-Hant": "歡迎！坐窗邊吧。"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("edition", EDITIONS, ids=str)
async def test_thirty_friends_move_in_together(stage, edition: Edition) -> None:
    async with stage("moving", edition, NEWCOMER__FIRST_ACCOUNTS="0") as story:
        ann = await story.reader("ann", {"en": "Ann Lin"}.get(edition.language, "林安"))
        names = names_of(edition.language)
        crowd = await story.crowd(names[: THIRTY - BY_THE_PAGE])
        guests = [
            await story.reader(f"guest{at}", name) for at, name in enumerate(names[THIRTY : THIRTY + BY_THE_PAGE])
        ]
        code = await shows_my_code(story, ann)
        await accept(story, code, crowd, guests)
        await are_acquainted(story, ann, crowd, guests)
        room, link = await makes_a_private_room(story, ann)
        await join(story, room, link, crowd, guests)
        await first_words(story, ann, room, crowd, guests)
        await nobody_was_told_too_much(ann, crowd, guests)


async def shows_my_code(story: Stage, ann: Reader) -> str:
    await ann.open("/people")
    await story.press(story.button(ann.page.locator("invite-links"), "code.show"))
    dialog = ann.page.locator("dialog.my-code")
    await expect(dialog.get_by_role("img")).to_be_visible()
    await story.look("01-my-code", ann)
    link = await dialog.get_by_label(story.words("code.link")).input_value()
    await story.press(story.button(dialog, "people.close"))
    return link.partition("#")[2]


async def accept(story: Stage, code: str, crowd: list[Person], guests: list[Reader]) -> None:
    await asyncio.gather(*(person.call("invitation.accept", code=code) for person in crowd))
    for number, guest in enumerate(guests):
        await guest.open(f"/sign-up#{code}")
        form = guest.page.locator("account-form")
        await expect(story.button(form, "invite.accept")).to_be_visible()
        if not number:
            await story.look("02-asked", guest)
        await story.press(story.button(form, "invite.accept"))
        await expect(form).to_contain_text(story.words("invite.accepted"))
    await story.look("03-accepted", guests[0])


async def are_acquainted(story: Stage, ann: Reader, crowd: list[Person], guests: list[Reader]) -> None:
    """Ann says of each that it is them: of three by the page."""
    await ann.page.reload()
    waiting = ann.page.locator("people-page .waits li")
    await expect(waiting).to_have_count(THIRTY)
    await story.look("04-who-accepted", ann)
    for guest in guests:
        row = waiting.filter(has_text=guest.user["name"])
        await story.press(story.button(row, "invited.yes"))
        await expect(row).to_have_count(0)
    for person in crowd:
        await ann.call("invitation.confirm", user=person.id, yes=True)
    await expect(ann.page.locator("people-page .acquainted li")).to_have_count(THIRTY)
    await story.look("05-all-are-contacts", ann)
    ties = (await ann.call("tie.list"))["ties"]
    assert Counter((tie["rung"], tie["origin"]["how"]) for tie in ties) == {("acquainted", "invitation"): THIRTY}
    for one in (*crowd, *guests):
        assert [tie["user"]["id"] for tie in (await one.call("tie.list"))["ties"]] == [ann.user["id"]]


async def makes_a_private_room(story: Stage, ann: Reader) -> tuple[str, str]:
    await ann.open("/rooms#new")
    form = ann.page.locator("room-finder form").last
    await form.locator("[name=title]").fill(ROOM[story.edition.language])
    await form.locator("[name=closed]").check()
    await story.press(story.button(form, "finder.open"))
    link = await ann.page.locator(".new-link input").input_value()
    await story.look("06-a-private-room", ann)
    return tuple(link.rsplit("/", 2)[1:])


async def join(story: Stage, room: str, link: str, crowd: list[Person], guests: list[Reader]) -> None:
    with pytest.raises(Refused):
        await crowd[0].call("room.join", room=room)
    for person in crowd:
        await person.call("room.join", room=room, link=link)
    for guest in guests:
        await guest.open(f"/join/{room}/{link}")
        await expect(guest.page.get_by_role("heading", level=1)).to_have_text(ROOM[story.edition.language])
        await expect(guest.box).to_be_visible()
    await story.look("07-in-by-the-link", guests[0])


async def first_words(story: Stage, ann: Reader, room: str, crowd: list[Person], guests: list[Reader]) -> None:
    """A leaf beside the first words of each; who was greeted by three sees them, and nobody else does."""
    for guest, hello in zip(guests, HELLO[story.edition.language], strict=True):
        await story.writes(guest, hello)
        await guest.hears(hello)
        await ann.hears(hello)
        await expect(ann.message(hello).locator(".first")).to_be_visible()
    seq = {one["text"]: one["seq"] for one in (await ann.call("message.history", room=room))["messages"]}
    first = HELLO[story.edition.language][0]
    await crowd[0].call("message.react", room=room, seq=seq[first], emoji="👋")
    await crowd[1].call("message.react", room=room, seq=seq[first], emoji="🌱")
    await expect(ann.message(first).locator(".reaction")).to_have_count(2)
    await story.acts(ann, first, "actions.reply")
    await story.writes(ann, WELCOME[story.edition.language])
    await story.look("08-first-words", ann)
    seals = guests[0].page.locator("greeting-seals")
    await expect(seals.get_by_role("status")).to_contain_text(ann.user["name"])
    await expect(seals.locator(".seals button")).to_have_count(3)
    await guests[0].hears(WELCOME[story.edition.language])
    await story.look("09-greeted", guests[0])
    for other in (ann, *guests[1:]):
        await expect(other.page.locator("greeting-seals")).to_be_hidden()


async def nobody_was_told_too_much(ann: Reader, crowd: list[Person], guests: list[Reader]) -> None:
    """Each guest: that the conversation with Ann is open. The greeted one also the reply, and the
    reactions without a number. Ann answered all that she was asked."""
    told = {
        one: Counter(item["kind"] for item in (await one.call("inbox.list"))["items"]) for one in (ann, *crowd, *guests)
    }
    assert told[guests[0]] == {"opened": 1, "reply": 1, "reacted": 1}
    assert all(told[one] == {"opened": 1} for one in (*crowd, *guests[1:])), told.values()
    assert told[ann] == {}, told[ann]
    await guests[0].open("/")
    await expect(bell(guests[0])).to_have_text("2")
