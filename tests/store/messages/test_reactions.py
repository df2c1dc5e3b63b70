"""Reactions as the store holds them: how long changes are kept, and that equal steps cost the same."""

from __future__ import annotations

import msgspec
import pytest

from chatserver.ids import new_id
from chatserver.live.tasks import Tasks
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.messages.log import MessageLog
from chatserver.store.messages.reactions import ReactionStore
from chatserver.store.messages.records import Record

DAY_MS = 86_400_000
NOW = 1_767_280_000_000
TEA = keys.room("tea")


async def a_message(store: Store) -> ReactionStore:
    owner, member = (msgspec.msgpack.encode([role, 1, 0, 1]) for role in ("owner", "member"))
    await store.command(TEA, "HSET", TEA, "kind", "open", "epoch", "e1")
    await store.command(TEA, "HSET", TEA + ":members", "ann", owner, "bob", member)
    async with Tasks() as tasks:
        log = MessageLog(store, tasks.spawn, durability="primary")
        await log.append("tea", Record(new_id(), "ann", "tea?", "1"), "digest")
    return ReactionStore(store)


@pytest.mark.parametrize(("age", "is_kept"), [(6, True), (8, False)])
async def test_changes_are_kept_for_seven_days_and_the_latest_ten_thousand_longer(
    store: Store, age: int, is_kept: bool
) -> None:
    reactions = await a_message(store)
    async with store.redis.pipeline(transaction=False) as pipe:
        for rev in range(1, 10_501):
            words = ("s", 1, "a", 1, "k", "react", "n", rev, "t", NOW - age * DAY_MS)
            pipe.execute_command("XADD", TEA + ":changes", f"{rev}-0", *words)
        await pipe.execute()
    await store.command(TEA, "HSET", TEA, "rev", 10_500, "reacted", 10_500)
    for number in range(400):
        if number % 2:
            await reactions.unreact("tea", 1, "👍", "bob", actor="bob", admin=False, now=NOW)
        else:
            await reactions.react("tea", 1, "👍", user="bob", now=NOW)
    held = await store.redis.xlen(TEA + ":changes")
    assert held == 10_900 if is_kept else 10_000 <= held <= 10_000 + 300
    page = await MessageLog(store, lambda work: work, durability="primary").read(
        "tea", first=1, last=1, after_rev=10_899, changes=9
    )
    assert [change.rev for change in page.changes] == [10_900]


async def test_how_many_reactions_there_were_is_known_of_every_change_that_is_kept(store: Store) -> None:
    reactions = await a_message(store)
    log = MessageLog(store, lambda work: work, durability="primary")
    for number in range(4):
        await reactions.react("tea", 1, "👍🍵😀🎉"[number], user="bob", now=NOW)
        await reactions.pin("tea", 1, pinned=number % 2 == 0, user="ann", admin=False, now=NOW)
    assert [await log.reactions_up_to("tea", rev) for rev in range(8)] == [0, 1, 1, 2, 2, 3, 3, 4]
    assert await log.reactions_up_to("tea", 8) is None
    await store.redis.xtrim(TEA + ":changes", maxlen=3, approximate=False)
    assert await log.reactions_up_to("tea", 4) is None
    assert await log.reactions_up_to("tea", 5) == 3
