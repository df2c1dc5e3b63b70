"""Intents: steps over two tags, stored first, carried out part by part, removed at the end.

A function touches one tag only, so joining a room is a part on the room's tag and a part on the user's. An intent with
all its arguments goes to one of 64 streams. Its parts run in a fixed order, and each recognises a repeat by the
intent's id. Then the intent is removed and the caller gets the result. After ten seconds, any process finishes what a
dead process left behind.

An intent that fails ten times, because of a bug or bad data, is put aside, so that it does not block those behind it.
One of an unknown kind is left for a day to the release that wrote it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, cast

import msgspec

from chatserver import ids
from chatserver.errors import UNAVAILABLE, Refusal
from chatserver.store.engine import keys
from chatserver.store.engine.keys import Tag
from chatserver.store.engine.link import LinkDown, LinkLost, ReplyError
from chatserver.store.engine.store import Store

log = logging.getLogger(__name__)
TAKE_OVER_MS: Final = 10_000
ATTEMPTS: Final = 10
DAY_MS: Final = 86_400_000
_PAGE: Final = 100


class Intent(msgspec.Struct, frozen=True):
    """``id`` is unique to the step; ``arguments`` hold everything its parts need, including the time."""

    id: str
    kind: str
    arguments: dict[str, Any]


Parts = Callable[[Intent], Awaitable[Any]]


class Begun(NamedTuple):
    """An intent being written; ``written`` resolves to its stream id, or fails with the link's error."""

    intent: Intent
    stream: Tag
    written: asyncio.Future[Any]


class Intents:
    """Carries out intents. ``register`` sets, for each kind, the coroutine that runs all its parts in order."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parts: dict[str, Parts] = {}
        self._freeing: set[str] = set()
        self.put_aside = 0

    def register(self, kind: str, parts: Parts, *, frees: bool = False) -> None:
        """``frees``: the step removes or forbids something, so it also runs while the store's memory is full."""
        self._parts[kind] = parts
        if frees:
            self._freeing.add(kind)

    async def carry_out(self, kind: str, **arguments: Any) -> Any:
        """Store the intent, run its parts, remove it, return the parts' result.

        A ``Refusal`` of a part removes the intent, except ``unavailable``: then it stays and is finished later.
        """
        intent = Intent(ids.new_id(), kind, arguments)
        stream = keys.intents(zlib.crc32(intent.id.encode()) % keys.INTENT_STREAMS)
        place = await self._write_down(intent, stream)
        try:
            result = await self._parts[kind](intent)
        except Refusal as refusal:
            if refusal.kind is not UNAVAILABLE:
                await self._store.command(stream, "XDEL", stream, place)
            raise
        await self._store.command(stream, "XDEL", stream, place)
        return result

    async def _write_down(self, intent: Intent, stream: Tag) -> bytes:
        packed = msgspec.msgpack.encode(intent)
        if intent.kind in self._freeing:
            _, place = await self._store.call("intent_add", stream, packed)
        else:
            place = await self._store.command(stream, "XADD", stream, "*", "intent", packed)
        return cast("bytes", place)

    def begin(self, kind: str, **arguments: Any) -> Begun:
        """Write an intent without waiting, before anything sent to the store later in this turn. Call ``finish`` or
        ``drop`` once the outcome is known."""
        self._store.require_safe()
        intent = Intent(ids.new_id(), kind, arguments)
        stream = keys.intents(zlib.crc32(intent.id.encode()) % keys.INTENT_STREAMS)
        return Begun(
            intent, stream, self._store.ask(stream, "XADD", stream, "*", "intent", msgspec.msgpack.encode(intent))
        )

    async def finish(self, begun: Begun, parts: Parts) -> None:
        """Run these parts instead of the registered ones, because the caller knows the outcome; then remove the
        intent."""
        await parts(begun.intent)
        await self.drop(begun)

    async def drop(self, begun: Begun) -> None:
        """Remove the intent: there is nothing left to do. If the link was lost, it was not stored, or runs once
        more."""
        with contextlib.suppress(LinkDown, LinkLost, ReplyError):
            await self._store.command(begun.stream, "XDEL", begun.stream, await begun.written)

    async def take_over(self, *, older_than_ms: int = TAKE_OVER_MS) -> int:
        """Finish intents that other processes left behind, oldest first. Returns how many were finished."""
        seconds, microseconds = await self._store.command(keys.intents(0), "TIME")
        now = int(seconds) * 1000 + int(microseconds) // 1000
        finished = 0
        for number in range(keys.INTENT_STREAMS):
            finished += await self._take_over(keys.intents(number), now, older_than_ms)
        return finished

    async def _take_over(self, stream: Tag, now: int, older_than_ms: int) -> int:
        after, finished = "-", 0
        while True:
            page = await self._store.command(stream, "XRANGE", stream, after, str(now - older_than_ms), "COUNT", _PAGE)
            for place, fields in page:
                finished += await self._finish(stream, place, fields[1], now)
            if len(page) < _PAGE:
                return finished
            after = f"({page[-1][0].decode()}"

    async def _finish(self, stream: Tag, place: bytes, packed: bytes, now: int) -> int:
        """1 if the intent is finished, 0 if not yet or if it was put aside. Raises ``Refusal`` while the store is
        away."""
        try:
            intent = msgspec.msgpack.decode(packed, type=Intent)
            if intent.kind not in self._parts and now - int(place.partition(b"-")[0]) < DAY_MS:
                return 0
            await self._parts[intent.kind](intent)
        except Refusal as refusal:
            if refusal.kind is UNAVAILABLE:
                if not self._store.up:
                    raise
                return 0
        except Exception as failure:
            await self._count_failure(stream, place, packed, failure)
            return 0
        await self._store.command(stream, "XDEL", stream, place)
        await self._store.command(stream, "HDEL", stream + ":attempts", place)
        return 1

    async def _count_failure(self, stream: Tag, place: bytes, packed: bytes, failure: Exception) -> None:
        why = f"{type(failure).__name__}: {failure}"
        word, attempts = await self._store.call("intent_failed", stream, place, packed, why, ATTEMPTS)
        about = {"stream": stream, "place": place.decode(), "attempts": attempts}
        if word == b"aside":
            self.put_aside += 1
            log.error("intent: put aside after too many failures", extra=about, exc_info=failure)
        else:
            log.warning("intent: failed, will be retried", extra={**about, "error": why})
