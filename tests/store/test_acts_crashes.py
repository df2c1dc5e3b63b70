"""Wherever a process stops between an act and its note, there are both afterwards, once, or neither."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from chatserver.store.accounts import AccountsShelf
from chatserver.store.acts import Acts
from chatserver.store.address import Address
from chatserver.store.deletions import Deletions
from chatserver.store.directory import Directory
from chatserver.store.store import Store
from tests.store.rooms_house import House
from tests.store.test_membership_crashes import Stopped, StoppingStore, linked


class Desks(House):
    """The small house with the other shelves whose acts are noted."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.deletions = Deletions(store, self.intents)
        self.accounts = AccountsShelf(store, self.intents, Directory(store, lambda coroutine: None), self.shelf)
        self.acts = Acts(store)

    async def holds(self, key: str, field: str) -> bool:
        return bool(await self.store.command("HEXISTS", key, field))


@pytest.fixture
async def house(store: Store) -> Desks:
    return Desks(store)


@pytest.fixture
async def doomed(address: Address, house: Desks) -> AsyncIterator[Desks]:
    async with linked(StoppingStore(address)) as other:
        yield Desks(other.store)


Step = Callable[[Desks], Awaitable[object]]
Done = Callable[[Desks], Awaitable[bool]]
BOOKS, BY_MEI = "books", {"actor": "mei", "admin": False, "now": 5}


async def _has_role(house: Desks) -> bool:
    return (await house.roles(BOOKS)).get("tom") == "moderator"


async def _is_gone(house: Desks) -> bool:
    return "tom" not in await house.roles(BOOKS)


async def _is_unbanned(house: Desks) -> bool:
    return not await house.holds("{r:books}:bans", "ada")


async def _is_deleted(house: Desks) -> bool:
    return await house.holds("{r:books}:now", "1")


async def _is_archived(house: Desks) -> bool:
    return (await house.meta(BOOKS)).get("archived") == b"1"


async def _is_window(house: Desks) -> bool:
    return (await house.meta(BOOKS)).get("window") == b"1"


async def _is_suspended(house: Desks) -> bool:
    return await house.store.command("HGET", "{u:tom}", "suspended") == b"1"


STEPS: dict[str, tuple[Step, Done]] = {
    "room.remove": (lambda house: house.shelf.remove(BOOKS, "tom", **BY_MEI), _is_gone),
    "room.ban": (lambda house: house.shelf.remove(BOOKS, "tom", ban_until=0, **BY_MEI), _is_gone),
    "room.unban": (lambda house: house.shelf.unban(BOOKS, "ada", **BY_MEI), _is_unbanned),
    "room.set_role": (lambda house: house.shelf.set_role(BOOKS, "tom", "moderator", **BY_MEI), _has_role),
    "message.delete": (lambda house: house.deletions.delete(BOOKS, 1, **BY_MEI), _is_deleted),
    "room.archive": (lambda house: house.shelf.archive(BOOKS, archived=True, **BY_MEI), _is_archived),
    "room.window": (lambda house: house.shelf.update(BOOKS, window=True, **BY_MEI | {"admin": True}), _is_window),
    "account.suspend": (
        lambda house: house.accounts.set_standing("tom", "suspended", on=True, by="mei", now=5), _is_suspended,
    ),
}  # fmt: skip


async def _prepare(house: Desks) -> None:
    await house.store.command("FLUSHALL")
    await house.furnish()
    await house.create(BOOKS, "tom")
    await house.say(BOOKS, "tom", "lamps!", at=1)
    await house.store.command("HSET", "{r:books}:bans", "ada", "0")


@pytest.mark.parametrize("what", STEPS)
async def test_an_act_and_its_note_are_both_there_or_neither(doomed: Desks, house: Desks, what: str) -> None:
    step, done = STEPS[what]
    for steps in itertools.count():
        await _prepare(house)
        doomed.store.steps = steps
        finished = False
        try:
            await step(doomed)
            finished = True
        except Stopped:
            pass
        assert await house.intents.take_over(older_than_ms=-1000) <= 1
        assert await house.intents.take_over(older_than_ms=-1000) == 0
        noted = [(note.what, note.by, note.at) for _, note in await house.acts.page("", 10)]
        assert noted == ([(what, "mei", 5)] if await done(house) else []), f"stopped before question {steps + 1}"
        if finished:
            assert noted
            return


@pytest.mark.parametrize(("what", "undo"), [
    ("room.set_role", lambda house: house.shelf.set_role(BOOKS, "tom", "member", **BY_MEI)),
    ("room.unban", lambda house: house.store.command("HSET", "{r:books}:bans", "ada", "0")),
])  # fmt: skip
async def test_a_late_repeat_does_not_undo_what_was_done_since(
    doomed: Desks, house: Desks, what: str, undo: Step
) -> None:
    step, done = STEPS[what]
    await _prepare(house)
    doomed.store.steps = 2  # the intent and the room's part
    with pytest.raises(Stopped):
        await step(doomed)
    assert await done(house)
    await undo(house)
    await house.intents.take_over(older_than_ms=-1000)
    assert not await done(house)
    assert what in [note.what for _, note in await house.acts.page("", 10)]


async def test_the_oldest_notes_go_when_there_are_too_many(house: Desks) -> None:
    for number in range(10_300):
        await house.acts.note(str(number), "room.remove", by="mei", at=number)
    assert 10_000 <= await house.store.command("XLEN", "{house}:log") < 10_300
    assert (await house.acts.page("", 1))[0][1].at == 10_299
