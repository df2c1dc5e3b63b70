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
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar, cast

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


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What an intent does. Its fields hold everything its parts need, including the time; a field that is added later
    needs a default, because intents of an older release may still be stored."""

    kind: ClassVar[str]
    """Its name in the store, such as "room.join"."""


S = TypeVar("S", bound=Step)
S_co = TypeVar("S_co", bound=Step, covariant=True)


@dataclass(slots=True, frozen=True)
class Intent(Generic[S_co]):
    """A step under way. ``id`` is unique to it; parts recognise a repeat by it."""

    id: str
    step: S_co


class _Stored(msgspec.Struct, frozen=True):
    """An intent as its stream holds it."""

    id: str
    kind: str
    arguments: msgspec.Raw


Parts = Callable[[Intent[S]], Awaitable[Any]]
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_Stored).decode


class Begun(NamedTuple):
    """An intent being written; ``written`` resolves to its stream id, or fails with the link's error."""

    intent: Intent[Any]
    stream: Tag
    written: asyncio.Future[Any]


class Intents:
    """Carries out intents. ``register`` sets, for each kind, the coroutine that runs all its parts in order."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._steps: dict[str, type[Step]] = {}
        self._parts: dict[str, Parts[Any]] = {}
        self._freeing: set[str] = set()
        self.put_aside = 0

    def register(self, step: type[S], parts: Parts[S], *, frees: bool = False) -> None:
        """``frees``: the step removes or forbids something, so it also runs while the store's memory is full."""
        self._steps[step.kind], self._parts[step.kind] = step, parts
        if frees:
            self._freeing.add(step.kind)

    async def carry_out(self, step: Step) -> Any:
        """Store the intent, run its parts, remove it, return the parts' result.

        A ``Refusal`` of a part removes the intent, except ``unavailable``: then it stays and is finished later.
        """
        intent = Intent(ids.new_id(), step)
        stream = keys.intents(zlib.crc32(intent.id.encode()) % keys.INTENT_STREAMS)
        place = await self._write_down(intent, stream)
        try:
            result = await self._parts[step.kind](intent)
        except Refusal as refusal:
            if refusal.kind is not UNAVAILABLE:
                await self._store.command(stream, "XDEL", stream, place)
            raise
        await self._store.command(stream, "XDEL", stream, place)
        return result

    async def _write_down(self, intent: Intent[Any], stream: Tag) -> bytes:
        packed = packed_intent(intent)
        if intent.step.kind in self._freeing:
            _, place = await self._store.call("intent_add", stream, packed)
        else:
            place = await self._store.command(stream, "XADD", stream, "*", "intent", packed)
        return cast("bytes", place)

    def begin(self, step: Step) -> Begun:
        """Write an intent without waiting, before anything sent to the store later in this turn. Call ``finish`` or
        ``drop`` once the outcome is known."""
        self._store.require_safe()
        intent = Intent(ids.new_id(), step)
        stream = keys.intents(zlib.crc32(intent.id.encode()) % keys.INTENT_STREAMS)
        return Begun(intent, stream, self._store.ask(stream, "XADD", stream, "*", "intent", packed_intent(intent)))

    async def finish(self, begun: Begun, parts: Parts[Any]) -> None:
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
            stored = _unpack(packed)
            if stored.kind not in self._parts and now - int(place.partition(b"-")[0]) < DAY_MS:
                return 0
            step = msgspec.msgpack.decode(stored.arguments, type=self._steps[stored.kind])
            await self._parts[stored.kind](Intent(stored.id, step))
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


def packed_intent(intent: Intent[Any]) -> bytes:
    """The intent as its stream holds it."""
    return _pack(_Stored(intent.id, intent.step.kind, msgspec.Raw(_pack(intent.step))))
