"""Nothing works only because the process has seen it before: whatever tells somebody something is set up in one
process, which ends; then it is done over HTTP in a fresh one, to which nobody is connected, and heard in another.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from chatserver.app import Server
from chatserver.store.engine.address import Address
from tests.conftest import settings_for_tests
from tests.people import PASSWORD, PATIENCE, Person, post, sign_up

Made = dict[str, Any]


class Pair:
    """Ann does it, Bob hears of it. ``at`` is the process that both ask over HTTP."""

    def __init__(self, at: Server, ann: Person, bob: Person) -> None:
        self.at = at
        self.ann_ = ann
        self.bob_ = bob

    async def ann(self, method: str, **params: Any) -> Any:
        return await post(self.at.url, method, self.ann_.token, **params)

    async def bob(self, method: str, **params: Any) -> Any:
        return await post(self.at.url, method, self.bob_.token, **params)

    async def speak(self) -> None:
        for who in (self.ann, self.bob):
            await who("message.send", room="hall", text="Hello", client_id="hello")

    async def rooms(self) -> Made:
        room = (await self.ann("room.create", title="Tea"))["room"]
        await self.bob("room.join", room=room)
        return {"room": room}

    async def said(self) -> Made:
        sent = await self.ann("message.send", room="hall", text="Oolong", client_id="oolong")
        return {"room": "hall", "seq": sent["seq"]}

    async def poked(self) -> Made:
        """Bob has poked Ann."""
        await self.speak()
        state = await self.bob("poke.send", to=self.ann_.id, room="hall", gesture="hi")
        return {"poke": state["sent"]["poke"]}

    async def half_answered(self) -> Made:
        """A card lies before both, and Bob has answered it."""
        state = await self.ann("poke.return", **await self.poked())
        about = {"tie": state["tie"], "card": state["curtain"]["card"]}
        await self.bob("curtain.answer", text="Soup", **about)
        return about

    async def half_met(self) -> Made:
        shown = await self.ann("met.show")
        await self.bob("met.enter", code=shown["code"])
        await self.bob("met.confirm", user=self.ann_.id)
        return {"user": self.bob_.id}

    async def friends(self) -> Made:
        await self.ann("met.confirm", **await self.half_met())
        room = (await self.ann("room.create", title="Friends", kind="closed"))["room"]
        return {"room": room, "user": self.bob_.id}

    async def invited(self) -> Made:
        return {"invite": (await self.bob("invitation.create"))["code"]}


Setup = Callable[[Pair], Awaitable[Made]]
Act = Callable[[Pair, Made], Awaitable[Any]]


async def nothing(_: Pair) -> Made:
    return {}


async def sign_up_invited(pair: Pair, made: Made) -> None:
    await post(pair.at.url, "account.create", handle="cat", name="Cat", password=PASSWORD, want="token", **made)


async def spoken(pair: Pair) -> Made:
    await pair.speak()
    return {}


async def mentioned(pair: Pair) -> Made:
    await pair.ann("message.send", room="hall", text="@bob hi", client_id="1")
    async with asyncio.timeout(PATIENCE):
        while not (await pair.bob("inbox.list"))["items"]:
            await asyncio.sleep(0.01)
    return {}


TELLING: dict[str, tuple[Setup, Act, str, Made]] = {
    "a message": (
        nothing,
        lambda pair, made: pair.ann("message.send", room="hall", text="Hi", client_id="1"),
        "message.posted", {"text": "Hi"},
    ),
    "a mention": (
        nothing,
        lambda pair, made: pair.ann("message.send", room="hall", text="@bob hi", client_id="1"),
        "inbox.added", {"kind": "mention"},
    ),
    "an edit that mentions": (
        Pair.said,
        lambda pair, made: pair.ann("message.edit", text="@bob Oolong", **made),
        "inbox.added", {"kind": "mention"},
    ),
    "an edit": (
        Pair.said, lambda pair, made: pair.ann("message.edit", text="Sencha", **made),
        "message.changed", {"text": "Sencha"},
    ),
    "a deletion": (
        Pair.said, lambda pair, made: pair.ann("message.delete", **made), "message.changed", {"deleted": True},
    ),
    "a read marker": (
        Pair.said, lambda pair, made: pair.bob("read.mark", **made), "read.moved", {"room": "hall"},
    ),
    "settings of a room": (
        Pair.rooms, lambda pair, made: pair.ann("room.update", about="Green", **made),
        "room.changed", {"about": "Green"},
    ),
    "a role": (
        Pair.rooms, lambda pair, made: pair.ann("room.set_role", user=pair.bob_.id, role="moderator", **made),
        "room.updated", {"role": "moderator"},
    ),
    "a removal": (
        Pair.rooms, lambda pair, made: pair.ann("room.remove", user=pair.bob_.id, **made), "member.left", {},
    ),
    "a departure": (Pair.rooms, lambda pair, made: pair.ann("room.leave", **made), "member.left", {}),
    "a room of one's own": (
        nothing, lambda pair, made: pair.bob("room.create", title="Mine"), "room.updated", {"title": "Mine"},
    ),
    "a poke": (
        spoken,
        lambda pair, made: pair.ann("poke.send", to=pair.bob_.id, room="hall", gesture="hi"),
        "inbox.added", {"kind": "poke"},
    ),
    "a returned poke": (
        Pair.poked, lambda pair, made: pair.ann("poke.return", **made), "inbox.added", {"kind": "curtain"},
    ),
    "the second answer": (
        Pair.half_answered, lambda pair, made: pair.ann("curtain.answer", text="Bread", **made),
        "inbox.added", {"kind": "opened"},
    ),
    "the conversation that it opens": (
        Pair.half_answered, lambda pair, made: pair.ann("curtain.answer", text="Bread", **made),
        "room.updated", {"kind": "direct", "members": 2},
    ),
    "a meeting": (
        Pair.half_met, lambda pair, made: pair.ann("met.confirm", **made), "room.updated", {"kind": "direct"},
    ),
    "an invitation into a room": (
        Pair.friends, lambda pair, made: pair.ann("room.invite", **made), "inbox.added", {"kind": "invitation"},
    ),
    "who came by a link": (Pair.invited, sign_up_invited, "inbox.added", {"kind": "opened"}),
    "how far the inbox was read": (
        mentioned, lambda pair, made: pair.bob("inbox.mark", seq=1),
        "inbox.changed", {"unread": 0},
    ),
}  # fmt: skip


@contextlib.asynccontextmanager
async def fresh(address: Address, folder: Path, number: int) -> AsyncIterator[list[Server]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(Server(settings_for_tests(folder), store_address=address))
            for _ in range(number)
        ]


@pytest.mark.parametrize("what", TELLING)
async def test_a_fresh_process_tells(address: Address, tmp_path: Path, what: str) -> None:
    setup, act, event, members = TELLING[what]
    async with fresh(address, tmp_path, 1) as (before,):
        ann, bob = await sign_up(before.url, "ann"), await sign_up(before.url, "bob")
        made = await setup(Pair(before, ann, bob))
    async with fresh(address, tmp_path, 2) as (asked, other):
        bob.url = other.url
        await bob.start()
        await act(Pair(asked, ann, bob), made)
        await bob.hears(event, **members)
        await bob.leave()
