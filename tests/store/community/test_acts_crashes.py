"""Wherever a process stops between an act and its note, there are both afterwards, once, or neither."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chatserver.store.accounts.accounts import AccountStore
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.accounts.newcomers import NewcomerStore
from chatserver.store.community.acts import ActLog
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.store import Store
from chatserver.store.files.erasing import Erasing
from chatserver.store.messages.deletions import Deletions
from tests.conftest import blobs_in_memory
from tests.store.rooms.rooms_world import Server
from tests.store.rooms.test_membership_crashes import Stopped, StoppingStore, linked


class Services(Server):
    """The small community with the other stores whose acts are noted."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.deletions = Deletions(store, self.intents, NewcomerStore(store, most=5), Erasing(store, blobs_in_memory()))
        self.accounts = AccountStore(store, self.intents, AuthorCache(store, lambda coroutine: None), self.stored)
        self.acts = ActLog(store)

    async def holds(self, key: str, field: str) -> bool:
        return bool(await self.store.command(keys.tag_of(key), "HEXISTS", key, field))


@pytest.fixture
async def server(store: Store) -> Services:
    return Services(store)


@pytest.fixture
async def doomed(address: Address, server: Services) -> AsyncIterator[Services]:
    async with linked(StoppingStore(address)) as other:
        yield Services(other.store)


Step = Callable[[Services], Awaitable[object]]
Done = Callable[[Services], Awaitable[bool]]
BOOKS, BY_MEI = "books", {"actor": "mei", "admin": False, "now": 5}


async def _has_role(server: Services) -> bool:
    return (await server.roles(BOOKS)).get("tom") == "moderator"


async def _is_gone(server: Services) -> bool:
    return "tom" not in await server.roles(BOOKS)


async def _is_unbanned(server: Services) -> bool:
    return not await server.holds("{r:books}:bans", "ada")


async def _is_deleted(server: Services) -> bool:
    return await server.holds("{r:books}:now", "1")


async def _is_archived(server: Services) -> bool:
    return (await server.meta(BOOKS)).get("archived") == b"1"


async def _is_window(server: Services) -> bool:
    return (await server.meta(BOOKS)).get("window") == b"1"


async def _is_suspended(server: Services) -> bool:
    return await server.store.command("{u:tom}", "HGET", "{u:tom}", "suspended") == b"1"


STEPS: dict[str, tuple[Step, Done]] = {
    "room.remove": (lambda server: server.stored.remove(BOOKS, "tom", **BY_MEI), _is_gone),
    "room.ban": (lambda server: server.stored.remove(BOOKS, "tom", ban_until=0, **BY_MEI), _is_gone),
    "room.unban": (lambda server: server.stored.unban(BOOKS, "ada", **BY_MEI), _is_unbanned),
    "room.set_role": (lambda server: server.stored.set_role(BOOKS, "tom", "moderator", **BY_MEI), _has_role),
    "message.delete": (lambda server: server.deletions.delete(BOOKS, 1, **BY_MEI), _is_deleted),
    "room.archive": (lambda server: server.stored.archive(BOOKS, archived=True, **BY_MEI), _is_archived),
    "room.window": (lambda server: server.stored.update(BOOKS, window=True, **BY_MEI | {"admin": True}), _is_window),
    "account.suspend": (
        lambda server: server.accounts.set_status("tom", "suspended", on=True, by="mei", now=5), _is_suspended,
    ),
}  # fmt: skip


async def _prepare(server: Services) -> None:
    await server.store.redis.flushall()
    await server.build_friends()
    await server.create(BOOKS, "tom")
    await server.say(BOOKS, "tom", "lamps!", at=1)
    await server.store.command("{r:books}", "HSET", "{r:books}:bans", "ada", "0")


@pytest.mark.parametrize("what", STEPS)
async def test_an_act_and_its_note_are_both_there_or_neither(doomed: Services, server: Services, what: str) -> None:
    step, done = STEPS[what]
    for steps in itertools.count():
        await _prepare(server)
        doomed.store.steps = steps
        finished = False
        try:
            await step(doomed)
            finished = True
        except Stopped:
            pass
        assert await server.intents.take_over(older_than_ms=-1000) <= 1
        assert await server.intents.take_over(older_than_ms=-1000) == 0
        noted = [(note.what, note.by, note.at) for _, note in await server.acts.page("", 10)]
        assert noted == ([(what, "mei", 5)] if await done(server) else []), f"stopped before question {steps + 1}"
        if finished:
            assert noted
            return


@pytest.mark.parametrize(("what", "undo"), [
    ("room.set_role", lambda server: server.stored.set_role(BOOKS, "tom", "member", **BY_MEI)),
    ("room.unban", lambda server: server.store.command("{r:books}", "HSET", "{r:books}:bans", "ada", "0")),
])  # fmt: skip
async def test_a_late_repeat_does_not_undo_what_was_done_since(
    doomed: Services, server: Services, what: str, undo: Step
) -> None:
    step, done = STEPS[what]
    await _prepare(server)
    doomed.store.steps = 2  # the intent and the room's part
    with pytest.raises(Stopped):
        await step(doomed)
    assert await done(server)
    await undo(server)
    await server.intents.take_over(older_than_ms=-1000)
    assert not await done(server)
    assert what in [note.what for _, note in await server.acts.page("", 10)]


async def test_the_oldest_notes_go_when_there_are_too_many(server: Services) -> None:
    for number in range(10_300):
        await server.acts.note(str(number), "room.remove", by="mei", at=number)
    assert 10_000 <= await server.store.command("{community}", "XLEN", "{community}:log") < 10_300
    assert (await server.acts.page("", 1))[0][1].at == 10_299
