"""Erasing deleted text: once a day, logs that had deletions are rebuilt and the append-only file is rewritten.

XDEL only marks an entry: its text was still in the file after a rewrite (measured). A rebuilt log holds only what
remains, and so does the file when it is rewritten afterwards. The changes are rebuilt, too, without the reactions to
messages that were deleted.
"""

from __future__ import annotations

import logging
from typing import Final

from chatserver.errors import Refusal
from chatserver.store.engine import keys
from chatserver.store.engine.keys import Tag
from chatserver.store.engine.link import ReplyError
from chatserver.store.engine.store import Store

log = logging.getLogger(__name__)
STEP: Final = 500
LEASE: Final = keys.COMMUNITY + ":scrub"
DAY_MS: Final = 23 * 3_600_000


async def scrub_daily(store: Store) -> None:
    """Scrub, at most once a day over all processes, however often they restart. Every process calls this often."""
    if await store.command(keys.COMMUNITY, "SET", LEASE, "1", "NX", "PX", DAY_MS) is not None:
        await scrub(store)


async def scrub(store: Store) -> int:
    """Rebuild all logs that had deletions, then rewrite the file. Returns how many logs were rebuilt."""
    rebuilt = 0
    async for key in store.scan("{r:*}:scrub"):
        room = keys.tagged_id(key)[1]
        try:
            rebuilt += await _rebuild(store, room)
        except Refusal:
            log.warning("scrub: a log could not be rebuilt; it is retried next time")
    if rebuilt:
        try:
            await store.on_each_node("BGREWRITEAOF")
        except ReplyError as error:
            log.warning("scrub: the file could not be rewritten", extra={"error": str(error)})
    return rebuilt


async def _rebuild(store: Store, room: str) -> bool:
    tag = keys.room(room)
    seen = await store.command(tag, "GET", tag + ":scrub")
    if seen is None:
        return False
    last_seq = await _copy(store, "log_copy", tag)
    last_rev = await _copy(store, "changes_copy", tag)
    answer = await store.call("log_swap", tag, last_seq, seen, last_rev)
    return bool(answer[0] == b"ok")


async def _copy(store: Store, function: str, tag: Tag) -> str:
    """Copy a stream step by step; returns the number of the last entry that was copied."""
    copied, done = "0", 0
    while not done:
        _, last, done = await store.call(function, tag, copied, STEP)
        copied = last.decode()
    return copied
