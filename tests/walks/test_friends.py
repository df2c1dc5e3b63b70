"""From the same room to a conversation of two, over real sockets, with the clock moved where it takes days."""

from __future__ import annotations

import asyncio

import pytest

from chatserver import ids
from chatserver.app import Server
from chatserver.rules.friends.tie import DAY_MS
from chatserver.store.engine import keys
from tests.conftest import OpenServer
from tests.people import PASSWORD, Person, Refused, gathering, post, sign_up


async def refused(reason: str, person: Person, method: str, **params: object) -> None:
    with pytest.raises(Refused) as found:
        await person.call(method, **params)
    assert found.value.reason == reason


async def speak(*people: Person, room: str = "hall") -> None:
    for person in people:
        await person.say(room, f"Hello from {person.user['name']}")


async def poke(one: Person, other: Person, **more: object) -> str:
    state = await one.call("poke.send", to=other.id, room="hall", gesture="hi", **more)
    return str(state["sent"]["poke"])


async def acquainted(one: Person, other: Person) -> str:
    """Up to a conversation; gives its room."""
    await speak(one, other)
    state = await other.call("poke.return", poke=await poke(one, other), answer="Soup")
    card = state["curtain"]["card"]
    opened = await one.call("curtain.answer", tie=state["tie"], card=card, text="Bread")
    for person in (one, other):
        await person.until(lambda person=person: person.heard("room.updated", room=opened["room"]), "the conversation")
    return str(opened["room"])


async def friends(one: Person, other: Person) -> str:
    room = await acquainted(one, other)
    for days in range(3):
        ids.move_clock(days * DAY_MS)
        if days == 2:
            await one.call("tie.want", user=other.id, yes=True)
            await other.call("tie.want", user=one.id, yes=True)
        await one.say(room, f"day {days}")
        await other.say(room, f"day {days}, too")
    await one.hears("inbox.added", kind="friend")
    return room


