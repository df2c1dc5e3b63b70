"""Write everything in the store, and the files, to a file while the community is open.

One function changes keys of one hash tag, so those are read in one script, in one step. Only existing stream entries
are paged beforehand, because an entry never changes. An entry deleted between its page and that step has a tombstone in
the file, and is left out when the file is restored.

Users are read before rooms. A join or leave in between is then in the room, which is authoritative, and ``restore``
corrects the user's pointer. Files come last: each that the store named then is there, unless it was deleted since.
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
from chatserver.errors import NOT_FOUND, Refusal, StartError
from chatserver.store.backup.archive import Counts, Part, Piece, StreamEnd, Writer, suffix_of, tag_of
from chatserver.store.blobs.blobs import Blob, Blobs
from chatserver.store.engine.address import Address
from chatserver.store.engine.checks import check_store
from chatserver.store.engine.formats import check_format
from chatserver.store.engine.functions import library

PAGE: Final = 1000
_ROUNDS: Final = 10
# The order of tags, by kind: see above. Intents are last: what they still have to do they do again after a restore.
_ORDER: Final = ("u", "h", "", "users", "rooms", "r", "do")
# Left out: presence, scratch keys of processes and what the index has yet to read are true for a moment only; the times
# of `sent` are in its values; the order of members is computed from their records.
_PASSING_KINDS: Final = ("p", "dirty")
_PASSING_SUFFIXES: Final = (
    ":here",
    ":sent_at",
    ":made",
    ":made_at",
    ":ranks",
    ":reacted",
    ":started",
    ":changes:fresh",
    ":log:fresh",
)
# The undeleted messages of a topic are computed from `:topical`.
_STANDING_SUFFIX: Final = ":topic:"
# A room may have more of these than fit into one step; each message's are read in one.
_REACTIONS_SUFFIX: Final = ":reactions:"
_REACTED_AT_ONCE: Final = 200

_READ: Final = """#!lua flags=no-writes
local readers = {
  hash = function(key) return redis.call('HGETALL', key) end,
  set = function(key) return redis.call('SMEMBERS', key) end,
  zset = function(key) return redis.call('ZRANGE', key, '0', '-1', 'WITHSCORES') end,
  list = function(key) return redis.call('LRANGE', key, '0', '-1') end,
  string = function(key) return redis.call('GET', key) end,
  stream = function(key, from) return redis.call('XRANGE', key, from, '+') end,
}
local out = {}
local function read(key, from)
  local kind = redis.call('TYPE', key).ok
  if readers[kind] then
    out[#out + 1] = {
      key, kind, redis.call('PEXPIRETIME', key), readers[kind](key, from),
      kind == 'stream' and redis.call('XINFO', 'STREAM', key) or {},
    }
  end
end
"""
# Reads every key of a tag in one step. ARGV: for each key, where the rest of a stream begins.
_AT_ONCE: Final = f"""{_READ}
for i, key in ipairs(KEYS) do read(key, ARGV[i]) end
return out
"""
# Reads the reactions to some messages. KEYS: {r} and {r}:reacted; ARGV: the seq after which to go on, how many. Answers
# the last seq ('': there are no more), and the keys as above.
_REACTIONS: Final = f"""{_READ}
local seqs = redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. ARGV[1], '+inf', 'LIMIT', 0, ARGV[2])
for _, seq in ipairs(seqs) do
  local hash = KEYS[1] .. ':reactions:' .. seq
  read(hash)
  for _, emoji in ipairs(redis.call('HKEYS', hash)) do read(hash .. ':' .. emoji) end
