"""What may not be seen answers like what is not there: each method that names a room, by both doors, to whoever is kept
out of it."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import pytest

from chatserver.app import Server
from chatserver.protocol.methods import METHODS
from tests.people import PASSWORD, Person, Refused, gathering, post, sign_up

# What each method needs beside a room; `USER` is somebody inside.
MORE: Final[dict[str, dict[str, Any]]] = {
    "message.send": {"text": "hello", "client_id": "x1"}, "message.edit": {"seq": 1, "text": "hello"},
    "message.delete": {"seq": 1}, "read.mark": {"seq": 1}, "room.remove": {"user": "USER"},
    "room.ban": {"user": "USER"}, "room.unban": {"user": "USER"}, "room.set_role": {"user": "USER", "role": "member"},
    "room.invite": {"user": "USER"}, "room.notify": {"level": "none"}, "poke.send": {"to": "USER", "gesture": "hi"},
    "room.archive": {"archived": True}, "room.update": {"title": "Other"},
    "question.answer": {"text": "hello", "client_id": "x2"}, "message.search": {"query": "hello"},
}  # fmt: skip
NOT_A_ROOM: Final = "0" * 24
# Where a room is only where something else begins, or only of the caller's own.
ELSEWHERE: Final = {"invitation.create"}


def named() -> list[str]:
    """The methods that name a room, and by which parameter."""
    found = []
    for name, row in METHODS.items():
        fields = {field.encode_name for field in msgspec.structs.fields(row.params)}
        if fields & {"room", "question"} and name not in ELSEWHERE:
            found.append(name)
    return found


async def answer(person: Person, method: str, room: str, user: str, *, http: bool) -> Any:
    params = {name: user if value == "USER" else value for name, value in MORE.get(method, {}).items()}
    params["question" if method == "question.answer" else "room"] = room
    try:
        if http:
            return await post(person.url, method, person.token, **params)
        return await person.call(method, **params)
    except Refused as refusal:
        return str(refusal).replace(room, "ROOM")


async def people_outside(server: Server, inside: Person, room: str) -> dict[str, Person]:
    banned = await (await sign_up(server.url, "ban")).start()
    await inside.call("room.ban", room=room, user=banned.id)
    return {
        "visitor": await Person(server.url).start(),
        "stranger": await (await sign_up(server.url, "eve")).start(),
        "banned": banned,
    }


async def rooms_unseen(server: Server, ann: Person) -> dict[str, str]:
    closed = (await ann.call("room.create", title="Attic", kind="closed"))["room"]
    await ann.say(closed, "a closed word")
    await ann.call("room.link", room=closed)
    archived = (await ann.call("room.create", title="Cellar", kind="closed"))["room"]
    await ann.call("room.archive", room=archived, archived=True)
    code = (await ann.call("invitation.create"))["code"]
    wanted = {"handle": "dan", "name": "Dan", "password": PASSWORD, "want": "token", "invite": code}
    await post(server.url, "account.create", **wanted)
    direct = (await ann.hears("room.updated", kind="direct"))["room"]
    await ann.say(direct, "a private word")
    return {"closed": closed, "archived": archived, "direct": direct}


@pytest.mark.parametrize("http", [False, True], ids=["socket", "http"])
async def test_a_room_that_may_not_be_seen_is_like_one_that_is_not_there(server: Server, http: bool) -> None:
    async with gathering(server.url, "ann") as (ann,):
        rooms = await rooms_unseen(server, ann)
        outside = await people_outside(server, ann, rooms["closed"])
        differ = []
        for method in named():
            if http and METHODS[method].connection:
                continue
            for who, person in outside.items():
                nothing = await answer(person, method, NOT_A_ROOM, ann.id, http=http)
                for kind, room in rooms.items():
                    told = await answer(person, method, room, ann.id, http=http)
                    if told != nothing:
                        differ.append(f"{method} of a {kind} room tells a {who} {told} instead of {nothing}")
        for person in outside.values():
            await person.leave()
    assert not differ, "\n".join(differ)
