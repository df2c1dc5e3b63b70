"""Who is alone in a community, with everyone's question, with a friend who reads, or with a program."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from tests.web import people
from tests.web.people import PATIENCE_MS, Reader, Served
from tests.web.test_friends import befriend, visit

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_question_of_the_day_shows_answers_to_who_has_answered(new_reader) -> None:
    ann, ming = await new_reader("Ann Lin"), await new_reader("王小明", locale="zh-CN")
    await ann.open("/room/hall")
    question = ann.page.locator("day-question")
    asked = await ann.call("question.get")
    await expect(question.locator(".text")).to_have_text(asked["texts"]["en"])
    await question.locator("summary").click()
    await expect(question.locator("message-item")).to_have_count(0)
    await question.get_by_label("Your answer").fill("Noodles in the rain")
    await question.get_by_role("button", name="Answer").click()
    await expect(question.locator("message-item .text")).to_have_text(["Noodles in the rain"])
    await expect(question.get_by_label("Your answer")).to_have_count(0)

    await ming.open("/room/hall")
    theirs = ming.page.locator("day-question")
    await expect(theirs.locator(".text")).to_have_text(asked["texts"]["zh-Hans"])
    await theirs.locator("summary").press("Enter")
    await expect(theirs).not_to_contain_text("Noodles")
    await theirs.get_by_label("你的回答").fill("一碗热汤")
    await theirs.get_by_role("button", name="回答").click()
    await expect(theirs.locator("message-item .text")).to_have_text(["Noodles in the rain", "一碗热汤"])
    await expect(question.locator("message-item .text")).to_have_text(["Noodles in the rain", "一碗热汤"])
    # Below three answers nobody is told how many there are.
    await expect(question.locator("summary")).not_to_contain_text("answer")
    tom = await new_reader("Tom")
    await tom.open("/room/hall")
    await expect(tom.page.locator("day-question")).to_contain_text("Be the first")
    await tom.call("question.answer", question=asked["id"], text="Rain", client_id="1")
    await expect(question.locator("summary")).to_contain_text("3 answers")
    # An answer is the best thing to say hi about.
    await question.get_by_role("button", name="Say hi to Tom").click()
    await expect(ann.page.locator("say-hi hello-card .about")).to_contain_text("Rain")
    await ann.page.keyboard.press("Escape")
    # It is a message like any other; words about it are written in the room it lies in.
    answer = question.locator("message-item", has_text="一碗热汤")
    await answer.press("e")
    await answer.locator(".six button").first.click()
    await expect(theirs.locator("message-item", has_text="一碗热汤").locator(".reaction")).to_have_text("👍1")
    await question.locator("summary").press("Escape")
    await expect(question.locator("div.body")).to_be_hidden()
    await question.locator("summary").click()
    await answer.hover()
    await answer.get_by_role("button", name="Reply", exact=True).click()
    await expect(ann.page).to_have_url(re.compile(f"/room/{asked['id']}/"))
    await expect(ann.page.locator("message-composer")).to_contain_text("一碗热汤")
    await ann.say("Which soup?")
    await expect(theirs.locator("message-item .text").last).to_have_text("Which soup?")


async def test_who_looks_after_a_room_lays_the_question_there(new_reader, new_room) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    room = await new_room(ann, "Lamplight", bob)
    await bob.open(f"/room/{room}")
    await expect(bob.page.locator("message-list .empty")).to_be_visible()
    await expect(bob.page.locator("day-question summary")).to_be_hidden()
    await ann.open(f"/room/{room}")
    await ann.page.locator("room-view .here").click()
    await ann.page.locator("room-people").get_by_text("Room settings").click()
    await ann.page.get_by_label("Show the question of the day here").check()
    await ann.page.locator("room-people").get_by_role("button", name="Save").click()
    for reader in (ann, bob):
        await expect(reader.page.locator("day-question summary")).to_contain_text("Be the first")
    await ann.page.reload()
    await ann.page.get_by_text("Room settings").click()
    await ann.page.get_by_label("Show the question of the day here").uncheck()
    await ann.page.locator("room-people").get_by_role("button", name="Save").click()
    for reader in (ann, bob):
        await expect(reader.page.locator("day-question summary")).to_be_hidden()


async def test_a_friend_sees_what_was_read_if_each_turns_it_on(new_reader) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    await befriend(ann, bob)
    for one, other in ((ann, bob), (bob, ann)):
        await one.call("tie.show_seen", user=other.user["id"], on=True)
    room = (await ann.call("tie.get", user=bob.user["id"]))["room"]
    await ann.page.clock.install()
    await ann.open(f"/room/{room}")
    await expect(ann.page.locator("how-it-began")).to_contain_text("in person")
    await ann.say("Did you get home?")
    await ann.sees("Did you get home?")
    seen = ann.page.locator("pair-line .seen")
    await expect(seen).to_be_empty()
    await bob.open(f"/room/{room}")
    await bob.hears("Did you get home?")
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not (await ann.call("tie.get", user=bob.user["id"])).get("seen_seq"):
            await asyncio.sleep(0.02)
    # The page asks every six seconds, as long as there is something unseen.
    await ann.page.clock.fast_forward(6_000)
    await expect(seen).to_have_text("Seen")
    await visit(bob, ann)
    await bob.page.locator("tie-menu").get_by_role("button", name="More").click()
    await bob.page.get_by_role("menuitem", name="Stop sharing read receipts with Ann Lin").click()
    share = bob.page.get_by_role("menuitem", name="Share read receipts with Ann Lin, both ways")
    async with asyncio.timeout(PATIENCE_MS / 1000):
        while not await share.count():  # a menu that is opened before the answer came shows what was
            await bob.page.keyboard.press("Escape")
            await bob.page.locator("tie-menu").get_by_role("button", name="More").click()
    await ann.page.reload()
    await expect(ann.page.locator("how-it-began")).to_contain_text("in person")
    await expect(seen).to_be_empty()


async def test_one_writes_to_a_bot_first_and_closing_ends_it(new_reader) -> None:
    ann, bob = await new_reader("Ann Lin"), await new_reader("Bob")
    made = await bob.call("bot.create", handle=f"dice-{bob.user['handle']}", name="Dice")
    await ann.open(f"/user/{made['user']['handle']}")
    await expect(ann.page.locator("user-profile")).to_contain_text("Its owner, Bob, can read what it reads.")
    await ann.page.get_by_role("button", name="Message").click()
    await expect(ann.page.get_by_role("heading", level=1)).to_have_text("Dice")
    line = ann.page.locator("pair-line .state")
    await expect(line).to_contain_text("Its owner, Bob, can read what you write.")
    await ann.say("/roll 2d6")
    await ann.sees("/roll 2d6")
    await line.get_by_role("button", name="End chat").click()
    await expect(line.get_by_role("button", name="Resume chat")).to_be_visible()
    await ann.say("still there?")
    await expect(ann.message("still there?")).to_contain_text("This chat is paused.")


async def test_three_who_greet_a_newcomer_gather_for_the_newcomer_alone(tmp_path, browser) -> None:
    server = Served(tmp_path / "data", HOST__ENABLED="false", NEWCOMER__FIRST_ACCOUNTS="0")
    await server.start()
    try:
        ann, lin, chen, sofia = [await people.reader(server, browser) for _ in range(4)]
        for reader, name in zip((ann, lin, chen, sofia), ("Ann Lin", "Lin", "Chen", "Sofia"), strict=True):
            await reader.sign_up(name.split()[-1].lower() + name[0].lower(), name)
        await greeted(ann, lin, chen, sofia)
    finally:
        await server.stop()


async def greeted(ann: Reader, lin: Reader, chen: Reader, sofia: Reader) -> None:
    await ann.open("/room/hall")
    await ann.say("Hello, I am new here")
    await ann.sees("Hello, I am new here")
    seals = ann.page.locator("greeting-seals")
    await lin.call("message.react", room="hall", seq=1, emoji="👋")
    await chen.call("message.send", room="hall", text="Welcome!", client_id="1", reply_to=1)
    await ann.hears("Welcome!")
    await expect(seals).to_be_hidden()
    await chen.open("/room/hall")
    await sofia.call("message.react", room="hall", seq=1, emoji="🌱")
    await expect(seals.get_by_role("status")).to_contain_text("say welcome. Say hi to one of them?")
    await expect(seals.get_by_role("button", name=re.compile("^Say hi to"))).to_have_count(3)
    await expect(chen.page.locator("greeting-seals")).to_be_hidden()
    await seals.get_by_role("button", name="Say hi to Chen").click()
    await expect(ann.page.locator("say-hi hello-card .about")).to_contain_text("Welcome!")
    await ann.page.keyboard.press("Escape")
    await seals.get_by_role("button", name="Close").click()
    await ann.page.reload()
    await ann.hears("Welcome!")
    await expect(seals).to_be_hidden()
    for reader in (ann, lin, chen, sofia):
        await reader.context.close()
        reader.check()


async def test_who_is_alone_in_a_new_server_has_a_question_and_a_rehearsal(tmp_path, browser) -> None:
    server = Served(tmp_path / "data", ROOMS__FILE="")
    await server.start()
    try:
        await alone(await people.reader(server, browser))
    finally:
        await server.stop()


async def alone(nora: Reader) -> None:
    await nora.sign_up("nora", "Nora Vale")
    await nora.open("/room/hall")
    await expect(nora.message("Nora Vale")).to_have_count(1)
    await nora.page.locator("day-question summary").click()
    await nora.page.locator("day-question").get_by_label("Your answer").fill("A window that opens")
    await nora.page.locator("day-question").get_by_role("button", name="Answer").click()
    await expect(nora.page.locator("day-question message-item")).to_have_count(1)
    await nora.page.locator("room-list").get_by_role("link", name="People").click()
    await nora.page.get_by_role("link", name="Practice with the host bot").click()
    steps = nora.page.locator("tie-steps")
    await expect(steps).to_contain_text("Just for practice")
    await steps.get_by_role("button", name="Say hi").click()
    await expect(steps.locator(".seats")).to_contain_text("Host has answered")
    await steps.get_by_label("Your answer").fill("Bread, still warm")
    await steps.get_by_role("button", name="Answer", exact=True).click()
    await nora.hears("That's all there is to the practice.")
    await nora.hears("Bread, still warm")
    await expect(nora.page.locator("pair-line")).to_contain_text("This community's own bot")
    await nora.page.get_by_role("button", name="End chat").click()
    await expect(nora.page.get_by_role("button", name="Resume chat")).to_be_visible()
    await nora.page.get_by_role("link", name="Find a room").click()
    await expect(nora.page.locator("room-finder .results li").first).to_be_visible()
    await nora.context.close()
    nora.check()
