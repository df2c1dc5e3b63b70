"""Reacting to messages: who may, what others hear, what pages show, and what stays of it."""

from __future__ import annotations

from typing import Any

import pytest

from chatserver.app import Server
from tests.conftest import OpenServer
from tests.people import Person, Refused, gathering


async def refused(person: Person, method: str, **params: Any) -> tuple[int, str]:
    with pytest.raises(Refused) as refusal:
        await person.call(method, **params)
    return refusal.value.code, refusal.value.reason


async def shown(person: Person, room: str, seq: int) -> dict[str, Any]:
    """The message as a page shows it to this person; message.get says the same."""
    page = await person.call("message.history", room=room, around=seq, limit=1)
    (message,) = page["messages"]
    got = await person.call("message.get", room=room, seqs=[seq])
    assert got["messages"] == [message]
    assert got["epoch"] == page["epoch"]
    return message


async def test_a_reaction_is_heard_by_all_as_a_difference_and_shown_on_pages(server: Server) -> None:
    async with gathering(server.url, "ann", "bob") as (ann, bob):
        said = await ann.say("hall", "tea?")
        answer = await bob.call("message.react", room="hall", seq=said["seq"], emoji="❤")
        for person in (ann, bob):
            heard = await person.hears("message.reacted")
            assert heard == {
                "room": "hall", "rev": answer["rev"], "seq": said["seq"], "emoji": "❤️", "user": bob.id, "added": True,
                "count": 1,
            }  # fmt: skip
        await ann.call("message.react", room="hall", seq=said["seq"], emoji="❤️")
        await ann.call("message.react", room="hall", seq=said["seq"], emoji="👍🏽")
        message = await shown(ann, "hall", said["seq"])
        assert message["reactions"] == [
            {"emoji": "❤️", "count": 2, "users": [bob.id, ann.id]}, {"emoji": "👍🏽", "count": 1, "users": [ann.id]},
        ]  # fmt: skip
        assert message["mine"] == ["❤️", "👍🏽"]
        assert (await shown(bob, "hall", said["seq"]))["mine"] == ["❤️"]
        assert (await bob.call("message.unreact", room="hall", seq=said["seq"], emoji="❤"))["rev"] == answer["rev"] + 3
        heard = await ann.hears("message.reacted", added=False)
        assert (heard["user"], heard["count"]) == (bob.id, 1)
        assert "mine" not in await shown(bob, "hall", said["seq"])


async def test_a_repeat_is_no_error_and_no_change(server: Server) -> None:
    async with gathering(server.url, "ann") as (ann,):
        said = await ann.say("hall", "tea?")
        where = {"room": "hall", "seq": said["seq"], "emoji": "👍"}
        rev = (await ann.call("message.react", **where))["rev"]
        assert (await ann.call("message.react", **where))["rev"] == rev
        assert (await ann.call("message.unreact", **where))["rev"] == rev + 1
        assert (await ann.call("message.unreact", **where))["rev"] == rev + 1
        assert len(ann.heard("message.reacted")) == 2
        assert "reactions" not in await shown(ann, "hall", said["seq"])


async def test_only_emoji_of_the_list_and_no_flags(open_server: OpenServer) -> None:
    server = await open_server(community__reactions_off=["👎"])
    async with gathering(server.url, "ann") as (ann,):
        said = await ann.say("hall", "tea?")
        for emoji in ("a", "1", "🇩", "🇩🇪", "🏴‍☠️", "👍👍", "hello", "👎", "\U0001f3fd"):
            assert await refused(ann, "message.react", room="hall", seq=said["seq"], emoji=emoji) == (
                -32602, "emoji_unknown",
            )  # fmt: skip
        assert ann.heard("message.reacted") == []