end
return {{seqs[#seqs] or '', out}}
"""


@contextlib.asynccontextmanager
async def connected(address: Address) -> AsyncIterator[redis.asyncio.Redis]:
    """A redis-py connection that answers bytes, for commands. Raises ``StartError`` when it is lost."""
    # RESP2: its answers are the same in all releases of Valkey and Redis.
    store = redis.asyncio.Redis(**address.redis_arguments(), protocol=2, decode_responses=False)
    try:
        yield store
    except (RedisError, OSError) as error:
        raise StartError(f"The store cannot be reached or refused a command: {error}") from error
    finally:
        await store.aclose()


async def backup(address: Address, path: Path, blobs: Blobs) -> Counts:
    """Write a backup of the store and of the files to ``path``, which must not exist. Returns counts; a failed backup
    leaves no file.

    Raises ``StartError`` if the store cannot be read or the file cannot be written.
    """
    unfinished = path.with_name(path.name + ".unfinished")
    if path.exists():  # noqa: ASYNC240  # this loop has nothing else to do
        raise StartError(f"{path} exists already: choose another name, a backup never overwrites a file")
    try:
        unfinished.unlink(missing_ok=True)
        writer = Writer(unfinished)
        try:
            async with connected(address) as store:
                await _write(store, writer)
            await _write_files(blobs, writer)
            counts = writer.foot()
        finally:
            writer.close()
        unfinished.rename(path)
    except OSError as error:
        raise StartError(f"{path} cannot be written: {error}") from error
    except Refusal as refusal:
        raise StartError(refusal.message) from None
    finally:
        unfinished.unlink(missing_ok=True)
    return counts


async def _write(store: redis.asyncio.Redis, writer: Writer) -> None:
    facts = await check_store(store)
    await check_format(store)
    writer.head(store=str(facts.version), at=ids.now_ms())
    done: set[tuple[str, str]] = set()
    # Look again for rooms and users that were created while we wrote; what comes after the last look is newer than the
    # backup.
    for _ in range(_ROUNDS):
        tags = await _tags(store)
        fresh = [tag for tag in tags if tag not in done]
        if not fresh:
            break
        for tag in sorted(fresh, key=_place):
            async for part in _parts(store, sorted(tags[tag])):
                writer.part(part)
            if tag[0] == "r":
                async for part in _reactions(store, f"{{r:{tag[1]}}}"):
                    writer.part(part)
            done.add(tag)


async def _write_files(blobs: Blobs, writer: Writer) -> None:
    async for blob in blobs.all():
        try:
            await _write_file(blobs, blob, writer)
        except Refusal as refusal:
            if refusal.kind is not NOT_FOUND:  # one that was deleted just now is left out
                raise


async def _write_file(blobs: Blobs, blob: Blob, writer: Writer) -> None:
    size, written = await blobs.size(blob.path), 0
    if size is None:
        return
    async for chunk in blobs.read(blob.path, 0, size):
        written += len(chunk)
        writer.piece(Piece(blob.path, bytes(chunk), more=written < size))


def _place(tag: tuple[str, str]) -> tuple[int, str]:
    kind, identity = tag
    return (_ORDER.index(kind) if kind in _ORDER else len(_ORDER), identity)


async def _tags(store: redis.asyncio.Redis) -> dict[tuple[str, str], set[bytes]]:
    """All keys by tag, including those that may come to exist before the tag is read."""
    found: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    async for key in store.scan_iter(count=PAGE):
        kind, _ = place = tag_of(key)
        if kind not in _PASSING_KINDS and not _is_left_out(suffix_of(key)):
            found[place].add(key)
    endings = _declared_endings()
    for (kind, identity), keys in found.items():
        if kind:
            tag = f"{{{kind}:{identity}}}" if identity else f"{{{kind}}}"
            keys.update((tag + ending).encode() for ending in endings[kind])
    return found


def _is_left_out(suffix: str) -> bool:
    return suffix in _PASSING_SUFFIXES or suffix.startswith((_REACTIONS_SUFFIX, _STANDING_SUFFIX))


def _declared_endings() -> dict[str, set[str]]:
    """The key suffixes of each kind of tag. A room's first edit, for example, creates a key that no earlier scan
    found."""
    endings: dict[str, set[str]] = defaultdict(set)
    for function in library(field_expiry=True).functions.values():
        for pattern in function.patterns:
            kind, _, ending = pattern[1:].partition("}")
            if ending not in _PASSING_SUFFIXES:
                endings[kind].add(ending)
    return endings


async def _parts(store: redis.asyncio.Redis, keys: list[bytes]) -> AsyncIterator[Part]:
    """All of one tag: pages of its streams, then everything else and the rest of the streams in one step."""
    begins: dict[bytes, bytes] = dict.fromkeys(keys, b"-")
    for key in keys:
        if await store.type(key) == b"stream":
            async for page in _pages(store, key):
                yield Part(key, "stream", page, more=True)
                begins[key] = b"(" + page[-1][0]
    for row in await store.eval(_AT_ONCE, len(keys), *keys, *begins.values()):
        for part in _parts_of(*row):
            yield part


async def _reactions(store: redis.asyncio.Redis, tag: str) -> AsyncIterator[Part]:
    """The reactions of a room, some messages at a time; those of one message are of one moment."""
    last: bytes = b"0"
    while last:
        last, rows = await store.eval(_REACTIONS, 2, tag, f"{tag}:reacted", last, _REACTED_AT_ONCE)
        for row in rows:
            for part in _parts_of(*row):
                yield part


async def _pages(store: redis.asyncio.Redis, key: bytes) -> AsyncIterator[list[Any]]:
    """A stream's entries as ``[id, [field, value, …]]``, in full pages; the last incomplete page is left out."""
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
