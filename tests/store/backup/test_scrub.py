"""Deleted means gone: out of memory and files, after the daily task."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from chatserver.ids import new_id
from chatserver.live.tasks import Tasks
from chatserver.store.accounts.newcomers import NewcomerStore
from chatserver.store.backup.scrub import scrub
from chatserver.store.embedded.server import EmbeddedStore
from chatserver.store.engine import keys
from chatserver.store.engine.intents import Intents
from chatserver.store.engine.store import Store
from chatserver.store.files.erasing import Erasing
from chatserver.store.messages.deletions import Deletions
from chatserver.store.messages.log import MessageLog
from chatserver.store.messages.reactions import ReactionStore
from chatserver.store.messages.records import Record
from tests.conftest import blobs_in_memory


async def a_room(store: Store, room: str) -> None:
    await store.command(keys.room(room), "HSET", keys.room(room), "kind", "open", "epoch", "e1")
    await store.command(
        keys.room(room), "HSET", keys.room(room) + ":members", "ann", msgspec.msgpack.encode(["member", 1, 0, 1])
    )


def said_in_files(folder: Path, text: str) -> bool:
    return any(text.encode() in path.read_bytes() for path in (folder / "appendonlydir").iterdir())


async def rewritten(store: Store) -> None:
    while True:
        about = await store.redis.info("persistence")
        if not about["aof_rewrite_in_progress"] and not about["aof_rewrite_scheduled"]:
            return
        await asyncio.sleep(0.05)


async def test_a_deleted_text_is_in_no_answer_and_after_the_task_in_no_file(
    valkey: EmbeddedStore, store: Store
) -> None:
    async with Tasks() as tasks:
        log = MessageLog(store, tasks.spawn, durability="primary")
        deletions = Deletions(store, Intents(store), NewcomerStore(store, most=5), Erasing(store, blobs_in_memory()))
        await a_room(store, "tea")
        for number in range(1200):
            text = f"remember-{number}" if number % 3 else f"forget-{number}"
            await log.append("tea", Record(new_id(), "ann", text, f"c{number}"), "digest")
        for seq in range(1, 1201, 3):
            await deletions.delete("tea", seq, actor="ann", admin=False, now=1)
        before = await log.read("tea", first=1, last=500)
        assert await scrub(store) == 1
        await rewritten(store)
        after = await log.read("tea", first=1, last=500)
        assert after == before
        assert [posted.record is None for posted in after.messages] == [seq % 3 == 1 for seq in range(1, 501)]
        assert not said_in_files(valkey.folder, "forget-")
        assert said_in_files(valkey.folder, "remember-1199")
        answer = await log.append("tea", Record(new_id(), "ann", "on we go", "next"), "digest")
        assert answer.seq == 1201
        assert await scrub(store) == 0


async def test_a_log_whose_last_messages_were_all_deleted_never_gives_their_numbers_again(store: Store) -> None:
    async with Tasks() as tasks:
        log = MessageLog(store, tasks.spawn, durability="primary")
        deletions = Deletions(store, Intents(store), NewcomerStore(store, most=5), Erasing(store, blobs_in_memory()))
        await a_room(store, "tea")
        for number in range(5):
            await log.append("tea", Record(new_id(), "ann", "gone", f"c{number}"), "digest")
        for seq in range(1, 6):
            await deletions.delete("tea", seq, actor="ann", admin=False, now=1)
        assert await scrub(store) == 1
        answer = await log.append("tea", Record(new_id(), "ann", "new", "next"), "digest")
        assert answer.seq == 6
        page = await log.read("tea", first=1, last=-1)
        assert [posted.record is not None for posted in page.messages] == [False] * 5 + [True]


async def test_who_reacted_to_a_deleted_message_is_in_no_file_after_the_task(
    valkey: EmbeddedStore, store: Store
) -> None:
    async with Tasks() as tasks:
        log, reactions = MessageLog(store, tasks.spawn, durability="primary"), ReactionStore(store)
        deletions = Deletions(store, Intents(store), NewcomerStore(store, most=5), Erasing(store, blobs_in_memory()))
        await a_room(store, "tea")
        for number in (1, 2):
            await log.append("tea", Record(new_id(), "ann", "hello", f"c{number}"), "digest")
        await reactions.react("tea", 1, "\N{FIRE}", user="ann", now=1)
        await reactions.react("tea", 2, "\N{TEACUP WITHOUT HANDLE}", user="ann", now=1)
        await deletions.delete("tea", 1, actor="ann", admin=False, now=1)
        before = await log.read("tea", first=1, last=2, changes=9, viewer="ann")
        assert [getattr(change, "difference", "") is None for change in before.changes] == [True, False, False]
        await rewritten(store)  # another test's, which would keep this one from beginning
        assert await scrub(store) == 1
        await rewritten(store)
        assert await log.read("tea", first=1, last=2, changes=9, viewer="ann") == before
        assert not said_in_files(valkey.folder, "\N{FIRE}")
        assert said_in_files(valkey.folder, "\N{TEACUP WITHOUT HANDLE}")
        assert (await reactions.react("tea", 2, "\N{FIRE}", user="ann", now=1)).rev == 4
