"""Talking in a room: what is sent, stored, heard, changed and read again."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.client import connect

from chatserver.app import Server
from tests.people import Person, Refused, gathering, post, sign_up


async def test_a_message_reaches_everyone_in_the_room_once_and_its_sender_too(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        answer = await ann.say("hall", "good evening", client_id="c-1")
        assert answer["durability"] == "primary"
        for person in (ann, bob):
            message = await person.hears("message.posted", id=answer["id"])
            assert message["seq"] == answer["seq"]
            assert message["at"] == answer["at"]
            assert message["text"] == "good evening"
            assert message["client_id"] == "c-1"
            assert message["author"] == {
                "id": ann.id,
                "handle": "ann",
                "name": "Ann",
                "bot": False,
                "role": "moderator",
            }


async def test_the_response_of_session_start_comes_before_any_event(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        for number in range(20):
            await ann.say("hall", f"line {number}")
        hall = next(room for room in ann.session["rooms"] if room["room"] == "hall")
    cursor = {"epoch": hall["epoch"], "seq": hall["last_seq"], "id": hall["last_id"], "rev": hall["rev"]}
    socket = await connect(server.url.replace("http", "ws") + "/ws", proxy=None)
    request = {"id": 1, "method": "session.start", "params": {"token": ann.token, "cursors": {"hall": cursor}}}
    await socket.send(json.dumps(request))
    assert json.loads(await socket.recv())["id"] == 1
    seqs = [json.loads(await socket.recv())["params"]["seq"] for _ in range(20)]
    assert seqs == list(range(hall["last_seq"] + 1, hall["last_seq"] + 21))
    await socket.close()


async def test_messagepack_and_json_readers_hear_the_same(server: Server) -> None:
    ann = await (await sign_up(server.url, "ann")).start()
    bob = await (await sign_up(server.url, "bob", packed=True)).start()
    await ann.say("hall", "你好 🫖")
    await bob.say("hall", "warm")
    for text in ("你好 🫖", "warm"):
        assert await ann.hears("message.posted", text=text) == await bob.hears("message.posted", text=text)
    await ann.leave()
    await bob.leave()


async def test_a_repeated_send_is_answered_as_the_first_and_posts_nothing(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        first = await ann.say("hall", "once", client_id="same")
        again = await ann.say("hall", "once", client_id="same")
        assert again == {**first, "duplicate": True}
        with pytest.raises(Refused) as refused:
            await ann.say("hall", "something else", client_id="same")
        assert (refused.value.code, refused.value.reason) == (-32005, "client_id_used")
        await ann.call("message.edit", room="hall", seq=first["seq"], text="edited")
        await ann.call("message.delete", room="hall", seq=first["seq"])
        await ann.call("room.leave", room="hall")
        assert await ann.say("hall", "once", client_id="same") == {**first, "duplicate": True}
        last = await bob.say("hall", "end")
        assert last["seq"] == first["seq"] + 1


async def test_edits_and_deletions_are_one_order_with_the_messages(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        first = await ann.say("hall", "tpyo")
        second = await ann.say("hall", "secret plan")
        edited = await ann.call("message.edit", room="hall", seq=first["seq"], text="typo")
        deleted = await ann.call("message.delete", room="hall", seq=second["seq"])
        assert deleted["rev"] == edited["rev"] + 1
        change = await bob.hears("message.changed", seq=first["seq"])
        assert (change["text"], change["rev"]) == ("typo", edited["rev"])
        assert change["edited_at"] > 0
        gone = await bob.hears("message.changed", seq=second["seq"])
        assert gone == {"room": "hall", "rev": deleted["rev"], "seq": second["seq"], "text": "", "deleted": True}
        page = await bob.call("message.history", room="hall")
        assert [message["text"] for message in page["messages"][-2:]] == ["typo", ""]
        assert page["messages"][-1]["id"] == second["id"]
        assert page["messages"][-1]["deleted"] is True
        assert page["rev"] == deleted["rev"]


async def test_only_the_author_edits_and_only_author_or_moderator_deletes(server: Server) -> None:
    async with gathering(server.url, "ann", "bob", "cat") as (ann, bob, cat):
        room = (await ann.call("room.create", title="Tea"))["room"]
        await bob.call("room.join", room=room)
        hers = await bob.say(room, "mine")
        with pytest.raises(Refused) as refused:
            await ann.call("message.edit", room=room, seq=hers["seq"], text="yours")
        assert refused.value.reason == "not_author"
        with pytest.raises(Refused) as refused:
            await cat.call("message.delete", room=room, seq=hers["seq"])
        assert refused.value.code == -32003
        await ann.call("message.delete", room=room, seq=hers["seq"])
        with pytest.raises(Refused) as refused:
            await bob.call("message.edit", room=room, seq=hers["seq"], text="back")
        assert refused.value.code == -32004


async def test_history_pages_both_ways_and_around(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        room = (await ann.call("room.create", title="Long"))["room"]
        for number in range(1, 31):
            await ann.say(room, f"m{number}")

        async def page(**where: int) -> tuple[list[int], bool]:
            answer = await ann.call("message.history", room=room, limit=10, **where)
            return [message["seq"] for message in answer["messages"]], answer["more"]

        assert await page() == (list(range(21, 31)), True)
        assert await page(before=21) == (list(range(11, 21)), True)
        assert await page(before=11) == (list(range(1, 11)), False)
        assert await page(after=0) == (list(range(1, 11)), True)
        assert await page(after=20) == (list(range(21, 31)), False)
        assert await page(after=30) == ([], False)
        assert 15 in (await page(around=15))[0]
        with pytest.raises(Refused) as refused:
            await page(before=3, after=3)
        assert refused.value.code == -32602


async def test_unread_is_what_is_neither_read_nor_deleted_and_markers_never_move_back(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        said = [(await ann.say("hall", f"@bob m{number}"))["seq"] for number in range(6)]
        last = said[-1]
        for seq in said[1], said[4]:
            await ann.call("message.delete", room="hall", seq=seq)
        await bob.hears("message.changed", seq=said[4])
        other = await Person(server.url, bob.token, bob.user).start()
        hall = next(room for room in other.session["rooms"] if room["room"] == "hall")
        assert (hall["last_seq"], hall["unread"], hall["mentions"]) == (last, 4, 4)
        marked = await bob.call("read.mark", room="hall", seq=said[3])
        assert marked == {"room": "hall", "read_seq": said[3], "room_read_seq": said[3], "unread": 1, "mentions": 1}
        assert await other.hears("read.moved", room="hall") == marked
        assert (await bob.call("read.mark", room="hall", seq=1))["read_seq"] == said[3]
        assert not bob.heard("read.moved")
        await ann.call("message.delete", room="hall", seq=last)
        await bob.hears("message.changed", seq=last)
        marked = await bob.call("read.mark", room="hall", seq=1)  # nothing is unread: up to the last that was counted
        assert (marked["read_seq"], marked["unread"], marked["mentions"]) == (last, 0, 0)
        assert (await other.hears("read.moved", read_seq=last))["unread"] == 0
        mine = await bob.say("hall", "mine")
        assert (await other.hears("read.moved", read_seq=mine["seq"]))["unread"] == 0
        await other.leave()


async def test_a_marker_answered_right_after_a_message_of_ones_own_is_not_behind_it(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await bob.say("hall", "its marker is written at once")
        for number in range(3):  # and these with a later write
            await ann.say("hall", f"m{number}")
            mine = await bob.say("hall", f"mine {number}")
            marked = await bob.call("read.mark", room="hall", seq=0)
            assert (marked["read_seq"], marked["room_read_seq"], marked["unread"]) == (mine["seq"], mine["seq"], 0)


async def test_mentions_are_counted_until_read(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        message = await ann.say("hall", "@bob 你好, and hello@bob.example is a mail")
        posted = await bob.hears("message.posted", seq=message["seq"])
        assert posted["mentions"] == [bob.id]
        other = await Person(server.url, bob.token, bob.user).start()
        hall = next(room for room in other.session["rooms"] if room["room"] == "hall")
        assert hall["mentions"] == 1
        await ann.call("message.delete", room="hall", seq=message["seq"])
        await other.leave()
        other = await Person(server.url, bob.token, bob.user).start()
        hall = next(room for room in other.session["rooms"] if room["room"] == "hall")
        assert hall["mentions"] == 0
        await other.leave()


async def test_sends_piped_in_without_waiting_keep_their_order(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        answers = [await ann.ask("message.send", room="hall", text=f"{n}", client_id=f"c{n}") for n in range(100)]
        seqs = [(await answer)["result"]["seq"] for answer in answers]
        assert seqs == list(range(seqs[0], seqs[0] + 100))
        await bob.hears("message.posted", text="99")
        assert [event["text"] for event in bob.heard("message.posted")] == [str(n) for n in range(100)]


async def test_three_lines_piped_in_at_once_do_what_they_say(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        room = (await ann.call("room.create", title="Pipes"))["room"]
        bob = await sign_up(server.url, "bob")
        socket = await connect(server.url.replace("http", "ws") + "/ws", proxy=None)
        for line in (
            {"id": 1, "method": "session.start", "params": {"token": bob.token}},
            {"id": 2, "method": "room.join", "params": {"room": room}},
            {"id": 3, "method": "message.send", "params": {"room": room, "text": "hello", "client_id": "1"}},
        ):
            await socket.send(json.dumps(line))
        assert (await ann.hears("message.posted", text="hello"))["author"]["handle"] == "bob"
        heard = []
        while not any(message.get("method") == "message.posted" for message in heard):
            heard.append(json.loads(await socket.recv()))
        assert [message["id"] for message in heard if "id" in message][:2] == [1, 2]
        await socket.close()


async def test_what_a_room_refuses(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        closed = (await ann.call("room.create", title="Closed", kind="closed"))["room"]
        opened = (await ann.call("room.create", title="Open"))["room"]
        for room, code in ((closed, -32004), ("no-such-room", -32004), (opened, -32003)):
            with pytest.raises(Refused) as refused:
                await bob.say(room, "hello")
            assert refused.value.code == code
        said = []
        for room in (closed, "no-such-room"):
            for method in ("message.history", "room.members", "read.mark", "room.join"):
                with pytest.raises(Refused) as refused:
                    await bob.call(method, room=room, **({"seq": 1} if method == "read.mark" else {}))
                said.append(str(refused.value))
        assert len(set(said)) == 1, "what may not be seen answers exactly like what does not exist"
        for text, code in (("", -32602), ("   \n", -32602), ("x" * 4001, -32006), ("a\x00b", -32602)):
            with pytest.raises(Refused) as refused:
                await ann.say(opened, text)
            assert refused.value.code == code
        with pytest.raises(Refused) as refused:
            await ann.call("message.send", room=opened, text="x", client_id="c" * 65)
        assert (refused.value.code, refused.value.data["path"]) == (-32602, "client_id")


async def test_a_visitor_reads_the_window_and_cannot_write(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        room = (await ann.call("room.create", title="Members read first"))["room"]
        await ann.say("hall", "before")
        visitor = await Person(server.url).start()
        assert [state["room"] for state in visitor.session["rooms"]] == ["hall"]
        assert "user" not in visitor.session
        assert visitor.session["rooms"][0]["role"] == "visitor"
        page = await visitor.call("message.history", room="hall")
        assert page["messages"][-1]["text"] == "before"
        await ann.say("hall", "live")
        await visitor.hears("message.posted", text="live")
        with pytest.raises(Refused) as refused:
            await visitor.say("hall", "hi")
        assert refused.value.code == -32001
        with pytest.raises(Refused) as refused:
            await visitor.call("message.history", room=room)
        assert refused.value.code == -32001
        await visitor.leave()


async def test_http_and_websocket_give_the_same_answers(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        answer = await post(server.url, "message.send", ann.token, room="hall", text="by post", client_id="p1")
        assert (await bob.hears("message.posted", text="by post"))["id"] == answer["id"]
        page = await post(server.url, "message.history", ann.token, room="hall")
        assert page == await ann.call("message.history", room="hall")
        for method in ("session.start", "typing.start", "presence.watch"):
            with pytest.raises(Refused) as refused:
                await post(server.url, method, ann.token, room="hall")
            assert refused.value.code == -32601


async def test_typing_and_presence_are_told_to_those_who_look(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await ann.call("typing.start", room="hall")
        assert (await bob.hears("typing.started", room="hall"))["user"]["id"] == ann.id
        here = await bob.call("presence.watch", room="hall")
        assert set(here["users"]) == {ann.id, bob.id}
        cat = await (await sign_up(server.url, "cat")).start()
        await bob.until(lambda: any(cat.id in event["users"] for event in bob.heard("presence.changed")), "cat")
        await cat.leave()
        await bob.until(lambda: cat.id not in bob.heard("presence.changed")[-1]["users"], "cat gone")
        await bob.call("presence.unwatch", room="hall")
        assert not ann.heard("presence.changed")


async def test_too_many_sends_are_refused_with_a_time_to_come_back(open_server) -> None:
    server = await open_server(limits__user_sends_burst=3, limits__user_sends_per_second=0.5)
    async with gathering(server.url, "ann") as (ann,):
        answers = [await ann.ask("message.send", room="hall", text="x", client_id=f"c{n}") for n in range(5)]
        results = [await answer for answer in answers]
        assert ["error" in result for result in results] == [False, False, False, True, True]
        error = results[-1]["error"]
        assert error["code"] == -32029
        assert 0 < error["data"]["retry_after"] <= 2


async def test_slow_mode_makes_members_wait_but_not_moderators(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = (await ann.call("room.create", title="Slow"))["room"]
        await bob.call("room.join", room=room)
        await ann.call("room.update", room=room, slow_mode=60)
        await bob.say(room, "one")
        with pytest.raises(Refused) as refused:
            await bob.say(room, "two")
        assert refused.value.code == -32029
        assert 55 < refused.value.data["retry_after"] <= 60
        await ann.say(room, "a")
        await ann.say(room, "b")


async def test_a_request_without_an_id_is_carried_out_and_not_answered(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        params = {"room": "hall", "text": "silent", "client_id": "s"}
        await ann.send_raw({"method": "message.send", "params": params})
        await ann.hears("message.posted", text="silent")
        with pytest.raises(Refused) as refused:
            await ann.call("no.such.method")
        assert refused.value.code == -32601
        assert not asyncio.all_tasks() - asyncio.all_tasks()
