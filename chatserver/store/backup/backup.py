"""Write all that the store holds into a file while the community is open.

Keys that share a hash tag are what one function may change, so they are read in one script, at one moment; only what
streams hold already is paged beforehand, because an entry never changes. An entry that was deleted between its page and
that moment is left out when the file is restored: its tombstone says so.

Users come before rooms: what a join or a leave did in between is then known to the room, whose word is the truth, and
``restore`` brings the user's pointer in line with it.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import redis.asyncio
from redis.exceptions import RedisError

from chatserver import ids
from chatserver.errors import StartError
from chatserver.store.backup.archive import Counts, Part, StreamEnd, Writer, suffix_of, tag_of
from chatserver.store.engine.address import Address
from chatserver.store.engine.checks import check_store
from chatserver.store.engine.formats import check_format
from chatserver.store.engine.functions import library

PAGE: Final = 1000
_ROUNDS: Final = 10
# The order of tags, by kind: see above. Intents stand last: what they will do, they do again after a restore.
_ORDER: Final = ("u", "h", "", "users", "rooms", "r", "do")
# Who is here now and processes' scratch keys are true for a moment only; the times of `sent` stand in its values, and
# the order of members is made of their records.
_PASSING_KINDS: Final = ("p",)
_PASSING_SUFFIXES: Final = (":here", ":sent_at", ":ranks")

# Every key of a tag as it is at one moment. ARGV: for each key, where in it a stream's rest begins.
_AT_ONCE: Final = """#!lua flags=no-writes
local readers = {
  hash = function(key) return redis.call('HGETALL', key) end,
  set = function(key) return redis.call('SMEMBERS', key) end,
  zset = function(key) return redis.call('ZRANGE', key, '0', '-1', 'WITHSCORES') end,
  list = function(key) return redis.call('LRANGE', key, '0', '-1') end,
  string = function(key) return redis.call('GET', key) end,
  stream = function(key, from) return redis.call('XRANGE', key, from, '+') end,
}
local out = {}
for i, key in ipairs(KEYS) do
  local kind = redis.call('TYPE', key).ok
  if readers[kind] then
    out[#out + 1] = {
      key, kind, redis.call('PEXPIRETIME', key), readers[kind](key, ARGV[i]),
      kind == 'stream' and redis.call('XINFO', 'STREAM', key) or {},
    }
  end
end
return out
"""


@contextlib.asynccontextmanager
async def connected(address: Address) -> AsyncIterator[redis.asyncio.Redis]:
    """A plain connection whose answers are bytes, for work beside the server. Raises ``StartError`` when it breaks."""
    # RESP2: a script's answer is the same in both, and no two releases of the store differ in it.
    store = redis.asyncio.Redis(**address.redis_arguments(), protocol=2, decode_responses=False)
    try:
        yield store
    except (RedisError, OSError) as error:
        raise StartError(f"The store cannot be reached or refuses the work: {error}") from error
    finally:
        await store.aclose()


async def backup(address: Address, path: Path) -> Counts:
    """Write a backup of the store to ``path``, which must not exist; a failed one leaves no file. Returns counts.

    Raises ``StartError`` where the store cannot be read or the file not be written.
    """
    unfinished = path.with_name(path.name + ".unfinished")
    if path.exists():  # noqa: ASYNC240  # this loop has nothing else to do
        raise StartError(f"{path} exists already: a backup is never written over another")
    try:
        unfinished.unlink(missing_ok=True)
        writer = Writer(unfinished)
        try:
            async with connected(address) as store:
                await _write(store, writer)
            counts = writer.foot()
        finally:
            writer.close()
        unfinished.rename(path)
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return counts


async def _write(store: redis.asyncio.Redis, writer: Writer) -> None:
    facts = await check_store(store)
    await check_format(store)
    writer.head(store=str(facts.version), at=ids.now_ms())
    done: set[tuple[str, str]] = set()
    # A room or user that came while we wrote is found by looking again; what comes after the last look is younger than
    # the backup.
    for _ in range(_ROUNDS):
        tags = await _tags(store)
        fresh = [tag for tag in tags if tag not in done]
        if not fresh:
            break
        for tag in sorted(fresh, key=_place):
            async for part in _parts(store, sorted(tags[tag])):
                writer.part(part)
            done.add(tag)


def _place(tag: tuple[str, str]) -> tuple[int, str]:
    kind, identity = tag
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), identity)


async def _tags(store: redis.asyncio.Redis) -> dict[tuple[str, str], set[bytes]]:
    """All keys by tag, with those that do not exist yet but might when the tag is read."""
    found: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    async for key in store.scan_iter(count=PAGE):
        kind, _ = place = tag_of(key)
        if kind not in _PASSING_KINDS and suffix_of(key) not in _PASSING_SUFFIXES:
            found[place].add(key)
    endings = _declared_endings()
    for (kind, identity), keys in found.items():
        if kind:
            tag = f"{{{kind}:{identity}}}" if identity else f"{{{kind}}}"
            keys.update((tag + ending).encode() for ending in endings[kind])
    return found


def _declared_endings() -> dict[str, set[str]]:
    """What may follow a tag of each kind: a room's first edit, say, makes a key that no look before it shows."""
    endings: dict[str, set[str]] = defaultdict(set)
    for function in library(field_expiry=True).functions.values():
        for pattern in function.patterns:
            kind, _, ending = pattern[1:].partition("}")
            if ending not in _PASSING_SUFFIXES:
                endings[kind].add(ending)
    return endings


async def _parts(store: redis.asyncio.Redis, keys: list[bytes]) -> AsyncIterator[Part]:
    """All of one tag: pages of its streams, then everything else and the streams' rest at one moment."""
    begins: dict[bytes, bytes] = dict.fromkeys(keys, b"-")
    for key in keys:
        if await store.type(key) == b"stream":
            async for page in _pages(store, key):
                yield Part(key, "stream", page, more=True)
                begins[key] = b"(" + page[-1][0]
    for row in await store.eval(_AT_ONCE, len(keys), *keys, *begins.values()):
        for part in _parts_of(*row):
            yield part


async def _pages(store: redis.asyncio.Redis, key: bytes) -> AsyncIterator[list[Any]]:
    """A stream's entries as ``[id, [field, value, …]]``, in full pages; what is less than one is left for later."""
    begin: bytes | str = "-"
    while True:
        page: Any = await store.xrange(key, begin, "+", PAGE)
        if len(page) < PAGE:
            return
        yield [[id_, [word for pair in fields.items() for word in pair]] for id_, fields in page]
        begin = b"(" + page[-1][0]


def _parts_of(key: bytes, kind: bytes, expires_at: int, value: Any, about: list[Any]) -> list[Part]:
    """One key, in parts of at most a page."""
    name: Any = kind.decode()
    elements = [value] if name == "string" else _pairs(value) if name in ("hash", "zset") else list(value)
    end = _stream_end(about) if name == "stream" else None
    pages = [elements[start : start + PAGE] for start in range(0, len(elements), PAGE)] or [[]]
    parts = [Part(key, name, page, more=True) for page in pages[:-1]]
    return [*parts, Part(key, name, pages[-1], expires_at=max(0, expires_at), stream=end)]


def _pairs(flat: list[Any]) -> list[Any]:
    return [list(pair) for pair in zip(flat[::2], flat[1::2], strict=True)]


def _stream_end(about: list[Any]) -> StreamEnd:
    facts = dict(zip(about[::2], about[1::2], strict=True))
    return StreamEnd(
        facts[b"last-generated-id"].decode(), int(facts[b"entries-added"]), facts[b"max-deleted-entry-id"].decode()
    )
