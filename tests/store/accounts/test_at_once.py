"""Steps over two tags when another step comes in between, at the worst moment."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from chatserver.errors import Refusal
from chatserver.live.tasks import Tasks
from chatserver.store.accounts.accounts import AccountStore, NewAccount
from chatserver.store.accounts.author_cache import AuthorCache
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.rooms.questions import ROOMS
from chatserver.store.rooms.rooms import NewRoom, RoomStore
from tests.conftest import running


class InterruptedStore(Store):
    """Carries out something else, once, before a function or a command of this name leaves."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self.before: dict[str, Callable[[], Awaitable[Any]]] = {}

    async def call(self, name: str, tag: str, *args: str | bytes | int) -> list[Any]:
        await self._interrupt(name)
        return await super().call(name, tag, *args)

    async def command(self, tag: str, *words: str | bytes | int) -> Any:
        await self._interrupt(str(words[0]))
        return await super().command(tag, *words)

    async def _interrupt(self, name: str) -> None:
        if step := self.before.pop(name, None):
            await step()


class Town:
    """Accounts and rooms over an interrupted store; ann owns an open room."""

    def __init__(self, store: InterruptedStore, tasks: Tasks) -> None:
        self.store = store
        intents = Intents(store)
        self.rooms = RoomStore(store, intents)
        self.accounts = AccountStore(store, intents, AuthorCache(store, tasks.spawn), self.rooms)

    async def sign_up(self, user: str, **more: Any) -> None:
        await self.accounts.create(NewAccount(user=user, handle=user, name=user, **more), now=1)

    async def close(self, user: str) -> None:
        profile = await self.accounts.profile(user)
        assert profile is not None
        await self.accounts.close(profile, now=2)

    async def members(self) -> list[bytes]:
        found: list[bytes] = await self.store.command(keys.room("tea"), "HKEYS", keys.room("tea") + ":members")
        return found


@pytest.fixture
async def town(address: Address) -> AsyncIterator[Town]:
    async with running(InterruptedStore(address)) as store, Tasks() as tasks:
        assert isinstance(store, InterruptedStore)
        made = Town(store, tasks)
        for user in ("ann", "bob"):
            await made.sign_up(user, password="hash", recovery="code")
        await made.rooms.create("tea", NewRoom(kind="open", title="Tea"), owner="ann", now=1)
        yield made


@pytest.mark.parametrize("moment", ["room_join", "user_point"])
async def test_who_comes_into_a_room_while_the_account_closes_is_no_member(town: Town, moment: str) -> None:
    town.store.before[moment] = lambda: town.close("bob")
    with pytest.raises(Refusal):
        await town.rooms.join("tea", "bob", now=2)
    assert await town.members() == [b"ann"]


@pytest.mark.parametrize("moment", ["account_handle_take", "account_bot_place", "account_open", "ZADD"])
async def test_a_bot_that_comes_to_be_while_its_owner_leaves_is_closed(town: Town, moment: str) -> None:
    town.store.before[moment] = lambda: town.close("bob")
    with contextlib.suppress(Refusal):
        await town.sign_up("dice", bot=True, owner="bob")
    assert not await town.accounts.is_taken("dice")
    assert await town.accounts.bots_of("bob") == []


async def test_another_recovery_code_made_meanwhile_is_not_overwritten(town: Town) -> None:
    profile = await town.accounts.profile("bob")
    assert profile is not None
    town.store.before["account_recovery"] = lambda: town.accounts.set_recovery(profile, "first")
    with pytest.raises(Refusal) as refused:
        await town.accounts.set_recovery(profile, "second")
    assert refused.value.reason == "changed_meanwhile"


@pytest.mark.parametrize("on", [True, False])
async def test_a_room_that_changes_its_mind_meanwhile_is_asked_as_it_wants(town: Town, *, on: bool) -> None:
    async def other() -> None:
        await town.rooms.update("tea", actor="ann", admin=False, now=3, question=not on)

    await other()
    town.store.before["SADD" if on else "SREM"] = other
    await town.rooms.update("tea", actor="ann", admin=False, now=2, question=on)
    listed = await town.store.command(keys.tag_of(ROOMS), "SISMEMBER", ROOMS, "tea")
    assert bool(listed) is not on
