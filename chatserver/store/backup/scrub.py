"""Erasing deleted text: once a day, logs that had deletions are rebuilt and the append-only file is rewritten.

XDEL only marks an entry: its text was still in the file after a rewrite (measured). A rebuilt log holds only what
remains, and so does the file when it is rewritten afterwards.
"""

from __future__ import annotations

import logging
from typing import Final

from chatserver.errors import Refusal
from chatserver.store.engine import keys
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
    copied, done = "0", 0
    while not done:
        _, last, done = await store.call("log_copy", tag, copied, STEP)
        copied = last.decode()
    answer = await store.call("log_swap", tag, copied, seen)
    return bool(answer[0] == b"ok")
