"""Who may fetch a file: every kind of viewer at every kind of room, before and after the message is deleted."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.app import Server
from tests.doors.sending import fetch, upload
from tests.people import Person, Refused, gathering, post, sign_up

NOTE = b"The key is under the mat.\n"


async def status(url: str, file: str, person: Person | None) -> int:
    found, headers, body = await fetch(url, file, person)
    assert (body == NOTE) == (found == 200)
    assert found in {200, 404}
    if found == 404:
        nothing = await fetch(url, "0" * 24, person)
        assert (body, headers["Content-Type"]) == (nothing[2], nothing[1]["Content-Type"])
    return found


async def sees(url: str, file: str, people: dict[str, Person | None]) -> set[str]:
    return {name for name, person in people.items() if await status(url, file, person) == 200}


async def test_a_file_is_read_by_whoever_may_read_its_message(server: Server) -> None:
    url = server.url
    async with gathering(url, "ann", "mia", "bob", "gone", "bad", "out") as (ann, mod, bob, gone, bad, out):
        await server.services.accounts.store.set_status(ann.id, "admin", on=True)
        await ann.start_anew()
        bot = (await post(url, "bot.create", out.token, handle="echo", name="Echo"))["token"]
        echo = Person(url, bot)
        people: dict[str, Person | None] = {
            "ann": ann, "mod": mod, "bob": bob, "gone": gone, "bad": bad, "out": out, "echo": echo, "visitor": None,
        }  # fmt: skip
        wanted = {
            "open": {"ann", "mod", "bob", "gone", "out", "echo"},
            "closed": {"ann", "mod", "bob"},
            "window": {"ann", "mod", "bob", "gone", "bad", "out", "echo", "visitor"},
        }
        for kind, readers in wanted.items():
            room = await room_of(ann, kind, (mod, bob, gone, bad))
            file = (await upload(ann, NOTE, room))["id"]
            assert await sees(url, file, people) == {"ann"}
            seq = (await ann.say(room, "", attachments=[file]))["seq"]
            assert await sees(url, file, people) == readers, kind
            await mod.call("message.delete", room=room, seq=seq)
            assert await sees(url, file, people) == set(), kind
            with pytest.raises(Refused):
                await upload(bad, NOTE, room)


async def room_of(owner: Person, kind: str, members: tuple[Person, ...]) -> str:
    """A room with a moderator, a member, one who left and one who is banned."""
    made = await owner.call("room.create", title=f"Room {kind}", kind="closed" if kind == "closed" else "open")
    room = str(made["room"])
    link: dict[str, Any] = await owner.call("room.link", room=room) if kind == "closed" else {}
    for person in members:
        await person.call("room.join", room=room, **({"link": link["link"]} if link else {}))
    mod, _, gone, bad = members
    await owner.call("room.set_role", room=room, user=mod.id, role="moderator")
    await gone.call("room.leave", room=room)
    await owner.call("room.ban", room=room, user=bad.id)
    if kind == "window":
        await owner.call("room.update", room=room, window=True)
    return room


async def test_in_a_direct_room_friends_send_files_and_others_words(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        room = await acquainted(ann, bob)
        with pytest.raises(Refused) as refused:
            await upload(ann, NOTE, room)
        assert refused.value.reason == "not_friends"
        code = (await ann.call("met.show"))["code"]
        await bob.call("met.enter", code=code)
        await bob.call("met.confirm", user=ann.id)
        assert (await ann.call("met.confirm", user=bob.id))["rung"] == "friend"
        file = (await upload(ann, NOTE, room))["id"]
        await ann.say(room, "", attachments=[file])
        out = await sign_up(server.url, "out")
        assert await sees(server.url, file, {"ann": ann, "bob": bob, "out": out}) == {"ann", "bob"}
        unseen = (await upload(ann, NOTE, room))["id"]
        await bob.call("block.add", user=ann.id)
        assert await sees(server.url, file, {"ann": ann, "bob": bob}) == {"ann"}
        await ann.say(room, "", attachments=[unseen])
        await bob.call("block.remove", user=ann.id)
        assert await sees(server.url, unseen, {"ann": ann, "bob": bob}) == {"ann"}


async def acquainted(one: Person, other: Person) -> str:
    """Two who answered a card; gives their room."""
    for person in (one, other):
        await person.say("hall", "hello")
    await one.call("poke.send", to=other.id, room="hall", gesture="hi")
    poke = (await other.call("poke.list"))["received"][0]["poke"]
    tie = await other.call("poke.return", poke=poke)
    for person in (one, other):
        answered = await person.call(
            "curtain.answer", tie=tie["tie"], card=tie["curtain"]["card"], text="A window seat"
        )
    return str(answered["room"])
