"""Reconnecting: cursors, replays, resets, and more than one process."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from chatserver.app import Server
from tests.people import Person, gathering, sign_up


def cursor_of(person: Person, room: str) -> dict[str, Any]:
    """What a client holds of a room: the last place it heard."""
    state = next(state for state in person.session["rooms"] if state["room"] == room)
    seq, id_, rev, epoch = state["last_seq"], state["last_id"], state["rev"], state["epoch"]
    for event in person.events:
        params = event["params"]
        if params.get("room") != room:
            continue
        if event["method"] in {"room.reset", "room.updated"}:
            seq, id_, rev, epoch = params["last_seq"], params["last_id"], params["rev"], params["epoch"]
        elif event["method"] == "message.posted":
            seq, id_ = params["seq"], params["id"]
        elif event["method"] == "message.changed":
            rev = params["rev"]
    return {"epoch": epoch, "seq": seq, "id": id_, "rev": rev}


async def test_who_comes_back_hears_what_was_missed_and_then_what_is_new(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        first = await ann.say("hall", "first")
        await bob.hears("message.posted", text="first")
        cursor = cursor_of(bob, "hall")
        bob.cut()
        await bob.closed()
        second = await ann.say("hall", "will be deleted")
        await ann.call("message.edit", room="hall", seq=first["seq"], text="first, edited")
        await ann.say("hall", "third")
        await ann.call("message.delete", room="hall", seq=second["seq"])
        back = await Person(server.url, bob.token, bob.user).start({"hall": cursor})
        await ann.say("hall", "live")
        await back.hears("message.posted", text="live")
        heard = [(event["method"], event["params"]) for event in back.events if event["method"].startswith("message.")]
        assert [(method, params["seq"], params["text"]) for method, params in heard] == [
            ("message.posted", second["seq"], ""),
            ("message.changed", first["seq"], "first, edited"),
            ("message.posted", second["seq"] + 1, "third"),
            ("message.changed", second["seq"], ""),
            ("message.posted", second["seq"] + 2, "live"),
        ]
        assert heard[0][1]["deleted"] is True
        assert "will be deleted" not in str(back.events)
        await back.leave()


async def test_who_comes_back_at_once_finds_ones_own_words_read(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        for text in ("one", "two", "three"):
            last = await ann.say("hall", text)
        ann.cut()
        await ann.closed()
        back = await Person(server.url, ann.token, ann.user).start()
        hall = next(state for state in back.session["rooms"] if state["room"] == "hall")
        assert (hall["read_seq"], hall["unread"]) == (last["seq"], 0)
        await back.leave()


async def test_state_counts_what_the_replay_brings(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        cursor = cursor_of(bob, "hall")
        await bob.leave()
        for number in range(7):
            await ann.say("hall", f"@bob {number}")
        back = await Person(server.url, bob.token, bob.user).start({"hall": cursor})
        hall = next(room for room in back.session["rooms"] if room["room"] == "hall")
        assert (hall["unread"], hall["mentions"]) == (7, 7)
        await back.hears("message.posted", text="@bob 6")
        assert len(back.heard("message.posted")) == 7
        await back.leave()


@pytest.mark.parametrize("wrong", ["epoch", "id", "seq", "rev"])
async def test_a_cursor_that_cannot_be_kept_is_answered_by_one_reset(server: Server, wrong: str) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        await ann.say("hall", "one")
        await ann.say("hall", "two")
        await bob.hears("message.posted", text="two")
        cursor = cursor_of(bob, "hall")
        cursor[wrong] = {"epoch": "other", "id": "0" * 24, "seq": cursor["seq"] + 5, "rev": cursor["rev"] + 5}[wrong]
        back = await Person(server.url, bob.token, bob.user).start({"hall": cursor})
        reset = await back.hears("room.reset", room="hall")
        hall = next(room for room in back.session["rooms"] if room["room"] == "hall")
        assert {name: reset[name] for name in ("epoch", "last_seq", "last_id", "rev")} == {
            name: hall[name] for name in ("epoch", "last_seq", "last_id", "rev")
        }
        await ann.say("hall", "three")
        assert (await back.hears("message.posted", text="three"))["seq"] == reset["last_seq"] + 1
        assert len(back.heard("message.posted")) == 1
        await back.leave()


async def test_too_much_missed_is_a_reset_and_never_a_part(open_server) -> None:
    server = await open_server(limits__replay_messages=20)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        cursor = cursor_of(bob, "hall")
        for number in range(21):
            await ann.say("hall", f"{number}")
        back = await Person(server.url, bob.token, bob.user).start({"hall": cursor})
        await back.hears("room.reset", room="hall")
        await ann.say("hall", "after")
        await back.hears("message.posted", text="after")
        assert len(back.heard("message.posted")) == 1
        await back.leave()


async def test_a_replay_from_the_log_when_no_tail_is_left(open_server) -> None:
    server = await open_server(limits__tail_records=4)
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        cursor = cursor_of(bob, "hall")
        for number in range(100):
            answer = await ann.say("hall", f"{number}")
            if number % 10 == 0:
                await ann.call("message.edit", room="hall", seq=answer["seq"], text=f"{number}!")
        back = await Person(server.url, bob.token, bob.user).start({"hall": cursor})
        await back.hears("message.posted", text="99")
        texts = [params["text"] for params in back.heard("message.posted")]
        assert texts == [f"{n}!" if n % 10 == 0 else f"{n}" for n in range(100)]
        assert [params["rev"] for params in back.heard("message.changed")] == list(range(1, 11))
        await back.leave()


async def test_a_room_spans_two_processes_and_one_order_holds(open_server) -> None:
    first, second = await open_server(), await open_server()
    ann = await (await sign_up(first.url, "ann")).start()
    bob = await (await sign_up(second.url, "bob")).start()
    for number in range(30):
        await ann.say("hall", f"a{number}")
        await bob.say("hall", f"b{number}")
    for person in (ann, bob):
        await person.until(lambda person=person: len(person.heard("message.posted")) >= 60, "60 messages")
    assert ann.heard("message.posted")[-60:] == bob.heard("message.posted")[-60:]
    seqs = [params["seq"] for params in bob.heard("message.posted")]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    cursor = cursor_of(bob, "hall")
    await second.__aexit__()
    assert await bob.closed() == 4100
    await ann.say("hall", "while away")
    back = await Person(first.url, bob.token, bob.user).start({"hall": cursor})
    await back.hears("message.posted", text="while away")
    assert len(back.heard("message.posted")) == 1
    await back.leave()
    await ann.leave()


async def test_sockets_without_a_session_are_closed_in_time(open_server) -> None:
    server = await open_server(server__session_seconds=0.5)
    person = await Person(server.url).connect()
    assert await person.closed() == 4505


async def test_who_answers_no_ping_is_closed_as_silent(open_server) -> None:
    server = await open_server(server__ping_seconds=0.5, server__silence_seconds=0.5)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    writer.write(
        b"GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    async with asyncio.timeout(10):
        await reader.readuntil(b"\r\n\r\n")
        # A ping without payload, then the close frame with the code: whoever sends nothing at all is silent.
        assert await reader.readexactly(2) == b"\x89\x00"
        head = await reader.readexactly(4)
    assert head[0] == 0x88
    assert int.from_bytes(head[2:], "big") == 4102
    writer.close()


async def test_whoever_may_be_in_a_thousand_rooms_can_come_back_to_them(server: Server) -> None:
    cursors = {f"{number:024x}": {"epoch": "0" * 8, "seq": 1, "rev": 1, "id": "0" * 24} for number in range(1000)}
    ann = await sign_up(server.url, "ann")
    assert len(json.dumps(cursors)) > server.settings.limits.frame_bytes
    await ann.start(cursors)
    assert [room["room"] for room in ann.session["rooms"]] == ["hall"]
    await ann.send_raw({"id": 9, "method": "session.ping", "params": {"much": "x" * 70_000}})
    assert await ann.closed() == 1009
    nobody = await Person(server.url).connect()  # who has not said yet who they are has no thousand rooms
    await nobody.send_raw({"id": 1, "method": "session.start", "params": {"cursors": cursors}})
    assert await nobody.closed() == 1009
