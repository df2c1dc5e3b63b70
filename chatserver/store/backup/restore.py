"""Restore a backup into a store without users.

The file is read twice: first to check every line and to collect what the second pass needs (tombstones and members of
each room), then to write. Every room gets a new epoch, because numbers after the backup may have been given to other
messages; both epochs share the numbers up to the room's last message. At the end the links of running servers are
closed: they reconnect, find the new epochs and send their clients a reset.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

import msgspec
import redis.asyncio
from redis.asyncio.client import Pipeline
from redis.exceptions import ResponseError

from chatserver import ids
from chatserver.errors import Refusal, StartError
from chatserver.store.backup import archive
from chatserver.store.backup.archive import Counts, Head, Part, Piece, suffix_of, tag_of
from chatserver.store.backup.backup import PAGE, connected
from chatserver.store.blobs.blobs import Blobs, write
from chatserver.store.engine import keys
from chatserver.store.engine.address import Address
from chatserver.store.engine.checks import check_store
from chatserver.store.engine.formats import write_format
from chatserver.store.rooms.ranks import rank_of

# Set while a restore runs, so that an interrupted one can be run again.
UNFINISHED: Final = "{restore}"
_DEDUPE_MS: Final = 3_600_000
_LINK_NAME: Final = b"chatserver-link"


@dataclass(slots=True)
class _Room:
    """What the first pass collects about a room."""

    epoch: str
    seq: int = 0
    version: int = 0
    reacted_rev: int = 0
    first_seq: int = 1
    tombstones: set[int] = field(default_factory=set)
    members: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Contents:
    """A checked backup: its head, its counts, and what restoring needs to know about its rooms."""

    head: Head
    counts: Counts
    rooms: dict[str, _Room]


def inspect(path: Path) -> Contents:
    """Read the whole backup and check it. Raises ``StartError`` if it is damaged, incomplete or too new."""
    rooms: dict[str, _Room] = defaultdict(lambda: _Room(ids.new_id()))
    head, counts = None, None
    for item in archive.read(path):
        if isinstance(item, Part):
            kind, identity = tag_of(item.key)
            if kind == "r":
                _learn(rooms[identity], suffix_of(item.key), item.value)
        elif isinstance(item, Head):
            head = item
        elif isinstance(item, Counts):
            counts = item
    if head is None or counts is None:
        raise StartError(f"{path} is empty")
    return Contents(head, counts, dict(rooms))


def _learn(room: _Room, suffix: str, value: list[Any]) -> None:
    if suffix == "":
        meta = {name.decode(): text for name, text in value}
        room.seq, room.version = int(meta.get("seq", 0)), int(meta.get("mv", 0))
        room.first_seq = max(1, int(meta.get("first_seq", 1)))
    elif suffix == ":now":
        room.tombstones.update(int(seq) for seq, packed in value if msgspec.msgpack.decode(packed).get("d"))
    elif suffix == ":members":
        room.members.update(user.decode() for user, _ in value)
    elif suffix.startswith(":reactions:") and suffix.count(":") == 3:  # those who reacted with one emoji, by rev
        room.reacted_rev = max(room.reacted_rev, *(abs(int(rev)) for _, rev in value))


async def restore(address: Address, path: Path, blobs: Blobs) -> Contents:
    """Restore a backup. Raises ``StartError`` if the file is damaged, the store has users, or the storage of files
    cannot be reached."""
    contents = inspect(path)
    async with connected(address) as store:
        await check_store(store)
        await _make_room(store)
        await store.set(UNFINISHED, contents.head.at)
        await write_format(store)
        writing = _Writing(store, contents, field_expiry=await _has_field_expiry(store))
        try:
            await _restore_files(path, blobs)
        except Refusal as refusal:
            raise StartError(refusal.message) from None
        for parts in _grouped(path):
            await writing.write(parts)
        await writing.point_members()
        await store.delete(UNFINISHED)
        await _cut_links(store)
    return contents


async def refuse_half_restored(store: redis.asyncio.Redis) -> None:
    """Raise ``StartError`` if a restore was interrupted: a server would find a community that looks almost empty."""
    if await store.exists(UNFINISHED):
        raise StartError(
            "The store holds a half-restored backup: run `chatserver restore FILE` again with the same settings and "
            "let it finish, then start the server"
        )


async def _make_room(store: redis.asyncio.Redis) -> None:
    """Remove the contents of an unused community: starter rooms and its own bots. Raises ``StartError`` if there is
    more."""
    unfinished = await store.exists(UNFINISHED)
    found = [key async for key in store.scan_iter(count=PAGE)]
    if not unfinished:
        # Every key of a community has a tag.
        if foreign := [key for key in found if not tag_of(key)[0]]:
            raise StartError(
                f"The store holds other data, such as {foreign[0].decode(errors='replace')}: use an empty store"
            )
        people = [key for key in found if tag_of(key)[0] == "u" and suffix_of(key) == ""]
        bots = [await store.hget(key, "bot") for key in people]
        if any(bot != b"1" for bot in bots):
            raise StartError("This store has users already: restore into an empty store")
    for start in range(0, len(found), PAGE):
        await store.unlink(*found[start : start + PAGE])


def _grouped(path: Path) -> Iterator[list[Part]]:
    """The parts of the file, 50 at a time, so that small keys share a round trip."""
    parts = (item for item in archive.read(path) if isinstance(item, Part))
    while group := list(islice(parts, 50)):
        yield group


async def _restore_files(path: Path, blobs: Blobs) -> None:
    """Write the files. One that is there already is replaced; one that nothing names is erased by the daily task."""
    pieces = (item for item in archive.read(path) if isinstance(item, Piece))
    for name, of_one in groupby(pieces, key=lambda piece: piece.path):
        with blobs.spool() as spool:
            for piece in of_one:
                write(spool, piece.data)
            await blobs.put(name, spool)


class _Writing:
    """The second pass: turns each part into commands."""

    def __init__(self, store: redis.asyncio.Redis, contents: Contents, *, field_expiry: bool) -> None:
        self._store = store
        self._rooms = contents.rooms
        self._field_expiry = field_expiry
        self._now = ids.now_ms()
        self._users: set[str] = set()
        self._pointed: set[tuple[str, str]] = set()

    async def write(self, parts: list[Part]) -> None:
        async with self._store.pipeline(transaction=False) as pipe:
            for part in parts:
                self._add(pipe, part)
            await pipe.execute()

    def _add(self, pipe: Pipeline, part: Part) -> None:
        kind, identity = tag_of(part.key)
        suffix = suffix_of(part.key)
        value = part.value
        if kind == "r" and suffix == ":sent":
            self._remember_sent(pipe, part.key, value)
            return
        if kind == "r" and suffix == "":
            value = self._renumbered(identity, value)
        elif kind == "r" and suffix == ":log":
            value = [entry for entry in value if self._stands(identity, int(entry[0].split(b"-")[0]))]
        elif kind == "r" and suffix.startswith(":reactions:"):
            _, _, seq, *of_emoji = suffix.split(":", 3)
            if not self._stands(identity, int(seq)):
                return
            if not of_emoji:
                pipe.zadd(keys.room(identity) + ":reacted", {seq: int(seq)})
        elif kind == "r":
            self._add_computed(pipe, identity, suffix, value)
        elif kind == "u" and suffix == "":
            self._users.add(identity)
        elif kind == "u" and suffix == ":rooms":
            value = self._agreed(identity, value)
        _put(pipe, part, value)

    def _add_computed(self, pipe: Pipeline, room: str, suffix: str, value: list[Any]) -> None:
        """What is computed from a part of a room, and so is in no backup."""
        if suffix == ":topical":
            self._file(pipe, room, value)
        elif suffix == ":members" and value:
            ranks = (word for user, packed in value for word in (rank_of(packed), user))
            pipe.execute_command("ZADD", keys.room(room) + ":ranks", *ranks)

    def _file(self, pipe: Pipeline, room: str, topical: list[Any]) -> None:
        """The undeleted messages of each topic, from all that are in topics: ``[b"12 ID", score]``."""
        for member, _ in topical:
            seq, _, topic = member.decode().partition(" ")
            if self._stands(room, int(seq)):
                pipe.zadd(f"{keys.room(room)}:topic:{topic}", {seq: int(seq)})

    def _renumbered(self, room: str, meta: list[Any]) -> list[Any]:
        """The meta with a new epoch, which shares the backup's numbers up to its last message. Reactions were read a
        little later: their revs are given to no other change."""
        state = self._rooms[room]
        rev = max(state.reacted_rev, *(int(value) for name, value in meta if name == b"rev"), 0)
        kept = [pair for pair in meta if pair[0] not in (b"epoch", b"shared", b"rev")]
        return [*kept, [b"epoch", state.epoch], [b"shared", state.seq], [b"rev", rev]]

    def _stands(self, room: str, seq: int) -> bool:
        """Whether a message had been neither deleted nor trimmed when the rest of its room was read."""
        state = self._rooms[room]
        return state.first_seq <= seq <= state.seq and seq not in state.tombstones

    def _agreed(self, user: str, pointers: list[Any]) -> list[Any]:
        """The user's pointers, [version, inside, read_seq, epoch, notify], corrected by the rooms' members."""
        agreed = []
        for room, packed in pointers:
            pointer = msgspec.msgpack.decode(packed)
            state = self._rooms.get(room.decode())
            pointer[1] = int(state is not None and user in state.members)
            self._pointed.add((user, room.decode()))
            agreed.append([room, msgspec.msgpack.encode(pointer)])
        return agreed

    async def point_members(self) -> None:
        """Add the pointers of members who joined after their user was read; their read marker is the end of the log."""
        for room, state in self._rooms.items():
            for user in state.members & self._users:
                if (user, room) not in self._pointed:
                    pointer = [state.version, 1, state.seq, state.epoch, "all"]
                    await self._store.hset(f"{keys.user(user)}:rooms", room, msgspec.msgpack.encode(pointer))

    def _remember_sent(self, pipe: Pipeline, key: bytes, answers: list[Any]) -> None:
        """Remembered answers to sends (``seq at id epoch digest``), with the rest of their hour as expiry, in the form
        that this store supports."""
        for name, answer in answers:
            at = int(answer.split(b" ")[1])
            if at + _DEDUPE_MS <= self._now:
                continue
            pipe.hset(key, name, answer)
            if self._field_expiry:
                pipe.execute_command("HPEXPIREAT", key, at + _DEDUPE_MS, "FIELDS", 1, name)
            else:
                pipe.zadd(key + b"_at", {name: at})


def _put(pipe: Pipeline, part: Part, value: list[Any]) -> None:
    key = part.key
    if part.kind == "string":
        pipe.set(key, value[0])
    elif part.kind == "hash" and value:
        pipe.hset(key, items=[word for pair in value for word in pair])
    elif part.kind == "set" and value:
        pipe.sadd(key, *value)
    elif part.kind == "zset" and value:
        pipe.execute_command("ZADD", key, *(word for member, score in value for word in (score, member)))
    elif part.kind == "list" and value:
        pipe.rpush(key, *value)
    elif part.kind == "stream":
        for entry_id, words in value:
            pipe.execute_command("XADD", key, entry_id, *words)
        _end_stream(pipe, part)
    if part.expires_at:
        pipe.pexpireat(key, part.expires_at)


def _end_stream(pipe: Pipeline, part: Part) -> None:
    """Restore a stream's last id, which is above its last entry if the last entries were deleted."""
    if part.stream is None or part.stream.last_id == "0-0":
        return
    # XSETID needs an existing stream; creating a group creates an empty one.
    pipe.execute_command("XGROUP", "CREATE", part.key, "made", "0", "MKSTREAM")
    pipe.execute_command("XGROUP", "DESTROY", part.key, "made")
    end = part.stream
    pipe.execute_command("XSETID", part.key, end.last_id, "ENTRIESADDED", end.added, "MAXDELETEDID", end.deleted_id)


async def _has_field_expiry(store: redis.asyncio.Redis) -> bool:
    """Whether this store supports expiring hash fields; tries the command that the functions use."""
    try:
        await store.execute_command("HSETEX", f"{UNFINISHED}:probe", "EX", 1, "FIELDS", 1, "a", "1")  # type: ignore[no-untyped-call]
    except ResponseError:
        return False
    await store.delete(f"{UNFINISHED}:probe")
    return True


async def _cut_links(store: redis.asyncio.Redis) -> None:
    """Close the links of running servers, which then reconnect and read everything again."""
    for client in await store.client_list():
        if client.get("name") == _LINK_NAME.decode():
            with contextlib.suppress(ResponseError):
                await store.client_kill_filter(_id=client["id"])