async def test_two_meet_in_a_room_poke_answer_and_talk(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await refused("say_something_first", ann, "poke.send", to=bob.id, room="hall", gesture="hi")
        await speak(ann)
        await refused("they_were_quiet", ann, "poke.send", to=bob.id, room="hall", gesture="hi")
        said = await bob.say("hall", "Oolong")
        assert (await ann.call("tie.get", user=bob.id))["next"] == "poke"
        id = await poke(ann, bob, seq=said["seq"])
        item = await bob.hears("inbox.added", kind="poke")
        assert item["about"] == id and item["user"] == ann.id
        (came,) = (await bob.call("poke.list"))["received"]
        assert came["lines"] == [] and came["texts"]["zh-Hant"] and came["message"]["text"] == "Oolong"
        state = await bob.call("poke.return", poke=id)
        assert state["rung"] == "curtain" and state["curtain"]["may_draw"]
        await ann.hears("inbox.added", kind="curtain")
        await bob.call("curtain.answer", tie=state["tie"], card=state["curtain"]["card"], text="Soup with ginger")
        await ann.hears("inbox.added", kind="answered")
        mine = await ann.call("tie.get", user=bob.id)
        assert mine["curtain"]["other_answered"] and "ginger" not in str([mine, ann.events])
        opened = await ann.call("curtain.answer", tie=mine["tie"], card=mine["curtain"]["card"], text="Bread")
        assert opened["rung"] == "acquainted"
        for person in (ann, bob):
            heard = await person.hears("room.updated", room=opened["room"])
            assert heard["kind"] == "direct" and heard["members"] == 2
        page = await bob.call("message.history", room=opened["room"])
        assert [message["text"] for message in page["messages"]] == ["Soup with ginger", "Bread"]
        await ann.say(opened["room"], "Hi!")
        await bob.hears("message.posted", room=opened["room"], text="Hi!")
        cat = await (await sign_up(server.url, "cat")).start()
        await refused("not_found", cat, "message.history", room=opened["room"])
        await cat.leave()


async def test_friends_come_by_two_days_a_yes_of_both_and_another_day(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await friends(ann, bob)
        await bob.hears("inbox.added", kind="friend")
        state = await ann.call("tie.get", user=bob.id)
        assert state["rung"] == "friend" and state["room"] == room and state["origin"]["room"] == "hall"
        await ann.call("card.update", company="Tea Works", wechat="ann-tea")
        await ann.call("card.update", line="ann-line", whatsapp="+41 79 123 45 67")
        await ann.call("card.offer", user=bob.id)
        await refused("not_found", bob, "card.get", user=ann.id)
        assert (await bob.call("tie.get", user=ann.id))["card"] == "asked"
        await bob.call("card.offer", user=ann.id)
        card = await bob.call("card.get", user=ann.id)
        assert [card[name] for name in ("wechat", "line", "whatsapp")] == ["ann-tea", "ann-line", "+41 79 123 45 67"]
        await ann.call("card.take_back", user=bob.id)
        await refused("not_found", bob, "card.get", user=ann.id)
        await bob.call("tie.step_back", user=ann.id)
        assert (await ann.call("tie.get", user=bob.id))["rung"] == "acquainted"
        await refused("not_friends", ann, "card.offer", user=bob.id)


async def test_five_pokes_are_open_at_once_even_when_a_hundred_are_asked_for(server: Server) -> None:
    async with gathering(server.url, "ann", *(f"bob{n}" for n in range(12))) as (ann, *others):
        await speak(ann, *others)
        asked = [await ann.ask("poke.send", to=other.id, room="hall", gesture="hi") for other in others]
        answers = [await answer for answer in asked]
        assert sum("result" in answer for answer in answers) == 5
        listed = await ann.call("poke.list")
        assert len(listed["sent"]) == 5 and listed["places"] == 0
        first = listed["sent"][0]
        await ann.call("poke.withdraw", poke=first["poke"])
        assert (await ann.call("poke.list"))["places"] == 0
        ids.move_clock(DAY_MS)
        assert (await ann.call("poke.list"))["places"] == 1
        ids.move_clock(8 * DAY_MS)
        assert {poke["state"] for poke in (await ann.call("poke.list"))["sent"]} == {"faded"}
        assert (await ann.call("poke.list"))["places"] == 5


async def test_pokes_that_cross_are_a_return(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await speak(ann, bob)
        await poke(ann, bob)
        assert (await bob.call("poke.send", to=ann.id, room="hall", gesture="hi"))["rung"] == "curtain"
        for person in (ann, bob):
            assert (await person.call("poke.list"))["places"] == 5


async def test_a_block_is_one_thing_everywhere(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        await ann.call("block.add", user=bob.id)
        await ann.hears("member.left", room=room)
        await refused("not_found", ann, "message.history", room=room)
        sent = await bob.say(room, "Are you there?")
        heard = await bob.hears("message.posted", room=room, text="Are you there?")
        assert heard["id"] == sent["id"]
        first = await bob.call("message.history", room=room)
        mine = next(message for message in first["messages"] if message["author"]["id"] == bob.id)
        await bob.call("message.edit", room=room, seq=mine["seq"], text="Are you there, behind an old line?")
        await bob.hears("message.changed", room=room, seq=mine["seq"], text="Are you there, behind an old line?")
        await bob.say("hall", "@ann hello")
        assert (await bob.call("tie.get", user=ann.id))["rung"] == "acquainted"
        state = await ann.call("tie.get", user=bob.id)
        assert state["blocked"] and state["rung"] == "stranger" and not state.get("room")
        assert [user["id"] for user in (await ann.call("block.list"))["users"]] == [bob.id]
        watched = await bob.call("presence.watch", room="hall")
        assert ann.id not in watched["users"]
        await ann.call("block.remove", user=bob.id)
        page = await ann.call("message.history", room=room)
        assert page["messages"][-1]["deleted"] and page["messages"][-1]["id"] == sent["id"]
        assert "Are you there" not in str([page, ann.events, await ann.call("inbox.list")])
        await ann.say(room, "Back")
        await bob.hears("message.posted", room=room, text="Back")
        assert not [item for item in (await ann.call("inbox.list"))["items"] if item["kind"] == "mention"]


async def test_a_mention_comes_into_the_inbox_without_a_space_after_it(server: Server) -> None:
    async with gathering(server.url, "张三", "bob") as (zhang, bob):
        await bob.say("hall", "@张三你好")
        item = await zhang.hears("inbox.added", kind="mention")
        assert item["room"] == "hall" and item["user"] == bob.id
        assert (await zhang.call("inbox.mark", seq=item["number"]))["unread"] == 0
        for query in ("zs", "zhangsan", "张"):
            found = await bob.call("user.search", query=query)
            assert [user["handle"] for user in found["users"]] == ["张三"]
        await bob.call("tie.note", user=zhang.id, note="architect, mends bicycles")
        assert (await bob.call("user.search", query="the architect"))["users"][0]["id"] == zhang.id
        assert not (await zhang.call("user.search", query="architect"))["users"]


async def test_a_search_in_another_process_knows_who_came_was_renamed_or_left(open_server: OpenServer) -> None:
    one, two = await open_server(), await open_server()
    async with gathering(one.url, "ann", "bob") as (ann, bob), gathering(two.url, "cleo") as (cleo,):

        async def found(query: str, *people: Person) -> None:
            async with asyncio.timeout(10):
                while {user["id"] for user in (await cleo.call("user.search", query=query))["users"]} != {
                    person.id for person in people
                }:
                    await asyncio.sleep(0.02)

        await found("ann", ann)
        async with gathering(one.url, "zhangsan") as (zhang,):
            await found("zhangsan", zhang)
            await zhang.call("profile.update", name="李四", headline="Mends bicycles")
            for query in ("lisi", "ls", "bicycle", "四", "mends zhangsan"):
                await found(query, zhang)
            await zhang.call("profile.update", interests=["養花"])
            for query in ("養花", "养花", "花"):
                await found(query, zhang)
            await bob.call("profile.update", headline="Rides bicycles")
            best = (await cleo.call("user.search", query="mends bicycles"))["users"][0]
            assert best["id"] == zhang.id
            await found("bicycles", bob, zhang)
            await zhang.call("account.close", password=PASSWORD)
            for query in ("lisi", "李四", "mends"):
                await found(query)
        await found("bicycles", bob)


async def test_two_side_by_side_are_friends_at_once(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        shown = await ann.call("met.show")
        assert shown["qr"].startswith("<svg")
        await refused("not_found", bob, "met.enter", code="00000000x")
        assert (await bob.call("met.enter", code=shown["code"]))["user"]["id"] == ann.id
        await ann.hears("inbox.added", kind="met")
        assert (await ann.call("met.confirm", user=bob.id))["rung"] == "stranger"
        state = await bob.call("met.confirm", user=ann.id)
        assert state["rung"] == "friend" and state["met_at"] and state["room"]
        await ann.hears("room.updated", room=state["room"])
        await refused("not_found", bob, "met.enter", code=shown["code"])


async def test_a_code_is_good_for_a_minute_for_one_other_however_it_is_typed(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        late = (await ann.call("met.show"))["code"]
        ids.move_clock(60_001)
        await refused("not_found", bob, "met.enter", code=late)
        own = (await ann.call("met.show"))["code"]
        await refused("not_found", ann, "met.enter", code=own)
        once = (await ann.call("met.show"))["code"]
        wide = "".join(chr(ord(digit) - ord("0") + ord("０")) for digit in once)
        entered = await bob.call("met.enter", code=f" {wide[:4]} {wide[4:]}")
        assert entered["user"]["id"] == ann.id
        await refused("not_found", cat, "met.enter", code=once)
        await refused("not_found", cat, "met.confirm", user=ann.id)
        ids.move_clock(120_002)
        await refused("not_found", bob, "met.confirm", user=ann.id)
        assert (await ann.call("tie.get", user=bob.id))["rung"] == "stranger"


async def test_guessing_at_codes_is_limited(open_server: OpenServer) -> None:
    server = await open_server(limits__searches_burst=3, limits__searches_per_minute=0.01)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        shown = await ann.call("met.show")
        for number in range(3):
            await refused("not_found", bob, "met.enter", code=f"{number:08}")
        await refused("rate_limited", bob, "met.enter", code=shown["code"])


async def test_what_is_dear_is_limited(open_server: OpenServer) -> None:
    server = await open_server(
        limits__searches_burst=3, limits__searches_per_minute=0.01, limits__profiles_burst=5,
        limits__profiles_per_second=0.01,
    )  # fmt: skip
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        for method in ("met.show", "invitation.create"):
            for _ in range(3):
                await ann.call(method)
            await refused("rate_limited", ann, method)
            await bob.call(method)
        await ann.call("user.get", users=[ann.id, bob.id])
        await ann.call("user.get", handle="bob")
        await refused("rate_limited", ann, "user.get", users=[ann.id, bob.id, "x"])
        await ann.call("user.get", users=[ann.id, bob.id])
        await refused("rate_limited", ann, "user.get", handle="bob")


async def test_two_become_friends_by_what_they_write_where_nobody_follows(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room, today = await acquainted(ann, bob), ids.now_ms() // DAY_MS
        for person in (ann, bob):
            await person.leave()
            days = f"days:{person.id}"
            await server.store.command(
                keys.room(room), "HSET", keys.room(room) + ":tie", days, f"1 2 {today}" if person is ann else "1 2"
            )
        for one, other in ((ann, bob), (bob, ann)):
            await post(server.url, "tie.want", one.token, user=other.id, yes=True)
        server.hub.feeds._idle = dict.fromkeys(server.hub.feeds._idle, 0.0)
        server.hub.feeds.close_idle()
        assert server.hub.feeds.get(room) is None
        await post(server.url, "message.send", bob.token, room=room, text="Still here?", client_id="h")
        await ann.start()
        async with asyncio.timeout(10):
            while (await ann.call("tie.get", user=bob.id))["rung"] != "friend":
                await asyncio.sleep(0.01)


async def test_who_comes_by_an_invitation_begins_acquainted(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        made = await ann.call("invitation.create", room="hall")
        body = await post(
            server.url, "account.create", handle="guest", name="Guest", password="warm tea at dusk",
            invite=made["code"], want="token",
        )  # fmt: skip
        state = await ann.call("tie.get", user=body["user"]["id"])
        assert state["rung"] == "acquainted" and state["origin"]["how"] == "invitation"
        await ann.hears("room.updated", room=state["room"])
        (listed,) = (await ann.call("invitation.list"))["invitations"]
        assert listed["users"] == [body["user"]["id"]] and listed["used"] == listed["uses"] == 1


async def test_a_person_begins_with_a_bot_and_ends_it(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        made = await ann.call("bot.create", handle="dice", name="Dice")
        bot = await Person(server.url, made["token"], made["user"]).start()
        room = (await ann.call("direct.open", bot=bot.id))["room"]
        await bot.hears("room.updated", room=room)
        await ann.say(room, "roll")
        await bot.hears("message.posted", room=room, text="roll")
        await bot.say(room, "6")
        await ann.call("direct.close", bot=bot.id)
        await refused("resting", bot, "message.send", room=room, text="again", client_id="x")
        await refused("bots_not_poked", ann, "poke.send", to=bot.id, room="hall", gesture="hi")
        await bot.leave()


async def test_the_question_of_the_day_opens_to_who_has_answered(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        question = await ann.call("question.get")
        assert not question.get("answered") and question["answers"] == 0
        await refused("not_found", ann, "message.history", room=question["id"])
        await ann.call("question.answer", question=question["id"], text="Noodles", client_id="1")
        await bob.call("question.answer", question=question["id"], text="Rice", client_id="1")
        await ann.hears("message.posted", room=question["id"], text="Rice")
        page = await bob.call("message.history", room=question["id"])
        assert [message["text"] for message in page["messages"]] == ["Noodles", "Rice"]


async def test_a_conversation_rests_and_says_so(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        await bob.call("tie.rest", user=ann.id, on=True)
        await refused("resting", ann, "message.send", room=room, text="Hm", client_id="h")
        assert (await ann.call("tie.get", user=bob.id))["next"] == "rests"
        await bob.call("tie.rest", user=ann.id, on=False)
        await ann.say(room, "Good")


async def test_what_rests_cannot_be_written_into_by_an_edit(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        said = await ann.say(room, "Hm")
        await bob.call("tie.rest", user=ann.id, on=True)
        await refused("resting", ann, "message.edit", room=room, seq=said["seq"], text="Hm?")
        await ann.call("message.delete", room=room, seq=said["seq"])


async def test_an_answer_given_to_who_has_blocked_one_meanwhile_stays_ones_own(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await speak(ann, bob)
        state = await bob.call("poke.return", poke=await poke(ann, bob), answer="Soup")
        await bob.call("block.add", user=ann.id)
        card = state["curtain"]["card"]
        opened = await ann.call("curtain.answer", tie=state["tie"], card=card, text="Bread, and a plea")
        mine = await ann.call("message.history", room=opened["room"])
        assert [message["text"] for message in mine["messages"]] == ["Soup", "Bread, and a plea"]
        await bob.call("block.remove", user=ann.id)
        theirs = await bob.call("message.history", room=opened["room"])
        assert [message["text"] for message in theirs["messages"]] == ["Soup", ""]


async def test_a_friend_is_asked_into_a_closed_room_by_name(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        made = await ann.call("room.create", title="Attic", kind="closed")
        await refused("not_friends", ann, "room.invite", room=made["room"], user=bob.id)
        await friends(ann, bob)
        await ann.call("room.invite", room=made["room"], user=bob.id)
        assert (await bob.hears("inbox.added", kind="invitation"))["room"] == made["room"]
        await bob.call("room.join", room=made["room"])
