"""A community of any size, written straight into the store: accounts, open rooms, and members of a room.

It writes what the store's functions would have written, ten thousand at a time; a million members take half a minute.
None of them can sign in: they are only there to be many.
"""

from __future__ import annotations

from typing import Final

import redis

AT_ONCE: Final = 10_000
HALL: Final = "{r:hall}"

# ARGV: first number, last number, the hall's epoch
_PEOPLE: Final = """
local first, last, epoch = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
for i = first, last do
  local id, handle = string.format('%024x', i), 'person' .. i
  local joined_at = 1700000000000 + math.floor(i / 3)
  redis.call('HSET', '{u:' .. id .. '}', 'handle', handle, 'name', 'Person ' .. i, 'created_at', joined_at, 'auth', 1,
    'v', 1, 'bot', 0)
  redis.call('HSET', '{u:' .. id .. '}:rooms', 'hall', cmsgpack.pack({2, 1, 0, epoch, 'all'}))
  redis.call('HSET', '{h:' .. handle .. '}', 'user', id)
  redis.call('ZADD', '{users}:all', joined_at, id)
end
"""

# ARGV: first number, last number, the room's tag
_MEMBERS: Final = """
local first, last, room = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]
for i = first, last do
  local id, handle = string.format('%024x', i), 'person' .. i
  local joined_at = 1700000000000 + math.floor(i / 3)
  redis.call('HSET', room .. ':members', id, cmsgpack.pack({'member', joined_at, 0, 2, 0}))
  redis.call('ZADD', room .. ':ranks', 2e13 + joined_at, id)
  redis.call('HSET', room .. ':handles', handle, id, '=' .. id, handle)
end
redis.call('HINCRBY', room, 'mv', 1)
"""

# ARGV: first number, last number, the room's tag
_WRITERS: Final = """
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  redis.call('ZADD', ARGV[3] .. ':last', 1700000000000 + i, string.format('%024x', i))
end
"""

# ARGV: first number, last number, the room's tag, seq, emoji
_REACTIONS: Final = """
local first, last, room, seq, emoji = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local hash = room .. ':reactions:' .. seq
for i = first, last do redis.call('ZADD', hash .. ':' .. emoji, i, string.format('%024x', i)) end
redis.call('HSET', hash, emoji, redis.call('ZCARD', hash .. ':' .. emoji) .. ' 1', '*', 1)
redis.call('ZADD', room .. ':reacted', seq, seq)
"""

# ARGV: first number, last number
_ROOMS: Final = """
local none = {}
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local id, title = string.format('room-%d', i), 'Room ' .. i
  redis.call('HSET', '{r:' .. id .. '}', 'kind', 'open', 'title', title, 'about', '', 'created_at', 1700000000000 + i,
    'epoch', 'e' .. i, 'seq', 0, 'rev', 0, 'first_seq', 1, 'shared', 0, 'mv', 1, 'ownerless', 1,
    'tags', cmsgpack.pack({'many'}))
  local entry = {1, title, '', {'many'}, {none = ''}, {none = ''}, false, false, i, false}
  redis.call('HSET', '{rooms}', id, cmsgpack.pack(entry))
end
"""


def accounts(store: redis.Redis, count: int) -> None:
    """Write ``count`` accounts with pointers to the hall. A server must have opened the store before."""
    epoch = store.hget(HALL, "epoch")
    assert isinstance(epoch, bytes), "a server makes the hall first"
    _write(store, _PEOPLE, count, epoch)


def members(store: redis.Redis, count: int, tag: str = HALL) -> None:
    """Write ``count`` more members of the room: accounts first, then users that exist only in the room."""
    _write(store, _MEMBERS, count, tag)


def writers(store: redis.Redis, count: int, tag: str = HALL) -> None:
    """Let the first ``count`` members have written in the room, long ago."""
    _write(store, _WRITERS, count, tag)


def reactions(store: redis.Redis, count: int, tag: str, seq: int, emoji: str) -> None:
    """Let ``count`` users have reacted to a message with this emoji."""
    _write(store, _REACTIONS, count, tag, str(seq), emoji)


def rooms(store: redis.Redis, count: int) -> None:
    """Write ``count`` open rooms without members."""
    _write(store, _ROOMS, count)


def _write(store: redis.Redis, source: str, count: int, *more: str | bytes) -> None:
    for first in range(1, count + 1, AT_ONCE):
        store.eval(source, 0, first, min(count, first + AT_ONCE - 1), *more)  # type: ignore[no-untyped-call]
