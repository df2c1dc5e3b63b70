"""Reads by which words users are found. The index is made of it, and what the index proposes is compared with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chatserver.rules.accounts.finding import Findable
from chatserver.store.engine import keys
from chatserver.store.engine.store import Store
from chatserver.store.heads import AT_ONCE

_FIELDS: Final = ("handle", "name", "headline", "interests", "findable", "suspended", "closed", "v")
_unpack = msgspec.msgpack.Decoder(list[str]).decode


async def read_findable(store: Store, users: Sequence[str]) -> dict[str, Findable]:
    """These users as they are now, without those whose accounts are closed or were never made."""
    found: dict[str, Findable] = {}

    def took(index: int, fields: list[Any]) -> None:
        one = _findable(some[index], fields)
        if one is not None:
            found[one.user] = one

    for start in range(0, len(users), AT_ONCE):
        some = users[start : start + AT_ONCE]
        await store.together([(tag, ("HMGET", tag, *_FIELDS)) for tag in map(keys.user, some)], took)
    return found


def _findable(user: str, fields: list[Any]) -> Findable | None:
    handle, name, headline, interests, findable, suspended, closed, version = fields
    if not handle or closed == b"1":
        return None
    return Findable(
        user, _text(handle), _text(name), _text(headline), _unpack(interests) if interests else [], _text(findable),
        suspended == b"1", int(version or 0),
    )  # fmt: skip


def _text(value: bytes | None) -> str:
    return (value or b"").decode()
